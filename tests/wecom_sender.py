"""WeCom as it stands before a callback: what it sends is sealed and signed by it, under a nonce that it has not used before."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.wecom.crypto import Envelope

TOKEN = "QDG6eK"
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
BOT = "AIBOTID"
Sent = tuple[dict[str, str], bytes]
_numbers = itertools.count(1)


class Clock:
    """What time it is; a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go(self, **span: float) -> None:
        self.now += timedelta(**span)


class Sender:
    """Sends to the callback with this token and key."""

    def __init__(self, now: Callable[[], datetime], token: str = TOKEN, key: str = KEY, receiveid: str = "") -> None:
        self.envelope = Envelope(token, key, receiveid)
        self._now = now

    def post(self, body: dict[str, Any], nonce: str | None = None) -> Sent:
        """The query and the body of a POST."""
        return self.post_bytes(json.dumps(body, ensure_ascii=False).encode(), nonce)

    def post_bytes(self, plain: bytes, nonce: str | None = None) -> Sent:
        sealed = self.envelope.seal(plain, int(self._now().timestamp()), nonce or new_nonce())
        return _query(sealed), json.dumps({"encrypt": sealed["encrypt"]}).encode()

    def get(self, echo: bytes, nonce: str | None = None) -> dict[str, str]:
        """The query of a GET."""
        sealed = self.envelope.seal(echo, int(self._now().timestamp()), nonce or new_nonce())
        return _query(sealed) | {"echostr": sealed["encrypt"]}

    def signed(self, encrypted: str, timestamp: str | None = None, nonce: str | None = None) -> Sent:
        """A POST of whatever is said to be sealed, signed as it should be."""
        timestamp, nonce = timestamp or str(int(self._now().timestamp())), nonce or new_nonce()
        query = {"msg_signature": self.envelope.signature(timestamp, nonce, encrypted), "timestamp": timestamp, "nonce": nonce}
        return query, json.dumps({"encrypt": encrypted}).encode()

    def opened(self, reply: bytes, query: dict[str, str]) -> dict[str, Any]:
        """The passive reply in a response's body, which must be signed for the request's nonce."""
        sealed = json.loads(reply)
        assert set(sealed) == {"encrypt", "msgsignature", "timestamp", "nonce"}
        assert isinstance(sealed["timestamp"], int)
        assert sealed["nonce"] == query["nonce"]
        assert self.envelope.is_signed(sealed["msgsignature"], str(sealed["timestamp"]), sealed["nonce"], sealed["encrypt"])
        opened: dict[str, Any] = json.loads(self.envelope.open(sealed["encrypt"]))
        return opened


def new_nonce() -> str:
    return f"nonce{next(_numbers)}"


def question(text: str = "@问约 企点几天内可以退款", msgid: str = "MSG1", **more: Any) -> dict[str, Any]:
    """A question of a group, as WeCom sends it."""
    return {
        "msgid": msgid,
        "aibotid": BOT,
        "chatid": "CHAT",
        "chattype": "group",
        "from": {"userid": "ann"},
        "msgtype": "text",
        "text": {"content": text},
        **more,
    }


def poll(stream: str, **more: Any) -> dict[str, Any]:
    """WeCom asking again what a stream shows."""
    body = question(msgid=new_nonce())
    del body["text"]
    return body | {"msgtype": "stream", "stream": {"id": stream}} | more


def _query(sealed: dict[str, Any]) -> dict[str, str]:
    return {"msg_signature": sealed["msgsignature"], "timestamp": str(sealed["timestamp"]), "nonce": sealed["nonce"]}
