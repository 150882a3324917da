"""What is open at a line of an agreement, and what each clause number costs there: whether it continues, opens, repeats or jumps.

States are plain tuples, and styles numbers in them: most of the time of parsing goes into making and comparing them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from retrieval.annexes import Annex
from retrieval.numbering import Number
from retrieval.styles import Rank, Style

Path = tuple[int, ...]
Lists = tuple[tuple[int, Path], ...]

CLEAR = 0.9  # a number that costs no more continues what is open
_TWICE, _BACK, _RESTART, _OUT_OF_ORDER = 3.5, 5.0, 4.0, 2.4
_DEPTH = 0.02  # of two ways to read a number that are equally good, the one with less around it
_FAR = 9.0
_FIRSTS: tuple[Path, ...] = ((1,), (0,))
_STYLES = tuple(Style)
_CODES = {style: code for code, style in enumerate(_STYLES)}
_RANKS = tuple(int(style.rank) for style in _STYLES)
_LOOSE = tuple(style.rank.is_loose for style in _STYLES)
_ITEMS = tuple(style.is_item for style in _STYLES)
_SINGLE, _DOTTED = _CODES[Style.SINGLE], _CODES[Style.DOTTED]
_UNSURE = (_CODES[Style.ROMAN], _CODES[Style.CAPITAL])
_NO_RANK, _HOLDING = int(Rank.NONE), int(Rank.LOOSE_OUTER)


class Role(StrEnum):
    """As what a number is read."""

    LEVEL = "level"
    CLAUSE = "clause"
    ITEM = "item"
    ANNEX = "annex"


class Level(NamedTuple):
    """A style that numbers articles or what holds them, its last number, and whether no outer level has begun anew since."""

    style: int
    path: Path
    open: bool


class State(NamedTuple):
    """What is open: the levels from the outermost in, the last dotted number and the level that its first part counts (-1: none), the
    lists of items under it, and the last annex."""

    levels: tuple[Level, ...] = ()
    dotted: Path = ()
    head: int = -1
    lists: Lists = ()
    annex: tuple[str, int] = ("", 0)


class Move(NamedTuple):
    """One way to read a number: its cost, what is open after it, as what it is read and where. See `outline.Place`."""

    cost: float
    state: State
    role: Role
    depth: int
    opens: bool = False


def code_of(style: Style) -> int:
    """The number of a style in states."""
    return _CODES[style]


def moves(state: State, number: Number, style: int) -> list[Move]:
    """The ways to read a number of a style (its code) where `state` is open."""
    found: list[Move] = []
    if style == _DOTTED:
        _clauses(state, number.path, found)
        if state.lists:
            _clauses_of_items(state, number.path, found)
        return found
    loose = _LOOSE[style]
    articles = loose and any(_RANKS[level[0]] >= _HOLDING for level in state.levels)
    weak = 3.0 if number.weak else 0.0
    if _RANKS[style] != _NO_RANK:
        _levels(state, style, number.path, weak, articles, found)
    if _ITEMS[style] or (loose and (articles or state.dotted)):
        _items(state, style, number.path, weak, found)
    return found


def annexed(state: State, annex: Annex) -> Move:
    """The move to a new annex, in which everything is numbered anew."""
    word, value = state.annex
    if annex.value == 0:
        cost = 1.0 if word == annex.word else 0.3
    elif annex.value == 1 or (word, value + 1) == (annex.word, annex.value):
        cost = 0.2
    else:
        cost = _TWICE if annex.value == value else min(2 + 0.7 * abs(annex.value - value), 5.0)
    return Move(cost + (0.0 if annex.certain else 1.0), State(annex=(annex.word, annex.value)), Role.ANNEX, 0)


def _levels(state: State, style: int, path: Path, weak: float, articles: bool, found: list[Move]) -> None:
    levels = state.levels
    for at, level in enumerate(levels):
        if level[0] == style:
            cost = _step(level[1], path)
            if cost and path in _FIRSTS:
                cost = _RESTART if level[2] else 0.5
            found.append(_at_level(state, style, path, at, cost + _DEPTH * at + (weak if cost else 0.0), opens=False))
            return
    if articles:  # 1. in an article numbers items
        return
    rank = _RANKS[style]
    at = next((at for at, level in enumerate(levels) if _RANKS[level[0]] > rank), len(levels))
    cost = 0.3 if path in _FIRSTS else min(_RESTART + 0.7 * (path[0] - 1), _FAR)
    if style == _SINGLE and state.dotted:
        cost = 0.7 if path[0] == state.dotted[0] + 1 else cost + 2
    cost += weak + (1.0 if at < len(levels) else 0.0) + (0.7 if style in _UNSURE else 0.0)
    found.append(_at_level(state, style, path, at, cost + _DEPTH * at, opens=True))


def _at_level(state: State, style: int, path: Path, at: int, cost: float, opens: bool) -> Move:
    levels = state.levels
    inner = [Level(level[0], level[1], False) for level in levels[at if opens else at + 1 :]]
    levels = (*levels[:at], Level(style, path, True), *inner)
    dotted, head = state.dotted, state.head
    if at < head or (opens and at <= head):
        dotted, head = (), -1
    return Move(cost, State(levels, dotted, head, (), state.annex), Role.LEVEL, at, opens)


def _clauses(state: State, path: Path, found: list[Move]) -> None:
    levels, last, head = state.levels, state.dotted, state.head
    inner = len(levels) - 1
    while inner >= 0 and not levels[inner][2]:
        inner -= 1
    counted = levels[inner][1][0] if inner >= 0 else 0
    if not last:
        head = inner
    if path == (1, 1) and counted > 1 and _RANKS[levels[inner][0]] < _HOLDING:
        # 1.1 under 第二部分: the numbers begin anew in it, and count nothing of what holds them
        head = inner + 1
        found.append(Move(0.5, State(levels, path, head, (), state.annex), Role.CLAUSE, head))
        return
    cost = _dotted_step(last, path, counted) + _DEPTH * len(path)
    found.append(Move(cost, State(levels, path, head, (), state.annex), Role.CLAUSE, head))


def _clauses_of_items(state: State, path: Path, found: list[Move]) -> None:
    """1.1 under the item 1. of a list."""
    for depth, (style, last) in enumerate(state.lists):
        if style == _SINGLE and path == (*last, 1):
            cost = 0.3 + _DEPTH * (depth + 2)
        elif style == _DOTTED and path[0] == last[0] and path in _successors(last):
            cost = _DEPTH * (depth + 2)
            depth -= 1
        else:
            continue
        found.append(_at_item(state, _DOTTED, path, depth + 1, cost))


def _items(state: State, style: int, path: Path, weak: float, found: list[Move]) -> None:
    lists = state.lists
    size, shallow, first = len(lists), -1, path in _FIRSTS
    for depth in range(size):
        if lists[depth][0] == style:
            shallow = depth if shallow < 0 else shallow
            cost = _step(lists[depth][1], path)
            cost = 2.0 if cost and first else cost
            found.append(_at_item(state, style, path, depth, cost + _DEPTH * (depth + 1) + (weak if cost else 0.0)))
    cost = weak + (0.5 if first else min(5 + 0.7 * (path[0] - 1), _FAR))
    if style == _SINGLE and any(level[0] == _SINGLE for level in state.levels):
        cost += 0.5
    for depth in range(size, -1, -1):
        if depth == shallow:
            continue
        again = 3.5 if depth > shallow >= 0 else 0.0  # a list of a style within an item of that style
        found.append(_at_item(state, style, path, depth, cost + again + 1.0 * (size - depth) + _DEPTH * (depth + 1)))
        if not first:
            return


def _at_item(state: State, style: int, path: Path, depth: int, cost: float) -> Move:
    levels, dotted, head, lists, annex = state
    return Move(cost, State(levels, dotted, head, (*lists[:depth], (style, path)), annex), Role.ITEM, depth)


def _step(last: Path, path: Path) -> float:
    """What it costs that `path` follows `last` in a list; 第一百三十三条之一 comes after 第一百三十三条."""
    missing = path[0] - last[0] - 1
    if missing == 0 and len(path) == 1:
        return 0.0
    if path == last:
        return _TWICE
    if missing == -1 and len(path) > 1 and path[1] == (last[1] + 1 if len(last) > 1 else 1):
        return 0.0
    if path < last:
        return _BACK
    return min(3 + 0.7 * max(missing - 1, 0), _FAR)


def _successors(last: Path) -> set[Path]:
    found = {(*last, 1)}
    for depth in range(1, len(last) + 1):
        up = (*last[: depth - 1], last[depth - 1] + 1)
        found |= {up, (*up, 1)}
    return found


def _dotted_step(last: Path, path: Path, counted: int) -> float:
    """What a dotted number costs after the dotted number `last` (empty: none) in an article of the number `counted` (0: none)."""
    if path == (counted, 1):
        return 0.0
    size = len(path)
    if last:
        common = size - 1  # what must be the same for `path` to go on with `last` or to stand under it
        if size <= len(last) and path[:common] == last[:common]:
            there, here = path[common], last[common]
            if there == here + 1:
                return 0.0 if size > 1 else 0.7
            if there < here:
                return _OUT_OF_ORDER
            return _TWICE if there == here else min(3 + 0.7 * (there - here - 2), _FAR)
        if path[:common] == last:
            return 0.0 if path[-1] == 1 else min(3 + 0.7 * (path[-1] - 2), _FAR)
    if path == (counted + 1, 1):
        return 0.7 if counted else 0.3  # the heading of the article may stand after its clauses
    if last and path[-1] == 1 and path in _successors(last):
        return 0.7
    if not last and path[0] == 1 and counted != 1:
        return 0.3 if path == (1, 1) else 3.0
    if path[0] in (counted, counted + 1) or (last and path[0] in (last[0], last[0] + 1)):
        return 4.5
    return 7.0 if last or counted else min(_RESTART + 0.7 * (path[0] - 1), _FAR)
