"""One flow for every channel: a question after those before, answered, kept, and answered from what was kept when it is asked again."""

from __future__ import annotations

import datetime
import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from answering.acts import Acts
from answering.answer import Answer, Status
from answering.answerer import Answerer
from answering.confidence import Confidence
from answering.errors import ModelError, QuestionError
from answering.evidence import count_tokens
from answering.models import ChatModel, Completion
from bot.conversation import Conversation
from bot.place import Place
from bot.records import Records
from retrieval.errors import UnknownAgreement
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search
from tests.scripted import SaysAtOnce

_REFUND = "企点开通几天内可以无条件退款？"
_FOLLOW_UP = "那发票什么时候开？"
_ANN = Place("telegram", "-100", "", "ann")
_BOB = Place("telegram", "-100", "", "bob")
_SAID = "在您开通企业级产品服务 7 个自然日内，您有权要求终止合作 [C1]。"


class _Model(SaysAtOnce):
    """Says what it is made to say or, made to say nothing, the first clause it is shown; or fails. Remembers for whom it was asked."""

    def __init__(self, said: str = "", name: str = "scripted") -> None:
        self.name = name
        self.said = said
        self.fails = False
        self.chats: list[str] = []

    def complete(self, system: str, user: str, *, chat: str = "") -> Completion:
        self.chats.append(chat)
        if self.fails:
            raise ModelError("模型没有回答")
        clause = re.search(r"^\[C1\].*\n(.+)$", user, re.M)
        return Completion(self.said or (f"{clause[1].strip()} [C1]" if clause else "无"), 812, 40)


