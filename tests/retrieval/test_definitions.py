from __future__ import annotations

import pytest

from retrieval.clause import Clause, Kind
from retrieval.definitions import Definition, definitions, terms_in
from retrieval.library import Library
from retrieval.parsing import parse
from retrieval.reading import lines_of

# The terms a reader finds defined in the five agreements, by the clause that defines them. Made by hand from the texts.
_BY_HAND = {
    "qidian": {
        "前言": "本协议",
        "1.1": "企点客服-在线客服",
        "1.2": "企点客服-电话客服",
        "1.3": "腾讯企点 | 企点",
        "1.4": "智能客服产品",
        "1.5": "企点工单产品",
        "1.6": "企点客服-客户通产品",
        "1.7": "企点客服-SSC 企微员工服务产品",
        "1.8": "企点客服_销售管理产品",
        "1.9": "实施服务产品",
        "1.10": "腾讯企业级产品 | 企业级产品",
        "1.11": "增值服务",
        "1.12": "信息技术服务费",
        "1.13": "不可抗力",
        "1.14": "腾讯企业级产品服务规则 | 企业级产品服务规则",
    },
    "wework": {
        "前言": "本软件 | 本协议 | 企业微信帐号",
        "1.1": "腾讯 | 企业微信用户 | 你 | 最终用户 | 用户 | 所有用户",
        "2.1": "本服务内容 | 企业微信 | 本服务",
        "6.9": "个人信息 | 可适用法律法规",
        "7.2.3": "单独协议 | 财付通公司",
        "7.3.1": "开发服务",
        "8.1.1": "信息内容",
        "12.2": "不可抗力",
    },
    "lexiang": {
        "前言": "腾讯乐享服务 | 本服务 | 本协议",
        "1.1": "腾讯 | 我们 | 腾讯乐享 | 企业用户 | 你所加入的企业用户 | 你的企业 | 企业社区 | 企业用户管理员 | 个人用户 | 最终用户 | 你",
        "1.3.3": "单独协议",
        "2.1.1": "本服务内容 | 本服务",
        "2.2.2": "企业账号",
        "2.2.3#2": "个人账号",
        "2.2.4": "账号 | 腾讯乐享账号",
        "3.1.2": "资料",
        "4.4.1": "信息内容",
        "9.2": "不可抗力",
        "十一": "适用出口管制和制裁",
    },
    "archive": {
        "前言": "本功能 | 本协议 | 通用服务协议 | 用户 | 腾讯",
        "1.2": "腾讯协议",
        "2.1": "企业微信软件及服务 | 腾讯企业微信会话内容存档功能",
        "5.1.1": "使用权",
        "5.1.2": "电子订单",
        "6.2（1）": "服务水平协议",
        "8.1": "保密信息 | 约定目的 | 披露方 | 接收方",
        "10.1": "不可抗力事件",
        "附件/2": "功能",
    },
    "weka": {
        "前言": "本软件 | 本服务 | 本协议",
        "1.1": "腾讯 | 我们 | 腾讯微卡 | 腾讯微校 | 企业用户 | 你所加入的企业用户 | 你的企业 | 企业用户管理员 | 个人用户 | 最终用户 | 你",
        "1.3.3": "单独协议",
        "2.1": "本服务内容 | 本服务",
        "2.2.1": "企业账号",
        "2.2.3": "个人账号",
        "2.2.4": "账号 | 腾讯微卡账号",
        "3.1.2": "资料",
        "4.4.1": "信息内容",
        "9.2": "不可抗力",
        "十一": "适用出口管制和制裁",
    },
}
# 创建其企业社区（指…）: nothing shows where the term begins. 使用权是用户…的权限: so does every other sentence with 是.
_MISSED = {("lexiang", "1.1", "企业社区"), ("archive", "5.1.1", "使用权")}


def _defined(text: str) -> list[tuple[str, str]]:
    clauses = parse(lines_of(text), agreement="ours", title="蓝海协议").clauses
    return [(definition.term, definition.clause[1]) for definition in definitions(clauses)]


def _clause(text: str, number: str = "1.1", heading: str = "", kind: Kind = Kind.CLAUSE) -> Clause:
    return Clause("ours", number, number, 1, kind, 2, "一", heading, text, False, f"《蓝海协议》{number}")


def test_the_definitions_of_the_shipped_agreements_are_those_a_reader_finds(shipped: Library) -> None:
    by_hand = {(key, clause, term) for key, terms in _BY_HAND.items() for clause, line in terms.items() for term in line.split(" | ")}
    found = [(*definition.clause, definition.term) for definition in definitions(shipped.clauses())]
    assert len(found) == len(set(found))
    assert by_hand - set(found) == _MISSED
    assert set(found) - by_hand == set()


