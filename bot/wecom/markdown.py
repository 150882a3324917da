"""Marked text as Markdown of WeCom (markdown_v2), in which only the marks mean anything, and in no more bytes than there is room for.

A backslash escapes nothing there: to WeCom's clients \\[a\\] is a formula, and lists of chats and old clients show it as it is. So a sign
that could mean something is written as its full-width twin, ＊ for *, which means nothing anywhere and is the same letter to NFKC. Where
only its place or what follows makes it mean something (4. at the beginning of a line, @, an address, 8.1.2.1) a word joiner keeps them
apart, which has no width. Marks have one at either side within, because by CommonMark **除外。** ends nothing where a letter follows.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from bot.runs import Run

_JOINER = "\u2060"
_TWINS = {ord(sign): chr(ord(sign) + 0xFEE0) for sign in "\\`*_[]<>|~$"}
_BREAKS = dict.fromkeys(map(ord, "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), "\n")  # whatever begins a line for anybody
_CONTROL = {code: " " for code in [*range(32), *range(0x7F, 0xA0)] if chr(code) != "\n"}
_DIRECTION = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]  # could show the words that follow in another order
_CLEANED = {**_CONTROL, **_BREAKS, **dict.fromkeys(_DIRECTION), **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}
_AT_FIRST = re.compile(r"^(?:(?= {4})| *(?=[#+\-=:]|\d+[.)]))", re.MULTILINE)  # code, headings, lists, lines across, columns of a table
_IN_WORDS = re.compile(r"(?<=[0-9A-Za-z])_+(?=[0-9A-Za-z])")  # these mean nothing, and names are copied with them
_LIVE = re.compile(r"@(?=\S|\Z)|&(?=[#A-Za-z]|\Z)|:(?=[A-Za-z/]|\Z)|/(?=/|\Z)|\.(?=[^\W\d]|\Z)|(?<=www)\.", re.IGNORECASE)
_FOUR_NUMBERS = re.compile(r"\d+(?:\.\d+){3,}")
_SENTENCE = re.compile(r"(?:[。！？!?；;]+[”’」』）)]*|\.(?=\s)|\n)\s*")
_PART = re.compile(r"[，,、：:]\s*")
_LEFT_OUT = "……"
_BREAK = "  \n"  # a line feed alone is a space to CommonMark
_SIGNS = {"b": "**", "i": "*", "": ""}
_LINK = re.compile(r"https?://[^\x00-\x20\x7f-\U0010ffff\"'<>\\^`{|}]+")
_IN_LINKS = {ord(sign): f"%{ord(sign):02X}" for sign in "()*;$"}


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or a `quote`. Where there is no room for all of it, `body` is cut, `head` and `tail` never are.

    `close` tells that it stands right beneath the block above.
    """

    body: tuple[Run, ...] = ()
    head: tuple[Run, ...] = ()
    tail: tuple[Run, ...] = ()
    quote: bool = False
    close: bool = False

    @property
    def text(self) -> str:
        return "".join(run.text for run in (*self.head, *self.body, *self.tail))

    @property
    def markdown(self) -> str:
        lines = _lines([*self.head, *self.body, *self.tail])
        return _BREAK.join(f"> {line}" for line in lines) if self.quote else _BREAK.join(lines)


def inert(text: str) -> str:
    """A text in which nothing means anything to WeCom, whatever words follow: it reads as before, but for full-width signs."""
    lines = "".join(_cells(_clean(text)))
    return re.sub(r"(?<=[^\n]) *\n(?=[^\n])", _BREAK, lines)


def one_line(text: str) -> str:
    """A text for where Markdown means nothing: on one line, nothing in it that cannot be sent or could show it in another order."""
    return " ".join(_clean(text).split())


def size(markdown: str) -> int:
    """How many bytes of UTF-8 it has, which is what WeCom counts."""
    return len(markdown.encode())


def written(blocks: Iterable[Block]) -> str:
    """The Markdown of the blocks, one beneath the other; those of nothing but white space are left out."""
    written = ""
    above: Block | None = None
    for block in blocks:
        if markdown := block.markdown:
            joined = above is not None and block.close and block.quote == above.quote
            written += ("" if above is None else _BREAK if joined else "\n\n") + markdown
            above = block
    return written


