"""WeCom's callback: what it sends is checked, answered within a second, and worked on afterwards.

https://developer.work.weixin.qq.com/document/path/100719. It knows no web framework: it is given the query and the body of a request and
returns a status and a body. Whatever is wrong with a request, the answer is the same, and nobody hears of it but the log.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import traceback
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from bot.message import Message
from bot.outlasting import outlasting
from bot.wecom.crypto import Envelope
from bot.wecom.delivery import Delivery, frame_of
from bot.wecom.door import Door, Refused
from bot.wecom.message import message_of
from bot.wecom.nonces import Nonces
from bot.wecom.response import Responder
from bot.wecom.streams import Stream, Streams, stream_of
from retrieval.errors import StorageError

FORBIDDEN = (403, b"forbidden")

_NOTHING = (200, b"")
_LATER = (503, b"")  # WeCom sends it again
_SOON = 0.9  # seconds within which WeCom is answered
_EVENT = 4.0  # seconds within which an event is; WeCom waits five for a card
_LOOKING = 5.0  # seconds between two looks for what is owed
_EXPIRING = 300.0
_NOTICED = timedelta(minutes=1)
_log = logging.getLogger(__name__)

Response = tuple[int, bytes]
Take = Callable[[Message, str, str], Coroutine[Any, Any, Coroutine[Any, Any, None] | None]]
OnEvent = Callable[[Mapping[str, Any]], Coroutine[Any, Any, Mapping[str, Any] | None]]

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Words:
    """What is said where there is no answer yet, none of it blank: in the place of one that was just asked for, behind what there is of
    one (which is given) when WeCom will not ask for the rest, and in the place of one that will not come.
    """

    placeholder: Callable[[Message], str]
    following: Callable[[str], str]
    unanswered: Callable[[Message], str]


class Callback:
    """The callback of one bot in one process; replicas share `streams` and `nonces`. All of it runs on one event loop.

    `take` is given each question, the id of the stream that its answer is written into, and the response address ("" where there is
    none); it returns when the question was written down, and raises StorageError where it was not: WeCom then sends it again. What it
    returns returns when the answer was written or when there will be none; None where another process answers, or nobody. `on_event` is given every other message, some perhaps
    twice, and returns the body of the passive reply, or None; it runs on when it takes longer than WeCom waits.
    """

    def __init__(
        self,
        envelope: Envelope,
        bot_id: str,
        streams: Streams,
        nonces: Nonces,
        *,
        names: Sequence[str],
        words: Words,
        take: Take,
        on_event: OnEvent,
        responder: Responder | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._envelope = envelope
        self._door = Door(envelope, bot_id, nonces, now)
        self._nonces = nonces
        self._names = tuple(names)
        self._words = words
        self._take = take
        self._on_event = on_event
        self._responder = responder or Responder()
        self._now = now
        self._threads = ThreadPoolExecutor(4, "wecom")  # of its own: those that asyncio shares may all be waiting for models
        self._delivery = Delivery(streams, self._responder, words.following, self._threads, now)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._noticed: dict[str, datetime] = {}
        self._closed = False

    async def verify(self, query: Mapping[str, str]) -> Response:
        """Answer a GET, by which WeCom sees whose address it is. `query` is unquoted."""
        try:
            signed = self._door.signed_query(query)
            async with asyncio.timeout(_SOON):
                return 200, await asyncio.get_running_loop().run_in_executor(self._threads, self._door.message, signed)
        except Refused as refusal:
            return self._refuse(refusal.kind)
        except (StorageError, TimeoutError) as error:
            return self._put_off(error)

    async def receive(self, query: Mapping[str, str], body: bytes) -> Response:
        """Answer a POST. A body larger than wecom_door.LARGEST is refused; it need not be read to its end."""
        loop = asyncio.get_running_loop()
        soon = loop.time() + _SOON
        try:
            signed = self._door.signed_body(query, body)
            async with asyncio.timeout_at(soon):
                said = await loop.run_in_executor(self._threads, self._door.body, signed)
            reply = await self._reply(said, soon)
        except Refused as refusal:
            return self._refuse(refusal.kind)
        except (StorageError, TimeoutError, _Closed) as error:
            return self._put_off(error)
        if reply is None:
            return _NOTHING
        sealed = self._envelope.seal(json.dumps(reply).encode(), int(self._now().timestamp()), signed.nonce)
        return 200, json.dumps(sealed).encode()

    async def ask(self, message: Message, response_url: str) -> None:
        """Have a question answered that no stream shows, such as one that a pressed button asks: the answer goes to the response address.

        A message that was asked before is not asked again. Raises StorageError.
        """
        await self._begin(message, self._address(response_url), asked_for=False)

    async def watch(self) -> None:
        """For as long as this runs: send what no stream shows any more, whichever process wrote it, and delete what is too old."""
        loop, expired = asyncio.get_running_loop(), float("-inf")
        while True:
            with suppress(StorageError):
                await self._delivery.send()
                if loop.time() - expired > _EXPIRING:
                    expired = loop.time()
                    await self._delivery.expire()
                    await loop.run_in_executor(self._threads, self._nonces.expire)
            await asyncio.sleep(_LOOKING)

    async def close(self, seconds: float) -> None:
        """Take no more questions, and give what is under way so long to end. WeCom is still told what there is of it."""
        self._closed = True
        until = time.monotonic() + seconds
        while self._under_way and (left := until - time.monotonic()) > 0:
            await asyncio.wait(set(self._under_way), timeout=left)

    async def _reply(self, body: Mapping[str, Any], soon: float) -> Mapping[str, Any] | None:
        if body.get("msgtype") == "stream":
            asked = body.get("stream")
            id_ = asked.get("id") if isinstance(asked, dict) else None
            async with asyncio.timeout_at(soon):
                stream = await self._delivery.shown(id_) if isinstance(id_, str) else None
            return None if stream is None else frame_of(stream)
        message = message_of(body, self._names)
        if message is None:
            return await self._event(body)
        beginning = self._hold(self._begin(message, self._address(body.get("response_url"))))
        async with asyncio.timeout_at(soon):  # what has begun goes on: whoever sends it again finds the stream
            stream = await asyncio.shield(beginning)
        return None if stream is None else frame_of(stream, feedback=True)

    async def _begin(self, message: Message, address: str, *, asked_for: bool = True) -> Stream | None:
        """The stream of a question as it is; where the question is new, it is written down, and worked on from now on.

        A process that is killed between the two leaves a stream and no question: so one that comes again is new until it is written down.
        """
        if self._closed:
            raise _Closed
        id_ = stream_of(message.id)
        stream = await self._delivery.begin(message.id, self._words.placeholder(message), address, asked_for=asked_for)
        if stream is None:
            shown = await self._delivery.shown(id_)
            if shown is None or shown.finished or shown.ended:
                return shown
        work = await self._taken(message, id_, address)
        if work is not None:
            self._hold(self._answer(work, message, id_))
        return stream or await self._delivery.shown(id_)

    async def _taken(self, message: Message, id_: str, address: str) -> Coroutine[Any, Any, None] | None:
        try:
            return await self._take(message, id_, address)
        except StorageError:
            raise
        except Exception as error:
            _log.error("a question of WeCom could not be taken: %s", _described(error))
            await self._delivery.end(id_, self._words.unanswered(message))
            return None

    async def _answer(self, work: Coroutine[Any, Any, None], message: Message, id_: str) -> None:
        try:
            await work
        except Exception as error:
            _log.error("a question of WeCom could not be answered: %s", _described(error))
        try:
            await outlasting(lambda: self._delivery.end(id_, self._words.unanswered(message)), message.place.channel)
        except StorageError as error:
            _log.error("a stream of WeCom could not be ended: %s", error)

    async def _event(self, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The passive reply to what is no question; None where there is none, or none in time."""
        handling = self._hold(self._handled(body))
        done, _ = await asyncio.wait({handling}, timeout=_EVENT)
        event = body.get("event")
        opinion = isinstance(event, dict) and event.get("eventtype") == "feedback_event"
        return handling.result() if done and not opinion else None  # WeCom takes nothing but an empty body for an opinion

    async def _handled(self, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        try:
            return await self._on_event(body)
        except Exception as error:
            _log.error("an event of WeCom could not be handled: %s", _described(error))
            return None

    def _address(self, given: object) -> str:
        """A response address that may be used; "" for another, and for none."""
        if not isinstance(given, str) or not given:
            return ""
        if self._responder.takes(given):
            return given
        self._notice("a message's response address is not WeCom's: its answer has only its stream")
        return ""

    def _refuse(self, kind: str) -> Response:
        self._notice(f"a request to WeCom's callback was refused: {kind}")
        return FORBIDDEN

    def _put_off(self, error: Exception) -> Response:
        self._notice(f"a request of WeCom's is put off: {error if isinstance(error, StorageError) else type(error).__name__}")
        return _LATER

    def _notice(self, line: str) -> None:
        """Log a line, once a minute."""
        now = self._now()
        if line not in self._noticed or now - self._noticed[line] >= _NOTICED:
            self._noticed[line] = now
            _log.warning("%s", line)

    def _hold(self, work: Coroutine[Any, Any, _Result]) -> asyncio.Task[_Result]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._let_go)
        return task

    def _let_go(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # said by whoever waited for it


class _Closed(Exception):
    """The callback takes no more questions."""


def _described(error: BaseException) -> str:
    """The sort of an error and where it came from; what it says may repeat a question."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
