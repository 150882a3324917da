"""WenYue in WeCom by callback: WeCom calls an address of ours, and the server that has the address hands it on.

https://developer.work.weixin.qq.com/document/path/100719. Replicas share what is shown of answers through the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from answering.language import language_of
from bot.desk import Desk, DeskClosed
from bot.look import Look
from bot.message import Message
from bot.stores import Stores
from bot.wecom.callback import Callback, Words
from bot.wecom.crypto import Envelope
from bot.wecom.events import WecomEvents
from bot.wecom.message import CHANNEL
from bot.wecom.nonces import Nonces
from bot.wecom.reply import StreamedReply
from bot.wecom.streams import Streams
from bot.wording import say
from retrieval.errors import StorageError

_ENDING = 30.0  # seconds that answers under way are given when the server is stopped


class WecomCalled:
    """One bot that is called back. `running` is to be entered before the first call."""

    def __init__(
        self,
        envelope: Envelope,
        bot_id: str,
        names: Sequence[str],
        desk: Desk,
        stores: Stores,
        events: WecomEvents,
        look: Look,
        streams: Streams,
        nonces: Nonces,
    ) -> None:
        self._desk = desk
        self._stores = stores
        self._events = events
        self._look = look
        self._streams = streams
        words = Words(
            lambda message: say("looking", language_of(message.text)),
            lambda text: say("wecom_following", language_of(text)),
            lambda message: say("wecom_unanswered", language_of(message.text)),
        )
        self._callback = Callback(envelope, bot_id, streams, nonces, names=names, words=words, take=self._take, on_event=self._event)

    async def called(self, query: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """The status and the body with which to answer a call; without a body WeCom verifies the address."""
        return await (self._callback.receive(query, body) if body else self._callback.verify(query))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While this is entered, answers are written and what other processes left is looked for; then what is under way is ended."""
        watching = [asyncio.create_task(self._callback.watch()), asyncio.create_task(self._desk.watch(self._reply, CHANNEL))]
        try:
            yield
        finally:
            for task in watching:
                task.cancel()
            await self._callback.close(_ENDING)
            await self._desk.close(1)

    def _reply(self, message: Message) -> StreamedReply:
        return StreamedReply(self._streams, message, self._look, self._stores.votes)

    async def _take(self, message: Message, _stream: str, _response_url: str) -> Coroutine[Any, Any, None] | None:
        try:
            return await self._desk.receive(message, self._reply(message))
        except DeskClosed:
            raise StorageError("问约正在停止") from None  # WeCom sends it again

    async def _event(self, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        await self._events.opinion(body)
        card, asked = await self._events.pressed(body)
        if asked is not None:
            address = body.get("response_url")
            await self._callback.ask(asked, address if isinstance(address, str) else "")
        return card or await self._events.welcome(body)
