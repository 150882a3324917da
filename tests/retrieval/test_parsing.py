"""The five shipped agreements, each with what makes it hard, and small texts with one difficulty each."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from retrieval.catalog import load_catalog
from retrieval.clause import Clause, Kind
from retrieval.numbering import number_at
from retrieval.parsing import Parsed, parse
from retrieval.reading import lines_of, read_text

_AGREEMENTS = Path(__file__).parents[2] / "agreements"
_KEYS = ("qidian", "wework", "lexiang", "archive", "weka")


@cache
def _source(key: str) -> str:
    return read_text(_AGREEMENTS / f"{key}.txt")


@cache
def _shipped(key: str) -> Parsed:
    title = next(agreement.title for agreement in load_catalog(_AGREEMENTS / "catalog.toml") if agreement.key == key)
    return parse(lines_of(_source(key)), agreement=key, title=title)


def _clause(key: str, clause_id: str) -> Clause:
    (found,) = [clause for clause in _shipped(key).clauses if clause.id == clause_id]
    return found


def _parse(text: str) -> Parsed:
    return parse(lines_of(text), agreement="made", title="服务协议")


def _outline(text: str) -> list[str]:
    """Ids in reading order, each under its parent."""
    return [f"{clause.parent or ''}>{clause.id}" for clause in _parse(text).clauses]


def _texts(text: str) -> dict[str, str]:
    return {clause.id: clause.content for clause in _parse(text).clauses}


# The five that ship


@pytest.mark.parametrize(
    ("key", "kinds"),
    [
        ("qidian", {"article": 11, "clause": 63, "definition": 14, "item": 33, "preamble": 1}),
        ("wework", {"article": 14, "clause": 143, "item": 12, "preamble": 1, "closing": 1}),
        ("lexiang", {"article": 13, "clause": 120, "item": 11, "preamble": 1, "closing": 1}),
        ("archive", {"article": 18, "clause": 68, "item": 20, "preamble": 1, "annex": 1, "table": 1, "closing": 1}),
        ("weka", {"article": 13, "clause": 116, "item": 11, "preamble": 1, "closing": 1}),
    ],
)
def test_every_clause_of_a_shipped_agreement_is_there_and_of_its_kind(key: str, kinds: dict[str, int]) -> None:
    assert Counter(clause.kind.value for clause in _shipped(key).clauses) == kinds


@pytest.mark.parametrize("key", _KEYS)
def test_the_numbers_are_those_at_the_beginning_of_the_printed_lines(key: str) -> None:
    """Counted again without the parser: 4.7, 4.7在, **2.3.1 and - 1.1 begin clauses, whatever else the line holds."""
    beginnings = [re.match(r"[\s#*|-]*(\d+(?:\.\d+)+)", line) for line in _source(key).splitlines()]
    printed = Counter(found.group(1) for found in beginnings if found)
    dotted = [clause for clause in _shipped(key).clauses if re.fullmatch(r"\d+(\.\d+)+", clause.number)]
    assert Counter(clause.number for clause in dotted) == printed


@pytest.mark.parametrize("key", _KEYS)
def test_every_character_is_in_exactly_one_clause_or_left_out_for_a_reason(key: str) -> None:
    parsed = _shipped(key)
    kept = Counter[str]()
    for clause in parsed.clauses:
        if clause.kind not in (Kind.PREAMBLE, Kind.TABLE, Kind.CLOSING):  # these have names, not printed numbers
            kept.update(_characters(clause.number))
        kept.update(_characters(clause.content))
    for entry in parsed.furniture:
        kept.update(_characters(_without_separator(entry.text)))
    assert kept == Counter(_characters("\n".join(_without_separator(line) for line in _source(key).splitlines())))


def _characters(text: str) -> str:
    """The characters of a text without white space, control characters and marks of Markdown and layout."""
    linked = re.sub(r"\]\([^()\s]*\)", "]", text)
    return "".join(char for char in linked if char not in "#*|-【】[]<>\\" and unicodedata.category(char)[0] not in "ZC")


def _without_separator(line: str) -> str:
    """A printed line without the mark between its number and its text, which belongs to neither: 一、 1. 附件："""
    return re.sub(r"^([\s#*-]*(?:[一二三四五六七八九十]+(?=、)|\d+(?=\.\s)|附件(?=：)))[、.：]", r"\1", line)


@pytest.mark.parametrize("key", _KEYS)
def test_every_clause_has_its_own_id_and_a_parent_before_it(key: str) -> None:
    seen: dict[str, Clause] = {}
    for clause in _shipped(key).clauses:
        assert clause.id not in seen
        assert clause.level == (seen[clause.parent].level + 1 if clause.parent else 1)
        seen[clause.id] = clause


@pytest.mark.parametrize("key", _KEYS)
def test_a_label_names_the_agreement_and_the_number(key: str) -> None:
    title = next(agreement.title for agreement in load_catalog(_AGREEMENTS / "catalog.toml") if agreement.key == key)
    for clause in _shipped(key).clauses:
        assert clause.label.startswith(f"《{title}》")
        number = number_at(f"{clause.number} 甲") or number_at(f"{clause.number}、甲")
        assert (number.canonical if number else clause.number) in clause.label
    labels = [clause.label for clause in _shipped(key).clauses]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("key", _KEYS)
def test_a_dotted_clause_hangs_under_the_number_it_continues(key: str) -> None:
    """4.4.2.1 under 4.4.2, 4.4 under the fourth article, in whichever order they are printed."""
    by_id = {clause.id: clause for clause in _shipped(key).clauses}
    for clause in by_id.values():
        if re.fullmatch(r"\d+(\.\d+)+", clause.number):
            assert clause.parent is not None
            above = by_id[clause.parent]
            parts = clause.number.split(".")
            if len(parts) > 2:
                assert above.number == ".".join(parts[:-1])
            else:
                number = number_at(f"{above.number} 甲") or number_at(f"{above.number}、甲") or number_at(f"{above.number}. 甲")
                assert number is not None
                assert number.path == (int(parts[0]),)


@pytest.mark.parametrize(
    ("number", "term", "begins"),
    [
        ("1.1", "企点客服-在线客服", "是帮助各类企业搭建与客户之间，以即时沟通为基础"),
        ("1.2", "企点客服-电话客服", "是帮助各类企业搭建与客户之间，在语音通信的基础上"),
        ("1.3", "腾讯企点", "是帮助企业提升生意转化率的 SaaS 级社会化客户关系管理平台"),
        ("1.4", "智能客服产品", "指帮助企业提升客服效率，减少自动接待需求的人工成本"),
        ("1.5", "企点工单产品", "指帮助企业高效的跨部门协作解决客户服务问题"),
        ("1.6", "企点客服-客户通产品", "是基于腾讯企点及企业微信打造的微信生态服务营销型产品"),
        ("1.7", "企点客服-SSC 企微员工服务产品", "腾讯企点结合腾讯自身多年的共享服务/交付实践经验"),
        ("1.8", "企点客服_销售管理产品", "腾讯企点着眼于企业销售环节"),
        ("1.9", "实施服务产品", "指由腾讯或第三方合作商，在客户授权和配合相关服务要求的前提下"),
        ("1.10", "腾讯企业级产品", "指腾讯或腾讯关联公司研发、运营的企点客服-在线客服"),
        ("1.11", "增值服务", "指腾讯及关联公司在企点客服-在线客服、企点客服-电话客服等腾讯企业级产品上，由腾讯提供的扩展服务"),
        ("1.12", "信息技术服务费", "指您在使用本协议约定的服务过程中，就您购买腾讯提供的产品"),
        ("1.13", "不可抗力", "指超越一方合理控制的客观情况"),
        ("1.14", "腾讯企业级产品服务规则", "指您使用腾讯企业级产品时需要遵守的相关规则"),
    ],
)
def test_a_definition_printed_before_its_number_is_joined_with_it(number: str, term: str, begins: str) -> None:
    clause = _clause("qidian", number)
    assert (clause.kind, clause.heading, clause.parent) == (Kind.DEFINITION, term, "第一条")
    assert clause.text.startswith(begins)
    assert clause.text.endswith("。")
    assert "\n" not in clause.text


def test_the_definitions_are_no_text_of_the_preamble() -> None:
    preamble = _clause("qidian", "前言")
    assert preamble.text.startswith("【版权声明】")
    assert preamble.text.endswith("除本协议另有约定外，本协议涉及的相关名词按如下定义为准：")


@pytest.mark.parametrize(
    ("article", "heading", "first", "last"),
    [
        ("第三条", "客户权利义务", "3.1", "3.18"),
        ("第四条", "腾讯权利义务", "4.1", "4.10"),
        ("第五条", "费用结算及发票开具", "5.1", "5.2"),
        ("第七条", "关于通知", "7.1", "7.4"),
        ("第九条", "不可抗力及免责", "9.1", "9.5"),
        ("第十一条", "附则", "11.1", "11.5"),
    ],
)
def test_an_article_printed_after_its_clauses_stands_before_them(article: str, heading: str, first: str, last: str) -> None:
    ids = [clause.id for clause in _shipped("qidian").clauses]
    below = [clause.id for clause in _shipped("qidian").clauses if clause.parent == article]
    assert _clause("qidian", article).heading == heading
    assert (below[0], below[-1]) == (first, last)
    assert ids.index(article) == ids.index(first) - 1


def test_a_number_without_a_space_after_it_begins_a_clause() -> None:
    assert _clause("qidian", "4.7").text.startswith("在您开通企业级产品服务 7 个自然日内，您有权要求终止合作")
    assert _clause("qidian", "4.6").text.endswith("造成开通迟延的除外。")
    assert _clause("wework", "2.2.3").text.startswith("你可以申请企业微信服务管理帐号")


def test_a_clause_runs_on_over_the_end_of_a_page() -> None:
    assert _clause("qidian", "2.8").text.endswith("腾讯有权收回相关账号的使用权，您将不得继续使用。")


def test_wrapped_lines_are_one_paragraph() -> None:
    assert [clause.id for clause in _shipped("qidian").clauses if "\n" in clause.text] == ["前言", "3.3"]
    assert "（协议名称若有调整，则以实际内容为准）" in _clause("qidian", "3.1").text


def test_a_number_printed_twice_is_told_apart() -> None:
    assert _clause("lexiang", "2.2.3").text.startswith("企业用户向腾讯申请企业账号通过后")
    assert _clause("lexiang", "2.2.3").label == "《腾讯乐享服务协议》2.2.3"
    second = _clause("lexiang", "2.2.3#2")
    assert second.text.startswith("最终用户将通过企业用户的邀请")
    assert (second.number, second.occurrence, second.parent) == ("2.2.3", 2, "2.2")
    assert second.label == "《腾讯乐享服务协议》2.2.3（第二处）"
    assert _clause("lexiang", "3.2.5#2").text.startswith("如我们发现或收到他人举报")


def test_numbers_that_jump_and_come_back_keep_their_places() -> None:
    ids = [clause.id for clause in _shipped("weka").clauses]
    assert _clause("weka", "3.3").text.startswith("为了验证最终用户所属的组织")
    assert _clause("weka", "3.3").parent == "三"
    assert _clause("weka", "3.1.3#2").text.startswith("如您注册个人用户账号")
    assert _clause("weka", "3.1.3#2").parent == "3.1"
    assert _clause("weka", "3.1.4").parent == "3.1"
    assert _clause("weka", "3.2").heading == "使用与管理"
    assert _clause("weka", "3.2.4#2").label == "《腾讯微卡软件许可及服务协议》3.2.4（第二处）"
    assert ids.index("3.1.3") < ids.index("3.1.3#2") < ids.index("3.1.4") < ids.index("3.2")


def test_an_annex_has_numbers_of_its_own() -> None:
    annex = _clause("archive", "附件")
    assert (annex.kind, annex.heading) == (Kind.ANNEX, "腾讯企业微信会话内容存档功能服务水平协议")
    assert _clause("archive", "5.2.3").heading == "退款"
    clause = _clause("archive", "附件/5.4.2")
    assert (clause.number, clause.parent, clause.annex) == ("5.4.2", "附件/5.4", True)
    assert clause.label == "《腾讯企业微信会话内容存档功能服务协议》附件 5.4.2"
    assert [clause.id for clause in _shipped("archive").clauses if clause.parent == "附件"] == [f"附件/{n}" for n in range(1, 7)]
    assert not any(clause.annex for clause in _shipped("archive").clauses if not clause.id.startswith("附件"))


def test_a_table_is_a_clause_under_the_one_that_announces_it() -> None:
    (table,) = [clause for clause in _shipped("archive").clauses if clause.kind is Kind.TABLE]
    assert table.parent == "附件/5.4.2"
    assert table.text.split("\n") == [
        "服务月度的服务可用性 | 赔偿内容",
        "低于 99.90%但等于或高于 99% | 一个月服务期",
        "低于 99%但等于或高于 95% | 两个月服务期",
        "低于 95% | 三个月服务期",
    ]


def test_items_that_run_on_in_one_line_are_items() -> None:
    items = [clause for clause in _shipped("archive").clauses if clause.parent == "8.5"]
    assert [item.id for item in items] == [f"8.5（{letter}）" for letter in "abcde"]
    assert [item.text for item in items][1] == "在从披露方接收信息时已被接收方所知的信息；"
    assert items[4].text.startswith("如果法律强制规定")


def test_items_in_half_brackets_have_the_same_ids_as_in_whole_ones() -> None:
    for key in ("lexiang", "weka"):
        assert [clause.id for clause in _shipped(key).clauses if clause.parent == "4.4.2.1"] == [f"4.4.2.1（{n}）" for n in range(1, 12)]
    assert _clause("lexiang", "4.4.2.1（6）").number == "6)"
    assert _clause("weka", "4.4.2.1（6）").number == "（6）"
    assert [clause.id for clause in _shipped("wework").clauses if clause.parent == "8.1.2.1"] == [f"8.1.2.1（{n}）" for n in range(1, 13)]


@pytest.mark.parametrize(
    ("clause_id", "words"),
    [
        ("附件/5.3.2", "客户可以根据本协议第 5.4 条约定获得赔偿"),
        ("6.2（1）", "若腾讯根据上述 6.1 条中止用户访问"),
        ("5.2.3", "除非用户依据本协议 7.2.3 终止服务期限或根据条款 2.3.1 的规定"),
        ("7.2.3（2）", "(a) 腾讯有权根据第六条中止时，(b) 腾讯根据本协议 2.3 条"),
        ("2.3.1", "1) 本功能受到适用的相关法律法规"),
    ],
)
def test_a_clause_that_is_only_spoken_of_does_not_begin_there(clause_id: str, words: str) -> None:
    assert words in _clause("archive", clause_id).text


def test_a_stray_line_is_in_no_clause() -> None:
    assert [(entry.text, entry.reason) for entry in _shipped("wework").furniture if entry.reason != "title"] == [("test", "stray line")]
    assert not any("test" in clause.content for clause in _shipped("wework").clauses)


@pytest.mark.parametrize(
    ("key", "reasons"),
    [
        ("qidian", {"link": 2, "page footer": 2}),
        ("wework", {"title": 1, "stray line": 1}),
        ("lexiang", {"title": 1, "contents": 13}),
        ("archive", {"title": 1}),
        ("weka", {"title": 1, "contents": 13, "link": 11}),
    ],
)
def test_contents_lists_links_and_page_footers_are_left_out(key: str, reasons: dict[str, int]) -> None:
    assert Counter(entry.reason for entry in _shipped(key).furniture) == reasons
    printed = _source(key).splitlines()
    assert all(entry.text in printed[entry.line - 1] for entry in _shipped(key).furniture)


@pytest.mark.parametrize("key", ["qidian", "weka"])
def test_no_clause_holds_a_link_that_stands_on_a_line_of_its_own(key: str) -> None:
    alone = {line.strip() for line in _source(key).splitlines() if line.strip().startswith("http")}
    assert not any(link in clause.text for clause in _shipped(key).clauses for link in alone)


@pytest.mark.parametrize(
    ("key", "line"), [("wework", "腾讯公司"), ("lexiang", "腾讯公司"), ("archive", "深圳市腾讯计算机系统有限公司"), ("weka", "腾讯公司")]
)
def test_the_signature_is_a_closing_of_its_own(key: str, line: str) -> None:
    (closing,) = [clause for clause in _shipped(key).clauses if clause.kind is Kind.CLOSING]
    assert (closing.text, closing.parent) == (line, None)


# Small texts


def test_lists_of_every_style_nest() -> None:
    text = """一、用户义务

