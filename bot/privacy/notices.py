"""Notices: that a person in private, or a group, was told what is kept of them, once, with the first answer."""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, timedelta

from sqlalchemy import Boolean, Column, MetaData, String, Table, and_, or_, update

from bot.database import Database, Instant, is_written, opened, storable
from bot.message import Message
from retrieval.errors import StorageError

_UNDER_WAY = timedelta(minutes=30)  # an answer is tried to be delivered for as long
_log = logging.getLogger(__name__)

_METADATA = MetaData()
NOTICES = Table(
    "notice",
    _METADATA,
    Column("channel", String, primary_key=True),
    Column("chat", String, primary_key=True),  # of a private talk: its user's id
    Column("message", String, nullable=False),  # with the answer to which it goes out
    Column("shown", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
)


class Notices:
    """Who was told, in the library's database. `url` is an SQLAlchemy URL of SQLite or Postgres; threads and processes share it.

    The notice is given out with one message, and to that one again, whichever process answers it in the end: what dies before the notice
    was shown leaves it to who comes after. Everything raises StorageError where the database fails.
    """

    def __init__(self, url: str, now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(UTC)) -> None:
        self._database = Database(opened(url), (NOTICES,), "告知登记")
        self._now = now

    def due(self, message: Message) -> bool:
        """Whether the notice is to go along with the answer to this message: with one at a time, until it was shown."""
        now, id_ = self._now(), storable(message.id)
        row = {"channel": storable(message.place.channel), "chat": storable(message.place.chat)}
        given = {"message": id_, "shown": False, "at": now}
        free = and_(NOTICES.c.shown.is_(False), or_(NOTICES.c.message == id_, NOTICES.c.at < now - _UNDER_WAY))
        giving = self._database.insertion(NOTICES).values(row | given)
        giving = giving.on_conflict_do_update(index_elements=list(NOTICES.primary_key.columns), set_=given, where=free)
        return self._database.run(lambda connection: is_written(connection, giving))

    def shown(self, message: Message) -> None:
        """The notice went along with the answer to this message: it is due no more."""
        self._write(message, {"shown": True, "at": self._now()})

    def untold(self, message: Message) -> None:
        """It could not be shown with this message: the next one has it."""
        self._write(message, {"message": "", "at": self._now() - 2 * _UNDER_WAY})

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    def _write(self, message: Message, values: dict[str, object]) -> None:
        place = message.place
        of = and_(NOTICES.c.channel == storable(place.channel), NOTICES.c.chat == storable(place.chat))
        under_way = and_(of, NOTICES.c.shown.is_(False), NOTICES.c.message == storable(message.id))
        self._database.run(lambda connection: connection.execute(update(NOTICES).where(under_way).values(values)))


@asynccontextmanager
async def told_once(notices: Notices, message: Message, words: str) -> AsyncIterator[str]:
    """The words to be told along with the answer to a message; empty where that was done before.

    It counts as told when what is entered here ends. An answer does not depend on it: where the database fails nothing is told, or it is
    told once more.
    """
    due = await _unless_it_fails(notices.due, message)
    try:
        yield words if due else ""
    except BaseException:
        if due:
            await asyncio.shield(_unless_it_fails(notices.untold, message))
        raise
    if due:
        await _unless_it_fails(notices.shown, message)


async def _unless_it_fails(work: Callable[[Message], bool | None], message: Message) -> bool:
    try:
        return bool(await asyncio.to_thread(work, message))
    except StorageError as error:
        _log.warning("%s。这一次没有告知，或会再告知一次。", error)
        return False
