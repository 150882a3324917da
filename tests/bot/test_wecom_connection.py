"""Whatever becomes of the connection to WeCom, every question is answered once, and whoever cannot be answered is not forgotten silently."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import wraps
from http import HTTPStatus
from itertools import pairwise
from typing import Any, ParamSpec, TypeVar

import pytest

from bot.wecom.connection import Connection, Refused, Unreachable, Waits, WecomUnusable
from bot.wecom.pace import Pace
from tests.services.wecom_server import WecomServer
from tests.services.wecom_server import wecom as wecom
from tests.services.wecom_shown import Said

_WAITS = Waits(
    opening=2.0,
    answer=0.3,
    ping=0.2,
    pong=0.2,
    least=0.02,
    most=0.2,
    steady=0.5,
    patience=5.0,
    event=2.0,
    stream=5.0,
    full=0.1,
    standby=60.0,
)
_CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "问的是哪一份？"},
    "button_list": [{"text": "企点", "style": 1, "key": "c:r1:0"}],
    "task_id": "choice-1",
}
Parameters = ParamSpec("Parameters")
Found = TypeVar("Found")


def in_a_loop(test: Callable[Parameters, Coroutine[Any, Any, None]]) -> Callable[Parameters, None]:
    @wraps(test)
    def run(*arguments: Parameters.args, **named: Parameters.kwargs) -> None:
        asyncio.run(test(*arguments, **named))

    return run


async def until(look: Callable[[], Found], patience: float = 10.0) -> Found:
    deadline = time.monotonic() + patience
    while not (found := look()) and time.monotonic() < deadline:  # noqa: ASYNC110 - what is looked at changes in another thread
        await asyncio.sleep(0.005)
    assert found
    return found


class Bot:
    """A connection, and handlers that note what they are given and then do what the test wants."""

    def __init__(self, wecom: WecomServer, *, waits: Waits = _WAITS, secret: str | None = None, **more: Any) -> None:
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.answer: Callable[[str, dict[str, Any]], Awaitable[None]] | None = None
        self._seen: set[str] = set()
        self.connection = Connection(
            wecom.bot_id, secret or wecom.secret, wecom.url, on_message=self._message, on_event=self._event, waits=waits, **more
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Connection]:
        task = asyncio.create_task(self.connection.run())
        try:
            await until(lambda: self.connection.is_up)
            yield self.connection
        finally:
            self.connection.stop()
            await asyncio.wait_for(task, 5)

    async def _message(self, req_id: str, body: dict[str, Any]) -> None:
        self.messages.append((req_id, body))
        if self.answer and body["msgid"] not in self._seen:  # as the inbox does
            self._seen.add(body["msgid"])
            await self.answer(req_id, body)

    async def _event(self, req_id: str, body: dict[str, Any]) -> None:
        self.events.append((req_id, body))

    async def asked(self, said: Said) -> str:
        """The req_id that a message has come with."""
        (came, *_) = await until(lambda: [req_id for req_id, body in self.messages if body["msgid"] == said.msgid])
        return came

    async def met(self, said: Said) -> str:
        (came, *_) = await until(lambda: [req_id for req_id, body in self.events if body["msgid"] == said.msgid])
        return came


async def _never(req_id: str, body: dict[str, Any]) -> None:
    raise AssertionError("nothing can have come")


def stream(content: str, *, id: str = "s1", finish: bool = True) -> dict[str, Any]:
    return {"msgtype": "stream", "stream": {"id": id, "finish": finish, "content": content}}


def answering(connection: Connection) -> Callable[[str, dict[str, Any]], Awaitable[None]]:
    """Replies to each message with a stream in three steps."""

    async def answer(req_id: str, body: dict[str, Any]) -> None:
        question = body["text"]["content"].rpartition(" ")[2]
        await connection.respond(req_id, stream("正在查阅…", id=body["msgid"], finish=False), may_drop=True)
        await connection.respond(req_id, stream("答", id=body["msgid"], finish=False), may_drop=True)
        await connection.respond(req_id, stream(f"答：{question}", id=body["msgid"]))

    return answer


def once_each(wecom: WecomServer, asked: list[Said]) -> None:
    """Everybody has one reply, whole, and nobody sees anything else."""
    assert Counter(shown.to for shown in wecom.shown()) == Counter(said.msgid for said in asked)
    assert all(shown.finished and shown.text.startswith("答：") for shown in wecom.shown())


# what is said in quiet times


@in_a_loop
async def test_questions_of_a_group_and_in_private_are_answered_as_streams(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        bot.answer = answering(connection)
        asked = [wecom.say("anna", "几天可以退款？", group="法务群"), wecom.say("ben", "怎么续费？")]
        await until(lambda: all(wecom.replies(said) for said in asked))
        assert [(shown.chat, shown.text) for shown in wecom.shown()] == [("法务群", "答：几天可以退款？"), ("ben", "答：怎么续费？")]
        assert all(shown.updates == 3 for shown in wecom.shown())
        assert [body["chattype"] for _, body in bot.messages] == ["group", "single"]
    assert (await until(lambda: wecom.lines[0].closed)) == 1000
    assert len(wecom.lines) == 1


@in_a_loop
async def test_events_are_answered_and_messages_pushed(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        await connection.welcome(await bot.met(wecom.enter("anna")), {"msgtype": "text", "text": {"content": "您好"}})
        req_id = await bot.asked(wecom.say("anna", "能退款吗？", group="法务群"))
        assert await connection.respond(req_id, {"msgtype": "template_card", "template_card": _CARD}) is True
        shown = wecom.shown("法务群")[0]
        chosen = {"card_type": "text_notice", "main_title": {"title": "已选：企点"}, "task_id": "choice-1"}
        update = {"response_type": "update_template_card", "template_card": chosen}
        await connection.update_card(await bot.met(wecom.press("ben", shown, "c:r1:0")), update)
        await connection.push("法务群", {"msgtype": "markdown", "markdown": {"content": "有新版本"}}, private=False)
        assert [(shown.chat, shown.kind, shown.text or shown.card) for shown in wecom.shown()] == [
            ("anna", "text", "您好"),
            ("法务群", "template_card", "问的是哪一份？"),
            ("法务群", "markdown", "有新版本"),
        ]
        assert wecom.shown("法务群")[0].card == chosen
        assert wecom.frames("aibot_send_msg")[0].body["chat_type"] == 2
    assert [body["event"]["eventtype"] for _, body in bot.events] == ["enter_chat", "template_card_event"]


@in_a_loop
async def test_pings_keep_the_connection(wecom: WecomServer) -> None:
    wecom.idle = 0.5
    async with Bot(wecom).running():
        await asyncio.sleep(1.2)
    assert len(wecom.lines) == 1
    assert wecom.lines[0].pings >= 4


@in_a_loop
async def test_every_copy_of_a_message_is_handed_on(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        bot.answer = answering(connection)
        said = wecom.say("anna", "几天？")
        wecom.again(said)
        wecom.again(said)
        await until(lambda: len(bot.messages) == 3)
        await until(lambda: wecom.replies(said))
    assert {body["msgid"] for _, body in bot.messages} == {said.msgid}
    once_each(wecom, [said])


@in_a_loop
async def test_a_handler_that_takes_its_time_or_fails_holds_up_nobody(wecom: WecomServer, caplog: pytest.LogCaptureFixture) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        answer = answering(connection)

        async def slow(req_id: str, body: dict[str, Any]) -> None:
            if body["from"]["userid"] == "anna":
                await asyncio.sleep(60)
            if body["from"]["userid"] == "ben":
                raise ValueError(body["text"]["content"])
            await answer(req_id, body)

        bot.answer = slow
        wecom.say("anna", "我等"), wecom.say("ben", "秘密的话")
        said = wecom.say("carl", "几天？")
        await until(lambda: wecom.replies(said))
    assert "ValueError" in caplog.text
    assert "秘密的话" not in caplog.text


# the connection ends


@pytest.mark.parametrize("how", [1000, 1001, 1008, 1011, None])
@in_a_loop
async def test_after_any_end_there_is_another_connection_and_everybody_one_answer(wecom: WecomServer, how: int | None) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        bot.answer = answering(connection)
        asked = [wecom.say("anna", str(number), group="法务群") for number in range(5)]
        if how is None:
            wecom.abort()
        else:
            wecom.close(how)
        asked += [wecom.say("anna", str(number), group="法务群") for number in range(5, 10)]
        await until(lambda: len(wecom.lines) == 2 and connection.is_up)
        await until(lambda: all(wecom.replies(said) for said in asked))
    once_each(wecom, asked)


@in_a_loop
async def test_a_server_that_falls_silent_is_left(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        bot.answer = answering(connection)
        before = wecom.say("anna", "一")
        await until(lambda: wecom.replies(before))
        wecom.be_silent()
        said = wecom.say("anna", "二")
        await until(lambda: wecom.replies(said))
    assert len(wecom.lines) == 2
    once_each(wecom, [before, said])


@in_a_loop
async def test_a_reply_that_is_not_answered_is_reason_enough_to_ask_whether_anybody_is_there(wecom: WecomServer) -> None:
    bot = Bot(wecom, waits=replace(_WAITS, ping=60.0))
    async with bot.running() as connection:
        said = wecom.say("anna", "几天？")
        req_id = await bot.asked(said)
        wecom.be_silent()
        assert await connection.respond(req_id, stream("答：七天")) is True
    once_each(wecom, [said])


@in_a_loop
async def test_a_pong_that_is_lost_now_and_then_is_no_reason_to_leave(wecom: WecomServer) -> None:
    async with Bot(wecom, waits=replace(_WAITS, ping=0.05)).running():
        for _ in range(3):
            pings = wecom.lines[0].pings
            wecom.lose(commands=("ping",))
            await until(lambda pings=pings: wecom.lines[0].pings > pings + 3)  # type: ignore[misc]
    assert len(wecom.lines) == 1


@in_a_loop
async def test_fifty_questions_over_a_connection_that_breaks_and_breaks(wecom: WecomServer) -> None:
    wecom.rules.minute = 10_000
    bot = Bot(wecom, pace=Pace(limits=[(10_000, 60.0)]))
    async with bot.running() as connection:
        bot.answer = answering(connection)
        asked = []
        for number in range(50):
            asked.append(wecom.say(f"user{number % 7}", str(number), group="法务群"))
            if number % 10 == 5:
                wecom.lose(performed=number % 20 == 5, times=2)
                await asyncio.sleep(0.03)
                wecom.abort()
                await asyncio.sleep(0.03)
        await until(lambda: all(wecom.replies(said) for said in asked), 20)
    assert len(wecom.lines) > 2
    once_each(wecom, asked)


@in_a_loop
async def test_a_reply_waits_until_there_is_a_connection_again(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        said = wecom.say("anna", "几天？")
        req_id = await bot.asked(said)
        wecom.down()
        await until(lambda: not connection.is_up)
        assert await connection.respond(req_id, stream("没人看", finish=False), may_drop=True) is False
        replying = asyncio.create_task(connection.respond(req_id, stream("答：七天")))
        await asyncio.sleep(0.3)
        assert not replying.done()
        wecom.up()
        assert await replying is True
    once_each(wecom, [said])


@in_a_loop
async def test_a_reply_at_the_very_moment_at_which_the_connection_breaks_arrives(wecom: WecomServer) -> None:
    bot = Bot(wecom, pace=Pace(limits=[(1_000_000, 60.0)]))
    async with bot.running() as connection:
        said = wecom.say("anna", "几天？")
        req_id = await bot.asked(said)
        assert connection._upkeep.line is not None
        connection._upkeep.line._socket.transport.abort()
        await asyncio.sleep(0)  # the socket knows by now, and whoever reads from it does not
        assert connection.is_up
        assert await connection.respond(req_id, stream("答：七天")) is True
    once_each(wecom, [said])


@in_a_loop
async def test_a_reply_for_which_there_is_no_connection_is_given_up_aloud(wecom: WecomServer) -> None:
    bot = Bot(wecom, waits=Waits(answer=0.2, least=0.02, most=0.1, patience=0.4))
    async with bot.running() as connection:
        req_id = await bot.asked(wecom.say("anna", "几天？"))
        wecom.down()
        await until(lambda: not connection.is_up)
        for work in (connection.respond(req_id, stream("七天")), connection.push("anna", {"msgtype": "markdown"})):
            began = time.monotonic()
            with pytest.raises(Unreachable) as given_up:
                await work
            assert 0.3 < time.monotonic() - began < 1.0
            assert not given_up.value.perhaps


@in_a_loop
async def test_what_fails_to_open_is_tried_again_at_growing_distances(wecom: WecomServer) -> None:
    bot = Bot(wecom, waits=Waits(least=0.04, most=0.3, steady=0.3))
    wecom.handshake = HTTPStatus.SERVICE_UNAVAILABLE
    running = asyncio.create_task(bot.connection.run())
    await until(lambda: len(wecom.knocks) == 7)
    apart = [later - earlier for earlier, later in pairwise(wecom.knocks)]
    assert [most * 0.5 <= seconds < most + 0.1 for seconds, most in zip(apart, (0.04, 0.08, 0.16, 0.3, 0.3, 0.3), strict=True)] == [
        True
    ] * 6
    assert any(
        seconds < most * 0.95 for seconds, most in zip(apart, (0.04, 0.08, 0.16, 0.3, 0.3, 0.3), strict=True)
    )  # not all at one moment
    wecom.handshake = HTTPStatus.SWITCHING_PROTOCOLS
    await until(lambda: bot.connection.is_up)
    wecom.abort()  # it was up for too short a time to be trusted
    await until(lambda: len(wecom.lines) == 2 and bot.connection.is_up)
    assert wecom.knocks[-1] - wecom.knocks[-2] > 0.14
    await asyncio.sleep(0.35)
    cut = time.monotonic()
    wecom.abort()
    await until(lambda: len(wecom.lines) == 3)
    assert 0.02 <= wecom.knocks[-1] - cut < 0.14
    bot.connection.stop()
    await running


@in_a_loop
async def test_a_subscription_that_is_lost_is_made_again(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        said = wecom.say("anna", "几天？")
        req_id = await bot.asked(said)
        wecom.unsubscribe()
        assert await connection.respond(req_id, stream("答：七天")) is True
        assert [sent.code for sent in wecom.frames("aibot_respond_msg")] == [846609, 0]
    assert len(wecom.lines) == 2
    once_each(wecom, [said])


# the subscription is refused, or somebody else has it


@in_a_loop
async def test_a_secret_that_is_refused_three_times_is_the_end(wecom: WecomServer) -> None:
    bot = Bot(wecom, secret="another-secret")
    with pytest.raises(WecomUnusable, match=r"853000.*WENYUE_WECOM_BOT_ID 和 WENYUE_WECOM_SECRET") as refused:
        await bot.connection.run()
    assert [sent.code for sent in wecom.frames("aibot_subscribe")] == [853000] * 3
    assert "another-secret" not in str(refused.value)
    with pytest.raises(Unreachable):
        await bot.connection.respond("req", stream("七天"))


@pytest.mark.parametrize(
    ("url", "proxy", "said"),
    [
        ("https://example.invalid", "", "WENYUE_WECOM_URL 要以 wss://"),
        ("ws://wecom.invalid", "socks5://127.0.0.1:9", "代理用不了"),
        ("ws://wecom.invalid", "gopher://127.0.0.1:9", "代理用不了"),
    ],
)
@in_a_loop
async def test_an_address_or_a_proxy_that_cannot_be_used_is_said(url: str, proxy: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ws_proxy", proxy)
    with pytest.raises(WecomUnusable, match=said):
        await Connection("bot", "secret", url, on_message=_never, on_event=_never).run()


@in_a_loop
async def test_a_server_that_is_busy_has_not_refused_the_secret(wecom: WecomServer) -> None:
    wecom.refuse(45009, "api freq out of limit", times=3, commands=("aibot_subscribe",))
    wecom.refuse(-1, "system busy", times=3, commands=("aibot_subscribe",))
    async with Bot(wecom).running():
        assert [sent.code for sent in wecom.frames("aibot_subscribe")] == [45009] * 3 + [-1] * 3 + [0]
        assert wecom.knocks[1] - wecom.knocks[0] >= 0.1  # who came too often takes more time at once


@in_a_loop
async def test_a_secret_that_is_taken_in_between_was_right(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    wecom.refuse(853000, times=2, commands=("aibot_subscribe",))
    async with bot.running() as connection:
        wecom.refuse(853000, times=2, commands=("aibot_subscribe",))
        wecom.abort()
        await until(lambda: len(wecom.frames("aibot_subscribe")) == 6 and connection.is_up)


@in_a_loop
async def test_whoever_is_displaced_stands_by_until_told(wecom: WecomServer, caplog: pytest.LogCaptureFixture) -> None:
    first, second = Bot(wecom), Bot(wecom)
    async with first.running() as connection:
        req_id = await first.asked(wecom.say("anna", "几天？"))
        async with second.running() as other:
            await until(lambda: first.events)
            assert first.events[0][1]["event"] == {"eventtype": "disconnected_event"}
            assert "another process has connected" in caplog.text
            assert connection.stands_by
            with pytest.raises(Unreachable):
                await connection.respond(req_id, stream("七天"))
            await asyncio.sleep(0.5)
            assert (len(wecom.lines), other.is_up) == (2, True)
            connection.resume()
            await until(lambda: connection.is_up and other.stands_by)
            await asyncio.sleep(0.3)
            assert len(wecom.lines) == 3


@in_a_loop
async def test_whoever_stands_by_asks_after_a_while_whether_to_return(wecom: WecomServer) -> None:
    asked: list[bool] = []

    async def may_return() -> bool:
        asked.append(len(asked) == 2)
        return asked[-1]

    bot = Bot(wecom, waits=Waits(least=0.02, standby=0.15), may_return=may_return)
    async with bot.running() as connection:
        async with Bot(wecom).running():
            await until(lambda: connection.stands_by)
        await until(lambda: connection.is_up)
    assert asked == [False, False, True]


# frames that are not as they should be


@in_a_loop
async def test_answers_that_come_in_the_wrong_order_belong_to_their_replies(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        asked = [await bot.asked(wecom.say(user, "几天？")) for user in ("anna", "ben", "carl")]
        wecom.refuse(40201, "anti-spam check")
        wecom.turn_around(3)
        replies = [connection.respond(req_id, stream("七天", id=req_id)) for req_id in asked]
        first, *others = await asyncio.gather(*replies, return_exceptions=True)
        assert isinstance(first, Refused)
        assert (first.code, first.outdated) == (40201, False)
        assert others == [True, True]


@in_a_loop
async def test_messages_that_come_before_the_subscription_is_confirmed_are_answered(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    bot.answer = answering(bot.connection)
    wecom.delay(0.3, commands=("aibot_subscribe",))
    said = wecom.say("anna", "几天？")
    async with bot.running():
        assert bot.messages
        await until(lambda: wecom.replies(said))
    once_each(wecom, [said])


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "without a req_id"),
        ("null", "without a req_id"),
        ({"cmd": "aibot_msg_callback", "headers": {}, "body": {"text": "口令"}}, "without a req_id"),
        ({"cmd": "aibot_msg_callback", "headers": {"req_id": "r"}, "body": "口令"}, "aibot_msg_callback without a body"),
        ({"cmd": "aibot_new_callback", "headers": {"req_id": "r"}, "body": {}}, "of an unknown kind: aibot_new_callback"),
        ({"cmd": "口令", "headers": {"req_id": "r"}, "body": {}}, "of an unknown kind: unnamed"),
        ({"headers": {"req_id": "r"}, "errcode": "0"}, "of an unknown kind: unnamed"),
        (b"\x00\x01", "binary"),
        ("口" * 350_000, "too long"),
    ],
)
@in_a_loop
async def test_a_frame_that_makes_no_sense_is_passed_over(
    wecom: WecomServer, caplog: pytest.LogCaptureFixture, frame: dict[str, Any] | str | bytes, why: str
) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        bot.answer = answering(connection)
        wecom.send(frame)
        said = wecom.say("anna", "几天？")
        await until(lambda: wecom.replies(said))
    assert f"passed over: {why}\n" in caplog.text
    assert "口" not in caplog.text
    assert len(wecom.lines) == 1


@in_a_loop
async def test_control_characters_in_a_frame_do_not_spoil_it(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running():
        wecom.send('{"cmd":"aibot_msg_callback","headers":{"req_id":"r"},"body":{"msgid":"m","text":{"content":"几天\x0b\n？"}}}')
        await until(lambda: bot.messages)
    assert bot.messages[0][1]["text"] == {"content": "几天\x0b\n？"}


@in_a_loop
async def test_an_answer_to_nothing_is_nothing(wecom: WecomServer) -> None:
    async with Bot(wecom).running() as connection:
        wecom.send({"headers": {"req_id": "r"}, "errcode": 1, "errmsg": "?"})
        await asyncio.sleep(0.05)
        assert connection.is_up


@in_a_loop
async def test_a_message_of_a_megabyte_is_passed_over_and_a_smaller_one_read(wecom: WecomServer, caplog: pytest.LogCaptureFixture) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        bot.answer = answering(connection)
        wecom.say("anna", "长" * 349_600)
        big, said = wecom.say("ben", "长" * 340_000), wecom.say("carl", "几天？")
        await until(lambda: wecom.replies(said))
        assert len(bot.messages) == 2
        (shown,) = await until(lambda: wecom.shown("ben"))
        assert (shown.to, shown.finished) == (big.msgid, False)  # what was replied to it was too long itself
    assert "too long" in caplog.text
    assert len(wecom.lines) == 1


# answers that are lost, late or no


@pytest.mark.parametrize("performed", [True, False])
@in_a_loop
async def test_a_last_reply_whose_answer_is_lost_is_there_once(wecom: WecomServer, performed: bool) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        said = wecom.say("anna", "几天？")
        req_id = await bot.asked(said)
        wecom.lose(performed=performed)
        assert await connection.respond(req_id, stream("答：七天")) is True
        assert [sent.code for sent in wecom.frames("aibot_respond_msg")] == [0, 846608 if performed else 0]
    once_each(wecom, [said])


@in_a_loop
async def test_a_connection_that_breaks_while_a_last_reply_is_taken_doubles_nothing(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        said = wecom.say("anna", "几天？")
        req_id = await bot.asked(said)
        wecom.delay(1.0)
        replying = asyncio.create_task(connection.respond(req_id, stream("答：七天")))
        await until(lambda: wecom.replies(said))
        wecom.abort()
        assert await replying is True
    assert [shown.updates for shown in wecom.shown()] == [1]
    once_each(wecom, [said])


@in_a_loop
async def test_a_growing_reply_whose_answer_is_lost_takes_nothing_from_the_last(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        said = wecom.say("anna", "几天？")
        req_id = await bot.asked(said)
        wecom.lose()
        assert await connection.respond(req_id, stream("七", finish=False), may_drop=True) is False
        assert await connection.respond(req_id, stream("答：七天")) is True
    once_each(wecom, [said])


@in_a_loop
async def test_a_late_answer_to_a_growing_reply_is_not_one_to_the_last(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        req_id = await bot.asked(wecom.say("anna", "几天？"))
        wecom.delay(0.4)
        wecom.refuse(40201, "anti-spam check", delay=0.2)
        assert await connection.respond(req_id, stream("七", finish=False), may_drop=True) is False
        with pytest.raises(Refused, match="40201 anti-spam check"):
            await connection.respond(req_id, stream("答：七天"))


@in_a_loop
async def test_growing_replies_give_way_to_what_is_under_way(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        said = wecom.say("anna", "几天？")
        req_id = await bot.asked(said)
        wecom.delay(0.2)
        last = asyncio.create_task(connection.respond(req_id, stream("答：七天")))
        await asyncio.sleep(0.05)
        assert await connection.respond(req_id, stream("七", finish=False), may_drop=True) is False
        assert await last is True
    once_each(wecom, [said])


@in_a_loop
async def test_a_push_is_never_made_twice(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        await bot.asked(wecom.say("anna", "几天？"))
        news = {"msgtype": "markdown", "markdown": {"content": "有新版本"}}
        wecom.lose()
        with pytest.raises(Unreachable) as unknown:
            await connection.push("anna", news)
        assert unknown.value.perhaps
        wecom.delay(1.0)
        pushing = asyncio.create_task(connection.push("anna", news))
        await until(lambda: len(wecom.shown()) == 2)
        wecom.abort()
        with pytest.raises(Unreachable) as unknown:
            await pushing
        assert unknown.value.perhaps
        wecom.unsubscribe()
        await connection.push("anna", news)  # this one was refused, and so did not arrive
    assert len(wecom.shown()) == 3


@in_a_loop
async def test_what_cannot_be_replied_to_any_more_can_be_pushed(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        expired, forgotten = [await bot.asked(wecom.say("anna", "几天？")) for _ in range(2)]
        assert await connection.respond(expired, stream("七", finish=False)) is True
        wecom.passed = 361
        with pytest.raises(Refused) as refused:
            await connection.respond(expired, stream("七天"))
        assert (refused.value.code, refused.value.outdated, refused.value.perhaps) == (846608, True, False)
        wecom.rules.keeps_requests = False
        wecom.abort()
        await until(lambda: len(wecom.lines) == 2 and connection.is_up)
        with pytest.raises(Refused) as refused:
            await connection.respond(forgotten, stream("七天", id="s2"))
        assert (refused.value.code, refused.value.outdated) == (846605, True)
        await connection.push("anna", {"msgtype": "markdown", "markdown": {"content": "七天"}}, private=True)
    assert [shown.text for shown in wecom.shown()] == ["七", "七天"]


@in_a_loop
async def test_a_stream_that_may_have_expired_is_not_taken_for_one_that_was_finished(wecom: WecomServer) -> None:
    bot = Bot(wecom, waits=Waits(answer=0.2, stream=0.3))
    async with bot.running() as connection:
        req_id = await bot.asked(wecom.say("anna", "几天？"))
        await connection.respond(req_id, stream("七", finish=False))
        wecom.lose(performed=False)
        wecom.refuse(846608, "stream message update expired")
        await asyncio.sleep(0.2)
        with pytest.raises(Refused) as refused:
            await connection.respond(req_id, stream("七天"))
        assert (refused.value.outdated, refused.value.perhaps) == (True, True)


# the pace


@in_a_loop
async def test_a_last_reply_waits_for_its_place_and_growing_ones_are_left_out(wecom: WecomServer) -> None:
    bot = Bot(wecom, pace=Pace(limits=[(3, 0.5)]), waits=replace(_WAITS, patience=0.4))
    async with bot.running() as connection:
        asked = [await bot.asked(wecom.say("anna", "几天？", group="法务群")) for _ in range(6)]
        grown = [await connection.respond(req_id, stream("七", id=req_id, finish=False), may_drop=True) for req_id in asked]
        assert grown == [True, True, False, False, False, False]
        began = time.monotonic()
        await asyncio.gather(*[connection.respond(req_id, stream("七天", id=req_id)) for req_id in asked])
        assert 0.9 < time.monotonic() - began < 2.0
    sent = [frame.at for frame in wecom.frames("aibot_respond_msg")]
    assert all(later - earlier >= 0.5 for earlier, later in zip(sent, sent[3:], strict=False))
    assert len([shown for shown in wecom.shown() if shown.finished]) == 6


@in_a_loop
async def test_waiting_for_a_place_costs_no_patience(wecom: WecomServer) -> None:
    bot = Bot(wecom, pace=Pace(limits=[(1, 0.5)]), waits=replace(_WAITS, answer=0.1, patience=0.4))
    async with bot.running() as connection:
        said = wecom.say("anna", "几天？")
        req_id = await bot.asked(said)
        assert await connection.respond(req_id, stream("七", finish=False)) is True
        wecom.lose(performed=False)
        assert await connection.respond(req_id, stream("答：七天")) is True
    once_each(wecom, [said])


@in_a_loop
async def test_what_wecom_finds_too_much_comes_later(wecom: WecomServer) -> None:
    bot = Bot(wecom)
    async with bot.running() as connection:
        said = wecom.say("anna", "几天？")
        req_id = await bot.asked(said)
        wecom.refuse(45009, "api freq out of limit", times=2)
        assert await connection.respond(req_id, stream("七", finish=False), may_drop=True) is False
        assert await connection.respond(req_id, stream("答：七天")) is True
        times = [sent.at for sent in wecom.frames("aibot_respond_msg")]
        assert len(times) == 3
        assert all(later - earlier > 0.09 for earlier, later in pairwise(times))
        wecom.refuse(45009, "api freq out of limit", times=20)
        with pytest.raises(Refused, match="45009"):
            await connection.push("anna", {"msgtype": "markdown", "markdown": {"content": "七天"}})
    once_each(wecom, [said])


@in_a_loop
async def test_a_welcome_that_would_come_too_late_is_not_sent(wecom: WecomServer) -> None:
    bot = Bot(wecom, pace=Pace(limits=[(1, 60.0)]), waits=Waits(event=0.2))
    hello = {"msgtype": "text", "text": {"content": "您好"}}
    async with bot.running() as connection:
        await connection.welcome(await bot.met(wecom.enter("anna")), hello)
        with pytest.raises(Unreachable):
            await connection.welcome(await bot.met(wecom.enter("anna")), hello)
        late = await bot.met(wecom.enter("ben"))
        await asyncio.sleep(0.2)
        with pytest.raises(Unreachable):
            await connection.welcome(late, hello)
    assert len(wecom.frames("aibot_respond_welcome_msg")) == 1


# the end


@in_a_loop
async def test_a_stop_in_the_middle_is_prompt_and_said_to_whoever_waits(wecom: WecomServer) -> None:
    bot = Bot(wecom, pace=Pace(limits=[(1, 60.0)]))
    cancelled: list[bool] = []

    async def slow(req_id: str, body: dict[str, Any]) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    bot.answer = slow
    running = asyncio.create_task(bot.connection.run())
    await until(lambda: bot.connection.is_up)
    req_id = await bot.asked(wecom.say("anna", "几天？"))
    wecom.lose()
    unanswered = asyncio.create_task(bot.connection.respond(req_id, stream("七", finish=False)))
    await until(lambda: wecom.frames("aibot_respond_msg"))
    without_room = asyncio.create_task(bot.connection.push("anna", {"msgtype": "markdown"}))
    behind = asyncio.create_task(bot.connection.respond(req_id, stream("七天")))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    bot.connection.stop()
    await running
    given_up = await asyncio.gather(unanswered, without_room, behind, return_exceptions=True)
    assert time.monotonic() - began < 1.0
    assert [type(error) for error in given_up] == [Unreachable] * 3
    assert [error.perhaps for error in given_up if isinstance(error, Unreachable)] == [True, False, False]
    assert cancelled == [True]
    assert await until(lambda: wecom.lines[0].closed) == 1000


@in_a_loop
async def test_a_stop_does_not_wait_for_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"ws://127.0.0.1:{deaf.getsockname()[1]}"
        connection = Connection("bot", "secret", url, on_message=_never, on_event=_never)
        running = asyncio.create_task(connection.run())
        await asyncio.sleep(0.1)
        connection.stop()
        await asyncio.wait_for(running, 2)


@in_a_loop
async def test_no_log_holds_a_secret_or_what_anybody_wrote(wecom: WecomServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bot = Bot(wecom)
    async with bot.running() as connection:
        bot.answer = answering(connection)
        said = wecom.say("anna", "我的口令是什么？")
        await until(lambda: wecom.replies(said))
        wecom.close(1008)
        wecom.send(
            {"cmd": "aibot_msg_callback", "headers": {"req_id": "r"}, "body": {"text": {"content": "我的口令"}, "response_url": "u"}}
        )
        await until(lambda: len(wecom.lines) == 2 and connection.is_up)
    with pytest.raises(WecomUnusable):
        await Bot(wecom, secret="wrong-secret").connection.run()
    ours = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("websockets.server"))
    assert "connected to WeCom" in ours
    for secret in (wecom.secret, "wrong-secret", "口令", "response_code", wecom.bot_id):
        assert secret not in ours
