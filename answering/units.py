"""What numbers measure, in Chinese and English, and which amounts are the same in other units.

The same is what a reader takes for the same to the letter: 7 天 and 一周, 12 个月 and 一年, 0.3% and 千分之三, 1 万元 and 10,000 元. What
differs in law never is: a working day is no day, a month is neither 30 days nor four weeks nor a calendar month, a year is no 365 days.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from answering.parts import plain
from retrieval.words import numeral_value


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
_SCALES = dict(
    zip("十 百 千 万 亿 hundred thousand million billion".split(), (10, 100, 1000, 10**4, 10**8, 100, 1000, 10**6, 10**9), strict=True)
)


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


def number(digits: str, scale: str | None = None) -> str:
    """A number in plain digits, 12.5 and 万 as 125000; what is none, 7.2.3, as it is."""
    if digits.count(".") > 1 or not re.fullmatch(r"[\d,.]+", digits):
        return digits
    value = Decimal(digits.replace(",", ""))
    for part in (scale,) if scale in _SCALES else tuple(scale or ""):
        value *= _SCALES[part]
    return format(value.normalize(), "f")


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


# --- how numbers are written ---------------------------------------------------------------------------------------------

_FORMAL = "壹贰貳叁參肆伍陆陸柒捌玖拾佰仟"
_N = "〇零一二两兩三四五六七八九十百千万萬亿億"
_PLAIN = str.maketrans(_FORMAL + "兩萬億", "一二二三三四五六六七八九十百千两万亿")
_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_SHARES = {100: "%", 1000: "‰", 10_000: "‱"}
_UNCERTAIN = re.compile("[一二两三四五六七八九]{2}")  # 一两周 is no number of weeks


def in_figures(text: str) -> str:
    """A text normalised, and every amount in it in one writing: numerals in digits, 一年半 as 1.5年, 1 小时 30 分钟 as 90分钟, half as 1/2,
    August 15, 2022 as 2022年8月15日.
    """
    for form, put in _RAW:
        text = form.sub(put, text)
    text = plain(text)
    for form, put in _NORMALISED:
        text = form.sub(put, text)
    return text


def _chinese(numeral: str) -> str:
    """A numeral in digits, 三点五 as 3.5; digits, and what is no numeral, as they are."""
    whole, _, decimals = numeral.translate(_PLAIN).replace("點", "点").partition("点")
    value = numeral_value(whole)
    if value is None or _UNCERTAIN.fullmatch(whole):
        return numeral
    return f"{value}.{decimals.translate(_DIGITS)}" if decimals else str(value)


def _share_written(found: re.Match[str]) -> str:
    under, over = _chinese(found[1]), _chinese(found[2])
    if not (re.fullmatch(r"[1-9]\d*", under) and re.fullmatch(r"\d+(?:\.\d+)?", over)):
        return found.group()
    if mark := _SHARES.get(int(under)):
        return over + mark
    return str(Fraction(over) / int(under))


def _discount(found: re.Match[str]) -> str:
    first, second = (int(digit.translate(_DIGITS)) for digit in found.groups())
    return found.group() if second == first + 1 else f"{first}.{second}折"  # 七八折 is about that much


def _english(found: re.Match[str]) -> str:
    total = current = 0
    for word in re.findall(r"[a-z]+", found.group()):
        if word == "hundred":
            current = (current or 1) * 100
        elif word in _SCALES:
            total, current = total + (current or 1) * _SCALES[word], 0
        else:
            current += _WORDS.get(word, 0)
    return str(total + current)


_WORDS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
    )
} | {word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)}
_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "tenth": 10}
_MONTHS = r"(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|ust|ember|tember|ober)?\.?"
_NAMED = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_WORD = "|".join(sorted([*_WORDS, "hundred", "thousand", "million", "billion"], key=len, reverse=True))
_TIMED = r"(?:(?:working|business|calendar|natural|consecutive|full|whole|trading|banking)[ -])?(?:day|week|month|year|hour|minute|second)"


def _date(order: str) -> Callable[[re.Match[str]], str]:
    def written(found: re.Match[str]) -> str:
        at = dict(zip(order, found.groups(), strict=True))
        return (f"{at['y']}年" if "y" in at else "") + f"{_NAMED.index(at['m'][:3]) + 1}月" + (f"{at['d']}日" if "d" in at else "")

    return written


Put = str | Callable[[re.Match[str]], str]
_RAW: tuple[tuple[re.Pattern[str], Put], ...] = (
    (re.compile(rf"[{_FORMAL}{_N}]*[{_FORMAL}][{_FORMAL}{_N}]*(?=\s?[元圆圓份整])"), lambda found: found.group().translate(_PLAIN)),
    (re.compile(rf"(?<=[{_N}\d])\s?[圆圓](?![形桌满滿])"), "元"),
    (re.compile(rf"([{_N}]+|\d+)分之\s?([{_N}]+(?:[点點][{_N}]+)?|\d+(?:\.\d+)?)"), _share_written),
    (
        re.compile(
            rf"(?<![第有几幾\d{_N}])[{_N}]{{1,4}}[点點][〇零一二三四五六七八九]+(?=\s?(?:[个個]?(?:小[时時]|月|工作日)|[万萬亿億倍折成元天年周%‰]))"
        ),
        lambda found: _chinese(found.group()),
    ),
    (re.compile(rf"(?<![第\d{_N}])([{_N}]+|\d+)\s?[个個]半(?=[月小钟鐘星礼禮工])"), lambda found: f"{_chinese(found[1])}.5个"),
    (
        re.compile(rf"(?<![第\d{_N}])([{_N}]{{1,3}}|\d{{1,3}})\s?(年|天|周|小时|小時)半(?![数數径徑价價天年月日夜路载載])"),
        lambda found: f"{_chinese(found[1])}.5{found[2]}",
    ),
    (
        re.compile(
            r"(?i)(?<![\d.])(\d+(?:,\d{3})*(?:\.\d+)?)\s?([百千]?[万萬](?!一)|[百千]?[亿億]|[百千](?![克米瓦卡帕伏赫字])|(?:hundred|thousand|million|billion)(?![a-z]))"
        ),
        lambda found: number(found[1], found[2].lower().translate(_PLAIN)),
    ),
    (re.compile(r"([一二三四五六七八九])([一二三四五六七八九])折(?![页叠])"), _discount),
    (re.compile(r"(?<!超)[过過]半[数數]?(?![年天个個小月日])"), "超过1/2"),
    (re.compile(r"一半(?![天年个個小徑径路时時])|半[数數](?![字据據])"), "1/2"),
)
_NORMALISED: tuple[tuple[re.Pattern[str], Put], ...] = (
    (re.compile(r"\d份(?=协议|合同|里|都|均|写)"), ""),  # 三份都写了: how many agreements an answer speaks of, in none of them
    # Numerals before words that count: 两名, 第三条. A lone 一 is most often an article: 一个, 一种, 一份.
    (
        re.compile(rf"(?<=[第月])[{_N}]+(?=[条款项章节期号])|(?<![{_N}第])(?!一[^{_N}])[{_N}]+(?=[名位人次台])"),
        lambda found: _chinese(found.group()),
    ),
    (
        re.compile(
            rf"(?<![周期拜同统每第\d{_N}])[{_N}]{{1,3}}(?=周(?![岁期边围到密转报末])|个季度|个?钟头|秒|[-~—–至到] ?\d+ ?(?:个|天|日|%|元|年|小时))"
        ),
        lambda found: _chinese(found.group()),
    ),
    (re.compile(r"(?<![上下大小多])半(?=月)"), "0.5个"),
    (re.compile(r"(?<![上下大小多])半(?=个?(?:月|工作日|小时|钟头|星期)|年|天|日(?!本))"), "0.5"),
    (
        re.compile(
            rf"(?<!\d )(?<![a-z])(?:{_WORD})(?:(?:[ -]| and )(?:{_WORD}))*(?=[ -](?:\(\d+\) )?(?:{_TIMED}|per ?cent|per mille|yuan|rmb|us dollar|dollar|times))"
        ),
        _english,
    ),
    (re.compile(r"(?<![a-z])(?:half an?|a half)[ -](?=(?:hour|day|month|year)(?![a-z]))"), "0.5 "),
    (
        re.compile(
            r"(?<![a-z])one and a half(?= (?:hour|day|month|year)s?(?![a-z]))|(?<![a-z])1 and a half(?= (?:hour|day|month|year)s?(?![a-z]))"
        ),
        "1.5",
    ),
    (re.compile(r"(?<=(?:within|before) )an?(?= (?:hour|day|week|month|year)(?![a-z]))"), "1"),
    (
        re.compile(
            r"(?<![a-z])(?:(an?|one|two|three|four)[ -](half|halves|third|quarter|fourth|fifth|tenth)s?(?= of(?![a-z]))|(half)(?= (?:of|the|its|their|his|your)(?![a-z])))"
        ),
        lambda found: str(Fraction(_WORDS.get(found[1] or "one", 1), _PARTS[found[2] or found[3]])),
    ),
    (
        re.compile(r"(?<![\d.第])(\d{1,2}) ?(?:年(?:零|又)? ?|years?(?:,| and)? )(\d{1,2}) ?(?:个月| months?)"),
        lambda found: f"{12 * int(found[1]) + int(found[2])}个月",
    ),
    (
        re.compile(r"(?<![\d.第])(\d{1,3}) ?(?:个?小时(?:零|又)? ?|hours?(?:,| and)? )(\d{1,2}) ?(?:分钟|分(?!之)| ?minutes?)"),
        lambda found: f"{60 * int(found[1]) + int(found[2])}分钟",
    ),
    (re.compile(rf"(?<![a-z\d])(\d{{1,2}})(?:st|nd|rd|th)?(?: of)?[ -]{_MONTHS},?[ -](\d{{4}})(?![a-z\d])"), _date("dmy")),
    (re.compile(rf"(?<![a-z\d]){_MONTHS} (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})(?![a-z\d])"), _date("mdy")),
    (re.compile(rf"(?<![a-z\d]){_MONTHS},? (\d{{4}})(?![a-z\d])"), _date("my")),
    (re.compile(rf"(?<![a-z\d])(?!may){_MONTHS} (\d{{1,2}})(?:st|nd|rd|th)?(?![a-z\d:%])"), _date("md")),  # users under 18 may not
    (re.compile(rf"(?<![a-z\d])(\d{{1,2}})(?:st|nd|rd|th)? (?!may){_MONTHS}(?![a-z\d])"), _date("dm")),
    (re.compile(r"(?<![a-z])(rmb|cny|usd|hkd|eur|gbp|jpy)(?=\d)"), r"\1 "),
)
