"""Lines that may begin a clause, and where a number that does begin one stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval.annexes import Annex
from retrieval.numbering import Number
from retrieval.openings import Role

_LONGEST_TITLE = 60  # characters
_SENTENCE = re.compile(r"[。；，,;！？：:]|\.$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line that may begin a clause or an annex. `closed`: the text before it had come to an end; `hanging`: it ends with words after
    which a sentence must go on; `marked`: the line is marked as a heading; `fresh`: a heading without a number stands between the
    candidate before and this one."""

    line: int
    numbers: tuple[Number, ...]
    annex: Annex | None
    closed: bool
    hanging: bool
    marked: bool
    fresh: bool = False

    @property
    def titled(self) -> bool:
        """Whether a heading seems to stand after the number, and not a sentence."""
        rest = self.numbers[0].rest if self.numbers else ""
        return 0 < len(rest) <= _LONGEST_TITLE and not _SENTENCE.search(rest)


@dataclass(frozen=True, slots=True)
class Place:
    """How a number is read and where it stands: `depth` counts the levels (articles) or the lists (items) that are around it; of a
    clause it is the depth of the level that its first number counts, or one more than that of the level in which it counts nothing, -1 for
    none. `opens`: it begins a level of its own."""

    number: Number | None
    annex: Annex | None
    role: Role
    depth: int
    opens: bool
