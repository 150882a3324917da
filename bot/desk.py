"""Where messages are taken in, whatever channel they come by: each is answered once, if whoever asks may ask, and none is lost."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from answering.errors import AnsweringError
from answering.language import language_of
from bot.commands import Command, Commands, as_question, command_in, language_for, question_in
from bot.message import Message, Reply, Undeliverable
from bot.outlasting import outlasting
from bot.place import Place
from bot.privacy.notices import told_once
from bot.stores import Stores
from bot.turns import Turns
from bot.wording import say
from retrieval.errors import RetrievalError, StorageError

if TYPE_CHECKING:
    from bot.conversation import Conversation

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


class DeskClosed(Exception):
    """The desk takes nothing more: what comes now is for whoever comes after."""


class Desk:
    """Takes messages and has them answered. One for all chats of a process; all of it runs on one event loop.

    A message is written into the inbox before anything else and crossed out when its answer was delivered: so it is answered once,
    whoever sees it again, and what a process leaves behind when it is killed another one finds.
    """

    def __init__(self, converse: Converse, commands: Commands, stores: Stores, limits: Limits) -> None:
        self._converse = converse
        self._commands = commands
        self._inbox = stores.inbox
        self._access = stores.access
        self._stores = stores
        self._limits = limits
        self._turns = Turns()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._claiming = asyncio.Lock()
        self._closed = False

    async def take(self, message: Message, reply: Reply) -> None:
        """Answer a message, unless it was taken before, may not be asked, or is one too many: that is said, once in a while.

        Returns when the answer was delivered. Raises nothing: what goes wrong is said in the chat and logged without anybody's words.
        """
        with self._noted():
            try:
                work = await outlasting(lambda: self.receive(message, reply), message.place.channel)
            except DeskClosed:
                return  # the channel hands it out again to whoever comes after
            except StorageError as error:
                _log.error("a message of %s was not taken: %s", message.place.channel, error)
                await self._attempt(reply.say(say("desk_storage", language_of(message.text))))
                return
            if work is not None:
                await work

    async def receive(self, message: Message, reply: Reply) -> Coroutine[Any, Any, None] | None:
        """Write a message down, if it may be asked: what is returned answers it, and is to be awaited by this process.

        None where there is nothing to be done: it may not be asked, which was said, or it was taken before. Raises StorageError and
        DeskClosed, and then it was not written down: a channel that can have it sent again does. What is returned raises nothing.
        """
        if self._closed:
            raise DeskClosed
        message = _about_something(message)
        with self._noted():
            if await self._admitted(message, reply) and await self._claimed(message):
                return self._work(message, reply)
        return None

    async def watch(self, reply_to: Callable[[Message], Reply], channel: str) -> None:
        """For as long as this runs: tell other processes that what is claimed here is being answered, answer what processes of this
        channel that are gone have left, and delete what is too old.
        """
        expired = float("-inf")
        while True:
            try:
                await asyncio.to_thread(self._inbox.beat)
                for message in await asyncio.to_thread(self._inbox.left, channel):
                    task = asyncio.create_task(self._attend(message, reply_to(message)))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                if time.monotonic() - expired > _EXPIRING:
                    expired = time.monotonic()
                    await asyncio.to_thread(self._stores.expire)
            except StorageError as error:
                _log.warning("what other processes left cannot be looked for: %s", error)
            await asyncio.sleep(_BEAT)

    async def close(self, seconds: float) -> None:
        """Take nothing more, give what is under way so long to end, and leave the rest to whoever comes after."""
        self._closed = True
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=seconds)
        await self.hand_over()

    async def hand_over(self) -> None:
        """Leave what is under way to whichever process looks next, this one or another."""
        unfinished = set(self._under_way) - {asyncio.current_task()}
        for task in unfinished:
            task.cancel()
        if unfinished:
            await asyncio.wait(unfinished)
        with suppress(StorageError):  # it is found all the same, a minute later
            await asyncio.to_thread(self._inbox.leave)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """While this is entered, the desk does not close before the task that is running has come to its end, or was given time for it."""
        task = asyncio.current_task()
        assert task is not None
        if task in self._under_way:
            yield
            return
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)

    async def _work(self, message: Message, reply: Reply) -> None:
        """Answer a message that is claimed, unless it is one too many."""
        with self._noted():
            try:
                within = await outlasting(lambda: self._within_limits(message, reply), message.place.channel)
            except StorageError:
                within = True  # nobody can say: it was asked, and is answered if that is possible
            if within:
                await self._attend(message, reply)
            else:
                await asyncio.to_thread(self._inbox.done, message)

    async def _claimed(self, message: Message) -> bool:
        """Whether a message is this process's to answer. One after the other, so that those counted before it are all there."""
        async with self._claiming:
            return await asyncio.to_thread(self._inbox.claim, message)

    async def _admitted(self, message: Message, reply: Reply) -> bool:
        """Whether a message may be asked; where not, whoever asked is told, no more than once in a while."""
        place, command = message.place, command_in(message.text)
        if command is not None and command.open:
            return True
        permission = await asyncio.to_thread(self._access.may_ask, place, message.private)
        if permission is None:
            if await asyncio.to_thread(self._access.first, place.channel, place.chat, "denied", _NOTICED):
                key = "desk_denied_private" if message.private else "desk_denied"
                language = language_for(message.text, message.locale)
                await self._attempt(reply.say(say(key, language, chat=place.chat, asker=place.asker)))
            return False
        return True

    async def _within_limits(self, message: Message, reply: Reply) -> bool:
        """Whether not too much was asked, this message counted; where it was, whoever asked is told, once a minute."""
        place, language, now = message.place, language_of(message.text), datetime.now(UTC)
        minute, day = now - timedelta(minutes=1), now - timedelta(days=1)
        asked = [
            (await asyncio.to_thread(self._inbox.asked, message, minute), self._limits.asker_minute, place.asker),
            (await asyncio.to_thread(self._inbox.asked, message, day), self._limits.asker_day, place.asker),
            (await asyncio.to_thread(self._inbox.asked_in, message, minute), self._limits.chat_minute, ""),
        ]
        over = next(((limit, asker) for count, limit, asker in asked if count > limit), None)
        if over is None:
            return True
        limit, asker = over
        if await asyncio.to_thread(self._access.first, place.channel, place.chat, f"limit {asker}", timedelta(minutes=1)):
            await self._attempt(reply.say(say("desk_limit_asker" if asker else "desk_limit_chat", language, limit=limit)))
        return False

    async def _attend(self, message: Message, reply: Reply) -> None:
        """Do what a message says, and cross it out. Commands do not queue."""
        command = command_in(message.text)
        question = message.text if command is None else question_in(command, language_for(command.rest, message.locale))
        if command is not None and question is None:
            await self._ended(message, reply, lambda: self._obey(command, message, reply))
        else:
            await self._in_turn(replace(message, text=question or ""), reply)

    async def _obey(self, command: Command, message: Message, reply: Reply) -> None:
        told = await asyncio.to_thread(self._commands.run, command, message)
        if command.open or told.quoting:  # nothing was asked, or nothing of ours may stand beside what is quoted
            await reply.say(told.text, quoting=told.quoting, calling=told.calling)
            return
        async with told_once(self._stores.notices, message, self._notice(message)) as notice:
            await reply.say("\n\n".join(filter(None, (told.text, notice))))

    def _notice(self, message: Message) -> str:
        """What is kept of whoever writes, in their language."""
        days = self._stores.records.days
        return say("desk_notice" if days else "desk_notice_none", language_for(message.text, message.locale), days=f"{days:g}")

    async def _in_turn(self, message: Message, reply: Reply) -> None:
        """Answer a question when it is its turn in its chat, and cross it out."""
        chat = (message.place.channel, message.place.chat)
        if self._turns.waiting(chat) >= self._limits.waiting:
            await self._attempt(reply.say(say("desk_busy", language_of(message.text))))
            await asyncio.to_thread(self._inbox.done, message)
            return
        async with self._turns.of(chat) as crowded:
            await self._ended(message, reply, lambda: self._answer(message, reply, crowded=crowded()))

    async def _ended(self, message: Message, reply: Reply, work: Callable[[], Awaitable[None]]) -> None:
        """See some work to its end, begun anew for as long as the database fails; where it fails that is said; then the message is crossed
        out.
        """
        language, channel = language_of(message.text), message.place.channel
        try:
            await outlasting(work, channel)
        except _TakenOver:
            return
        except Undeliverable as error:
            _log.info("a chat of %s takes nothing more: %s", channel, error)
        except AnsweringError as error:
            await self._attempt(reply.say(say("desk_refused", language, reason=error.told(language))))
        except RetrievalError as error:
            _log.error("a message of %s could not be answered: %s", channel, error)
            await self._attempt(reply.say(say("desk_failed", language)))
        except Exception as error:  # of which the frames are logged, and not what it says: that may repeat the question
            frames = "".join(traceback.format_tb(error.__traceback__))
            _log.error("a message of %s could not be answered: %s\n%s", channel, type(error).__name__, frames)
            await self._attempt(reply.say(say("desk_failed", language)))
        await asyncio.to_thread(self._inbox.done, message)  # not where it was cancelled: whoever comes after answers it

    async def _answer(self, message: Message, reply: Reply, *, crowded: bool) -> None:
        """Answer a question. Where many wait, nothing is shown but the answers: channels count what is sent."""
        conversation = await asyncio.to_thread(self._conversation, message)
        if conversation is None:  # whoever was allowed when it was asked is not any more
            await reply.say(say("desk_failed", language_of(message.text)))
            return
        if not crowded and await self._attempt(reply.begin()) and reply.handle != message.handle:
            await asyncio.to_thread(self._inbox.shown, message, reply.handle)
        drafts = conversation.stream(message.text, message.quoted)
        answer = None
        try:
            while (draft := await asyncio.to_thread(next, drafts, None)) is not None:
                answer = draft
                if not answer.whole and not crowded:
                    await self._attempt(reply.grow(answer))
        finally:
            with suppress(ValueError):  # still at work in its thread, where this was cancelled: it ends there
                drafts.close()
        if not await asyncio.to_thread(self._inbox.holds, message):
            if conversation.record is not None:  # whoever asked was forgotten meanwhile, or another process answers and keeps it
                await asyncio.to_thread(self._stores.records.withdraw, conversation.record)
            raise _TakenOver
        if answer is None or not answer.whole:
            raise RetrievalError("the answer did not come to an end")
        async with told_once(self._stores.notices, message, self._notice(message)) as notice:
            noticed = replace(answer, notice="\n".join(filter(None, (answer.notice, notice))))
            await reply.finish(noticed, conversation.record)

    def _conversation(self, message: Message) -> Conversation | None:
        """The conversation that a message is part of, over the agreements its chat may ask about; None where it may not ask."""
        permission = self._access.may_ask(message.place, message.private)
        if permission is None:
            return None
        wanted = [key for key in message.agreements if not permission.agreements or key in permission.agreements]
        return self._converse(message.place, wanted or permission.agreements)

    @staticmethod
    async def _attempt(showing: Awaitable[None]) -> bool:
        """Show something that an answer does not depend on. Returns whether it could be shown."""
        try:
            await showing
        except Exception as error:  # whatever the channel's library raises
            _log.warning("something could not be shown: %s", type(error).__name__)
            return False
        return True


def _about_something(message: Message) -> Message:
    """A message of nothing but its mention is about what it quotes, or wants to know what the bot is for. What it quotes gives no orders,
    whoever it is that quotes it: an administrator may answer a stranger's `/allow`.
    """
    if any(char.isalnum() for char in message.text):
        return message
    return replace(message, text=as_question(message.quoted) or "/help", quoted="")


class _TakenOver(Exception):
    """This process was taken for dead, and another one answers."""
