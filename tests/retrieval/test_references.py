from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from retrieval.addresses import addresses_in
from retrieval.clause import Agreement, Clause
from retrieval.library import Library
from retrieval.parsing import parse
from retrieval.reading import lines_of
from retrieval.references import Reference, References, dangling, references_of

# What a reader finds in the five agreements: (agreement, clause, words, whose, clauses), in reading order. Made by hand from the
# texts. A document we do not hold has its title for a key and no clauses.
_BY_HAND: list[tuple[str, str, str, str, str]] = [
    ("qidian", "前言", "《腾讯企业级产品及服务直销协议》", "qidian", ""),
    ("qidian", "前言", "《 腾讯服务协议 》", "腾讯服务协议", ""),
    ("qidian", "前言", "《 腾讯企点软件许可及服务协议 》", "腾讯企点软件许可及服务协议", ""),
    ("qidian", "前言", "第十一条", "qidian", "第十一条"),
    ("qidian", "3.1", "《企点服务软件及许可服务协议》", "企点服务软件及许可服务协议", ""),
    ("qidian", "3.1", "《企点分析软件及许可服务协议》", "企点分析软件及许可服务协议", ""),
    ("qidian", "3.1", "《企点电话软件及许可服务协议》", "企点电话软件及许可服务协议", ""),
    ("qidian", "4.10", "本条款", "qidian", "4.10"),
    ("qidian", "11.1", "《腾讯服务协议》", "腾讯服务协议", ""),
    ("qidian", "11.1", "《企点服务软件及许可服务协议》", "企点服务软件及许可服务协议", ""),
    ("qidian", "11.1", "《企点电话软件及许可服务协议》", "企点电话软件及许可服务协议", ""),
    ("qidian", "11.1", "《企点分析软件及许可服务协议》", "企点分析软件及许可服务协议", ""),
    ("wework", "前言", "《腾讯企业微信软件许可及服务协议》", "wework", ""),
    ("wework", "前言", "《腾讯服务协议》", "腾讯服务协议", ""),
    ("wework", "前言", "《腾讯微信软件许可及服务协议》", "腾讯微信软件许可及服务协议", ""),
    ("wework", "1.2", "《腾讯服务协议》", "腾讯服务协议", ""),
    ("wework", "2.3.3", "本条", "wework", "2.3"),
    ("wework", "6.10", "《企业微信隐私保护指引》", "企业微信隐私保护指引", ""),
    ("wework", "7.1.1", "《腾讯微信软件许可及服务协议》", "腾讯微信软件许可及服务协议", ""),
    ("wework", "7.1.1", "《腾讯企业邮箱服务协议》", "腾讯企业邮箱服务协议", ""),
    ("wework", "7.1.1", "《微信公众平台服务协议》", "微信公众平台服务协议", ""),
    ("wework", "7.1.1", "《企业微信用户帐号使用规范》", "企业微信用户帐号使用规范", ""),
    ("wework", "7.2.2.3", "该条款", "wework", "7.2.2"),
    ("wework", "7.2.3", "《微信支付用户服务协议》", "微信支付用户服务协议", ""),
    ("wework", "7.2.3", "《微信支付服务协议》", "微信支付服务协议", ""),
    ("wework", "7.2.3", "《微信支付商户平台使用协议》", "微信支付商户平台使用协议", ""),
    ("wework", "8.1.1", "本条", "wework", "8.1"),
    ("wework", "8.1.2.1（11）", "《即时通信工具公众信息服务发展管理暂行规定》", "即时通信工具公众信息服务发展管理暂行规定", ""),
    ("lexiang", "前言", "《腾讯乐享平台服务协议》", "lexiang", ""),
    ("lexiang", "前言", "《腾讯服务协议》", "腾讯服务协议", ""),
    ("lexiang", "前言", "《儿童隐私保护声明》", "儿童隐私保护声明", ""),
    ("lexiang", "前言", "《儿童隐私保护声明》", "儿童隐私保护声明", ""),
    ("lexiang", "1.3.1", "《腾讯服务协议》", "腾讯服务协议", ""),
    ("lexiang", "1.3.1", "《腾讯企业微信软件许可及服务协议》", "wework", ""),
    ("lexiang", "2.2.4", "前述“企业账号”和“企业账号”", "lexiang", "2.2.2"),
    ("lexiang", "2.3.2", "本条", "lexiang", "2.3"),
    ("lexiang", "4.4.1", "本条", "lexiang", "4.4"),
    ("lexiang", "4.4.2.5", "前述约定", "lexiang", "4.4.2"),
    ("lexiang", "4.5.14", "前述约定", "lexiang", "4.5"),
    ("lexiang", "5.2.1", "《腾讯乐享隐私保护指引》", "腾讯乐享隐私保护指引", ""),
    ("lexiang", "5.2.5", "《腾讯乐享隐私保护指引》", "腾讯乐享隐私保护指引", ""),
    ("archive", "前言", "《腾讯企业微信会话内容存档功能服务协议》", "archive", ""),
    ("archive", "前言", "《腾讯企业微信软件许可及服务协议》", "wework", ""),
    ("archive", "1.2", "《腾讯企业微信软件许可及服务协议》", "wework", ""),
    ("archive", "1.3", "通用服务协议", "wework", ""),
    ("archive", "2.2", "腾讯协议", "wework", ""),
    ("archive", "2.3.2", "通用服务协议 (https://work.weixin.qq.com/nl/eula) 第 14.1 条", "wework", "14.1"),
    ("archive", "4.1", "通用服务协议关于“用户信息及个人信息保护”", "wework", "六"),
    ("archive", "4.2.7", "《网络安全法》", "网络安全法", ""),
    ("archive", "4.2.7", "《数据安全法》", "数据安全法", ""),
    ("archive", "4.2.7", "《个人信息保护法》", "个人信息保护法", ""),
    ("archive", "5.2.3", "本协议 7.2.3", "archive", "7.2.3"),
    ("archive", "5.2.3", "条款 2.3.1", "archive", "2.3.1"),
    ("archive", "6.1（3）", "本协议第五条", "archive", "五"),
    ("archive", "6.2（1）", "上述 6.1 条", "archive", "6.1"),
    ("archive", "6.2（1）", "附件《企业微信会话内容存档功能服务水平协议》", "archive", "附件"),
    ("archive", "7.2.3（2）", "条款 2.3.1", "archive", "2.3.1"),
    ("archive", "7.2.3（2）", "第六条", "archive", "六"),
    ("archive", "7.2.3（2）", "本协议 2.3 条", "archive", "2.3"),
    ("archive", "8.5", "上述限制条款", "archive", "8.2 8.3 8.4"),
    ("archive", "12.1", "通用服务协议", "wework", ""),
    ("archive", "12.1", "本协议附件", "archive", "附件"),
    ("archive", "12.1", "通用服务协议", "wework", ""),
    ("archive", "附件/5.1", "上述服务时段", "archive", "附件/4"),
    ("archive", "附件/5.2", "上述服务时段", "archive", "附件/4"),
    ("archive", "附件/5.3.2", "本协议第 5.4 条", "archive", "附件/5.4"),
    ("weka", "前言", "《软件许可及服务协议》", "weka", ""),
    ("weka", "前言", "《腾讯服务协议》", "腾讯服务协议", ""),
    ("weka", "前言", "《儿童隐私保护声明》", "儿童隐私保护声明", ""),
    ("weka", "前言", "《儿童隐私保护声明》", "儿童隐私保护声明", ""),
    ("weka", "1.3.1", "《腾讯服务协议》", "腾讯服务协议", ""),
    ("weka", "1.3.1", "《腾讯微信软件许可及服务协议》", "腾讯微信软件许可及服务协议", ""),
    ("weka", "1.3.1", "《腾讯企业微信软件许可及服务协议》", "wework", ""),
    ("weka", "2.2.4", "前述“企业账号”和“企业账号”", "weka", "2.2.1"),
    ("weka", "2.3.2", "本条", "weka", "2.3"),
    ("weka", "4.4.1", "本条", "weka", "4.4"),
    ("weka", "4.4.2.5", "前述约定", "weka", "4.4.2"),
    ("weka", "4.5.14", "前述约定", "weka", "4.5"),
    ("weka", "5.2.1", "《腾讯微卡隐私保护指引》", "腾讯微卡隐私保护指引", ""),
    ("weka", "5.2.5", "《腾讯微卡隐私保护指引》", "腾讯微卡隐私保护指引", ""),
]
# 该条款 may also be a clause just spoken of (任一条款无效的，该条款…); 8.1, a definition, restricts nothing, which is not told.
_MISSED = [("wework", "7.2.2.3", "该条款", "wework", "7.2.2"), ("archive", "8.5", "上述限制条款", "archive", "8.2 8.3 8.4")]
_TOO_MUCH = [("archive", "8.5", "上述限制条款", "archive", "8.1 8.2 8.3 8.4")]

