"""Two wordings of one text -> what stays, what goes and what comes, in pieces that people read as one change each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby

_NUMERALS = "〇零一二两三四五六七八九十百千万亿"
_MEASURE = (
    r"(?:万|亿)?(?:个?(?:自然日|工作日|自然月|自然年度?|日历日|星期|礼拜|小时|月)|[天日周年月元块倍次岁份成折时分秒人台]|人民币|美元|分钟|周岁"
    r"|[%％‰]|[KMGTkmgt][Bb]?(?![A-Za-z]))"
)
# A number with what it counts is one word, 7天 or 三十个自然日; other Chinese characters are taken singly and put together below.
_TOKEN = re.compile(
    rf"\d+(?:[.,．:/-]\d+)*\s?{_MEASURE}|百分之[{_NUMERALS}]{{1,12}}|[{_NUMERALS}]{{1,12}}{_MEASURE}|\d+(?:[.,．:/-]\d+)*|[A-Za-z]+(?:['’-][A-Za-z]+)*|\s+|.",
    re.S,
)
_PARAGRAPH = re.compile(r"\n|[^\n]+")
_PHRASE = re.compile(r"\n|[^。；，、：！？,;:!?\n]*[。；，、：！？,;:!?]+|[^。；，、：！？,;:!?\n]+")
_STOPS = re.compile(r"[。；，、：！？,;:!?\n]")
_LARGE = 20_000_000  # pairs of equal parts times parts, the worst that comparing can cost; what would cost more was written anew
_ALIKE = 0.3  # below this a stretch was written anew: its few common characters are chance
_SHORT = 2  # characters between two changes that people do not read as left standing


class Sort(StrEnum):
    """What became of a piece. The values are public (CLI JSON)."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text, and what became of them."""

    sort: Sort
    text: str


@dataclass(slots=True)
class _Stretch:
    """What stands here in the old and in the new wording."""

    old: str
    new: str

    @property
    def is_same(self) -> bool:
        return self.old == self.new

    @property
    def size(self) -> int:
        return max(len(self.old), len(self.new))


def differences(old: str, new: str) -> tuple[Piece, ...]:
    """The pieces of both texts in reading order: those `same` or `removed` make the old one, those `same` or `added` the new one.

    Of what was replaced the old words come first. Paragraphs are compared before phrases and phrases before words, so that a long
    text costs little more than its length where most of it stays.
    """
    return tuple(_pieces(_readable(_stretches(old, new, (_PARAGRAPH, _PHRASE, _TOKEN)))))


def _stretches(old: str, new: str, parts: Sequence[re.Pattern[str]]) -> list[_Stretch]:
    """Both texts in stretches that are equal or not, by the first sort of parts; what is not, by the next."""
    part, *finer = parts
    found: list[_Stretch] = []
    for before, after in _aligned(part.findall(old), part.findall(new)):
        stretch = _Stretch("".join(before), "".join(after))
        if finer and not stretch.is_same:
            found += _stretches(stretch.old, stretch.new, finer)
        else:
            found.append(stretch)
    kept = sum(len(stretch.old) for stretch in found if stretch.is_same)
    if not finer and 2 * kept < _ALIKE * (len(old) + len(new)):
        first, *inner, last = found
        return [first, _Stretch("".join(part.old for part in inner), "".join(part.new for part in inner)), last]
    return found


def _aligned(old: Sequence[str], new: Sequence[str]) -> list[tuple[Sequence[str], Sequence[str]]]:
    """Both sequences in stretches that are equal or not; the first and the last are what both begin and end with."""
    size = min(len(old), len(new))
    start = next((at for at in range(size) if old[at] != new[at]), size)
    end = next((at for at in range(size - start) if old[-1 - at] != new[-1 - at]), size - start)
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    counts = Counter(after)
    if sum(counts[part] for part in before) * min(len(before), len(after)) > _LARGE:
        middle: list[tuple[Sequence[str], Sequence[str]]] = [(before, after)]
    else:
        codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        middle = [(before[a:b], after[c:d]) for _, a, b, c, d in codes]
    return [(old[:start], new[:start]), *middle, (old[len(old) - end :], new[len(new) - end :])]


def _readable(stretches: Sequence[_Stretch]) -> list[_Stretch]:
    """Changes with only a few characters between them made one: 应当…付 -> 可以…交 is not read character by character."""
    joined = _joined(stretches)
    at = 1
    while at + 1 < len(joined):
        before, here, after = joined[at - 1 : at + 2]
        if here.is_same and not _STOPS.search(here.old) and here.size <= min(_SHORT, max(1, min(before.size, after.size) - 1)):
            joined[at - 1 : at + 2] = [_Stretch(before.old + here.old + after.old, before.new + here.new + after.new)]
            at = max(1, at - 1)
        else:
            at += 1
    return joined


def _joined(stretches: Sequence[_Stretch]) -> list[_Stretch]:
    """Neighbours of one sort made one, empty ones left out: changes and what stays then take turns."""
    groups = groupby((stretch for stretch in stretches if stretch.size), key=lambda stretch: stretch.is_same)
    found = []
    for _, group in groups:
        parts = list(group)
        found.append(_Stretch("".join(part.old for part in parts), "".join(part.new for part in parts)))
    return found


def _pieces(stretches: Sequence[_Stretch]) -> list[Piece]:
    found: list[Piece] = []
    for stretch in stretches:
        if stretch.is_same:
            found.append(Piece(Sort.SAME, stretch.old))
            continue
        if stretch.old:
            found.append(Piece(Sort.REMOVED, stretch.old))
        if stretch.new:
            found.append(Piece(Sort.ADDED, stretch.new))
    return found
