"""A small bot of python-telegram-bot, run as a bot is run, to try the Telegram world with.

It repeats what is said to it in a group by mention, reply or command, and in private; its button says how often it was pressed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import TelegramError
from telegram.ext import (
    AIORateLimiter,
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ExtBot,
    MessageHandler,
    filters,
)
from telegram.request import HTTPXRequest

from tests.services.telegram_shown import Chat, User
from tests.services.telegram_world import TelegramWorld

App = Application[Any, Any, Any, Any, Any, Any]
Bot = ExtBot[Any]

PRESS = InlineKeyboardMarkup([[InlineKeyboardButton("👍", callback_data="up:0")]])


def _application(base_url: str, token: str, retries: int) -> App:
    limiter = AIORateLimiter(group_max_rate=0, overall_max_rate=0, max_retries=retries)
    calls, polls = [HTTPXRequest(8, read_timeout=0.5, httpx_kwargs={"verify": False}) for _ in range(2)]  # no TLS here: it takes 0.1 s
    builder = ApplicationBuilder().token(token).base_url(base_url).rate_limiter(limiter).concurrent_updates(True)
    return builder.request(calls).get_updates_request(polls).build()


class Echo:
    """The bot, and what came to it."""

    def __init__(self, world: TelegramWorld, *, retries: int = 0) -> None:
        self.world = world
        self.updates: list[Update] = []
        self.errors: list[BaseException] = []
        self.app = _application(world.base_url, world.token, retries)
        mention = filters.Mention(world.username)
        self.app.add_handler(CommandHandler("ask", self._command))
        self.app.add_handler(MessageHandler(filters.ChatType.PRIVATE | mention | filters.REPLY, self._echo))
        self.app.add_handler(CallbackQueryHandler(self._press, pattern="^up:"))
        self.app.add_handler(MessageHandler(filters.ALL, self._note))
        self.app.add_handler(ChatMemberHandler(self._note, ChatMemberHandler.MY_CHAT_MEMBER))

    async def _note(self, update: Update, _: Any) -> None:
        self.updates.append(update)

    async def _command(self, update: Update, context: Any) -> None:
        self.updates.append(update)
        assert update.message
        await self._try(update.message.reply_text(f"你问：{' '.join(context.args)}", do_quote=True))

    async def _echo(self, update: Update, _: Any) -> None:
        self.updates.append(update)
        message = update.effective_message
        assert message
        await message.reply_chat_action("typing")
        await self._try(message.reply_text(f"你说：{message.text}", do_quote=True, reply_markup=PRESS))

    async def _press(self, update: Update, _: Any) -> None:
        self.updates.append(update)
        query = update.callback_query
        assert query
        assert query.data
        times = int(query.data.removeprefix("up:")) + 1
        again = InlineKeyboardMarkup([[InlineKeyboardButton(f"👍 {times}", callback_data=f"up:{times}")]])
        await query.answer("谢谢")
        await query.edit_message_text(f"赞 {times} 次", reply_markup=again)

    async def _try(self, sending: Any) -> None:
        try:
            await sending
        except TelegramError as error:
            self.errors.append(error)

    @contextmanager
    def polling(self) -> Iterator[Echo]:
        """Runs the bot until the block ends."""
        with polling(self.app, self.errors.append):
            yield self


@contextmanager
def polling(app: App, on_error: Callable[[TelegramError], None]) -> Iterator[None]:
    """Runs a bot by long polls in a thread with a loop of its own, until the block ends; then it is stopped as a bot is stopped."""
    begun, over = Event(), Event()

    async def run() -> None:
        async with app:
            await app.start()
            assert app.updater
            await app.updater.start_polling(poll_interval=0, error_callback=on_error)
            begun.set()
            await asyncio.to_thread(over.wait)
            await app.updater.stop()
            await app.stop()

    thread = Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        assert begun.wait(10), "the bot did not begin to poll"
        yield
    finally:
        over.set()
        thread.join(10)
    assert not thread.is_alive(), "the bot did not stop"


@pytest.fixture(autouse=True)
def durations(monkeypatch: pytest.MonkeyPatch) -> None:
    """python-telegram-bot warns where its waits are not to be durations, and a warning is an error here."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def anna(telegram_world: TelegramWorld) -> User:
    return telegram_world.user("安娜", "anna_law")


@pytest.fixture
def group(telegram_world: TelegramWorld) -> Chat:
    return telegram_world.group("法务群")


@pytest.fixture
def echo(telegram_world: TelegramWorld) -> Iterator[Echo]:
    with Echo(telegram_world).polling() as bot:
        yield bot


@pytest.fixture
def call(telegram_world: TelegramWorld) -> Callable[[Callable[[Bot], Any]], Any]:
    """Does something with a bot that handles no updates."""

    def run(act: Callable[[Bot], Any], *, token: str = TelegramWorld.token, retries: int = 0) -> Any:
        async def within() -> Any:
            async with _application(telegram_world.base_url, token, retries).bot as bot:
                return await act(bot)

        return asyncio.run(within())

    return run
