"""Printed lines of all pages -> lines of the document: which go on in the next, which are headings, what the title is.

Where the layout leaves no doubt that a line was only broken for want of room, it and the next are one line. What it leaves open, a
full line with a full stop at its end in a text that marks no paragraphs, stays as it is printed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.line import Line, visible, width
from retrieval.page import Page, Printed
from retrieval.page_furniture import Found

_HEADING, _TITLE = 1.15, 1.3  # times the size of the text
_HEADING_WIDTH = 40.0
_PARAGRAPH = 1.35  # times the distance of lines
_LEFT = 0.4  # of a column: a line that begins further to the right is none that fills it
_INDENT, _SHORT = 1.2, 3.5  # in heights of letters
# Of the paragraphs that are seen to end, how many are followed by one that is set as a beginning: so many that the setting can be
# trusted against a full stop at the end of a line or a number at the beginning of the next, and against both.
_MARKED = (0.8, 0.95)
_EDGE, _NEAR = 0.02, 2  # how many of the broken lines go on at one place, and points between places that are the same
_WORD = re.compile(r"[\x21-\x7e]{2,}(?:、[\x21-\x7e]+)*\s*")
_APART = re.compile(r"[-*+•·●○■□◆▪]\s|https?://[\x21-\x7e]+$")  # items, and links that stand alone
_ADDRESS = re.compile(r"https?://[\x21-\x7e]+$")
_CLOSED = re.compile(r"[。；;：:！？!?]['\"”’）)】》」]*$")
_NUMBER = re.compile(
    r"[（(]?(?:\d{1,3}|[a-zA-Z]|[〇零一二三四五六七八九十百]{1,5})[）).．、]|\d{1,3}(?:[.．]\d{1,3})+|第[〇零一二三四五六七八九十百\d]{1,6}[条章节编]|[①-⑳]"
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A line with its page, the edges of its column, and whether it begins one."""

    page: int
    line: Printed
    left: float
    right: float
    first: bool

    @property
    def room(self) -> float:
        """What is left free of the column, in heights of letters."""
        return (self.right - self.line.right) / max(self.line.size, 1)


def lines_of_pages(pages: Sequence[Page], furniture: Found) -> tuple[list[Line], str]:
    """The lines of the text without the furniture, and the title that large type on the first page gives, empty where none does."""
    placed = _whole_words([each for page in pages for each in _columns(page, furniture)])
    layout = _Layout(placed)
    title = layout.title()
    lines: list[Line] = []
    number = 0
    for at, each in enumerate(placed):
        if at < len(title) - 1:
            continue
        number += 1
        words = visible("".join(title) if title and at == len(title) - 1 else each.line.text).strip()
        if not words:
            continue
        ends = layout.ends(at)
        if lines and layout.goes_on(at - 1):
            lines[-1] = replace(lines[-1], text=_glued(lines[-1].text, words), ends=ends)
            continue
        heading = layout.is_large(each.line) and width(words) <= _HEADING_WIDTH and not re.search(r"[。；;！？]", words)
        lines.append(Line(at + 1, words, layout.gap(at), heading, False, each.line.row, ends, page=each.page))
    return lines, "".join(title)


