"""The bot's connection to WeCom, and what is said over it.

https://developer.work.weixin.qq.com/document/path/101463: one connection a bot, no public address, no encryption of our own.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.wecom.errors import Refused, Unreachable, WecomUnusable
from bot.wecom.frame import Answer, Callback, new_req_id
from bot.wecom.line import Gone, Unanswered, Waits
from bot.wecom.pace import Pace
from bot.wecom.upkeep import Upkeep

__all__ = ["Connection", "Refused", "Unreachable", "Waits", "WecomUnusable"]

URL = "wss://openws.work.weixin.qq.com"
_TOO_OFTEN, _EXPIRED, _NOT_SUBSCRIBED = 45009, 846608, 846609
_TRIES = 6  # of what WeCom sends back for a time
_REQUESTS = 10_000  # of which it is remembered where they came from
_log = logging.getLogger(__name__)

Handler = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Is given the req_id and the body of a callback, in a task of its own."""


@dataclass(slots=True)
class _Request:
    """Something that can be replied to: where it came from and when, when its stream began, and whose turn it is to reply."""

    chat: str
    at: float = field(default_factory=time.monotonic)
    began: float | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


async def _always() -> bool:
    return True


class Connection:
    """A bot's connection. `run` holds it open; the other methods wait until it is, on the same event loop.

    Every message and event is given to its handler, however often it comes: which of them were seen before the inbox knows. Where another
    connection has taken over, this one says so in the log, gives the `disconnected_event` to `on_event`, and stands by until `resume` is
    called, or a quarter of an hour has passed and `may_return` says yes.
    """

    def __init__(
        self,
        bot_id: str,
        secret: str,
        url: str = URL,
        *,
        on_message: Handler,
        on_event: Handler,
        may_return: Callable[[], Awaitable[bool]] = _always,
        pace: Pace | None = None,
        waits: Waits | None = None,
    ) -> None:
        self._handlers = {"message": on_message, "event": on_event}
        self._pace = pace or Pace()
        self._waits = waits or Waits()
        self._upkeep = Upkeep(url, {"bot_id": bot_id, "secret": secret}, self._waits, self._take, may_return)
        self._requests: OrderedDict[str, _Request] = OrderedDict()
        self._handling: set[asyncio.Task[None]] = set()

    @property
    def is_up(self) -> bool:
        """Whether WeCom hands messages out to us."""
        return self._upkeep.line is not None

    @property
    def stands_by(self) -> bool:
        """Whether another connection has taken over."""
        return self._upkeep.stands_by

    def stop(self) -> None:
        """Have `run` end. Whatever still waits to be sent is given up with Unreachable."""
        self._upkeep.stop()

    def resume(self) -> None:
        """Take the connection back from whoever has taken it over."""
        self._upkeep.resume()

    async def run(self) -> None:
        """Hold the connection open until it is stopped; handlers that are still at work then are cancelled.

        Raises WecomUnusable where WeCom has refused the secret three times in a row.
        """
        try:
            await self._upkeep.run()
        finally:
            for task in self._handling:
                task.cancel()
            await asyncio.gather(*self._handling, return_exceptions=True)

    async def respond(self, req_id: str, body: Mapping[str, Any], *, may_drop: bool = False) -> bool:
        """Reply to a message; True when WeCom has taken the reply. Raises Refused, and Unreachable after a minute without success.

        What may be dropped is sent only if that can be done now; False where it was not, or nobody knows. Everything else waits: for the
        reply before it to the same message, for a connection, and for its place in the pace, however long that takes.
        """
        request = self._request(req_id)
        if may_drop and (request.turn.locked() or not self.is_up or not self._pace.spare(request.chat)):
            return False
        async with request.turn:  # the answers to two replies to one message cannot be told apart
            is_stream = body.get("msgtype") == "stream"
            if is_stream and request.began is None:
                request.began = time.monotonic()
            if may_drop:
                return await self._attempt(req_id, body, request)
            await self._deliver("aibot_respond_msg", req_id, body, request, again=is_stream)
            return True

    async def welcome(self, req_id: str, body: Mapping[str, Any]) -> None:
        """Reply to an `enter_chat`, which can be done for five seconds. Raises Refused and Unreachable."""
        await self._deliver("aibot_respond_welcome_msg", req_id, body, self._request(req_id), hurried=True)

    async def update_card(self, req_id: str, body: Mapping[str, Any]) -> None:
        """Reply to a `template_card_event`, which can be done for five seconds. Raises Refused and Unreachable."""
        await self._deliver("aibot_respond_update_msg", req_id, body, self._request(req_id), hurried=True)

    async def push(self, chat_id: str, body: Mapping[str, Any], *, private: bool | None = None, may_drop: bool = False) -> None:
        """Write to a group, or to a user, who has written to the bot before. Raises Refused and Unreachable.

        It is sent once: where no answer comes, Unreachable says that it has perhaps arrived. Unless it is told whether the chat is
        `private`, WeCom looks for a group first. What may be dropped is sent only where the chat's pace has room to spare.
        """
        if may_drop and not self._pace.spare(chat_id):
            return
        kind = {} if private is None else {"chat_type": 1 if private else 2}
        body = {"chatid": chat_id} | kind | dict(body)
        await self._deliver("aibot_send_msg", new_req_id("aibot_send_msg"), body, _Request(chat_id))

    def _take(self, callback: Callback) -> None:
        self._request(callback.req_id, callback.chat)
        if callback.event == "disconnected_event":
            self._upkeep.displace()
        task = asyncio.create_task(self._handle(callback))
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)

    async def _handle(self, callback: Callback) -> None:
        try:
            await self._handlers[callback.kind](callback.req_id, dict(callback.body))
        except Exception as error:  # of which the frames are logged, and not what it says: that may repeat what somebody wrote
            frames = "".join(traceback.format_tb(error.__traceback__))
            _log.error("a %s of WeCom could not be handled: %s\n%s", callback.kind, type(error).__name__, frames)

    def _request(self, req_id: str, chat: str = "") -> _Request:
        """What is to be replied to. Where it came from is unknown if another process was told: then it has a pace of its own."""
        request = self._requests.setdefault(req_id, _Request(chat or req_id))
        if len(self._requests) > _REQUESTS:
            self._requests.popitem(last=False)
        return request

    async def _attempt(self, req_id: str, body: Mapping[str, Any], request: _Request) -> bool:
        """Send a reply that may be dropped; whether WeCom has taken it. Raises Refused."""
        line = self._upkeep.line
        if line is None:
            return False
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        try:
            await line.ask("aibot_respond_msg", req_id, body, answer, self._waits.answer)
        except (Gone, Unanswered):
            return False
        return self._is_taken(answer.result(), request)

    async def _deliver(
        self, cmd: str, req_id: str, body: Mapping[str, Any], request: _Request, *, again: bool = False, hurried: bool = False
    ) -> None:
        """Send a frame until WeCom has taken it; only `again` after it may have arrived, and `hurried` what is useless after five seconds."""
        deadline = request.at + self._waits.event if hurried else time.monotonic() + self._waits.patience
        for _ in range(_TRIES):
            answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            sent = False
            while not answer.done():
                await self._upkeep.wait(deadline - time.monotonic(), lambda: self.is_up)
                if not self.is_up or time.monotonic() >= deadline:
                    raise Unreachable("no connection to WeCom", perhaps=sent)
                place = self._pace.book(request.chat)
                if place:
                    if hurried and time.monotonic() + place >= deadline:
                        raise Unreachable("no room in the pace")
                    deadline += 0 if hurried else place
                    await self._upkeep.wait(place, answer.done)
                sent = await self._send(cmd, req_id, body, answer) or sent
                if sent and not again and not answer.done():
                    raise Unreachable("WeCom does not say whether it has arrived", perhaps=True)
            young = request.began is not None and time.monotonic() - request.began < self._waits.stream
            if sent and young and answer.result().code == _EXPIRED:
                return  # the stream is closed because what was sent first did arrive
            if self._is_taken(answer.result(), request, perhaps=sent):
                return
        raise Refused(answer.result().code, answer.result().message)

    async def _send(self, cmd: str, req_id: str, body: Mapping[str, Any], answer: asyncio.Future[Answer]) -> bool:
        """Send a frame if there is a connection. True where it may have arrived, and nobody has said so."""
        line = self._upkeep.line
        if line is None or answer.done():
            return False
        try:
            await line.ask(cmd, req_id, body, answer, self._waits.answer)
        except Gone as gone:
            return gone.sent
        except Unanswered:
            return True
        return False

    def _is_taken(self, answer: Answer, request: _Request, *, perhaps: bool = False) -> bool:
        """Whether WeCom has taken a frame. False where it may take it later; raises Refused where it never will."""
        if answer.code == _NOT_SUBSCRIBED and self._upkeep.line is not None:
            self._upkeep.line.end("not subscribed")
        elif answer.code == _TOO_OFTEN:
            self._pace.hold(request.chat, self._waits.full)
        elif answer.code not in (0, _NOT_SUBSCRIBED):
            raise Refused(answer.code, answer.message, perhaps=perhaps)
        return answer.code == 0
