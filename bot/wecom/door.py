"""What is let in at WeCom's callback: requests that WeCom has signed just now and for the first time, for this bot."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.wecom.crypto import Envelope, SealError
from bot.wecom.nonces import Nonces

LARGEST = 1 << 20  # bytes of a request's body

_WINDOW = 300  # seconds that a request may be old, or ahead of our clock
_TIMESTAMP = re.compile(r"[1-9][0-9]{9}")  # of one length: else a digit of the nonce could be taken for one of the timestamp's
_NONCE = re.compile(r"[!-~]{1,64}")
_SIGNATURE = re.compile(r"[0-9a-f]{40}")
_ECHO = re.compile(r"[A-Za-z0-9+/=]{1,4096}")


class Refused(Exception):
    """A request that is not let in. `kind` says why, to the log and to nobody else."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Signed:
    """What WeCom has signed: not yet opened, and perhaps sent a second time."""

    timestamp: str
    nonce: str
    signature: str
    encrypted: str


class Door:
    """The door of one bot. Everything raises Refused; `message` and `body` raise StorageError too, and wait for the database."""

    def __init__(self, envelope: Envelope, bot_id: str, nonces: Nonces, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._envelope = envelope
        self._bot_id = bot_id
        self._nonces = nonces
        self._now = now

    def signed_query(self, query: Mapping[str, str]) -> Signed:
        """What WeCom sends when the address is entered: all of it in the query. A `+` that was read as a space is one again."""
        encrypted = query.get("echostr", "").replace(" ", "+")
        return self._signed(query, _given(_ECHO, encrypted))

    def signed_body(self, query: Mapping[str, str], body: bytes) -> Signed:
        """What WeCom sends otherwise: JSON with `encrypt` in it."""
        if len(body) > LARGEST:
            raise Refused("size")
        encrypted = _json(body).get("encrypt")
        if not isinstance(encrypted, str):
            raise Refused("json")
        return self._signed(query, encrypted)

    def message(self, signed: Signed) -> bytes:
        """What was sealed; it can be had once."""
        if not self._nonces.first(signed.timestamp, signed.nonce, signed.signature):
            raise Refused("replay")
        try:
            return self._envelope.open(signed.encrypted)
        except SealError:
            raise Refused("seal") from None

    def body(self, signed: Signed) -> dict[str, Any]:
        """What was sealed, as the JSON that it is; it can be had once."""
        body = _json(self.message(signed))
        if body.get("aibotid") != self._bot_id:
            raise Refused("bot")
        return body

    def _signed(self, query: Mapping[str, str], encrypted: str) -> Signed:
        signature = _given(_SIGNATURE, query.get("msg_signature", ""))
        timestamp, nonce = _given(_TIMESTAMP, query.get("timestamp", "")), _given(_NONCE, query.get("nonce", ""))
        if not self._envelope.is_signed(signature, timestamp, nonce, encrypted):
            raise Refused("signature")
        if abs(self._now().timestamp() - int(timestamp)) > _WINDOW:
            raise Refused("time")
        return Signed(timestamp, nonce, signature, encrypted)


def _given(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise Refused("parameters")
    return value


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise Refused("json") from None
    if not isinstance(found, dict):
        raise Refused("json")
    return found
