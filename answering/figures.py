"""Figures in Chinese and English texts: numbers with their measures, in either numeral system, comparable with each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from answering.parts import content, held, parts_of, plain, sentences_of
from retrieval.words import numeral_value

_MEASURES: tuple[tuple[str, str], ...] = (
    (r"个?工作(?:日|天)|business days?|working days?", "workday"),
    (r"个?自然[日天]|日历[日天]|天|日(?!本)|(?:natural |calendar |consecutive )?days?\b", "day"),
    (r"个?(?:小时|钟头)|hours?\b", "hour"),
    (r"分钟|minutes?\b", "minute"),
    (r"个?月|months?\b", "month"),
    (r"年|years?\b(?! old)", "year"),
    (r"个?(?:星期|周(?!岁|年))|个?礼拜|weeks?\b", "week"),
    (r"周?岁|years? old\b", "age"),
    (r"%|percent\b|per cent\b", "percent"),
    (r"‰", "permille"),
    (r"元|块|yuan\b|rmb\b|cny\b", "yuan"),
    (r"倍|times\b", "times"),
)
_NUMERALS = "〇零一二两三四五六七八九十百千万"
# Chinese numerals before words that count: 两名, 第三条. A lone 一 is most often an article: 一个, 一种, 一份.
_COUNTED = re.compile(rf"(第)([{_NUMERALS}]+)(?=[条款项章节期])|(?<![{_NUMERALS}第])(?!一[^{_NUMERALS}])([{_NUMERALS}]+)(?=[名位人次台])")
_LISTED = re.compile(r"\d份(?=协议|合同|里|都|均|写)")  # 三份都写了: how many agreements an answer speaks of, in none of them
_FRACTION = re.compile(rf"([{_NUMERALS}]+)分之([{_NUMERALS}]+)")
_HALF = re.compile(r"半(?=个?月|年|天|日|个?小时)")
_WORDS = {
    word: value
    for value, names in {
        1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten", 12: "twelve", 14: "fourteen",
        15: "fifteen", 20: "twenty", 24: "twenty-four", 30: "thirty", 45: "forty-five", 60: "sixty", 90: "ninety", 180: "one hundred and eighty",
    }.items()
    for word in (names, names.replace("-", " "))
}  # fmt: skip
_ENGLISH = re.compile(
    rf"\b({'|'.join(sorted(_WORDS, key=len, reverse=True))})(?=[ -](?:\(\d+\) )?(?:(?:working|business|calendar|natural|consecutive)[ -])?(?:day|week|month|year|hour))"
)
_NUMBER = re.compile(
    r"(?P<date>\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}(?!\d)日?)|(?P<clock>(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d))|(?P<cross>\d+ ?[x×*] ?\d+)"
    r"|(?P<fraction>(?<![\d/])\d+/\d+(?![\d/]))"
    r"|(?<![\d.a-z_@])(?<![a-z]-)(?P<number>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*)(?P<scale>[万亿])?"
)
_TO = re.compile(r"^ ?[-~—–至到] ?\d+(?:\.\d+)?")  # 3-5 个工作日: both are measured in working days
_COUNTER = re.compile(r"^[\u3400-\u9fff]")
_NO_COUNTER = frozenset("的了内前后以之起和与或及至到、，。；：")

_AT_LEAST = re.compile(
    r"(?:不[低少小]于|至少|最少|(?<!不)超过|(?<!不)[高大多]于|不得[低少]于|届?满(?<!未满)(?<!不满)|at least|more than|over|exceed(?:s|ing)?)[^\d,。;]{0,2}$"
)
_AT_MOST = re.compile(
    r"(?:不[高大多]于|不超过|至多|最多|(?<!不)[低少小]于|不足|[不未]满|未达到?|不到|不得超过|within|under|below|less than|fewer than|at most|up to|no more than)[^\d,。;]{0,2}$"
)
_AND_MORE = re.compile(r"^(?:及?以上|[以之]?后|届满后)")
_AND_LESS = re.compile(r"^(?:及?以下|[以之]?内|以里)")
_DENIED = re.compile(r"不能|不得|不可(?!抗)|无权|不再|无法|不适用|\bnot\b")  # 超过 7 日就不能退 says of 7 日内可以退 what it says
_NEAR = 8  # characters
_ALIKE, _CLEARLY = 0.3, 0.15  # how much of what is said around a figure must stand around another one, and by how much more


class Figure(NamedTuple):
    """A value and what it measures; the measure is empty where none follows, and `?` with the word where it is none of the known ones."""

    value: str
    measure: str


class Placed(NamedTuple):
    """A figure where it stands: the bound it sets (`min`, `max` or none), and what is said around it, from near to far."""

    figure: Figure
    bound: str
    around: tuple[frozenset[str], ...]


def figures(text: str) -> set[Figure]:
    """The figures of a text. 七个自然日 and 7 天 are the same figure, 5 个工作日 is another; 7.2.3 is itself."""
    return {placed.figure for placed in placed_figures(text)}


def unborne(statement: str, evidence: str) -> set[Figure]:
    """The figures of a statement that the evidence does not hold, or holds as the opposite bound, or holds in the place of another one.

    A figure without a measure is borne by its value; one with a word that is no known measure (10 份) by a value that measures nothing
    known either.
    """
    there = placed_figures(evidence)
    wrong: set[Figure] = set()
    for said in placed_figures(statement):
        same = [found for found in there if _is_same(said.figure, found.figure)]
        bounds = {found.bound for found in same}
        if not same or (said.bound and bounds == {_OTHER[said.bound]}) or _belongs_elsewhere(said, same, there):
            wrong.add(said.figure)
    return wrong | _scattered(statement, evidence)


_OTHER = {"min": "max", "max": "min"}


@lru_cache(maxsize=2048)
def placed_figures(text: str) -> tuple[Placed, ...]:
    """The figures of a text in order, each with its surroundings."""
    found: list[Placed] = []
    for sentence in sentences_of(_arabic(plain(text))):
        for part in parts_of(sentence):
            found.extend(_figures_in(part, sentence))
    return tuple(found)


def _arabic(text: str) -> str:
    """A normalised text with the numerals that `normalise` leaves alone in digits too."""
    text = _LISTED.sub("", text)
    text = _FRACTION.sub(lambda found: f"{numeral_value(found.group(2))}/{numeral_value(found.group(1))}", text)
    text = _COUNTED.sub(lambda found: (found.group(1) or "") + str(numeral_value(found.group(2) or found.group(3))), text)
    return _ENGLISH.sub(lambda found: str(_WORDS[found.group(1)]), _HALF.sub("0.5", text))


def _figures_in(part: str, sentence: str) -> list[Placed]:
    found: list[Placed] = []
    wider = (content(_NUMBER.sub(" ", part)), content(_NUMBER.sub(" ", sentence)))
    for match in _NUMBER.finditer(part):
        before, after = part[: match.start()], part[match.end() :].lstrip()
        bound = ""
        if match["date"]:
            figure = Figure("-".join(str(int(number)) for number in re.findall(r"\d+", match["date"])), "date")
        elif match["clock"]:
            figure = Figure(match["clock"].lstrip("0") or "0", "clock")
        elif match["cross"]:
            figure = Figure(re.sub(r"\D+", "x", match["cross"]), "cross")
        elif match["fraction"]:
            figure = Figure(match["fraction"], "")
        else:
            name, behind = _measure(_TO.sub("", after).lstrip(" -"))
            bound = "" if _DENIED.search(part) else _bound(before, behind)
            digits = match["number"]
            # A number of a clause is written 4.10, not 4.1; a share of 99.90 % is 99.9 %.
            figure = Figure(_value(digits, match["scale"]) if name and not name.startswith("?") else digits, name)
        near = content(_NUMBER.sub(" ", before[-_NEAR:] + " " + after[:_NEAR]))
        found.append(Placed(figure, bound, (near, *wider)))
    return found


def _measure(after: str) -> tuple[str, str]:
    """What the text after a number measures it in, and what follows that."""
    for form, name in _MEASURES:
        if match := re.match(form, after):
            return name, after[match.end() :]
    if (counter := _COUNTER.match(after)) and counter.group() not in _NO_COUNTER:
        return f"?{counter.group()}", after[1:]
    return "", after


def _bound(before: str, behind: str) -> str:
    if _AT_LEAST.search(before) or _AND_MORE.match(behind):
        return "min"
    return "max" if _AT_MOST.search(before) or _AND_LESS.match(behind) else ""


def _is_same(said: Figure, found: Figure) -> bool:
    if not said.measure:
        return said.value == found.value or _value(said.value, None) == found.value
    if said.measure.startswith("?"):
        return said.value == found.value and (not found.measure or found.measure.startswith("?"))
    if said.measure == found.measure == "date" or found.measure != "date":
        return said == found
    parts = dict(zip(("year", "month", "day"), found.value.split("-"), strict=False))
    return parts.get(said.measure) == said.value  # 2022 年 stands in 2022 年 8 月 15 日


def _belongs_elsewhere(said: Placed, same: Sequence[Placed], there: Sequence[Placed]) -> bool:
    """Whether what the statement says around a figure stands around another figure of the same measure instead."""
    rivals = [found for found in there if found.figure.measure == said.figure.measure and found.figure.value != said.figure.value]
    best = max((_alike(said, found) for found in rivals), default=0.0)
    return best >= _ALIKE and best >= max(_alike(said, found) for found in same) + _CLEARLY


def _alike(said: Placed, found: Placed) -> float:
    """How much of what is said around one figure stands around another."""
    return sum(held(mine, theirs) for mine, theirs in zip(said.around, found.around, strict=True)) / len(said.around)


def _scattered(statement: str, evidence: str) -> set[Figure]:
    """The figures of a statement that stand in rows of a table, but not in one row with each other, their bounds as they are said."""
    rows = [{(placed.figure, placed.bound) for placed in placed_figures(row)} for row in evidence.splitlines() if "|" in row]
    tabled = {figure for row in rows for figure, _ in row}
    for sentence in sentences_of(plain(statement)) if tabled and "|" not in statement else ():
        said = [placed for placed in placed_figures(sentence) if placed.figure in tabled]
        fits = [all(any(f == p.figure and b != _OTHER.get(p.bound) for f, b in row) for p in said) for row in rows]
        if len(said) > 1 and not any(fits):
            return {placed.figure for placed in said}
    return set()


def _value(digits: str, scale: str | None) -> str:
    if digits.count(".") > 1 or not re.fullmatch(r"[\d,.]+", digits):
        return digits
    number = Decimal(digits.replace(",", "")) * {"万": 10_000, "亿": 100_000_000}.get(scale or "", 1)
    return format(number.normalize(), "f")
