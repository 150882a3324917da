"""Figures in whatever somebody or a model writes: none raises, all end soon, and what is said word for word is borne."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from answering.figures import figures, placed_figures, unborne, without_figures
from answering.numerals import in_figures
from retrieval.numerals import cjk_value, letter_value, roman_value, word_value

_PIECES = st.sampled_from(
    "0 1 9 10 30 007 1,000 1，000 3.5 .5 5. 1/3 -2 + % ％ ‰ 一 两 〇 零 十 百 千 万 亿 兆 半 三分之二 百分之五 五折 第 条 款 年 月 日 天 "
    "个工作日 自然日 小时 元 人民币 USD $ ￥ ¥ 美元 公里 kg MB 以上 以下 不超过 至 - ~ — 到 和 、 。 ， ； ( （ ） ) ½ ² ① ㈠ Ⅳ ６ ７ "
    "thirty-one million dozen half percent January 2024-02-30 2024年2月30日 12:61 1e400 9999999999999999999999 \u200b \u0660 \U0001d7d8 甲方 付".split()
)
_TEXTS = st.one_of(st.lists(_PIECES, max_size=25).map("".join), st.lists(_PIECES, max_size=25).map(" ".join), st.text(max_size=120))
_many = settings(max_examples=300, deadline=None)
_SOON = 5.0


@_many
@given(_TEXTS, _TEXTS)
def test_any_statement_against_any_clause(statement: str, evidence: str) -> None:
    began = time.monotonic()
    found = unborne(statement, evidence)
    assert found <= figures(statement)
    assert len(placed_figures(statement)) >= len(figures(statement)) * bool(statement)
    without_figures(statement)
    assert time.monotonic() - began < _SOON


@_many
@given(_TEXTS)
def test_a_clause_bears_its_own_words(text: str) -> None:
    assert unborne(text, text) == set()


@_many
@given(st.text(max_size=40))
def test_any_numeral_has_a_value_or_none(text: str) -> None:
    for value in (roman_value(text), letter_value(text), word_value(text)):
        assert value is None or isinstance(value, int)


@_many
@given(st.text("〇零○一二两三四五六七八九十百千壹拾佰仟", min_size=1, max_size=20))
def test_any_chinese_numeral_has_a_value(numeral: str) -> None:
    assert cjk_value(numeral) >= 0


def test_long_texts_end_soon() -> None:
    for piece in ("1,", "一百", "1.", "三分之", "2024年", "9" * 50 + "万", "第1条", "%", "1-"):
        text = piece * (4_000 // len(piece))
        began = time.monotonic()
        figures(text)
        in_figures(text)
        assert time.monotonic() - began < _SOON, piece