def test_every_definition_is_a_sentence_of_its_clause_verbatim(shipped: Library) -> None:
    by_ref = {clause.ref: clause for clause in shipped.clauses()}
    for definition in definitions(shipped.clauses()):
        clause = by_ref[definition.clause]
        assert definition.sentence
        assert definition.sentence in clause.text
        assert definition.term in clause.content


@pytest.mark.parametrize(
    ("sentence", "terms"),
    [
        ("“交付日”是指货物送达之日。", ["交付日"]),
        ("“交付日”指货物送达之日。", ["交付日"]),
        ("「交付日」系指货物送达之日。", ["交付日"]),
        ("“甲方”或“委托方”是指签订本协议的客户。", ["甲方", "委托方"]),
        ("交付日是指货物送达之日。", ["交付日"]),
        ("交付日，是指货物送达之日。", ["交付日"]),
        ("交付日指货物送达之日。", ["交付日"]),
        ("交付日：指货物送达之日。", ["交付日"]),
        ("本协议所称交付日是指货物送达之日。", ["交付日"]),
        ("本协议所称“交付日”是指货物送达之日。", ["交付日"]),
        ("仓储平台，是云盘服务的一部分，是指用来存货的平台。", ["仓储平台"]),
        ("使用蓝海仓储服务（以下简称“仓储服务”）应当付费。", ["仓储服务"]),
        ("使用蓝海仓储服务（下称仓储服务）应当付费。", ["仓储服务"]),
        ("使用蓝海仓储服务（以下简称：仓储服务或仓储）应当付费。", ["仓储服务", "仓储"]),
        ("运费、保费统称为“杂费”或“附加费”。", ["杂费", "附加费"]),
        ("货物送达之日（“交付日”）起算。", ["交付日"]),
        ("订单即为“电子订单”。", ["电子订单"]),
        ("“交付日”（指货物送达之日）起算。", ["交付日"]),
        ("还包括仓单等服务。（简称“本服务”）。", ["本服务"]),
    ],
)
def test_a_term_is_found_however_it_is_defined(sentence: str, terms: list[str]) -> None:
    assert [term for term, _ in _defined(f"一、总则\n\n1.1 {sentence}\n")] == terms


@pytest.mark.parametrize(
    "sentence",
    [
        "用户应按照腾讯的操作指引完成注册。",
        "用户指定的人员应当在场，管理员指派的除外。",
        "请点击“确定”按钮，联系“客服”。",
        "本协议关于日期的规定，均指自然日。",
        "软件运行中的指令、指纹不得删除。",
        "按“如是”的状态提供。",
        "本协议所指的情形除外。",
        "依照《蓝海协议》（2024版）执行。",
    ],
)
def test_what_defines_nothing_gives_no_term(sentence: str) -> None:
    assert _defined(f"一、总则\n\n1.1 {sentence}\n") == []


def test_in_a_list_of_definitions_a_line_need_not_say_means() -> None:
    text = "一、总则\n\n1.1 用语\n\n甲方：指付款的一方。\n\n乙方：是指交货的一方。\n\n蓝海：蓝海是由乙方提供的平台。\n"
    assert [term for term, _ in _defined(text)] == ["甲方", "乙方", "蓝海"]
    text = "一、总则\n\n1.1 用语\n\n“甲方”：指付款的一方。\n\n“乙方”：是指交货的一方。\n\n“蓝海”：乙方提供的平台。\n"
    assert sorted(term for term, _ in _defined(text)) == sorted(["甲方", "乙方", "蓝海"])
    assert _defined("一、总则\n\n1.1 用语\n\n甲方：指付款的一方。\n\n注意：货物是由乙方提供的。\n") == [("甲方", "1.1")]


def test_the_heading_of_a_definition_clause_is_a_term() -> None:
    assert _defined("一、名词解释\n\n1.1 云盘\n\n用来存放文件的服务。\n\n1.2 仓储\n\n用来存放货物的服务。\n") == [
        ("云盘", "1.1"),
        ("仓储", "1.2"),
    ]


def _known() -> list[Definition]:
    return definitions(
        [
            _clause("“云盘”是指存放文件的服务。“云盘规则”是指使用云盘的规则。", "1.1"),
            _clause("“云盘”是指云上的盘。“API”是指接口。“你”是指客户。", "1.2"),
            _clause("本条所述资料是指证件。“企业帐号”是指注册所得的帐号。", "1.3"),
        ]
    )


