"""Where messages are taken in, whatever channel they come by: each is answered once, if whoever asks may ask, and none is lost."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from answering.errors import AnsweringError
from answering.language import language_of
from bot.access import Access
from bot.inbox import Inbox
from bot.message import Message, Reply
from bot.place import Place
from bot.wording import say
from retrieval.errors import RetrievalError, StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.conversation import Conversation

_AT_ONCE = 2  # questions of one chat that are answered at the same time
_CROWDED = 4  # questions of one chat, waiting or being answered
_BEAT = 20.0  # seconds between two signs that this process is alive
_EXPIRING = 3600.0  # seconds between two looks for what is too old
_NOTICED = timedelta(hours=12)  # a chat that may not ask is told so no more often
_log = logging.getLogger(__name__)

Converse = Callable[[Place, Sequence[str]], "Conversation"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be asked: by one asker in a minute and in a day, in one chat in a minute; and how many questions of a chat may wait."""

    asker_minute: int = 6
    asker_day: int = 200
    chat_minute: int = 100
    waiting: int = 200


class Desk:
    """Takes messages and has them answered. One for all chats of a process; all of it runs on one event loop.

    A message is written into the inbox before anything else and crossed out when its answer was delivered: so it is answered once,
    whoever sees it again, and what a process leaves behind when it is killed another one finds.
    """

    def __init__(self, converse: Converse, inbox: Inbox, access: Access, limits: Limits) -> None:
        self._converse = converse
        self._inbox = inbox
        self._access = access
        self._limits = limits
        self._queues: dict[tuple[str, str], _Queue] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._closed = False

    async def take(self, message: Message, reply: Reply) -> None:
        """Answer a message, unless it was taken before, may not be asked, or is one too many: that is said, once in a while.

        Returns when the answer was delivered. Raises nothing: what goes wrong is said in the chat and logged without anybody's words.
        """
        if self._closed:
            return  # not claimed: the channel hands it out again to whoever comes after
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            if await self._admitted(message, reply) and await asyncio.to_thread(self._inbox.claim, message):
                if await self._within_limits(message, reply):
                    await self._in_turn(message, reply)
                else:
                    await asyncio.to_thread(self._inbox.done, message)
        except StorageError as error:
            _log.error("a message of %s was not taken: %s", message.place.channel, error)
            await self._attempt(reply.say(say("desk_storage", language_of(message.text))))
        finally:
            self._under_way.discard(task)

    async def watch(self, reply_to: Callable[[Message], Reply]) -> None:
        """For as long as this runs: tell other processes that what is claimed here is being answered, answer what processes that are gone
        have left, and delete what is too old.
        """
        expired = float("-inf")
        while True:
            with suppress(StorageError):
                await asyncio.to_thread(self._inbox.beat)
                for message in await asyncio.to_thread(self._inbox.left, timedelta(0)):
                    task = asyncio.create_task(self._in_turn(message, reply_to(message)))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                if time.monotonic() - expired > _EXPIRING:
                    expired = time.monotonic()
                    await asyncio.to_thread(self._inbox.expire)
                    await asyncio.to_thread(self._access.expire)
            await asyncio.sleep(_BEAT)

    async def close(self, seconds: float) -> None:
        """Take nothing more, and give what is under way so long to end."""
        self._closed = True
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=seconds)

    async def _admitted(self, message: Message, reply: Reply) -> bool:
        """Whether a message may be asked; where not, whoever asked is told, no more than once in a while."""
        place, language = message.place, language_of(message.text)
        permission = await asyncio.to_thread(self._access.may_ask, place, message.private)
        if permission is None:
            if await asyncio.to_thread(self._access.first, place.channel, place.chat, "denied", _NOTICED):
                key = "desk_denied_private" if message.private else "desk_denied"
                await self._attempt(reply.say(say(key, language, chat=place.chat, asker=place.asker)))
            return False
        return True

    async def _within_limits(self, message: Message, reply: Reply) -> bool:
        """Whether not too much was asked, this message counted; where it was, whoever asked is told, once a minute."""
        place, language, now = message.place, language_of(message.text), datetime.now(UTC)
        minute, day = now - timedelta(minutes=1), now - timedelta(days=1)
        asked = [
            (await asyncio.to_thread(self._inbox.asked, place, minute), self._limits.asker_minute, place.asker),
            (await asyncio.to_thread(self._inbox.asked, place, day), self._limits.asker_day, place.asker),
            (await asyncio.to_thread(self._inbox.asked_in, place.channel, place.chat, minute), self._limits.chat_minute, ""),
        ]
        over = next(((limit, asker) for count, limit, asker in asked if count > limit), None)
        if over is None:
            return True
        limit, asker = over
        if await asyncio.to_thread(self._access.first, place.channel, place.chat, f"limit {asker}", timedelta(minutes=1)):
            await self._attempt(reply.say(say("desk_limit_asker" if asker else "desk_limit_chat", language, limit=limit)))
        return False

    async def _in_turn(self, message: Message, reply: Reply) -> None:
        """Answer a message when it is its turn in its chat, and cross it out."""
        key = (message.place.channel, message.place.chat)
        queue = self._queues.setdefault(key, _Queue())
        if queue.length >= self._limits.waiting:
            await self._attempt(reply.say(say("desk_busy", language_of(message.text))))
            await asyncio.to_thread(self._inbox.done, message)
            return
        async with queue.place():
            await self._answer(message, reply, crowded=queue.length > _CROWDED)
        if not queue.length:
            self._queues.pop(key, None)

    async def _answer(self, message: Message, reply: Reply, *, crowded: bool) -> None:
        """Answer a message. Where many wait, nothing is shown but the answers: channels count what is sent."""
        language = language_of(message.text)
        try:
            conversation = await asyncio.to_thread(self._conversation, message)
            if conversation is None:  # whoever was allowed when it was asked is not any more
                await asyncio.to_thread(self._inbox.done, message)
                return
            if not crowded:
                await self._attempt(reply.begin())
            drafts = conversation.stream(message.text, message.quoted)
            while (answer := await asyncio.to_thread(next, drafts, None)) is not None:
                if answer.whole:
                    last = answer
                elif not crowded:
                    await self._attempt(reply.grow(answer))
            if not await asyncio.to_thread(self._inbox.holds, message):
                return  # this process was taken for dead, and another one answers
            await reply.finish(last, conversation.record)
        except AnsweringError as error:
            await self._attempt(reply.say(str(error)))
        except RetrievalError as error:
            _log.error("a question of %s could not be answered: %s", message.place.channel, error)
            await self._attempt(reply.say(say("desk_failed", language)))
        except asyncio.CancelledError:
            raise  # not crossed out: whoever comes after answers it
        except Exception as error:  # of which the frames are logged, and not what it says: that may repeat the question
            frames = "".join(traceback.format_tb(error.__traceback__))
            _log.error("a question of %s could not be answered: %s\n%s", message.place.channel, type(error).__name__, frames)
            await self._attempt(reply.say(say("desk_failed", language)))
        await asyncio.to_thread(self._inbox.done, message)

    def _conversation(self, message: Message) -> Conversation | None:
        """The conversation that a message is part of, over the agreements its chat may ask about; None where it may not ask."""
        permission = self._access.may_ask(message.place, message.private)
        if permission is None:
            return None
        wanted = [key for key in message.agreements if not permission.agreements or key in permission.agreements]
        return self._converse(message.place, wanted or permission.agreements)

    @staticmethod
    async def _attempt(showing: Awaitable[None]) -> None:
        """Show something that an answer does not depend on."""
        try:
            await showing
        except Exception as error:  # whatever the channel's library raises
            _log.warning("something could not be shown: %s", type(error).__name__)


class _Queue:
    """The questions of one chat that wait or are being answered."""

    def __init__(self) -> None:
        self.length = 0
        self._turn = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        self.length += 1
        try:
            async with self._turn:
                yield
        finally:
            self.length -= 1
