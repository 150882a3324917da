from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answering.figures import Figure, figures, unborne, without_figures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("七个自然日内", {Figure("7", "day")}),
        ("7 天", {Figure("7", "day")}),
        ("四十五个工作日", {Figure("45", "workday")}),
        ("within 45 business days", {Figure("45", "workday")}),
        ("thirty days", {Figure("30", "day")}),
        ("未满18周岁", {Figure("18", "age")}),
        ("百分之五", {Figure("5", "percent")}),
        ("不低于 99.90%", {Figure("99.9", "percent")}),
        ("12.5万元", {Figure("125000", "yuan")}),
        ("1,000 元", {Figure("1000", "yuan")}),
        ("半年", {Figure("0.5", "year")}),
        ("第三条", {Figure("3", "?条")}),
        ("第 14.10 条", {Figure("14.10", "?条")}),
        ("依据 7.2.3", {Figure("7.2.3", "")}),
        ("10 名用户", {Figure("10", "?名")}),
        ("三分之一", {Figure("1/3", "")}),
        ("2022年8月15日", {Figure("2022-8-15", "date")}),
        ("2022-08-15", {Figure("2022-8-15", "date")}),
        ("8:00-18:00", {Figure("8:00", "clock"), Figure("18:00", "clock")}),
        ("7x24 小时", {Figure("7x24", "cross")}),
        ("3-5个工作日", {Figure("3", "workday"), Figure("5", "workday")}),
        ("一般情况下，任何一方不得统一安排", set()),
    ],
)
def test_figures_are_read_with_their_measure(text: str, expected: set[Figure]) -> None:
    assert figures(text) == expected


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        ("三十天内", "30 个自然日内"),
        ("30个自然日以上", "三十个自然日以上"),
        ("within 7 days", "7 个自然日内"),
        ("under 18", "18周岁以下"),
        ("18 岁以下", "未满18周岁"),
        ("2022 年起", "2022年8月15日生效"),
        ("10份", "10 份使用权"),
        ("两份协议都写了", "发票不可重复开具"),
        ("超过7个自然日就不能再申请", "7 个自然日内可以申请"),
        ("14 日内寄出", "事故发生后 14 日内寄出证明。影响持续 30 日以上的，应当协商。"),
    ],
)
def test_a_figure_that_the_evidence_holds_is_borne(statement: str, evidence: str) -> None:
    assert unborne(statement, evidence) == set()


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        ("8 天内", "7 天内"),
        ("四十天内", "三十天内"),
        ("7 个工作日内", "7 个自然日内"),
        ("7 个月内", "7 日内"),
        ("30份", "30 日内"),
        ("第四条", "第三条"),
        ("4.1 条", "4.10 条"),
        ("7.2.4", "7.2.3"),
        ("8:00-20:00", "8:00-18:00"),
        ("5x8 小时", "7x24 小时"),
        ("2022年8月16日", "2022年8月15日"),
        ("不高于 99.90%", "不低于 99.90%"),
        ("30 日以下的", "持续 30 日以上的"),
        ("at most 60 working days", "超过 60 个工作日"),
        ("within 8 days", "7 个自然日内"),
    ],
)
def test_a_figure_that_the_evidence_does_not_hold_is_not_borne(statement: str, evidence: str) -> None:
    assert unborne(statement, evidence)


def test_a_figure_in_the_place_of_another_one_is_not_borne() -> None:
    evidence = "受阻一方应在事故发生后 14 日内寄出证明文件。影响持续 30 日以上的，双方应当协商解决。"
    assert unborne("应在事故发生后 30 日内寄出证明文件。", evidence) == {Figure("30", "day")}
    assert unborne("影响持续 14 日的，双方应当协商解决。", evidence) == {Figure("14", "day")}


def test_the_figures_of_a_table_belong_to_their_row() -> None:
    table = "可用性 | 赔偿\n低于 99%但不低于 95% | 两个月\n低于 95% | 三个月"
    assert unborne("可用性低于 95% 的，赔偿三个月。", table) == set()
    assert unborne("可用性低于 95% 的，赔偿两个月。", table)