def _used(text: str) -> list[tuple[str, str]]:
    return [(definition.term, definition.clause[1]) for definition in terms_in(text, _known())]


def test_of_the_terms_a_text_uses_the_longest_at_a_place_is_meant() -> None:
    assert _used("违反云盘规则的，停止云盘。") == [("云盘规则", "1.1"), ("云盘", "1.1")]
    assert _used("违反云盘规则的，应当改正。") == [("云盘规则", "1.1")]


def test_a_term_is_known_in_another_spelling_but_not_inside_another_word() -> None:
    assert _used("注册企业账号，调用ＡＰＩ接口。") == [("企业帐号", "1.3"), ("API", "1.2")]
    assert _used("调用 OpenAPIs 接口。") == []


def test_a_text_that_defines_a_term_does_not_use_it() -> None:
    assert _used("“云盘”是指存放文件的服务。另见云盘规则。") == [("云盘规则", "1.1")]


def test_words_for_people_and_terms_for_one_clause_only_are_left_out() -> None:
    assert _used("你应当提交资料。") == []


def test_a_term_that_stands_everywhere_is_left_out() -> None:
    many = [_clause("“货物”是指仓储的物品。", "1.1"), *(_clause("货物应当完好。", f"1.{number}") for number in range(2, 14))]
    assert [definition.is_common for definition in definitions(many)] == [True]
    assert terms_in("货物灭失的，应当赔偿。", definitions(many)) == []
    assert [definition.is_common for definition in definitions(many[:5])] == [False]


def test_a_term_that_stands_everywhere_is_explained_to_whoever_asks_about_it() -> None:
    many = [_clause("“货物”是指仓储的物品。", "1.1"), *(_clause("货物应当完好，您应当验货。", f"1.{number}") for number in range(2, 14))]
    assert [definition.term for definition in terms_in("货物灭失的，应当赔偿。", definitions(many), "货物丢了怎么办")] == ["货物"]
    assert terms_in("货物灭失的，应当赔偿。", definitions(many), "丢了怎么办") == []
    assert terms_in("你应当提交资料。", _known(), "你要交什么") == []


@pytest.mark.parametrize(
    ("sentence", "explains"),
    [
        ("申请蓝海服务企业账号（以下简称“企业账号”）。", {"企业账号": False}),
        ("使用蓝海平台服务（下称“蓝海服务”）应当付费。", {"蓝海服务": False}),
        ("提供的任何个人信息（“个人信息”）应当保密。", {"个人信息": False}),
        ("使用存放文件的工具（以下简称：云盘或工具）应当付费。", {"云盘": True, "工具": False}),
        ("遵守《蓝海许可协议》（以下简称“通用协议”）。", {"通用协议": True}),
        ("与甲方达成的协议、与乙方达成的协议（统称“甲乙协议”）。", {"甲乙协议": True}),
        ("前述“甲号”和“乙号”统称为“账户”。", {"账户": False}),
        ("“个人信息”是指任何个人信息。", {"个人信息": True}),
        ("申请企业账号（以下简称“企业账号”）。企业账号，是指可以管理成员的账号。", {"企业账号": True}),
    ],
)
def test_a_short_name_made_of_the_words_it_stands_for_explains_nothing(sentence: str, explains: dict[str, bool]) -> None:
    found = definitions([_clause(sentence)])
    assert {definition.term: definition.explains for definition in found} == explains
    used = terms_in("、".join(explains), found)
    assert {definition.term for definition in used} == {term for term, does in explains.items() if does}


def test_of_two_definitions_the_one_that_explains_is_given() -> None:
    known = definitions([_clause("申请企业账号（以下简称“企业账号”）。", "1.1"), _clause("“企业账号”是指可以管理成员的账号。", "1.2")])
    assert [definition.clause[1] for definition in terms_in("注册企业账号。", known)] == ["1.2"]


def test_the_terms_a_shipped_clause_uses_lead_to_their_definitions(shipped: Library) -> None:
    known = definitions(shipped.clauses(["qidian"]))
    text = next(clause.text for clause in shipped.clauses(["qidian"]) if clause.id == "9.1")
    assert [(definition.term, definition.clause) for definition in terms_in(text, known)] == [("不可抗力", ("qidian", "1.13"))]
    own = next(clause.text for clause in shipped.clauses(["archive"]) if clause.id == "8.1")
    assert terms_in(own, definitions(shipped.clauses(["archive"]))) == []
