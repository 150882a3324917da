"""How a text is broken into lines: where a paragraph had come to an end, and where the next one begins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from retrieval.line import Line, width
from retrieval.numbering import numbers_at

_TERMINAL = re.compile(
    r"[。；：;:！？!?]['\"”’）)】》」]*(?:（[^（）]{1,6}）)?$"
    r"|(?<!\bNo)(?<!\bSec)(?<!\bArt)(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)[A-Za-z0-9)\]”\"’%]\.['\"”’)]*$"
)
BRACKETED = re.compile(r"【[^【】]{1,40}】$")
_LONG_LINE = 30.0  # full-width characters; a shorter line without a full stop is a line of its own
_FEW = 20  # lines; of fewer no width can be told
_NARROWEST = 14.0
_FULL = 0.9  # of the width of the page
_LATIN_END = re.compile(r"[\x21-\x7e”’]$")
_LATIN_BEGINNING = re.compile(r"[A-Za-z0-9(\[“\"$&]")
_LATIN_WORD = re.compile(r"[\x21-\x7e‘’“”–—]+")
# Words after which a sentence must go on: what follows at the beginning of the next line is spoken of.
_HANGING = re.compile(
    r"(?:第|[依根]据|[按依参遵]照|[上前下]述|[详参]见|违反|《[^》]*|（[^）]*|[～~、])$"
    r"|\b(?:[Ss]ections?|[Aa]rticles?|[Cc]lauses?|[Pp]aragraphs?|of|the|in|to|and|or|with|under|by|from|for|this|see|a|an|any|per|than|at|§)$"
)
# Some headings end with these as well, short as they are.
_MAY_HANG = re.compile(r"(?:本(?:协议|合同|条款)|按|(?<!参)与|[和及或至到]|(?<![会意可成看])见)$")
_SHORTEST_LINE = 16  # characters of a line that is broken in the middle of a sentence
_NEXT_ITEM = re.compile(r"(?:^|[。；;，,]\s*)(?:以?及|和|或者?|and|or|and/or)$")  # the last item but one of a list


def ends_sentence(text: str) -> bool:
    """Whether a line ends as a sentence does."""
    return bool(_TERMINAL.search(text, max(0, len(text) - 16)))


def hangs(text: str) -> bool:
    """Whether a line ends with words after which its sentence must go on: 按照第, subject to Section."""
    start = max(0, len(text) - 40)
    if _HANGING.search(text, start):
        return not _NEXT_ITEM.search(text[start:])
    return len(text) >= _SHORTEST_LINE and bool(_MAY_HANG.search(text, start)) and not _NEXT_ITEM.search(text[start:])


class Layout:
    """What the widths of the lines of a text and the gaps between them say about its paragraphs; lines are meant by their index.

    `wrap` is the width at which lines are broken, None for a text whose paragraphs are single lines. `spaced`: blank lines stand
    between paragraphs, and only there.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.widths = [line.width for line in lines]
        self._ended = [ends_sentence(line.text) for line in lines]
        self.wrap = self._usual_width() or self._largest_width()
        self.spaced = self._is_spaced()

    def fills(self, at: int) -> bool:
        """Whether a line is as wide as the page, so that its sentence may go on; the next word would not have fitted."""
        if self.wrap is None:
            return False
        if self.widths[at] >= self.wrap * _FULL:
            return True
        if self.widths[at] < self.wrap * 0.6 or at + 1 == len(self.lines) or not self.lines[at].text[-1:].isascii():
            return False
        word = _LATIN_WORD.match(self.lines[at + 1].text)
        return word is not None and self.widths[at] + 0.5 + width(word.group()) > self.wrap

    def closes(self, at: int) -> bool:
        """Whether what stands before the line at `at` had come to an end; the first line has nothing before it."""
        if at == 0:
            return True
        last, line = self.lines[at - 1], self.lines[at]
        if line.begins or last.row or last.heading or line.heading or self._ended[at - 1] or BRACKETED.search(last.text):
            return True
        if self.spaced and line.gap:
            return True
        return self.wrap is None or not self.fills(at - 1)

    def hangs(self, at: int) -> bool:
        """Whether the line before the one at `at` ends with words after which its sentence must go on."""
        if at == 0 or self.lines[at].begins:
            return False
        return hangs(self.lines[at - 1].text)

    def goes_on(self, at: int) -> bool:
        """Whether an unnumbered line goes on with the sentence before it beyond doubt: it begins with a small letter."""
        last, line = self.lines[at - 1], self.lines[at]
        if line.begins or line.heading or line.bullet or line.row or last.row or last.heading or self._ended[at - 1]:
            return False
        return line.text[:1].isascii() and line.text[:1].islower() and not (self.spaced and line.gap)

    def begins(self, at: int) -> bool:
        """Whether an unnumbered line begins a paragraph of its own."""
        if at == 0:
            return True
        last, line = self.lines[at - 1], self.lines[at]
        if line.begins or line.heading or line.bullet or last.heading or BRACKETED.match(line.text) or (self.spaced and line.gap):
            return True
        ended, wide = self._ended[at - 1], self.widths[at - 1]
        if self.wrap is not None:
            return (ended and (last.ends or not self.fills(at - 1))) or wide < self.wrap * 0.6
        return ended or wide < _LONG_LINE or not re.search(r"[，。、；]", last.text)

    def _usual_width(self) -> float | None:
        """The width that a good part of the lines have without being the end of a sentence."""
        measured = [self.widths[at] for at, line in enumerate(self.lines) if not line.row]
        if len(measured) < _FEW:
            return None
        usual = sorted(measured)[int(len(measured) * 0.85)]
        if usual < _NARROWEST:
            return None
        full = [at for at, line in enumerate(self.lines) if not line.row and usual * 0.9 <= self.widths[at] <= usual * 1.1]
        broken = sum(self._goes_on(at) for at in full)
        return usual if len(full) >= len(self.lines) * 0.3 and broken >= len(full) * 0.5 else None

    def _largest_width(self) -> float | None:
        """The largest width, where lines that come near it break off and go on in the next: a text of short items, wrapped."""
        measured = [self.widths[at] for at, line in enumerate(self.lines) if not line.row]
        if len(measured) < _FEW:
            return None
        largest = sorted(measured)[int(len(measured) * 0.98)]
        if largest < _NARROWEST:
            return None
        full = [at for at, line in enumerate(self.lines) if self.widths[at] >= largest * _FULL and not line.row]
        broken = sum(self._goes_on(at) for at in full)
        return largest if len(full) >= max(5, len(measured) * 0.05) and broken >= max(4, len(full) * 0.45) else None

    def _goes_on(self, at: int) -> bool:
        """Whether a line breaks off, and the next does not begin as one that begins something does."""
        if self._ended[at] or at + 1 == len(self.lines):
            return False
        following = self.lines[at + 1]
        return not (following.begins or following.heading or following.bullet or following.row or numbers_at(following.text))

    def _is_spaced(self) -> bool:
        if self.wrap is None:
            return False
        goes_on = [
            self.lines[at + 1].gap for at in range(len(self.lines) - 1) if not self._ended[at] and self.widths[at] >= self.wrap * _FULL
        ]
        gaps = sum(line.gap > 0 for line in self.lines)
        return len(goes_on) >= 5 and gaps >= len(self.lines) * 0.1 and sum(gap > 0 for gap in goes_on) <= len(goes_on) * 0.05


def joined(pieces: Iterable[str]) -> str:
    """The lines of one paragraph as one text."""
    text: list[str] = []
    for piece in pieces:
        if text and _LATIN_END.search(text[-1]) and _LATIN_BEGINNING.match(piece):
            text.append(" ")
        text.append(piece)
    return "".join(text)