1.1 用户应当遵守下列规定：

（一）不得转让账号：

1) 不得出租；

2) 不得出借：

①亲属除外；

②同事除外。

（二）不得攻击系统：

(a) 不得注入；

(b) 不得爬取。

1.2 违反的，腾讯有权终止服务。
"""
    assert _outline(text) == [
        ">一",
        "一>1.1",
        "1.1>1.1（一）",
        "1.1（一）>1.1（一）（1）",
        "1.1（一）>1.1（一）（2）",
        "1.1（一）（2）>1.1（一）（2）①",
        "1.1（一）（2）>1.1（一）（2）②",
        "1.1>1.1（二）",
        "1.1（二）>1.1（二）（a）",
        "1.1（二）>1.1（二）（b）",
        "一>1.2",
    ]
    assert _texts(text)["1.1（一）（2）②"] == "同事除外。"


def test_a_list_that_begins_again_in_one_clause_is_told_apart() -> None:
    outline = _outline("1.1 禁止：\n\n（1）甲；\n\n（2）乙。\n\n并且禁止：\n\n（1）丙；\n\n（2）丁。\n")
    assert outline == [">1.1", "1.1>1.1（1）", "1.1>1.1（2）", "1.1>1.1（1）#2", "1.1>1.1（2）#2"]


def test_an_article_that_is_only_spoken_of_is_running_text() -> None:
    text = """第一条 服务

