"""What the tables hold of people: whose each row is, for how long it is kept, and what it is called when somebody asks for it.

Deleting, telling and forgetting all go by this list. A table of people's words or ids that is not in it fails a test.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, ColumnElement, String, Table

from answering.spending import SPENT
from bot.access import ALLOWED, SUBSCRIBED, TOLD
from bot.contacts import CONTACTS
from bot.inbox import BLANK, INBOX, UPDATES
from bot.privacy import whose
from bot.privacy.notices import NOTICES
from bot.privacy.whose import Mine
from bot.record import ANSWERS, CONVERSATIONS
from bot.review.decisions import HANDED, REVIEWS
from bot.votes import SHOWN, VOTES
from bot.wecom.nonces import NONCES
from bot.wecom.streams import STREAMS

_DAY = timedelta(days=1)  # for which channels hand a message out again, and limits count


@dataclass(frozen=True, slots=True)
class Age:
    """Rows are kept for the days that the settings say, counted from a moment in them; not longer than `most`, not shorter than `least`."""

    column: Column[Any]
    most: timedelta = timedelta.max
    least: timedelta = timedelta(0)

    def older(self, now: datetime.datetime, days: float) -> ColumnElement[bool]:
        """Whether a row is kept no longer."""
        kept = max(self.least, min(self.most, timedelta(days=days)))
        end = now - kept
        return self.column < (end.date().isoformat() if isinstance(self.column.type, String) else end)


@dataclass(frozen=True, slots=True)
class Holding:
    """Rows of a table. `mine` tells whether a row is of somebody, `age` how long it is kept: None for until somebody takes it back.

    `name` is what an export calls them, `called` what people are told of. Where a row is of others too, `blank` is what its columns are
    when it is nobody's any more; else it is deleted. `columns` are other names for columns in an export.
    """

    table: Table
    name: str
    called: str
    mine: Mine
    age: Age | None
    blank: Mapping[str, Any] | None = None
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


HOLDINGS: tuple[Holding, ...] = (
    Holding(VOTES, "votes", "评价", whose.votes, Age(VOTES.c.at), columns={"at": "voted_at", "record": "answer"}),
    Holding(SHOWN, "answers_shown", "回答在渠道里的编号", whose.shown, Age(SHOWN.c.at), columns={"at": "shown_at", "record": "answer"}),
    Holding(HANDED, "questions_handed_on", "交给人看的问题", whose.handed, Age(HANDED.c.at), columns={"at": "handed_at", "record": "answer"}),
    Holding(REVIEWS, "questions_reviewed", "看过的问题", whose.reviewed, Age(REVIEWS.c.at), columns={"at": "decided_at"}),
    Holding(STREAMS, "replies_under_way", "企业微信里的回复", whose.streams, Age(STREAMS.c.at, most=_DAY, least=_DAY)),
    Holding(
        INBOX, "messages_in_private", "收到的消息（私聊或本会话）", whose.in_private, Age(INBOX.c.at, timedelta(days=7), _DAY),
        columns={"at": "received_at"},
    ),
    Holding(
        INBOX, "messages_in_groups", "收到的消息（群里）", whose.in_groups, Age(INBOX.c.at, timedelta(days=7), _DAY),
        {**BLANK, "asker": ""}, {"at": "received_at"},
    ),
    Holding(
        ANSWERS, "questions_and_answers", "问答", whose.by_asker(ANSWERS), Age(ANSWERS.c.at),
        columns={"at": "answered_at", "said": "shown_text", "fingerprint": "made_with"},
    ),
    Holding(
        CONVERSATIONS, "conversations_begun", "开始过的新对话", whose.by_asker(CONVERSATIONS), Age(CONVERSATIONS.c.began, timedelta(hours=12)),
        columns={"began": "begun_at"},
    ),
    Holding(TOLD, "reminders", "提醒过", whose.told, Age(TOLD.c.at, timedelta(days=30), _DAY), columns={"at": "told_at", "kind": "of_what"}),
    Holding(NOTICES, "notices", "告知过", whose.by_chat(NOTICES), Age(NOTICES.c.at, least=timedelta(days=30)), columns={"at": "given_at"}),
    Holding(SUBSCRIBED, "subscriptions", "订阅", whose.by_chat(SUBSCRIBED), None, columns={"at": "since"}),
    Holding(ALLOWED, "permissions", "准入", whose.permitted, None, columns={"at": "since"}),
    Holding(ALLOWED, "permissions_given", "给别人开的准入（只去掉名字）", whose.permitting, None, {"by": ""}, {"at": "since"}),
    Holding(CONTACTS, "contact", "联系人", whose.to_ask, None),
    Holding(SPENT, "spending", "用量", whose.spent, Age(SPENT.c.day, timedelta(days=92), _DAY)),
)  # fmt: skip

NOBODYS: Mapping[str, str] = MappingProxyType(
    {
        UPDATES.name: "ids of updates that are no messages",
        NONCES.name: "nonces of callbacks",
        "announced": "which versions were announced",
        "lease": "which process does what only one may do",
        "seal": "a word to try keys on",
        "agreement": "the library",
        "clause": "the library",
        "likely_question": "the library",
        "agreement_version": "the library",
        "version_clause": "the library",
        "agreement_fact": "the library",
        "removed_agreement": "the library",
        "library_change": "the library",
        "alembic_version": "the schema",
    }
)
"""The tables that hold nothing of people, and what they hold."""
