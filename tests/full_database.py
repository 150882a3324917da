"""A database in which every table holds something, written by those who write there."""

from __future__ import annotations

from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

from answering.spending import Limits, Spending
from bot.access import Access
from bot.inbox import Inbox
from bot.lease import Lease
from bot.message import Message
from bot.news import Bulletin
from bot.place import Place
from bot.records import Records
from bot.votes import Votes
from bot.wecom.nonces import Nonces
from bot.wecom.streams import Streams
from retrieval.library import Library

WORDS = "多久付款？“😀”𠮷\\n"
_AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def fill(url: str) -> None:
    """Write in all tables but those of the library and of the answers, which `wenyue agreements` and `wenyue ask` write in."""
    place = Place("telegram", "-100", "", "7")
    with ExitStack() as opened:
        inbox = opened.enter_context(closing(Inbox(url, lambda: _AT)))
        inbox.claim(Message(place, "41", WORDS, "引用", agreements=("jia",)))
        inbox.claim(Message(place, "42", WORDS, private=True))
        inbox.shown(Message(place, "41", ""), "900")
        inbox.done(Message(place, "42", ""))
        inbox.seen("telegram", "77")
        access = opened.enter_context(closing(Access(url, (("telegram", "1"),))))
        access.allow("telegram", "chat", "-100", ("jia",), by="1")
        access.deny("telegram", "user", "9", by="1")
        access.subscribe("telegram", "-100", ("jia",))
        access.first("telegram", "-100", "hello", timedelta(days=1))
        votes = opened.enter_context(closing(Votes(url)))
        votes.cast("0123456789ab", "telegram", "7", "down", WORDS)
        votes.shown("telegram", "900", "0123456789ab")
        streams = opened.enter_context(closing(Streams(url)))
        streams.begin("msg", WORDS, "https://example.com/response?code=1")
        opened.enter_context(closing(Nonces(url))).first("1700000000", "nonce", "signature")
        opened.enter_context(closing(Lease(url, "telegram"))).take()
        opened.enter_context(closing(Records(url))).begin(place)
        library = opened.enter_context(closing(Library(url)))
        opened.enter_context(closing(Bulletin(url))).due("telegram", library)
        spending = opened.enter_context(closing(Spending(url, Limits(), {})))
        spending.settle(spending.reserve("openai:m", "telegram:-100", 10), 12, 3)