1.1 甲方应当及时足额支付全部费用，但是

第十一条规定的情形除外。

1.2 逾期的，按照

第二条的规定处理，并根据

1.1 条约定赔偿。

第二条 违约

2.1 违约的，应当赔偿。
"""
    assert _outline(text) == [">第一条", "第一条>1.1", "第一条>1.2", ">第二条", "第二条>2.1"]
    assert "第十一条规定的情形除外。" in _texts(text)["1.1"]
    assert re.sub(r"\s", "", _texts(text)["1.2"]) == "逾期的，按照第二条的规定处理，并根据1.1条约定赔偿。"


def test_clauses_printed_out_of_order_are_all_there() -> None:
    outline = _outline("第一条 范围\n\n1.1 甲。\n\n1.3 丙。\n\n1.2 乙。\n\n第二条 费用\n\n2.2 戊。\n\n2.1 丁。\n")
    assert outline == [">第一条", "第一条>1.1", "第一条>1.3", "第一条>1.2", ">第二条", "第二条>2.2", "第二条>2.1"]


def test_articles_printed_out_of_order_keep_their_clauses() -> None:
    outline = _outline("第二条 费用\n\n2.1 丙。\n\n2.2 丁。\n\n第一条 范围\n\n1.1 甲。\n\n1.2 乙。\n")
    assert sorted(outline) == sorted([">第一条", "第一条>1.1", "第一条>1.2", ">第二条", "第二条>2.1", "第二条>2.2"])


def test_a_number_printed_three_times_is_told_apart() -> None:
    parsed = _parse("一、注册\n\n1.1 甲注册。\n\n1.1 乙注册。\n\n1.1 丙注册。\n\n1.2 完。\n")
    assert [(clause.id, clause.label) for clause in parsed.clauses[1:4]] == [
        ("1.1", "《服务协议》1.1"),
        ("1.1#2", "《服务协议》1.1（第二处）"),
        ("1.1#3", "《服务协议》1.1（第三处）"),
    ]


def test_no_space_is_needed_after_a_number() -> None:
    texts = _texts("第一条服务内容\n\n1.1甲方提供服务。\n\n1.2乙方付款。\n\n第二条费用\n\n2.1费用一万元。\n\n2.2在7日内付款。\n")
    assert texts == {
        "第一条": "服务内容",
        "1.1": "甲方提供服务。",
        "1.2": "乙方付款。",
        "第二条": "费用",
        "2.1": "费用一万元。",
        "2.2": "在7日内付款。",
    }


def test_single_numbers_are_articles() -> None:
    text = "1. 服务对象\n\n全部用户。\n\n2. 服务范围\n\n仅适用于本功能。\n\n2.1 咨询；\n\n2.2 故障。\n\n3. 服务方式\n\n在线。\n"
    assert _outline(text) == [">1", ">2", "2>2.1", "2>2.2", ">3"]
    assert _texts(text)["1"] == "服务对象\n全部用户。"
    assert all(clause.kind is Kind.ARTICLE for clause in _parse(text).clauses if clause.parent is None)


def test_numbers_begin_again_in_every_annex() -> None:
    text = """一、总则

