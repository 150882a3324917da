"""Texts -> tokens: one spelling for what people write in several ways, words and character bigrams."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from threading import Lock
from typing import Any

_NUMERAL = "〇零一二两三四五六七八九十百千万亿"
_VALUES = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_MEASURE = r"个?(?:自然日|自然月|工作日|月|星期|礼拜|小时|工作)|[天日年元块倍次岁份成折]|周岁|分钟|星期"
# A Chinese numeral is a number where a measure follows it: 三十个自然日, but not 一般 or 统一年费, and not the 万 of 5万元.
_MEASURED = re.compile(
    rf"(百分之)?(?<![\d统唯之第])([{_NUMERAL}]+)(?={_MEASURE})|(百分之)([{_NUMERAL}]+)(?:点([{_NUMERAL}]+))?"
    rf"|(?<![\d统唯之第{_NUMERAL}])(?P<ten_thousands>[一二两三四五六七八九十][零一二三四五六七八九十百千]*)"
    rf"(?=[万亿](?![{_NUMERAL}]))"
)
_ABOUT = re.compile("[一二两三四五六七八九]{2}十?")  # 一两天 is no number of days
_VARIANTS = str.maketrans({"帐": "账", "妳": "你", "您": "你", "麽": "么", "啥": "什", "裏": "里"})
_CJK = r"\u3400-\u9fff"
_RUN = re.compile(rf"[{_CJK}]+|[a-z0-9]+(?:[._%-][a-z0-9]+)*%?")
_LONGEST_WORD = 8
_STEMMING = Lock()  # a stemmer keeps its state in itself
_ENGLISH = re.compile(r"[a-z]{4,}")

# Words that say how a question is asked, not what about.
STOP_WORDS = frozenset(
    "的 了 吗 呢 吧 啊 呀 嘛 么 哦 是 在 和 与 及 或 也 都 就 还 又 被 把 给 让 对 为 于 以 之 其 这 那 哪 我 你 他 她 它 们 "
    "我们 你们 他们 咱们 什么 怎么 怎样 如何 哪些 哪个 为什么 是不是 能不能 会不会 有没有 可不可以 多少 几 一个 一下 请问 想问 如果 的话 "
    "这个 那个 这样 那样 以及 并且 而且 但是 因为 所以 关于 有关 相关 进行 规定 条款 协议 合同 本协议 说 问 算 要 会 能 可以 有 没有 没 不 "
    "the a an is are do does of to in for and or what how can i we if my our it be by with on when who which "
    "will would should could there this that they them their us you your me get have has had any from at as not no so was were been than then".split()
)


def normalise(text: str) -> str:
    """One spelling: NFKC, lower case, simplified characters, Arabic numbers before measures, 账 for 帐, 你 for 您."""
    text = unicodedata.normalize("NFKC", text).lower()
    return _MEASURED.sub(_arabic, to_simplified(text)).translate(_VARIANTS)


def to_simplified(text: str) -> str:
    """Traditional characters to simplified ones; text without any comes back unchanged."""
    return str(_converter().convert(text)) if re.search(rf"[{_CJK}]", text) else text


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def numeral_value(numeral: str) -> int | None:
    """The value of a Chinese numeral, 三十 -> 30, 十二万三千 -> 123000, 二〇二六 -> 2026; None where it is none."""
    if not numeral or any(char not in _NUMERAL for char in numeral):
        return None
    if all(char in _VALUES for char in numeral):
        return int("".join(str(_VALUES[char]) for char in numeral))
    total = section = digit = 0
    for char in numeral:
        if char in _VALUES:
            digit = _VALUES[char]
        elif char in _UNITS:
            section += (digit or 1) * _UNITS[char]
            digit = 0
        elif char == "万":
            total += (section + digit or 1) * 10_000
            section = digit = 0
        else:
            total = (total + section + digit or 1) * 100_000_000
            section = digit = 0
    return total + section + digit


def _arabic(found: re.Match[str]) -> str:
    percent = found.group(1) or found.group(3)
    numeral = found.group(2) or found.group(4) or found.group("ten_thousands")
    value = numeral_value(numeral)
    if value is None or _ABOUT.fullmatch(numeral):
        return found.group()
    if decimals := found.group(5):  # digit by digit: 零五 is .05
        digits = [_VALUES.get(char) for char in decimals]
        return found.group() if None in digits else f"{value}.{''.join(map(str, digits))}%"
    return f"{value}%" if percent else str(value)


def bigrams(text: str) -> list[str]:
    """Overlapping pairs of Chinese characters, and Latin words and numbers whole. Single characters stand alone."""
    tokens: list[str] = []
    for run in _RUN.findall(normalise(text)):
        if run[0] < "\u3400":
            tokens.append(_stem(run))
        elif len(run) == 1:
            tokens.append(run)
        else:
            tokens.extend(run[at : at + 2] for at in range(len(run) - 1))
    return tokens


def words(text: str) -> list[str]:
    """Dictionary words, long ones also in their parts, without stop words. For texts that are indexed."""
    cut = _tokenizer().cut_for_search(normalise(text))
    return [_stem(word) for word in cut if word not in STOP_WORDS and _RUN.fullmatch(word)]


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    """An English word without its ending, refunds -> refund; anything else as it is."""
    if not _ENGLISH.fullmatch(word):
        return word
    with _STEMMING:
        return str(_stemmer().stemWord(word))


@cache
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@cache
def _tokenizer() -> Any:
    import jieba

    jieba.setLogLevel(logging.ERROR)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return tokenizer


def known_words(text: str, vocabulary: Collection[str]) -> list[str]:
    """Every word of `vocabulary` that occurs in `text`, without stop words. For questions.

    A word that no indexed text has can match nothing, so a question needs no dictionary beyond the index's own words: this
    spares loading one (0.6 s and 100 MB) for a single question.
    """
    return [word for word in _candidates(normalise(text)) if word in vocabulary and word not in STOP_WORDS]


def _candidates(text: str) -> Iterator[str]:
    for run in _RUN.findall(text):
        if run[0] < "\u3400":
            if run not in STOP_WORDS:
                yield _stem(run)
            continue
        for start in range(len(run)):
            for end in range(start + 1, min(start + _LONGEST_WORD, len(run)) + 1):
                yield run[start:end]
