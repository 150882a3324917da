"""WenYue in Telegram: updates come in by long polling or by webhook, go to the desk or to a command, and buttons do what they say.

https://core.telegram.org/bots/api, by python-telegram-bot. Group privacy mode stays on: the bot sees what is addressed to it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from telegram import BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats, CallbackQuery, Update
from telegram import Message as Sent
from telegram.error import Conflict, InvalidToken, NetworkError, TelegramError
from telegram.ext import (
    AIORateLimiter,
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from answering.answer import Answer
from answering.kept import answer_from
from answering.language import language_of
from bot.access import Access
from bot.desk import Desk
from bot.inbox import Inbox
from bot.message import Message
from bot.records import Records, RecordsError
from bot.telegram_addressing import CHANNEL, addressed, message_of, place_of
from bot.telegram_commands import COMMANDS, Commands
from bot.telegram_reply import Look, TelegramReply, keyboard, reasons
from bot.votes import Votes
from bot.wording import say
from retrieval.errors import StorageError
from retrieval.library import Library

_UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER]
_PRESSED = re.compile(r"(?P<what>[cqvw]):(?P<record>[0-9a-z]{1,20}):(?P<which>\w{1,16})")
_ENDING = 30.0  # seconds that answers under way are given when the bot is stopped
_NOTICED = timedelta(hours=12)
_log = logging.getLogger(__name__)


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

    def __init__(
        self, line: Line, desk: Desk, inbox: Inbox, access: Access, records: Records, votes: Votes, library: Library, look: Look
    ) -> None:
        self._line = line
        self._desk = desk
        self._inbox = inbox
        self._access = access
        self._records = records
        self._votes = votes
        self._library = library
        self._look = look
        self._commands: Commands | None = None

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
        application = self._application()
        async with application:
            await application.start()
            await self._introduce(application)
            watching = asyncio.create_task(self._desk.watch(lambda message: TelegramReply(application.bot, message, self._look)))
            assert application.updater is not None
            if self._line.webhook:
                await application.updater.start_webhook(
                    self._line.listen, self._line.port, "telegram", webhook_url=self._line.webhook, secret_token=self._line.secret,
                    allowed_updates=_UPDATES,
                )  # fmt: skip
            else:
                await application.updater.start_polling(allowed_updates=_UPDATES, error_callback=_polling_failed)
            _log.info("Telegram: @%s takes questions", application.bot.username)
            await stop.wait()
            await application.updater.stop()
            await self._desk.close(_ENDING)
            watching.cancel()
            await application.stop()

    def _application(self) -> Application[Any, Any, Any, Any, Any, Any]:
        builder = ApplicationBuilder().token(self._line.token).rate_limiter(AIORateLimiter(max_retries=2)).concurrent_updates(256)
        if self._line.api:
            builder = builder.base_url(self._line.api)
        application = builder.build()
        self._commands = Commands(self._desk, self._inbox, self._access, self._records, self._votes, self._library, self._look)
        for name in COMMANDS:
            application.add_handler(CommandHandler(name, self._commands.run))
        application.add_handler(ChatMemberHandler(self._member, ChatMemberHandler.MY_CHAT_MEMBER))
        application.add_handler(CallbackQueryHandler(self._pressed))
        application.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, self._migrated))
        application.add_handler(MessageHandler((filters.TEXT | filters.CAPTION) & ~filters.COMMAND, self._message))
        application.add_error_handler(_failed)
        return application

    async def _introduce(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Tell Telegram the commands, in Chinese and English; not being told is no reason not to run."""
        try:
            for scope in (BotCommandScopeAllGroupChats(), BotCommandScopeAllPrivateChats()):
                for code, at in ((None, 0), ("en", 1)):
                    listed = [BotCommand(name, told[at]) for name, told in COMMANDS.items() if told[0]]
                    await application.bot.set_my_commands(listed, scope, code)
        except TelegramError as error:
            _log.warning("the commands could not be registered: %s", type(error).__name__)
        if (await application.bot.get_me()).can_read_all_group_messages:
            _log.warning("group privacy mode is off: the bot is sent every message of its groups; turn it on by @BotFather /setprivacy")

    async def _message(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        sent = update.message
        if sent is None or (text := addressed(sent, context.bot.bot)) is None:
            return
        if not any(char.isalnum() for char in text):  # the name alone: what it is about is the message it answers
            text = message_of(sent, "").quoted or say("telegram_greeting", language_of(text))
        message = message_of(sent, text)
        await self._desk.take(message, TelegramReply(context.bot, message, self._look))

    async def _pressed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A button under an answer: a vote, its reason, a choice or a further question."""
        query = update.callback_query
        found = _PRESSED.fullmatch(query.data or "") if query else None
        if query is None or found is None or not isinstance(query.message, Sent):
            return
        with suppress(TelegramError):
            await query.answer()
        place = replace(place_of(query.message), asker=str(query.from_user.id))
        private = query.message.chat.type == "private"
        if await asyncio.to_thread(self._access.may_ask, place, private) is None:
            return
        if not await asyncio.to_thread(self._inbox.seen, CHANNEL, str(update.update_id)):
            return
        try:
            record = await asyncio.to_thread(self._records.get, found["record"])
        except RecordsError:
            return
        answer = await asyncio.to_thread(answer_from, record.answer, self._library)
        if answer is None or (record.place.channel, record.place.chat) != (CHANNEL, place.chat):
            return
        if found["what"] in "vw":
            await self._voted(query, answer, record.id, place.asker, found["what"], found["which"])
            return
        offered = [choice.question for choice in answer.choices] if found["what"] == "c" else list(answer.suggestions)
        if found["which"].isdigit() and int(found["which"]) < len(offered):
            text = offered[int(found["which"])]
            message = Message(place, f"{query.message.message_id}.{found['what']}{found['which']}", text, private=private)
            await self._desk.take(message, TelegramReply(context.bot, message, self._look))

    async def _voted(self, query: CallbackQuery, answer: Answer, record: str, asker: str, what: str, which: str) -> None:
        verdict, reason = ("down", which) if what == "w" else (which, "")
        if verdict not in ("up", "down"):
            return
        await asyncio.to_thread(self._votes.cast, record, CHANNEL, asker, verdict, reason)
        asks_why = verdict == "down" and not reason
        with suppress(TelegramError):
            await query.edit_message_reply_markup(reasons(answer, record) if asks_why else keyboard(answer, record, verdict))

    async def _member(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Whoever brings the bot into a group that may not ask is told what is missing, once."""
        changed = update.my_chat_member
        if changed is None or changed.new_chat_member.status not in ("member", "administrator") or changed.chat.type == "private":
            return
        chat = str(changed.chat.id)
        allowed = any(row.kind == "chat" and row.id == chat for row in await asyncio.to_thread(self._access.allowed, CHANNEL))
        if not allowed and await asyncio.to_thread(self._access.first, CHANNEL, chat, "denied", _NOTICED):
            with suppress(TelegramError):
                await context.bot.send_message(changed.chat.id, say("desk_denied", language_of("群"), chat=chat, asker=""))

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
