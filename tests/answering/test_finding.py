"""Questions about all agreements, and questions back."""

from __future__ import annotations

from answering.answer import Status
from answering.answerer import Answerer


def test_a_question_about_all_agreements_is_answered_for_each_that_says_something(answerer: Answerer) -> None:
    answer = answerer.answer("各协议分别规定在哪个法院打官司？")
    assert answer.status is Status.ANSWERED
    assert len({citation.clause.agreement for citation in answer.citations}) >= 3


def test_a_question_whose_figures_differ_is_asked_back_and_every_choice_offered_is_answered(answerer: Answerer) -> None:
    asked = 0
    for question in (
        "欠费多久会停服务？",
        "多少天内可以退款？",
        "数据保留多少天？",
        "提前几天通知涨价？",
        "违约金每天按多少算？",
        "多久没登录会被回收？",
    ):
        answer = answerer.answer(question)
        if answer.status is Status.CLARIFY:
            asked += 1
            for choice in answer.choices:
                taken = answerer.answer(choice.question)
                assert taken.status is Status.ANSWERED, choice.question
                assert {citation.clause.agreement for citation in taken.citations} == {choice.agreement}, choice.question
    assert asked >= 1
