"""Ruled tables on a PDF page: the cells that its lines make."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from retrieval.pdf_characters import Character, Upright

_THIN = 3.0  # points: a filled shape that is no wider is a line
_SHORT = 6.0
_NEAR = 3.0
MAX_RULES, MAX_CROSSINGS = 2_000, 4_000  # of a page: more are a drawing
_MAX_DEPTH = 4

Box = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of each row from the top, each from the left; a cell merged downwards stands in every row it covers."""

    box: Box
    rows: tuple[tuple[Box, ...], ...]


def tables_of(page: Any, upright: Upright) -> list[Table]:
    """The ruled tables of a page with at least two rows and two columns."""
    rules = list(_rules(page, upright))
    level = sum(rule["orientation"] == "h" for rule in rules)
    if level < 3 or len(rules) - level < 3 or len(rules) > MAX_RULES:
        return []
    # Slow to import, and few pages have rules both ways.
    from pdfplumber.table import cells_to_tables, edges_to_intersections, intersections_to_cells, merge_edges

    edges = merge_edges(rules, _NEAR, _NEAR, _NEAR, _NEAR)
    level = sum(edge["orientation"] == "h" for edge in edges)
    if level * (len(edges) - level) > MAX_CROSSINGS:
        return []
    cells = intersections_to_cells(edges_to_intersections(edges, _NEAR, _NEAR))
    tables = [_table([(x0, -bottom, x1, -top) for x0, top, x1, bottom in table]) for table in cells_to_tables(cells)]
    return [table for table in tables if len(table.rows) >= 2 and max(map(len, table.rows)) >= 2]


def within(character: Character, box: Box) -> bool:
    """Whether a character stands in a box."""
    x, y = (character.left + character.right) / 2, character.baseline + character.size / 4
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _table(cells: Sequence[Box]) -> Table:
    tops = sorted({round(cell[3], 1) for cell in cells}, reverse=True)
    bottoms = [max((cell[1] for cell in cells if abs(cell[3] - top) < _NEAR), default=top) for top in tops]
    rows: list[tuple[Box, ...]] = []
    for top, bottom in zip(tops, bottoms, strict=True):
        middle = (top + bottom) / 2
        rows.append(tuple(sorted(cell for cell in cells if cell[1] < middle < cell[3])))
    box = (min(c[0] for c in cells), min(c[1] for c in cells), max(c[2] for c in cells), max(c[3] for c in cells))
    return Table(box, tuple(dict.fromkeys(rows)))


def _rules(page: Any, upright: Upright) -> Iterator[dict[str, Any]]:
    """Horizontal and vertical lines as edges; their y counts downwards, as the search for cells wants it."""
    found = 0
    for subpath, stroked in _subpaths(page):
        points = [upright.point(x, y) for x, y in subpath]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        pieces = [(min(xs), min(ys), max(xs), max(ys))]
        if pieces[0][2] - pieces[0][0] > _THIN and pieces[0][3] - pieces[0][1] > _THIN:
            pairs = pairwise(points) if stroked else ()
            pieces = [(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])) for a, b in pairs]
        for left, bottom, right, top in pieces:
            edge = _edge(left, bottom, right, top)
            if edge is not None:
                yield edge
                found += 1
        if found > MAX_RULES:
            return


def _edge(left: float, bottom: float, right: float, top: float) -> dict[str, Any] | None:
    if top - bottom <= _THIN and right - left >= _SHORT:
        middle = -(top + bottom) / 2
        return {"orientation": "h", "x0": left, "x1": right, "top": middle, "bottom": middle, "width": right - left, "height": 0.0}
    if right - left <= _THIN and top - bottom >= _SHORT:
        middle = (left + right) / 2
        return {"orientation": "v", "x0": middle, "x1": middle, "top": -top, "bottom": -bottom, "width": 0.0, "height": top - bottom}
    return None


def _subpaths(page: Any) -> Iterator[tuple[list[tuple[float, float]], bool]]:
    """The points of each continuous line of a page, and whether it is drawn and not only filled."""
    for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=_MAX_DEPTH):
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDFPath_GetDrawMode(item.raw, fill, stroke)
        matrix, around = item.get_matrix(), item.container
        while around is not None:
            matrix, around = matrix.multiply(around.get_matrix()), around.container
        points: list[tuple[float, float]] = []
        x, y = ctypes.c_float(), ctypes.c_float()
        for at in range(min(pdfium.FPDFPath_CountSegments(item.raw), MAX_RULES)):
            segment = pdfium.FPDFPath_GetPathSegment(item.raw, at)
            kind = pdfium.FPDFPathSegment_GetType(segment)
            pdfium.FPDFPathSegment_GetPoint(segment, x, y)
            if kind == pdfium.FPDF_SEGMENT_MOVETO and points:
                yield points, bool(stroke.value)
                points = []
            points.append(matrix.on_point(x.value, y.value))
            if pdfium.FPDFPathSegment_GetClose(segment):
                points.append(points[0])
        if points:
            yield points, bool(stroke.value)
