from __future__ import annotations

from dataclasses import replace

import pytest

from retrieval.clause import Agreement, Clause
from retrieval.library import Library
from retrieval.parsing import parse
from retrieval.precedence import Precedence, Relation, disagreements, precedence
from retrieval.reading import lines_of

_QIDIAN_OTHERS = ("腾讯服务协议", "企点服务软件及许可服务协议", "企点电话软件及许可服务协议", "企点分析软件及许可服务协议")
# What a reader finds: (source, relation, target, clause). Made by hand from the texts.
_BY_HAND = {
    *(("qidian", "prevails_over", other, "11.1") for other in _QIDIAN_OTHERS),
    *(("wework", relation, "腾讯服务协议", "1.2") for relation in ("supplement_of", "prevails_over")),
    *(("lexiang", relation, other, "1.3.1") for relation in ("supplement_of", "prevails_over") for other in ("腾讯服务协议", "wework")),
    ("archive", "prevails_over", "wework", "1.2"),
    ("archive", "prevails_over", "wework", "12.1"),
    ("archive", "falls_back_on", "wework", "12.1"),
    *(
        ("weka", relation, other, "1.3.1")
        for relation in ("supplement_of", "prevails_over")
        for other in ("腾讯服务协议", "腾讯微信软件许可及服务协议", "wework")
    ),
}

_OURS = Agreement("ours", "蓝海仓储服务协议", ("蓝海仓储",), ("客户",), "ours.txt", "测试")
_THEIRS = Agreement("theirs", "蓝海云盘许可协议", ("蓝海云盘",), ("客户",), "theirs.txt", "测试")


def _clauses(text: str, agreement: Agreement = _OURS) -> list[Clause]:
    return list(parse(lines_of(text), agreement=agreement.key, title=agreement.title).clauses)


def _read(ours: str, theirs: str = "双方守约。") -> Precedence:
    texts = ((ours, _OURS), (theirs, _THEIRS))
    clauses = [clause for text, agreement in texts for clause in _clauses(f"一、总则\n\n1.1 {text}\n\n1.2 双方守约。\n", agreement)]
    return precedence(clauses, [_OURS, _THEIRS])


def _edges(found: Precedence) -> list[tuple[str, str, str]]:
    return [(edge.source, edge.relation.value, edge.target) for edge in found.edges]


def test_the_shipped_agreements_say_of_each_other_what_a_reader_finds(shipped: Library) -> None:
    found = precedence(shipped.clauses(), shipped.agreements)
    assert [edge.clause[0] for edge in found.edges] == [edge.source for edge in found.edges]
    edges = [(edge.source, edge.relation.value, edge.target, edge.clause[1]) for edge in found.edges]
    assert len(edges) == len(_BY_HAND)
    assert set(edges) == _BY_HAND


def test_every_statement_is_a_sentence_of_its_clause_verbatim(shipped: Library) -> None:
    by_ref = {clause.ref: clause for clause in shipped.clauses()}
    for edge in precedence(shipped.clauses(), shipped.agreements).edges:
        assert edge.sentence in by_ref[edge.clause].text
        assert edge.sentence.endswith("。")


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (("lexiang", "wework"), ("lexiang", ("lexiang", "1.3.1"))),
        (("wework", "lexiang"), ("lexiang", ("lexiang", "1.3.1"))),
        (("archive", "wework"), ("archive", ("archive", "1.2"))),
        (("腾讯服务协议", "archive"), ("archive", ("archive", "1.2"))),  # archive over wework, wework over 腾讯服务协议
        (("weka", "腾讯微信软件许可及服务协议"), ("weka", ("weka", "1.3.1"))),
        (("qidian", "腾讯服务协议"), ("qidian", ("qidian", "11.1"))),
        (("lexiang", "weka"), None),
        (("qidian", "wework"), None),
        (("wework", "腾讯微信软件许可及服务协议"), None),
        (("lexiang", "lexiang"), None),
    ],
)
def test_which_of_two_shipped_agreements_prevails(
    shipped: Library, pair: tuple[str, str], expected: tuple[str, tuple[str, str]] | None
) -> None:
    assert precedence(shipped.clauses(), shipped.agreements).prevailing(*pair) == expected


