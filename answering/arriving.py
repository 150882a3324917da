"""Async streams for threads that wait: read in the background, under one deadline, and cancelled when nobody waits any more.

Cancelling is what a blocked thread cannot do to itself: a server that is silent, or drips, holds neither the asker nor a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TypeVar

T = TypeVar("T")

_DONE = object()
_GRACE = 2.0  # seconds after the deadline in which the background must have said so; a library may block it
_starting = Lock()
_thread: Thread | None = None
_loop: asyncio.AbstractEventLoop | None = None


def arriving(source: Callable[[], AsyncGenerator[T, None]], seconds: float) -> Iterator[T]:
    """What `source()` yields, as it comes. Raises what it raises, and TimeoutError where it is not done after `seconds`.

    Leaving the iteration early cancels the source.
    """
    arrived: SimpleQueue[object] = SimpleQueue()

    async def read() -> None:
        try:
            async with asyncio.timeout(seconds), aclosing(source()) as items:
                async for item in items:
                    arrived.put(item)
        except Exception as error:
            arrived.put(_Failed(error))
        else:
            arrived.put(_DONE)

    reading = asyncio.run_coroutine_threadsafe(read(), _background())
    try:
        while True:
            try:
                item = arrived.get(timeout=seconds + _GRACE)
            except Empty:
                raise TimeoutError from None
            if item is _DONE:
                return
            if isinstance(item, _Failed):
                raise item.error
            yield item  # type: ignore[misc]
    finally:
        reading.cancel()


class _Failed:
    def __init__(self, error: Exception) -> None:
        self.error = error


def _background() -> asyncio.AbstractEventLoop:
    """The loop that all streams of this process are read in. A forked process has no thread of its parent's, and starts its own."""
    global _thread, _loop
    with _starting:
        if _loop is None or _thread is None or not _thread.is_alive():
            _loop = asyncio.new_event_loop()
            _thread = Thread(target=_loop.run_forever, name="models", daemon=True)
            _thread.start()
        return _loop
