from __future__ import annotations

import pytest

from answering.answer import Status
from answering.answerer import Answerer
from answering.confidence import Confidence
from answering.errors import QuestionError
from bot.conversation import Conversation
from prompts.prompt import load_prompt
from retrieval.errors import UnknownAgreement
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search

_REFUND = "企点开通几天内可以无条件退款？"


@pytest.fixture(scope="module")
def answerer(shipped: Library, shipped_index: Index) -> Answerer:
    prompt = load_prompt("answer", ("clauses", "history", "question"))
    return Answerer(shipped, Search(shipped_index, Ranking.load(), Lexicon.load()), Confidence.load(), prompt)


def _agreements(conversation: Conversation, question: str) -> set[str]:
    return {hit.clause.agreement for hit in conversation.ask(question).retrieved}


def test_a_follow_up_is_about_what_was_asked_before(answerer: Answerer) -> None:
    conversation = Conversation(answerer)
    conversation.ask(_REFUND)
    assert _agreements(conversation, "那发票什么时候开？") == {"qidian"}


def test_a_number_in_a_follow_up_is_of_the_agreement_asked_about_before(answerer: Answerer) -> None:
    conversation = Conversation(answerer)
    assert conversation.ask("4.6.1 写了什么").status is Status.CLARIFY
    conversation.ask("乐享怎么注册账号？")
    assert [citation.clause.ref for citation in conversation.ask("4.6.1 写了什么").citations] == [("lexiang", "4.6.1")]


def test_a_new_conversation_knows_nothing_of_the_one_before(answerer: Answerer) -> None:
    conversation = Conversation(answerer)
    conversation.ask(_REFUND)
    conversation.forget()
    assert _agreements(conversation, "那发票什么时候开？") == _agreements(Conversation(answerer), "那发票什么时候开？") != {"qidian"}


def test_two_conversations_do_not_hear_each_other(answerer: Answerer) -> None:
    first, second = Conversation(answerer), Conversation(answerer)
    first.ask(_REFUND)
    second.ask("乐享怎么注册账号？")
    assert _agreements(first, "那发票什么时候开？") == {"qidian"}
    assert _agreements(second, "那发票什么时候开？") == {"lexiang"}


def test_a_question_that_is_refused_does_not_enter_the_conversation(answerer: Answerer) -> None:
    conversation = Conversation(answerer)
    conversation.ask(_REFUND)
    for refused in ("", "？", "退" * 2000):
        with pytest.raises(QuestionError):
            conversation.ask(refused)
    same = Conversation(answerer)
    same.ask(_REFUND)
    assert conversation.ask("那发票什么时候开？").id == same.ask("那发票什么时候开？").id


def test_the_conversation_reaches_back_six_questions(answerer: Answerer) -> None:
    conversation = Conversation(answerer)
    conversation.ask("乐享怎么注册账号？")
    for _ in range(5):
        conversation.ask("今天中午吃什么好呢大家说说")
    assert _agreements(conversation, "那里的账号可以注销吗") == {"lexiang"}
    assert len(_agreements(conversation, "那里的账号可以注销吗")) > 1


def test_a_conversation_can_be_held_to_some_agreements(answerer: Answerer) -> None:
    assert _agreements(Conversation(answerer, ["weka"]), "账号可以转让吗？") == {"weka"}


def test_an_unknown_agreement_is_refused_when_it_is_asked(answerer: Answerer) -> None:
    with pytest.raises(UnknownAgreement):
        Conversation(answerer, ["feishu"]).ask("账号可以转让吗？")
