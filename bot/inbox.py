"""The inbox: every message that was taken in, written down before any work on it, so that none is answered twice and none is lost."""

from __future__ import annotations

import datetime
import json
import logging
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)

from bot.database import Database, Instant, empty_log, is_written, opened, storable
from bot.message import Message
from bot.place import Place
from bot.privacy.sealed import Sealed
from bot.record import columns_of
from retrieval.errors import StorageError

_log = logging.getLogger(__name__)

_GONE = timedelta(seconds=60)  # a process that has not beaten for so long is gone
_KEPT = timedelta(days=7)  # Telegram hands an update out for one day, and counts its ids anew after a week without any
_BATCH = 500  # rows deleted at once, so that nobody waits for long
_WAITING, _DONE = "waiting", "done"

_METADATA = MetaData()
INBOX = Table(
    "inbox",
    _METADATA,
    Column("channel", String, primary_key=True),
    Column("chat", String, primary_key=True),
    Column("message", String, primary_key=True),
    Column("thread", String, nullable=False),
    Column("asker", String, nullable=False),
    Column("text", Sealed, nullable=False),
    Column("quoted", Sealed, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("agreements", Text, nullable=False),  # a JSON array of keys
    Column("at", Instant, nullable=False),
    Column("state", String(8), nullable=False),
    Column("taken_by", String(16), nullable=False),
    Column("beaten", Instant, nullable=False),  # when the process it was taken by last gave a sign of life
    Column("handle", Text, nullable=False),  # what the channel has shown of the answer
    Index("inbox_at", "at"),
    Index("inbox_asker", "channel", "asker", "at"),
    Index("inbox_chat", "channel", "chat", "at"),
    Index("inbox_state", "state", "taken_by"),
)
UPDATES = Table(
    "seen_update",
    _METADATA,
    Column("channel", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("at", Instant, nullable=False),
    Index("seen_update_at", "at"),
)

BLANK: Mapping[str, Any] = {"state": _DONE, "text": "", "quoted": "", "agreements": "[]", "handle": ""}
"""What the columns with words of a message are when it is done."""

_Key = tuple[str, str, str]


class Inbox:
    """The messages of the last seven days, of all processes that share a database. `url` is an SQLAlchemy URL of SQLite or Postgres.

    Whoever claims a message holds it until it is done, for as long as it beats: at least every 20 seconds. After 60 without, another
    process may take it over; the clocks of machines that share a database must therefore agree to within some seconds. An object stands
    for a process; its threads share it. Everything but `done` raises StorageError where the database fails: then nothing is claimed.
    """

    def __init__(self, url: str, now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(UTC)) -> None:
        self._database = Database(opened(url), (INBOX, UPDATES), "消息登记")
        self._now = now
        self._process = secrets.token_hex(8)
        self._claimed: set[_Key] = set()  # and not done
        self._claiming = threading.Lock()
        self._owed: set[_Key] = set()  # done, and not yet written

    def claim(self, message: Message) -> bool:
        """Write a message down and hold it. False where it is there already, whoever claimed it and whatever became of it."""
        now = self._now()
        key, row = _key_of(message), _row_of(message) | {"at": now, "state": _WAITING, "taken_by": self._process, "beaten": now}
        insertion = self._database.insertion(INBOX).values(row).on_conflict_do_nothing()
        own = select(func.count()).select_from(INBOX).where(_is(key), INBOX.c.state == _WAITING, INBOX.c.taken_by == self._process)

        def claim(connection: Connection) -> bool:
            if is_written(connection, insertion):
                return True
            # a claim whose connection broke while it was written may have been: nobody else would answer it
            return key not in self._claimed and connection.execute(own).scalar_one() == 1

        with self._claiming:
            claimed = self._database.run(claim)
            if claimed:
                self._claimed.add(key)
        return claimed

    def holds(self, message: Message) -> bool:
        """Whether a message is still this process's to answer, which it then is for another 60 seconds.

        To be asked before an answer is shown that took long: a process that could not beat in time may find its message taken over.
        """
        key = _key_of(message)
        held = and_(_is(key), INBOX.c.state == _WAITING, INBOX.c.taken_by == self._process)
        renewal = update(INBOX).where(held).values(beaten=self._now())
        holds = self._database.run(lambda connection: connection.execute(renewal).rowcount == 1)
        if not holds:
            self._claimed.discard(key)  # should it come back, it is taken over as any other
        return holds

    def shown(self, message: Message, handle: str) -> None:
        """Write down how what was shown of the answer is found again, for whoever has to end it."""
        writing = update(INBOX).where(_is(_key_of(message))).values(handle=storable(handle))
        self._database.run(lambda connection: connection.execute(writing))

    def done(self, message: Message) -> None:
        """Write down that a message was answered, or that this was apologised for. Of its words nothing is kept; its ids are for 7 days.

        Never raises: where the database fails a warning is logged, and the next `beat` makes up for it.
        """
        key = _key_of(message)
        self._owed.add(key)
        self._claimed.discard(key)
        try:
            self._cross_out(key)
        except StorageError as error:
            _log.warning("%s。有一条消息回复过了，还没有登记，稍后再记。", error)

    def beat(self) -> None:
        """Give a sign of life: what this process holds stays its own."""
        for key in tuple(self._owed):
            self._cross_out(key)
        mine = and_(INBOX.c.state == _WAITING, INBOX.c.taken_by == self._process)
        renewal = update(INBOX).where(mine).values(beaten=self._now())
        self._database.run(lambda connection: connection.execute(renewal))

    def leave(self) -> None:
        """Let go of what this process holds: the next one that looks takes it over at once."""
        mine = and_(INBOX.c.state == _WAITING, INBOX.c.taken_by == self._process)
        leaving = update(INBOX).where(mine).values(taken_by="", beaten=self._now() - 2 * _GONE)
        self._database.run(lambda connection: connection.execute(leaving))

    def left(self, channel: str) -> list[Message]:
        """Take over what processes that are gone have claimed in a channel and not done, the oldest first.

        Nobody else is given the same ones, and this process holds them from now on. What it holds itself without knowing is among them: a
        connection broke while that was written.
        """
        now, waiting = self._now(), and_(INBOX.c.channel == storable(channel), INBOX.c.state == _WAITING)
        gone = and_(waiting, INBOX.c.taken_by != self._process, INBOX.c.beaten < now - _GONE)
        taking = update(INBOX).where(gone).values(taken_by=self._process, beaten=now)
        held = select(INBOX).where(waiting, INBOX.c.taken_by == self._process).order_by(INBOX.c.at)

        def take(connection: Connection) -> Sequence[RowMapping]:
            connection.execute(taking)
            return connection.execute(held).mappings().all()

        with self._claiming:
            found = [row for row in self._database.run(take) if (row["channel"], row["chat"], row["message"]) not in self._claimed]
            self._claimed.update((row["channel"], row["chat"], row["message"]) for row in found)
        return [_message_of(row) for row in found]

    def asked(self, message: Message, since: datetime.datetime) -> int:
        """How many messages its asker had claimed since then up to this one, in whichever chat of the channel; this one is counted."""
        place = message.place
        return self._count(message, INBOX.c.channel == storable(place.channel), INBOX.c.asker == storable(place.asker), INBOX.c.at >= since)

    def asked_in(self, message: Message, since: datetime.datetime) -> int:
        """How many messages of its chat had been claimed since then up to this one."""
        place = message.place
        return self._count(message, INBOX.c.channel == storable(place.channel), INBOX.c.chat == storable(place.chat), INBOX.c.at >= since)

    def seen(self, channel: str, update: str) -> bool:
        """Write down the id of an update that is no message. True the first time, False ever after."""
        row = {"channel": storable(channel), "id": storable(update), "at": self._now()}
        insertion = self._database.insertion(UPDATES).values(row).on_conflict_do_nothing()
        return self._database.run(lambda connection: is_written(connection, insertion))

    def forget(self, channel: str, *, chat: str | None = None, asker: str | None = None) -> int:
        """Forget whose all messages of an asker, of a chat, or of an asker in a chat were, and what they said. Returns how many that were.

        Raises ValueError where neither is given. Of a message in a group its ids stay for their seven days, so that it is not answered when
        it comes again, and still counts for the limits of the group; what was not answered yet is not any more.
        """
        if chat is None and asker is None:
            raise ValueError("whose messages are to be forgotten: a chat or an asker must be given")
        given = {"channel": channel, "chat": chat, "asker": asker}
        matching = [INBOX.c[name] == storable(value) for name, value in given.items() if value is not None]
        matching.append(or_(INBOX.c.asker != "", INBOX.c.state == _WAITING))
        blank = {**BLANK, "asker": ""}

        def forget(connection: Connection) -> int:
            deleted = connection.execute(delete(INBOX).where(*matching, INBOX.c.private)).rowcount
            return deleted + connection.execute(update(INBOX).where(*matching).values(blank)).rowcount

        forgotten = self._database.run(forget)
        self._database.run(empty_log)
        return forgotten

    def expire(self) -> int:
        """Delete everything that is older than seven days. Returns how many rows that were."""
        deleted = 0
        while batch := self._database.run(self._expire_some):
            deleted += batch
        self._database.run(empty_log)
        return deleted

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    def _cross_out(self, key: _Key) -> None:
        """Whoever holds the message: it was answered, and nothing is left to do."""
        self._database.run(lambda connection: connection.execute(update(INBOX).where(_is(key)).values(BLANK)))
        self._owed.discard(key)

    def _expire_some(self, connection: Connection) -> int:
        deleted = 0
        for table in (INBOX, UPDATES):
            keys = tuple(table.primary_key.columns)
            old = select(*keys).where(table.c.at < self._now() - _KEPT).order_by(table.c.at).limit(_BATCH)
            deleted += connection.execute(delete(table).where(tuple_(*keys).in_(old))).rowcount
        return deleted

    def _count(self, message: Message, *of: ColumnElement[bool]) -> int:
        """Those that come later do not count: of many at once the first ones are within a limit, and not none."""
        own = select(INBOX.c.at).where(_is(_key_of(message))).scalar_subquery()
        earlier = or_(INBOX.c.at < own, and_(INBOX.c.at == own, INBOX.c.message <= storable(message.id)))
        counting = select(func.count()).select_from(INBOX).where(*of, earlier)
        return self._database.run(lambda connection: connection.execute(counting).scalar_one())


def _key_of(message: Message) -> _Key:
    return storable(message.place.channel), storable(message.place.chat), storable(message.id)


def _is(key: _Key) -> ColumnElement[bool]:
    channel, chat, message = key
    return and_(INBOX.c.channel == channel, INBOX.c.chat == chat, INBOX.c.message == message)


def _row_of(message: Message) -> dict[str, Any]:
    return {
        **columns_of(message.place),
        "message": storable(message.id),
        "text": storable(message.text),
        "quoted": storable(message.quoted),
        "private": message.private,
        "agreements": json.dumps(message.agreements),
        "handle": storable(message.handle),
    }


def _message_of(row: RowMapping) -> Message:
    place = Place(row["channel"], row["chat"], row["thread"], row["asker"])
    agreements = tuple(json.loads(row["agreements"]))
    return Message(place, row["message"], row["text"], row["quoted"], row["private"], agreements, handle=row["handle"])