_SAME = """
7 天 = 七日 = 7 个自然日 = 一周 = 1 个星期 = 168 小时 = one week = 7 calendar days
14 日 = 两周 = 十四天 = two weeks = 14-day
24 小时 = 1 天 = 一日 = one day = 24 hours
90 分钟 = 1.5 小时 = 一个半小时 = 一点五小时 = 1 小时 30 分钟 = one and a half hours
12 个月 = 一年 = 1 年 = 4 个季度 = one year = twelve months
6 个月 = 半年 = 两个季度 = half a year
18 个月 = 一年半 = 1 年 6 个月 = 一年零六个月 = 1 year and 6 months
三十日 = 30 天 = thirty (30) days
一百八十天 = 180 日 = one hundred and eighty days
5 个工作日 = 五个工作日 = five business days
1 万元 = 10,000 元 = 一万元 = 壹万元整 = 人民币 10000 元 = RMB 10,000 = ￥10,000 = ¥1万 = ten thousand yuan
1.2 亿元 = 12,000 万元 = 120,000,000 元 = 120 million yuan
3 百万元 = 三百万元 = 300 万元 = 叁佰万圆 = CNY 3,000,000
100 美元 = US$100 = USD 100 = $100 = 100 dollars
3% = 百分之三 = 30‰ = 千分之三十 = 百分之 3 = 3 percent
0.3% = 千分之三 = 3‰ = 百分之零点三 = 万分之三十
5‰ = 0.5% = 千分之五
1.05% = 百分之一点零五
50% = 一半 = 半数 = 二分之一 = 1/2 = 百分之五十 = 五成 = half of it
80% = 八折 = 8 折 = 五分之四 = 八成
85% = 八五折 = 8.5 折 = 85 折
2022 年 8 月 15 日 = 2022/8/15 = 2022-08-15 = 2022.8.15 = 二〇二二年八月十五日 = 15 August 2022 = August 15, 2022 = Aug. 15th, 2022
8 月 15 日 = 八月十五号 = August 15
10 万次 = 100,000 次 = 十万次
"""
_DIFFERENT = """
7 天 | 7 个工作日 | 7 个月 | 7 小时 | 两周 | 7 个交易日 | 7 banking days
5 个工作日 | 一周 | 5 天 | 7 天
1 个月 | 30 天 | 四周 | 1 年 | 1 个自然月 | one calendar month
一年 | 365 天 | 52 周 | 12 天
半天 | 12 小时 | 半个工作日
第 7 天 | 一周
每月 14 日 | 两周
12 月 | 一年
2022 年 | 24264 个月
8 个月 | 2022 年 8 月 15 日
15 天 | 2022 年 8 月 15 日
3% | 3‰ | 3 倍 | 3 个百分点 | 三成
1/2 | 2/4
八折 | 20% | 8% | 八五折
1 万元 | 1 元 | 1 万美元 | 1 千元
10 万份 | 10 份
100 元 | 100 日元 | 100 日 | 100 美元 | HK$100
2022 年 8 月 15 日 | 2022/8/16 | 15 September 2022 | 2021-08-15
2022 年 10 月 | 2022 年 8 月 15 日至 2023 年 10 月 18 日
18 个月 | 1 年
1 年 | 1 年 6 个月
"""


def _rows(text: str, mark: str) -> list[list[str]]:
    return [row.split(mark) for row in text.strip().splitlines()]


@pytest.mark.parametrize(("statement", "evidence"), [(a, b) for row in _rows(_SAME, " = ") for a in row for b in row if a != b])
def test_the_same_amount_in_another_writing_is_borne(statement: str, evidence: str) -> None:
    assert unborne(f"在{statement}之内", f"在{evidence}之内") == set()


@pytest.mark.parametrize(("one", "other"), [(row[0], other) for row in _rows(_DIFFERENT, " | ") for other in row[1:]])
def test_another_amount_is_not_borne_and_what_differs_in_law_is_another(one: str, other: str) -> None:
    assert unborne(one, other)
    assert unborne(other, one)


_KINDS: list[dict[str, int | Fraction]] = [
    {"分钟": 1, "个小时": 60, "天": 1440, "周": 10080, "minutes": 1, "hours": 60, "days": 1440, "weeks": 10080},
    {"个月": 1, "个季度": 3, "年": 12, "months": 1, "years": 12},
    {"元": 1, "千元": 1000, "万元": 10**4, "亿元": 10**8, "yuan": 1, "million yuan": 10**6},
    {"%": Fraction(1, 100), "‰": Fraction(1, 1000), "成": Fraction(1, 10), "percent": Fraction(1, 100)},
    {"个工作日": 1, "working days": 1},
]
_SIZES = {unit: (at, Fraction(size)) for at, kind in enumerate(_KINDS) for unit, size in kind.items()}


