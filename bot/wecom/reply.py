"""An answer being shown in WeCom: a stream that grows, in the place of the question's own bubble.

https://developer.work.weixin.qq.com/document/path/101463 (long connection) and 101031 (callback). Each text is the whole so far.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from answering.answer import Answer, Status
from answering.language import language_of
from bot.contacts import Contact
from bot.look import Look
from bot.message import Message, Undeliverable
from bot.votes import Votes
from bot.wecom.cards import offers
from bot.wecom.connection import Connection, Refused, Unreachable
from bot.wecom.message import CHANNEL
from bot.wecom.streams import Streams, stream_of
from bot.wecom.text import calling_of, growing, markdown_of
from bot.wording import say

_APART = 2.0  # seconds between two texts of a stream: it is not said whether they count towards 30 messages a minute
_AGAIN = 1.0
_PATIENCE = 1800.0  # seconds for which what must arrive is tried
_log = logging.getLogger(__name__)


class ConnectedReply:
    """The `Reply` to a message that came over the long connection. `handle` is the id of the request by which it came."""

    def __init__(self, connection: Connection, message: Message, look: Look, votes: Votes) -> None:
        self._connection = connection
        self._message = message
        self._look = look
        self._votes = votes
        self._stream = stream_of(message.id)
        self._begun = False
        self._at = float("-inf")

    @property
    def handle(self) -> str:
        return self._message.handle

    async def begin(self) -> None:
        await self._offer(say("looking", language_of(self._message.text)))

    async def grow(self, answer: Answer) -> None:
        if time.monotonic() - self._at >= _APART:
            await self._offer(growing(self._look.form(answer)))

    async def finish(self, answer: Answer, record: str | None) -> None:
        form = await asyncio.to_thread(self._look.form, answer)
        card = offers(answer, record, form.contact) if record else None
        if record:
            await asyncio.to_thread(self._votes.shown, CHANNEL, self._stream, record)
        # what is not clear must be asked back whether or not there is room for a card
        in_text = card is None or answer.status is Status.CLARIFY
        await self._deliver(markdown_of(form, self._look.link, cards=not in_text))
        if card is not None:
            await self._show_card(card)

    async def say(self, text: str, *, quoting: bool = False, calling: Contact | None = None) -> None:
        await self._deliver(calling_of(text, calling))

    async def _offer(self, text: str) -> None:
        """Show something that need not arrive."""
        if self.handle and await self._connection.respond(self.handle, self._frame(text, whole=False), may_drop=True):
            self._begun, self._at = True, time.monotonic()

    async def _deliver(self, text: str) -> None:
        """Show the whole text: in the question's stream, or as a message of its own where that cannot be written to any more."""
        body: dict[str, Any] | None = self._frame(text, whole=True) if self.handle else None
        ending = time.monotonic() + _PATIENCE
        while True:
            try:
                if body is not None:
                    await self._connection.respond(self.handle, body)
                else:
                    pushed = {"msgtype": "markdown", "markdown": {"content": text}}
                    await self._connection.push(self._message.place.chat, pushed, private=self._message.private)
                return
            except Refused as refused:
                if refused.perhaps:
                    return
                if body is None or not refused.outdated:
                    raise Undeliverable(f"WeCom refuses it: {refused.code}") from refused
                body = None
            except Unreachable as error:
                if error.perhaps and body is None:
                    _log.warning("WeCom did not say whether an answer arrived; it is not sent twice")
                    return
                if time.monotonic() > ending:
                    raise
                await asyncio.sleep(_AGAIN)  # a connection that has ended says so at once

    async def _show_card(self, card: dict[str, Any]) -> None:
        """Offer what can be pressed. The answer stands without it."""
        body = {"msgtype": "template_card", "template_card": card}
        try:
            await self._connection.push(self._message.place.chat, body, private=self._message.private, may_drop=True)
        except (Refused, Unreachable) as error:
            _log.warning("a card could not be shown: %s", error)

    def _frame(self, text: str, *, whole: bool) -> dict[str, Any]:
        """The id that votes come back with goes into the first text of a stream."""
        feedback = {} if self._begun else {"feedback": {"id": self._stream}}
        return {"msgtype": "stream", "stream": {"id": self._stream, "finish": whole, "content": text, **feedback}}


class StreamedReply:
    """The `Reply` to a message that came by callback: it is written where WeCom will ask for it. The placeholder is there already."""

    def __init__(self, streams: Streams, message: Message, look: Look, votes: Votes) -> None:
        self._streams = streams
        self._look = look
        self._votes = votes
        self._stream = stream_of(message.id)
        self._at = float("-inf")

    @property
    def handle(self) -> str:
        return ""

    async def begin(self) -> None:
        pass

    async def grow(self, answer: Answer) -> None:
        if time.monotonic() - self._at >= _APART:
            self._at = time.monotonic()
            await self._put(growing(self._look.form(answer)), whole=False)

    async def finish(self, answer: Answer, record: str | None) -> None:
        if record:
            await asyncio.to_thread(self._votes.shown, CHANNEL, self._stream, record)
        form = await asyncio.to_thread(self._look.form, answer)
        card = offers(answer, record, form.contact) if record else None
        in_text = card is None or answer.status is Status.CLARIFY  # a text that goes to a response address has no card with it
        text = markdown_of(form, self._look.link, cards=not in_text)
        await self._put(text, whole=True, card=card)

    async def say(self, text: str, *, quoting: bool = False, calling: Contact | None = None) -> None:
        await self._put(calling_of(text, calling), whole=True)

    async def _put(self, text: str, *, whole: bool, card: dict[str, Any] | None = None) -> None:
        await asyncio.to_thread(self._streams.put, self._stream, text, whole, card)
