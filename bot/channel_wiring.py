"""Where the chat channels are wired to the rooms."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from bot.review.wiring import handing_of
from bot.settings import Settings, SettingsError
from bot.wiring import Wired

if TYPE_CHECKING:
    from bot.desk import Desk
    from bot.form import Cited, Pointed
    from bot.look import Look
    from bot.news import News
    from bot.standing import Standing
    from bot.stores import Stores
    from bot.telegram.channel import Line, TelegramChannel
    from bot.web.channels import Channels
    from bot.wecom.called import WecomCalled
    from bot.wecom.channel import Account, WecomChannel
    from bot.wecom.robot import Robot

_SECRET = re.compile(r"\d{6,}:[\w-]{30,}|(?<=response_code=)[^&\s]+|(?<=access_token=)[^&\s]+|(?<=[?&]key=)[^&\s]+|(?<=secret=)[^&\s]+")


def line_of(settings: Settings) -> Line:
    """How the settings have Telegram reached. Raises SettingsError where there is no token, or the webhook has no secret."""
    from bot.telegram.channel import Line

    if settings.telegram_token is None:
        raise SettingsError("没有设置 WENYUE_TELEGRAM_TOKEN；请向 @BotFather 要一个 token，写进环境变量或 .env")
    if settings.telegram_webhook and not settings.telegram_secret:
        raise SettingsError(
            "设了 WENYUE_TELEGRAM_WEBHOOK 就要设 WENYUE_TELEGRAM_SECRET（1–256 个字母、数字、_ 或 -），否则谁都能冒充 Telegram"
        )
    return Line(
        settings.telegram_token, settings.telegram_api, settings.telegram_webhook, settings.telegram_secret, port=settings.telegram_port
    )


def telegram_of(wired: Wired, standing: Standing, line: Line) -> TelegramChannel:
    """The Telegram bot at the end of a line."""
    from bot.presses import Presses
    from bot.telegram.addressing import CHANNEL
    from bot.telegram.channel import TelegramChannel

    settings, stores = wired.settings, stores_of(wired)
    look = look_of(standing, stores, settings)
    presses = Presses(stores, lambda: standing.library)
    return TelegramChannel(line, desk_of(standing, stores, settings), stores, presses, look, news_of(CHANNEL, standing, stores, settings))


def account_of(settings: Settings) -> Account:
    """The WeCom bot of the settings, for the long connection. Raises SettingsError where it has no id or no secret."""
    from bot.wecom.channel import Account
    from bot.wecom.connection import URL

    if not settings.wecom_bot_id or not settings.wecom_secret:
        raise SettingsError(
            "没有设置 WENYUE_WECOM_BOT_ID 与 WENYUE_WECOM_SECRET；请在企业微信管理后台的智能机器人里选“API 模式·长连接”，抄下 Bot ID 与 Secret"
        )
    return Account(settings.wecom_bot_id, settings.wecom_secret, settings.wecom_url or URL, settings.wecom_names)


def wecom_of(wired: Wired, standing: Standing, account: Account) -> WecomChannel:
    """The WeCom bot of an account, over the long connection."""
    from bot.lease import Lease
    from bot.presses import Presses
    from bot.wecom.channel import WecomChannel
    from bot.wecom.events import WecomEvents
    from bot.wecom.message import CHANNEL

    settings, stores = wired.settings, stores_of(wired)
    look = look_of(standing, stores, settings)
    lease = Lease(settings.database, f"wecom {account.bot_id}")
    events = WecomEvents(stores, Presses(stores, lambda: standing.library))
    desk, news = desk_of(standing, stores, settings), news_of(CHANNEL, standing, stores, settings)
    return WecomChannel(account, desk, stores, events, look, lease, news)


def called_of(wired: Wired, standing: Standing) -> Channels:
    """The channels that the settings have called back: WeCom where there is a token of its callback, Telegram where there is a webhook.

    Raises SettingsError.
    """
    from bot.web.channels import Channels

    settings = wired.settings
    wecom = wecom_called_of(wired, standing) if settings.wecom_token or settings.wecom_aes_key else None
    telegram = telegram_of(wired, standing, line_of(settings)) if settings.telegram_token and settings.telegram_webhook else None

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for channel in (wecom, telegram):
                if channel is not None:
                    await stack.enter_async_context(channel.running())
            yield

    return Channels(wecom.called if wecom else None, telegram.received if telegram else None, running())


def wecom_called_of(wired: Wired, standing: Standing) -> WecomCalled:
    """The WeCom bot of the settings, by callback. Raises SettingsError where its id, its token or its key is missing or cannot be right."""
    from bot.presses import Presses
    from bot.wecom.called import WecomCalled
    from bot.wecom.crypto import Envelope
    from bot.wecom.events import WecomEvents
    from bot.wecom.nonces import Nonces
    from bot.wecom.streams import Streams

    settings = wired.settings
    if not (settings.wecom_bot_id and settings.wecom_token and settings.wecom_aes_key):
        raise SettingsError("企业微信回调要 WENYUE_WECOM_BOT_ID、WENYUE_WECOM_TOKEN 与 WENYUE_WECOM_AES_KEY 三样，请照管理后台填全")
    try:
        envelope = Envelope(settings.wecom_token, settings.wecom_aes_key)
    except ValueError as error:
        raise SettingsError("WENYUE_WECOM_AES_KEY 不对：应是管理后台给的 43 个字母与数字") from error
    stores = stores_of(wired)
    look = look_of(standing, stores, settings)
    events = WecomEvents(stores, Presses(stores, lambda: standing.library))
    streams, nonces = Streams(settings.database), Nonces(settings.database)
    desk = desk_of(standing, stores, settings, tells_news=False)
    return WecomCalled(envelope, settings.wecom_bot_id, settings.wecom_names, desk, stores, events, look, streams, nonces)


def robot_of(settings: Settings) -> Robot:
    """The webhook robot of a WeCom group. Raises SettingsError where there is none, RobotError for a key that cannot be right."""
    from bot.wecom.robot import Robot

    if not settings.wecom_robot_key:
        raise SettingsError("没有设置 WENYUE_WECOM_ROBOT_KEY；请在群里添加消息推送（群机器人），抄下它地址里 key= 后面的那一段")
    return Robot(settings.wecom_robot_key, settings.wecom_robot_url) if settings.wecom_robot_url else Robot(settings.wecom_robot_key)


def stores_of(wired: Wired) -> Stores:
    """What the desk writes down, in the library's database."""
    from bot.access import Access
    from bot.inbox import Inbox
    from bot.privacy.keeping import Keeping
    from bot.privacy.notices import Notices
    from bot.stores import Stores
    from bot.votes import Votes

    settings, url = wired.settings, wired.settings.database
    keeping = Keeping(url, settings.keep_days)
    return Stores(Inbox(url), Access(url, settings.admins), wired.records(), Votes(url), Notices(url), keeping, handing_of(settings))


