"""What is printed on every page and belongs to no text: page numbers, headers, footers, watermarks."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from retrieval.page import Page, Printed

_MARGIN = 0.13  # of the page's height, above and below
_NEAR = 8.0  # points: the same line of two pages stands at the same height
_LINES = 4  # of a page's first and last
_OFTEN = 3  # times, or on every page of a shorter document
_NUMERALS = r"(?:\d{1,4}|[ivxlcdm]{1,8}|[IVXLCDM]{1,8}|[〇零一二三四五六七八九十百]{1,6})"
_PAGE_NUMBER = re.compile(
    rf"[-–—·\s]*(?:第\s*)?(?P<number>{_NUMERALS})(?:\s*页)?(?:\s*[/,，、|]?\s*(?:of|共|总)?\s*\d{{1,4}}\s*页?)?[-–—·\s]*"
    rf"|[Pp]age\s*(?P<page>\d{{1,4}})(?:\s*(?:of|/)\s*\d{{1,4}})?"
)
_DIGITS = re.compile(r"\d+")
_LARGER = 1.5

Found = dict[tuple[int, int], str]  # page and place in its lines -> reason


def find_page_furniture(pages: Sequence[Page]) -> Found:
    """The lines that are printed on the pages and not in the text, with `header`, `footer`, `page number` or `watermark`.

    Only lines near the edge of a page can be furniture, and only if others at the same height say the same: the same words three times,
    or the same words with numbers that count with the pages.
    """
    edges = list(_edges(pages))
    found: Found = {}
    for group in _same_height(edges):
        often = min(_OFTEN, len(pages))
        words = Counter(line.text for _, _, line in group)
        counted = _counted(group) if len(pages) > 1 or len(group) == 1 else set()
        for page, at, line in group:
            zone = "header" if line.baseline > page.height / 2 else "footer"
            if (page.number, at) in counted:
                found[page.number, at] = "page number" if _PAGE_NUMBER.fullmatch(line.text) else zone
            elif len(pages) > 1 and words[line.text] >= often:
                found[page.number, at] = zone
    offsets = {page.number - value for page, at, line in edges if (page.number, at) in found and (value := _whole(line.text)) is not None}
    for page, at, line in edges:  # of a cover, at another height
        if (value := _whole(line.text)) is not None and page.number - value in offsets:
            found.setdefault((page.number, at), "page number")
    return found | _watermarks(pages)


def _edges(pages: Sequence[Page]) -> Iterator[tuple[Page, int, Printed]]:
    for page in pages:
        for at, line in enumerate(page.lines):
            outer = line.baseline < page.height * _MARGIN or line.baseline > page.height * (1 - _MARGIN)
            if outer and not line.row and min(at, len(page.lines) - 1 - at) < _LINES:
                yield page, at, line


def _same_height(edges: Sequence[tuple[Page, int, Printed]]) -> Iterator[list[tuple[Page, int, Printed]]]:
    group: list[tuple[Page, int, Printed]] = []
    for edge in sorted(edges, key=lambda edge: edge[2].baseline):
        if group and edge[2].baseline - group[-1][2].baseline > _NEAR:
            yield group
            group = []
        group.append(edge)
    if group:
        yield group


def _counted(group: Sequence[tuple[Page, int, Printed]]) -> set[tuple[int, int]]:
    """The lines with a number that counts with the pages: 3 on page 5 and 4 on page 6, or `第 1 页 共 1 页` alone."""
    alike: dict[tuple[str, int, int], list[tuple[int, int]]] = defaultdict(list)
    for page, at, line in group:
        value = _whole(line.text)
        if value is not None:
            alike["", 0, page.number - value].append((page.number, at))
        else:
            words = _DIGITS.sub("#", line.text)
            for place, digits in enumerate(_DIGITS.findall(line.text)[:4]):
                alike[words, place, page.number - int(digits[:6])].append((page.number, at))
    often = {entry for entries in alike.values() if len({number for number, _ in entries}) >= 2 for entry in entries}
    alone = {(page.number, at) for page, at, line in group if re.fullmatch(r"\s*第\s*\d+\s*页\s*[,，/]?\s*共\s*\d+\s*页\s*", line.text)}
    return often | alone


def _whole(text: str) -> int | None:
    """The number of a line that is nothing but a page number."""
    found = _PAGE_NUMBER.fullmatch(text)
    return _value(found["number"] or found["page"]) if found else None


def _value(numeral: str) -> int | None:
    if numeral.isdecimal():
        return int(numeral)
    if re.fullmatch(r"[ivxlcdm]+", numeral, re.I):
        worth = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
        values = [worth[letter] for letter in numeral.lower()]
        return sum(-one if one < other else one for one, other in zip(values, [*values[1:], 0], strict=True))
    from retrieval.numbering import cjk_value

    try:
        return cjk_value(numeral)
    except ValueError:
        return None


def _watermarks(pages: Sequence[Page]) -> Found:
    """Large words at one place of most pages."""
    sizes = sorted(line.size for page in pages for line in page.lines)
    if len(pages) < _OFTEN or not sizes:
        return {}
    body = sizes[len(sizes) // 2]
    large = [(page, at, line) for page in pages for at, line in enumerate(page.lines) if line.size > _LARGER * body and not line.row]
    places = Counter((line.text, round(line.baseline / _NEAR)) for _, _, line in large)
    return {
        (page.number, at): "watermark"
        for page, at, line in large
        if places[line.text, round(line.baseline / _NEAR)] * 2 > len(pages) and len(pages) >= _OFTEN
    }
