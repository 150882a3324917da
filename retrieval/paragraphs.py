"""Lines -> paragraphs: which lines a number begins, which ones are one wrapped paragraph.

Whether a number at the beginning of a line is a heading is decided by the sequence: a number is a heading when it
continues the numbers before it, not because it looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from retrieval.furniture import Furniture, find_furniture
from retrieval.numbering import Number, Style, could_be_reference, number_at
from retrieval.reading import Line

_TERMINAL = re.compile(r"[。；：;:！？!?]['\"”’）)】》」]*(?:（[^（）]{1,6}）)?$")
_ANNEX = re.compile(r"(?P<printed>附\s*[件录]\s*(?:[一二三四五六七八九十]+|\d+)?)\s*(?:[：:]\s*(?P<title>.*))?$")
_BRACKETED = re.compile(r"【[^【】]{1,40}】$")
_LONG_LINE = 30.0  # full-width characters; a shorter line without a full stop is a line of its own
_HEADING_WIDTH = 32.0


@dataclass(slots=True)
class Paragraph:
    """A paragraph: the number it begins with (None: it continues what stands before), its text, its lines."""

    number: Number | None
    text: str
    lines: list[Line]
    annex: str | None = None
    row: bool = False
    runs_on: bool = False  # its last line is as wide as the page, so the sentence may go on

    @property
    def is_heading(self) -> bool:
        """Whether its text reads as a heading: short, marked, or without any sentence in it."""
        if not self.text or self.row:
            return False
        if _BRACKETED.match(self.text):
            return True
        if self.lines[0].heading and len(self.lines) == 1:
            return True
        if self.runs_on:
            return False
        short = sum(line.width for line in self.lines) <= _HEADING_WIDTH
        return short and not re.search(r"[。；，;！？：]", self.text) and not _TERMINAL.search(self.text)


@dataclass(slots=True)
class _Sequence:
    """The numbers accepted so far, and whether one more continues them."""

    seen: set[tuple[int, ...]] = field(default_factory=set)
    last: tuple[int, ...] = ()
    article: int = 0
    has_articles: bool = False  # 第一条 or 一、 was seen, so 1. counts inside of it
    lists: list[tuple[Style, int]] = field(default_factory=list)

    def accept(self, number: Number, closed: bool) -> bool:
        """Whether `number` is a heading here; remembers it if so. `closed`: the text before it had come to an end."""
        style = number.style
        if style.is_item or (style is Style.SINGLE and self.has_articles):
            return self._accept_item(number, closed)
        if style.is_top:
            # 七、 after a line without a full stop is still the next article; running text does not count on.
            closed = closed or (style is Style.ENUMERATED and number.path[0] == self.article + 1 > 1)
            fits = closed and number.path[0] <= max(self.article, *self.last[:1], 0) + 2
            if fits:
                self.article, self.has_articles = number.path[0], True
        elif style is Style.SINGLE:
            fits = closed and number.path[0] in (self.article + 1, 1) and not could_be_reference(number)
            if fits:
                self.article, self.last = number.path[0], number.path
                self.seen.add(number.path)
        else:
            fits = self._fits_dotted(number, closed)
            if fits:
                self.seen.add(number.path)
                self.last = number.path
        if fits:
            self.lists.clear()
        return fits

    def _fits_dotted(self, number: Number, closed: bool) -> bool:
        path = number.path
        follows = path in self._successors()
        if could_be_reference(number) or not closed:
            return follows and closed
        top = max(self.last[0] if self.last else 0, self.article)
        near = path[0] in (top, top + 1, *self.last[:1])
        return follows or (near and (len(path) == 2 or path[:-1] in self.seen or path[:-2] in self.seen))

    def _successors(self) -> set[tuple[int, ...]]:
        successors = {(*self.last, 1), (self.article, 1), (self.article + 1, 1)}
        for depth in range(1, len(self.last) + 1):
            up = (*self.last[: depth - 1], self.last[depth - 1] + 1)
            successors |= {up, (*up, 1)}
        return successors

    def _accept_item(self, number: Number, closed: bool) -> bool:
        value = number.path[0]
        for depth in range(len(self.lists) - 1, -1, -1):
            style, last = self.lists[depth]
            if style is number.style and (value == last + 1 or (closed and last < value <= last + 3)):
                self.lists[depth:] = [(style, value)]
                return True
        if value != 1 or not closed:
            return False
        while self.lists and number.style in (style for style, _ in self.lists):
            self.lists.pop()
        self.lists.append((number.style, value))
        return True

    def enter_annex(self) -> None:
        self.seen, self.last, self.article, self.has_articles = set(), (), 0, False
        self.lists.clear()


def split_paragraphs(lines: Sequence[Line]) -> tuple[list[Paragraph], list[Furniture]]:
    """The paragraphs of a document in printed order, and the lines that belong to none.

    The text of a paragraph is its lines joined, without its number. Every line of `lines` is in exactly one
    paragraph or one Furniture.
    """
    furniture = find_furniture(lines)
    wrap = _wrap_width([line for index, line in enumerate(lines) if index not in furniture])
    sequence = _Sequence()
    paragraphs: list[Paragraph] = []
    for index, line in enumerate(lines):
        if index in furniture:
            continue
        previous = paragraphs[-1] if paragraphs else None
        closed = previous is None or previous.is_heading or _closes(previous, line, wrap)
        annex = _annex(line) if closed else None
        number = None if line.row or annex else number_at(line.text)
        if annex:
            sequence.enter_annex()
            title = annex.group("title") or ""
            paragraphs.append(Paragraph(None, title, [line], annex=re.sub(r"\s", "", annex.group("printed"))))
        elif number and sequence.accept(number, closed):
            paragraphs.append(Paragraph(number, number.rest, [line]))
        elif previous is None or line.row or previous.row or _begins(previous, line, wrap):
            paragraphs.append(Paragraph(None, line.text, [line], row=line.row))
        else:
            previous.text = _joined(previous.text, line.text)
            previous.lines.append(line)
        paragraphs[-1].runs_on = wrap is not None and line.width >= wrap * 0.9
    _unlist_running_items(paragraphs)
    return [part for paragraph in paragraphs for part in _split_inline_items(paragraph)], list(furniture.values())


def _wrap_width(lines: Sequence[Line]) -> float | None:
    """The width at which lines are wrapped; None for a text whose paragraphs are single lines."""
    widths = sorted(line.width for line in lines if not line.row)
    if len(widths) < 20:
        return None
    width = widths[int(len(widths) * 0.85)]
    full = [line for line in lines if width * 0.9 <= line.width <= width * 1.1]
    broken = sum(not _TERMINAL.search(line.text) for line in full)
    return width if len(full) >= len(lines) * 0.3 and broken >= len(full) * 0.5 else None


def _annex(line: Line) -> re.Match[str] | None:
    return _ANNEX.fullmatch(line.text) if line.width <= _HEADING_WIDTH else None


def _closes(previous: Paragraph, line: Line, wrap: float | None) -> bool:
    """Whether the paragraph before had come to an end when `line` began."""
    last = previous.lines[-1]
    if previous.row or _TERMINAL.search(last.text) or line.heading or last.heading:
        return True
    if wrap is not None:
        return last.width < wrap * 0.9
    return True


def _begins(previous: Paragraph, line: Line, wrap: float | None) -> bool:
    """Whether an unnumbered `line` begins a paragraph of its own."""
    last = previous.lines[-1]
    if line.heading or line.bullet or last.heading or previous.annex or _BRACKETED.match(line.text) or previous.is_heading:
        return True
    ended = bool(_TERMINAL.search(last.text))
    if wrap is not None:
        return (ended and (last.ends or last.width < wrap * 0.9)) or last.width < wrap * 0.6
    return ended or last.width < _LONG_LINE or not re.search(r"[，。、；]", last.text)


def _joined(left: str, right: str) -> str:
    spaced = re.search(r"[A-Za-z0-9,.;]$", left) and re.match(r"[A-Za-z0-9]", right)
    return f"{left} {right}" if spaced else left + right


_INLINE_ITEM = re.compile(r"(?<=[；;。，,])\s*(?:或|和|及|以及)?\s*(?=[（(]?[0-9a-zA-Z一二三四五六七八九十]{1,3}[）)])")


def _inline_successor(number: Number, text: str) -> tuple[int, Number] | None:
    """Where in `text` the item after `number` begins, and that item's number."""
    found = _INLINE_ITEM.search(text)
    following = number_at(text[found.end() :]) if found else None
    if found is None or following is None or following.style is not number.style or following.path[0] != number.path[0] + 1:
        return None
    return found.end(), following


def _split_inline_items(paragraph: Paragraph) -> list[Paragraph]:
    """A paragraph that begins with （a） and runs on with （b）, （c） in the same line is a list of items."""
    number = paragraph.number
    if number is None or not number.style.is_item or number.path != (1,):
        return [paragraph]
    parts = [paragraph]
    while (here := parts[-1].number) and (found := _inline_successor(here, parts[-1].text)):
        at, following = found
        parts[-1].text = parts[-1].text[:at].rstrip()
        parts.append(Paragraph(following, following.rest, paragraph.lines))
    return parts


def _unlist_running_items(paragraphs: list[Paragraph]) -> None:
    """Make running text again of a list only some of whose items begin a line: the breaks are the page's, not the list's."""
    for index, paragraph in enumerate(paragraphs):
        number = paragraph.number
        if number is None or not number.style.is_item or number.path == (1,) or not _inline_successor(number, paragraph.text):
            continue
        first = index
        while first > 0 and (before := paragraphs[first].number) and before.style is number.style and before.path != (1,):
            first -= 1
        for member in paragraphs[first : index + 1]:
            if member.number is not None and member.number.style is number.style:
                member.text, member.number = member.number.printed + member.text, None