_OURS = Agreement("ours", "蓝海仓储服务协议", ("蓝海仓储",), ("客户", "蓝海科技有限公司"), "ours.txt", "测试")
_THEIRS = Agreement("theirs", "蓝海云盘许可协议", ("蓝海云盘",), ("客户", "蓝海科技有限公司"), "theirs.txt", "测试")
_THEIR_TEXT = """第一条 总则

1.1 为使用云盘，应遵守《蓝海云盘平台许可协议》（以下简称“本协议”）。

1.2 乙方应交货。

第二条 保密

2.1 双方保密。
"""


def _clauses(text: str, agreement: Agreement = _OURS) -> list[Clause]:
    return list(parse(lines_of(text), agreement=agreement.key, title=agreement.title).clauses)


def _read(text: str) -> dict[str, list[Reference]]:
    """The references in a text of ours, beside which theirs is held, by clause id."""
    clauses = [*_clauses(text), *_clauses(_THEIR_TEXT, _THEIRS)]
    return {clause.id: references_of(clause, [_OURS, _THEIRS], clauses) for clause in clauses if clause.agreement == "ours"}


def _said(references: Sequence[Reference]) -> list[tuple[str, str, str]]:
    return [(reference.text, reference.agreement, " ".join(reference.clauses)) for reference in references]