class _Clock:
    def __init__(self) -> None:
        self.now = datetime.datetime(2025, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime.datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture(scope="module")
def answering(shipped: Library, shipped_index: Index) -> Callable[[ChatModel | None], Answerer]:
    search = Search(shipped_index, Ranking.load(), Lexicon.load())
    return lambda model: Answerer(shipped, search, Confidence.load(), Acts.load(), model)


@pytest.fixture(scope="module")
def answerer(answering: Callable[[ChatModel | None], Answerer]) -> Answerer:
    return answering(None)


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def records(tmp_path: Path, clock: _Clock) -> Iterator[Records]:
    kept = Records(f"sqlite:///{tmp_path / 'library.db'}", now=clock)
    yield kept
    kept.close()


@pytest.fixture
def model() -> _Model:
    return _Model()


Talk = Callable[..., Conversation]


@pytest.fixture
def talk(answering: Callable[[ChatModel | None], Answerer], records: Records, shipped: Library, model: _Model) -> Talk:
    """Begins a conversation with the model, as a channel does for every message."""

    def begin(place: Place = _ANN, *agreements: str, cache_minutes: float = 60.0, model: ChatModel = model) -> Conversation:
        return Conversation(answering(model), records, place, agreements, library=shipped, cache_minutes=cache_minutes)

    return begin


def _agreements(conversation: Conversation, question: str) -> set[str]:
    return {hit.clause.agreement for hit in conversation.ask(question).retrieved}


def test_a_follow_up_is_about_what_was_asked_before(answerer: Answerer, records: Records) -> None:
    conversation = Conversation(answerer, records, _ANN)
    conversation.ask(_REFUND)
    assert _agreements(conversation, _FOLLOW_UP) == {"qidian"}


def test_a_number_in_a_follow_up_is_of_the_agreement_asked_about_before(answerer: Answerer, records: Records) -> None:
    conversation = Conversation(answerer, records, _ANN)
    assert conversation.ask("4.6.1 写了什么").status is Status.CLARIFY
    conversation.ask("乐享怎么注册账号？")
    assert [citation.clause.ref for citation in conversation.ask("4.6.1 写了什么").citations] == [("lexiang", "4.6.1")]


def test_a_new_conversation_knows_nothing_of_the_one_before(answerer: Answerer, records: Records) -> None:
    conversation = Conversation(answerer, records, _ANN)
    conversation.ask(_REFUND)
    assert conversation.goes_on
    conversation.forget()
    assert not conversation.goes_on
    assert _agreements(conversation, _FOLLOW_UP) == _agreements(Conversation(answerer, records, _BOB), _FOLLOW_UP) != {"qidian"}


@pytest.mark.parametrize(
    "other", [_BOB, replace(_ANN, chat="-200"), replace(_ANN, thread="7"), replace(_ANN, channel="wecom")], ids=lambda place: repr(place)
)
def test_another_asker_chat_thread_or_channel_is_another_conversation(other: Place, answerer: Answerer, records: Records) -> None:
    first, second = Conversation(answerer, records, _ANN), Conversation(answerer, records, other)
    first.ask(_REFUND)
    second.ask("乐享怎么注册账号？")
    assert _agreements(first, _FOLLOW_UP) == {"qidian"}
    assert _agreements(second, _FOLLOW_UP) == {"lexiang"}


def test_a_conversation_goes_on_after_a_restart_for_twelve_hours(answerer: Answerer, tmp_path: Path, clock: _Clock) -> None:
    for hours, agreements in ((0, None), (11, {"qidian"}), (13, None)):
        records = Records(f"sqlite:///{tmp_path / 'library.db'}", now=clock)
        clock.now += timedelta(hours=hours)
        found = _agreements(Conversation(answerer, records, _ANN), _FOLLOW_UP if hours else _REFUND)
        assert agreements is None or found == agreements
        if hours == 13:
            assert len(found) > 1
        records.close()


def test_a_question_that_is_refused_does_not_enter_the_conversation(answerer: Answerer, records: Records) -> None:
    conversation = Conversation(answerer, records, _ANN)
    conversation.ask(_REFUND)
    for refused in ("", "？", "退" * 2000):
        with pytest.raises(QuestionError):
            conversation.ask(refused)
        with pytest.raises(QuestionError):
            next(conversation.stream(refused))
    same = Conversation(answerer, records, _BOB)
    same.ask(_REFUND)
    assert conversation.ask(_FOLLOW_UP).id == same.ask(_FOLLOW_UP).id


def test_the_conversation_reaches_back_six_questions(answerer: Answerer, records: Records) -> None:
    conversation = Conversation(answerer, records, _ANN)
    conversation.ask("乐享怎么注册账号？")
    for _ in range(5):
        conversation.ask("今天中午吃什么好呢大家说说")
    assert _agreements(conversation, "那里的账号可以注销吗") == {"lexiang"}
    assert len(_agreements(conversation, "那里的账号可以注销吗")) > 1


@pytest.mark.parametrize("tokens", [0, 10, 20, 40, 80, 600])
def test_the_newest_questions_that_fit_into_the_budget_go_along(tokens: int, answerer: Answerer, records: Records) -> None:
    asked = [f"乐享怎么注册账号？第{at}次问，{'请说清楚' * at}。" for at in range(6)]
    for question in asked:
        Conversation(answerer, records, _ANN, history_tokens=0).ask(question)
    answer = Conversation(answerer, records, _ANN, history_tokens=tokens).ask(_FOLLOW_UP)
    fitting = next(at for at in range(7) if sum(count_tokens(question) for question in asked[at:]) <= tokens)
    assert answer.id == answerer.answer(_FOLLOW_UP, asked[fitting:]).id  # an id is of a question and those before it


def test_a_conversation_can_be_held_to_some_agreements(answerer: Answerer, records: Records) -> None:
    assert _agreements(Conversation(answerer, records, _ANN, ["weka"]), "账号可以转让吗？") == {"weka"}


def test_an_unknown_agreement_is_refused_when_it_is_asked(answerer: Answerer, records: Records) -> None:
    with pytest.raises(UnknownAgreement):
        Conversation(answerer, records, _ANN, ["feishu"]).ask("账号可以转让吗？")
    assert records.listing() == []


def test_every_answer_is_kept_as_it_was_given(talk: Talk, records: Records, answering: Callable[[ChatModel | None], Answerer]) -> None:
    answers = [talk().ask(_REFUND), talk(_BOB).ask("今天中午吃什么"), *list(talk().stream("乐享怎么注册账号？"))[-1:]]
    kept = records.listing()
    assert [record.answer for record in kept] == [answer.to_json() for answer in reversed(answers)]
    assert [record.place for record in kept] == [_ANN, _BOB, _ANN]
    assert {record.fingerprint for record in kept} == {answering(_Model()).fingerprint}


def test_what_models_cost_is_booked_on_the_chat(talk: Talk, model: _Model) -> None:
    talk(_ANN).ask(_REFUND)
    list(talk(replace(_BOB, chat="-200", thread="7")).stream(_REFUND + "请说清楚"))
    assert set(model.chats[:1]) == {"telegram:-100"}
    assert set(model.chats[1:]) == {"telegram:-200"}


def _lasting(answer: Answer) -> dict[str, object]:
    """What an answer tells but for what it took to give it."""
    return {name: value for name, value in answer.to_json().items() if name not in ("tokens", "latency_ms", "first_ms", "cached")}


def test_the_same_question_is_answered_from_what_was_kept(talk: Talk, model: _Model, records: Records) -> None:
    first = talk(_ANN).ask(_REFUND)
    asked = len(model.chats)
    again = talk(_BOB).ask(f"  {_REFUND}\t")
    assert len(model.chats) == asked
    assert (first.status, first.cached, again.cached) == (Status.ANSWERED, False, True)
    assert _lasting(again) == _lasting(first)
    assert again.tokens == {"prompt": 0, "completion": 0}
    assert 0 < again.latency_ms < first.latency_ms
    assert again.first_ms is None
    newest, oldest = records.listing()
    assert (newest.served_from, oldest.served_from) == (oldest.id, None)
    assert (newest.place, newest.answer) == (_BOB, again.to_json())


def test_one_who_repeats_a_question_hears_the_same(talk: Talk, model: _Model) -> None:
    talk().ask(_REFUND)
    first = talk().ask(_FOLLOW_UP)
    asked = len(model.chats)
    again = talk().ask(_FOLLOW_UP)
    assert (again.cached, len(model.chats), _lasting(again)) == (True, asked, _lasting(first))


def test_an_answer_from_what_was_kept_is_streamed_whole(talk: Talk, model: _Model) -> None:
    *_, first = talk().stream(_REFUND)
    asked = len(model.chats)
    (again,) = talk(_BOB).stream(_REFUND)
    assert (again.cached, len(model.chats), _lasting(again)) == (True, asked, _lasting(first))


def test_a_question_in_a_conversation_is_answered_from_one_after_the_same_questions_only(talk: Talk) -> None:
    talk(_ANN).ask(_REFUND)
    talk(_ANN).ask(_FOLLOW_UP)
    assert not talk(_BOB).ask(_FOLLOW_UP).cached
    other = replace(_BOB, asker="eve")
    assert talk(other).ask(_REFUND).cached
    assert talk(other).ask(_FOLLOW_UP).cached


def test_an_answer_restricted_to_agreements_is_not_that_to_the_same_question_unrestricted(talk: Talk) -> None:
    talk(_ANN).ask(_REFUND)
    assert not talk(_BOB, "weka").ask(_REFUND).cached
    assert talk(replace(_BOB, asker="eve"), "weka").ask(_REFUND).cached


def test_another_model_is_asked_anew(talk: Talk) -> None:
    talk(_ANN).ask(_REFUND)
    assert not talk(_BOB, model=_Model(name="another")).ask(_REFUND).cached


def test_after_a_while_it_is_asked_anew_however_often_it_was_served_meanwhile(talk: Talk, clock: _Clock) -> None:
    assert not talk(_ANN).ask(_REFUND).cached
    for at in range(3):
        clock.now += timedelta(minutes=18)
        assert talk(replace(_BOB, asker=str(at))).ask(_REFUND).cached
    clock.now += timedelta(minutes=18)
    assert not talk(replace(_BOB, asker="eve")).ask(_REFUND).cached


def test_without_minutes_it_is_always_asked_anew(talk: Talk) -> None:
    talk(_ANN).ask(_REFUND)
    assert not talk(_BOB, cache_minutes=0).ask(_REFUND).cached


def test_what_was_said_where_a_model_failed_is_not_said_again(talk: Talk, model: _Model) -> None:
    model.fails = True
    assert talk(_ANN).ask(_REFUND).notice
    model.fails = False
    answer = talk(_BOB).ask(_REFUND)
    assert (answer.cached, answer.notice) == (False, "")


def test_what_was_forgotten_is_not_served(talk: Talk, records: Records) -> None:
    talk(_ANN).ask(_REFUND)
    assert records.forget("telegram", asker="ann") == 1
    assert not talk(_BOB).ask(_REFUND).cached


def test_quotations_are_made_anew_since_they_cost_nothing(answerer: Answerer, records: Records, shipped: Library) -> None:
    for place in (_ANN, _BOB):
        assert not Conversation(answerer, records, place, library=shipped).ask(_REFUND).cached


def test_of_an_answer_that_nobody_hears_to_the_end_what_was_shown_is_kept_and_not_served(
    answering: Callable[[ChatModel | None], Answerer], records: Records, shipped: Library
) -> None:
    model = _Model(f"{_SAID}\n增值服务一经购买即无法取消，您无权要求退款 [C2]。")
    stream = Conversation(answering(model), records, _ANN, library=shipped).stream(_REFUND)
    shown = next(stream)
    stream.close()
    (record,) = records.listing()
    assert record.answer == shown.to_json()
    assert not Conversation(answering(_Model()), records, _BOB, library=shipped).ask(_REFUND).cached
    assert not Conversation(answering(_Model()), records, _ANN, library=shipped, history_tokens=0).ask(_FOLLOW_UP).cached


def test_many_who_ask_at_once_are_all_answered_and_kept(talk: Talk, records: Records) -> None:
    places = [replace(_BOB, asker=str(at)) for at in range(12)]
    with ThreadPoolExecutor(4) as askers:
        answers = list(askers.map(lambda place: talk(place).ask(_REFUND), places))
    assert {answer.status for answer in answers} == {Status.ANSWERED}
    assert {record.place for record in records.listing()} == set(places)


def test_where_nothing_can_be_kept_everybody_is_answered_and_one_warning_says_so(
    answering: Callable[[ChatModel | None], Answerer], shipped: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "library.db").mkdir()
    records = Records(f"sqlite:///{tmp_path / 'library.db'}")
    with caplog.at_level(logging.DEBUG):
        for _ in range(2):
            conversation = Conversation(answering(_Model()), records, _ANN, library=shipped)
            assert conversation.ask(_REFUND).status is Status.ANSWERED
            assert [answer.status for answer in conversation.stream(_REFUND)][-1] is Status.ANSWERED
            conversation.forget()
    assert len([line for line in caplog.records if line.levelno >= logging.WARNING]) == 1
    assert "退款" not in caplog.text
    records.close()


def test_nobody_s_words_are_logged(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    place = Place("telegram", "机密的群", "", "机密的人")
    talk(place).ask("机密：企点几天内可以退款？")
    list(talk(place).stream("机密：企点几天内可以退款？"))
    talk(place).forget()
    assert "机密" not in caplog.text
    assert "退款" not in caplog.text
