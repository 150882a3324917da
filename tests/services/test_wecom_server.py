"""The WeCom server is one: WeCom's own Node client finds in it what its documents say, from the subscription to an expired stream."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.services.wecom_server import WecomServer
from tests.services.wecom_server import wecom as wecom
from tests.services.wecom_shown import Shown

_HERE = Path(__file__).parent
_CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "问的是哪一份？"},
    "button_list": [{"text": "企点", "style": 1, "key": "c:r1:0"}, {"text": "乐享", "style": 1, "key": "c:r1:1"}],
    "task_id": "choice-1",
}


class Sdk:
    """A process with the client, and what it has told so far."""

    def __init__(self, wecom: WecomServer, **settings: Any) -> None:
        own = {"botId": wecom.bot_id, "secret": wecom.secret, "wsUrl": wecom.url, "reconnectInterval": 20, "heartbeatInterval": 60_000}
        command = ["node", str(_HERE / "wecom_sdk.js"), json.dumps(own | settings)]
        self.told: list[dict[str, Any]] = []
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._wecom, self._numbers = wecom, count(1)
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait(self, what: str, times: int = 1) -> dict[str, Any]:
        """What it tells of a kind, the how-manieth time."""
        found = self._wecom.until(lambda: self.heard(what)[times - 1 :])
        assert found, f"the client has told of no {what}, but of {[told['what'] for told in self.told]}"
        return found[0]

    def heard(self, what: str) -> list[dict[str, Any]]:
        return [told for told in tuple(self.told) if told["what"] == what]

    def do(self, act: str, **about: Any) -> int:
        """Have it do something; returns the errcode it was answered with."""
        return self.done(self.begin(act, **about))

    def begin(self, act: str, **about: Any) -> int:
        """Have it begin something; returns a number by which the end can be told."""
        number = next(self._numbers)
        assert self._process.stdin
        print(json.dumps({"act": act, "number": number} | about), file=self._process.stdin, flush=True)
        return number

    def done(self, number: int) -> int:
        (did,) = self._wecom.until(lambda: [told for told in self.heard("did") if told["number"] == number])
        assert did["code"] is not None, did["said"]
        return int(did["code"])

    def stream(self, to: str, content: str, *, id: str = "s1", finish: bool = False, **about: Any) -> int:
        return self.do("stream", to=to, id=id, content=content, finish=finish, **about)

    def end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join(10)
        assert self._process.stdout
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.told.append(json.loads(line))


Starting = Callable[..., Sdk]


@pytest.fixture
def start(wecom: WecomServer) -> Iterator[Starting]:
    """Starts the client; where it is not installed the tests fail: none is left out."""
    if not (_HERE / "node_modules" / "@wecom" / "aibot-node-sdk").exists():
        pytest.fail(f"@wecom/aibot-node-sdk is not there; run `npm install --no-package-lock` in {_HERE}")
    started: list[Sdk] = []

    def begin(**settings: Any) -> Sdk:
        started.append(Sdk(wecom, **settings))
        return started[-1]

    yield begin
    for sdk in started:
        sdk.end()


@pytest.fixture
def sdk(start: Starting) -> Sdk:
    """The client, subscribed."""
    client = start()
    client.wait("authenticated")
    return client


def test_a_client_with_the_secret_is_subscribed(wecom: WecomServer, sdk: Sdk) -> None:
    assert wecom.is_connected
    assert not sdk.heard("error")
    assert [(sent.body["bot_id"], sent.code) for sent in wecom.frames("aibot_subscribe")] == [(wecom.bot_id, 0)]


def test_a_client_with_another_secret_is_not(wecom: WecomServer, start: Starting) -> None:
    sdk = start(secret="another", maxAuthFailureAttempts=2)
    wecom.until(lambda: any("Max auth failure" in told["about"] for told in sdk.heard("error")))
    assert not sdk.heard("authenticated")
    assert not wecom.is_connected
    assert [sent.code for sent in wecom.frames("aibot_subscribe")] == [853000] * 3
    assert "invalid bot_id or secret" in sdk.heard("error")[0]["about"]


def test_who_subscribes_too_often_is_told_so(wecom: WecomServer, start: Starting) -> None:
    wecom.subscriptions_a_minute = 0
    assert "45009" in start(maxAuthFailureAttempts=0).wait("error")["about"]


def test_messages_come_as_people_sent_them(wecom: WecomServer, sdk: Sdk) -> None:
    quoted = {"msgtype": "text", "text": {"content": "七日内可以无条件退款"}}
    in_group = wecom.say("anna", "这句话的依据？", group="法务群", quote=quoted)
    body = sdk.wait("message.text")["frame"]["body"]
    assert (body["msgid"], body["chatid"], body["chattype"], body["from"]) == (in_group.msgid, "法务群", "group", {"userid": "anna"})
    assert (body["text"]["content"], body["quote"]) == ("@问约 助手 这句话的依据？", quoted)
    wecom.say("ben", "", msgtype="voice", voice={"content": "几天可以退款"})
    body = sdk.wait("message.voice")["frame"]["body"]
    assert (body["chattype"], "chatid" in body, body["voice"]) == ("single", False, {"content": "几天可以退款"})
    item = {"msgtype": "text", "text": {"content": "@问约 助手 看图"}}
    wecom.say("anna", "", group="法务群", msgtype="mixed", mixed={"msg_item": [item]})
    assert sdk.wait("message.mixed")["frame"]["body"]["mixed"] == {"msg_item": [item]}


def test_a_stream_replaces_what_it_said_before(wecom: WecomServer, sdk: Sdk) -> None:
    asked = wecom.say("anna", "几天可以退款？", group="法务群")
    sdk.wait("message")
    assert sdk.stream(asked.msgid, "正在查询…", feedback={"id": "r1"}) == 0
    assert wecom.replies(asked) == []
    assert sdk.stream(asked.msgid, "七个") == 0
    assert sdk.stream(asked.msgid, "七个自然日。", finish=True) == 0
    assert wecom.replies(asked) == [Shown("法务群", "stream", "七个自然日。", asked.msgid, "s1", True, "r1", {}, 3)]
    assert wecom.shown("法务群") == wecom.shown()


def test_a_finished_stream_and_one_of_six_minutes_cannot_be_written(wecom: WecomServer, sdk: Sdk) -> None:
    asked = wecom.say("anna", "几天可以退款？")
    sdk.wait("message")
    assert sdk.stream(asked.msgid, "七个自然日。", finish=True) == 0
    assert sdk.stream(asked.msgid, "八个", finish=True) == 846608
    assert sdk.stream(asked.msgid, "还有", id="s2") == 0
    wecom.passed = 359
    assert sdk.stream(asked.msgid, "还有一条", id="s2") == 0
    wecom.passed = 361
    assert sdk.stream(asked.msgid, "太晚了", id="s2", finish=True) == 846608
    assert [shown.text for shown in wecom.shown("anna")] == ["七个自然日。", "还有一条"]


def test_what_is_no_stream_is_refused(wecom: WecomServer, sdk: Sdk) -> None:
    asked, other = wecom.say("anna", "几天可以退款？"), wecom.say("ben", "几天？")
    sdk.wait("message", 2)
    assert sdk.stream(asked.msgid, "一" * 6827) == 40058  # 20,481 bytes
    assert sdk.stream(asked.msgid, "一" * 6826) == 0
    assert sdk.stream(other.msgid, "一") == 40058  # of another message
    assert [shown.chat for shown in wecom.shown()] == ["anna"]
    event = wecom.enter("anna")
    sdk.wait("event")
    assert sdk.stream(event.msgid, "您好", id="s4") == 846605


def test_a_newcomer_is_welcomed_once_and_at_once(wecom: WecomServer, sdk: Sdk) -> None:
    entered = wecom.enter("anna")
    assert sdk.wait("event.enter_chat")["frame"]["body"]["event"] == {"eventtype": "enter_chat"}
    hello = {"msgtype": "text", "text": {"content": "您好"}}
    assert sdk.do("welcome", to=entered.msgid, body=hello) == 0
    assert sdk.do("welcome", to=entered.msgid, body=hello) == 846605
    late = wecom.enter("ben")
    sdk.wait("event", 2)
    wecom.passed = 6
    assert sdk.do("welcome", to=late.msgid, body=hello) == 846605
    assert [(shown.chat, shown.kind, shown.text) for shown in wecom.shown()] == [("anna", "text", "您好")]


def test_a_card_is_shown_pressed_and_updated(wecom: WecomServer, sdk: Sdk) -> None:
    asked = wecom.say("anna", "能退款吗？", group="法务群")
    sdk.wait("message")
    assert sdk.do("card", to=asked.msgid, card=_CARD) == 0
    assert sdk.do("card", to=asked.msgid, card=_CARD) == 40058  # its task_id is taken
    assert sdk.do("card", to=asked.msgid, card=_CARD | {"task_id": "choice-2", "button_list": _CARD["button_list"] * 4}) == 40016  # type: ignore[operator]
    (shown,) = wecom.replies(asked)
    pressed = wecom.press("ben", shown, "c:r1:1")
    event = sdk.wait("event.template_card_event")["frame"]["body"]
    assert (event["from"], event["chatid"], event["event"]["template_card_event"]) == (
        {"userid": "ben"},
        "法务群",
        {"card_type": "button_interaction", "event_key": "c:r1:1", "task_id": "choice-1"},
    )
    chosen = {"card_type": "text_notice", "main_title": {"title": "已选：乐享"}, "task_id": "choice-1"}
    assert sdk.do("update", to=pressed.msgid, card=chosen | {"task_id": "another"}) == 40058
    assert sdk.do("update", to=pressed.msgid, card=chosen) == 0
    assert sdk.do("update", to=pressed.msgid, card=chosen) == 846605
    assert [each.card for each in wecom.shown()] == [chosen]


def test_a_verdict_names_the_answer(wecom: WecomServer, sdk: Sdk) -> None:
    asked = wecom.say("anna", "几天可以退款？", group="法务群")
    sdk.wait("message")
    sdk.stream(asked.msgid, "七个自然日。", finish=True, feedback={"id": "r1"})
    wecom.rate("ben", wecom.replies(asked)[0], 2, (2, 4), "不全")
    rated = sdk.wait("event.feedback_event")["frame"]["body"]["event"]["feedback_event"]
    assert rated == {"id": "r1", "type": 2, "content": "不全", "inaccurate_reason_list": [2, 4]}


def test_a_push_reaches_whom_the_bot_has_met(wecom: WecomServer, sdk: Sdk) -> None:
    news = {"msgtype": "markdown", "markdown": {"content": "协议有新版本"}}
    assert sdk.do("push", chat="法务群", body=news) == 40058
    wecom.say("anna", "你好", group="法务群")
    sdk.wait("message")
    assert sdk.do("push", chat="法务群", body=news) == 0
    assert sdk.do("push", chat="法务群", body={"msgtype": "text", "text": {"content": "协议"}}) == 40008
    assert wecom.shown("法务群") == [Shown("法务群", "markdown", "协议有新版本")]


def test_a_chat_bears_thirty_messages_a_minute_and_a_thousand_an_hour(wecom: WecomServer, sdk: Sdk) -> None:
    asked, other = wecom.say("anna", "你好", group="法务群"), wecom.say("ben", "你好")
    sdk.wait("message", 2)
    assert [sdk.stream(asked.msgid, str(number)) for number in range(31)] == [0] * 30 + [45009]
    assert sdk.stream(other.msgid, "别的群不受限", id="s2") == 0
    wecom.passed = 61
    assert sdk.stream(asked.msgid, "又可以了") == 0
    wecom.rules.hour = 31
    wecom.passed = 122
    assert sdk.stream(asked.msgid, "一小时太多了") == 45009


def test_pings_are_answered(wecom: WecomServer, start: Starting) -> None:
    sdk = start(heartbeatInterval=20)
    wecom.until(lambda: wecom.lines and wecom.lines[0].pings >= 10)
    assert len(wecom.lines) == 1  # two without an answer, and it would have connected again
    assert not sdk.heard("disconnected")


def test_a_client_that_hears_nothing_connects_again_and_gets_what_it_left_undone(wecom: WecomServer, start: Starting) -> None:
    sdk = start(heartbeatInterval=30)
    sdk.wait("authenticated")
    done, undone = wecom.say("anna", "一"), wecom.say("anna", "二")
    sdk.wait("message", 2)
    sdk.stream(done.msgid, "好", finish=True)
    wecom.be_silent()
    unheard = wecom.say("anna", "三")
    sdk.wait("authenticated", 2)
    again = [sdk.wait("message", number)["frame"] for number in (3, 4)]
    assert [frame["body"]["msgid"] for frame in again] == [undone.msgid, unheard.msgid]
    assert again[0]["headers"]["req_id"] != undone.req_id
    assert sdk.stream(undone.msgid, "好", id="s2", finish=True) == 0
    assert len(wecom.replies(undone)) == 1


@pytest.mark.parametrize("how", [1000, 1001, 1008, None])
def test_a_connection_that_ends_is_followed_by_another(wecom: WecomServer, sdk: Sdk, how: int | None) -> None:
    if how is None:
        wecom.abort()
    else:
        wecom.close(how)
    sdk.wait("authenticated", 2)
    assert wecom.until(lambda: wecom.lines[0].closed) == (how or 1006)


def test_callbacks_of_an_earlier_connection_can_be_forgotten_and_not_be_repeated(wecom: WecomServer, sdk: Sdk) -> None:
    wecom.rules.keeps_requests = wecom.redelivers = False
    asked = wecom.say("anna", "一")
    sdk.wait("message")
    wecom.abort()
    sdk.wait("authenticated", 2)
    assert sdk.stream(asked.msgid, "好", finish=True) == 846605
    assert len(sdk.heard("message")) == 1


def test_the_earlier_of_two_connections_is_told_and_cut(wecom: WecomServer, sdk: Sdk, start: Starting) -> None:
    other = start()
    other.wait("authenticated")
    told = sdk.wait("event.disconnected_event")["frame"]["body"]
    assert (told["msgtype"], told["event"]) == ("event", {"eventtype": "disconnected_event"})
    sdk.wait("disconnected")
    wecom.until(lambda: wecom.lines[0].closed)
    assert not sdk.heard("reconnecting")
    wecom.say("anna", "你好")
    other.wait("message")
    assert not sdk.heard("message")


def test_a_subscription_can_be_lost(wecom: WecomServer, sdk: Sdk) -> None:
    asked = wecom.say("anna", "一")
    sdk.wait("message")
    wecom.unsubscribe()
    assert sdk.stream(asked.msgid, "好") == 846609


def test_a_message_can_come_twice_and_answers_not_at_all_late_or_with_a_refusal(wecom: WecomServer, sdk: Sdk) -> None:
    asked, other = wecom.say("anna", "一"), wecom.say("ben", "二")
    sdk.wait("message", 2)
    wecom.again(asked)
    assert sdk.wait("message", 3)["frame"]["body"]["msgid"] == asked.msgid
    wecom.refuse(40201, "anti-spam check")
    assert sdk.stream(asked.msgid, "一") == 40201
    wecom.delay(0.3)
    began = time.monotonic()
    assert sdk.stream(asked.msgid, "二") == 0
    assert time.monotonic() - began > 0.3
    assert wecom.shown()[0].text == "二"
    for text, performed in (("三", True), ("四", False)):
        wecom.lose(performed=performed)
        unanswered = sdk.begin("stream", to=(asked if performed else other).msgid, id=text, content=text, finish=False)
        wecom.until(lambda text=text: wecom.sent[-1].body["stream"]["content"] == text)  # type: ignore[misc]
        assert unanswered not in [told["number"] for told in sdk.heard("did")]
    assert [shown.text for shown in wecom.shown()] == ["二", "三"]


def test_answers_can_come_in_the_wrong_order(wecom: WecomServer, sdk: Sdk) -> None:
    asked, other = wecom.say("anna", "一"), wecom.say("ben", "二")
    sdk.wait("message", 2)
    wecom.turn_around(2)
    first = sdk.begin("stream", to=asked.msgid, id="s1", content="好", finish=True)
    wecom.until(lambda: wecom.shown())
    second = sdk.begin("stream", to=other.msgid, id="s2", content="好", finish=True)
    assert (sdk.done(first), sdk.done(second)) == (0, 0)
    assert [told["number"] for told in sdk.heard("did")] == [second, first]


def test_a_client_that_says_nothing_is_cut_off(wecom: WecomServer, start: Starting) -> None:
    wecom.idle = 0.2
    sdk = start()
    sdk.wait("disconnected")
    assert wecom.lines[0].closed == 1006
