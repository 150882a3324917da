"""Chats, people and channels are apart: whoever tries to reach what is another's gets nothing, and takes nothing away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from answering.answerer import Answerer
from bot.conversation import Conversation
from bot.message import Message
from bot.place import Place
from bot.presses import Press, choice_data, question_data, reason_data, vote_data
from bot.records import Records
from bot.votes import Counts
from bot.web.door import Door
from bot.web.house import Rooms
from bot.wecom.events import WecomEvents
from retrieval.library import Library
from tests.bot.test_commands import _ANN, _Bot
from tests.bot.test_commands import bot as bot
from tests.bot.web_visit import TOKEN, ask, form_token
from tests.bot.web_visit import make_rooms as make_rooms
from tests.bot.web_visit import rooms as rooms
from tests.bot.web_visit import visit as visit

_ELSEWHERE = (
    replace(_ANN, chat="another"),  # the same person in another chat
    replace(_ANN, chat="ann"),  # in private
    replace(_ANN, channel="telegram"),  # the same ids in another channel
    Place("wecom", "another", "", "ben"),
)


def _let_in(bot: _Bot) -> None:
    for channel in ("wecom", "telegram"):
        for chat in ("group", "another", "ann"):
            bot.stores.access.allow(channel, "chat", chat)
        for user in ("ann", "ben"):
            bot.stores.access.allow(channel, "user", user)


@pytest.mark.parametrize("place", _ELSEWHERE)
def test_a_conversation_its_sources_and_its_feedback_are_of_one_chat(bot: _Bot, place: Place) -> None:
    _let_in(bot)
    record = bot.ask("企点开通几天内可以无条件退款？")
    assert bot.stores.records.earlier(place, 5) == []
    assert bot.run("/sources", place) == "这里还没有回答过您的问题。"
    assert bot.run("/feedback 引错了", place) == "这里还没有回答过您的问题。"
    assert bot.stores.votes.of(record) == Counts()


@pytest.mark.parametrize("place", _ELSEWHERE)
def test_a_button_with_the_id_of_an_answer_of_another_chat_does_nothing(bot: _Bot, place: Place) -> None:
    _let_in(bot)
    record = bot.ask("企点开通几天内可以无条件退款？")
    for data in (vote_data(record, "up"), reason_data(record, "clause"), question_data(record, 0), choice_data(record, 0)):
        assert bot.presses.take(Press(place, "m", data, place.chat == "ann")) is None
    assert bot.stores.votes.of(record) == Counts()


def test_the_beginning_of_an_id_is_no_id_of_a_button(bot: _Bot) -> None:
    record = bot.ask("企点开通几天内可以无条件退款？")
    assert bot.presses.take(Press(_ANN, "m", vote_data(record[:4], "up"))) is None
    assert bot.presses.take(Press(_ANN, "m", vote_data(record, "up"))) is not None


@pytest.mark.parametrize(("chat", "counted"), [("group", 1), ("another", 0)])
def test_an_opinion_from_another_chat_of_wecom_does_not_count(bot: _Bot, chat: str, counted: int) -> None:
    _let_in(bot)
    bot.stores.votes.shown("wecom", "stream", bot.ask("企点开通几天内可以无条件退款？"))
    opinion = {"eventtype": "feedback_event", "feedback_event": {"id": "stream", "type": 1}}
    body = {"from": {"userid": "ben"}, "chatid": chat, "chattype": "group", "event": opinion}
    asyncio.run(WecomEvents(bot.stores, bot.presses).opinion(body))
    assert bot.stores.votes.of(bot.stores.votes.record_of("wecom", "stream") or "").up == counted


@pytest.mark.parametrize("place", _ELSEWHERE[2:])
def test_forgetting_one_leaves_the_other(bot: _Bot, place: Place) -> None:
    _let_in(bot)
    mine, others = bot.ask("几天内可以退款"), bot.ask("几天内可以退款", place)
    bot.stores.votes.cast(others, place.channel, place.asker, "up")
    assert "1 个问答" in bot.run("/forgetme")
    assert [record.id for record in bot.stores.records.listing()] == [others]
    assert bot.stores.votes.of(others) == Counts(up=1)
    assert mine != others


def test_somebody_who_forgets_is_forgotten_in_all_chats_of_the_channel(bot: _Bot) -> None:
    _let_in(bot)
    for place in (_ANN, *_ELSEWHERE[:2]):
        bot.ask("几天内可以退款", place)
    assert "3 个问答" in bot.run("/forgetme")


def test_what_one_chat_is_answered_is_not_given_to_one_that_may_ask_about_other_agreements(bot: _Bot, shipped: Library) -> None:
    """An answer that was made once is given again only where the same agreements may be asked about."""
    keys: list[str | None] = []

    class Noting(Records):
        def recent(self, key: str, within: object) -> None:
            keys.append(key)

    records = Noting("sqlite://", 0)
    for agreements in ([], ["lexiang"], ["lexiang", "qidian"]):
        conversation = Conversation(_named(bot.answerer), records, _ANN, agreements, library=shipped, history_tokens=0)
        conversation._served(conversation._turn("几天内可以退款", ""))
    assert len(set(keys)) == len(keys) == 3
    records.close()


def _named(answerer: Answerer) -> Answerer:
    """The same, taken for one that costs something: only then is anything given again."""

    class Costly:
        model_name = "m"
        fingerprint = answerer.fingerprint

    return Costly()  # type: ignore[return-value]


def test_a_page_shows_nobody_the_answer_of_a_chat_or_of_another_visitor(rooms: Rooms, visit: Callable[..., TestClient]) -> None:
    conversation = rooms.converse(Place("telegram", "-100", "", "7"), ())
    conversation.ask("企点开通几天内可以无条件退款？")
    ann = visit()
    ben = visit(site=ann)
    path = ask(ann)
    assert ann.get(path).status_code == 200
    for stranger, target in ((ann, f"/answers/{conversation.record}"), (ben, path)):
        assert stranger.get(target).status_code == 404
        data = {"form_token": form_token(stranger), "verdict": "down"}
        assert stranger.post(f"{target}/vote", data=data).status_code == 404
    assert rooms.votes.of(conversation.record or "") == Counts()
    ben.post("/privacy", data={"form_token": form_token(ben)})
    assert ann.get(path).status_code == 200


def test_the_api_votes_on_no_answer_but_its_own_by_its_whole_id(rooms: Rooms, visit: Callable[..., TestClient]) -> None:
    conversation = rooms.converse(Place("telegram", "-100", "", "7"), ())
    conversation.ask("企点开通几天内可以无条件退款？")
    client = visit(Door(TOKEN))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    record = client.post("/api/ask", json={"question": "乐享打官司去哪"}, headers=headers).json()["record"]

    def vote(id_: str) -> int:
        return client.post("/api/votes", json={"record": id_, "asker": "a", "verdict": "up"}, headers=headers).status_code

    assert vote(str(conversation.record)) == 404
    assert vote(record[:-1]) in (404, 422)
    assert vote(record) == 204


def test_a_message_and_a_reminder_with_the_same_id_in_another_chat_are_others(bot: _Bot) -> None:
    for place in (_ANN, *_ELSEWHERE[:3]):
        assert bot.stores.inbox.claim(Message(place, "1", "几天"))
        assert bot.stores.access.first(place.channel, place.chat, "denied", timedelta(days=1))
        assert bot.stores.notices.due(Message(place, "1", "几天"))
