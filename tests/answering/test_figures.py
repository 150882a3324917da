from __future__ import annotations

import pytest

from answering.figures import Figure, figures, unborne


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
