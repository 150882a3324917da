"""Two versions of an agreement, clause by clause and word by word: what was changed, added, removed, renumbered and moved."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from retrieval.clause import Clause
from retrieval.differences import Piece, Sort, differences
from retrieval.matching import likeness, matched

_NEARLY = 0.8  # likeness from which a clause with another number is the same one renumbered


class Change(StrEnum):
    """What became of a clause. The values are public (CLI JSON)."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    RENUMBERED = "renumbered"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """What became of one clause. `old` is None where it was added, `new` where it was removed.

    `pieces` are the words of both wordings, see `differences`. A clause that was renumbered or moved has the same words or
    nearly the same; one that was changed may have another number, too.
    """

    change: Change
    old: Clause | None
    new: Clause | None
    pieces: tuple[Piece, ...]

    @property
    def clause(self) -> Clause:
        """The clause as it is now, as it was where it is no more."""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def is_reworded(self) -> bool:
        """Whether any word is another."""
        return any(piece.sort is not Sort.SAME for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of every clause, in the order of the new version; a removed one stands behind the one it stood behind."""

    changes: tuple[ClauseChange, ...]

    @property
    def differing(self) -> tuple[ClauseChange, ...]:
        """The changes that are some."""
        return tuple(change for change in self.changes if change.change is not Change.UNCHANGED)

    @property
    def counts(self) -> dict[Change, int]:
        """How many clauses became what, for every sort of change."""
        found = Counter(change.change for change in self.changes)
        return {change: found[change] for change in Change}


def compare(old: Sequence[Clause], new: Sequence[Clause]) -> Comparison:
    """Compare two versions of an agreement, each in reading order.

    A clause was moved where it has passed others that kept their order (the longest such order counts), and renumbered where only its
    number is another. 2,000 clauses take about a second.
    """
    pairs = matched(old, new)
    in_order = _longest_rising([before for before, _ in pairs])
    found: dict[int, ClauseChange] = {}
    stayed: dict[int, int] = {}
    for at, (before, after) in enumerate(pairs):
        found[after] = _change(old[before], new[after], in_order=at in in_order)
        if at in in_order:
            stayed[before] = after
    gone = _gone({before for before, _ in pairs}, stayed, len(old))
    changes = [_removed(old[at]) for at in gone[-1]]
    for after, clause in enumerate(new):
        changes.append(found.get(after) or ClauseChange(Change.ADDED, None, clause, _only(Sort.ADDED, clause)))
        changes += [_removed(old[at]) for at in gone[after]]
    return Comparison(tuple(changes))


def _change(old: Clause, new: Clause, *, in_order: bool) -> ClauseChange:
    if old.content == new.content:
        pieces = _only(Sort.SAME, new)
        if in_order:
            return ClauseChange(Change.UNCHANGED if old.id == new.id else Change.RENUMBERED, old, new, pieces)
        return ClauseChange(Change.MOVED, old, new, pieces)
    pieces = differences(old.content, new.content)
    if old.id == new.id or likeness(old, new) < _NEARLY:
        return ClauseChange(Change.CHANGED, old, new, pieces)
    return ClauseChange(Change.RENUMBERED if in_order else Change.MOVED, old, new, pieces)


def _removed(clause: Clause) -> ClauseChange:
    return ClauseChange(Change.REMOVED, clause, None, _only(Sort.REMOVED, clause))


def _only(sort: Sort, clause: Clause) -> tuple[Piece, ...]:
    return (Piece(sort, clause.content),) if clause.content else ()


def _gone(paired: set[int], stayed: dict[int, int], count: int) -> dict[int, list[int]]:
    """The old clauses that are no more, by the new position of the clause they stood behind; -1 where they stood first."""
    gone: defaultdict[int, list[int]] = defaultdict(list)
    behind = -1
    for at in range(count):
        behind = stayed.get(at, behind)
        if at not in paired:
            gone[behind].append(at)
    return gone


def _longest_rising(values: Sequence[int]) -> set[int]:
    """Positions of a longest rising subsequence (Schensted, 1961)."""
    lowest: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, value in enumerate(values):
        length = bisect_left(lowest, value)
        lowest[length : length + 1] = [value]
        before.append(ends[length - 1] if length else -1)
        ends[length : length + 1] = [at]
    found: set[int] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        found.add(at)
        at = before[at]
    return found
