"""The library's database as this room writes in it: tables made when they are first used, and nobody's words in a log or an error."""

from __future__ import annotations

import datetime
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC
from typing import Any, TypeVar

from sqlalchemy import Connection, DateTime, Dialect, NullPool, QueuePool, Table, TypeDecorator, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from bot.privacy.keys import keys_of
from bot.privacy.sealed import check, sealing
from retrieval.errors import StorageError

_TRIES = 3
_PATIENCE = 120_000  # milliseconds for which a long transaction waits for another one

_Result = TypeVar("_Result")


class Instant(TypeDecorator[datetime.datetime]):
    """A moment, timezone-aware in and out; out it is in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime.datetime | None, dialect: Dialect) -> datetime.datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime.datetime | None, dialect: Dialect) -> datetime.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)  # SQLite knows no time zones


class Database:
    """Tables that belong together. `what` they are is what people are told of when they cannot be used. Threads share it."""

    def __init__(self, engine: Engine, tables: Sequence[Table], what: str) -> None:
        self.engine = engine
        self._tables = tables
        self._what = what
        self._there = False
        self._open = False  # whether the keys are those of the database

    def run(self, work: Callable[[Connection], _Result]) -> _Result:
        """Do some work in one transaction: all of it is written or none. Raises StorageError."""
        try:
            self._create()
            with self.engine.begin() as connection:
                if not self._open:
                    check(connection)
                result = work(connection)
            self._open = True
            return result
        except (SQLAlchemyError, OSError) as error:
            raise StorageError(f"{self._what}用不了，请检查数据库（{_cause(error)}）") from error

    def insertion(self, table: Table) -> Any:
        """An insertion that can say what to do `on_conflict`."""
        insert: Any = sqlite.insert if self.engine.dialect.name == "sqlite" else postgresql.insert
        return insert(table)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def _create(self) -> None:
        if self._there:
            return
        with self.engine.connect() as connection:
            for attempt in range(_TRIES):
                try:
                    with connection.begin():
                        _create_tables(connection, self._tables)
                    break
                except DBAPIError:  # another process may be creating the same table
                    if attempt == _TRIES - 1:
                        raise
        self._there = True


def opened(url: str, **more: Any) -> Engine:
    """The engine of an SQLAlchemy URL of SQLite or Postgres; it connects when it is first used. Raises StorageError where it is none.

    `more` is what else SQLAlchemy is to be told of it. Words are sealed with the keys that come with the URL, see KeyedUrl.
    """
    options: dict[str, Any] = {"pool_pre_ping": True, **_discreet(), **more}
    try:
        engine = create_engine(url, **options)
        if engine.dialect.name == "postgresql" and engine.dialect.driver in ("psycopg", "psycopg2"):
            engine = create_engine(url, **options, connect_args={"connect_timeout": 2})
    except (ArgumentError, ImportError) as error:
        raise StorageError(f"WENYUE_DATABASE is not a database URL that can be used: {_first_line(error)}") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return sealing(engine, keys_of(url))


def transactional(url: str, *, writes: bool) -> Engine:
    """An engine for one long transaction, in which everything stands: changes of tables too, and all that is read is of one moment.

    One that `writes` has the SQLite database for itself from its beginning on, and waits for whoever has it; readers are not held up.
    Raises as `opened` does.
    """
    engine = opened(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":  # whose module begins no transaction for a change of tables, nor for reading
        event.listen(engine, "connect", _begin_nothing)
        event.listen(engine, "begin", _begin_writing if writes else _begin_reading)
        return engine
    return engine if writes else engine.execution_options(isolation_level="REPEATABLE READ")


def in_memory() -> Engine:
    """A database of which nothing is written anywhere. It has one connection, which threads use in turn."""
    options: dict[str, Any] = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, **_discreet()}
    return create_engine("sqlite://", **options, connect_args={"check_same_thread": False})


def is_written(connection: Connection, insertion: Any) -> bool:
    """Carry out the insertion of one row; whether the row was written, or updated where that is what a conflict leads to."""
    return bool(connection.execute(insertion, execution_options={"preserve_rowcount": True}).rowcount == 1)


def empty_log(connection: Connection) -> None:
    """Take what was deleted out of SQLite's write-ahead log too; where somebody reads it just now, the last to close the file does."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()


def storable(text: str) -> str:
    """A text as both databases take it: without NUL and half characters, which a model or a file name may hold."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _create_tables(connection: Connection, tables: Sequence[Table]) -> None:
    """Make the tables and their indexes where there are none. Another process doing the same may make this fail: try again."""
    for table in tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index, if_not_exists=True))


def _discreet() -> dict[str, Any]:
    """How an engine repeats nobody's words: in no error, and in no log, not even where all that SQLAlchemy can log is asked for."""
    logging.getLogger("sqlalchemy.engine.Engine.bot").setLevel(logging.WARNING)
    return {"hide_parameters": True, "logging_name": "bot"}


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """A second writer waits instead of failing. What is deleted is overwritten: no words stay behind in the file.

    With a write-ahead log nobody waits for the disk: what was written survives the process; a power cut may take the last of it, no more.
    """
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 5000")
    cursor.execute("PRAGMA secure_delete = ON")
    with suppress(sqlite3.OperationalError):  # another process holds the file just now, or it cannot be written
        if cursor.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",):
            cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _begin_nothing(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_PATIENCE}")


def _begin_writing(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _cause(error: Exception) -> str:
    """Why a database failed. What is wrong with a row may repeat the row: of that only the sort."""
    cause = getattr(error, "orig", None) or error
    return type(cause).__name__ if isinstance(error, (DataError, IntegrityError)) else _first_line(cause)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