def look_of(standing: Standing, stores: Stores, settings: Settings) -> Look:
    """What the channels show answers with."""
    from bot.look import Look

    assert stores.handing is not None
    return Look(lambda: standing.library.agreements, link_of(settings), stores.handing.contact)


def desk_of(standing: Standing, stores: Stores, settings: Settings, *, tells_news: bool = True) -> Desk:
    """The desk of this process. Where a channel can only answer it `tells_news` to nobody, and says so."""
    from bot.commands import Commands
    from bot.desk import Desk, Limits

    commands = Commands(stores, lambda: standing.library, standing.find, tells_news=tells_news)
    return Desk(standing.converse, commands, stores, Limits(settings.asker_minute, settings.asker_day, settings.chat_minute))


def news_of(channel: str, standing: Standing, stores: Stores, settings: Settings) -> News:
    """What is new in the library, for the chats of a channel."""
    from bot.news import Bulletin, News

    return News(channel, standing, stores.access, Bulletin(settings.database))


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
    for name in ("httpx", "httpx2", "httpcore", "apscheduler", "telegram", "chromadb"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _redacted(record: logging.LogRecord) -> bool:
    record.msg, record.args = _SECRET.sub("…", record.getMessage()), None
    if record.exc_info:  # a traceback may hold anything
        record.exc_text, record.exc_info = "", None
    return True