def test_the_chain_to_a_remote_agreement_shows_every_statement_it_rests_on(shipped: Library) -> None:
    chain = precedence(shipped.clauses(), shipped.agreements).chain("archive", "腾讯服务协议")
    assert [(edge.source, edge.target, edge.clause) for edge in chain] == [
        ("archive", "wework", ("archive", "1.2")),
        ("wework", "腾讯服务协议", ("wework", "1.2")),
    ]


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        ("本协议被视为《蓝海云盘许可协议》、《他人协议》的补充协议。", [
            ("ours", "supplement_of", "theirs"),
            ("ours", "supplement_of", "他人协议"),
        ]),
        ("本协议系对《他人协议》和《蓝海云盘许可协议》的补充。", [
            ("ours", "supplement_of", "他人协议"),
            ("ours", "supplement_of", "theirs"),
        ]),
        ("《他人协议》是本协议的补充协议。", [("他人协议", "supplement_of", "ours")]),
        ("本协议与《他人协议》不一致的，以本协议为准。", [("ours", "prevails_over", "他人协议")]),
        ("本协议与《他人协议》不一致的，以《他人协议》的规定为准。", [("他人协议", "prevails_over", "ours")]),
        ("《他人协议》与《蓝海云盘许可协议》冲突时，以《他人协议》为准。", [("他人协议", "prevails_over", "theirs")]),
        ("本协议与《甲协议》、《乙协议》不一致的，以《甲协议》、《乙协议》的约定为准。", [
            ("甲协议", "prevails_over", "ours"),
            ("乙协议", "prevails_over", "ours"),
        ]),
        ("本协议优先于《他人协议》。", [("ours", "prevails_over", "他人协议")]),
        ("《他人协议》与本协议有抵触的，本协议优先适用。", [("ours", "prevails_over", "他人协议")]),
        ("应遵守《他人协议》。双方应当守约。本协议与上述协议相抵触的，应以本协议约定为准。", [("ours", "prevails_over", "他人协议")]),
        ("应遵守《他人协议》（以下简称“总协议”）。本协议未尽事宜，适用总协议。与总协议矛盾的，以本协议为准。", [
            ("ours", "falls_back_on", "他人协议"),
            ("ours", "prevails_over", "他人协议"),
        ]),
        ("除《甲协议》另有约定外，本协议与《他人协议》不一致的，以本协议为准，但《乙协议》另有约定的除外。", [
            ("ours", "prevails_over", "他人协议")
        ]),
    ],
)  # fmt: skip
def test_what_a_text_says_of_another_is_read_however_it_is_put(text: str, edges: list[tuple[str, str, str]]) -> None:
    assert _edges(_read(text)) == edges


@pytest.mark.parametrize(
    "text",
    [
        "本协议以中、英文书就，有不一致的，以本协议中文版本为准。",
        "应遵守《他人协议》，名称若有不同，以实际内容为准。",
        "具体费用以《他人协议》为准。",
        "本协议不构成《他人协议》的补充协议。",
        "就《他人协议》，双方另行签订补充协议。",
        "适用法律（不包括冲突法），本协议为准。",
        "利益冲突由用户自行解决，以《他人协议》附件列明的价格计算。",
        "本协议附件与本协议不一致的，以本协议为准。",
        "以本条款为准，与本条款不一致的《他人协议》已废止。",
        "\ue000与\ue100不一致的，以\ue000为准。",
        "如需提交补充资料，是《他人协议》要求的补充资料。",
    ],
)
def test_what_says_nothing_of_precedence_gives_no_statement(text: str) -> None:
    assert _edges(_read(text)) == []


