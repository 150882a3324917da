from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from answering.acts import Acts
from answering.answer import Answer, Citation, Defined, Language, Referred, Statement, Status
from answering.answerer import Answerer
from answering.confidence import Confidence
from answering.language import language_of
from bot.excerpt import Span
from bot.form import Form, form_of, version_of
from retrieval.clause import Kind
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search
from tests.shown_answers import AGREEMENTS, CHARGING, FEES, INVOICE, RENTED, TERM, clause, quoted, refused, told, unclear


def _form(answer: Answer) -> Form:
    return form_of(answer, AGREEMENTS)


def _one(statement: str, citation: Citation, language: Language = Language.SIMPLIFIED) -> Form:
    return _form(Answer("a", "问", Status.ANSWERED, (Statement(statement, (0,)),), (citation,), language=language))


def test_a_form_is_data_that_does_not_change() -> None:
    form = _form(quoted())
    with pytest.raises(FrozenInstanceError):
        form.title = "别的"  # type: ignore[misc]


def test_statements_know_the_clauses_they_rest_on_and_whether_they_quote_them() -> None:
    form = _form(told())
    assert [(said.cited, said.quoted) for said in form.statements] == [((0,), False), ((1, 2), False)]
    assert [said.quoted for said in _form(quoted()).statements] == [True, True]
    assert form.cites(form.statements[1]) == "（《停车场服务协议》1.3（2）、《充电桩使用协议》7.1）"
    assert form.cites(form.statements[1], short=True) == "（《停车》1.3（2）、《充电》7.1）"


def test_words_of_a_clause_are_a_quote_with_or_without_what_introduces_them() -> None:
    citation = Citation(RENTED, RENTED.text, under="您不得从事下列行为：")
    for statement, is_quote in ((RENTED.text, True), (f"您不得从事下列行为：{RENTED.text}", True), ("不得转租车位。", False)):
        assert _one(statement, citation).statements[0].quoted is is_quote


def test_a_clause_in_a_list_is_shown_with_what_introduces_it_unless_the_statement_has_it() -> None:
    citation = Citation(RENTED, RENTED.text, under="您不得从事下列行为：")
    assert _one(RENTED.text, citation).cited[0].excerpt == (Span(RENTED.text, quoted=True),)
    assert _one(f"您不得从事下列行为：{RENTED.text}", citation).cited[0].excerpt == ()


def test_a_quoted_definition_says_what_it_defines() -> None:
    assert _one(TERM.text, Citation(TERM, TERM.text)).statements[0].subject == "月租车辆"
    named = clause("2.2", "月租车辆是指按月支付费用的车辆", heading="月租车辆", kind=Kind.DEFINITION)
    assert _one(named.text, Citation(named, named.text)).statements[0].subject == ""
    assert _one("按月付费的叫月租车辆。", Citation(TERM, TERM.text)).statements[0].subject == ""
    headed = clause("3", FEES.text, heading="收费")
    assert _one(headed.text, Citation(headed, headed.text)).statements[0].subject == ""


def test_a_cited_clause_has_its_labels_its_version_and_its_text_with_the_quote_marked() -> None:
    first, _, cable = _form(told()).cited
    assert (first.label, first.short, first.title, first.place) == ("《停车场服务协议》1.2", "《停车》1.2", "《停车场服务协议》", "1.2")
    assert (first.agreement, first.id, first.path, first.version) == ("parking", "1.2", "收费 > 发票", "2022-10-18 更新")
    assert "".join(span.text for span in first.text) == FEES.text
    assert [span.text for span in first.text if span.quoted] == [INVOICE]
    assert cable.version == ""


@pytest.mark.parametrize(
    ("known", "language", "said"),
    [
        ({}, Language.SIMPLIFIED, ""),
        ({"updated": "2022-10-18"}, Language.SIMPLIFIED, "2022-10-18 更新"),
        ({"effective": "2025-03-01"}, Language.SIMPLIFIED, "2025-03-01 生效"),
        ({"version": 2}, Language.SIMPLIFIED, "第 2 版"),
        ({"version": 2, "effective": "2025-03-01"}, Language.TRADITIONAL, "第 2 版，2025-03-01 生效"),
        ({"version": 3, "effective": "2025-03-01"}, Language.ENGLISH, "version 3, in force from 2025-03-01"),
    ],
)
def test_an_agreement_tells_which_version_is_in_force_and_of_when_it_is(known: dict[str, Any], language: Language, said: str) -> None:
    assert version_of(replace(AGREEMENTS[1], **known), language) == said


def test_cited_clauses_are_grouped_by_agreement() -> None:
    groups = [(title, version, [cited.place for cited in group]) for title, version, group in _form(told()).by_agreement()]
    assert groups == [("《停车场服务协议》", "2022-10-18 更新", ["1.2", "1.3（2）"]), ("《充电桩使用协议》", "", ["7.1"])]


def test_a_title_within_a_title_is_not_taken_for_its_end() -> None:
    nested = replace(FEES, label="《关于《停车协议》的补充》1.2")
    cited = _one("甲", Citation(nested, INVOICE)).cited[0]
    assert (cited.title, cited.place) == ("《关于《停车协议》的补充》", "1.2")


