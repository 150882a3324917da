"""The dialect of a document: how its body and each of its annexes number their clauses, told from a first reading of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from retrieval.candidate import Candidate, Place
from retrieval.openings import Role
from retrieval.styles import Style

_FEWEST = 3
_MOSTLY = 0.5
_UNHEADED, _HEADED_ITEM = 1.5, 0.7


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one part numbers its clauses: the styles of its articles and what holds them, those of its lists, and which of the former
    stand before headings rather than sentences."""

    levels: tuple[Style, ...] = ()
    lists: tuple[Style, ...] = ()
    headed: frozenset[Style] = frozenset()

    @property
    def is_mixed(self) -> bool:
        """Whether a style numbers both headed articles and the items of lists, so that 12. may go on with either."""
        return any(style in self.headed for style in self.lists)

    def cost(self, style: Style, role: Role, titled: bool) -> float:
        """What it costs to read a number against the dialect. `titled`: a heading stands after it."""
        if style not in self.headed:
            return 0.0
        if role is Role.LEVEL:
            return 0.0 if titled else _UNHEADED
        return _HEADED_ITEM if titled else 0.0


def dialects(candidates: Sequence[Candidate], places: Mapping[int, Place]) -> list[Dialect]:
    """The dialect of the part that each candidate stands in."""
    found: list[Dialect] = []
    part: list[tuple[Candidate, Place]] = []
    size = 0
    for candidate in candidates:
        place = places.get(candidate.line)
        if place is not None and place.role is Role.ANNEX:
            found += [_dialect(part)] * size
            part, size = [], 0
        size += 1
        if place is not None:
            part.append((candidate, place))
    return found + [_dialect(part)] * size


def _dialect(part: Iterable[tuple[Candidate, Place]]) -> Dialect:
    levels: Counter[Style] = Counter()
    titled: Counter[Style] = Counter()
    lists: dict[Style, None] = {}
    for candidate, place in part:
        if place.number is None:
            continue
        if place.role is Role.LEVEL:
            levels[place.number.style] += 1
            titled[place.number.style] += candidate.titled
        elif place.role is Role.ITEM:
            lists[place.number.style] = None
    headed = {style for style, count in levels.items() if count >= _FEWEST and titled[style] >= count * _MOSTLY}
    return Dialect(tuple(sorted(levels, key=lambda style: style.rank)), tuple(lists), frozenset(headed))
