"""Turns: the questions of one chat wait for each other, those of different chats do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_AT_ONCE = 2  # questions of one chat that are answered at the same time
_CROWDED = 4  # questions of one chat, waiting or being answered

Chat = tuple[str, str]  # the channel and its chat


class Turns:
    """The questions of all chats that wait or are being answered. All of it runs on one event loop."""

    def __init__(self) -> None:
        self._queues: dict[Chat, _Queue] = {}

    def waiting(self, chat: Chat) -> int:
        """How many questions of a chat wait or are being answered."""
        queue = self._queues.get(chat)
        return queue.length if queue else 0

    @asynccontextmanager
    async def of(self, chat: Chat) -> AsyncIterator[Callable[[], bool]]:
        """Entered when it is a question's turn in its chat. What is given says whether many wait there at the time it is asked."""
        queue = self._queues.setdefault(chat, _Queue())
        queue.length += 1
        try:
            async with queue.turn:
                yield lambda: queue.length > _CROWDED
        finally:
            queue.length -= 1
            if not queue.length:
                self._queues.pop(chat, None)


class _Queue:
    def __init__(self) -> None:
        self.length = 0
        self.turn = asyncio.Semaphore(_AT_ONCE)
