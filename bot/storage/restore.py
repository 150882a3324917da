"""Restoring a backup: the database and the written questions are what they were, or nothing has changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.exc import DataError, IntegrityError

from bot.database import transactional
from bot.migrations.running import upgrade
from bot.storage.backup_file import BackupError, BackupFile
from bot.storage.portable import count, load, reflected
from bot.storage.schema import metadata
from bot.storage.upgrade import hold, refuse_newer, revision_of
from retrieval.errors import StorageError
from retrieval.tables import usable

_OF_NO_WEIGHT = ("lease", "library_change")  # held for seconds; made with the tables

Progress = Callable[[str, int, int], None]


class NotEmpty(StorageError):
    """There is something already where a backup is to be restored."""


def contents(url: str, enriched: Path) -> dict[str, int]:
    """How many rows each table holds that holds any, and how many files of written questions there are. Raises StorageError."""
    engine = transactional(url, writes=False)
    with usable(engine), engine.begin() as connection:
        return _contents(connection, enriched)


def restore(backup: BackupFile, url: str, enriched: Path, *, replace: bool, progress: Progress) -> int:
    """Put back what a backup holds, in one transaction. Returns how many rows that were.

    The whole backup is read and checked before anything is touched. Whatever stands in our tables is gone then; where anything does,
    NotEmpty is raised unless `replace`. Also raises BackupError and StorageError.
    """
    _check(backup, progress)
    engine = transactional(url, writes=True)
    with _files(backup, enriched) as swap, usable(engine), engine.begin() as connection:
        hold(connection)
        refuse_newer(revision_of(connection))
        if not replace and _contents(connection, enriched):
            raise NotEmpty("数据库里已经有内容；要用备份替换它，请加 --replace")
        _drop(connection)
        upgrade(connection, backup.revision)
        total = _load(connection, backup, progress)
        upgrade(connection)
        swap()
    return total


def _check(backup: BackupFile, progress: Progress) -> None:
    """Everything is as the manifest says, and belongs to the schema that it names. Raises BackupError."""
    total, done = sum(entry.bytes for entry in backup.entries), 0

    def tick(more: int) -> None:
        nonlocal done
        done += more
        progress("核对", done, total)

    backup.check(tick)
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        upgrade(connection, backup.revision)
        known = set(inspect(connection).get_table_names()) - {"alembic_version"}
    engine.dispose()
    unknown = {entry.table for entry in backup.entries if entry.table} - known
    if unknown:
        raise BackupError(f"备份坏了：问约没有 {min(unknown)} 这个表；什么也没有改动，请换一份备份")


def _contents(connection: Connection, enriched: Path) -> dict[str, int]:
    tables = reflected(connection, metadata().tables.keys() - set(_OF_NO_WEIGHT))
    found = {table.name: count(connection, table) for table in tables} | {"enriched": len(list(enriched.glob("*.questions.jsonl")))}
    return {name: number for name, number in found.items() if number}


def _drop(connection: Connection) -> None:
    """Take away our tables; those of others in the same database stay."""
    for table in reflected(connection, {*metadata().tables, "alembic_version"}):
        table.drop(connection)


def _load(connection: Connection, backup: BackupFile, progress: Progress) -> int:
    entries = {entry.table: entry for entry in backup.entries if entry.table}
    total, done = sum(entry.rows for entry in entries.values()), 0

    def tick(more: int) -> None:
        nonlocal done
        done += more
        progress("恢复", done, total)

    for table in reflected(connection, [name for name in entries if name]):
        try:
            with closing(backup.lines(entries[table.name])) as lines:
                load(connection, table, lines, tick)
        except BackupError:
            raise
        except (ValueError, TypeError, DataError, IntegrityError) as error:
            raise BackupError(f"备份坏了：{entries[table.name].name} 里有一行不是这个表的；什么也没有改动，请换一份备份") from error
    return total


@contextmanager
def _files(backup: BackupFile, enriched: Path) -> Iterator[Callable[[], None]]:
    """Gives what puts the written questions of a backup in the place of those that are there; should anything fail, these are back."""
    aside, before = enriched.with_name(f"{enriched.name}.restoring"), enriched.with_name(f"{enriched.name}.before")
    swapped = False

    def swap() -> None:
        nonlocal swapped
        shutil.rmtree(before, ignore_errors=True)
        if enriched.exists():
            enriched.rename(before)
        swapped = True
        aside.rename(enriched)

    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        for entry in backup.entries:
            if entry.file is not None:
                with (aside / entry.file).open("wb") as file:
                    file.writelines(backup.lines(entry))
        yield swap
        shutil.rmtree(before, ignore_errors=True)
    except BaseException as error:
        if swapped:
            with suppress(OSError):
                shutil.rmtree(enriched, ignore_errors=True)
                before.rename(enriched)
        if isinstance(error, OSError):
            raise StorageError(f"写不了 {enriched}（{error.strerror or error}）；什么也没有改动，请检查目录与磁盘空间") from error
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