_BODY = """第一条 付款

1.1 甲方应在三十日内付款。

1.2 甲方逾期的，应付违约金。

1.3 {}

第二条 责任

2.1 甲方不得从事下列行为：

（1）转让；

（2）出租；

（3）转借。

2.2 乙方的责任如下。

第三条 附则

双方应当友好协商。
协商不成的，提交法院。
"""


def _in_body(sentence: str) -> list[tuple[str, str, str]]:
    return _said(_read(_BODY.format(sentence))["1.3"])


def test_the_references_of_the_shipped_agreements_are_those_a_reader_finds(shipped: Library) -> None:
    clauses = shipped.clauses()
    references = References(shipped.agreements, clauses)
    found = [(clause.agreement, clause.id, *said) for clause in clauses for said in _said(references.of(clause))]
    assert sorted((Counter(_BY_HAND) - Counter(found)).elements()) == sorted(_MISSED)
    assert sorted((Counter(found) - Counter(_BY_HAND)).elements()) == _TOO_MUCH


def test_the_shipped_agreements_have_no_dangling_reference(shipped: Library) -> None:
    assert dangling(shipped.clauses(), shipped.agreements) == []


def test_a_clause_taken_out_of_a_shipped_agreement_leaves_the_reference_to_it_dangling(shipped: Library) -> None:
    clauses = [clause for clause in shipped.clauses() if clause.ref != ("wework", "14.1")]
    assert [(clause.ref, reference.text[-8:], reference.agreement) for clause, reference in dangling(clauses, shipped.agreements)] == [
        (("archive", "2.3.2"), "第 14.1 条", "wework")
    ]