def test_of_an_agreement_that_the_library_no_longer_has_the_label_is_shown_as_it_was() -> None:
    form = form_of(told(), [CHARGING])
    assert [cited.short for cited in form.cited] == ["《停车场服务协议》1.2", "《停车场服务协议》1.3（2）", "《充电》7.1"]
    assert form.cited[0].version == ""


def _notes(**aids: object) -> list[str]:
    """The footnotes of an answer that cites one clause twice over."""
    citation = Citation(FEES, INVOICE, **aids)  # type: ignore[arg-type]
    form = _form(Answer("a", "问", Status.ANSWERED, (Statement("甲。", (0, 1)),), (citation, citation)))
    return [line for cited in form.cited for line in cited.footnotes]


def test_what_helps_to_read_a_clause_is_said_once() -> None:
    other, far = clause("7.2.3", "甲" * 40), clause("5", "乙", CHARGING)
    defined = Defined("最终用户", clause("1.3", ""), "“最终用户”是指受邀加入的个人。")
    assert _notes(refers=(Referred(other), Referred(far)), defines=(defined,), unheld=("甲协议", "乙规则")) == [
        f"提到 7.2.3：{'甲' * 30}…",
        "提到 《充电桩使用协议》5：乙",
        "提到《甲协议》《乙规则》（未收录）",
        "定义“最终用户”见 1.3：“最终用户”是指受邀加入的个人。",
    ]


def test_a_clause_referred_to_is_not_shown_without_what_forbids_it() -> None:
    assert _notes(refers=(Referred(RENTED, "您不得从事下列行为："),)) == ["提到 1.3（2）：您不得从事下列行为：将车位转租给他人；"]


def test_of_a_definition_that_comes_after_what_it_names_the_end_is_shown() -> None:
    sentence = f"{'您应当阅读并遵守' * 3}《企业微信协议》（ https://example.com/eula）（以下简称“通用协议”），请审慎阅读。"
    assert _notes(defines=(Defined("通用协议", FEES, sentence),)) == [
        "定义“通用协议”见 1.2：…遵守您应当阅读并遵守《企业微信协议》（以下简称“通用协议”）…"
    ]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.SIMPLIFIED, ("以上摘自协议条款，不构成法律意见。", "以上依据协议条款，不构成法律意见。")),
        (Language.TRADITIONAL, ("以上摘自協議條款，不構成法律意見。", "以上依據協議條款，不構成法律意見。")),
        (Language.ENGLISH, ("Quoted from the agreements; not legal advice.", "Based on the agreements; not legal advice.")),
    ],
)
def test_the_disclaimer_says_whether_clauses_are_quoted_or_told_and_only_under_answers(language: Language, said: tuple[str, str]) -> None:
    assert (_form(quoted(language)).disclaimer, _form(told(language)).disclaimer) == said
    assert (_form(refused(language)).disclaimer, _form(unclear(language)).disclaimer) == ("", "")


def test_only_who_asks_in_english_is_told_that_the_quotes_are_chinese() -> None:
    assert _form(quoted(Language.ENGLISH)).original == "Quoted in the original Chinese."
    assert _form(told(Language.ENGLISH)).original == ""
    assert _form(quoted(Language.TRADITIONAL)).original == ""


def test_a_refusal_points_at_clauses_and_cites_none() -> None:
    form = _form(refused())
    assert (form.title, form.message, form.cited, form.statements) == ("协议未写到", "没有写到。", (), ())
    assert [(pointed.label, pointed.short, pointed.heading) for pointed in form.related] == [
        ("《停车场服务协议》1.2", "《停车》1.2", "发票"),
        ("《充电桩使用协议》7.1", "《充电》7.1", ""),
    ]


def test_a_choice_says_how_to_ask_for_it_in_the_language_of_the_question() -> None:
    assert [form.example(form.choices[1]) for form in (_form(unclear(language)) for language in Language)] == [
        "例如问：充电：多少钱？",
        "例如問：充电：多少钱？",
        "for example: 充电：多少钱？",
    ]


@pytest.mark.parametrize(
    "question", ["企点开通几天内可以无条件退款？", "企點開通幾天內可以無條件退款？", "Which court decides about WeCard disputes?", "qidian"]
)
def test_an_answer_without_a_model_is_quotes_and_no_long_text_is_shown_twice(question: str, shipped: Library, shipped_index: Index) -> None:
    answerer = Answerer(shipped, Search(shipped_index, Ranking.load(), Lexicon.load()), Confidence.load(), Acts.load())
    answer = replace(answerer.answer(question), language=language_of(question))
    form = form_of(answer, shipped.agreements)
    assert answer.status is Status.ANSWERED
    assert all(said.quoted for said in form.statements)
    shown = "\n".join(span.text for cited in form.cited for span in cited.excerpt)
    assert not any(piece in shown for said in form.statements for piece in said.text.split("，") if len(piece) > 25)
