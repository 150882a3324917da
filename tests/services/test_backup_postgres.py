"""The schema and backups in Postgres are those in SQLite: migrated once and wholly, and restored from one into the other and back."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from bot.inbox import Inbox
from bot.migrations import HEAD
from bot.storage.backup import back_up
from bot.storage.backup_file import MANIFEST, BackupFile
from bot.storage.restore import NotEmpty, restore
from bot.storage.schema import metadata
from bot.storage.upgrade import bring_up
from retrieval.errors import StorageError
from tests.schema_shape import drift
from tests.services.test_postgres import cluster as cluster
from tests.services.test_postgres import database as database

_RELEASED = Path(__file__).parent.parent / "bot" / "released.sql"
_KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from bot.storage.upgrade import bring_up

done = [0]

@event.listens_for(Engine, "after_cursor_execute")
def count(connection, cursor, statement, *rest):
    if statement.lstrip().split()[0] in ("CREATE", "DROP", "INSERT", "UPDATE"):
        done[0] += 1
        if done[0] == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

bring_up(sys.argv[1])
"""


def _quiet(step: str, done: int, total: int) -> None:
    pass


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = create_engine(database, poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The URL of an SQLite database with rows in every table, at the newest revision."""
    with closing(sqlite3.connect(tmp_path / "library.db")) as connection:
        connection.executescript(_RELEASED.read_text(encoding="utf-8"))
    url = f"sqlite:///{tmp_path / 'library.db'}"
    bring_up(url)
    return url


@pytest.fixture
def unversioned(sqlite: str, database: str, tmp_path: Path) -> str:
    """The Postgres database of a program that knew neither migrations nor some columns and tables."""
    _move(sqlite, database, tmp_path)
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        for change in ("DROP TABLE alembic_version", "DROP TABLE lease", "ALTER TABLE inbox DROP COLUMN handle", "DROP INDEX inbox_at"):
            connection.execute(change.encode())
    return database


def _entries(path: Path) -> dict[str, list[bytes]]:
    with zipfile.ZipFile(path) as archive:
        return {name: sorted(archive.read(name).splitlines()) for name in archive.namelist() if name != MANIFEST}


def _move(url: str, other: str, folder: Path) -> Path:
    """Back up one database and restore it into another one; returns the backup."""
    path = folder / f"{len(list(folder.glob('*.zip')))}.zip"
    back_up(url, folder / "enriched", path, replace=False, progress=_quiet)
    with closing(BackupFile(path)) as backup:
        restore(backup, other, folder / "restored", replace=False, progress=_quiet)
    return path


def test_the_migrations_make_the_schema_of_the_tables(engine: Engine, cluster: str) -> None:
    bring_up(str(engine.url))
    name = f"{engine.url.database}_made"
    with psycopg.connect(cluster.replace("+psycopg", "") + "postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    other = create_engine(cluster + name, poolclass=NullPool)
    with engine.begin() as ours, other.begin() as made:
        assert drift(ours, made, metadata()) == []


def test_what_a_program_without_migrations_left_gets_what_it_lacks(unversioned: str, engine: Engine, cluster: str) -> None:
    bring_up(unversioned)
    other = create_engine("sqlite://")
    with engine.begin() as connection, other.begin() as made:
        told = [difference for difference in drift(connection, made, metadata()) if difference.partition(":")[0] not in metadata().tables]
        assert told == []  # alembic finds no difference; shapes of two sorts of databases are not compared
    other.dispose()
    with closing(Inbox(unversioned)) as inbox:
        (message,) = inbox.left("telegram")
    assert (message.id, message.handle) == ("41", "")


@pytest.mark.parametrize("kill_at", [1, 3, 8])
def test_who_is_killed_in_an_upgrade_leaves_the_database_as_it_was(unversioned: str, engine: Engine, kill_at: int) -> None:
    ended = subprocess.run([sys.executable, "-c", _KILLED, unversioned, str(kill_at)], capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL
    with engine.begin() as connection:
        assert not engine.dialect.has_table(connection, "alembic_version")
        assert not engine.dialect.has_table(connection, "lease")
    bring_up(unversioned)


def test_of_processes_at_once_one_migrates_and_the_others_wait(unversioned: str, together: Callable[..., list[Any]]) -> None:
    told = together(_brought_up, [(unversioned,)] * 4)
    assert sorted(map(len, told)) == [0, 0, 0, 1]


def _brought_up(url: str) -> list[str]:
    told: list[str] = []
    bring_up(url, told.append)
    return told


def test_an_empty_database_is_made_once_by_processes_at_once(database: str, together: Callable[..., list[Any]]) -> None:
    assert together(_brought_up, [(database,)] * 4) == [[], [], [], []]


def test_a_newer_database_is_refused(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    bring_up(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match=f"9999.*{HEAD}"):
        bring_up(url)


def test_from_sqlite_into_postgres_and_back_every_row_is_the_same(sqlite: str, database: str, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path / 'other.db'}"
    there, back = _move(sqlite, database, tmp_path), _move(database, other, tmp_path)
    again = tmp_path / "again.zip"
    back_up(other, tmp_path / "enriched", again, replace=False, progress=_quiet)
    assert _entries(there) == _entries(back) == _entries(again)
    assert len(_entries(there)["rows/agreement_version.jsonl"]) == 3
    with zipfile.ZipFile(back) as archive:
        assert json.loads(archive.read(MANIFEST))["database"] == "postgresql"
    with pytest.raises(NotEmpty):
        _move(sqlite, database, tmp_path)


def test_a_backup_is_of_one_moment_while_somebody_writes(sqlite: str, database: str, tmp_path: Path) -> None:
    _move(sqlite, database, tmp_path)
    writing = """
import psycopg, sys
with psycopg.connect(sys.argv[1]) as connection:
    for at in range(10**6):
        connection.execute("INSERT INTO told VALUES ('x', %s, 'k', now())", (str(at),))
        connection.execute("INSERT INTO seen_update VALUES ('x', %s, now())", (str(at),))
        connection.commit()
"""
    with subprocess.Popen([sys.executable, "-c", writing, database.replace("+psycopg", "")], stderr=subprocess.DEVNULL) as writer:
        try:
            pairs = []
            for at in range(8):
                path = tmp_path / f"moment-{at}.zip"
                back_up(database, tmp_path / "enriched", path, replace=False, progress=_quiet)
                entries = _entries(path)
                pairs.append(tuple(len(entries[f"rows/{name}.jsonl"]) - 1 for name in ("told", "seen_update")))
        finally:
            os.kill(writer.pid, signal.SIGKILL)
    assert all(told == seen for told, seen in pairs)
    assert pairs[0] < pairs[-1]


def test_a_backup_with_a_wrong_row_changes_nothing(sqlite: str, database: str, tmp_path: Path) -> None:
    path = _move(sqlite, database, tmp_path)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    row = b'{"record":"r","channel":"c","asker":"a","verdict":"far too long for it","reason":"","at":"2026-01-01T00:00:00+00:00"}\n'
    manifest = json.loads(entries[MANIFEST])
    (entry,) = (entry for entry in manifest["entries"] if entry["name"] == "rows/vote.jsonl")
    entry |= {"rows": 1, "bytes": len(row), "sha256": hashlib.sha256(row).hexdigest()}
    wrong = tmp_path / "wrong.bad"
    with zipfile.ZipFile(wrong, "w") as archive:
        for name, data in {**entries, "rows/vote.jsonl": row, MANIFEST: json.dumps(manifest).encode()}.items():
            archive.writestr(name, data)
    with closing(BackupFile(wrong)) as backup, pytest.raises(StorageError, match="vote"):
        restore(backup, database, tmp_path / "restored", replace=True, progress=_quiet)
    again = tmp_path / "again.zip"
    back_up(database, tmp_path / "enriched", again, replace=False, progress=_quiet)
    assert _entries(again) == _entries(path)
