"""The grammar of clause numbers: every way in which the beginning of a line may be read as one, and how far it may be a mere reference.

Whether it is one is not decided here: `outline` asks which reading continues the numbers before it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from retrieval.doubts import Doubt, doubt_of
from retrieval.numerals import CJK, cjk_value, letter_value, roman_value, word_value
from retrieval.styles import UNITS, WORDS, Style

__all__ = ["Doubt", "Number", "Style", "cjk_value", "could_be_reference", "number_at", "numbers_at", "printed_numbers"]


@dataclass(frozen=True, slots=True)
class Number:
    """A clause number at the beginning of a line.

    `path` is its value, (4, 7) for 4.7, (4,) for 第四条, (133, 1) for 第一百三十三条之一; `printed` what names it for people (`4.7`,
    `第四条`, `四`, `6)`); `canonical` what names it in an id (`（6）` for every kind of bracket); `rest` the line after it. `weak`: the
    form alone says little, as 3 without a dot.
    """

    style: Style
    path: tuple[int, ...]
    printed: str
    canonical: str
    rest: str
    doubt: Doubt = Doubt.NONE
    weak: bool = False

    @property
    def as_item(self) -> str:
        """What names it in an id where it numbers an item, whatever mark the source prints: `（3）` for 3. and `（一）` for 一、"""
        return self.canonical if self.style.is_item or self.style is Style.DOTTED else f"（{self.canonical}）"


_HEAD = 120  # characters; no number is longer, and no doubt needs more words
_SHORT = 20  # characters; a heading after a number without any mark
_DOTS = r"\d{1,3}(?:\.\d{1,3}){1,7}"
_AFTER = r"(?P<rest>.*)"
_ORDINAL = re.compile(
    rf"(?P<printed>第\s*(?P<value>(?:{CJK})|\d{{1,4}})\s*(?P<unit>部\s*分|分\s*编|[编章节目条])(?![件形码日假点录])(?:\s*之\s*(?P<sub>{CJK}))?)"
    rf"(?P<mark>\s*(?:[：:.](?!\d)|、(?!\s*[第\d])))?{_AFTER}"
)
_ORDINAL_DOTTED = re.compile(rf"第\s*(?P<printed>(?P<dots>{_DOTS}))\s*条?(?![款件]){_AFTER}")
_WORD = re.compile(
    r"(?P<printed>(?P<word>Part|PART|Title|TITLE|Chapter|CHAPTER|Article|ARTICLE|Section|SECTION|Clause|CLAUSE|§)\s*"
    rf"(?:(?P<dots>{_DOTS})|(?P<value>\d{{1,3}}|[IVXLivxl]+|[A-Z]|[A-Z][a-z]+)))(?![\w]|\.\d)(?P<mark>\s*[.:：—–-]+(?!\w))?{_AFTER}"
)
_DOTTED = re.compile(rf"(?P<printed>(?P<dots>{_DOTS}))(?![\d.]*\d)(?P<mark>[.)]|\s*[、:](?!\d))?{_AFTER}")
_SPACED = re.compile(rf"(?P<printed>(?P<dots>\d{{1,3}}(?:\s*\.\s*\d{{1,3}}){{1,6}}))(?!\s*\.?\d)\.?{_AFTER}")
_SINGLE = re.compile(rf"(?P<printed>(?P<value>\d{{1,3}}))\s*[.、](?!\d){_AFTER}")
_BARE = re.compile(rf"(?P<printed>(?P<value>\d{{1,2}}))(?P<space>\s+(?=\S)|$|(?=[\u4e00-\u9fff【《“A-Z])){_AFTER}")
_HALF = re.compile(rf"(?P<printed>(?P<value>\d{{1,3}})\s*\))[、.]?{_AFTER}")
_BRACKETED = re.compile(rf"(?P<printed>\(\s*(?P<value>\d{{1,3}}|{CJK}|[A-Za-z]{{1,5}})\s*\))[、.]?{_AFTER}")
_ENUMERATED = re.compile(rf"(?P<printed>(?P<value>{CJK}))\s*(?:、|\.(?!\d)){_AFTER}")
_CJK_HALF = re.compile(rf"(?P<printed>(?P<value>{CJK})\s*\)){_AFTER}")
_LETTER = re.compile(rf"(?P<printed>(?P<value>[A-Za-z]{{1,5}})\)?)(?P<end>(?<=\))|\.(?=\s|[^\x00-\x7f]|$)|、){_AFTER}")
_CIRCLED = re.compile(rf"(?P<printed>(?P<value>[①-⑳㉑-㉟❶-❿])){_AFTER}")
_CIRCLES = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳㉑㉒㉓㉔㉕㉖㉗㉘㉙㉚㉛㉜㉝㉞㉟"
_WIDE = {0xFF01 + at: 0x21 + at for at in range(94)} | {0x3000: 0x20, 0x00A0: 0x20}
_PLAIN_DIGITS = {code: plain for code, plain in _WIDE.items() if chr(plain).isalnum() or plain == 0x2E}
_COMPOSED = re.compile(r"[⑴-⒇⒈-⒛㈠-㈩Ⅰ-Ⅻⅰ-ⅻ]")  # one character that stands for several: ⑴ ⒈ ㈠ Ⅳ


def number_at(line: str) -> Number | None:
    """The clause number that `line` most plainly begins with, references excluded; None where there is none."""
    return next((number for number in numbers_at(line) if number.doubt is not Doubt.REFERS and not number.weak), None)


def _is_zero(number: Number) -> bool:
    """Whether it is the 0. that some agreements begin with; no other number counts from nought."""
    return number.style is Style.SINGLE and number.path == (0,) and not number.weak


def printed_numbers(printed: str) -> list[Number]:
    """A clause's number read again from `Number.printed`, in every way it can be read."""
    for shown in (f"{printed} 甲", f"{printed}、甲", f"{printed}. 甲"):
        if numbers := [number for number in numbers_at(shown) if not number.weak]:
            return numbers
    return []


