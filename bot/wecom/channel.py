"""WenYue in WeCom over the long connection: messages go to the desk, events do what they say, one process at a time holds the line.

https://developer.work.weixin.qq.com/document/path/101463. No public address is needed.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bot.desk import Desk
from bot.lease import Lease
from bot.look import Look
from bot.message import Message
from bot.news import News
from bot.stores import Stores
from bot.wecom.connection import Connection, Refused, Unreachable
from bot.wecom.events import WecomEvents
from bot.wecom.message import CHANNEL, message_of
from bot.wecom.reply import ConnectedReply
from bot.wecom.text import inert
from retrieval.errors import StorageError

_RENEWING = 8.0  # seconds between two renewals of the lease; it is free after thirty without one
_UNSURE = 20.0  # seconds without an answer of the database after which the lease may soon be somebody else's
_ENDING = 60.0  # seconds that answers under way are given when the bot is stopped
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """The bot as the administration of WeCom has it: its id and secret for the long connection, where that leads, what it is called."""

    bot_id: str
    secret: str
    url: str
    names: tuple[str, ...]


class WecomChannel:
    """One bot. `run` holds the long connection until the process is told to stop, whenever no other process holds it."""

    def __init__(self, account: Account, desk: Desk, stores: Stores, events: WecomEvents, look: Look, lease: Lease, news: News) -> None:
        self._account = account
        self._desk = desk
        self._stores = stores
        self._events = events
        self._look = look
        self._lease = lease
        self._news = news
        self._connection: Connection | None = None

    def run(self) -> None:
        """Take messages until SIGINT or SIGTERM; then end what is under way. Raises WecomUnusable where WeCom refuses the secret."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        waited = False
        try:
            while not stop.is_set():
                if await self._holds(self._lease.take):
                    waited = False
                    await self._connected(stop)
                elif not waited:
                    waited = True
                    _log.info("WeCom: another process holds the connection; standing by")
                await _until(stop, _RENEWING)
        finally:
            with suppress(StorageError):
                await asyncio.to_thread(self._lease.leave)

    async def _connected(self, stop: asyncio.Event) -> None:
        """Hold the connection until the bot is stopped or the lease is lost."""
        account = self._account
        connection = Connection(
            account.bot_id, account.secret, account.url, on_message=self._message, on_event=self._event, may_return=self._may_return
        )  # fmt: skip
        self._connection = connection
        running = asyncio.create_task(connection.run())
        watching = asyncio.create_task(self._desk.watch(lambda message: self._reply(connection, message), CHANNEL))
        telling = asyncio.create_task(self._news.watch(self._tell))
        keeping = asyncio.create_task(self._keep(stop))
        _log.info("WeCom: the bot takes questions")
        await asyncio.wait({running, keeping}, return_when=asyncio.FIRST_COMPLETED)
        watching.cancel()
        telling.cancel()
        if stop.is_set():
            await self._desk.close(_ENDING)
        else:
            await self._desk.hand_over()
        keeping.cancel()
        connection.stop()
        await running  # raises what made it end

    async def _keep(self, stop: asyncio.Event) -> None:
        """Return when the bot is stopped, the lease is somebody else's, or may be soon because the database does not answer."""
        held = time.monotonic()
        while not stop.is_set():
            holds = await self._holds(self._lease.renew)
            if holds:
                held = time.monotonic()
            elif holds is False or time.monotonic() - held > _UNSURE:
                return
            await _until(stop, _RENEWING)

    async def _may_return(self) -> bool:
        return bool(await self._holds(self._lease.renew))

    async def _holds(self, ask: Callable[[], bool]) -> bool | None:
        """What the lease says; None where the database does not answer."""
        try:
            return await asyncio.to_thread(ask)
        except StorageError as error:
            _log.error("WeCom: who holds the connection cannot be told: %s", error)
            return None

    def _reply(self, connection: Connection, message: Message) -> ConnectedReply:
        return ConnectedReply(connection, message, self._look, self._stores.votes)

    async def _message(self, req_id: str, body: dict[str, Any]) -> None:
        message = message_of(body, self._account.names)
        if message is None or self._connection is None:
            return
        await self._take(replace(message, handle=req_id))

    async def _take(self, message: Message) -> None:
        assert self._connection is not None
        await self._desk.take(message, self._reply(self._connection, message))

    async def _tell(self, chat: str, text: str) -> None:
        assert self._connection is not None
        await self._connection.push(chat, {"msgtype": "markdown", "markdown": {"content": inert(text)}})

    async def _event(self, req_id: str, body: dict[str, Any]) -> None:
        connection = self._connection
        if connection is None:
            return
        with suppress(Refused, Unreachable):
            if welcome := await self._events.welcome(body):
                await connection.welcome(req_id, welcome)
        await self._events.opinion(body)
        card, asked = await self._events.pressed(body)
        with suppress(Refused, Unreachable):
            if card:
                await connection.update_card(req_id, card)
        if asked:
            await self._take(asked)


async def _until(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
