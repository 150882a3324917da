"""Updates being taken in: Telegram hears that one has arrived only once what it asks is written down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Update

_SOON = 20.0  # seconds within which an update is written down, or is to come again
_AGAIN = 1.0


class Intake:
    """The updates of one bot that are being handled. `handle` handles one; set before the first comes. All of it runs on one event loop."""

    handle: Callable[[Update], Awaitable[Any]]

    def __init__(self) -> None:
        self.queue = _Handed(self)
        self._writing: dict[int, asyncio.Future[bool]] = {}  # by the ids of updates
        self._handling: set[asyncio.Future[Any]] = set()

    async def take(self, update: Update) -> bool:
        """Have an update handled. Returns as soon as a question in it is written down, or nothing is left to be done; False where that
        takes too long or the database fails: then it is to come again.
        """
        written = asyncio.get_running_loop().create_future()
        self._writing[update.update_id] = written
        handling = asyncio.ensure_future(self.handle(update))
        self._handling.add(handling)
        handling.add_done_callback(self._handling.discard)
        try:
            await asyncio.wait({handling, written}, timeout=_SOON, return_when=asyncio.FIRST_COMPLETED)
            return bool(written.result()) if written.done() else handling.done()
        finally:
            self._writing.pop(update.update_id, None)

    async def insist(self, update: Update) -> None:
        """Have an update handled, as often as it takes until it is written down. Whoever polls is cancelled here when the bot is stopped:
        the update is then not confirmed, and comes again.
        """
        while True:
            if await self.take(update):
                return
            await asyncio.sleep(_AGAIN)

    def wrote(self, update: Update, written: bool) -> None:
        """Whoever handles an update tells that what it asks was `written` down, or could not be."""
        waiting = self._writing.get(update.update_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(written)


class _Handed(asyncio.Queue[object]):
    """The queue that polls put updates into: each is handed on at once, and whoever puts it waits until it is written down."""

    def __init__(self, intake: Intake) -> None:
        super().__init__()
        self._intake = intake

    async def put(self, item: object) -> None:
        if isinstance(item, Update):
            await self._intake.insist(item)
        else:  # the sign that the end has come
            await super().put(item)
