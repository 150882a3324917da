"""People who leave something in every table that holds anything of people: each in a group and in private, in words of their own."""

from __future__ import annotations

import datetime
import hashlib
from datetime import timedelta

from answering.answer import Answer, Status
from answering.spending import Limits, Spending
from bot.access import Access
from bot.contacts import Contact, Contacts
from bot.inbox import Inbox
from bot.message import Message
from bot.place import Place
from bot.privacy.notices import Notices
from bot.records import Records
from bot.review.decisions import Decision, Decisions
from bot.review.items import item_of
from bot.votes import Votes
from bot.wecom.streams import Streams, stream_of

CHANNEL = "wecom"


def words_of(user: str) -> list[str]:
    """What somebody says, and what is said to them; each of it in no one else's mouth."""
    return [f"{user}的{what}" for what in ("问题", "回答", "理由", "引文", "在途的回复", "批注", "联系人名")]


def live(url: str, user: str, group: str = "group", now: datetime.datetime | None = None) -> list[str]:
    """Let somebody use everything, in a group and in private. Returns the ids of the answers they were given."""
    question, reply, reason, quoted, stream, note, name = words_of(user)

    def clock() -> datetime.datetime:
        return now or datetime.datetime.now(datetime.UTC)

    records, inbox, votes, streams = Records(url, now=clock), Inbox(url, clock), Votes(url, clock), Streams(url, clock)
    access, notices, decisions, contacts = Access(url, now=clock), Notices(url, clock), Decisions(url, clock), Contacts(url)
    spending = Spending(url, Limits(10**6), {}, lambda: clock().date())
    kept: list[str] = []
    for chat, private in ((group, False), (user, True)):
        place, id_ = Place(CHANNEL, chat, "", user), _id(user, chat)
        message = Message(place, id_, question, quoted, private)
        inbox.claim(message)
        assert notices.due(message) in (True, False)
        record = records.keep(place, Answer("a", question, Status.NOT_COVERED, message=reply), fingerprint="f", key=f"key of {user}")
        assert record is not None
        votes.cast(record, CHANNEL, user, "down", reason)
        votes.shown(CHANNEL, f"shown-{id_}", record)
        decisions.hand(record, item_of(records.get(record)))
        decisions.decide(Decision(item_of(records.get(record)), "dismissed", (), note, question))
        records.begin(place)
        streams.begin(id_, stream, "https://example.test/")
        streams.put(stream_of(id_), stream, True)
        access.first(CHANNEL, chat, f"limit {user}", timedelta(minutes=1))
        access.subscribe(CHANNEL, chat)
        spending.reserve("m", place.account, 1)
        kept.append(record)
    access.allow(CHANNEL, "user", user, by="admin")
    access.allow(CHANNEL, "chat", _id(user, "opened"), by=user)
    contacts.name(_id(user, "of"), Contact(name, CHANNEL, user))
    for store in (records, inbox, votes, streams, access, notices, decisions, contacts, spending):
        store.close()
    return kept


def _id(*of: str) -> str:
    """An id that tells nobody's name."""
    return hashlib.sha256("/".join(of).encode()).hexdigest()[:12]
