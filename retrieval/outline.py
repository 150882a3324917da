"""Which numbers at the beginnings of lines begin clauses, and where each stands: the cheapest way to read all of them together.

A number is a clause's because it continues a sequence that is open, or opens one, and not because it looks like one. Every way to
read the lines so far is a hypothesis with a cost; a hypothesis pays for a number that is left out, printed twice or jumps, and for
one whose words speak of a clause; after each line only the cheapest go on (a beam search, in time linear in the number of lines).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.annexes import Annex
from retrieval.candidate import Candidate, Place
from retrieval.dialect import Dialect, dialects
from retrieval.doubts import Doubt
from retrieval.numbering import Number
from retrieval.openings import CLEAR, Move, Role, State, annexed, code_of, moves
from retrieval.styles import Rank, Style

_WIDTH = 20  # hypotheses
_ALIKE = 5
_SLACK = 9.0  # a hypothesis that costs so much more than the best is given up
_DOUBTS = {Doubt.NONE: 0.0, Doubt.FITS_BOTH: 1.0, Doubt.REFERS: 3.5}
_UNCLOSED = 6.0
_ANEW = 3.0  # what a heading without a number takes off from the cost of a list that begins again
_WEAK_STYLES = (Style.ITEM_LETTER_DOT, Style.CAPITAL, Style.ROMAN, Style.ITEM_ROMAN_DOT, Style.ITEM_CIRCLED)


@dataclass(slots=True)
class _Trail:
    """The readings of a hypothesis, the last one first."""

    before: _Trail | None
    line: int
    place: Place


_Hypotheses = dict[State, tuple[float, _Trail | None]]


def outline(candidates: Sequence[Candidate]) -> dict[int, Place]:
    """The places of the numbers and annexes that begin something, by the index of their line.

    A document that numbers headed articles and lists in one style is read again with what the first reading told of its dialect.
    """
    plain = [Dialect()] * len(candidates)
    places = _cheapest(candidates, plain)
    told = dialects(candidates, places)
    return _cheapest(candidates, told) if any(dialect.is_mixed for dialect in told) else places


def _cheapest(candidates: Sequence[Candidate], told: Sequence[Dialect]) -> dict[int, Place]:
    hypotheses: _Hypotheses = {State(): (0.0, None)}
    for candidate, dialect in zip(candidates, told, strict=True):
        hypotheses = _pruned(_read(hypotheses, candidate, dialect))
    _, last = min(hypotheses.values(), key=lambda found: found[0])
    places: dict[int, Place] = {}
    while last is not None:
        places[last.line] = last.place
        last = last.before
    return dict(reversed(places.items()))


def _read(hypotheses: _Hypotheses, candidate: Candidate, dialect: Dialect) -> _Hypotheses:
    """The hypotheses after one more line."""
    following: _Hypotheses = {}
    without = _leaving_out(candidate)
    least = min(cost for cost, _ in hypotheses.values())
    limit = least + without + _SLACK
    readings = [(number, code_of(number.style), _DOUBTS[number.doubt]) for number in candidate.numbers]
    for state, (cost, trail) in hypotheses.items():
        known = following.get(state)
        if known is None or cost + without < known[0]:
            following[state] = (cost + without, trail)
        for number, style, doubt in readings:
            for move in moves(state, number, style):
                total = cost + doubt + move.cost
                if candidate.fresh and move.role is Role.LEVEL and number.path == (1,):
                    total -= max(0.0, min(_ANEW, move.cost - 0.5))
                if dialect.headed:
                    total += dialect.cost(number.style, move.role, candidate.titled)
                if candidate.hanging or not candidate.closed:
                    total += _UNCLOSED if candidate.hanging else _unclosed(number, move.cost)
                if total > limit:
                    continue
                known = following.get(move.state)
                if known is None or total < known[0]:
                    following[move.state] = (total, _Trail(trail, candidate.line, _place(move, number, None)))
        if candidate.annex is not None:
            move = annexed(state, candidate.annex)
            total = cost + move.cost + (0.0 if candidate.closed and not candidate.hanging else _UNCLOSED)
            known = following.get(move.state)
            if known is None or total < known[0]:
                following[move.state] = (total, _Trail(trail, candidate.line, _place(move, None, candidate.annex)))
    return following


def _place(move: Move, number: Number | None, annex: Annex | None) -> Place:
    return Place(number, annex, move.role, move.depth, move.opens)


def _pruned(hypotheses: _Hypotheses) -> _Hypotheses:
    """The cheapest hypotheses; only a few of those that differ in nothing but the items of lists, which the next clause closes."""
    limit = min(cost for cost, _ in hypotheses.values()) + _SLACK
    kept: _Hypotheses = {}
    alike: Counter[tuple[object, ...]] = Counter()
    for state, found in sorted(hypotheses.items(), key=lambda item: item[1][0]):
        if found[0] > limit or len(kept) == _WIDTH:
            break
        outer = (state.levels, state.dotted, state.head, state.annex)
        alike[outer] += 1
        if alike[outer] <= _ALIKE:
            kept[state] = found
    return kept


def _unclosed(number: Number, cost: float) -> float:
    """What it costs that the sentence before had not ended; 七、 and （2） are hardly found in running text when they count on."""
    lists = number.style.is_item or number.style is Style.ENUMERATED
    if cost > CLEAR or number.doubt is not Doubt.NONE:
        return _UNCLOSED
    if not lists:
        return 2.0
    return 2.0 if number.path == (1,) else 0.5


def _leaving_out(candidate: Candidate) -> float:
    """What it costs to take the line for running text."""
    costs = [_weight(number) * (1.0, 0.4, 0.0)[number.doubt] for number in candidate.numbers]
    if candidate.annex is not None:
        costs.append(5.0 if candidate.annex.certain else 2.0)
    cost = max(costs)
    if candidate.hanging:
        return min(cost, 0.5)
    if not candidate.closed:
        lists = any(number.style.is_item or number.style is Style.ENUMERATED for number in candidate.numbers)
        return min(cost, 1.5 if lists else 0.5)
    return cost + (2.0 if candidate.marked and cost else 0.0)


def _weight(number: Number) -> float:
    """How much the form of a number alone speaks for a clause."""
    style = number.style
    if number.weak:
        return 1.0
    if style is Style.DOTTED:
        return 6.0 if len(number.path) > 2 else 5.5
    if style in _WEAK_STYLES:
        return 2.5
    if style.is_item or style is Style.SINGLE:
        return 3.5 if style is Style.ITEM_HALF else 4.0
    return 5.0 if style.rank is Rank.LOOSE_OUTER or style.name.startswith("WORD") else 6.0