def fitting(blocks: Iterable[Block], most: int) -> list[Block]:
    """As many blocks as there is room for in `most` bytes. The next one is cut where a sentence ends, and ends in ……; within a sentence
    only where more than half of the room would stay empty.
    """
    kept: list[Block] = []
    for block in blocks:
        if size(written([*kept, block])) <= most:
            kept.append(block)
            continue
        above = size(written(kept))
        cut = _cut(block, most - above - (len(_BREAK) if above else 0), within=2 * above < most)
        return [*kept, cut] if cut else kept
    return kept


def _cut(block: Block, most: int, *, within: bool) -> Block | None:
    """The beginning of a block that goes into `most` bytes; None where nothing does that could stand alone."""
    text = "".join(run.text for run in block.body)
    first = next((at for at, char in enumerate(text) if not _blank(char)), len(text))
    for borders in (_sentences, _parts, _characters) if within else (_sentences,):
        places = [at for at in borders(text) if first < at < len(text)]
        fitting = bisect_right(places, most, key=lambda at: size(_until(block, at).markdown))
        if fitting:
            return _until(block, places[fitting - 1])
    bare = replace(block, body=(), tail=())
    return bare if block.quote and 0 < size(bare.markdown) <= most else None


def _sentences(text: str) -> Iterator[int]:
    return (found.end() for found in _SENTENCE.finditer(text))


def _parts(text: str) -> Iterator[int]:
    return (found.end() for found in _PART.finditer(text))


def _characters(text: str) -> Iterator[int]:
    """The places where what stands at either side is not drawn as one."""
    for at, after in enumerate(text[1:], 1):
        joins = unicodedata.category(after) in ("Mn", "Mc", "Me", "Cf") or "\U0001f3fb" <= after <= "\U0001f3ff"
        if not joins and text[at - 1] != "\u200d":
            yield at


def _until(block: Block, end: int) -> Block:
    """The block with what of its body stands before a place of it."""
    kept: list[Run] = []
    for run in block.body:
        if end > 0:
            kept.append(replace(run, text=run.text[:end]))
        end -= len(run.text)
    kept[-1:] = [replace(run, text=run.text.rstrip() + _LEFT_OUT) for run in kept[-1:]]
    return replace(block, body=tuple(kept))


def _lines(runs: Iterable[Run]) -> list[str]:
    """The runs line by line, each mark closed where a line ends and opened again; lines that show nothing are left out."""
    runs = [replace(run, text=_clean(run.text)) for run in runs]
    cells = iter(_cells("".join(run.text for run in runs) + "\n"))
    lines: list[list[tuple[Run, str]]] = [[]]
    for run in runs:
        for char in run.text:
            cell = next(cells)
            if char == "\n":
                lines.append([])
            else:
                lines[-1].append((run, cell))
    return [line for line in map(_line, lines) if line]


def _line(cells: Iterable[tuple[Run, str]]) -> str:
    line = ""
    for (mark, link, called), group in groupby(cells, lambda cell: (cell[0].mark, cell[0].link, cell[0].calls)):
        text = "".join(cell for _, cell in group)
        address = _address(link)
        sign = _SIGNS[mark]
        if address and not _blank(text):
            text = f"[{text}]({address})"
        if called and called.way == "wecom":
            text = f"{text} <@{called.address}>"
        if sign and not _blank(text):
            text = f"{sign}{_JOINER}{text}{_JOINER}{sign}"
        line += _JOINER * (line.endswith(("*", "!", "_")) or text.startswith("_")) + text
    line = line.strip(" ")
    return "" if _blank(line) else line


def _address(link: str) -> str:
    return link.translate(_IN_LINKS) if _LINK.fullmatch(link) else ""


def _clean(text: str) -> str:
    """The text without what cannot be sent or could show it in another order, its lines ending in line feeds."""
    return text.replace("\r\n", "\n").translate(_CLEANED)


def _cells(text: str) -> list[str]:
    """What to write for each character of a clean text, whatever follows it."""
    cells = list(text.translate(_TWINS))
    for found in _IN_WORDS.finditer(text):
        cells[slice(*found.span())] = found[0]
    for found in _AT_FIRST.finditer(text):
        cells[found.end()] = _JOINER + cells[found.end()]
    live = {found.start() for found in _LIVE.finditer(text)}
    live.update(found.start() + at for found in _FOUR_NUMBERS.finditer(text) for at, char in enumerate(found[0]) if char == ".")
    for at in live:
        cells[at] += _JOINER
    return cells


def _blank(text: str) -> bool:
    """Whether a text shows nothing."""
    return all(unicodedata.category(char) in {"Zs", "Zl", "Zp", "Cc", "Cf"} for char in text)
