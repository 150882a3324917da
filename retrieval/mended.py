"""What was mended in the text of an agreement, and on which evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mended(StrEnum):
    """What was wrong."""

    TORN = "headings torn from their texts"
    LATE = "article headings printed after their clauses"
    RUN_ON = "articles run together in one line"
    UNCOUNTED = "lists that print the same number for every item"

    @property
    def moves_headings(self) -> bool:
        """Whether the mending moved headings back to what they head."""
        return self in (Mended.TORN, Mended.LATE)


@dataclass(frozen=True, slots=True)
class Repair:
    """One mending: what was wrong, how many headings, lines or numbers it touched, and where, in words that show the evidence."""

    what: Mended
    count: int
    evidence: str

    def __str__(self) -> str:
        return self.evidence