def test_the_span_of_a_reference_is_where_its_words_stand(shipped: Library) -> None:
    clauses = shipped.clauses()
    references = References(shipped.agreements, clauses)
    for clause in clauses:
        for reference in references.of(clause):
            assert clause.text[slice(*reference.span)] == reference.text


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("依据本协议 1.2 终止。", [("本协议 1.2", "ours", "1.2")]),
        ("按上述 1.1 条办理。", [("上述 1.1 条", "ours", "1.1")]),
        ("根据条款 2.2 的规定办理。", [("条款 2.2", "ours", "2.2")]),
        ("1.1的规定除外。", [("1.1", "ours", "1.1")]),
        ("另有规定，2.2的规定除外。", [("2.2", "ours", "2.2")]),
        ("适用第二条和第三条。", [("第二条", "ours", "第二条"), ("第三条", "ours", "第三条")]),
        ("适用第二、三条。", [("第二", "ours", "第二条"), ("三条", "ours", "第三条")]),
        ("适用第2条。", [("第2条", "ours", "第二条")]),
        ("违反 1.1、1.2 和 2.2 条。", [("1.1", "ours", "1.1"), ("1.2", "ours", "1.2"), ("2.2 条", "ours", "2.2")]),
        ("第1.1条至第1.3条适用。", [("第1.1条至第1.3条", "ours", "1.1 1.2 1.3")]),
        ("按1.1至1.2执行。", [("1.1至1.2", "ours", "1.1 1.2")]),
        ("第一条至第三条适用。", [("第一条至第三条", "ours", "第一条 第二条 第三条")]),
        ("第二条第一款第（二）项除外。", [("第二条第一款第（二）项", "ours", "2.1（2）")]),
        ("第2.1条第（1）项、第（3）项除外。", [("第2.1条第（1）项", "ours", "2.1（1）"), ("第（3）项", "ours", "2.1（3）")]),
        ("按第二条第 2.1 条执行。", [("第二条第 2.1 条", "ours", "2.1")]),
        ("违反 2.1（2）的约定。", [("2.1（2）", "ours", "2.1（2）")]),
        ("第三条第二款适用。", [("第三条第二款", "ours", "第三条")]),
        ("前款所述除外。", [("前款", "ours", "1.2")]),
        ("前两款所述除外。", [("前两款", "ours", "1.1 1.2")]),
        ("上述约定不适用于赠品。", [("上述约定", "ours", "1.1 1.2")]),
        ("本条所述款项不含税。", [("本条", "ours", "第一条")]),
        ("本条款不适用。", [("本条款", "ours", "1.3")]),
        ("本条第二款除外。", [("本条第二款", "ours", "1.2")]),
        ("依据“责任”条款办理。", [("“责任”条款", "ours", "第二条")]),
        ("该金额的计算见 1.1 个人部分。", [("1.1", "ours", "1.1")]),
        ("依照《蓝海云盘许可协议》第1.2条。", [("《蓝海云盘许可协议》第1.2条", "theirs", "1.2")]),
        ("依照《蓝海云盘许可协议》（2024版）的第二条和 2.1 条。", [
            ("《蓝海云盘许可协议》（2024版）的第二条", "theirs", "第二条"),
            ("2.1 条", "theirs", "2.1"),
        ]),
        ("《蓝海云盘许可协议》（下称“许可协议”）另行签订，许可协议第二条适用。", [
            ("《蓝海云盘许可协议》", "theirs", ""),
            ("许可协议第二条", "theirs", "第二条"),
        ]),
        ("依照《蓝海云盘许可协议》关于“保密”的约定。", [("《蓝海云盘许可协议》关于“保密”", "theirs", "第二条")]),
        ("《蓝海云盘许可协议》已签订，该协议第二条适用。", [
            ("《蓝海云盘许可协议》", "theirs", ""),
            ("该协议第二条", "theirs", "第二条"),
        ]),
        ("依照《民法典》第五百零一条。", [("《民法典》第五百零一条", "民法典", "")]),
    ],
)  # fmt: skip
def test_a_reference_is_found_however_it_is_written(sentence: str, said: list[tuple[str, str, str]]) -> None:
    assert _in_body(sentence) == said


@pytest.mark.parametrize(
    "sentence",
    [
        "服务时间为 7x24 小时，8:00-18:00 有人工客服。",
        "未满 18 周岁的，可用性不低于 99.90%，每月 1.5 元。",
        "本协议于2022年8月15日生效，更新于 2022.8.15。",
        "按照 2.5 倍、根据 0.5‰ 以及按 1.1 元计算。",
        "符合 TLS 1.2 的要求，版本 1.1 的规定，iOS 12.1 的约定。",
        "第三方、第二类电信业务、第一时间、第十二个月、第2.0版、第二款产品。",
        "三条规则、两款产品、5.2 项服务，第五条例、第一项目。",
        "服务器在 127.0.0.1，见 https://example.com/1.2/5.4 ，邮箱 a1.2@b.com。",
        "依照民法典第五百条、网络安全法第二十一条办理。",
        "补充协议第二条另有约定的除外，原合同第 1.1 条失效。",
        "本条消息、本条例、线上条款、提前款项、网上条例。",
        "通过前述方式通知，违反上述情形的除外。",
        "邮件附件中的文件。",
        "第九款所述。",
    ],
)
def test_what_only_looks_like_a_reference_is_left_alone(sentence: str) -> None:
    assert _in_body(sentence) == []


