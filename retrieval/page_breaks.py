"""Page numbers, headers and footers in a text whose pages are gone: told by their sequence and by what is printed with every one of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from retrieval.annexes import annex_at
from retrieval.layout import ends_sentence
from retrieval.line import Line
from retrieval.numbering import numbers_at

# The whole line is a page number; the plain forms need their sequence to tell them from clause numbers and cells of tables.
_PLAIN = re.compile(r"[-–—·\[(（]?\s*(?P<value>\d{1,4})\s*(?:(?:/|of|／)\s*(?P<total>\d{1,4}))?\s*(?:[\])）]|(?P<dash>[-–—·]))?")
_SAID = re.compile(
    r"(?:.{0,60}\s)?(?:第\s*(?P<a>\d{1,4})\s*页?\s*[,，/]?\s*共\s*\d+\s*页|第\s*(?P<b>\d{1,4})\s*页|页码[：:]\s*(?P<c>\d{1,4})"
    r"|(?:[Pp]age|PAGE)\s*(?P<d>\d{1,4})(?:\s*(?:of|/|\|)\s*\d+)?|[Pp]\.\s*(?P<e>\d{1,4}))"
)
_SHORTEST = 6  # printed lines; a page has more, but for the last
_NEAR = 3  # lines before and after a page number in which headers and footers stand
_FEWEST = 3  # pages; of fewer little can be told from a plain number
_WIDEST = 40.0  # full-width characters
_LONGEST = 120  # characters
_TITLE = 20


def page_breaks(lines: Sequence[Line]) -> dict[int, str]:
    """The indices of page numbers (`page number`) and of lines printed with them on most pages (`running head`)."""
    numbers = _page_numbers(lines)
    found = dict.fromkeys(numbers, "page number")
    for at in _running(lines, numbers) if numbers else _regular(lines):
        found.setdefault(at, "running head")
    return found


def _page_numbers(lines: Sequence[Line]) -> list[int]:
    """The longest run of numbers, each on a line of its own and one more than the last, that stand as far apart as pages do."""
    runs: dict[int, tuple[int, int]] = {}  # by the value at its end: length of the run, index of its end
    before: dict[int, int] = {}
    best = (0, -1)
    for at, line in enumerate(lines):
        value = _value(line)
        if value is None:
            continue
        length, last = runs.get(value - 1, (0, -1))
        if last >= 0 and line.number - lines[last].number < (2 if at + 1 == len(lines) else _SHORTEST):
            length, last = 0, -1
        if value not in runs or length + 1 >= runs[value][0]:
            runs[value] = (length + 1, at)
            before[at] = last
            best = max(best, runs[value])
    run: list[int] = []
    at = best[1]
    while at >= 0:
        run.append(at)
        at = before[at]
    run.reverse()
    return run if _are_pages(lines, run) else []


def _value(line: Line) -> int | None:
    if line.row or len(line.text) > _LONGEST:
        return None
    if found := _PLAIN.fullmatch(line.text):
        return int(found["value"]) if found["total"] is None or int(found["value"]) <= int(found["total"]) else None
    said = _SAID.fullmatch(line.text)
    return int(next(value for value in said.groups() if value)) if said else None


def _are_pages(lines: Sequence[Line], run: Sequence[int]) -> bool:
    """Whether a run of numbers counts pages and not clauses, whose headings follow them, each another."""
    if len(run) < 2:
        return False
    texts = [lines[at].text for at in run]
    plain = [_PLAIN.fullmatch(text) for text in texts]
    totals = {found["total"] if found else None for found in plain}
    at_end = run[-1] >= len(lines) - 2
    if all(found is None or found["dash"] for found in plain) or (None not in totals and len(totals) == 1):
        return len(run) >= _FEWEST or at_end
    if len(run) < _FEWEST:
        return run[-1] == len(lines) - 1 and _value(lines[run[0]]) == 1 and lines[run[0]].number >= 3 * _SHORTEST
    following = [lines[at + 1].text for at in run if at + 1 < len(lines)]
    heights = [lines[there].number - lines[here].number for here, there in pairwise(run)]
    heights = heights[:-1] if at_end and len(heights) > 1 else heights
    usual = median(heights)
    regular = sum(usual * 0.6 <= height <= usual * 1.4 for height in heights) >= 0.8 * len(heights)
    headed = len(set(following)) > len(following) / 2 and all(len(text) <= _TITLE and not ends_sentence(text) for text in following)
    return regular and not headed


def _running(lines: Sequence[Line], numbers: Sequence[int]) -> list[int]:
    """Lines that stand near the page number on most pages, alike but for digits; the first page has no number before it."""
    near: dict[str, list[int]] = {}
    counted = set(numbers)
    pages = [range(min(_NEAR, len(lines)))]
    pages += [range(max(0, number - _NEAR), min(len(lines), number + 1 + _NEAR)) for number in numbers]
    for page in pages:
        seen: set[str] = set()
        for at in page:
            text = _alike(lines[at])
            if text and at not in counted and text not in seen:
                seen.add(text)
                near.setdefault(text, []).append(at)
    often = max(2, 0.6 * len(numbers))
    return [at for places in near.values() if len(places) >= often for at in places]


def _regular(lines: Sequence[Line]) -> list[int]:
    """Lines printed again and again at the same distance, alike but for digits, where no page is numbered."""
    places: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        if (text := _alike(line)) and not (at and _is_number_alone(lines[at - 1])):
            places.setdefault(text, []).append(at)
    found: list[int] = []
    for again in places.values():
        if len(again) <= _FEWEST:
            continue
        heights = [lines[there].number - lines[here].number for here, there in pairwise(again)]
        usual = median(heights)
        if usual >= 3 * _SHORTEST and all(usual * 0.9 <= height <= usual * 1.1 for height in heights):
            found += again
    return found


def _is_number_alone(line: Line) -> bool:
    return any(not number.rest for number in numbers_at(line.text))


def _alike(line: Line) -> str:
    """A line that may be a header or a footer, with its digits as one; empty for any other, as one that begins as clauses do."""
    text = line.text
    if (
        line.row
        or line.heading
        or line.bullet
        or len(text) > _LONGEST
        or text.endswith(("，", ","))
        or ends_sentence(text)
        or text[0].islower()
    ):
        return ""
    if line.width > _WIDEST or any(not number.weak for number in numbers_at(text)) or annex_at(text):
        return ""
    return re.sub(r"\d+", "#", text)
