"""What is read out of an agreement's text for a person to confirm."""

from __future__ import annotations

import pytest

from retrieval.clause import Agreement
from retrieval.facts import Fact, FactKind
from retrieval.library import Library
from retrieval.parsing import parse
from retrieval.proposals import facts_read, proposed
from retrieval.reading import lines_of

_OURS = Agreement("ours", "蓝海云盘服务协议", ("蓝海云盘服务协议",), (), "ours.txt", "测试", relations=())
_BASE = Agreement("base", "蓝海通用协议", ("蓝海通用",), ("客户",), "base.txt", "测试")


def _read(text: str, agreement: Agreement = _OURS) -> list[Fact]:
    clauses = parse(lines_of(text), agreement=agreement.key, title=agreement.title).clauses
    return facts_read(agreement, clauses, [_BASE])


def _values(facts: list[Fact], *kinds: FactKind) -> list[str]:
    return [fact.value for fact in facts if fact.kind in kinds]


@pytest.mark.parametrize(
    ("text", "parties"),
    [
        ("1.1 本协议是您与蓝海公司之间关于使用云盘所订立的协议。蓝海公司提供云盘。", ["您", "蓝海公司"]),
        (
            "1.1 本协议由用户（以下简称“您”）与杭州蓝海科技有限公司（以下简称“蓝海”）共同缔结。",
            ["用户（您）", "杭州蓝海科技有限公司"],
        ),
        (
            "甲方（用人单位）：杭州蓝海科技有限公司\n\n乙方（劳动者）：______\n\n1.1 守约。",
            ["甲方（杭州蓝海科技有限公司）", "乙方（劳动者）"],
        ),
        ("杭州蓝海科技有限公司（以下简称“我们”）尊重您的隐私。\n\n1.1 守约。", ["杭州蓝海科技有限公司"]),
        ("1.1 任何一方与第三方之间的争议与本协议无关。甲方应当付款，乙方应当发货。", []),
    ],
    ids=["between", "concluded by", "roles", "we", "none"],
)
def test_the_parties_are_named_in_the_words_of_the_text(text: str, parties: list[str]) -> None:
    assert _values(_read(text), FactKind.PARTY) == parties


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("更新日期：2022年8月15日\n\n生效日期：2022-09-01\n\n1.1 守约。", {"updated": "2022-08-15", "effective": "2022-09-01"}),
        ("最近更新时间：2022/10/8 14:32\n\n1.1 守约。", {"updated": "2022-10-08"}),
        ("1.1 守约。\n\n1.2 本协议自二〇二四年十月一日起施行。", {"effective": "2024-10-01"}),
        ("签订日期：2024 年 2 月 30 日\n\n1.1 守约。", {}),
        ("签订日期：____年__月__日\n\n1.1 守约。", {}),
        ("1.1 服务于2024年1月1日停止，生效后不退。\n\n1.2 2023年5月1日，甲方付款。", {}),
    ],
    ids=["labels", "a time", "in words", "no such day", "blank", "other dates"],
)
def test_only_the_dates_of_the_agreement_itself_are_read(text: str, dates: dict[str, str]) -> None:
    kinds = (FactKind.SIGNED, FactKind.UPDATED, FactKind.EFFECTIVE)
    assert {fact.kind.value: fact.value for fact in _read(text) if fact.kind in kinds} == dates


def test_two_dates_of_one_kind_are_none() -> None:
    clauses = "\n\n".join(f"1.{at} 守约。" for at in range(1, 9))
    assert not _values(_read(f"{clauses}\n\n1.9 更新日期：2022年8月15日。\n\n1.10 更新日期：2023年8月15日。"), FactKind.UPDATED)


def test_a_name_is_a_product_of_the_title_and_nobody_elses() -> None:
    text = "1.1 蓝海云盘软件由我们提供。\n\n1.2 您使用蓝海云盘时应当守约。"
    assert _values(_read(text), FactKind.NAME) == ["蓝海云盘"]
    taken = Agreement("other", "别的协议", ("蓝海云盘",), (), "o.txt", "测试")
    clauses = parse(lines_of(text), agreement="ours", title=_OURS.title).clauses
    assert not _values(facts_read(_OURS, clauses, [taken]), FactKind.NAME)
    for title in ("用户服务协议", "设备采购合同", "隐私政策"):
        named = Agreement("x", title, (title,), (), "x.txt", "测试")
        assert not _values(_read("1.1 用户服务由设备采购平台提供。", named), FactKind.NAME)


def test_relations_stand_with_titles_and_their_clause() -> None:
    facts = _read("1.1 本协议是《蓝海通用协议》的补充协议，与其不一致的，以本协议为准。\n\n1.2 本协议为《主合同》不可分割的组成部分。")
    assert [(fact.kind.value, fact.value, fact.clause) for fact in facts if fact.kind is FactKind.SUPPLEMENTS] == [
        ("supplement_of", "蓝海通用协议", "1.1"),
        ("supplement_of", "主合同", "1.2"),
    ]
    assert _values(facts, FactKind.PREVAILS) == ["蓝海通用协议"]


def test_terms_are_nouns_that_the_text_defines() -> None:
    facts = _read(
        "1.1 本协议所称“云盘空间”是指存放文件的空间。\n\n1.2 前款规定的费用是指月费。\n\n1.3 个人账号（以下简称“账号”）归您使用。"
    )
    assert _values(facts, FactKind.TERM) == ["云盘空间", "账号"]


def test_what_is_known_is_not_proposed_again() -> None:
    read = _read("更新日期：2022年8月15日\n\n1.1 本协议是您与蓝海公司之间所订立的协议。蓝海公司守约。")
    known = Agreement("ours", _OURS.title, _OURS.names, ("您", "蓝海公司"), "f", "f", updated="2021-01-01", relations=())
    assert {fact.kind for fact in proposed(_OURS, read, [])} == {FactKind.PARTY, FactKind.UPDATED}
    assert proposed(known, read, []) == []
    assert proposed(_OURS, read, read) == []


def test_of_the_shipped_texts_nothing_is_read_that_the_catalog_does_not_say(shipped: Library) -> None:
    others = shipped.agreements
    for agreement in others:
        facts = facts_read(agreement, shipped.clauses([agreement.key]), others)
        said = {name for name in agreement.names if name in agreement.title}
        assert all(any(name in value or value in name for name in said) for value in _values(facts, FactKind.NAME))
        dates = {"updated": agreement.updated, "effective": agreement.effective}
        assert {fact.kind.value: fact.value for fact in facts if fact.kind.value in dates} == {k: v for k, v in dates.items() if v}
        titles = {other.key: other.title for other in others}
        supplements = _values(facts, FactKind.SUPPLEMENTS)
        assert set(supplements) <= {titles.get(name, name) for name in agreement.supplements}
        assert len(_values(facts, FactKind.PARTY)) == 2