def test_a_reference_to_what_is_not_there_is_dangling() -> None:
    text = _BODY.format("适用第九条、第2.3条、第1.2条至第1.9条、第二条第五项、附件二和《蓝海云盘许可协议》第八条；《他人协议》第八条除外。")
    clauses = [*_clauses(text), *_clauses(_THEIR_TEXT, _THEIRS)]
    found = dangling(clauses, [_OURS, _THEIRS])
    assert [(reference.text, reference.agreement, reference.clauses) for _, reference in found] == [
        ("第九条", "ours", ()),
        ("第2.3条", "ours", ()),
        ("第1.2条至第1.9条", "ours", ("1.2", "1.3")),
        ("第二条第五项", "ours", ()),
        ("附件二", "ours", ()),
        ("《蓝海云盘许可协议》第八条", "theirs", ()),
    ]
    assert {clause.id for clause, _ in found} == {"1.3"}


_WITH_ANNEXES = """一、服务

1.1 服务标准见附件一，赔偿按附件二第2条，名称见附件《蓝海赔偿标准》。

1.2 甲方应当付款，见第 2 条。

二、费用

2.1 按月付费。

附件一：服务标准

1. 可用性

可用性见本协议第2条和第1.2条，亦适用主协议第二条。

2. 响应

本附件的时限按小时计。

附件二：蓝海赔偿标准

1. 范围

按上述服务标准计。

2. 金额

每日一元。
"""


def test_in_an_annex_a_number_is_the_annexs_own_where_it_has_it_and_in_the_body_the_bodys() -> None:
    read = _read(_WITH_ANNEXES)
    assert _said(read["1.1"]) == [
        ("附件一", "ours", "附件一"),
        ("附件二第2条", "ours", "附件二/2"),
        ("附件《蓝海赔偿标准》", "ours", "附件二"),
    ]
    assert _said(read["1.2"]) == [("第 2 条", "ours", "二")]
    assert _said(read["附件一/1"]) == [
        ("本协议第2条", "ours", "附件一/2"),
        ("第1.2条", "ours", "1.2"),
        ("主协议第二条", "ours", "二"),
    ]
    assert _said(read["附件一/2"]) == [("本附件", "ours", "附件一")]


def test_a_number_printed_twice_means_both_clauses() -> None:
    read = _read("一、付款\n\n1.1 甲方付款。\n\n1.2 乙方发货。\n\n1.2 乙方开票。\n\n1.3 违反第1.2条的，应当赔偿。\n")
    assert _said(read["1.3"]) == [("第1.2条", "ours", "1.2 1.2#2")]


def test_an_article_is_not_the_entry_of_a_list_that_has_its_number() -> None:
    read = _read("一、付款\n\n1、甲方付款。\n\n2、乙方开票。\n\n二、责任\n\n1、违反第二条、第一条第2款的，应当赔偿。\n")
    assert _said(read["二（1）"]) == [("第二条", "ours", "二"), ("第一条第2款", "ours", "一（2）")]


def test_an_article_is_that_of_the_chapter_named_with_it() -> None:
    read = _read("第一章 付款\n\n第一条 期限\n\n三十日。\n\n第二章 责任\n\n第一条 赔偿\n\n违反第一章第一条的，应当赔偿。\n")
    assert _said(read["第一条#2"]) == [("第一章第一条", "ours", "第一条")]


def test_an_agreement_is_known_by_the_title_it_gives_itself_and_without_the_companys_name() -> None:
    text = "一、付款\n\n1.1 {}\n"
    for title in ("《蓝海云盘平台许可协议》", "《云盘平台许可协议》"):
        assert _said(_read(text.format(f"遵守{title}。"))["1.1"]) == [
            (title, "theirs" if title.startswith("《蓝海") else "云盘平台许可协议", "")
        ]
    assert _said(_read(text.format("遵守《蓝海 云盘许可协议》。"))["1.1"]) == [("《蓝海 云盘许可协议》", "theirs", "")]


