"""One connection of a bot to the WeCom server, and what can be made to go wrong with the answers to its frames."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed


@dataclass(slots=True)
class Fault:
    """What becomes of the answers to the next frames of these commands. `code` is what they are refused with, where there is one.

    A frame is acted upon unless it is refused or `ignored`; a `lost` answer is never sent, any other one `delay` seconds late.
    """

    commands: tuple[str, ...]
    times: int
    code: int = 0
    said: str = ""
    ignored: bool = False
    lost: bool = False
    delay: float = 0.0


class Line:
    """A connection as the server sees it. `silent`: nothing gets through any more, either way, and nobody is told."""

    def __init__(self, socket: ServerConnection, number: int) -> None:
        self.number = number
        self.subscribed = False
        self.silent = False
        self.pings = 0
        self._socket = socket
        self._kept: list[str] = []
        self._keeps = 0
        self._sending: set[asyncio.Task[None]] = set()

    @property
    def closed(self) -> int | None:
        """The code that the connection was closed with, None while it is open."""
        return self._socket.close_code

    async def receive(self, within: float) -> str | bytes | None:
        """The next frame; None when there is no more, or none came in so many seconds: then the connection is cut."""
        try:
            return await asyncio.wait_for(self._socket.recv(), within)
        except TimeoutError:
            self.abort()
        except ConnectionClosed:
            pass
        return None

    def send(self, frame: dict[str, Any] | str | bytes, delay: float = 0.0) -> None:
        """Send a frame in a while, without waiting for it. What is no dict goes out as it is."""
        data = json.dumps(frame, ensure_ascii=False) if isinstance(frame, dict) else frame
        self._later(self._send(data, delay))

    def answer(self, req_id: str, code: int, said: str, delay: float = 0.0) -> None:
        """Answer a frame of the bot: such a frame has no command."""
        frame = json.dumps({"headers": {"req_id": req_id}, "errcode": code, "errmsg": said})
        if not self._keeps:
            self.send(frame, delay)
            return
        self._kept.append(frame)
        if len(self._kept) == self._keeps:
            kept, self._kept, self._keeps = self._kept, [], 0
            for each in reversed(kept):
                self.send(each)

    def turn_around(self, answers: int) -> None:
        """Keep the next answers until there are so many; then send the last first."""
        self._keeps = answers

    def close(self, code: int, reason: str = "") -> None:
        self._later(self._socket.close(code, reason))

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._socket.transport.abort()

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, data: str | bytes, delay: float) -> None:
        if delay:
            await asyncio.sleep(delay)
        if not self.silent:
            with suppress(ConnectionClosed):
                await self._socket.send(data)
