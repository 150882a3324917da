"""`wenyue serve` as the address that WeCom and Telegram call: a question comes in, its answer is found where the channel looks for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bot.access import Access
from tests.services.telegram_bot import PATIENCE, answer_to
from tests.services.telegram_wire import knock
from tests.services.telegram_wire import telegram_server as telegram_server
from tests.services.telegram_world import TelegramWorld
from tests.services.telegram_world import telegram_world as telegram_world
from tests.web_server import Server
from tests.web_server import make_server as make_server
from tests.wecom_sender import BOT, KEY, TOKEN, Sender, poll, question

_REFUND = "企点开通几天内可以无条件退款？"


def _allow(server: Server, channel: str, chat: str) -> None:
    access = Access(f"sqlite:///{server.home / 'library.db'}", ())
    access.allow(channel, "chat", chat)
    access.close()


class _Wecom:
    """WeCom, which calls a server."""

    def __init__(self, server: Server) -> None:
        self._sender = Sender(lambda: datetime.now(UTC))
        self._http = httpx.Client(base_url=server.url)

    def verify(self) -> httpx.Response:
        return self._http.get("/wecom/callback", params=self._sender.get(b"1616140317555161061"))

    def call(self, body: dict[str, Any]) -> dict[str, Any]:
        query, sealed = self._sender.post(body)
        reply = self._http.post("/wecom/callback", params=query, content=sealed)
        assert reply.status_code == 200
        return self._sender.opened(reply.content, query) if reply.content else {}

    def answer(self, first: dict[str, Any]) -> dict[str, Any]:
        """Asks for a stream until it has ended."""
        shown, deadline = first, time.monotonic() + PATIENCE
        while not shown["stream"]["finish"] and time.monotonic() < deadline:
            time.sleep(0.2)
            shown = self.call(poll(first["stream"]["id"]))
        return shown

    def forged(self) -> int:
        query, sealed = self._sender.post(question())
        return self._http.post("/wecom/callback", params=query | {"msg_signature": "0" * 40}, content=sealed).status_code

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    server = make_server(WENYUE_WECOM_BOT_ID=BOT, WENYUE_WECOM_TOKEN=TOKEN, WENYUE_WECOM_AES_KEY=KEY, WENYUE_WECOM_NAMES="问约")
    _allow(server, "wecom", "CHAT")
    server.start()
    return server


@pytest.fixture
def wecom(server: Server) -> Iterator[_Wecom]:
    wecom = _Wecom(server)
    yield wecom
    wecom.close()


def test_a_question_by_callback_is_answered_in_its_stream(wecom: _Wecom, server: Server) -> None:
    assert wecom.verify().text == "1616140317555161061"
    began = time.monotonic()
    first = wecom.call(question(f"@问约 {_REFUND}"))
    assert time.monotonic() - began < 1
    assert "查阅" in first["stream"]["content"]
    last = wecom.answer(first)
    assert "7 个自然日" in last["stream"]["content"]
    assert "《企点》4.7" in last["stream"]["content"]
    assert last["msgtype"] == "stream_with_template_card"
    again = wecom.call(question(f"@问约 {_REFUND}"))  # the same msgid
    assert again["stream"]["id"] == first["stream"]["id"]
    assert wecom.forged() == 403
    assert server.stop() == 0
    assert "退款" not in server.log
    assert "Traceback" not in server.log


def test_opinions_and_presses_by_callback(wecom: _Wecom, server: Server) -> None:
    first = wecom.call(question(f"@问约 {_REFUND}"))
    card = wecom.answer(first)["template_card"]
    place = {"aibotid": BOT, "chatid": "CHAT", "chattype": "group", "from": {"userid": "ann"}, "msgtype": "event"}
    opinion = {
        "eventtype": "feedback_event",
        "feedback_event": {"id": first["stream"]["feedback"]["id"], "type": 2, "inaccurate_reason_list": [3]},
    }
    assert wecom.call(place | {"msgid": "E1", "event": opinion}) == {}
    pressed = {"event_key": card["button_list"][0]["key"], "task_id": card["task_id"], "card_type": card["card_type"]}
    reply = wecom.call(place | {"msgid": "E2", "event": {"eventtype": "template_card_event", "template_card_event": pressed}})
    assert reply["response_type"] == "update_template_card"


def test_telegram_s_webhook_is_answered_by_the_server(telegram_world: TelegramWorld, make_server: Callable[..., Server]) -> None:
    address, secret = "https://bot.example/telegram/webhook", "a-secret-of-ours"
    server = make_server(
        WENYUE_TELEGRAM_TOKEN=telegram_world.token, WENYUE_TELEGRAM_API=telegram_world.base_url, WENYUE_TELEGRAM_WEBHOOK=address,
        WENYUE_TELEGRAM_SECRET=secret,
    )  # fmt: skip
    group, anna = telegram_world.group("法务群"), telegram_world.user("安娜")
    _allow(server, "telegram", str(group.id))
    server.start()
    telegram_world.proxy(address, f"{server.url}/telegram/webhook")
    asked = telegram_world.say(anna, group, _REFUND, mention=True)
    assert "7 个自然日" in answer_to(telegram_world, asked).text
    update = {"update_id": 999_999, "message": asked.message | {"message_id": 777}}
    assert [knock(f"{server.url}/telegram/webhook", update, said) for said in ("wrong", None)] == [403, 403]
    assert len(telegram_world.messages(group)) == 1
    assert server.stop() == 0
