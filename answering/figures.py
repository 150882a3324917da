"""Figures in Chinese texts: numbers with their measures, in either numeral system, comparable with each other."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from retrieval.words import normalise

_MEASURES: tuple[tuple[str, str], ...] = (
    (r"个?工作日", "workday"),
    (r"个?自然日|日历日|天|日(?!本)", "day"),
    (r"个?小时", "hour"),
    (r"分钟", "minute"),
    (r"个?月", "month"),
    (r"年", "year"),
    (r"个?(?:星期|周(?!岁))|个?礼拜", "week"),
    (r"周?岁", "age"),
    (r"%", "percent"),
    (r"元", "yuan"),
    (r"倍", "times"),
)
_FIGURE = re.compile(r"(?<![\d.a-z])(\d[\d,]*(?:\.\d+)*)\s*(万|亿)?")
_ENGLISH = ((r"business days?|working days?", "workday"), (r"(?:natural |calendar )?days?", "day"), (r"months?", "month"), (r"years?", "year"), (r"hours?", "hour"), (r"percent", "percent"))  # fmt: skip


class Figure(NamedTuple):
    """A value and what it measures; the measure is empty where none of the known ones follows."""

    value: str
    measure: str


def figures(text: str) -> set[Figure]:
    """The figures of a text. 七个自然日 and 7 天 are the same figure, 5 个工作日 is another; 7.2.3 is itself."""
    plain = normalise(text)
    found: set[Figure] = set()
    for match in _FIGURE.finditer(plain):
        after = plain[match.end() :].lstrip()
        measure = next((name for form, name in (*_MEASURES, *_ENGLISH) if re.match(form, after)), "")
        found.add(Figure(_value(match.group(1), match.group(2)), measure))
    return found


def unborne(statement: str, evidence: str) -> set[Figure]:
    """The figures of a statement that the evidence does not hold; without a measure of its own the value suffices."""
    there = figures(evidence)
    values = {figure.value for figure in there}
    return {figure for figure in figures(statement) if (figure.value not in values if not figure.measure else figure not in there)}


def _value(digits: str, scale: str | None) -> str:
    if digits.count(".") > 1:
        return digits
    number = Decimal(digits.replace(",", "")) * {"万": 10_000, "亿": 100_000_000}.get(scale or "", 1)
    return format(number.normalize(), "f")
