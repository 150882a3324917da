from __future__ import annotations

import pytest

from answering.matter import amounts, matter


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("七个自然日内退款", "一周内退款"),
        ("赔偿 1 万元", "赔偿 10,000 元"),
        ("违约金为千分之三", "违约金为 0.3%"),
        ("如果平台违约，用户不用付款", "平台违约的，用户，付款"),
        ("标题只是方便阅读，不能用来解释", "标题，方便阅读，不能，解释"),
        ("因为停电已经无法供水", "停电，供水"),
    ],
)
def test_what_speaks_of_the_same_in_other_units_and_other_joining_words_is_the_same(one: str, other: str) -> None:
    assert matter(one) == matter(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("7 天内退款", "7 个工作日内退款"),
        ("赔偿 1 万元", "赔偿 1 万美元"),
        ("是否退款", "退款"),
        ("不用于商业", "不商业"),
        ("超不过期限", "超期限"),
        ("任何时候都可以退款", "可以退款"),
    ],
)
def test_what_speaks_of_more_or_of_something_else_is_not(one: str, other: str) -> None:
    assert matter(one) != matter(other)


def test_every_amount_of_a_text_is_told_in_any_language() -> None:
    assert (
        amounts("一周内通知，12 个月后终止") == amounts("Give notice within seven days; terminated after one year") == matter("7 天，1 年")
    )
    assert len(amounts("一周内通知，12 个月后终止")) == 2
    assert amounts("通知后终止") == frozenset()
