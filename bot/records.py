"""The records: every answer that was given, in the library's database, and the conversations that are read from them."""

from __future__ import annotations

import datetime
import logging
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, timedelta
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Text, delete, inspect, or_, select, type_coerce

from answering.answer import Answer
from bot.database import Database, empty_log, in_memory, is_written, opened, storable
from bot.place import Place
from bot.privacy.sealed import SEALED, seal_of
from bot.record import ANSWERS, CONVERSATIONS, ID_LENGTH, TABLES, Record, columns_of, is_at, row_of
from retrieval.errors import StorageError

_log = logging.getLogger(__name__)

_REACH = timedelta(hours=12)  # a conversation reaches back no further
_BATCH = 500  # rows deleted at once, so that nobody waits for long
_EVERY = 3600.0  # seconds between two looks for what is too old
_IN_MEMORY = 1000  # rows at most, where none may be written
_LEFT_ALONE = 3.0  # seconds for which a database that failed is not read: an answer waits for it once, not three times
_TRIES = 3
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LOTS = 1 << 15  # ids in a millisecond
_WHAT = "记录"

_Result = TypeVar("_Result")


class RecordsError(Exception):
    """No record, or more than one, is what was asked for. The message is shown to people as it stands."""


class Records:
    """What was answered in the last `days` days. `url` is an SQLAlchemy URL of SQLite or Postgres; threads share it.

    With 0 days nothing is written and what had been is deleted; a conversation is then remembered for as long as this object lasts.
    What an answer waits for (`keep`, `earlier`, `recent`, `begin`) never raises: where the database fails nothing is kept or remembered,
    and one warning is logged until something can be kept again. The others raise StorageError.
    """

    def __init__(self, url: str, days: float = 180, now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(UTC)) -> None:
        self.days = days
        self._url = url
        self._engine = opened(url) if days else in_memory()
        self._database = Database(self._engine, TABLES, _WHAT)
        self._now = now
        self._cleared = bool(days)
        self._failing = False
        self._failed = self._expired = float("-inf")  # when, on time.monotonic's clock
        self._number = 0
        self._lock = Lock()

    def keep(self, place: Place, answer: Answer, *, fingerprint: str, key: str | None = None, served_from: str | None = None) -> str | None:
        """Write an answer down. Returns its id, None where it was not written. With a `key` it can be found by `recent`."""
        said = {"at": self._now(), "fingerprint": fingerprint, "key": self._lookups(key)[0], "served_from": served_from}
        row = row_of(place, answer) | said
        kept = self._attempt(lambda connection: self._insert(connection, row), None)
        if kept is not None:
            self._failing = False
            if time.monotonic() - self._expired > _EVERY and self._attempt(self._expire_some, 0) < _BATCH:
                self._expired = time.monotonic() if self.days else float("-inf")
        return kept

    def earlier(self, place: Place, limit: int) -> list[str]:
        """The last questions of the conversation in a place, the oldest first: none from before it was begun, none of 12 hours ago."""
        return self._attempt(lambda connection: self._earlier(connection, place, limit), [], reading=True)

    def recent(self, key: str, within: timedelta) -> Record | None:
        """The newest answer that was kept with this key, if it is not older than `within`."""
        wanted = select(ANSWERS).where(ANSWERS.c.key.in_(self._lookups(key)), ANSWERS.c.at >= self._now() - within)
        newest = wanted.order_by(ANSWERS.c.at.desc(), ANSWERS.c.id.desc()).limit(1)
        row = self._attempt(lambda connection: connection.execute(newest).mappings().one_or_none(), None, reading=True)
        return Record.of(row) if row else None

    def begin(self, place: Place) -> None:
        """Begin a new conversation in a place: what was asked before is no part of it. It stays kept."""
        began = {"began": self._now()}
        statement = self._database.insertion(CONVERSATIONS).values(columns_of(place) | began)
        statement = statement.on_conflict_do_update(index_elements=list(CONVERSATIONS.primary_key.columns), set_=began)
        self._attempt(lambda connection: connection.execute(statement), None)

    def listing(
        self,
        *,
        since: datetime.datetime | None = None,
        status: str | None = None,
        channel: str | None = None,
        chat: str | None = None,
        asker: str | None = None,
        contains: str | None = None,
        limit: int = 20,
    ) -> list[Record]:
        """The newest records, newest first, of those that are all that is given; `contains` is looked for in question and answer."""
        equal = {"status": status, "channel": channel, "chat": chat, "asker": asker}
        wanted = select(ANSWERS).where(*(ANSWERS.c[name] == storable(value) for name, value in equal.items() if value is not None))
        if since is not None:
            wanted = wanted.where(ANSWERS.c.at >= since)
        ordered = wanted.order_by(ANSWERS.c.at.desc(), ANSWERS.c.id.desc())
        if contains:
            return self._run(lambda connection: self._containing(connection, ordered, storable(contains), limit))
        return self._run(lambda connection: [Record.of(row) for row in connection.execute(ordered.limit(limit)).mappings()])

    def those(self, statuses: Collection[str], ids: Sequence[str], limit: int) -> list[Record]:
        """The newest records that came to one of these statuses, and those with these ids; newest first."""
        came = select(ANSWERS).where(ANSWERS.c.status.in_(statuses)).order_by(ANSWERS.c.at.desc(), ANSWERS.c.id.desc()).limit(limit)
        named = (select(ANSWERS).where(ANSWERS.c.id.in_(ids[at : at + _BATCH])) for at in range(0, len(ids), _BATCH))

        def read(connection: Connection) -> dict[str, Record]:
            return {row["id"]: Record.of(row) for wanted in (came, *named) for row in connection.execute(wanted).mappings()}

        return sorted(self._run(read).values(), key=lambda record: (record.at, record.id), reverse=True)

    def get(self, beginning: str) -> Record:
        """The record whose id begins so. Raises RecordsError where there is none, or more than one."""
        start = beginning.strip().lower()
        found: list[Record] = []
        if start and len(start) <= ID_LENGTH and set(start) <= set(_ALPHABET):
            first, last = (start.ljust(ID_LENGTH, end) for end in (_ALPHABET[0], _ALPHABET[-1]))
            wanted = select(ANSWERS).where(ANSWERS.c.id.between(first, last)).order_by(ANSWERS.c.id.desc()).limit(2)
            found = self._run(lambda connection: [Record.of(row) for row in connection.execute(wanted).mappings()])
        if not found:
            raise RecordsError(f"没有编号以 {beginning!r} 开头的回答；编号见 wenyue answers")
        if len(found) > 1:
            raise RecordsError(f"编号以 {beginning!r} 开头的回答不止一个，例如 {found[0].id} 和 {found[1].id}；请多写几位")
        return found[0]

    def forget(self, channel: str, *, chat: str | None = None, thread: str | None = None, asker: str | None = None) -> int:
        """Delete all that was kept of an asker, of a chat or of a place: of what all that is given is true of.

        Returns how many answers that were. Raises ValueError where neither a chat nor an asker is given.
        """
        if chat is None and asker is None:
            raise ValueError("whose words are to be forgotten: a chat or an asker must be given")
        given = {"channel": channel, "chat": chat, "thread": thread, "asker": asker}

        def forget(connection: Connection) -> int:
            for table in (CONVERSATIONS, ANSWERS):
                matching = (table.c[name] == storable(value) for name, value in given.items() if value is not None)
                deleted = connection.execute(delete(table).where(*matching)).rowcount
            return deleted

        deleted = self._run(forget)
        self._run(empty_log)
        return deleted

    def withdraw(self, id_: str) -> None:
        """Delete the record with this id, which nobody was given after all. Where that fails a warning is logged."""
        self._attempt(lambda connection: connection.execute(delete(ANSWERS).where(ANSWERS.c.id == id_)), None)

    def expire(self) -> int:
        """Delete everything that is too old. Returns how many answers that were."""
        deleted = 0
        while batch := self._run(self._expire_some):
            deleted += batch
        self._run(empty_log)
        return deleted

    def close(self) -> None:
        """Give the database's connections back; what was remembered and not written is gone."""
        self._engine.dispose()

    def _insert(self, connection: Connection, row: dict[str, Any]) -> str | None:
        for _ in range(_TRIES):
            row["id"] = self._next_id(row["at"])
            if is_written(connection, self._database.insertion(ANSWERS).values(row).on_conflict_do_nothing()):
                return str(row["id"])
        return None  # three times another process has drawn the same lot in the same millisecond

    def _next_id(self, at: datetime.datetime) -> str:
        """Milliseconds and a lot; greater than every id given here before."""
        with self._lock:
            self._number = max(int(at.timestamp() * 1000) * _LOTS + secrets.randbelow(_LOTS), self._number + 1)
            number = self._number
        return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(ID_LENGTH)))

    def _lookups(self, key: str | None) -> list[str | None]:
        """The ways in which a key may stand in the database, the one in which it is written first."""
        seal = seal_of(self._engine)
        return [key] if key is None or seal is None else [*seal.lookups(key)]

    def _containing(self, connection: Connection, wanted: Select[Any], words: str, limit: int) -> list[Record]:
        """The first records with these words in question or answer. What is sealed has to be opened to be looked into."""
        columns = [type_coerce(ANSWERS.c[name], Text) for name in ("question", "said")]
        if seal_of(self._engine) is None:
            sealed = columns[0].startswith(SEALED)  # which then tells that it cannot be read
            like = or_(sealed, *(column.icontains(words, autoescape=True) for column in columns))
            return [Record.of(row) for row in connection.execute(wanted.where(like).limit(limit)).mappings()]
        found: list[Record] = []
        folded = words.casefold()
        with connection.execute(wanted, execution_options={"yield_per": _BATCH}) as rows:
            for row in rows.mappings():
                if folded in row["question"].casefold() or folded in row["said"].casefold():
                    found.append(Record.of(row))
                    if len(found) == limit:
                        break
        return found

    def _earlier(self, connection: Connection, place: Place, limit: int) -> list[str]:
        began = connection.execute(select(CONVERSATIONS.c.began).where(is_at(CONVERSATIONS, place))).scalar()
        reach = self._now() - _REACH
        wanted = select(ANSWERS.c.question).where(is_at(ANSWERS, place), ANSWERS.c.at >= reach)
        if began is not None:
            wanted = wanted.where(ANSWERS.c.at > began)
        newest = connection.execute(wanted.order_by(ANSWERS.c.at.desc(), ANSWERS.c.id.desc()).limit(limit)).scalars().all()
        return list(reversed(newest))

    def _expire_some(self, connection: Connection) -> int:
        """Delete what is too old, no more than a batch of it. Returns how many answers that were."""
        kept = timedelta(days=self.days) if self.days else _REACH
        connection.execute(delete(CONVERSATIONS).where(CONVERSATIONS.c.began < self._now() - _REACH))
        old = [select(ANSWERS.c.id).where(ANSWERS.c.at < self._now() - kept).order_by(ANSWERS.c.at).limit(_BATCH)]
        if not self.days:
            old.append(select(ANSWERS.c.id).order_by(ANSWERS.c.id.desc()).limit(_BATCH).offset(_IN_MEMORY))
        return sum(connection.execute(delete(ANSWERS).where(ANSWERS.c.id.in_(ids.scalar_subquery()))).rowcount for ids in old)

    def _attempt(self, work: Callable[[Connection], _Result], otherwise: _Result, *, reading: bool = False) -> _Result:
        if reading and time.monotonic() - self._failed < _LEFT_ALONE:
            return otherwise
        try:
            return self._run(work)
        except StorageError as error:
            self._failed = time.monotonic()
            if not self._failing:
                self._failing = True
                _log.warning("%s。回答照常给出，但没有记下，也不记得之前问过什么。", error)
            return otherwise

    def _run(self, work: Callable[[Connection], _Result]) -> _Result:
        if not self._cleared:
            _clear(self._url)
            self._cleared = True
        return self._database.run(work)


def _clear(url: str) -> None:
    """Delete all that a database was ever given to keep."""
    database = Database(opened(url), (), _WHAT)  # no tables: where there are none, none are made

    def clear(connection: Connection) -> None:
        there = set(inspect(connection).get_table_names())
        for table in TABLES:
            if table.name in there:
                connection.execute(delete(table))

    try:
        database.run(clear)
        database.run(empty_log)
    finally:
        database.close()
