"""What is not addressed to the bot, and what is asked by who may not ask, leaves no word: in no table, in no file, in no log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text
from telegram import Update, User

from bot.access import Access
from bot.commands import Commands
from bot.conversation import Conversation
from bot.desk import Desk, Limits
from bot.inbox import Inbox
from bot.lease import Lease
from bot.look import Look
from bot.news import Bulletin, News
from bot.place import Place
from bot.presses import Presses
from bot.privacy.keeping import Keeping
from bot.privacy.notices import Notices
from bot.records import Records
from bot.storage.upgrade import bring_up
from bot.stores import Stores
from bot.telegram.channel import Line, TelegramChannel
from bot.votes import Votes
from bot.wecom.channel import Account, WecomChannel
from bot.wecom.connection import Connection
from bot.wecom.events import WecomEvents
from retrieval.library import Library

_BOT = User(666, "问约", is_bot=True, username="WenYueBot")
_WORDS = "安娜今天请病假"
_ANN = {"id": 7, "is_bot": False, "first_name": "安娜"}


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    bring_up(url)
    return url


@pytest.fixture
def stores(url: str) -> Iterator[Stores]:
    """Of a bot that the group -100 (in WeCom `group`) may ask."""
    stores = Stores(Inbox(url), Access(url), Records(url), Votes(url), Notices(url), Keeping(url, 180))
    stores.access.allow("telegram", "chat", "-100")
    stores.access.allow("wecom", "chat", "group")
    yield stores
    for store in (stores.inbox, stores.access, stores.records, stores.votes, stores.notices, stores.keeping):
        store.close()


@pytest.fixture
def desk(stores: Stores, shipped: Library) -> Desk:
    def converse(place: Place, agreements: object) -> Conversation:
        raise AssertionError(f"something was asked in {place.channel}")

    return Desk(converse, Commands(stores, lambda: shipped, lambda *_: []), stores, Limits())


@pytest.fixture
def news(stores: Stores, url: str) -> News:
    return News("telegram", SimpleNamespace(library=None), stores.access, Bulletin(url))  # type: ignore[arg-type]


def _rows(url: str) -> dict[str, int]:
    engine = create_engine(url)
    with engine.connect() as connection:
        names = inspect(connection).get_table_names()
        found = {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names}
    engine.dispose()
    return found


def _assert_nothing_of_it(url: str, before: dict[str, int], caplog: pytest.LogCaptureFixture) -> None:
    assert {name: count for name, count in _rows(url).items() if count != before[name]} == {}
    file = Path(url.partition("///")[2])
    assert not [path.name for path in file.parent.glob(f"{file.name}*") if _WORDS.encode() in path.read_bytes()]
    assert caplog.records == []


def _talk(**more: Any) -> dict[str, Any]:
    chat = {"id": -100, "type": "supergroup", "title": "法务群"}
    return {"message_id": 5, "date": 1, "chat": chat, "from": _ANN, "text": _WORDS, **more}


@pytest.mark.parametrize(
    "update",
    [
        {"message": _talk()},
        {"message": _talk(text=f"/weather {_WORDS}")},
        {"message": _talk(text=f"/ask@OtherBot {_WORDS}")},
        {"message": _talk(text=f"@SomebodyElse {_WORDS}", entities=[{"type": "mention", "offset": 0, "length": 13}])},
        {"message": _talk(reply_to_message=_talk(message_id=4))},
        {"message": {key: value for key, value in _talk(caption=_WORDS).items() if key != "text"}},
        {"message": _talk(**{"from": _ANN | {"id": 8, "is_bot": True}}, text=f"@WenYueBot {_WORDS}")},
        {"edited_message": _talk(text=f"/ask {_WORDS}", edit_date=2)},
        {"channel_post": {key: value for key, value in _talk().items() if key != "from"}},
    ],
)
def test_talk_in_a_telegram_group_leaves_nothing(
    update: dict[str, Any], url: str, stores: Stores, desk: Desk, news: News, shipped: Library, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    channel = TelegramChannel(Line("1:a"), desk, stores, Presses(stores, lambda: shipped), Look(lambda: shipped.agreements, None), news)
    before = _rows(url)
    sent = Update.de_json({"update_id": 1, **update}, None)
    assert sent is not None
    asyncio.run(channel._message(sent, SimpleNamespace(bot=SimpleNamespace(bot=_BOT))))  # type: ignore[arg-type]
    _assert_nothing_of_it(url, before, caplog)


def test_what_is_addressed_does_leave_something(
    url: str, stores: Stores, desk: Desk, news: News, shipped: Library, caplog: pytest.LogCaptureFixture
) -> None:
    """The control: else the test above would prove nothing."""
    channel = _wecom_channel(url, stores, desk, news, shipped)
    before = _rows(url)
    asyncio.run(channel._message("r1", _wecom(msgtype="text", text={"content": f"@问约 {_WORDS}"})))
    assert _rows(url)["inbox"] == before["inbox"] + 1
    assert _WORDS not in caplog.text


def _wecom(**more: Any) -> dict[str, Any]:
    return {"msgid": "m1", "aibotid": "b", "chatid": "group", "chattype": "group", "from": {"userid": "anna"}, **more}


@pytest.mark.parametrize(
    "body",
    [
        _wecom(msgtype="image", image={"url": f"https://x/{_WORDS}"}),
        _wecom(msgtype="file", file={"url": f"https://x/{_WORDS}"}),
        _wecom(msgtype="voice", voice={"content": _WORDS}),  # in a group nobody can mention the bot by voice
        _wecom(msgtype="text", text={"content": _WORDS}, **{"from": {}}),
        _wecom(msgtype="stream", stream={"id": _WORDS}),
        _wecom(msgtype="unheard-of", text={"content": _WORDS}),
    ],
)
def test_what_is_no_question_in_wecom_leaves_nothing(
    body: dict[str, Any], url: str, stores: Stores, desk: Desk, news: News, shipped: Library, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a group's talk WeCom hands out only what mentions the bot: developer.work.weixin.qq.com/document/path/100719."""
    caplog.set_level(logging.DEBUG, "bot")
    channel = _wecom_channel(url, stores, desk, news, shipped)
    before = _rows(url)
    asyncio.run(channel._message("r1", body))
    _assert_nothing_of_it(url, before, caplog)