def test_the_documents_meant_by_the_above_may_stand_in_the_clause_before() -> None:
    clauses = _clauses(
        "一、总则\n\n1.1 本协议是《他人协议》的补充协议。\n\n1.2 与上述协议冲突的，以本协议为准。\n\n1.3 与其他规则冲突的，以本协议为准。\n"
    )
    found = precedence(clauses, [_OURS])
    assert [(edge.relation, edge.target, edge.clause[1]) for edge in found.edges] == [
        (Relation.SUPPLEMENTS, "他人协议", "1.1"),
        (Relation.PREVAILS, "他人协议", "1.2"),
    ]


def test_a_supplement_has_the_rank_of_what_it_supplements_but_is_not_said_to_prevail_over_it() -> None:
    found = _read("本协议是《蓝海云盘许可协议》的补充协议。", "本协议与《他人协议》冲突的，以本协议为准。")
    assert found.prevailing("ours", "他人协议") == ("ours", ("ours", "1.1"))
    assert found.prevailing("ours", "theirs") is None


def test_to_prevail_over_a_supplement_is_not_to_prevail_over_what_it_supplements() -> None:
    found = _read("本协议与《蓝海云盘许可协议》冲突的，以本协议为准。", "本协议是《他人协议》的补充协议。")
    assert found.prevailing("ours", "theirs") == ("ours", ("ours", "1.1"))
    assert found.prevailing("ours", "他人协议") is None


def test_texts_that_contradict_each_other_let_neither_prevail_and_are_told() -> None:
    found = _read("与《蓝海云盘许可协议》冲突的，以本协议为准。", "本协议是《蓝海仓储服务协议》的补充协议，与其冲突的，以本协议为准。")
    assert found.prevailing("ours", "theirs") is None
    assert [(wrong.agreement, wrong.other, wrong.said, wrong.clause) for wrong in disagreements(found, [_OURS, _THEIRS])] == [
        ("theirs", "ours", "文本说是其补充协议，目录没有列出", ("theirs", "1.1")),
        ("ours", "theirs", "两处文本各说一方优先", ("ours", "1.1")),
    ]


def test_statements_that_go_round_in_a_circle_come_to_an_end() -> None:
    found = _read("本协议是《蓝海云盘许可协议》的补充协议。", "本协议是《蓝海仓储服务协议》的补充协议。")
    assert found.chain("ours", "他人协议") == ()
    assert found.prevailing("ours", "theirs") is None


def test_the_shipped_catalog_says_what_the_texts_say(shipped: Library) -> None:
    assert disagreements(precedence(shipped.clauses(), shipped.agreements), shipped.agreements) == []


def test_a_catalog_that_says_otherwise_than_the_texts_is_told(shipped: Library) -> None:
    found = precedence(shipped.clauses(), shipped.agreements)
    changed = {"wework": ("腾讯微信软件许可及服务协议",), "lexiang": ("《腾讯服务协议》", "腾讯企业微信软件许可及服务协议"), "archive": ()}
    agreements = [replace(one, supplements=changed.get(one.key, one.supplements)) for one in shipped.agreements]
    assert [(wrong.agreement, wrong.other, wrong.said, wrong.clause) for wrong in disagreements(found, agreements)] == [
        ("wework", "腾讯微信软件许可及服务协议", "目录说是其补充协议，文本没有这样说", None),
        ("wework", "腾讯服务协议", "文本说是其补充协议，目录没有列出", ("wework", "1.2")),
    ]


def test_the_textual_form_names_titles_clause_and_sentence() -> None:
    found = _read("本协议是《蓝海云盘许可协议》的补充协议。")
    assert (
        found.text()
        == "《蓝海仓储服务协议》是《蓝海云盘许可协议》的补充协议（《蓝海仓储服务协议》1.1：“本协议是《蓝海云盘许可协议》的补充协议。”）"
    )