def could_be_reference(number: Number) -> bool:
    """Whether the words after the number fit running text as well as a clause: it then needs its place in the sequence."""
    return number.doubt is not Doubt.NONE


def numbers_at(line: str) -> list[Number]:
    """Every way to read a clause number at the beginning of `line`, the plainest first; (i) is a Roman one and a letter."""
    text = line.strip()
    if not text or not _BEGINS.match(text):
        return []
    found = list(_read(_Text.of(text)))
    return [number for number in found if (all(number.path) or _is_zero(number)) and len(number.printed) <= 40]


_BEGINS = re.compile(
    rf"[\d０-９第(（§①-⒛❶-❿㈠-㈩㉑-㉟Ⅰ-ⅻ]|{CJK}\s*[、.．)）]|[A-Za-zＡ-Ｚａ-ｚ]{{1,5}}\s*[.．)）、]|(?i:part|title|chapter|article|section|clause)\b"
)


@dataclass(frozen=True, slots=True)
class _Text:
    """The beginning of a line in plain digits and brackets, and the line itself, from which the rest of it is given."""

    line: str
    head: str = field(default="")

    @classmethod
    def of(cls, line: str) -> _Text:
        head = line[:_HEAD].translate(_WIDE)
        if composed := _COMPOSED.match(head):
            head = unicodedata.normalize("NFKC", composed.group()) + head[1:]
            head = re.sub(r"^([IVXivx]+)\s*[、.]?", r"\1.", head, count=1)
        return cls(line, head)

    def printed(self, found: re.Match[str]) -> str:
        """The number as the line prints it, but in plain digits and without white space."""
        shown = found["printed"]
        if len(self.head) == min(len(self.line), _HEAD):
            shown = self.line[found.start("printed") : found.end("printed")].translate(_PLAIN_DIGITS)
        return re.sub(r"\s", "", shown)

    def rest(self, found: re.Match[str]) -> str:
        """What follows the number, as the line prints it."""
        kept = len(found["rest"]) + max(0, len(self.line) - _HEAD)
        return self.line[len(self.line) - kept :].strip() if kept else ""


def _read(text: _Text) -> Iterator[Number]:
    head = text.head
    first = head[0]
    if first == "第":
        yield from _ordinals(text)
    elif first.isdigit() and first.isascii():
        yield from _digits(text)
    elif first == "(":
        if found := _BRACKETED.match(head):
            yield from _marks(text, found, "()")
    elif found := _CIRCLED.match(head):
        yield _made(text, found, Style.ITEM_CIRCLED, (_circle(found["value"]),), found["value"])
    elif found := _ENUMERATED.match(head):
        yield _made(text, found, Style.ENUMERATED, (cjk_value(found["value"]),), found["value"])
    elif found := _CJK_HALF.match(head):
        yield _made(text, found, Style.ITEM_CJK, (cjk_value(found["value"]),), f"（{found['value']}）")
    elif first.isascii() or first == "§":
        if found := _WORD.match(head):
            yield from _words(text, found)
        elif found := _LETTER.match(head):
            yield from _marks(text, found, found["end"])