def _wecom_channel(url: str, stores: Stores, desk: Desk, news: News, shipped: Library) -> WecomChannel:
    account = Account("b", "s", "ws://127.0.0.1:9", ("问约",))
    events = WecomEvents(stores, Presses(stores, lambda: shipped))
    channel = WecomChannel(account, desk, stores, events, Look(lambda: shipped.agreements, None), Lease(url, "wecom b"), news)
    channel._connection = _Silent("b", "s", account.url, on_message=channel._message, on_event=channel._event)
    return channel


class _Silent(Connection):
    """A connection by which nothing goes out."""

    async def respond(self, req_id: str, body: object, **_: object) -> bool:
        return True

    async def push(self, chat: str, body: object, **_: object) -> None:  # type: ignore[override]
        return None


def test_who_may_not_ask_leaves_that_they_were_told_so_and_no_word(
    url: str, stores: Stores, desk: Desk, news: News, shipped: Library, caplog: pytest.LogCaptureFixture
) -> None:
    channel = _wecom_channel(url, stores, desk, news, shipped)
    before = _rows(url)
    asyncio.run(channel._message("r1", _wecom(chatid="others", msgtype="text", text={"content": f"@问约 {_WORDS}"})))
    changed = {name: count - before[name] for name, count in _rows(url).items() if count != before[name]}
    assert changed == {"told": 1}
    file = Path(url.partition("///")[2])
    assert not [path.name for path in file.parent.glob(f"{file.name}*") if _WORDS.encode() in path.read_bytes()]
    assert _WORDS not in caplog.text