class _Layout:
    """How the lines of one document are set."""

    def __init__(self, placed: Sequence[Placed]) -> None:
        self._placed = placed
        text = [each.line for each in placed if not each.line.row]
        self._size = _usual([(line.size, len(line.text)) for line in text])
        pairs = [(at, placed[at], placed[at + 1]) for at in range(len(placed) - 1) if not placed[at + 1].first]
        pairs = [(at, each, below) for at, each, below in pairs if not (each.line.row or below.line.row)]
        distances = sorted(each.line.baseline - below.line.baseline for _, each, below in pairs)
        self._distance = distances[len(distances) // 4] if distances else 0.0  # that of broken lines, not of paragraphs
        broken = Counter(round(below.line.left) for at, each, below in pairs if self._is_broken(at))
        self._edges = {edge for edge, times in broken.items() if times >= max(3, broken.total() * _EDGE)}
        ended = [at for at, each, _ in pairs if each.room > _SHORT]
        self._marked = sum(self._begins(at + 1) for at in ended) / max(len(ended), 1)

    def title(self) -> list[str]:
        """The lines of large type that the first page begins with."""
        found: list[Printed] = []
        for each in self._placed[:4]:
            line = each.line
            other = bool(found) and abs(line.size - found[0].size) > 1
            if each.page != self._placed[0].page or line.row or line.size < _TITLE * self._size or other:
                break
            found.append(line)
        words = "".join(line.text for line in found)
        named = sum(character.isalpha() for character in words) >= 4 and not _NUMBER.match(words)
        return [line.text for line in found] if named else []

    def is_large(self, line: Printed) -> bool:
        return not line.row and line.size > _HEADING * self._size

    def gap(self, at: int) -> int:
        """1 where a line stands apart from the one above it in its column, otherwise 0."""
        if at == 0 or self._placed[at].first:
            return 0
        return int(self._placed[at - 1].line.baseline - self._placed[at].line.baseline > _PARAGRAPH * self._distance)

    def ends(self, at: int) -> bool:
        """Whether a paragraph is seen to end with a line: it is short, or the next one is set as the first of its own."""
        each = self._placed[at]
        if at + 1 == len(self._placed) or each.line.row or each.room > _SHORT:
            return True
        return self._begins(at + 1)

    def goes_on(self, at: int) -> bool:
        """Whether a line was only broken for want of room."""
        each, below = self._placed[at], self._placed[at + 1]
        begun = each.line.left - each.left < _LEFT * (each.right - each.left)
        if not begun or self.ends(at) or below.line.row or abs(each.line.size - below.line.size) > 0.2 * each.line.size:
            return False
        if _APART.match(below.line.text):
            return False
        doubts = bool(_CLOSED.search(each.line.text)) + bool(_NUMBER.match(below.line.text))
        return doubts == 0 or (not below.first and self._marked >= _MARKED[doubts - 1])

    def _is_broken(self, at: int) -> bool:
        """Whether the words of two lines say that they are one: the first is full and no sentence ends in it."""
        each, below = self._placed[at], self._placed[at + 1]
        doubtful = _CLOSED.search(each.line.text) or _NUMBER.match(below.line.text)
        return each.room <= _SHORT and not doubtful and not self.gap(at + 1)

    def _begins(self, at: int) -> bool:
        """Whether a line is set as the first of a paragraph: with a space above it, or where no broken line goes on."""
        place = round(self._placed[at].line.left)
        return bool(self.gap(at)) or (bool(self._edges) and not any(abs(place - edge) <= _NEAR for edge in self._edges))


def _columns(page: Page, furniture: Found) -> list[Placed]:
    """The lines of a page, each with the edges of the column that it stands in."""
    found: list[Placed] = []
    column: list[Printed] = []
    for at, line in enumerate([*page.lines, None]):
        if line is not None and (page.number, at) in furniture:
            continue
        if column and (line is None or line.column != column[-1].column or line.baseline > column[-1].baseline + line.size / 2):
            left, right = min(each.left for each in column), max(each.right for each in column)
            found += [Placed(page.number, each, left, right, place == 0) for place, each in enumerate(column)]
            column = []
        if line is not None:
            column.append(line)
    return found


def _whole_words(placed: list[Placed]) -> list[Placed]:
    """Words and addresses back in the lines that they were too long for, so that no line is short, and no address is cut, by a word."""
    found = list(placed)
    for at in range(len(found) - 1):
        each, below = found[at], found[at + 1]
        word = _WORD.match(below.line.text)
        if word is None or below.first or each.line.row or below.line.row or abs(each.line.size - below.line.size) > 1:
            continue
        share = width(word[0]) / max(width(below.line.text), 0.5)
        long = share * (below.line.right - below.line.left) > each.room * each.line.size
        cut = _ADDRESS.search(each.line.text) is not None and each.room < 2 and not word[0].startswith("http")
        moved = each.room > _INDENT and long and word.end() < len(below.line.text)
        if cut or (moved and not _CLOSED.search(each.line.text) and not word[0][0].isdigit()):
            text = each.line.text + word[0].rstrip() if cut else _glued(each.line.text, word[0].rstrip())
            found[at] = replace(each, line=replace(each.line, text=text, right=each.right))
            found[at + 1] = replace(below, line=replace(below.line, text=below.line.text[word.end() :]))
    return [each for each in found if each.line.text]


def _glued(text: str, more: str) -> str:
    """Two pieces of a sentence: Latin words apart, Chinese ones not."""
    spaced = re.search(r"[A-Za-z0-9,.;:)]$", text) and re.match(r"[A-Za-z0-9(]", more)
    return f"{text} {more}" if spaced else text + more


def _usual(sizes: list[tuple[float, int]]) -> float:
    """The median size of all letters."""
    total, half = 0, sum(length for _, length in sizes) / 2
    for size, length in sorted(sizes):
        total += length
        if total >= half:
            return size
    return 1.0