@given(st.integers(1, 200), st.sampled_from(sorted(_SIZES)), st.integers(1, 999), st.sampled_from(sorted(_SIZES)))
def test_amounts_are_the_same_where_they_convert_exactly_and_nowhere_else(first: int, unit: str, second: int, other: str) -> None:
    kind, size = _SIZES[unit]
    its_kind, its_size = _SIZES[other]
    same = kind == its_kind and first * size == second * its_size
    assert (unborne(f"共计 {second} {other}", f"共计 {first} {unit}") == set()) is same
    exactly = first * size / its_size
    if kind == its_kind and exactly.denominator == 1:
        assert unborne(f"共计 {exactly} {other}", f"共计 {first} {unit}") == set()


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        ("不超过一周", "不少于 7 天"),
        ("超过一年", "12 个月以内"),
        ("至少 90 分钟", "1.5 小时以内"),
        ("不得超过 1 万元", "不得低于 10,000 元"),
        ("no more than 30 days", "不少于 30 天"),
        ("not less than 30 days", "不得超过 30 天"),
        ("过半数", "50% 以下"),
        ("8 月 15 日以后", "2022 年 8 月 15 日前"),
    ],
)
def test_a_bound_is_kept_in_other_units(statement: str, evidence: str) -> None:
    assert unborne(statement, evidence)


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        ("不多于一周", "7 天以内"),
        ("no less than a year is needed, at least 12 months", "不少于一年"),
        ("不得超过两周", "14 日之内"),
        ("超过半数", "50% 以上"),
        ("2022 年 8 月", "2022 年 8 月 15 日"),
        ("8 月 15 日", "2022-08-15"),
        ("每年 8 月", "2022 年 8 月 15 日"),
    ],
)
def test_a_bound_in_other_words_and_a_part_of_a_date_are_borne(statement: str, evidence: str) -> None:
    assert unborne(statement, evidence) == set()


def test_an_amount_in_other_units_in_the_place_of_another_one_is_not_borne() -> None:
    evidence = "用户应当在 24 小时内通知平台。平台应当在 7 天内退还押金。"
    assert unborne("用户应当在一天内通知平台，平台应当在一周内退还押金。", evidence) == set()
    assert unborne("平台应当在一天内退还押金。", evidence) == {Figure("1", "day")}
    assert unborne("用户应当在 168 小时内通知平台。", evidence) == {Figure("168", "hour")}


def test_a_bound_that_another_clause_sets_is_not_borne_where_the_words_around_it_set_the_opposite_one() -> None:
    evidence = "停电持续 30 日以上的，租户有权解除合同。\n租户退租的，房东应当在收回房屋后 30 日以内返还押金。"
    assert unborne("停电持续 30 日以上的，租户有权解除合同。", evidence) == set()
    assert unborne("房东应当在收回房屋后一个月以内返还押金。", evidence) == {Figure("1", "month")}
    assert unborne("房东应当在收回房屋后 30 日以内返还押金。", evidence) == set()
    assert unborne("停电持续 30 日以内的，租户有权解除合同。", evidence) == {Figure("30", "day")}


def test_a_text_without_its_figures_keeps_what_is_counted_in_no_known_unit() -> None:
    assert without_figures("开通后七天内退还 3 份押金，2022 年 8 月 15 日起").split() == ["开通后", "内退还", "份押金,", "起"]
    assert without_figures("3-5 个工作日内处理").split() == ["内处理"]
    assert without_figures("within thirty working days, see 7.2.3").split() == ["within", ",", "see"]


def test_the_amounts_of_a_table_belong_to_their_row_in_other_units_too() -> None:
    table = "可用性 | 赔偿\n低于 99%但不低于 95% | 两个月\n低于 95% | 十二个月"
    assert unborne("可用性低于 95% 的，赔偿一年。", table) == set()
    assert unborne("可用性低于 99% 的，赔偿一年。", table)


@pytest.mark.parametrize(
    "text", ["统一周期内", "周一周二", "一两周", "users under 18 may not", "the third quarter of 2022", "万一", "半导体", "上半年"]
)
def test_what_is_no_amount_is_not_read_as_one(text: str) -> None:
    assert not {figure for figure in figures(text) if figure.measure and figure.measure != "age"}