def test_titles_that_could_be_anybodys_or_another_products_are_not_taken_for_an_agreement_we_hold(shipped: Library) -> None:
    clauses = shipped.clauses()
    spoken = next(clause for clause in clauses if clause.ref == ("qidian", "3.1"))
    titles = {
        "腾讯乐享平台服务协议": "lexiang",
        "企业微信软件许可及服务协议": "wework",
        "腾讯微信软件许可及服务协议": "腾讯微信软件许可及服务协议",
        "微信软件许可及服务协议": "微信软件许可及服务协议",
        "软件许可及服务协议": "软件许可及服务协议",
        "腾讯服务协议": "腾讯服务协议",
        "服务协议": "服务协议",
    }
    for title, meant in titles.items():
        asking = Clause("qidian", "x", "x", 1, spoken.kind, 2, None, "", f"遵守《{title}》。", False, "x")
        assert [reference.agreement for reference in references_of(asking, shipped.agreements, clauses)] == [meant]


def test_a_short_name_holds_only_in_the_agreement_that_gives_it() -> None:
    ours = _clauses("一、付款\n\n1.1 遵守《蓝海云盘许可协议》（以下简称“许可协议”）。\n\n1.2 许可协议第二条适用。\n")
    theirs = _clauses("一、总则\n\n1.1 许可协议第二条适用。\n\n二、保密\n\n2.1 双方保密。\n", _THEIRS)
    both = [*ours, *theirs]
    assert [_said(references_of(clause, [_OURS, _THEIRS], both)) for clause in both if clause.text.startswith("许可协议")] == [
        [("许可协议第二条", "theirs", "二")],
        [("第二条", "theirs", "二")],
    ]


def test_a_collective_name_means_every_title_it_gathers() -> None:
    read = _read("一、付款\n\n1.1 遵守《蓝海云盘许可协议》、《他人协议》等（以下合称“相关协议”）。\n\n1.2 违反相关协议的，应当赔偿。\n")
    assert _said(read["1.2"]) == [("相关协议", "theirs", ""), ("相关协议", "他人协议", "")]


def test_a_closing_paragraph_of_a_list_that_says_the_above_means_the_list() -> None:
    read = _read(
        "一、行为\n\n1.1 甲方不得从事下列行为：\n\n1.1.1 转让；\n\n1.1.2 出租。\n\n违反前述约定的，乙方可以终止。按照前述约定终止的，不退款。\n"
    )
    assert _said(read["1.1.2"]) == [("前述约定", "ours", "1.1")]


_PIECES = [
    *"第 条 款 项 （1） (a ) 一 十二 1.1 2.1 9.9 3 至 、 和 本 前 上述 约定 附件 《蓝海云盘许可协议》 《 》 本协议 的 。 “责任” 见".split(),
    *"（以下简称“甲”） https://a.b/1.1 民法典 該協議 第二条 第一款 （2）项".split(),
    "\n",
    " ",
]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_a_text_says_its_references_stand_in_it_in_order_and_name_clauses_that_are_there(seed: int) -> None:
    random = Random(seed)
    clauses = _clauses(_BODY.format("双方守约。"))
    ids = {clause.id for clause in clauses}
    for _ in range(20):
        text = "".join(random.choices(_PIECES, k=random.randrange(24)))
        changed = [replace(clause, text=text) if clause.id == "1.3" else clause for clause in clauses]
        asking = next(clause for clause in changed if clause.id == "1.3")
        found = references_of(asking, [_OURS], changed)
        assert all(before.span[1] <= after.span[0] for before, after in pairwise(found)), text
        for reference in found:
            assert reference.text == text[slice(*reference.span)]
            assert set(reference.clauses) <= ids
            assert reference.clauses or not reference.resolved


@pytest.mark.parametrize("seed", range(20))
def test_figures_without_words_are_no_clause_numbers(seed: int) -> None:
    random = Random(seed)
    for _ in range(20):
        text = "".join(random.choices("0123456789. ，年月日元%x：-", k=40))
        assert addresses_in(text) == [], text
