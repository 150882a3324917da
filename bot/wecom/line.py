"""One connection to WeCom, from its opening to its end: frames go out and are answered, callbacks come in, pings show that it lives."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bot.wecom.frame import MOST_BYTES, Answer, Callback, Unreadable, frame_of, new_req_id, written

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waits:
    """For how many seconds things are waited for."""

    opening: float = 10.0  # of a connection
    answer: float = 5.0  # to a frame; WeCom takes about 0.3
    ping: float = 30.0  # between two of them
    pong: float = 10.0  # two that do not come are the end
    least: float = 1.0  # before connecting again: at first, and doubled each time
    most: float = 60.0
    steady: float = 60.0  # a connection that has held for so long was a good one: the next wait is the first again
    patience: float = 60.0  # in which what must be sent is sent
    event: float = 5.0  # in which an event can be replied to
    stream: float = 350.0  # in which a stream has certainly not expired
    full: float = 10.0  # after WeCom has found that it is too much
    standby: float = 900.0  # before asking whether to take the connection back from somebody else


class Gone(Exception):
    """The connection has ended before there was an answer. `sent`: the frame may have arrived."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__("the connection has ended")
        self.sent = sent


class Unanswered(Exception):
    """No answer came in time."""


@asynccontextmanager
async def opened(url: str, waits: Waits, take: Callable[[Callback], None]) -> AsyncIterator[Line]:
    """A connection that is open within the block, unless it ends before. Raises OSError, TimeoutError or websockets' WebSocketException.

    `take` is given each callback at once, in the order in which they come.
    """
    quiet = logging.getLogger(f"{__name__}.socket")
    quiet.setLevel(logging.WARNING)  # the library would log every frame: the secret, and what people write
    socket = await connect(
        url,
        open_timeout=waits.opening,
        ping_interval=None,
        close_timeout=1.0,
        max_size=16 * MOST_BYTES,  # beyond that it ends the connection; we would rather go on
        compression=None,
        logger=quiet,
    )
    line = Line(socket, waits, take)
    tasks = [asyncio.create_task(line.read()), asyncio.create_task(line.watch())]
    try:
        yield line
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        line.end("closed by us")
        await socket.close()


class Line:
    """An open connection. `ended` is set at its end, and `how` then tells what the end was."""

    def __init__(self, socket: ClientConnection, waits: Waits, take: Callable[[Callback], None]) -> None:
        self.ended = asyncio.Event()
        self.how = ""
        self._socket = socket
        self._waits = waits
        self._take = take
        self._awaited: dict[str, deque[asyncio.Future[Answer]]] = {}  # what is to be answered, the oldest first
        self._doubt = asyncio.Event()

    async def ask(self, cmd: str, req_id: str, body: Mapping[str, Any] | None, answer: asyncio.Future[Answer], within: float) -> None:
        """Send a frame and wait until `answer` is there. Raises Gone and Unanswered.

        A frame that is sent again brings the same future with it: an answer to either is one to both. Frames of one req_id are answered
        in the order in which they were sent, as far as they are.
        """
        if self.ended.is_set():
            raise Gone(sent=False)
        self._awaited.setdefault(req_id, deque()).append(answer)
        ending = asyncio.ensure_future(self.ended.wait())
        try:
            async with asyncio.timeout(within):
                await self._socket.send(written(cmd, req_id, body))
                await asyncio.wait((answer, ending), return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError as error:
            self._doubt.set()
            raise Unanswered from error
        except ConnectionClosed as error:
            self.end("broken off")  # whoever reads will find that out later
            raise Gone(sent=True) from error
        finally:
            ending.cancel()
        if not answer.done():
            raise Gone(sent=True)

    async def ask_once(self, cmd: str, body: Mapping[str, Any] | None, within: float) -> Answer:
        """Send a frame that is no reply, and return its answer. Raises Gone and Unanswered."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        await self.ask(cmd, new_req_id(cmd), body, answer, within)
        return answer.result()

    def end(self, how: str) -> None:
        """The connection is of no use any more; that is final. Whoever is waiting hears of it."""
        if not self.ended.is_set():
            self.how = how
            self.ended.set()
            if how == "silent":
                self._socket.transport.abort()  # who does not answer would not say good-bye either

    async def read(self) -> None:
        """Read until the connection ends."""
        how = "failed"
        try:
            while True:
                self._receive(await self._socket.recv())
        except ConnectionClosed as error:
            how = f"closed with {error.rcvd.code}" if error.rcvd else "broken off"
        finally:
            self.end(how)

    async def watch(self) -> None:
        """Ping now and then, and at once when an answer is missing; without two pongs in a row the connection has ended."""
        lost = 0
        while lost < 2:
            if not lost:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._doubt.wait(), self._waits.ping)
            try:
                await self.ask_once("ping", None, self._waits.pong)
                lost = 0
            except Unanswered:
                lost += 1
            except Gone:
                return
            self._doubt.clear()
        self.end("silent")

    def _receive(self, data: str | bytes) -> None:
        try:
            frame = frame_of(data)
        except Unreadable as error:
            _log.warning("a frame of WeCom is passed over: %s", error)
            return
        if isinstance(frame, Callback):
            self._take(frame)
            return
        if awaited := self._awaited.get(frame.req_id):
            answer = awaited.popleft()
            if not awaited:
                del self._awaited[frame.req_id]
            if not answer.done():
                answer.set_result(frame)
