"""Pieces of text on a page -> printed lines in reading order, column by column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from retrieval.page import Printed, Run

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\uffe0-\uffe6“”‘’…—]")
# Gaps in heights of letters that are a space. Between Chinese letters, and them and Latin ones, typesetters put gaps nobody typed.
_SPACE, _SPACE_WIDE = 0.2, 1.0
_LEVEL = 0.3  # in heights of letters: how much the bases of pieces of one line may differ
_COLUMN = 12.0  # a column of running text is wider than a column of labels
_COLUMN_LINES = 6
_STEPS = 100
_MOST_COLUMNS = 4
_MARGIN_ROWS, _APART = 3, 1.6  # how many rows a header has at most, and how many usual distances it stands apart

Row = list[Run]


class LineReader:
    """Reads the pages of one document: where one has columns, a page with little on it may have them too."""

    def __init__(self) -> None:
        self._gutters: list[float] = []
        self._column = 0

    def lines(self, runs: Sequence[Run]) -> list[Printed]:
        """The lines of a page. In a page of two or more columns each is read to its end, between lines that cross them all."""
        self._column = 0
        return self._in_order(_rows(runs), _MOST_COLUMNS - 1)

    def _in_order(self, rows: list[Row], depth: int) -> list[Printed]:
        self._column += 1
        column = self._column
        gutter = _gutter(rows, self._gutters) if depth and rows else None
        if gutter is None:
            return [_printed(row, column) for row in rows]
        self._gutters = [gutter, *(known for known in self._gutters if abs(known - gutter) > 5)][:_MOST_COLUMNS]
        alone = _alone(rows)
        ordered: list[Printed] = []
        band: list[Row] = []
        for at, row in enumerate([*rows, None]):
            if row is not None and at not in alone and not _crosses(row, gutter):
                band.append(row)
                continue
            left = [part for each in band if (part := [run for run in each if run.right <= gutter])]
            right = [part for each in band if (part := [run for run in each if run.left >= gutter])]
            ordered += [*self._in_order(left, depth - 1), *self._in_order(right, depth - 1)]
            band = []
            if row is not None:
                ordered.append(_printed(row, column))
        return ordered


def lines_of_page(runs: Sequence[Run]) -> list[Printed]:
    """The lines of a part of a page that has one column."""
    return [_printed(row, 0) for row in _rows(runs)]


def _joined(left: str, right: str, gap: float, spaced: bool) -> str:
    """Two pieces of one line; `gap` is what lies between them in heights of letters, `spaced` whether the file has a space there."""
    least = _SPACE_WIDE if _WIDE.match(left[-1:]) or _WIDE.match(right[:1]) else _SPACE
    return f"{left} {right}" if spaced or gap > least else left + right


def _rows(runs: Sequence[Run]) -> list[Row]:
    """Pieces that stand on one line, from the left, from the top of the page."""
    rows: list[Row] = []
    for run in sorted(runs, key=lambda run: -run.baseline):
        found = [row for row in rows[-4:] if all(_beside(other, run) for other in row)]
        if found:
            found[-1].append(run)
        else:
            rows.append([run])
    return [sorted(row, key=lambda run: run.left) for row in rows]


def _beside(one: Run, other: Run) -> bool:
    """Whether two pieces can stand on one line: on one base, or beside each other, a smaller one a little higher or lower."""
    lower = abs(one.baseline - other.baseline)
    if lower < 0.1 * min(one.size, other.size):
        return True
    if other.left < one.right - one.size / 2 and one.left < other.right - one.size / 2:
        return False
    if min(one.size, other.size) > 0.8 * max(one.size, other.size):
        return lower < _LEVEL * max(one.size, other.size)
    shared = min(one.baseline + one.size, other.baseline + other.size) - max(one.baseline, other.baseline)
    return shared >= 0.5 * min(one.size, other.size)


def _alone(rows: list[Row]) -> set[int]:
    """The first and last rows as far as they stand apart from the rest: a header or footer, whose parts belong together."""
    gaps = [above[0].baseline - below[0].baseline for above, below in pairwise(rows)]
    usual = median(gaps) if gaps else 0.0
    found: set[int] = set()
    for order in (range(len(gaps)), range(len(gaps) - 1, -1, -1)):
        for many, at in enumerate(order):
            if many >= _MARGIN_ROWS:
                break
            if gaps[at] > _APART * usual:
                found |= set(range(at + 1)) if order.step > 0 else set(range(at + 1, len(rows)))
                break
    return found


def _gutter(rows: list[Row], known: Sequence[float]) -> float | None:
    """Where the space between two columns of running text is; None for a page of one column.

    Most lines must leave it free, many must stand on either side, and be wide: labels beside a text, and a table without rules, are
    read line by line. At the place of a `known` one, few lines are enough.
    """
    left, right = min(row[0].left for row in rows), max(row[-1].right for row in rows)
    size = median(run.size for row in rows for run in row)
    places = [left + (right - left) * share / _STEPS for share in range(_STEPS // 4, _STEPS * 3 // 4 + 1)]
    crossed = [sum(_crosses(row, place) for row in rows) for place in places]
    free = [place for place, times in zip(places, crossed, strict=True) if times == min(crossed) and times * 3 <= len(rows)]
    for middle in (*free[len(free) // 2 : len(free) // 2 + 1], *known):
        times = sum(_crosses(row, middle) for row in rows)
        sides = (
            [[run for run in row if run.right <= middle] for row in rows],
            [[run for run in row if run.left >= middle] for row in rows],
        )
        least, narrowest = (2, 0.0) if middle in known else (_COLUMN_LINES, _COLUMN * size)
        if times * 3 <= len(rows) and all(_is_column(side, least, narrowest) for side in sides):
            return middle
    return None


def _is_column(side: list[Row], least: int, narrowest: float) -> bool:
    widths = [part[-1].right - part[0].left for part in side if part]
    return len(widths) >= least and sum(widths) >= narrowest * len(widths)


def _crosses(row: Row, place: float) -> bool:
    """Whether a line has text at a place, or a gap there that is only one between words."""
    before = [run for run in row if run.left < place]
    after = [run for run in row if run.right > place]
    if not before or not after:
        return False
    return min(run.left for run in after) - max(run.right for run in before) < _SPACE_WIDE * row[0].size


def _printed(row: Row, column: int) -> Printed:
    main = max(row, key=lambda run: len(run.text) * run.size)
    text, right = "", row[0].left
    for run in row:
        piece = run.text
        raised = run.size < 0.75 * main.size and run.baseline > main.baseline + 0.15 * main.size
        if raised and piece.isdecimal() and text and run.left - right < main.size / 2:
            piece = piece.translate(_SUPERSCRIPTS)
        text = _joined(text, piece, (run.left - right) / max(main.size, 1), run.spaced) if text else piece
        right = max(right, run.right)
    return Printed(text, row[0].left, right, main.baseline, main.size, column=column)