1.1 甲。

附件一：服务水平

1. 对象

全体用户。

1.1 细则如下。

附件二：价格

1. 价格表

一百元。
"""
    assert _outline(text) == [
        ">一",
        "一>1.1",
        ">附件一",
        "附件一>附件一/1",
        "附件一/1>附件一/1.1",
        ">附件二",
        "附件二>附件二/1",
    ]
    assert _parse(text).clauses[2].heading == "服务水平"


def test_an_amount_at_the_beginning_of_a_line_is_no_clause() -> None:
    assert _outline("1.1 费用为每月\n\n1.2 万元，\n\n1.2 期限为\n\n3 个月。\n\n2024年1月1日起施行。\n") == [">1.1", ">1.2"]


def test_a_contents_list_with_page_numbers_is_left_out() -> None:
    listed = "".join(f"第{n}条 {name} ........ {page}\n\n" for n, name, page in [("一", "范围", 1), ("二", "费用", 2), ("三", "其他", 3)])
    parsed = _parse(listed + "第一条 范围\n\n1.1 甲。\n\n第二条 费用\n\n2.1 乙。\n\n第三条 其他\n\n3.1 丙。\n")
    assert [clause.id for clause in parsed.clauses] == ["第一条", "1.1", "第二条", "2.1", "第三条", "3.1"]
    assert [entry.reason for entry in parsed.furniture] == ["contents"] * 3


def test_a_text_without_any_number_is_one_preamble() -> None:
    assert [(clause.id, clause.text) for clause in _parse("服务协议\n\n甲方应当付款。\n").clauses] == [("前言", "甲方应当付款。")]


_MADE = """服务协议

