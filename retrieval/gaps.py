"""Numbers that are missing where clauses are counted: 4.3 between 4.2 and 4.4."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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
    """The gaps in the numbers of an agreement's clauses, in reading order.

    Articles may count on under the next chapter, so they are looked at without regard to what holds them.
    """
    last: dict[tuple[str, str, Style], tuple[Clause, int]] = {}
    found: list[Gap] = []
    for clause in clauses:
        if clause.kind not in _COUNTED:
            continue
        within = clause.id.partition("/")[0] if clause.annex else ""
        steps = []
        for number in printed_numbers(clause.number):
            holder = within if clause.kind is Kind.ARTICLE else str(clause.parent)
            key = (holder, ".".join(map(str, number.path[:-1])) if clause.kind is not Kind.ARTICLE else "", number.style)
            before, value = last.get(key, (None, 0))
            here = number.path[0] if clause.kind is Kind.ARTICLE else number.path[-1]
            steps.append((max(here - value - 1, 0) if here != 1 else 0, key, before, here, value))
        if not steps:
            continue
        missing, key, before, here, value = min(steps, key=lambda step: step[0])  # (i) may be a letter and a Roman numeral
        if missing:
            found.append(Gap(before, clause, missing))
        if here > value or here == 1:
            last[key] = (clause, here)
    return found
