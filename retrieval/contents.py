"""Contents lists: the lines that only say what comes later, with or without dots and page numbers."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from retrieval.annexes import annex_at
from retrieval.layout import ends_sentence
from retrieval.line import Line
from retrieval.numbering import numbers_at

_ANNOUNCED = re.compile(r"目\s*[录次]|(?:table\s+of\s+)?contents", re.I)
_LEADER = re.compile(r"\s*(?:[.．…·・。_]{3,}|(?:[.．·・]\s){3,}|…+|\t)\s*[（(]?(?:\d{1,4}|[ivxlc]{1,6})?[）)]?\s*$", re.I)
_PAGE = re.compile(r"(?:\s+|\t)[（(]?\d{1,4}[）)]?\s*$")
_WIDEST = 60.0  # full-width characters
_FEWEST = 3
_BROKEN = 2  # lines; an entry may be broken into so many, the last of which leads to the page number
_MOST = 0.5  # of the text; what is longer, and not announced, is no list of what comes later
_SENTENCE = re.compile(r"[。；，,;！？：:]")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line that may be of a contents list. `key` is what it announces, `led` that dots lead to a page number, `paged` that it
    ends with one, `bare` that it is no
    sentence, `listed` that it may stand in a contents list without dots: it is bare and numbered."""

    line: int
    key: str
    led: bool
    paged: bool
    bare: bool
    listed: bool


def contents_of(lines: Sequence[Line], left_out: Collection[int]) -> list[int]:
    """The indices of the lines of contents lists.

    The evidence is in the text: dots lead to page numbers, or the entries are printed again later, where what they announce begins.
    """
    entries = [_entry(index, line) for index, line in enumerate(lines) if index not in left_out and not line.row]
    places: dict[str, list[int]] = {}
    for at, entry in enumerate(entries):
        if entry.key:
            places.setdefault(entry.key, []).append(at)
    found: list[_Entry] = []
    unannounced = 0
    at = 0
    while at < len(entries):
        announced = bool(_ANNOUNCED.fullmatch(lines[entries[at].line].text.strip("【】# ")))
        start = at + announced
        end = _led(entries, start) or _repeated(entries, places, start, announced)
        if end:
            found += entries[at:end]
            unannounced += 0 if announced else sum(len(entry.key) for entry in entries[at:end])
        at = max(end, start if announced else at + 1, _bare_end(entries, at))
    size = sum(len(entry.key) or len(lines[entry.line].text) for entry in entries)
    return [entry.line for entry in found] if unannounced <= _MOST * size else []


def _entry(index: int, line: Line) -> _Entry:
    text = line.text
    if len(text) > 2 * _WIDEST or line.width > _WIDEST:
        return _Entry(index, "", False, False, False, False)
    shown = _LEADER.sub("", text)
    led = shown != text
    numbers, annex = numbers_at(shown), annex_at(shown)
    paged = led
    if _PAGE.search(shown) and all(number.rest for number in numbers) and not (annex and not annex.title):
        shown, paged = _PAGE.sub("", shown), True
    key = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", shown)).lower()
    numbered = annex is not None or line.bullet or any(not number.style.is_item for number in numbers)
    bare = bool(key) and (annex is not None or (not _SENTENCE.search(shown) and not ends_sentence(shown)))
    return _Entry(index, key, led and bool(key), paged, bare, bare and numbered)


def _led(entries: Sequence[_Entry], start: int) -> int:
    """Where a run of lines ends in which dots lead to page numbers, 0 where there is none; an entry may be broken into lines."""
    end, at, led = start, start, 0
    while at < len(entries) and at - end < _BROKEN:
        if entries[at].led:
            end, led = at + 1, led + 1
        elif not led:
            break
        at += 1
    return end if led >= _FEWEST else 0


def _repeated(entries: Sequence[_Entry], places: dict[str, list[int]], start: int, announced: bool) -> int:
    """Where a run of bare headings ends, nearly all of which are printed again after it; 0 where there is none.

    The first heading of the body may follow at once: then it repeats the first of the run, and those after it are not printed again.
    """
    stop = start
    while stop < len(entries) and (
        entries[stop].listed or (announced and entries[stop].bare and places.get(entries[stop].key, [0])[-1] > stop)
    ):
        stop += 1
    if sum(entry.paged for entry in entries[start:stop]) > 0.5 * (stop - start):
        stop = next((at for at in range(start, stop) if not entries[at].paged), stop)
    if stop - start < _FEWEST:
        return 0
    same = places.get(entries[start].key, [])
    again = same[bisect_right(same, start) : bisect_right(same, stop)]
    if again and again[-1] >= stop - 2:
        stop = again[-1]
    best = (0, 0)
    for end in (stop, *again[-3:]):
        size = end - start
        once = sum(not entry.key or places[entry.key][-1] < end for entry in entries[start:end])
        if size >= _FEWEST and once <= 0.2 * size:
            best = max(best, (size - 3 * once, end))
    return best[1]


def _bare_end(entries: Sequence[_Entry], start: int) -> int:
    """Where a run of bare headings ends: what is no contents list from its first line on is none from its second."""
    at = start
    while at < len(entries) and entries[at].listed:
        at += 1
    return at
