"""Whose a row is: for every table that holds something of people, which of its rows are a person's or a chat's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, false, or_, select, true

from answering.spending import SPENT, booked_on
from bot.access import ALLOWED, TOLD
from bot.contacts import CONTACTS
from bot.database import storable
from bot.inbox import INBOX
from bot.record import ANSWERS, Record
from bot.review.decisions import HANDED, REVIEWS
from bot.review.items import item_of
from bot.votes import SHOWN, VOTES
from bot.wecom.streams import STREAMS, stream_of


@dataclass(frozen=True, slots=True)
class Whose:
    """A person (`user`) or a chat of a channel, by the id that it has there."""

    channel: str
    user: str | None = None
    chat: str | None = None


Mine = Callable[[Connection, Whose], ColumnElement[bool]]
"""Which rows are somebody's; what other tables say of them is asked by the connection."""


def by_asker(table: Table) -> Mine:
    """Rows with an asker and a chat."""
    return lambda _connection, whose: and_(table.c.channel == storable(whose.channel), *_given(table.c.asker, table.c.chat, whose))


def by_chat(table: Table) -> Mine:
    """Rows with a chat, which of a private talk is its user."""
    return lambda _connection, whose: and_(table.c.channel == storable(whose.channel), *_given(table.c.chat, table.c.chat, whose))


def _given(user: ColumnElement[Any], chat: ColumnElement[Any], whose: Whose) -> list[ColumnElement[bool]]:
    pairs = ((user, whose.user), (chat, whose.chat))
    return [column == storable(value) for column, value in pairs if value is not None]


def in_private(connection: Connection, whose: Whose) -> ColumnElement[bool]:
    return and_(by_asker(INBOX)(connection, whose), INBOX.c.private if whose.chat is None else true())


def in_groups(connection: Connection, whose: Whose) -> ColumnElement[bool]:
    return and_(by_asker(INBOX)(connection, whose), INBOX.c.private.is_(False) if whose.chat is None else false())


def told(connection: Connection, whose: Whose) -> ColumnElement[bool]:
    by_kind = TOLD.c.kind == f"limit {storable(whose.user)}" if whose.user is not None else false()
    return or_(by_chat(TOLD)(connection, whose), and_(TOLD.c.channel == storable(whose.channel), by_kind))


def votes(connection: Connection, whose: Whose) -> ColumnElement[bool]:
    if whose.user is None:
        return VOTES.c.record.in_(_answers(connection, whose))
    return and_(VOTES.c.channel == storable(whose.channel), VOTES.c.asker == storable(whose.user))


def shown(connection: Connection, whose: Whose) -> ColumnElement[bool]:
    return and_(SHOWN.c.channel == storable(whose.channel), SHOWN.c.record.in_(_answers(connection, whose)))


def _answers(connection: Connection, whose: Whose) -> Any:
    return select(ANSWERS.c.id).where(by_asker(ANSWERS)(connection, whose))


def streams(connection: Connection, whose: Whose) -> ColumnElement[bool]:
    ids = connection.execute(select(INBOX.c.message).where(by_asker(INBOX)(connection, whose))).scalars().all()
    return STREAMS.c.id.in_([stream_of(id_) for id_ in ids] if whose.channel == "wecom" else [])


def permitted(_connection: Connection, whose: Whose) -> ColumnElement[bool]:
    kind, id_ = ("user", whose.user) if whose.user is not None else ("chat", whose.chat)
    return and_(ALLOWED.c.channel == storable(whose.channel), ALLOWED.c.kind == kind, ALLOWED.c.id == storable(id_ or ""))


def permitting(_connection: Connection, whose: Whose) -> ColumnElement[bool]:
    given = ALLOWED.c.by == storable(whose.user) if whose.user else false()
    return and_(ALLOWED.c.channel == storable(whose.channel), given)


def spent(_connection: Connection, whose: Whose) -> ColumnElement[bool]:
    return SPENT.c.chat == booked_on(f"{whose.channel}:{whose.user or whose.chat}")


def handed(connection: Connection, whose: Whose) -> ColumnElement[bool]:
    return HANDED.c.record.in_(_answers(connection, whose))


def reviewed(connection: Connection, whose: Whose) -> ColumnElement[bool]:
    """Decisions about questions that nobody else has asked."""
    mine = by_asker(ANSWERS)(connection, whose)
    decided = set(connection.execute(select(REVIEWS.c.item)).scalars())
    items = {item_of(Record.of(row)) for row in connection.execute(select(ANSWERS).where(mine)).mappings()} & decided
    if items:
        others = connection.execute(select(ANSWERS).where(~mine), execution_options={"yield_per": 500})
        items -= {item_of(Record.of(row)) for row in others.mappings()}
    return REVIEWS.c.item.in_(items)


def to_ask(_connection: Connection, whose: Whose) -> ColumnElement[bool]:
    """Where somebody is the one whom people may ask."""
    return and_(CONTACTS.c.way == whose.channel, CONTACTS.c.address == storable(whose.user)) if whose.user is not None else false()
