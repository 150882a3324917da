"""The bot's side of the WeCom server: its connections, the frames on them, and what can be made to go wrong.

The server runs on a loop in a thread of its own. What is done to it may be called from any thread; it takes effect in the order of the calls.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from itertools import count
from threading import Thread
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from tests.services.wecom_line import Fault, Line
from tests.services.wecom_rules import NOT_SUBSCRIBED, OK, TOO_OFTEN, WRONG_SECRET, Rules
from tests.services.wecom_shown import Sent

REPLIES = ("aibot_respond_msg", "aibot_respond_welcome_msg", "aibot_respond_update_msg", "aibot_send_msg")


class Wire:
    """A WebSocket server on loopback that speaks the frames of WeCom's long connection to one bot."""

    bot_id, secret = "aib-of-no-bot-in-the-world", "secret-of-no-bot-in-the-world-0000"

    def __init__(self) -> None:
        self.passed = 0.0  # seconds that WeCom's clock is ahead of ours
        self.idle = 100.0  # seconds without a frame after which a connection is cut
        self.lingering = 0.05  # seconds between telling a connection that another one has taken over, and cutting it
        self.subscriptions_a_minute = 60
        self.redelivers = True
        self.handshake = HTTPStatus.SWITCHING_PROTOCOLS  # anything else and nobody gets in
        self.knocks: list[float] = []  # when somebody wanted to connect
        self.lines: list[Line] = []
        self.sent: list[Sent] = []
        self.rules = Rules(lambda: time.monotonic() + self.passed)
        self._said: dict[str, dict[str, Any]] = {}  # the messages of people by msgid
        self._current: Line | None = None
        self._subscribed: list[float] = []
        self._faults: list[Fault] = []
        self._ids = count(1)
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    @property
    def is_connected(self) -> bool:
        """Whether a bot is subscribed."""
        return self._current is not None and self._current.subscribed

    def frames(self, cmd: str) -> list[Sent]:
        """What the bot has sent of a kind."""
        return [sent for sent in tuple(self.sent) if sent.cmd == cmd]

    def send(self, frame: dict[str, Any] | str | bytes) -> None:
        """A frame of any kind, as it is."""
        self._to_bot(lambda line: line.send(frame))

    def close(self, code: int) -> None:
        """The bot's connection is closed in an orderly way."""
        self._to_bot(lambda line: line.close(code))

    def abort(self) -> None:
        self._to_bot(Line.abort)

    def be_silent(self) -> None:
        """The bot's connection stays open, and nothing gets through any more; another connection is not concerned."""
        self._to_bot(lambda line: setattr(line, "silent", True))

    def unsubscribe(self) -> None:
        """The bot's subscription is forgotten while its connection stays open."""
        self._to_bot(lambda line: setattr(line, "subscribed", False))

    def turn_around(self, answers: int) -> None:
        """So many answers are kept and then sent in the wrong order."""
        self._to_bot(lambda line: line.turn_around(answers))

    def refuse(self, code: int, said: str = "refused", *, times: int = 1, delay: float = 0.0, commands: tuple[str, ...] = REPLIES) -> None:
        """The next frames are refused, in WeCom's words, so many seconds late."""
        self._faults.append(Fault(commands, times, code=code, said=said, delay=delay))

    def delay(self, seconds: float, *, times: int = 1, commands: tuple[str, ...] = REPLIES) -> None:
        """The next answers come late."""
        self._faults.append(Fault(commands, times, delay=seconds))

    def lose(self, *, performed: bool = True, times: int = 1, commands: tuple[str, ...] = REPLIES) -> None:
        """The next answers never come, though what was asked for is done if `performed`."""
        self._faults.append(Fault(commands, times, lost=True, ignored=not performed))

    def mend(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()

    def down(self) -> None:
        """Every connection is cut, and nobody can connect."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)

    def up(self) -> None:
        """At the same address as before."""
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    async def _start(self) -> None:
        self._server = await serve(self._serve, "127.0.0.1", self._port, process_request=self._greet, ping_interval=None, max_size=None)
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def _stop(self) -> None:
        if self._server is not None:
            for line in self.lines:
                line.abort()
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def _greet(self, socket: ServerConnection, _request: Request) -> Response | None:
        self.knocks.append(time.monotonic())
        return None if self.handshake is HTTPStatus.SWITCHING_PROTOCOLS else socket.respond(self.handshake, "not now\n")

    async def _serve(self, socket: ServerConnection) -> None:
        line = Line(socket, len(self.lines))
        self.lines.append(line)
        while (data := await line.receive(self.idle)) is not None:
            if not line.silent:
                self._take(line, json.loads(data))
        if self._current is line:
            self._current = None

    def _take(self, line: Line, frame: dict[str, Any]) -> None:
        cmd, req_id, body = frame["cmd"], frame["headers"]["req_id"], frame.get("body", {})
        fault = next((fault for fault in self._faults if cmd in fault.commands and fault.times > 0), Fault((), 0))
        fault.times -= 1
        code, said = (fault.code, fault.said) if fault.code or fault.ignored else self._act(line, cmd, req_id, body)
        self.sent.append(Sent(time.monotonic(), line.number, cmd, req_id, body, code))
        if not fault.lost:
            line.answer(req_id, code, said, fault.delay)
        if cmd == "aibot_subscribe" and code == 0:
            self._put_through(line)

    def _act(self, line: Line, cmd: str, req_id: str, body: dict[str, Any]) -> tuple[int, str]:
        if cmd == "ping":
            line.pings += 1
            return OK
        if cmd == "aibot_subscribe":
            now = time.monotonic() + self.passed
            self._subscribed.append(now)
            if sum(at > now - 60 for at in self._subscribed) > self.subscriptions_a_minute:
                return TOO_OFTEN
            return OK if (body.get("bot_id"), body.get("secret")) == (self.bot_id, self.secret) else WRONG_SECRET
        return self.rules.judge(cmd, req_id, body, line.number) if line.subscribed else NOT_SUBSCRIBED

    def _put_through(self, line: Line) -> None:
        """A connection is the bot's from now on; the one before it is told so and cut."""
        former, self._current, line.subscribed = self._current, line, True
        if former is not None and former is not line:
            former.subscribed = False
            event = {"msgtype": "event", "event": {"eventtype": "disconnected_event"}}
            body = event | {"msgid": self._new("msg"), "create_time": int(time.time()), "aibotid": self.bot_id}
            former.send({"cmd": "aibot_event_callback", "headers": {"req_id": self._new("req")}, "body": body})
            self._loop.call_later(self.lingering, former.abort)
        if self.redelivers:
            for msgid, said in self._said.items():
                if msgid not in self.rules.answered:
                    self._deliver("aibot_msg_callback", self._new("req"), said)

    def _deliver(self, cmd: str, req_id: str, body: dict[str, Any]) -> None:
        if self._current is not None and self._current.subscribed:
            self.rules.open(req_id, body, self._current.number)
            self._current.send({"cmd": cmd, "headers": {"req_id": req_id}, "body": body})

    def _new(self, kind: str) -> str:
        return f"{kind}-{next(self._ids)}"

    def _to_bot(self, work: Callable[[Line], object]) -> None:
        self._soon(lambda: work(self._current) if self._current else None)

    def _soon(self, work: Callable[..., object], *arguments: Any) -> None:
        self._loop.call_soon_threadsafe(work, *arguments)
