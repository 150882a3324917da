"""Tables of a .docx file: their rows and cells, and which of them only lay out running text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from retrieval.docx_package import W
from retrieval.docx_styles import integer, is_on

_WRAPPERS = (f"{W}sdt", f"{W}sdtContent", f"{W}customXml", f"{W}ins", f"{W}moveTo")
_LAYOUT_PARAGRAPHS, _LAYOUT_LENGTH = 3, 300  # a cell with so much in it is a page, no entry
_REPEATED = 40  # a merged cell's text is said again in each of its rows, unless it is longer
_NUMBER = re.compile(r"第[〇零一二三四五六七八九十百\d]{1,6}[条章节]|\d{1,3}(?:[.．]\d{1,3}){1,4}[.．]?")


def rows_of(table: Any) -> list[list[Any]]:
    """The cells (`w:tc`) of each row, rows deleted by a revision left out."""
    return [list(_inside(row, "tc")) for row in _inside(table, "tr") if not is_on(row.find(f"{W}trPr"), "del")]


def is_layout(rows: Sequence[Sequence[Any]]) -> bool:
    """Whether a table only lays out running text: it has one column, or a cell with several long paragraphs."""
    if max(map(len, rows), default=0) <= 1:
        return True
    return any(_is_page(cell) for row in rows for cell in row)


def entries(rows: Sequence[Sequence[Any]], texts: Sequence[Sequence[str]]) -> list[list[str]]:
    """The texts of each row by column; the rows of a cell merged downwards repeat its text."""
    above: dict[int, str] = {}
    found: list[list[str]] = []
    for cells, row in zip(rows, texts, strict=True):
        entry: list[str] = []
        column = 0
        for cell, text in zip(cells, row, strict=True):
            properties = cell.find(f"{W}tcPr")
            merged = properties.find(f"{W}vMerge") if properties is not None else None
            if merged is not None and merged.get(f"{W}val", "continue") == "continue":
                shown = above.get(column, "")
            else:
                shown = text
                above[column] = text if merged is not None and len(text) <= _REPEATED else ""
            entry.append(shown)
            column += max(1, integer(properties, "gridSpan") or 1)
        found.append(entry)
    return found


def numbers_clauses(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table of two columns prints clause numbers in the first and their texts in the second."""
    pairs = [row for row in rows if any(row)]
    numbered = sum(bool(_NUMBER.fullmatch(row[0].strip())) for row in pairs)
    return all(len(row) == 2 for row in pairs) and len(pairs) >= 2 and numbered * 5 >= len(pairs) * 3


def _inside(element: Any, name: str) -> Iterator[Any]:
    for child in element:
        if child.tag == f"{W}{name}":
            yield child
        elif child.tag in _WRAPPERS:
            yield from _inside(child, name)


def _is_page(cell: Any) -> bool:
    paragraphs = [sum(len(text.text or "") for text in paragraph.iter(f"{W}t")) for paragraph in cell.iter(f"{W}p")]
    return sum(length > 0 for length in paragraphs) >= _LAYOUT_PARAGRAPHS and sum(paragraphs) >= _LAYOUT_LENGTH