一、协议的范围

1.1 协议适用主体范围

本协议是您与腾讯之间关于您使用本软件及服务所订立的协议，对您及我们均具有法律约束力，您应当确保您为账号的合法所有者。

1.2 协议关系及冲突条款

1.2.1 本协议被视为《腾讯服务协议》的补充协议，是其不可分割的组成部分，与其构成统一整体。本协议与上述内容存在冲突的，以本协议为准。

1.2.2 本协议内容同时包括腾讯可能不断发布的关于本服务的相关协议、业务规则等内容。上述内容一经正式发布，即为本协议不可分割的组成部分。

二、关于本服务

2.1 除本协议第十一条规定的情形外，用户应当在开通服务后的7个自然日内，按照本协议第 2.3 条的约定提交真实、合法的资料。

2.2 逾期未提交的，腾讯有权依据 1.2.1 条的规定终止服务，按照第十一条约定要求用户赔偿，并根据 2.1 条、2.3 条的约定收回账号。

2.3 用户不得利用本服务制作、复制、发布、传播如下干扰腾讯正常运营，或侵犯其他用户或第三方合法权益的内容，包括但不限于：

（1）违反宪法确定的基本原则，危害国家安全，泄露国家秘密，颠覆国家政权，破坏国家统一，损害国家荣誉和利益的；

