"""Lines that a source has run together, and lists whose numbers it leaves to be counted: made as people see them, on evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from retrieval.line import Line
from retrieval.mended import Mended, Repair
from retrieval.numbering import Number, numbers_at
from retrieval.numerals import CJK, cjk_value
from retrieval.styles import Style

_RUNS_ON = re.compile(
    rf"(?<=[。；：！？])\s+(?=第\s*(?P<value>{CJK}|\d{{1,4}})\s*(?P<unit>[章节条])\s)|\s{{2,}}(?=第\s*(?P<after>{CJK}|\d{{1,4}})\s*(?P<kind>[章节条])\s)"
)
_FEWEST = 3


def unfolded(lines: Sequence[Line]) -> tuple[list[Line], list[Repair]]:
    """Lines in which articles run on, 第一条 … 第二条 … 第三条 …, as a line for each article.

    The evidence: after the article that the line begins with stand at least two more in it, each the next one, each after the end of
    a sentence and before white space.
    """
    found: list[Line] = []
    count = 0
    for line in lines:
        parts = _parts(line)
        count += len(parts) - 1
        found += parts
    return found, [Repair(Mended.RUN_ON, count, f"{count} articles put on lines of their own that ran on in one")] if count else []


def _parts(line: Line) -> list[Line]:
    if line.row or len(line.text) < 60 or not line.text.startswith("第"):
        return [line]
    first = next(iter(numbers_at(line.text)), None)
    if first is None or first.style is not Style.ARTICLE:
        return [line]
    value, places = first.path[0], [0]
    for found in _RUNS_ON.finditer(line.text):
        written, unit = found["value"] or found["after"], found["unit"] or found["kind"]
        number = int(written) if written.isdigit() else cjk_value(written)
        if unit != "条":
            places.append(found.end())
        elif number == value + 1:
            value = number
            places.append(found.end())
    if value < first.path[0] + _FEWEST - 1:
        return [line]
    pieces = [line.text[start:end].strip() for start, end in zip(places, [*places[1:], None], strict=True)]
    return [replace(line, text=piece, gap=line.gap if at == 0 else 1, begins=True) for at, piece in enumerate(pieces)]


def counted(numbers: Sequence[tuple[Number, ...]], anew: Sequence[bool]) -> tuple[list[tuple[Number, ...]], list[Repair]]:
    """The readings of lines in order, with lists counted whose items all print 1. `anew`: a heading or an annex stands before.

    Markdown counts such lists by itself. The evidence: in one of them at least three lines begin with 1., and no line with 2.
    """
    values: list[int] = []
    value = 0
    for readings, begins in zip(numbers, anew, strict=True):
        single = any(_is_single(number) for number in readings)
        if begins or (not single and any(not number.style.is_item for number in readings)):
            value = 0
        value += single
        values.append(value if single else 0)
    if max(values, default=0) < _FEWEST or any(number.path != (1,) for readings in numbers for number in readings if _is_single(number)):
        return list(numbers), []
    found = [
        tuple(_as(number, value) if value > 1 and _is_single(number) else number for number in readings)
        for readings, value in zip(numbers, values, strict=True)
    ]
    changed = sum(value > 1 for value in values)
    return found, [Repair(Mended.UNCOUNTED, changed, f"{changed} items counted whose lists print 1. before each")]


def _is_single(number: Number) -> bool:
    return number.style is Style.SINGLE and not number.weak


def _as(number: Number, value: int) -> Number:
    return replace(number, path=(value,), printed=str(value), canonical=str(value))
