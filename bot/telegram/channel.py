"""WenYue in Telegram: updates come in by long polling or by webhook and go to the desk; buttons do what they say.

https://core.telegram.org/bots/api, by python-telegram-bot. Group privacy mode stays on: the bot sees what is addressed to it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
import signal
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from telegram import BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats, Update
from telegram import Message as Sent
from telegram.error import Conflict, InvalidToken, NetworkError, TelegramError
from telegram.ext import (
    AIORateLimiter,
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ChatMemberHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from answering.answer import Language
from bot.commands import LISTED
from bot.desk import Desk, DeskClosed
from bot.look import Look
from bot.message import Message
from bot.news import News
from bot.place import Place
from bot.presses import Handing, Press, Presses, Voted
from bot.stores import Stores
from bot.telegram.addressing import CHANNEL, addressed, message_of, place_of
from bot.telegram.intake import Intake
from bot.telegram.reply import TelegramReply, keyboard, reasons
from bot.wording import say
from retrieval.errors import StorageError

_UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER]
_LANGUAGES = ((Language.SIMPLIFIED, None), (Language.ENGLISH, "en"))  # of the commands; None for everybody else
_ENDING = 60.0  # seconds that answers under way are given when the bot is stopped
_NOTICED = timedelta(hours=12)
_log = logging.getLogger(__name__)

_Application = Application[Any, Any, Any, Any, Any, Any]


class TelegramUnusable(Exception):
    """The bot cannot be run. The message is shown to people as it stands."""


@dataclass(frozen=True, slots=True)
class Line:
    """How Telegram is reached: by long polling, or with a `webhook` address by requests to `listen`:`port` that carry the `secret`."""

    token: str
    api: str | None = None
    webhook: str | None = None
    secret: str | None = None
    listen: str = "127.0.0.1"
    port: int = 8443


class TelegramChannel:
    """One bot. `run` takes updates until the process is told to stop."""

    def __init__(self, line: Line, desk: Desk, stores: Stores, presses: Presses, look: Look, news: News) -> None:
        self._line = line
        self._desk = desk
        self._inbox = stores.inbox
        self._access = stores.access
        self._presses = presses
        self._look = look
        self._news = news
        self._called: _Application | None = None
        self._intake = Intake()

    def run(self) -> None:
        """Take updates until SIGINT or SIGTERM; then end what is under way. Raises TelegramUnusable where Telegram refuses the token."""
        os.environ.setdefault("PTB_TIMEDELTA", "true")  # seconds to wait come as what they are
        try:
            asyncio.run(self._serve())
        except InvalidToken as error:
            raise TelegramUnusable("Telegram 不认这个 WENYUE_TELEGRAM_TOKEN；请检查，或向 @BotFather 要一个新的") from error
        except NetworkError as error:
            raise TelegramUnusable(f"连不上 Telegram（{type(error).__name__}）；请检查网络") from error

    async def _serve(self) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with self._running() as application:
            updater = application.updater
            assert updater is not None
            if self._line.webhook:
                await updater.start_webhook(
                    self._line.listen, self._line.port, "telegram", webhook_url=self._line.webhook, secret_token=self._line.secret,
                    allowed_updates=_UPDATES,
                )  # fmt: skip
            else:
                await updater.start_polling(allowed_updates=_UPDATES, error_callback=_polling_failed)
            _log.info("Telegram: @%s takes questions", application.bot.username)
            await stop.wait()
            await updater.stop()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While this is entered, `received` takes what Telegram sends to the webhook address; then what is under way is ended."""
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        async with self._running() as application:
            await application.bot.set_webhook(self._line.webhook or "", secret_token=self._line.secret, allowed_updates=_UPDATES)
            self._called = application
            try:
                yield
            finally:
                self._called = None

    async def received(self, secret: str, body: bytes) -> int:
        """The status with which to answer a call of the webhook address."""
        if not hmac.compare_digest(secret.encode(), (self._line.secret or "").encode()):
            return 403
        if self._called is None:
            return 503
        try:
            update = Update.de_json(json.loads(body), self._called.bot)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return 400
        return 200 if await self._intake.take(update) else 503

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[_Application]:
        application = self._application()
        async with application:
            await application.start()
            await self._introduce(application)
            watching = [
                asyncio.create_task(self._desk.watch(lambda message: self._reply(application.bot, message), CHANNEL)),
                asyncio.create_task(self._news.watch(lambda chat, text: self._tell(application.bot, chat, text))),
            ]
            try:
                yield application
            finally:
                for task in watching:
                    task.cancel()
                await self._desk.close(_ENDING)
                await application.stop()

    def _application(self) -> _Application:
        builder = ApplicationBuilder().token(self._line.token).rate_limiter(AIORateLimiter(max_retries=2)).update_queue(self._intake.queue)
        if self._line.api:
            builder = builder.base_url(self._line.api)
        application = builder.build()
        self._intake.handle = application.process_update
        application.add_handler(ChatMemberHandler(self._member, ChatMemberHandler.MY_CHAT_MEMBER))
        application.add_handler(CallbackQueryHandler(self._pressed))
        application.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, self._migrated))
        application.add_handler(MessageHandler(filters.TEXT | filters.CAPTION, self._message))
        application.add_error_handler(_failed)
        return application

    def _reply(self, bot: Any, message: Message) -> TelegramReply:
        return TelegramReply(bot, message, self._look)

    async def _tell(self, bot: Any, chat: str, text: str) -> None:
        await self._reply(bot, Message(Place(CHANNEL, chat), "", "")).say(text, quoting=True)

    async def _introduce(self, application: _Application) -> None:
        """Tell Telegram the commands, in Chinese and English; not being told is no reason not to run."""
        try:
            for scope in (BotCommandScopeAllGroupChats(), BotCommandScopeAllPrivateChats()):
                for language, code in _LANGUAGES:
                    listed = [BotCommand(name, say(f"command_{name}", language)) for name in (*LISTED, "help", "whoami")]
                    await application.bot.set_my_commands(listed, scope, code)
        except TelegramError as error:
            _log.warning("the commands could not be registered: %s", type(error).__name__)
        if (await application.bot.get_me()).can_read_all_group_messages:
            _log.warning("group privacy mode is off: the bot is sent every message of its groups; turn it on by @BotFather /setprivacy")

    async def _message(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        sent = update.message
        if sent is None or (text := addressed(sent, context.bot.bot)) is None:
            return
        message = message_of(sent, text)
        await self._take(update, message, self._reply(context.bot, message))

    async def _take(self, update: Update, message: Message, reply: TelegramReply) -> None:
        """Have a message answered, and tell as soon as it is written down."""
        try:
            work = await self._desk.receive(message, reply)
        except (StorageError, DeskClosed) as error:
            _log.warning("a message of Telegram was not written down, and is to come again: %s", str(error) or "this process ends")
            self._intake.wrote(update, False)
            return
        self._intake.wrote(update, True)
        if work is not None:
            await work

    async def _pressed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A button under an answer: a vote, its reason, a choice or a further question."""
        query = update.callback_query
        if query is None or not query.data or not isinstance(query.message, Sent):
            return
        if not query.data.startswith("h:"):  # what was handed on is told in the answer to the press
            with suppress(TelegramError):
                await query.answer()
        if not await asyncio.to_thread(self._inbox.seen, CHANNEL, str(update.update_id)):
            return
        place = replace(place_of(query.message), asker=str(query.from_user.id))
        press = Press(place, str(query.message.message_id), query.data, query.message.chat.type == "private")
        led = await asyncio.to_thread(self._presses.take, press)
        if isinstance(led, Message):
            await self._take(update, led, self._reply(context.bot, led))
        elif isinstance(led, Handing):
            with suppress(TelegramError):
                await query.answer(say("handed" if led.message else "handed_before", led.language, name=led.contact.name))
                if led.answer is not None:
                    await query.edit_message_reply_markup(keyboard(led.answer, led.record, contact=led.contact, handed=True))
            if led.message is not None:
                await self._desk.take(led.message, self._reply(context.bot, led.message))
        elif isinstance(led, Voted) and led.answer is not None:
            contact = await asyncio.to_thread(self._look.contact, led.answer)
            with suppress(TelegramError):
                asked = reasons(led.answer, led.record) if led.asks_why else keyboard(led.answer, led.record, led.verdict, contact)
                await query.edit_message_reply_markup(asked)

    async def _member(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Whoever brings the bot into a group that may not ask is told what is missing, once. Who throws it out gets no news any more."""
        changed = update.my_chat_member
        if changed is None:
            return
        chat = str(changed.chat.id)
        if changed.new_chat_member.status not in ("member", "administrator"):
            await asyncio.to_thread(self._access.unsubscribe, CHANNEL, chat)
            return
        if changed.chat.type not in ("group", "supergroup"):
            return
        allowed = any(row.kind == "chat" and row.id == chat for row in await asyncio.to_thread(self._access.allowed, CHANNEL))
        if not allowed and await asyncio.to_thread(self._access.first, CHANNEL, chat, "denied", _NOTICED):
            with suppress(TelegramError):
                await context.bot.send_message(changed.chat.id, say("desk_denied", Language.SIMPLIFIED, chat=chat, asker=""))

    async def _migrated(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        sent = update.message
        if sent and sent.migrate_to_chat_id:
            await asyncio.to_thread(self._access.migrate, CHANNEL, str(sent.chat_id), str(sent.migrate_to_chat_id))


def _polling_failed(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        _log.error("another process takes the updates of this bot: stop it, or set a webhook; trying again")
    else:
        _log.warning("Telegram does not answer: %s; trying again", type(error).__name__)


async def _failed(_update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    """What no handler caught; of an error only its name and its frames are logged, it may repeat what was said."""
    error = context.error
    said = f" ({error})" if isinstance(error, StorageError) else ""
    frames = "".join(traceback.format_tb(error.__traceback__)) if error else ""
    _log.error("an update could not be handled: %s%s\n%s", type(error).__name__, said, frames)