def _ordinals(text: _Text) -> Iterator[Number]:
    if found := _ORDINAL.match(text.head):
        style = UNITS[re.sub(r"\s", "", found["unit"])]
        path: tuple[int, ...] = (_value(found["value"]),)
        if found["sub"]:
            path = (*path, cjk_value(found["sub"]))
        yield _made(text, found, style, path)
    elif found := _ORDINAL_DOTTED.match(text.head):
        yield _dotted(text, found)


def _digits(text: _Text) -> Iterator[Number]:
    head = text.head
    if found := _DOTTED.match(head):
        yield _dotted(text, found)
        return
    if found := _HALF.match(head):
        yield _made(text, found, Style.ITEM_HALF, (int(found["value"]),), f"（{int(found['value'])}）")
        return
    single = _SINGLE.match(head)
    if single:
        yield _made(text, single, Style.SINGLE, (int(single["value"]),), str(int(single["value"])))
    if found := _SPACED.match(head):
        if re.search(r"\s", found["dots"]):
            spaced = _dotted(text, found)
            yield replace(spaced, doubt=max(spaced.doubt, Doubt.FITS_BOTH))
    elif not single and (found := _BARE.match(head)):
        bare = _made(text, found, Style.SINGLE, (int(found["value"]),), str(int(found["value"])))
        doubt = doubt_of("BARE", found["rest"].strip(), bool(found["space"]))
        if len(bare.rest) <= _SHORT or (found["space"] and doubt is not Doubt.REFERS):
            yield replace(bare, doubt=doubt, weak=True)


def _words(text: _Text, found: re.Match[str]) -> Iterator[Number]:
    if found["dots"]:
        yield _dotted(text, found)
        return
    style, value = WORDS[found["word"].lower()], found["value"]
    number = int(value) if value.isdigit() else roman_value(value) or word_value(value)
    printed = re.sub(r"\s+", " ", found["printed"]).replace("§ ", "§")
    if number:
        yield _made(text, found, style, (number,), printed, printed)
    if len(value) == 1 and value.isupper() and (letter := letter_value(value)):
        yield _made(text, found, style, (letter,), printed, printed)


def _marks(text: _Text, found: re.Match[str], bracket: str) -> Iterator[Number]:
    """A digit, a Chinese numeral, a letter or a Roman numeral in brackets or before a dot: (i) is read as both of the last two."""
    value, dotted = found["value"], bracket in (".", "、")
    if value.isdigit():
        yield _made(text, found, Style.ITEM_DIGIT, (int(value),), f"（{int(value)}）")
    elif not value.isascii():
        yield _made(text, found, Style.ITEM_CJK, (cjk_value(value),), f"（{value}）")
    elif value.islower() or value.isupper():
        letter, roman = letter_value(value), roman_value(value)
        if bracket == "、" and (len(value) > 1 or not letter):
            return
        lower = value.islower()
        canonical = value if dotted and not lower else f"（{value}）"
        letter_style = Style.ITEM_LETTER if lower else Style.ITEM_CAPITAL
        roman_style = Style.ITEM_ROMAN if lower else Style.ITEM_ROMAN_CAPITAL
        if dotted:
            letter_style = Style.ITEM_LETTER_DOT if lower else Style.CAPITAL
            roman_style = Style.ITEM_ROMAN_DOT if lower else Style.ROMAN
        if letter:
            yield _made(text, found, letter_style, (letter,), canonical)
        if roman and (not letter or roman <= 50):
            yield _made(text, found, roman_style, (roman,), canonical)


def _dotted(text: _Text, found: re.Match[str]) -> Number:
    printed = re.sub(r"\s", "", found["dots"])
    return _made(text, found, Style.DOTTED, tuple(int(part) for part in printed.split(".")), printed, printed)


def _made(
    text: _Text, found: re.Match[str], style: Style, path: tuple[int, ...], canonical: str | None = None, printed: str | None = None
) -> Number:
    printed = printed or text.printed(found)
    before = found.string[found.start("rest") - 1 : found.start("rest")]
    apart = found["rest"][:1].isspace() or before.isspace() or bool(found.groupdict().get("mark"))
    doubt = doubt_of(style.name, found["rest"].strip(), apart)
    return Number(style, path, printed, canonical or printed, text.rest(found), doubt)


def _value(written: str) -> int:
    return int(written) if written.isdigit() else cjk_value(written)


def _circle(char: str) -> int:
    return _CIRCLES.index(char) + 1 if char in _CIRCLES else ord(char) - ord("❶") + 1
