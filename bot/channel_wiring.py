"""Where the chat channels are wired to the rooms."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bot.settings import Settings, SettingsError
from bot.wiring import Wired

if TYPE_CHECKING:
    from bot.conversation import Conversation
    from bot.desk import Desk
    from bot.form import Cited, Pointed
    from bot.place import Place
    from bot.stores import Stores
    from bot.telegram_channel import TelegramChannel

_SECRET = re.compile(r"\d{6,}:[\w-]{30,}|(?<=response_code=)[^&\s]+|(?<=access_token=)[^&\s]+|(?<=[?&]key=)[^&\s]+|(?<=secret=)[^&\s]+")


def telegram_of(wired: Wired) -> TelegramChannel:
    """The Telegram bot of the settings. Raises SettingsError where there is no token, or the webhook has no secret."""
    from bot.presses import Presses
    from bot.telegram_channel import Line, TelegramChannel
    from bot.telegram_reply import Look

    settings = wired.settings
    if settings.telegram_token is None:
        raise SettingsError("没有设置 WENYUE_TELEGRAM_TOKEN；请向 @BotFather 要一个 token，写进环境变量或 .env")
    if settings.telegram_webhook and not settings.telegram_secret:
        raise SettingsError(
            "设了 WENYUE_TELEGRAM_WEBHOOK 就要设 WENYUE_TELEGRAM_SECRET（1–256 个字母、数字、_ 或 -），否则谁都能冒充 Telegram"
        )
    line = Line(
        settings.telegram_token, settings.telegram_api, settings.telegram_webhook, settings.telegram_secret, port=settings.telegram_port
    )
    stores = stores_of(wired)
    look = Look(lambda: wired.library.agreements, link_of(settings))
    return TelegramChannel(line, desk_of(wired, stores), stores, Presses(stores, wired.library), look)


def stores_of(wired: Wired) -> Stores:
    """What the desk writes down, in the library's database."""
    from bot.access import Access
    from bot.inbox import Inbox
    from bot.stores import Stores
    from bot.votes import Votes

    settings = wired.settings
    return Stores(Inbox(settings.database), Access(settings.database, settings.admins), wired.records(), Votes(settings.database))


def desk_of(wired: Wired, stores: Stores) -> Desk:
    """The desk of this process, over the library as it is now."""
    from bot.commands import Commands
    from bot.desk import Desk, Limits

    settings = wired.settings
    answerer = wired.answerer()

    def converse(place: Place, agreements: Sequence[str]) -> Conversation:
        return wired.conversation(answerer, place, agreements)

    commands = Commands(stores, wired.library, wired.search().find)
    return Desk(converse, commands, stores, Limits(settings.asker_minute, settings.asker_day, settings.chat_minute))


def link_of(settings: Settings) -> Callable[[Cited | Pointed], str] | None:
    """Where the clause of a label stands on the page; None where there is no page."""
    if not settings.page:
        return None
    from bot.links import path_of

    page = settings.page.rstrip("/")
    return lambda cited: page + path_of(cited)


def log_discreetly() -> None:
    """What channels log goes to standard error, without secrets: HTTP clients log addresses, and Telegram's hold the token."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(_redacted)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in ("httpx", "httpcore", "apscheduler", "telegram", "chromadb"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _redacted(record: logging.LogRecord) -> bool:
    record.msg, record.args = _SECRET.sub("…", record.getMessage()), None
    if record.exc_info:  # a traceback may hold anything
        record.exc_text, record.exc_info = "", None
    return True
