"""How numbers and amounts are written in Chinese and English, brought to one writing: digits, and units that units.py reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from answering.parts import plain
from retrieval.words import numeral_value

_FORMAL = "壹贰貳叁參肆伍陆陸柒捌玖拾佰仟"
_N = "〇零一二两兩三四五六七八九十百千万萬亿億"
_PLAIN = str.maketrans(_FORMAL + "兩萬億", "一二二三三四五六六七八九十百千两万亿")
_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_SHARES = {100: "%", 1000: "‰", 10_000: "‱"}
_UNCERTAIN = re.compile("[一二两三四五六七八九]{2}")  # 一两周 is no number of weeks
_SCALES = dict(
    zip("十 百 千 万 亿 hundred thousand million billion".split(), (10, 100, 1000, 10**4, 10**8, 100, 1000, 10**6, 10**9), strict=True)
)


def number(digits: str, scale: str | None = None) -> str:
    """A number in plain digits, 12.5 and 万 as 125000; what is none, 7.2.3, as it is."""
    if digits.count(".") > 1 or not re.fullmatch(r"[\d,.]+", digits):
        return digits
    value = Decimal(digits.replace(",", ""))
    for part in (scale,) if scale in _SCALES else tuple(scale or ""):
        value *= _SCALES[part]
    return format(value.normalize(), "f")


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
    (
        re.compile(rf"(?<![{_FORMAL}{_N}])[{_N}]*+[{_FORMAL}][{_FORMAL}{_N}]*+(?=\s?[元圆圓份整])"),
        lambda found: found.group().translate(_PLAIN),
    ),
    (re.compile(rf"(?<=[{_N}\d])\s?[圆圓](?![形桌满滿])"), "元"),
    (re.compile(rf"((?<![{_N}])[{_N}]++|(?<!\d)\d++)分之\s?([{_N}]+(?:[点點][{_N}]+)?|\d+(?:\.\d+)?)"), _share_written),
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
