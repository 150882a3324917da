"""How an answer comes to WeCom: it is shown whenever WeCom asks for its stream, and what no stream shows any more is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from bot.wecom.response import Responder
from bot.wecom.streams import LONGEST, Owed, Stream, Streams, stream_of
from retrieval.errors import StorageError

_DEADLINE = timedelta(minutes=5, seconds=30)  # after the question; half a minute before WeCom stops asking

_Result = TypeVar("_Result")


def frame_of(stream: Stream, *, feedback: bool = False) -> dict[str, Any]:
    """A stream's reply. The id that opinions come back with goes into the first one only, and is the stream's; a card into the last."""
    shown: dict[str, Any] = {"id": stream.id, "finish": stream.finished or stream.ended, "content": stream.text}
    shown |= {"feedback": {"id": stream.id}} if feedback else {}
    if stream.card is None:
        return {"msgtype": "stream", "stream": shown}
    return {"msgtype": "stream_with_template_card", "stream": shown, "template_card": stream.card}


class Delivery:
    """The streams of one callback, read and written in the given threads. `following` is the sentence that goes behind a text when
    WeCom will not ask for the rest. Everything raises StorageError.
    """

    def __init__(
        self, streams: Streams, responder: Responder, following: Callable[[str], str], threads: Executor, now: Callable[[], datetime]
    ) -> None:
        self._streams = streams
        self._responder = responder
        self._following = following
        self._threads = threads
        self._now = now

    async def begin(self, msgid: str, text: str, address: str, *, asked_for: bool) -> Stream | None:
        """A new stream; None where the message has one."""
        is_new = await self._run(partial(self._streams.begin, msgid, text, address, asked_for=asked_for))
        return Stream(stream_of(msgid), self._now(), text, finished=False, ended=not asked_for) if is_new else None

    async def shown(self, id_: str) -> Stream | None:
        """What a stream shows to whoever asks now; beyond the deadline it is the last that it shows."""
        return await self._run(partial(self._shown, id_))

    async def end(self, id_: str, unanswered: str) -> None:
        """The writer of a stream has returned: what it has finished is sent where that is needed; where it has not, this text ends it."""
        await self._run(partial(self._streams.end, id_, unanswered))
        await self.send(id_)

    async def send(self, id_: str | None = None) -> None:
        """Send what is owed, of one stream or of all."""
        owed = await self._run(partial(self._streams.owed, id_))
        await asyncio.gather(*(self._send(each) for each in owed))

    async def expire(self) -> None:
        await self._run(self._streams.expire)

    def _shown(self, id_: str) -> Stream | None:
        stream = self._streams.get(id_)
        if stream is None or stream.ended:
            return stream
        if stream.finished:
            self._streams.told(id_)
        elif self._now() - stream.at >= _DEADLINE:
            text = _joined(stream.text, self._following(stream.text))
            if not self._streams.end(id_, text):
                return self._shown(id_)  # it was finished, or ended, just now
            return replace(stream, text=text, ended=True)
        return stream

    async def _send(self, owed: Owed) -> None:
        if await self._responder.send(owed.response_url, owed.text, owed.id):
            with suppress(StorageError):  # where it is sent a second time, WeCom refuses it
                await self._run(partial(self._streams.sent, owed.id))

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _joined(text: str, sentence: str) -> str:
    """A text and a sentence behind it, the text cut where WeCom would not take both."""
    room = LONGEST - len(f"\n\n{sentence}".encode())
    return f"{text.encode()[:room].decode(errors='ignore')}\n\n{sentence}"
