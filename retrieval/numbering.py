"""What a clause number looks like at the beginning of a line, and when such a beginning is only a reference."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

CJK_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_CJK = "[〇零一二三四五六七八九十百]+"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


class Style(StrEnum):
    """How a number is printed; a list keeps one style, so a change of style is a change of level."""

    ARTICLE = "第一条"
    ENUMERATED = "一、"
    DOTTED = "1.1"
    SINGLE = "1."
    ITEM_DIGIT = "（1）"
    ITEM_HALF = "1)"
    ITEM_LETTER = "（a）"
    ITEM_CAPITAL = "（A）"
    ITEM_CJK = "（一）"
    ITEM_CIRCLED = "①"

    @property
    def is_top(self) -> bool:
        return self in (Style.ARTICLE, Style.ENUMERATED)

    @property
    def is_item(self) -> bool:
        return self.name.startswith("ITEM")


@dataclass(frozen=True, slots=True)
class Number:
    """A clause number found at the beginning of a line.

    `path` is its value, (4, 7) for 4.7 and (4,) for 第四条; `printed` what names it for people (`4.7`, `第四条`, `四`,
    `6)`); `canonical` what names it in an id (`（6）` for every kind of bracket); `rest` the line after it.
    """

    style: Style
    path: tuple[int, ...]
    printed: str
    canonical: str
    rest: str


def cjk_value(numeral: str) -> int:
    """十一 -> 11, 二十 -> 20, 一百零三 -> 103. Only what clause numbers use; raises ValueError otherwise."""
    total, digit = 0, 0
    for char in numeral:
        if char in CJK_DIGITS:
            digit = CJK_DIGITS[char]
        elif char == "十":
            total, digit = total + (digit or 1) * 10, 0
        elif char == "百":
            total, digit = total + (digit or 1) * 100, 0
        else:
            raise ValueError(f"not a Chinese numeral: {numeral!r}")
    return total + digit


_FORMS: tuple[tuple[Style, re.Pattern[str]], ...] = (
    (Style.ARTICLE, re.compile(rf"(?P<printed>第\s*(?P<cjk>{_CJK}|\d+)\s*[条章编])(?P<rest>.*)", re.S)),
    (Style.ENUMERATED, re.compile(rf"(?P<printed>(?P<cjk>{_CJK}))\s*、(?P<rest>.*)", re.S)),
    (Style.ITEM_CJK, re.compile(rf"(?P<printed>[（(](?P<cjk>{_CJK})[）)])、?(?P<rest>.*)", re.S)),
    (Style.ITEM_DIGIT, re.compile(r"(?P<printed>[（(]\s*(?P<digits>\d{1,3})\s*[）)])、?(?P<rest>.*)", re.S)),
    (Style.ITEM_HALF, re.compile(r"(?P<printed>(?P<digits>\d{1,3})\s*[）)])(?P<rest>.*)", re.S)),
    (Style.ITEM_LETTER, re.compile(r"(?P<printed>[（(]?(?P<letter>[a-z])[）)])(?P<rest>.*)", re.S)),
    (Style.ITEM_CAPITAL, re.compile(r"(?P<printed>[（(](?P<letter>[A-Z])[）)])(?P<rest>.*)", re.S)),
    (Style.ITEM_CIRCLED, re.compile(rf"(?P<printed>(?P<circled>[{_CIRCLED}]))(?P<rest>.*)", re.S)),
    (Style.DOTTED, re.compile(r"(?P<printed>(?P<dotted>\d{1,3}(?:[.．]\d{1,3}){1,4}))[.．]?(?![\d.．])(?P<rest>.*)", re.S)),
    (Style.SINGLE, re.compile(r"(?P<printed>(?P<digits>\d{1,3}))[.．、](?!\d)(?P<rest>.*)", re.S)),
)

# After a number, these words mean that the sentence speaks of that clause (第十一条规定的情形, 4.6的规定除外, 2.5 元).
_REFERENCE = re.compile(
    r"\s*(?:[条款项]|的(?:规定|约定|要求|情形|内容)|所(?:述|列|称|指|规定|约定)|规定的|约定的|之规定|之约定|[至到~～-]\s*\d|[、，,和与及或]\s*(?:第\s*)?\d"
    r"|[%％℃]|(?:[万亿]?元|万|亿|倍|折|小时|分钟|[GMK]B)(?![\u4e00-\u9fff]{4}))"
)
# These may begin a clause too; they make a reference likely only where nothing else speaks for a heading.
_WEAK_REFERENCE = re.compile(r"\s*(?:[和与及或之中内]|[年月日天人次个]|[，。；、,;])")
_RUNNING = re.compile(r"(?:相关|规定|约定|所述|所列|之|的|至|和|与|及|或|、|，|。|；|中(?!国|华|文|止))")


def number_at(line: str) -> Number | None:
    """The clause number that `line` begins with, references excluded; None where there is none."""
    text = line.strip()
    for style, form in _FORMS:
        found = form.match(text)
        if found is None:
            continue
        number = _number(style, found)
        if number is not None and not _refers(number):
            return number
    return None


def could_be_reference(number: Number) -> bool:
    """Whether the words after the number fit running text as well as a clause: it then needs its place in the sequence."""
    return bool(_WEAK_REFERENCE.match(number.rest))


def _number(style: Style, found: re.Match[str]) -> Number | None:
    groups = found.groupdict()
    printed = re.sub(r"\s", "", groups["printed"]).replace("．", ".")
    rest: str = groups["rest"].strip()
    if cjk := groups.get("cjk"):
        path: tuple[int, ...] = (int(cjk) if cjk.isdigit() else cjk_value(cjk),)
        canonical = f"（{cjk}）" if style is Style.ITEM_CJK else printed
    elif dotted := groups.get("dotted"):
        path = tuple(int(part) for part in re.split(r"[.．]", dotted))
        printed = canonical = ".".join(str(part) for part in path)
    elif letter := groups.get("letter"):
        path, canonical = (ord(letter.lower()) - ord("a") + 1,), f"（{letter}）"
    elif circled := groups.get("circled"):
        path = (_CIRCLED.index(circled) + 1,)
        canonical = circled
    else:
        path = (int(groups["digits"]),)
        canonical = str(path[0]) if style is Style.SINGLE else f"（{path[0]}）"
    return Number(style, path, printed, canonical, rest) if 0 not in path[-1:] else None


def _refers(number: Number) -> bool:
    if number.style is Style.ARTICLE:
        return bool(_RUNNING.match(number.rest))
    if number.style.is_item or number.style is Style.ENUMERATED:
        return False
    return bool(_REFERENCE.match(number.rest))
