"""The library's database brought to the schema that this program knows, before anything else is done with it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from bot.database import opened, transactional
from bot.migrations import HEAD, REVISIONS
from retrieval.errors import StorageError
from retrieval.tables import usable

_LOCK = 7_305_214_868_341_001  # any number that nobody else takes in the same Postgres
_ASK = "SELECT version_num FROM alembic_version"


def bring_up(url: str, tell: Callable[[str], None] = lambda message: None) -> None:
    """Bring the database of an SQLAlchemy URL to the newest revision; one that is there already is asked once, and that is all.

    An empty database gets all tables; one that a program without migrations made gets what it lacks. It is done in one transaction, and
    of several processes one does it, the others wait. Of an SQLite database that holds anything a copy is kept beside it first, unless
    no table that is there has to change. Raises StorageError, the database then unchanged: also where it is newer than this program.
    """
    engine = opened(url)
    try:
        with usable(engine), engine.connect() as connection:
            found = _quickly(connection)
    finally:
        engine.dispose()
    if found != HEAD:
        refuse_newer(found)
        _upgrade(url, tell)


def refuse_newer(revision: str | None) -> None:
    """Raises StorageError where a revision is none that this program knows."""
    if revision is not None and revision not in REVISIONS:
        raise StorageError(
            f"数据库是更新的问约写下的（它的版本是 {revision}，这个程序只认得到 {HEAD}）；请换成新的问约再用，数据库没有改动"
        )


def revision_of(connection: Connection) -> str | None:
    """The revision of a database; None where there were no migrations."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text(_ASK)).scalar()
    return found


def hold(connection: Connection) -> None:
    """Until the end of the transaction nobody else changes the schema; waits for who does. SQLite's transaction has seen to that."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _quickly(connection: Connection) -> str | None:
    try:
        found: str | None = connection.execute(text(_ASK)).scalar()
    except (OperationalError, ProgrammingError):  # no such table, most likely; whoever takes a closer look will see
        return None
    return found


def _upgrade(url: str, tell: Callable[[str], None]) -> None:
    from bot.migrations.running import upgrade

    engine = transactional(url, writes=True)
    with usable(engine), engine.begin() as connection:
        hold(connection)
        found = revision_of(connection)
        if found == HEAD:  # another process was quicker
            return
        refuse_newer(found)
        holds = _holds_anything(connection) and (found is not None or _lacks(connection))
        if holds and engine.dialect.name == "sqlite" and engine.url.database:
            tell(f"数据库要升级到版本 {HEAD}；升级前的样子留在 {_copied(Path(engine.url.database))}，确认无误后可以删除")
        upgrade(connection)
    if holds:
        tell(f"数据库升级到了版本 {HEAD}")


def _holds_anything(connection: Connection) -> bool:
    quote = connection.dialect.identifier_preparer.quote
    names = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
    return any(connection.execute(text(f"SELECT 1 FROM {quote(name)} LIMIT 1")).first() for name in names)  # noqa: S608 - its own tables


def _lacks(connection: Connection) -> bool:
    """Whether a table that a program without migrations made is another one now."""
    from bot.migrations.running import upgrade

    engine = create_engine("sqlite://")
    with engine.begin() as made:
        upgrade(made)
        wanted = _columns(made, types=connection.dialect.name == "sqlite")
    engine.dispose()
    there = _columns(connection, types=connection.dialect.name == "sqlite")
    return any(there[name] != wanted[name] for name in there.keys() & wanted.keys())


def _columns(connection: Connection, *, types: bool) -> dict[str, set[tuple[str, bool, str]]]:
    """The columns of each table, without their types where two sorts of databases are compared."""
    found = inspect(connection)
    return {
        name: {(column["name"], bool(column["nullable"]), str(column["type"]) if types else "") for column in found.get_columns(name)}
        for name in found.get_table_names()
    }


def _copied(database: Path) -> Path:
    """Copy the database as it is to a file beside it that only its owner can read. Raises StorageError."""
    copy = database.with_name(f"{database.name}.before-{HEAD}")
    aside = copy.with_name(f"{copy.name}.writing")
    try:
        aside.unlink(missing_ok=True)
        os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(aside)) as target:
            source.backup(target)
        aside.replace(copy)
    except (OSError, sqlite3.Error) as error:
        aside.unlink(missing_ok=True)
        raise StorageError(f"升级前要留一份数据库的副本，但写不了 {copy}（{error}）；请腾出空间，数据库没有改动") from error
    return copy