（2）煽动民族仇恨、民族歧视，破坏民族团结，或者破坏国家宗教政策，宣扬邪教和封建迷信的；

（3）散布谣言，扰乱社会秩序，破坏社会稳定的。

2.4 费用为每年 2.5 万元，除非用户依据本协议 7.2.3 终止服务期限或根据条款 2.1 的规定退订，腾讯不接受任何退款申请。

三、其他

3.1 本协议签订地为中华人民共和国广东省深圳市南山区。

3.2 若您和腾讯之间发生任何纠纷或争议，首先应友好协商解决；协商不成功的，双方均同意将纠纷或争议提交本协议签订地有管辖权的人民法院解决。
"""


@pytest.mark.parametrize("width", range(24, 61))
def test_wrapping_at_any_width_changes_nothing(width: int) -> None:
    """Extraction from PDF breaks lines at the width of the page and puts a blank line after each."""
    assert _tree(_wrapped(_MADE, width)) == _tree(_MADE)


@pytest.mark.parametrize("key", ["lexiang", "wework"])
@pytest.mark.parametrize("width", [24, 33, 41, 60])
def test_wrapping_loses_no_character(key: str, width: int) -> None:
    wrapped = _wrapped(re.sub(r"\[(.*?)\]\(.*?\)", r"\1", _source(key)), width)
    parsed = _parse(wrapped)
    ids = {clause.id for clause in parsed.clauses}
    assert len(ids) == len(parsed.clauses)
    assert all(clause.parent in ids for clause in parsed.clauses if clause.parent)
    kept = Counter[str]()
    for part in [clause.content for clause in parsed.clauses] + [entry.text for entry in parsed.furniture]:
        kept.update(_letters(part))
    lost = Counter(_letters(wrapped)) - kept
    numbers = Counter(_letters("".join(clause.number for clause in parsed.clauses)))
    assert not lost - numbers


def _letters(text: str) -> list[str]:
    return re.findall(r"\w", text)


def _wrapped(text: str, width: int) -> str:
    """Every line broken at `width` full-width characters, a blank line after each; no line begins with a closing mark."""
    lines: list[str] = []
    for line in text.splitlines():
        room = float(width)
        lines.append("")
        for char in line:
            wide = 1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.5
            if room < wide and char not in "，。；：、）》”":
                lines.append("")
                room = float(width)
            lines[-1] += char
            room -= wide
    return "\n\n".join(line.strip() for line in lines if line.strip())


def _tree(text: str) -> list[tuple[str, str | None, str, str]]:
    """Ids, parents, headings and texts, white space apart: a Latin word may have lost or gained one at a break."""
    return [
        (clause.id, clause.parent, re.sub(r"\s", "", clause.heading), re.sub(r"\s", "", clause.text)) for clause in _parse(text).clauses
    ]
