"""What numbers measure, in Chinese and English, and which amounts are the same in other units.

The same is what a reader takes for the same to the letter: 7 天 and 一周, 12 个月 and 一年, 0.3% and 千分之三, 1 万元 and 10,000 元. What
differs in law never is: a working day is no day, a month is neither 30 days nor four weeks nor a calendar month, a year is no 365 days.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple


class Unit(NamedTuple):
    """What a number measures. Units of one `kind` convert into each other by their `size`; without a kind into none.

    The name is empty where no unit follows a number, and `?` with the word where it is none of the known ones.
    """

    name: str
    kind: str = ""
    size: Fraction = Fraction(1)


class Amount(NamedTuple):
    """An exact quantity: two amounts are equal where one is the conversion of the other."""

    kind: str
    size: Fraction


_UNITS: tuple[tuple[re.Pattern[str], Unit], ...] = tuple(
    (re.compile(form), Unit(name, kind, Fraction(size)))
    for form, name, kind, size in (
        (r"个?银行工作日|个?营业日|bank(?:ing)? days?(?![a-z])", "banking day", "", 1),
        (r"个?工作[日天]|business days?(?![a-z])|working days?(?![a-z])", "workday", "", 1),
        (r"个?交易日|trading days?(?![a-z])", "trading day", "", 1),
        (r"个?自然月|calendar months?(?![a-z])", "calendar month", "", 1),
        (r"个?自然年度?|calendar years?(?![a-z])", "calendar year", "", 1),
        (r"个?自然周|calendar weeks?(?![a-z])", "calendar week", "", 1),
        (
            r"个?自然[日天]|个?日历[日天]|天|日(?![本元圆])|(?:(?:natural|calendar|consecutive|full|whole) )?days?(?![a-z])",
            "day",
            "time",
            1440,
        ),
        (r"个?(?:小时|钟头)|hours?(?![a-z])", "hour", "time", 60),
        (r"分钟|minutes?(?![a-z])", "minute", "time", 1),
        (r"秒钟?|seconds?(?![a-z])", "second", "time", "1/60"),
        (r"个?(?:星期|礼拜)|周(?![岁年期边围])|weeks?(?![a-z])", "week", "time", 10080),
        (r"个月|months?(?![a-z])", "month", "months", 1),
        (r"月", "month", "", 1),  # 8 月 is a month of the year, and no 8 months that are two thirds of one
        (r"个季度|quarters?(?![a-z])(?! of)", "quarter", "months", 3),
        (r"年度", "year", "", 1),
        (r"周?年|years?(?![a-z])(?! old)", "year", "months", 12),
        (r"周?岁|years? old(?![a-z])", "age", "", 1),
        (r"%|percent(?![a-z])|per cent(?![a-z])", "percent", "share", "1/100"),
        (r"‰|per mille(?![a-z])", "permille", "share", "1/1000"),
        (r"‱", "permyriad", "share", "1/10000"),
        (r"折", "discount", "share", "1/10"),
        (r"成(?![不为立功员交果品本长熟都年人])", "tenth", "share", "1/10"),
        (r"元|块|人民币|yuan(?![a-z])|renminbi(?![a-z])|rmb(?![a-z])|cny(?![a-z])", "yuan", "yuan", 1),
        (r"美[元金]|(?:us )?dollars?(?![a-z])|usd(?![a-z])", "usd", "usd", 1),
        (r"港[元币]|hong kong dollars?(?![a-z])|hkd(?![a-z])", "hkd", "hkd", 1),
        (r"欧元|euros?(?![a-z])|eur(?![a-z])", "eur", "eur", 1),
        (r"日[元圆]|yen(?![a-z])|jpy(?![a-z])", "jpy", "jpy", 1),
        (r"英镑|pounds?(?![a-z])|gbp(?![a-z])", "gbp", "gbp", 1),
        (r"倍|times(?![a-z])", "times", "", 1),
    )
)
_BEFORE: tuple[tuple[re.Pattern[str], Unit], ...] = tuple(
    (re.compile(rf"(?:{form})[ :]?$"), Unit(name, name))
    for form, name in (
        (r"人民币|(?<![a-z])rmb|(?<![a-z])cny|¥", "yuan"),
        (r"港[元币]|(?<![a-z])hkd|hk\$", "hkd"),
        (r"美[元金]|(?<![a-z])usd|us\$|(?<!hk)\$", "usd"),
        (r"欧元|(?<![a-z])eur|€", "eur"),
        (r"日[元圆]|(?<![a-z])jpy", "jpy"),
        (r"英镑|(?<![a-z])gbp|£", "gbp"),
    )
)
_COUNTER = re.compile(r"^[\u3400-\u9fff]")
_NO_COUNTER = frozenset("的了内前后以之起和与或及至到、，。；：")
_TO = re.compile(r"^ ?[-~—–至到] ?\d+(?:\.\d+)?")  # 3-5 个工作日: both are measured in working days
_PLACE = re.compile(r"第 ?$")  # 第 7 天 is one day
_IN_MONTH = re.compile(r"月的? ?$")  # 每月 15 日 too
_YEAR = 1000  # 2022 年 is a year, 200 年 may be a time


def measured(before: str, after: str) -> tuple[Unit, str]:
    """The unit of a number, by the normalised text before and after it, and what follows the unit."""
    after = _TO.sub("", after).lstrip(" -")
    for form, unit in _UNITS:
        if match := form.match(after):
            return unit, after[match.end() :]
    for prefix, unit in _BEFORE:
        if prefix.search(before):
            return unit, after
    if (counter := _COUNTER.match(after)) and counter.group() not in _NO_COUNTER:
        return Unit(f"?{counter.group()}"), after[1:]
    return Unit(""), after


def amount(value: str, unit: Unit, before: str = "") -> Amount | None:
    """The exact quantity of a number in a unit; None where it converts into nothing: unknown units, years and days of the calendar."""
    if not unit.kind or not re.fullmatch(r"\d+(?:\.\d+)?", value) or _PLACE.search(before):
        return None
    quantity = Fraction(value)
    if (unit.name == "year" and quantity >= _YEAR) or (unit.name == "day" and _IN_MONTH.search(before)):
        return None
    if unit.name == "day" and quantity.denominator != 1:
        return Amount("day", quantity)  # half a day is no twelve hours
    if unit.name == "discount" and quantity >= 10:
        quantity /= 10  # 85 折 is 8.5 折
    return Amount(unit.kind, quantity * unit.size)


def share(written: str) -> Amount | None:
    """The quantity of 1/3; None for what is in no lowest terms or more than a whole, since that may be a date or anything else."""
    over, under = (int(part) for part in written.split("/"))
    if not 0 < over < under or Fraction(over, under).denominator != under:
        return None
    return Amount("share", Fraction(over, under))
