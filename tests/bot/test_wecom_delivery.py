"""WeCom's callback as WeCom meets it: answered at once, asked once, shown by whichever replica is asked, and nothing lost."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.message import Message
from bot.place import Place
from bot.wecom import callback as wecom_callback
from bot.wecom.callback import Callback
from bot.wecom.streams import LONGEST, Streams, stream_of
from retrieval.errors import StorageError
from tests.response_server import ResponseServer
from tests.response_server import response_server as response_server
from tests.wecom_sender import BOT, Clock, Sender, new_nonce, poll, question
from tests.wecom_wiring import FOLLOWING, PLACEHOLDER, UNANSWERED, Asked, Wiring, callback_of, once, until
from tests.wecom_wiring import patient as patient

_ANSWER = "开通后 **7 个自然日**内可退。《企点服务协议》4.7"
_S1 = stream_of("MSG1")
_SECRET = "机密"
_SOON = wecom_callback._SOON


class World:
    """WeCom, a database, and replicas of a callback over it."""

    def __init__(self, folder: Path, origin: str = "") -> None:
        self.folder, self.origin = folder, origin
        self.clock = Clock()
        self.sender = Sender(self.clock)
        self.streams = Streams(f"sqlite:///{folder / 'library.db'}", self.clock)

    def replica(self, wiring: Wiring | None = None) -> Callback:
        return callback_of(self.folder, wiring or Wiring(), self.clock, self.origin or None)

    def address(self, code: str = "SECRETCODE") -> str:
        return f"{self.origin}/cgi-bin/aibot/response?response_code={code}"

    async def post(self, callback: Callback, body: dict[str, Any]) -> dict[str, Any]:
        """The passive reply to a message; empty where there is none."""
        query, sent = self.sender.post(body)
        status, reply = await callback.receive(query, sent)
        assert status == 200
        return self.sender.opened(reply, query) if reply else {}

    async def poll(self, callback: Callback, stream: str = _S1) -> dict[str, Any]:
        """What a stream shows."""
        reply = await self.post(callback, poll(stream))
        assert reply["msgtype"] == "stream"
        assert set(reply["stream"]) == {"id", "finish", "content"}
        shown: dict[str, Any] = reply["stream"]
        assert shown["id"] == stream
        return shown


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def answered_world(tmp_path: Path, response_server: ResponseServer) -> World:
    """One whose response addresses are on loopback."""
    return World(tmp_path, response_server.origin)


def _writing(streams: Streams, *texts: str) -> Callable[[Asked], Any]:
    """Writes these texts; the last one finishes the stream."""

    async def write(asked: Asked) -> None:
        for at, text in enumerate(texts, 1):
            streams.put(asked.stream, text, at == len(texts))

    return write


def test_the_address_is_checked_with_the_words_that_were_sealed(world: World) -> None:
    async def checked() -> None:
        callback = world.replica()
        assert await callback.verify(world.sender.get(b"1616140317555161061")) == (200, b"1616140317555161061")
        while "+" not in (query := world.sender.get(b"1616140317555161061"))["echostr"]:
            pass
        spaced = query | {"echostr": query["echostr"].replace("+", " ")}
        assert await callback.verify(spaced) == (200, b"1616140317555161061")

    asyncio.run(checked())


def test_a_question_is_answered_with_a_stream_and_asked_in_the_background(world: World) -> None:
    released = asyncio.Event()

    async def write(asked: Asked) -> None:
        world.streams.put(asked.stream, "开通后", False)
        await released.wait()
        world.streams.put(asked.stream, _ANSWER, True)

    async def asked() -> None:
        wiring = Wiring(write)
        callback = world.replica(wiring)
        first = await world.post(callback, question(response_url="https://qyapi.weixin.qq.com/r?response_code=X"))
        assert first == {
            "msgtype": "stream",
            "stream": {"id": _S1, "finish": False, "content": PLACEHOLDER, "feedback": {"id": _S1}},
        }
        await asyncio.sleep(0.05)
        (given,) = wiring.asked
        assert given.message == Message(Place("wecom", "CHAT", "", "ann"), "MSG1", "企点几天内可以退款")
        assert (given.stream, given.response_url) == (_S1, "https://qyapi.weixin.qq.com/r?response_code=X")
        assert await world.poll(callback) == {"id": _S1, "finish": False, "content": "开通后"}
        released.set()
        await callback.close(5)
        for _ in range(2):
            assert await world.poll(callback) == {"id": _S1, "finish": True, "content": _ANSWER}

    asyncio.run(asked())


def test_a_message_whose_process_was_killed_before_it_wrote_it_down_is_asked_when_it_comes_again(world: World) -> None:
    """Of the killed one there is a stream and nothing else."""

    async def write(asked: Asked) -> None:
        world.streams.put(asked.stream, _ANSWER, True)

    async def asked() -> None:
        world.streams.begin("MSG1", PLACEHOLDER)
        wiring = Wiring(write)
        callback = world.replica(wiring)
        await world.post(callback, question())
        await until(lambda: bool(wiring.asked))
        await world.post(callback, question())
        assert len(wiring.asked) == 1
        await callback.close(5)
        assert await world.poll(callback) == {"id": _S1, "finish": True, "content": _ANSWER}

    asyncio.run(asked())


def test_a_message_that_cannot_be_written_down_is_to_be_sent_again(world: World) -> None:
    away = [True]
    claim = once()

    def claims(message: Message) -> bool:
        if away[0]:
            raise StorageError("the database is away")
        return claim(message)

    async def write(asked: Asked) -> None:
        world.streams.put(asked.stream, _ANSWER, True)

    async def asked() -> None:
        wiring = Wiring(write, claims=claims)
        callback = world.replica(wiring)
        assert (await callback.receive(*world.sender.post(question())))[0] == 503
        away[0] = False
        await world.post(callback, question())
        await callback.close(5)
        assert await world.poll(callback) == {"id": _S1, "finish": True, "content": _ANSWER}
        assert len(wiring.asked) == 1

    asyncio.run(asked())


def test_a_message_that_comes_again_has_the_same_stream_and_is_not_asked_again(world: World) -> None:
    released = asyncio.Event()

    async def write(asked: Asked) -> None:
        world.streams.put(asked.stream, "开通后", False)
        await released.wait()
        world.streams.put(asked.stream, _ANSWER, True)

    async def asked() -> None:
        claims = once()
        wirings = [Wiring(write, claims=claims), Wiring(write, claims=claims)]
        callbacks = [world.replica(wiring) for wiring in wirings]
        await world.post(callbacks[0], question())
        await asyncio.sleep(0.05)
        for callback in callbacks * 3:
            again = await world.post(callback, question())
            assert again["stream"] == {"id": _S1, "finish": False, "content": "开通后", "feedback": {"id": _S1}}
        released.set()
        await callbacks[0].close(5)
        again = await world.post(callbacks[1], question())
        assert (again["stream"]["finish"], again["stream"]["content"]) == (True, _ANSWER)
        assert [len(wiring.asked) for wiring in wirings] == [1, 0]
        other = await world.post(callbacks[1], question(msgid="MSG2"))
        assert other["stream"]["id"] == stream_of("MSG2") != _S1

    asyncio.run(asked())


def test_the_same_message_sent_many_times_at_once_is_asked_once(world: World) -> None:
    async def asked() -> None:
        claims = once()
        wirings = [Wiring(claims=claims), Wiring(claims=claims)]
        callbacks = [world.replica(wiring) for wiring in wirings]
        replies = await asyncio.gather(*(world.post(callbacks[at % 2], question()) for at in range(20)))
        assert {reply["stream"]["id"] for reply in replies} == {_S1}
        assert sum(len(wiring.asked) for wiring in wirings) == 1

    asyncio.run(asked())


def test_beyond_the_deadline_what_there_is_is_the_last_and_the_rest_is_sent_once(
    answered_world: World, response_server: ResponseServer, caplog: pytest.LogCaptureFixture
) -> None:
    world, released = answered_world, asyncio.Event()

    async def write(asked: Asked) -> None:
        world.streams.put(asked.stream, "开通后", False)
        await released.wait()
        world.streams.put(asked.stream, "开通后 7 天", False)
        world.streams.put(asked.stream, _ANSWER, True)

    async def asked() -> None:
        callback, other = world.replica(Wiring(write)), world.replica()
        await world.post(callback, question(response_url=world.address()))
        await asyncio.sleep(0.05)
        world.clock.go(minutes=5, seconds=29)
        assert await world.poll(other) == {"id": _S1, "finish": False, "content": "开通后"}
        world.clock.go(seconds=1)
        for replica in (other, callback, other):
            assert await world.poll(replica) == {"id": _S1, "finish": True, "content": f"开通后\n\n{FOLLOWING}"}
        assert response_server.posted == []
        released.set()
        await callback.close(5)
        (posted,) = response_server.posted
        assert posted.path.endswith("response_code=SECRETCODE")
        assert posted.body == {"msgtype": "markdown", "markdown": {"content": _ANSWER, "feedback": {"id": _S1}}}
        for _ in range(2):
            await _watch(other)
            world.clock.go(minutes=2)
        assert len(response_server.posted) == 1
        assert await world.poll(other) == {"id": _S1, "finish": True, "content": _ANSWER}

    with caplog.at_level(logging.DEBUG):
        asyncio.run(asked())
    assert "SECRETCODE" not in caplog.text
    assert b"SECRETCODE" not in b"".join(path.read_bytes() for path in world.folder.glob("library.db"))


def test_what_there_is_at_the_deadline_is_cut_for_the_sentence_behind_it(world: World) -> None:
    async def asked() -> None:
        callback = world.replica(Wiring(_writing(world.streams, "约" * (LONGEST // 3), "完")))
        world.streams.begin("MSG1", "约" * (LONGEST // 3))
        world.clock.go(minutes=5, seconds=30)
        shown = await world.poll(callback)
        assert shown["finish"] is True
        assert shown["content"].endswith(f"约约\n\n{FOLLOWING}")
        assert LONGEST - 3 < len(shown["content"].encode()) <= LONGEST

    asyncio.run(asked())


def test_a_text_finished_before_the_deadline_is_shown_after_it_and_not_sent(answered_world: World, response_server: ResponseServer) -> None:
    world = answered_world

    async def asked() -> None:
        callback = world.replica(Wiring(_writing(world.streams, _ANSWER)))
        await world.post(callback, question(response_url=world.address()))
        await callback.close(5)
        world.clock.go(minutes=5, seconds=50)
        assert await world.poll(callback) == {"id": _S1, "finish": True, "content": _ANSWER}
        world.clock.go(minutes=5)
        await _watch(callback)

    asyncio.run(asked())
    assert response_server.posted == []


def test_a_card_goes_out_once_with_the_finished_text(world: World) -> None:
    card = {"card_type": "button_interaction", "main_title": {"title": "问的是哪一份？"}}

    async def write(asked: Asked) -> None:
        world.streams.put(asked.stream, "开通后", False, card)
        world.streams.put(asked.stream, _ANSWER, True, card)

    async def asked() -> None:
        callback = world.replica(Wiring(write))
        await world.post(callback, question())
        await callback.close(5)
        last = {"id": _S1, "finish": True, "content": _ANSWER}
        both = {"msgtype": "stream_with_template_card", "stream": last, "template_card": card}
        assert await world.post(callback, poll(_S1)) == both
        assert await world.post(callback, poll(_S1)) == {"msgtype": "stream", "stream": last}

    asyncio.run(asked())


def test_what_wecom_never_fetched_is_sent_when_it_asks_no_more_whoever_is_left(
    answered_world: World, response_server: ResponseServer
) -> None:
    world = answered_world

    async def asked() -> None:
        callback = world.replica(Wiring(_writing(world.streams, _ANSWER)))
        await world.post(callback, question(response_url=world.address()))
        await callback.close(5)

    async def left() -> None:
        others = [world.replica(), world.replica()]
        for other in others:
            await _watch(other)
        assert response_server.posted == []
        world.clock.go(minutes=6, seconds=1)
        await asyncio.gather(*(_watch(other) for other in others))

    asyncio.run(asked())
    asyncio.run(left())
    (posted,) = response_server.posted
    assert posted.body["markdown"]["content"] == _ANSWER


def test_whoever_watches_sends_what_is_owed_and_deletes_what_is_old(
    answered_world: World, response_server: ResponseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wecom.callback._LOOKING", 0.02)
    world = answered_world

    async def watched() -> None:
        for msgid in ("OLD", "MSG1"):
            world.streams.begin(msgid, PLACEHOLDER, world.address(msgid), asked_for=False)
            world.streams.put(stream_of(msgid), _ANSWER, True)
            world.clock.go(minutes=59 if msgid == "OLD" else 1.5)
        watching = asyncio.create_task(world.replica().watch())
        await until(lambda: bool(response_server.posted) and world.streams.get(stream_of("OLD")) is None)
        watching.cancel()

    asyncio.run(watched())
    assert [posted.path.partition("=")[2] for posted in response_server.posted] == ["MSG1"]


def test_what_could_not_be_sent_is_tried_again(answered_world: World, response_server: ResponseServer) -> None:
    world = answered_world

    async def asked() -> None:
        callback = world.replica(Wiring(_writing(world.streams, _ANSWER)))
        response_server.answer(503)
        await callback.ask(Message(Place("wecom", "CHAT", "", "ann"), "PRESS1", "几天"), world.address())
        await callback.close(5)
        assert len(response_server.posted) == 1
        response_server.answer(200, '{"errcode":0}')
        await _watch(callback)
        assert len(response_server.posted) == 1
        for _ in range(3):
            world.clock.go(seconds=61)
            await _watch(callback)
        assert len(response_server.posted) == 2

    asyncio.run(asked())


def test_a_question_that_a_button_asks_is_answered_at_the_response_address_once(
    answered_world: World, response_server: ResponseServer
) -> None:
    world = answered_world
    pressed = question(msgid="E1", msgtype="event", event={"eventtype": "template_card_event"}, response_url=answered_world.address("CARD"))
    card = {"response_type": "update_template_card", "template_card": {"card_type": "button_interaction"}}

    async def asked() -> None:
        message = Message(Place("wecom", "CHAT", "", "ann"), "E1", "企点的几天")

        async def press(body: Mapping[str, Any]) -> Mapping[str, Any]:
            await callback.ask(message, body["response_url"])
            return card

        wiring = Wiring(_writing(world.streams, "开通后", _ANSWER), press)
        callback = world.replica(wiring)
        for _ in range(2):
            assert await world.post(callback, pressed) == card
        await callback.close(5)
        assert [given.message for given in wiring.asked] == [message]
        assert len(wiring.events) == 2

    asyncio.run(asked())
    (posted,) = response_server.posted
    assert posted.path.endswith("response_code=CARD")
    assert posted.body["markdown"]["content"] == _ANSWER


def test_a_question_that_nobody_answers_does_not_look_as_if_it_were_being_answered(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(asked: Asked) -> None:
        raise RuntimeError(_SECRET)

    async def asked() -> None:
        for wiring, msgid in ((Wiring(), "M1"), (Wiring(fail), "M2")):
            callback = world.replica(wiring)
            await world.post(callback, question(msgid=msgid))
            await callback.close(5)
            assert await world.poll(callback, stream_of(msgid)) == {"id": stream_of(msgid), "finish": True, "content": UNANSWERED}

    asyncio.run(asked())
    assert "RuntimeError" in caplog.text
    assert "机密" not in caplog.text


def test_what_another_process_answers_after_all_is_sent(answered_world: World, response_server: ResponseServer) -> None:
    world = answered_world

    async def asked() -> None:
        callback = world.replica()
        await world.post(callback, question(response_url=world.address()))
        await callback.close(5)
        assert (await world.poll(callback))["content"] == UNANSWERED
        world.streams.put(world.streams.open("MSG1"), _ANSWER, True)  # who has taken the message over
        await _watch(callback)

    asyncio.run(asked())
    assert [posted.body["markdown"]["content"] for posted in response_server.posted] == [_ANSWER]


@pytest.mark.parametrize("address", ["https://evil.example/x", "http://qyapi.weixin.qq.com/x", 5, None, "https://127.0.0.1:1/x"])
def test_a_response_address_that_is_not_wecom_s_is_not_even_kept(world: World, address: object) -> None:
    async def asked() -> None:
        wiring = Wiring(_writing(world.streams, _ANSWER))
        callback = world.replica(wiring)
        await world.post(callback, question(response_url=address))
        await callback.close(5)
        assert wiring.asked[0].response_url == ""
        world.clock.go(minutes=7)
        assert world.streams.owed() == []
        assert await world.poll(callback) == {"id": _S1, "finish": True, "content": _ANSWER}

    asyncio.run(asked())


_CARD = {"msgtype": "text", "text": {"content": "您好，可以问我协议里的事。"}}


def test_an_event_is_answered_by_whoever_handles_it(world: World) -> None:
    entered = question(msgid="E1", msgtype="event", chattype="single", event={"eventtype": "enter_chat"})

    async def told() -> None:
        async def welcome(body: Mapping[str, Any]) -> Mapping[str, Any]:
            return _CARD

        wiring = Wiring(reply=welcome)
        callback = world.replica(wiring)
        assert await world.post(callback, entered) == _CARD
        assert await world.post(callback, question(msgid="E2", msgtype="image", image={"url": "https://x"})) == _CARD
        assert [body["msgid"] for body in wiring.events] == ["E1", "E2"]
        assert wiring.asked == []
        assert await world.post(world.replica(), entered) == {}

    asyncio.run(told())


def test_an_opinion_is_answered_with_nothing_whatever_its_handler_says(world: World) -> None:
    event = {"eventtype": "feedback_event", "feedback_event": {"id": _S1, "type": 2, "inaccurate_reason_list": [2, 4]}}

    async def told() -> None:
        async def chat(body: Mapping[str, Any]) -> Mapping[str, Any]:
            return _CARD

        wiring = Wiring(reply=chat)
        query, body = world.sender.post(question(msgtype="event", event=event))
        assert await world.replica(wiring).receive(query, body) == (200, b"")
        assert wiring.events[0]["event"] == event

    asyncio.run(told())


def test_an_event_that_fails_or_takes_too_long_is_answered_with_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.wecom.callback._EVENT", 0.05)
    done: list[str] = []

    async def slow(body: Mapping[str, Any]) -> Mapping[str, Any]:
        await asyncio.sleep(0.15)
        done.append("slow")
        return _CARD

    async def fail(body: Mapping[str, Any]) -> None:
        raise RuntimeError(_SECRET)

    async def told() -> None:
        for handler in (slow, fail):
            callback = world.replica(Wiring(reply=handler))
            query, body = world.sender.post(question(msgtype="event", event={"eventtype": "enter_chat"}))
            assert await callback.receive(query, body) == (200, b"")
            await callback.close(5)

    asyncio.run(told())
    assert done == ["slow"]  # it ran on
    assert "RuntimeError" in caplog.text
    assert "机密" not in caplog.text


def test_a_stream_that_nobody_knows_has_nothing_to_show(world: World) -> None:
    async def asked() -> None:
        callback = world.replica()
        for asked_for in ({"id": "nobody's"}, {"id": 5}, {}, None, "S"):
            assert await world.post(callback, poll("S") | {"stream": asked_for}) == {}

    asyncio.run(asked())


def test_wecom_is_answered_while_all_other_threads_wait_for_models(world: World) -> None:
    released = threading.Event()

    async def asked() -> None:
        waiting = [asyncio.create_task(asyncio.to_thread(released.wait)) for _ in range(64)]
        await asyncio.sleep(0.05)
        callback = world.replica()
        for at in range(5):
            await world.post(callback, question(msgid=f"M{at}"))
        assert not any(task.done() for task in waiting)
        released.set()

    asyncio.run(asked())


def test_a_database_that_is_held_puts_wecom_off_and_loses_nothing(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = sqlite3.connect(world.folder / "library.db", isolation_level=None)

    async def asked() -> None:
        wiring = Wiring(_writing(world.streams, _ANSWER))
        callback = world.replica(wiring)
        await world.post(callback, question(msgid="M0"))
        await callback.close(5)
        callback = world.replica(wiring)
        holder.execute("BEGIN IMMEDIATE")
        began = time.perf_counter()
        monkeypatch.setattr("bot.wecom.callback._SOON", _SOON)
        assert await callback.receive(*world.sender.post(question())) == (503, b"")
        assert time.perf_counter() - began < 2
        assert await callback.receive({}, b"") == (403, b"forbidden")  # told at once, whatever the database does
        assert await callback.verify({}) == (403, b"forbidden")
        holder.execute("COMMIT")
        monkeypatch.setattr("bot.wecom.callback._SOON", 20.0)
        again = await world.post(callback, question())  # under another nonce, as WeCom does
        assert again["stream"]["id"] == _S1
        await callback.close(5)
        assert [given.message.id for given in wiring.asked] == ["M0", "MSG1"]

    asyncio.run(asked())
    holder.close()
    assert "put off" in caplog.text


def test_a_question_whose_stream_is_written_too_slowly_is_asked_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    wiring = Wiring(_writing(world.streams, _ANSWER))
    holder = sqlite3.connect(tmp_path / "library.db", isolation_level=None)

    async def asked() -> None:
        callback = callback_of(tmp_path, wiring, world.clock, nonces=f"sqlite:///{tmp_path / 'nonces.db'}")
        await world.post(callback, question(msgid="M0"))
        await asyncio.sleep(0.05)
        holder.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr("bot.wecom.callback._SOON", _SOON)
        assert await callback.receive(*world.sender.post(question())) == (503, b"")
        monkeypatch.setattr("bot.wecom.callback._SOON", 20.0)
        holder.execute("COMMIT")
        await callback.close(5)
        assert [given.message.id for given in wiring.asked] == ["M0", "MSG1"]
        assert await world.poll(callback) == {"id": _S1, "finish": True, "content": _ANSWER}

    asyncio.run(asked())
    holder.close()


def test_who_is_closing_takes_no_question_and_still_shows_what_there_is(world: World) -> None:
    released = asyncio.Event()

    async def write(asked: Asked) -> None:
        await released.wait()
        world.streams.put(asked.stream, _ANSWER, True)

    async def asked() -> None:
        wiring = Wiring(write)
        callback = world.replica(wiring)
        await world.post(callback, question())
        began = time.perf_counter()
        await callback.close(0.05)
        assert time.perf_counter() - began < 0.5
        assert await callback.receive(*world.sender.post(question(msgid="MSG2"))) == (503, b"")
        assert await world.poll(callback) == {"id": _S1, "finish": False, "content": PLACEHOLDER}
        released.set()
        await callback.close(5)
        assert await world.poll(callback) == {"id": _S1, "finish": True, "content": _ANSWER}
        assert len(wiring.asked) == 1
        assert (await world.post(world.replica(), question(msgid="MSG2")))["stream"]["content"] == PLACEHOLDER

    asyncio.run(asked())


def test_nobody_s_words_are_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    secret = question("@问约 机密的问题", "机密的号", quote={"msgtype": "text", "text": {"content": "机密的引文"}})

    async def asked() -> None:
        callback = world.replica(Wiring(_writing(world.streams, "机密的答案")))
        await world.post(callback, secret | {"response_url": "https://机密.example/?response_code=机密"})
        await callback.close(5)
        await world.poll(callback, stream_of("机密的号"))
        await callback.receive(*world.sender.post(secret | {"aibotid": "机密"}))
        await callback.receive({"nonce": "机密"}, b"\xff")

    with caplog.at_level(logging.DEBUG):
        asyncio.run(asked())
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 3
    assert "机密" not in caplog.text


def test_the_first_reply_takes_milliseconds(world: World) -> None:
    async def asked() -> list[float]:
        callback, took = world.replica(), []
        sent = [world.sender.post(question(msgid=new_nonce(), aibotid=BOT)) for _ in range(100)]
        for query, body in sent:
            began = time.perf_counter()
            status, _ = await callback.receive(query, body)
            took.append(time.perf_counter() - began)
            assert status == 200
        await callback.close(5)
        return took

    took = sorted(asyncio.run(asked()))
    assert _SOON < 1
    assert took[95] < 0.5


async def _watch(callback: Callback) -> None:
    """Let a replica look once for what is owed."""
    await callback._delivery.send()
