"""Which parts of a page are its text, and which are navigation, hidden or no text at all."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from retrieval.html_styles import Declarations

_NO_TEXT = frozenset(
    "script style noscript template svg iframe object embed audio video canvas select textarea button input head title rt rp datalist".split()
)
_NAVIGATION = frozenset(
    "nav navbar navigation menu breadcrumb breadcrumbs sidebar footer site-footer site-header topbar header-nav pagination cookie"
    " cookie-banner skip-link share".split()
)
_HIDDEN = frozenset("sr-only visually-hidden screen-reader-text".split())
_CONTENTS = frozenset("toc table-of-contents".split())
_ROLES = frozenset("navigation banner contentinfo search complementary".split())
_LARGE = 0.3  # a part with so much of a page's text is no navigation, whatever it is called
_LAYOUT_LENGTH = 300
_MAX_SPAN, _MAX_COLUMNS = 1_000, 100


class Parts:
    """The parts of one page. `main` is the element that its text is in."""

    def __init__(self, root: Any) -> None:
        body = root.find("body")
        whole = body if body is not None else root
        self._length = max(_length(whole), 1)
        self.main = whole
        for found in (list(whole.iter("main")), whole.xpath(".//*[@role='main']"), list(whole.iter("article"))):
            if len(found) == 1 and _length(found[0]) * 2 >= self._length:
                self.main = found[0]
                break

    def left_out(self, element: Any, said: Declarations) -> str:
        """Why an element is no part of the text: `script`, `hidden`, `contents` or `navigation`; empty for one that is."""
        if element.tag in _NO_TEXT:
            return "script"
        if element is self.main:
            return ""
        names = frozenset(f"{element.get('class', '')} {element.get('id', '')}".lower().split())
        shut = element.tag == "dialog" and element.get("open") is None
        if (
            element.get("hidden") is not None
            or said.get("display") == "none"
            or said.get("visibility") == "hidden"
            or shut
            or names & _HIDDEN
        ):
            return "hidden"
        reason = "contents" if names & _CONTENTS else "navigation" if _navigates(element, names) else ""
        return reason if reason and _length(element) < self._length * _LARGE else ""


def table_rows(table: Any) -> list[list[Any]] | None:
    """The cells of each row of a table, those merged downwards in each of their rows; None for one that only lays out a page."""
    rows = [row for row in table.iterdescendants("tr") if next(row.iterancestors("table")) is table]
    cells = [[cell for cell in row if cell.tag in ("td", "th")] for row in rows]
    if max(map(len, cells), default=0) <= 1 or table.get("role") in ("presentation", "none"):
        return None
    if any(_is_page(cell) for row in cells for cell in row):
        return None
    found: list[list[Any]] = []
    merged: dict[int, tuple[Any, int]] = {}  # by column: the cell, and in how many rows more it stands
    for row in cells:
        shown: list[Any] = []
        column = 0
        for cell in [*row, None]:
            while column in merged:
                above, left = merged.pop(column)
                shown.append(above)
                if left > 1:
                    merged[column] = (above, left - 1)
                column += 1
            if cell is not None:
                shown.append(cell)
                if (rows_more := _span(cell, "rowspan") - 1) > 0:
                    merged[column] = (cell, rows_more)
                column += _span(cell, "colspan")
        found.append(shown[:_MAX_COLUMNS])
    return found


def _navigates(element: Any, names: frozenset[str]) -> bool:
    if element.tag in ("nav", "aside") or element.get("role") in _ROLES or names & _NAVIGATION:
        return True
    if element.tag not in ("header", "footer") or next(element.iter("h1"), None) is not None:
        return False
    return next(element.iterancestors("article", "main", "section"), None) is None


def _length(element: Any) -> int:
    """How many characters of text an element has, white space and scripts left out."""
    total = 0
    for part in element.iter(etree.Element):
        if part.tag not in _NO_TEXT:
            total += len((part.text or "").strip())
        if part is not element:
            total += len((part.tail or "").strip())
    return total


def _is_page(cell: Any) -> bool:
    if next(cell.iterdescendants("table"), None) is not None:
        return True
    paragraphs = sum(1 for _ in cell.iterdescendants("p", "li", "h1", "h2", "h3", "h4"))
    return paragraphs >= 3 and _length(cell) >= _LAYOUT_LENGTH


def _span(cell: Any, name: str) -> int:
    found = re.match(r"\s*(\d{1,4})", cell.get(name, ""))
    return max(1, min(int(found[1]), _MAX_SPAN)) if found else 1
