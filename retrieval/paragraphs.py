"""Lines -> paragraphs: which lines a number begins, which ones are one wrapped paragraph."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from retrieval.annexes import annex_at
from retrieval.candidate import Candidate, Place
from retrieval.furniture import Furniture
from retrieval.layout import BRACKETED, Layout, ends_sentence, hangs, joined
from retrieval.line import Line
from retrieval.mended import Repair
from retrieval.numbering import Doubt, Number, numbers_at
from retrieval.outline import outline
from retrieval.styles import Style
from retrieval.unfolding import counted

_HEADING_WIDTH = 32.0
_HEADING_LINES = 4


class Paragraph:
    """A paragraph: where the number it begins with stands (None: it continues what stands before), its text, its lines."""

    __slots__ = ("_pieces", "depth", "lines", "place", "row", "runs_on")

    def __init__(self, place: Place | None, text: str, lines: list[Line], row: bool = False) -> None:
        self.place, self.lines, self.row = place, lines, row
        self.depth = 0  # of a heading that makes a clause of its own
        self.runs_on = False  # its last line is as wide as the page, so the sentence may go on
        self._pieces = [text]

    @property
    def text(self) -> str:
        """Its lines joined, without its number."""
        if len(self._pieces) > 1:
            self._pieces = [joined(self._pieces)]
        return self._pieces[0]

    @text.setter
    def text(self, text: str) -> None:
        self._pieces = [text]

    def add(self, line: Line) -> None:
        """Let the paragraph go on with a line."""
        self.lines.append(line)
        self._pieces.append(line.text)

    @property
    def number(self) -> Number | None:
        return self.place.number if self.place else None

    @property
    def is_annex(self) -> bool:
        return self.place is not None and self.place.annex is not None

    @property
    def is_heading(self) -> bool:
        """Whether its text reads as a heading: short, marked, or without any sentence in it."""
        if self.row or len(self.lines) > _HEADING_LINES or not self.text:
            return False
        if BRACKETED.match(self.text):
            return True
        if self.lines[0].heading and len(self.lines) == 1:
            return True
        if self.runs_on or hangs(self.text):
            return False
        short = sum(line.width for line in self.lines) <= _HEADING_WIDTH
        return short and not re.search(r"[。；，;！？：]", self.text) and not ends_sentence(self.text)


def split_paragraphs(lines: Sequence[Line], left_out: Mapping[int, Furniture]) -> tuple[list[Paragraph], list[Repair]]:
    """The paragraphs of a document in printed order, and what was mended. `left_out` are the lines that belong to none, by index.

    The text of a paragraph is its lines joined, without its number. Every other line is in exactly one paragraph.
    """
    kept = _kept(lines, left_out)
    layout = Layout(kept)
    candidates, repairs = _candidates(layout)
    places = outline(candidates)
    paragraphs: list[Paragraph] = []
    for at, line in enumerate(kept):
        previous = paragraphs[-1] if paragraphs else None
        place = places.get(at)
        if place is not None:
            text = place.annex.title if place.annex else place.number.rest if place.number else ""
            paragraphs.append(Paragraph(place, text, [line]))
        elif previous is not None and not previous.is_annex and layout.goes_on(at):
            previous.add(line)
        elif previous is None or line.row or previous.row or previous.is_annex or previous.is_heading or layout.begins(at):
            paragraphs.append(Paragraph(None, line.text, [line], row=line.row))
        else:
            previous.add(line)
        paragraphs[-1].runs_on = layout.fills(at)
    _unlist_running_items(paragraphs)
    return [part for paragraph in paragraphs for part in _split_inline_items(paragraph)], repairs


def _kept(lines: Sequence[Line], left_out: Mapping[int, Furniture]) -> list[Line]:
    """The lines that are left; the gap that the end of a page leaves behind says nothing."""
    kept: list[Line] = []
    page_ended = False
    for index, line in enumerate(lines):
        if index in left_out:
            page_ended = page_ended or left_out[index].breaks_page
        else:
            kept.append(replace(line, gap=0) if page_ended and line.gap else line)
            page_ended = False
    return kept


def _candidates(layout: Layout) -> tuple[list[Candidate], list[Repair]]:
    """The lines that may begin something, and what was mended in their numbers."""
    found: list[Candidate] = []
    heading = False
    for at, line in enumerate(layout.lines):
        if line.row:
            continue
        numbers, annex = _told(tuple(numbers_at(line.text)), layout, at), annex_at(line.text)
        if numbers or annex:
            found.append(Candidate(at, numbers, annex, layout.closes(at), layout.hangs(at), line.heading, heading))
            heading = False
        else:
            heading = heading or line.heading
    anew = [candidate.fresh or candidate.annex is not None for candidate in found]
    readings, repairs = counted([candidate.numbers for candidate in found], anew)
    return [replace(candidate, numbers=numbers) for candidate, numbers in zip(found, readings, strict=True)] if repairs else found, repairs


def _told(numbers: tuple[Number, ...], layout: Layout, at: int) -> tuple[Number, ...]:
    """The readings of a line; what a number without any mark is worth is told from the line after it.

    2 服务期限 is the number of a heading beyond doubt if 2.1 follows. One that stands alone on its line is a heading's only if that
    follows.
    """
    if not numbers or not numbers[-1].weak:
        return numbers
    following = layout.lines[at + 1].text if at + 1 < len(layout.lines) else ""
    bare = numbers[-1]
    if any(after.path == (*bare.path, 1) and after.style is Style.DOTTED for after in numbers_at(following)):
        return (*numbers[:-1], replace(bare, doubt=Doubt.NONE, weak=False))
    return numbers if bare.rest or _TITLE_LIKE.fullmatch(following) else numbers[:-1]


_TITLE_LIKE = re.compile(r"[\u4e00-\u9fff、《》（）]{2,16}|[A-Z][A-Za-z ,&/’'-]{3,60}(?<!,)")
_INLINE_ITEM = re.compile(r"(?<=[；;。，,])\s*(?:或|和|及|以及|and|or)?\s*(?=[（(]?[0-9a-zA-Z一二三四五六七八九十]{1,3}[）)])")


def _inline_successor(number: Number, text: str) -> tuple[int, Number] | None:
    """Where in `text` the item after `number` begins, and that item's number."""
    found = _INLINE_ITEM.search(text)
    for following in numbers_at(text[found.end() :]) if found else ():
        if found and following.style is number.style and following.path[0] == number.path[0] + 1:
            return found.end(), following
    return None


def _split_inline_items(paragraph: Paragraph) -> list[Paragraph]:
    """A paragraph that begins with （a） and runs on with （b）, （c） in the same line is a list of items."""
    place, number = paragraph.place, paragraph.number
    if place is None or number is None or not number.style.is_item or number.path != (1,):
        return [paragraph]
    parts = [paragraph]
    while (here := parts[-1].number) and (found := _inline_successor(here, parts[-1].text)):
        at, following = found
        parts[-1].text = parts[-1].text[:at].rstrip()
        parts.append(Paragraph(replace(place, number=following), following.rest, paragraph.lines))
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
                member.text, member.place = member.number.printed + member.text, None
