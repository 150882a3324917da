"""Deleting what was kept: of a person, of a chat, or everything. Rows in one transaction, then their traces in files; again is no harm."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, NullPool, Table, delete, func, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from bot.database import Database, opened
from bot.privacy.holdings import HOLDINGS
from bot.privacy.keeping import copies_of, counts_of, delete_of, tables
from bot.privacy.whose import Whose
from bot.storage.schema import metadata
from retrieval.errors import StorageError
from retrieval.tables import begin_change

_LEFT_ALONE = ("alembic_version", "library_change", "removed_agreement", "lease")  # how the database is, and who is at work: nobody's words
_LIBRARY = ("agreement", "clause", "likely_question", "agreement_version", "version_clause")
_DERIVED = ("index", "enriched", "bench", "unasked", "vectors.db*")  # under the data folder, made by this program
_ASIDE = ".purged-"
_TRIES = 20
_PAUSE = 0.5  # seconds


class Purge:
    """Deletes in the database of an SQLAlchemy URL, and for all in the data folder `home`, while a bot may run. Raises StorageError.

    Everything in the database goes in one transaction: who is killed before it ended has deleted nothing, and who is killed after that
    calls it again, which does what is left.
    """

    def __init__(self, url: str, home: Path) -> None:
        self._url = url
        self._home = home

    def counts(self, whose: Whose | None) -> dict[str, int]:
        """How much would be deleted, by what people are told of; of everybody where nobody is given."""
        database = Database(opened(self._url), tables(), "数据库")
        try:
            if whose is not None:
                return database.run(lambda connection: counts_of(connection, whose)) | self._files(())
            return database.run(_counts_of_all) | self._files(_DERIVED)
        finally:
            database.close()

    def run(self, whose: Whose | None) -> str:
        """Delete. Returns a sentence for people where something is left to be done, else nothing."""
        database = Database(opened(self._url), tables(), "数据库")
        try:
            if whose is not None:
                database.run(lambda connection: delete_of(connection, whose))
            else:
                database.run(_delete_all)
        finally:
            database.close()
        for path in self._paths(() if whose else _DERIVED):
            _remove(path)
        return _wipe(self._url, [table.name for table in (tables() if whose else metadata().sorted_tables)])

    def _files(self, derived: Sequence[str]) -> dict[str, int]:
        copies = len(copies_of(self._url))
        found = {"升级前的数据库副本": copies} if copies else {}
        return found | ({"派生的文件与文件夹": len(self._paths(derived)) - copies} if derived else {})

    def _paths(self, derived: Sequence[str]) -> list[Path]:
        patterns = (*derived, *(f"{_ASIDE}*" for _ in derived[:1]))
        return [*copies_of(self._url), *(path for pattern in patterns for path in sorted(self._home.glob(pattern)))]


def _counts_of_all(connection: Connection) -> dict[str, int]:
    found: dict[str, int] = {}
    for holding in HOLDINGS:
        if holding.blank is None:  # others count the same rows
            found[holding.called] = _count(connection, holding.table)
    library = {table.name: table for table in metadata().sorted_tables if table.name in _LIBRARY}
    return found | {
        "协议（自带的下次启动时重建）": _count(connection, library["agreement"]) if _is_there(connection, library["agreement"]) else 0
    }


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _delete_all(connection: Connection) -> None:
    tables = [table for table in metadata().sorted_tables if table.name not in _LEFT_ALONE and _is_there(connection, table)]
    if any(table.name in _LIBRARY for table in tables):
        begin_change(connection)
    for table in tables:
        connection.execute(delete(table))


def _is_there(connection: Connection, table: Table) -> bool:
    return bool(connection.dialect.has_table(connection, table.name))


def _remove(path: Path) -> None:
    """Remove a file or a folder: out of the way at once, so that nobody finds half of it. Raises StorageError."""
    aside = path if path.name.startswith(_ASIDE) else path.with_name(f"{_ASIDE}{path.name}")
    try:
        if aside != path:
            if aside.is_dir():
                shutil.rmtree(aside)
            path.replace(aside)
        if aside.is_dir():
            shutil.rmtree(aside)
        else:
            aside.unlink(missing_ok=True)
    except FileNotFoundError:
        return  # somebody else was quicker
    except OSError as error:
        raise StorageError(f"数据库里的已经删了，但删不掉 {path}（{error.strerror}）；请处理后再运行一次 wenyue purge") from error


def _wipe(url: str, names: Sequence[str]) -> str:
    """Take what was deleted out of the files of the database too. Returns what is left to be done, or nothing."""
    engine = opened(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                return _wipe_file(connection) if make_url(url).database else ""
            quote = connection.dialect.identifier_preparer.quote
            for name in names:
                if connection.dialect.has_table(connection, name):
                    connection.exec_driver_sql(f"VACUUM (FULL) {quote(name)}")
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        return f"行都删了，但数据库文件没有整理成（{cause}）；请再运行一次"
    return ""


def _wipe_file(connection: Connection) -> str:
    """SQLite: write the file anew, and empty the write-ahead log; while somebody reads, the log waits for them."""
    for _ in range(_TRIES):
        try:
            connection.exec_driver_sql("VACUUM")
            busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        except SQLAlchemyError:
            busy = 1
        if not busy:
            return ""
        time.sleep(_PAUSE)
    return "行都删了，但有别的进程一直在读数据库，预写日志（-wal）还没有清空；请停下它，或稍后再运行一次"
