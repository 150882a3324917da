"""The whole walk over the shipped agreements without a model, as on a fresh machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from answering.answer import Answer, Status
from answering.answerer import Answerer
from answering.errors import QuestionError
from answering.models import ChatModel
from eval.questions import QUESTIONS, EvalCase, load_questions
from retrieval.errors import UnknownAgreement
from retrieval.library import Library


def _cited(answer: Answer) -> list[tuple[str, str]]:
    return [citation.clause.ref for citation in answer.citations]


def test_the_refund_question_is_answered_with_its_clause_and_where_it_ends(answerer: Answerer) -> None:
    answer = answerer.answer("企点开通几天内可以无条件退款？")
    assert answer.status is Status.ANSWERED
    assert _cited(answer) == [("qidian", "4.7"), ("qidian", "4.9")]
    assert "7 个自然日内" in answer.statements[0].text
    assert "无权要求退款" in answer.statements[1].text
    assert (answer.model, answer.tokens, answer.notice, answer.withheld) == ("extractive", {"prompt": 0, "completion": 0}, "", ())


def test_a_clause_asked_for_by_number_is_quoted_whole(answerer: Answerer, shipped: Library) -> None:
    answer = answerer.answer("乐享 4.6.1 写了什么")
    clause = next(clause for clause in shipped.clauses(["lexiang"]) if clause.id == "4.6.1")
    assert _cited(answer) == [("lexiang", "4.6.1")]
    assert answer.statements[0].text == answer.citations[0].quote == clause.text


def test_a_number_that_several_agreements_have_is_asked_back(answerer: Answerer) -> None:
    answer = answerer.answer("4.6.1 写了什么")
    assert (answer.status, answer.citations) == (Status.CLARIFY, ())
    assert [choice.agreement for choice in answer.choices] == ["lexiang", "weka"]


def test_every_choice_offered_is_answered_when_it_is_asked(answerer: Answerer) -> None:
    for choice in answerer.answer("4.6.1 写了什么").choices:
        assert _cited(answerer.answer(choice.question)) == [(choice.agreement, "4.6.1")]


def test_a_number_that_one_agreement_has_needs_no_name(answerer: Answerer) -> None:
    assert _cited(answerer.answer("8.1.2.1（6）")) == [("wework", "8.1.2.1（6）")]


def test_an_item_is_told_with_the_sentence_that_introduces_it(answerer: Answerer) -> None:
    answer = answerer.answer("企业微信 8.1.2.1（6）")
    assert "不得" in answer.statements[0].text
    assert answer.citations[0].quote == answer.citations[0].clause.text
    assert answer.statements[0].text == answer.citations[0].under + answer.citations[0].quote


def test_a_number_that_does_not_exist_is_refused_with_those_that_do(answerer: Answerer) -> None:
    answer = answerer.answer("企点 4.19")
    assert (answer.status, answer.citations) == (Status.NOT_COVERED, ())
    assert "4.19" in answer.message
    assert "4.1–4.10" in answer.message


def test_a_number_no_agreement_has_is_refused(answerer: Answerer) -> None:
    answer = answerer.answer("77.7 写了什么")
    assert (answer.status, answer.citations) == (Status.NOT_COVERED, ())
    assert "77.7" in answer.message


def test_of_two_numbers_one_that_does_not_exist_is_told(answerer: Answerer) -> None:
    answer = answerer.answer("企点 4.7 和 4.99")
    assert _cited(answer) == [("qidian", "4.7")]
    assert "没有 4.99（第四条共 4.1–4.10）" in answer.notice


def test_the_agreement_that_lacks_a_number_is_told(answerer: Answerer) -> None:
    answer = answerer.answer("企点和乐享的 4.6.1")
    assert _cited(answer) == [("lexiang", "4.6.1")]
    assert "《腾讯企业级产品及服务直销协议》没有 4.6.1" in answer.notice


@pytest.mark.parametrize("number", ["第100条", "第一百零二条", "第百条", "附件第九条"])
def test_a_number_beyond_all_articles_is_refused(answerer: Answerer, number: str) -> None:
    answer = answerer.answer(f"会话存档{number}")
    assert answer.status is Status.NOT_COVERED
    assert "没有" in answer.message


def test_an_article_of_the_annex_is_not_one_of_the_body(answerer: Answerer) -> None:
    assert _cited(answerer.answer("会话存档附件第四条")) == [("archive", "附件/4")]
    assert "它没有附件" in answerer.answer("微卡附件第四条").message


@pytest.mark.parametrize(
    "text", ["2022.8.15 更新的乐享协议", "乐享 192.168.1.1 能访问吗", "乐享一年 1234.56 元贵吗", "乐享 v3.0 升级要钱吗"]
)
def test_figures_that_only_look_like_numbers_of_clauses_are_none(answerer: Answerer, text: str) -> None:
    assert "没有 " not in answerer.answer(text).message


@pytest.mark.parametrize("text", ["企点4.7分几种情况", "企点 4.7 时间怎么算", "企点4.7日常怎么用"])
def test_a_number_before_an_everyday_word_is_looked_up(answerer: Answerer, text: str) -> None:
    assert _cited(answerer.answer(text)) == [("qidian", "4.7")]


def test_a_number_printed_twice_is_answered_with_both(answerer: Answerer) -> None:
    answer = answerer.answer("乐享 2.2.3")
    assert _cited(answer) == [("lexiang", "2.2.3"), ("lexiang", "2.2.3#2")]
    assert "2.2.3（第二处）" in answer.text


def test_an_article_is_answered_with_the_clauses_under_it(answerer: Answerer) -> None:
    assert _cited(answerer.answer("企点第五条")) == [("qidian", "5.1"), ("qidian", "5.2")]


def test_a_follow_up_asks_the_same_of_another_agreement(answerer: Answerer) -> None:
    answer = answerer.answer("那会话存档呢？", ["企点开通几天内可以无条件退款？"])
    assert {citation.clause.agreement for citation in answer.citations} <= {"archive"}
    assert {hit.clause.agreement for hit in answer.retrieved} == {"archive"}


def test_only_the_agreements_asked_for_are_searched(answerer: Answerer) -> None:
    answer = answerer.answer("几天内可以退款？", agreements=["archive", "weka"])
    assert {hit.clause.agreement for hit in answer.retrieved} == {"archive", "weka"}


def test_an_unknown_agreement_is_refused_by_name(answerer: Answerer) -> None:
    with pytest.raises(UnknownAgreement, match=r"'feishu'.*qidian、wework、lexiang、archive、weka"):
        answerer.answer("怎么退款？", agreements=["qidian", "feishu"])


@pytest.mark.parametrize("question", ["", "？？？", "退" * 10_000])
def test_a_question_that_cannot_be_taken_is_refused(question: str, answerer: Answerer) -> None:
    with pytest.raises(QuestionError):
        answerer.answer(question)


def test_a_refusal_names_clauses_that_may_be_related(answerer: Answerer) -> None:
    answer = answerer.answer("企点送不送月饼礼盒？")
    assert (answer.status, answer.citations) == (Status.NOT_COVERED, ())
    assert 1 <= len(answer.related) <= 3
    assert {clause.agreement for clause in answer.related} == {"qidian"}


@pytest.fixture(scope="module")
def cases() -> list[EvalCase]:
    return load_questions(sorted(QUESTIONS.glob("*.jsonl")))


@pytest.fixture(scope="module")
def rows(cases: list[EvalCase], answerer: Answerer) -> dict[str, dict[str, Any]]:
    """The public form of the answer to every evaluation question."""
    return {case.id: answerer.answer(case.question, case.history, question_id=case.id).to_json() for case in cases}


def test_of_all_evaluation_questions_no_citation_is_made_up_and_no_quote_is_altered(
    rows: dict[str, dict[str, Any]], shipped: Library
) -> None:
    clauses = {clause.ref: clause for clause in shipped.clauses()}
    fabricated, altered = [], []
    for key, row in rows.items():
        for citation in row["citations"]:
            clause = clauses.get((citation["agreement"], citation["id"]))
            if clause is None or (citation["number"], citation["label"]) != (clause.number, clause.label):
                fabricated.append((key, citation))
            elif not citation["quote"] or citation["quote"] not in clause.text:
                altered.append((key, citation))
    assert sum(bool(row["citations"]) for row in rows.values()) > 200
    assert (fabricated, altered) == ([], [])


def test_of_all_evaluation_questions_every_statement_rests_on_a_citation_and_every_citation_on_a_statement(
    rows: dict[str, dict[str, Any]],
) -> None:
    for row in rows.values():
        used = [at for statement in row["statements"] for at in statement["citations"]]
        assert all(statement["citations"] for statement in row["statements"])
        assert set(used) == set(range(len(row["citations"])))
        assert bool(row["citations"]) is (row["status"] == "answered")


def test_of_all_evaluation_questions_every_statement_is_in_the_clauses_own_words(
    rows: dict[str, dict[str, Any]],
) -> None:
    for row in rows.values():
        for statement in row["statements"]:
            cited = row["citations"][statement["citations"][0]]
            assert statement["text"] == cited["under"] + cited["quote"]


def test_of_all_evaluation_questions_what_is_retrieved_is_ranked(rows: dict[str, dict[str, Any]], cases: list[EvalCase]) -> None:
    for row in rows.values():
        refs = [(hit["agreement"], hit["id"]) for hit in row["retrieved"]]
        assert len(refs) == len(set(refs))
    assert len(rows) == len(cases)


def test_the_same_question_gets_the_same_answer_but_for_its_time(
    rows: dict[str, dict[str, Any]], cases: list[EvalCase], make_answerer: Callable[[ChatModel | None], Answerer]
) -> None:
    again = make_answerer(None)
    for case in cases[::9]:
        row = again.answer(case.question, case.history, question_id=case.id).to_json()
        assert row | {"latency_ms": 0} == rows[case.id] | {"latency_ms": 0}
