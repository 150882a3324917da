"""Questions that name no agreement where agreements give different figures, and questions of two parts, the second not whole by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from answering.answer import Answer, Status
from answering.answerer import Answerer
from answering.differing import differing
from retrieval.clause import Clause, Hit, Kind
from retrieval.likely import LikelyQuestion

_QUESTION = "不可抗力持续多久可以解约"
_THIRTY = "不可抗力持续三十个自然日的，任何一方可以解除本协议。"
_NINETY = "不可抗力持续九十个自然日以上的，任何一方有权解除本协议。"


def _hit(key: str, text: str, score: float = 0.8, id: str = "1.1") -> Hit:
    return Hit(Clause(key, id, id, 1, Kind.CLAUSE, 2, "1", "", text, False, f"《{key}》{id}"), score)


def _differing(*hits: Hit, question: str = _QUESTION, likely: Mapping[tuple[str, str], list[LikelyQuestion]] | None = None) -> list[str]:
    return differing(question, hits, likely or {})


def test_two_agreements_that_give_different_figures_on_one_matter_differ_and_the_best_is_first() -> None:
    assert _differing(_hit("jia", _THIRTY), _hit("yi", _NINETY, 0.6)) == ["jia", "yi"]
    assert _differing(_hit("yi", _NINETY), _hit("jia", _THIRTY, 0.6)) == ["yi", "jia"]


def test_three_can_differ_and_one_that_says_the_same_as_the_best_is_no_choice() -> None:
    sixty = _hit("bing", _THIRTY.replace("三十", "六十"), 0.7)
    assert _differing(_hit("jia", _THIRTY), _hit("yi", _NINETY, 0.75), sixty) == ["jia", "yi", "bing"]
    assert _differing(_hit("jia", _THIRTY), _hit("yi", _THIRTY, 0.75), sixty) == ["jia", "bing"]


def test_one_figure_in_two_spellings_is_the_same() -> None:
    assert _differing(_hit("jia", _THIRTY), _hit("yi", _THIRTY)) == []
    assert _differing(_hit("jia", _THIRTY), _hit("yi", "不可抗力持续 30 个自然日的，任何一方可以解除本协议。")) == []


@pytest.mark.parametrize(("score", "differ"), [(0.8, True), (0.41, True), (0.39, False), (0.0, False)])
def test_what_is_much_worse_than_the_best_is_no_answer(score: float, differ: bool) -> None:
    assert _differing(_hit("jia", _THIRTY), _hit("yi", _NINETY, score)) == (["jia", "yi"] if differ else [])


@pytest.mark.parametrize("question", ["不可抗力是什么意思", "不可抗力可以解约吗", "谁来承担不可抗力的损失", "不可抗力"])
def test_a_question_that_asks_for_no_figure_is_answered_from_the_best(question: str) -> None:
    assert _differing(_hit("jia", _THIRTY), _hit("yi", _NINETY), question=question) == []


def test_a_clause_without_the_figure_asked_for_is_no_other_answer() -> None:
    silent = "不可抗力发生的，任何一方可以解除本协议。"
    assert _differing(_hit("jia", _THIRTY), _hit("yi", silent)) == _differing(_hit("jia", silent), _hit("yi", _NINETY)) == []
    assert _differing(_hit("jia", _THIRTY), _hit("yi", silent), _hit("yi", _NINETY, 0.7, "1.2")) == ["jia", "yi"]


def test_another_matter_is_no_other_answer_unless_the_same_is_asked_of_both() -> None:
    invoice = _hit("yi", "发票将在收款之后 15 日内开具。")
    assert _differing(_hit("jia", _THIRTY), invoice) == []
    asked = [LikelyQuestion("lay", "天灾过多久能散伙")]
    assert _differing(_hit("jia", _THIRTY), invoice, likely={("jia", "1.1"): asked, ("yi", "1.1"): asked}) == ["jia", "yi"]
    assert _differing(_hit("jia", _THIRTY), invoice, likely={("jia", "1.1"): asked}) == []


def test_two_clauses_of_one_agreement_are_no_choice() -> None:
    assert _differing(_hit("jia", _THIRTY), _hit("jia", _NINETY, id="1.2")) == []


def test_of_another_agreement_its_best_clause_on_the_matter_decides() -> None:
    """It says what the best says; what it says further down in other figures is something else."""
    assert _differing(_hit("jia", _THIRTY), _hit("yi", _THIRTY, 0.7), _hit("yi", _NINETY, 0.6, "1.2")) == []
    assert _differing(_hit("jia", _THIRTY), _hit("yi", _NINETY, 0.7), _hit("yi", _THIRTY, 0.6, "1.2")) == ["jia", "yi"]


def test_addresses_to_write_to_are_figures_too() -> None:
    mail = _hit("jia", "注销账号请联系 help@jia.com 办理。")
    other = replace(mail, clause=replace(mail.clause, agreement="yi", text="注销账号请联系 help@yi.com 办理。"))
    assert _differing(mail, other, question="注销账号找谁") == ["jia", "yi"]


def test_of_nothing_found_nothing_differs() -> None:
    assert _differing() == _differing(_hit("jia", _THIRTY)) == []


# The whole walk over the shipped agreements.


def _cited(answer: Answer) -> list[tuple[str, str]]:
    return [citation.clause.ref for citation in answer.citations]


def test_where_agreements_give_different_times_somebody_must_choose(answerer: Answerer) -> None:
    answer = answerer.answer("不可抗力持续多久可以终止合作")
    assert (answer.status, answer.citations, answer.statements) == (Status.CLARIFY, (), ())
    assert [choice.agreement for choice in answer.choices] == ["qidian", "archive"]
    assert answer.message
    assert {hit.clause.ref for hit in answer.retrieved} >= {("qidian", "9.3"), ("archive", "10.2")}


def test_where_a_choice_would_not_be_answered_for_sure_each_agreement_is_answered_at_once(answerer: Answerer) -> None:
    answer = answerer.answer("不可抗力拖多久可以不干了")
    assert answer.status is Status.ANSWERED
    assert _cited(answer) == [("qidian", "9.3"), ("archive", "10.2")]


def test_every_choice_offered_is_answered_when_it_is_asked(answerer: Answerer) -> None:
    choices = answerer.answer("不可抗力持续多久可以终止合作").choices
    assert [_cited(answerer.answer(choice.question)) for choice in choices] == [[("qidian", "9.3")], [("archive", "10.2")]]


def test_whoever_names_the_agreement_or_has_chosen_one_is_answered(answerer: Answerer) -> None:
    assert _cited(answerer.answer("企点不可抗力拖多久可以不干了")) == [("qidian", "9.3")]
    assert _cited(answerer.answer("不可抗力持续多久可以终止合作", agreements=["archive"])) == [("archive", "10.2")]


def test_what_several_agreements_say_without_figures_needs_no_choice(answerer: Answerer) -> None:
    answer = answerer.answer("不可抗力算谁的")
    assert answer.status is Status.ANSWERED
    assert {hit.clause.agreement for hit in answer.retrieved[:5]} > {"archive", "lexiang"}


_PARTS = [
    ("我们买的企点想给兄弟公司一块儿用，行吗？", "偷偷给了会有啥下场？", "3.13", "3.2"),
    ("乐享的管理员离职没交接，还拿后台号乱改东西，公司能不认账吗？", "碰上人事变动我们本来该做什么？", "3.1.6", "3.2.1"),
]


@pytest.mark.parametrize(("first", "second", "answers_first", "answers_second"), _PARTS)
def test_a_second_part_that_is_not_whole_by_itself_gets_its_clause(
    answerer: Answerer, first: str, second: str, answers_first: str, answers_second: str
) -> None:
    (key,) = {key for key, _ in _cited(answerer.answer(first))}
    assert answerer.answer(second, agreements=[key]).status is not Status.ANSWERED
    assert _cited(answerer.answer(first + second))[:2] == [(key, answers_first), (key, answers_second)]


def test_a_second_part_that_nothing_answers_leaves_the_first_its_clause_alone(answerer: Answerer) -> None:
    alone = _cited(answerer.answer("企点开通几天内可以无条件退款？"))
    assert _cited(answerer.answer("企点开通几天内可以无条件退款？送不送月饼？")) == alone


def test_a_first_part_that_nothing_answers_lends_the_second_nothing(answerer: Answerer) -> None:
    answer = answerer.answer("企点送不送月饼？偷偷给了会有啥下场？")
    assert (answer.status, answer.citations) == (Status.NOT_COVERED, ())
