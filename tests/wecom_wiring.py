"""What a callback is wired to in tests: it writes down what it is given, and answers as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.message import Message
from bot.wecom.callback import Callback, Words
from bot.wecom.crypto import Envelope
from bot.wecom.nonces import Nonces
from bot.wecom.response import Responder
from bot.wecom.streams import Streams
from tests.wecom_sender import BOT, KEY, TOKEN

PLACEHOLDER = "正在查阅…"
FOLLOWING = "其余的稍后发在下面。"
UNANSWERED = "没有答上来。"
NAMES = ("问约", "Robot A")


@dataclass(frozen=True)
class Asked:
    """A question as the wiring was given it."""

    message: Message
    stream: str
    response_url: str


async def _silent(asked: Asked) -> None:
    """Write nothing."""


def once() -> Callable[[Message], bool]:
    """Says yes to each message once."""
    claimed: set[str] = set()

    def claim(message: Message) -> bool:
        new = message.id not in claimed
        claimed.add(message.id)
        return new

    return claim


class Wiring:
    """`answer` is called for every question, `reply` for every event; `claims` says whether one is this replica's to answer."""

    def __init__(
        self,
        answer: Callable[[Asked], Awaitable[None]] = _silent,
        reply: Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any] | None]] | None = None,
        claims: Callable[[Message], bool] | None = None,
    ) -> None:
        self._claims = claims or once()
        self.asked: list[Asked] = []
        self.events: list[Mapping[str, Any]] = []
        self.opened: list[Streams | Nonces] = []
        self.callbacks: list[Callback] = []
        self._answer = answer
        self._reply = reply

    def close(self) -> None:
        """Give the connections back of all that was opened for it, when nobody uses them any more."""
        for callback in self.callbacks:
            callback._threads.shutdown()
        for tables in self.opened:
            tables.close()

    async def take(self, message: Message, stream: str, response_url: str) -> Coroutine[Any, Any, None] | None:
        """Each message once, as the desk does it."""
        asked = Asked(message, stream, response_url)
        if not self._claims(message):
            return None
        self.asked.append(asked)

        async def answered() -> None:
            await self._answer(asked)

        return answered()

    async def on_event(self, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        self.events.append(body)
        return await self._reply(body) if self._reply else None


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """WeCom waits as long as a machine that is busy with other tests may take."""
    monkeypatch.setattr("bot.wecom.callback._SOON", 20.0)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens in the background, for twenty seconds at most."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


def callback_of(
    database: Path | str, wiring: Wiring, now: Callable[[], datetime], origin: str | None = None, nonces: str | None = None
) -> Callback:
    """A replica's callback over the database in a folder, or of an SQLAlchemy URL; its nonces may stand in another one."""
    url = database if isinstance(database, str) else f"sqlite:///{database / 'library.db'}"
    words = Words(lambda message: PLACEHOLDER, lambda text: FOLLOWING, lambda message: UNANSWERED)
    responder = Responder(origin) if origin else Responder()
    tables = Streams(url, now), Nonces(nonces or url, now)
    wiring.opened.extend(tables)
    callback = Callback(
        Envelope(TOKEN, KEY), BOT, *tables, names=NAMES, words=words, take=wiring.take, on_event=wiring.on_event,
        responder=responder, now=now,
    )  # fmt: skip
    wiring.callbacks.append(callback)
    return callback
