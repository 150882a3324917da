"""Figures in Chinese and English texts: numbers with their measures, in either numeral system, comparable with each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from answering.numerals import in_figures, number
from answering.parts import content, held, parts_of, plain, sentences_of
from answering.units import Amount, amount, measured, share

_NUMBER = re.compile(
    r"(?P<date>(?<!\d)\d{4} ?年 ?\d{1,2} ?月(?: ?\d{1,2} ?[日号]|\d{1,2}(?![\d.个]))?|(?<!\d)\d{4}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{1,2}(?!\d)"
    r"|(?<!\d)\d{1,2} ?月 ?\d{1,2} ?[日号])"
    r"|(?P<clock>(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d))|(?P<cross>\d+ ?[x×*] ?\d+)|(?P<share>(?<![\d/])\d+/\d+(?![\d/]))"
    r"|(?<![\d.a-z_@])(?<![a-z]-)(?P<number>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*)"
)
_AT_LEAST = re.compile(
    r"(?:不[低少小早]于|至少|最少|(?<![不未])(?<!不[得应可能会])超过|逾(?!期)|(?<!不)(?<!不[得应可能会])[高大多晚]于|不[得应可能会][低少小早]于|届?满(?<!未满)(?<!不满)|at least"
    r"|(?<!no )(?<!not )(?:more|later|longer) than|(?<!not )over|(?<!not )exceed(?:s|ing)?|(?:no|not) (?:less|fewer|earlier) than)[^\d,。;]{0,2}$"
)
_AT_MOST = re.compile(
    r"(?:不[高大多晚]于|不超过|不逾|不迟于|至多|最多|最迟|最晚|(?<!不)(?<!不[得应可能会])[低少小]于|不足|[不未]满|未(?:达到?|超过)|不到|不[得应可能会](?:超过|[高大多晚迟]于)"
    r"|within|under|below|(?<!no )(?<!not )(?:less|fewer) than|at most|up to|(?:no|not) (?:more|later|longer) than|not exceed(?:ing)?)[^\d,。;]{0,2}$"
)
_AND_MORE = re.compile(r"^(?:及?以上|[以之]?后|届满后)")
_AND_LESS = re.compile(r"^(?:及?以下|[以之]?内|以里)")
_BY = ((re.compile("[以之]?后"), "min"), (re.compile("[以之]?前"), "max"))  # of dates; 30 日前 may be at least 30 days before
# 超过 7 日就不能退 says of 7 日内可以退 what it says; 不得超过 7 日 denies nothing
_DENIED = re.compile(
    r"不[能得可](?!抗|超过|[低少小高大多晚迟早]于)|无权|不再|无法|不适用|\bnot\b(?! (?:more|less|fewer|later|earlier|longer) than\b| exceed)"
)
_TERMS = frozenset(
    ("time", "months", "day", "month", "workday", "trading day", "banking day", "calendar month", "calendar week", "calendar year")
)
_NEAR = 8  # characters
_WINDOW = 80  # characters before and after a number in which its unit and its bound stand
_ALIKE, _CLEARLY = 0.3, 0.15  # how much of what is said around a figure must stand around another one, and by how much more


class Figure(NamedTuple):
    """A value and what it measures; the measure is empty where none follows, and `?` with the word where it is none of the known ones."""

    value: str
    measure: str


class Placed(NamedTuple):
    """A figure where it stands: the bound it sets (`min`, `max` or none), what is said around it, from near to far, and the exact
    quantity it is where other units can say the same.
    """

    figure: Figure
    bound: str
    around: tuple[frozenset[str], ...]
    amount: Amount | None = None

    @property
    def key(self) -> object:
        """Equal for figures that say the same amount."""
        return self.amount or self.figure

    @property
    def token(self) -> str:
        """The key as a word that no text has."""
        return f"#{self.amount.kind}={self.amount.size}" if self.amount else f"#{self.figure.measure}={self.figure.value}"


def figures(text: str) -> set[Figure]:
    """The figures of a text. 七个自然日 and 7 天 are the same figure, 5 个工作日 is another; 7.2.3 is itself."""
    return {placed.figure for placed in placed_figures(text)}


def unborne(statement: str, evidence: str) -> set[Figure]:
    """The figures of a statement that the evidence does not hold, or holds as the opposite bound, or holds in the place of another one.

    The same amount in another unit is the same figure (`answering.units`). A figure without a measure is borne by its value; one with a
    word that is no known measure (10 份) by a value that measures nothing known either.
    """
    there = placed_figures(evidence)
    wrong: set[Figure] = set()
    for said in placed_figures(statement):
        same = [found for found in there if _is_same(said, found)]
        fitting = [found for found in same if not said.bound or found.bound != _OTHER[said.bound]]
        contrary = [found for found in same if found not in fitting]
        rivals = contrary + [found for found in there if found.key != said.key and _kind(found) == _kind(said)]
        if not fitting or _belongs_elsewhere(said, fitting, rivals):
            wrong.add(said.figure)
    return wrong | _scattered(statement, evidence)


_OTHER = {"min": "max", "max": "min"}


@lru_cache(maxsize=2048)
def placed_figures(text: str) -> tuple[Placed, ...]:
    """The figures of a text in order, each with its surroundings."""
    found: list[Placed] = []
    for sentence in sentences_of(_written(text)):
        for part in parts_of(sentence):
            found.extend(_figures_in(part, sentence))
    return tuple(found)


@lru_cache(maxsize=8192)
def without_figures(text: str) -> str:
    """A text as `in_figures` writes it, without its numbers and the units that are known."""
    text = _written(text)
    kept: list[str] = []
    at = 0
    for match in _NUMBER.finditer(text):
        if match.start() < at:
            continue  # the 5 of 3-5 天 went with the 3
        end = match.end()
        if match["number"]:
            unit, behind = measured(text[at : match.start()], text[end:].lstrip())
            end = len(text) - len(behind) if unit.name and not unit.name.startswith("?") else end
        kept.append(text[at : match.start()])
        at = end
    return " ".join([*kept, text[at:]])


@lru_cache(maxsize=2048)
def _written(text: str) -> str:
    return in_figures(text)


def _figures_in(part: str, sentence: str) -> list[Placed]:
    found: list[Placed] = []
    wider = (content(_NUMBER.sub(" ", part)), content(_NUMBER.sub(" ", sentence)))
    denied = bool(_DENIED.search(part))
    for match in _NUMBER.finditer(part):
        before, after = part[max(0, match.start() - _WINDOW) : match.start()], part[match.end() : match.end() + _WINDOW].lstrip()
        quantity, bound = None, ""
        if match["date"]:
            figure = Figure("-".join(str(int(digits)) for digits in re.findall(r"\d+", match["date"])), "date")
            bound = next((bound for form, bound in _BY if form.match(after)), "")
        elif match["clock"]:
            figure = Figure(match["clock"].lstrip("0") or "0", "clock")
        elif match["cross"]:
            figure = Figure(re.sub(r"\D+", "x", match["cross"]), "cross")
        else:
            behind = after
            if match["share"]:
                figure, quantity = Figure(match["share"], ""), share(match["share"])
            else:
                unit, behind = measured(before, after)
                # A number of a clause is written 4.10, not 4.1; a share of 99.90 % is 99.9 %.
                written = match["number"].replace(",", "")
                figure = Figure(number(written) if unit.name and not unit.name.startswith("?") else written, unit.name)
                quantity = amount(figure.value, unit, before)
            bound = "" if denied else _bound(before, behind.lstrip())
        near = content(_NUMBER.sub(" ", before[-_NEAR:] + " " + after[:_NEAR]))
        found.append(Placed(figure, bound, (near, *wider), quantity))
    return found


def _bound(before: str, behind: str) -> str:
    if _AT_LEAST.search(before) or _AND_MORE.match(behind):
        return "min"
    return "max" if _AT_MOST.search(before) or _AND_LESS.match(behind) else ""


def _is_same(said: Placed, found: Placed) -> bool:
    if said.amount and found.amount:
        return said.amount == found.amount
    mine, theirs = said.figure, found.figure
    if not mine.measure:
        return mine.value == theirs.value or number(mine.value) == theirs.value
    if mine.measure.startswith("?"):
        return mine.value == theirs.value and (not theirs.measure or theirs.measure.startswith("?"))
    if theirs.measure == "date" and not said.amount:
        return _is_in_date(mine, theirs.value.split("-"))
    return mine == theirs


def _is_in_date(said: Figure, date: Sequence[str]) -> bool:
    """Whether a date, or a year, month or day of one, stands in a date that says at least as much: 2022 年 in 2022 年 8 月 15 日."""
    parts = dict(zip(("year", "month", "day") if len(date[0]) > 2 else ("month", "day"), date, strict=False))
    if said.measure in parts:
        return parts[said.measure] == said.value
    mine = said.value.split("-")
    return said.measure == "date" and mine in (list(date[: len(mine)]), list(date[-len(mine) :]))


def _belongs_elsewhere(said: Placed, fitting: Sequence[Placed], rivals: Sequence[Placed]) -> bool:
    """Whether what the statement says around a figure stands around a rival instead: another figure of its kind, or its opposite bound."""
    best = max((_alike(said, found) for found in rivals), default=0.0)
    return best >= _ALIKE and best >= max(_alike(said, found) for found in fitting) + _CLEARLY


def _kind(placed: Placed) -> str:
    """What a figure is one of: terms of whatever length and law are of one kind, though none converts into the other."""
    kind = placed.amount.kind if placed.amount else placed.figure.measure
    return "term" if kind in _TERMS else kind


def _alike(said: Placed, found: Placed) -> float:
    """How much of what is said around one figure stands around another."""
    return sum(held(mine, theirs) for mine, theirs in zip(said.around, found.around, strict=True)) / len(said.around)


def _scattered(statement: str, evidence: str) -> set[Figure]:
    """The figures of a statement that stand in rows of a table, but not in one row with each other, their bounds as they are said."""
    rows = [{(placed.key, placed.bound) for placed in placed_figures(row)} for row in evidence.splitlines() if "|" in row]
    tabled = {key for row in rows for key, _ in row}
    for sentence in sentences_of(plain(statement)) if tabled and "|" not in statement else ():
        said = [placed for placed in placed_figures(sentence) if placed.key in tabled]
        fits = [all(any(key == p.key and bound != _OTHER.get(p.bound) for key, bound in row) for p in said) for row in rows]
        if len(said) > 1 and not any(fits):
            return {placed.figure for placed in said}
    return set()
