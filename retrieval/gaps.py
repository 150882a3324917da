"""Numbers that are missing where clauses are counted: 4.3 between 4.2 and 4.4."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from retrieval.clause import Clause, Kind
from retrieval.numbering import printed_numbers
from retrieval.styles import Style

_COUNTED = (Kind.ARTICLE, Kind.CLAUSE, Kind.DEFINITION, Kind.ITEM)


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that are not there between two clauses that follow each other: `missing` how many. `before` is None where a list does
    not begin with its first number."""

    before: Clause | None
    after: Clause
    missing: int


def gaps_of(clauses: Iterable[Clause]) -> list[Gap]:
    """The gaps in the numbers of an agreement's clauses, in reading order; a number that stands further on is not missing.

    Articles may count on under the next chapter, so they are looked at without regard to what holds them.
    """
    runs: dict[_Key, _Run] = {}
    ahead: list[tuple[_Run, Clause | None, Clause, range]] = []
    for clause in clauses:
        if clause.kind not in _COUNTED:
            continue
        steps = [(_step(runs.get(key), value), key, value) for key, value in _places(clause)]
        if not steps:
            continue
        skipped, key, value = min(steps)  # (i) may be a letter and a Roman numeral
        run = runs.get(key)
        if run is None or (value == 1 and run.value > 1):
            run = runs[key] = _Run()
        if skipped:
            ahead.append((run, run.last, clause, range(run.value + 1, value)))
        run.seen.add(value)
        if value > run.value:
            run.last, run.value = clause, value
    missing = ((before, after, sum(value not in run.seen for value in skipped)) for run, before, after, skipped in ahead)
    return [Gap(before, after, count) for before, after, count in missing if count]


_Key = tuple[str, str, Style]


@dataclass(slots=True)
class _Run:
    """The numbers of one list, the highest of them with its clause."""

    last: Clause | None = None
    value: int = 0
    seen: set[int] = field(default_factory=set)


def _step(run: _Run | None, value: int) -> int:
    return max(value - (run.value if run else 0) - 1, 0) if value > 1 else 0


def _places(clause: Clause) -> list[tuple[_Key, int]]:
    """The list that a clause is counted in, and its number there, in every way its number can be read."""
    numbers = printed_numbers(clause.number)
    if clause.kind is Kind.ARTICLE:
        within = clause.id.partition("/")[0] if clause.annex else ""
        return [((within, "", number.style), number.path[0]) for number in numbers]
    return [((str(clause.parent), ".".join(map(str, number.path[:-1])), number.style), number.path[-1]) for number in numbers]
