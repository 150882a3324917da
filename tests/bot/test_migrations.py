"""Whatever program wrote a database, this one brings it to its own schema, or leaves it alone and says why."""

from __future__ import annotations

import os
import pkgutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Index, Integer, MetaData, String, Table, create_engine
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.inbox import Inbox
from bot.migrations import HEAD, REVISIONS
from bot.migrations.running import heads, upgrade
from bot.storage.schema import metadata
from bot.storage.upgrade import bring_up
from retrieval.errors import StorageError
from retrieval.library import Library
from tests.schema_shape import drift

_RELEASED = Path(__file__).with_name("released.sql")
_FIRST = Path(__file__).parent.parent / "retrieval" / "library_without_versions.sql"
_KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from bot.storage.upgrade import bring_up

url, kill_at = sys.argv[1], int(sys.argv[2])
done = [0]

@event.listens_for(Engine, "after_cursor_execute")
def count(connection, cursor, statement, *rest):
    if statement.lstrip().split()[0] in ("CREATE", "DROP", "INSERT", "UPDATE"):
        done[0] += 1
        if done[0] == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

bring_up(url)
"""
_IMPORTED = """
import sys
from bot.storage.upgrade import bring_up
bring_up(sys.argv[1])
print([name for name in sys.modules if name.partition(".")[0] in ("alembic", "mako")])
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "library.db"


@pytest.fixture
def write(database: Path) -> Callable[[Path], str]:
    """Writes the database that a kept file describes; returns its URL."""

    def write(script: Path) -> str:
        with closing(sqlite3.connect(database)) as connection:
            connection.executescript(script.read_text(encoding="utf-8"))
        return f"sqlite:///{database}"

    return write


Write = Callable[[Path], str]


@pytest.fixture
def connections() -> Iterator[tuple[Connection, Connection]]:
    """Two empty databases in memory."""
    one, other = create_engine("sqlite://"), create_engine("sqlite://")
    with one.begin() as first, other.begin() as second:
        yield first, second
    one.dispose()
    other.dispose()


def _rows(database: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows by table, but for alembic's."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'")]
        return {name: sorted(map(dict, connection.execute(f"SELECT * FROM {name}")), key=str) for name in names}


def _revision(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")]


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_the_migrations_make_the_schema_of_the_tables(connections: tuple[Connection, Connection]) -> None:
    upgrade(connections[0])
    assert drift(*connections, metadata()) == []


@pytest.mark.parametrize("change", ["column", "type", "nullable", "index", "table"])
def test_a_table_that_changes_without_a_revision_is_found(connections: tuple[Connection, Connection], change: str) -> None:
    upgrade(connections[0])
    tables = metadata()
    lease = tables.tables["lease"]
    if change == "column":
        lease.append_column(Column("reason", String))
    elif change == "type":
        lease.c.holder.type = Integer()
    elif change == "nullable":
        lease.c.holder.nullable = True
    elif change == "index":
        Index("lease_renewed", lease.c.renewed)
    else:
        Table("another", tables, Column("id", Integer, primary_key=True))
    assert drift(*connections, tables)


def test_no_table_of_any_module_is_left_out_of_the_schema() -> None:
    found: set[str] = set()
    for room in ("answering", "bot", "eval", "prompts", "retrieval"):
        for module in pkgutil.walk_packages(import_module(room).__path__, f"{room}."):
            values = vars(import_module(module.name)).values()
            found |= {value.name for value in values if isinstance(value, Table)}
    assert found == set(metadata().tables)


def test_the_revisions_that_are_known_are_those_in_files() -> None:
    assert list(REVISIONS) == heads()


def test_an_empty_database_gets_every_table_and_nothing_is_said(database: Path) -> None:
    told: list[str] = []
    bring_up(f"sqlite:///{database}", told.append)
    assert set(_rows(database)) == set(metadata().tables)
    assert (told, _revision(database)) == ([], [HEAD])


def test_a_database_at_the_newest_revision_is_asked_once_and_alembic_is_not_imported(database: Path) -> None:
    url = f"sqlite:///{database}"
    bring_up(url)
    before = database.read_bytes()
    assert subprocess.run([sys.executable, "-c", _IMPORTED, url], capture_output=True, text=True, check=True).stdout == "[]\n"
    assert database.read_bytes() == before


def test_every_row_of_the_released_schema_is_there_after_the_upgrade(write: Write, database: Path) -> None:
    url = write(_RELEASED)
    before = _rows(database)
    bring_up(url)
    after = _rows(database)
    assert all(before.values())  # rows in every table, or nothing is shown
    for name, rows in before.items():
        kept = [{column: value for column, value in row.items() if column in rows[0]} for row in after[name]]
        assert sorted(kept, key=str) == rows
    assert _revision(database) == [HEAD]


def test_the_released_schema_ends_where_an_empty_database_does(write: Write, connections: tuple[Connection, Connection]) -> None:
    engine = create_engine(write(_RELEASED))
    bring_up(str(engine.url))
    with engine.begin() as connection:
        assert drift(connection, connections[0], metadata()) == []
    engine.dispose()


def test_a_database_of_the_first_commits_answers_and_keeps_its_agreements(
    write: Write, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "agreements"
    folder.mkdir()
    (folder / "catalog.toml").write_text(
        "".join(
            f'[{key}]\ntitle = "{key}协议"\nnames = ["{key}"]\nparties = ["甲方"]\nfile = "{key}.txt"\nsource = "测试"\n'
            for key in ("jia", "yi")
        ),
        encoding="utf-8",
    )
    with closing(Library(write(_FIRST))) as library:
        texts = {key: library.source_text(key) for key in ("jia", "yi")}
    for key, text in texts.items():
        (folder / f"{key}.txt").write_text(text, encoding="utf-8")
    monkeypatch.setenv("WENYUE_AGREEMENTS", str(folder))
    result = _run("ask", "谁应当付款？")
    assert result.exit_code == 0, result.output
    assert "《jia协议》1.1" in result.stdout
    rows = _rows(database)
    assert [(row["agreement"], row["number"]) for row in rows["agreement_version"]] == [("jia", 1), ("yi", 1)]
    assert len(rows["answer"]) == 1


def test_messages_without_the_column_that_came_later_are_taken_over(write: Write, database: Path) -> None:
    url = write(_RELEASED)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("ALTER TABLE inbox DROP COLUMN handle")
        connection.commit()
    bring_up(url)
    with closing(Inbox(url)) as inbox:
        (message,) = inbox.left("telegram")
    assert (message.id, message.handle, message.agreements) == ("41", "", ("jia",))


def test_a_copy_of_what_was_kept_stays_beside_it_for_its_owner_alone(write: Write, database: Path) -> None:
    url = write(_RELEASED)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("ALTER TABLE inbox DROP COLUMN handle")
        connection.commit()
    before, told = _rows(database), list[str]()
    bring_up(url, told.append)
    copy = database.with_name(f"library.db.before-{HEAD}")
    assert _rows(copy) == before
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert str(copy) in told[0]
    assert {path.name for path in database.parent.glob("library.db*")} == {"library.db", copy.name}


def test_where_no_table_that_is_there_changes_nothing_is_copied_or_said(database: Path, write: Write) -> None:
    url, told = write(_FIRST), list[str]()
    rows = _rows(database)
    bring_up(url, told.append)
    assert (told, _revision(database)) == ([], [HEAD])
    assert {name: _rows(database)[name] for name in rows} == rows
    assert not list(database.parent.glob("*.before-*"))


def test_where_no_copy_can_be_written_nothing_is_changed(write: Write, database: Path) -> None:
    url = write(_RELEASED)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("ALTER TABLE inbox DROP COLUMN handle")
        connection.commit()
    database.with_name(f"library.db.before-{HEAD}").mkdir()
    with pytest.raises(StorageError, match="副本"):
        bring_up(url)
    assert "alembic_version" not in _tables(database)


def _tables(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@pytest.mark.parametrize("command", [("ask", "谁付款？"), ("agreements", "list"), ("doctor",)])
def test_a_database_newer_than_the_program_is_refused_and_left_as_it_was(database: Path, command: tuple[str, ...]) -> None:
    bring_up(f"sqlite:///{database}")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = database.read_bytes()
    result = _run(*command)
    assert result.exit_code == 1
    if command != ("doctor",):
        assert result.stdout == ""
        assert len(result.stderr.strip().splitlines()) == 1
    assert "9999" in result.output
    assert database.read_bytes() == before


@pytest.mark.parametrize("kill_at", [1, 2, 17, 31, 39, 40, 41])
def test_who_is_killed_in_an_upgrade_leaves_the_database_before_or_after_it(write: Write, database: Path, kill_at: int) -> None:
    url = write(_RELEASED)
    with closing(sqlite3.connect(database)) as connection:  # so that rows are moved too
        connection.executescript("ALTER TABLE inbox DROP COLUMN handle; ALTER TABLE wecom_stream DROP COLUMN card; DROP TABLE lease")
    before = (_tables(database), _rows(database))
    ended = subprocess.run([sys.executable, "-c", _KILLED, url, str(kill_at)], capture_output=True, check=False)
    if ended.returncode == -signal.SIGKILL:
        assert (_tables(database), _rows(database)) == before
    else:
        assert ended.returncode == 0
        assert _revision(database) == [HEAD]
    bring_up(url)
    assert set(_rows(database)) == set(metadata().tables)


def test_of_processes_at_once_one_migrates_and_the_others_wait(write: Write, database: Path, together: Callable[..., list[Any]]) -> None:
    url = write(_RELEASED)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("ALTER TABLE inbox DROP COLUMN handle")
        connection.commit()
    told = together(_brought_up, [(url,)] * 4)
    assert sorted(map(len, told)) == [0, 0, 0, 2]
    assert len(_rows(database)["inbox"]) == 2


def _brought_up(url: str) -> list[str]:
    told: list[str] = []
    bring_up(url, told.append)
    return told


def test_who_writes_is_waited_for(write: Write, database: Path, start_process: Callable[..., Any]) -> None:
    url = write(_RELEASED)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        process = start_process(bring_up, url)
        time.sleep(1)
        assert process.is_alive()
        connection.execute("COMMIT")
    process.join(60)
    assert process.exitcode == 0
    assert _revision(database) == [HEAD]


def test_a_file_that_is_no_database_is_named(database: Path) -> None:
    database.write_bytes(os.urandom(8192))
    with pytest.raises(StorageError, match="not a database"):
        bring_up(f"sqlite:///{database}")


def test_tables_of_others_stay_as_they_are(write: Write, connections: tuple[Connection, Connection]) -> None:
    others = MetaData()
    Table("theirs", others, Column("id", Integer, primary_key=True), Column("data", String))
    others.create_all(connections[0])
    connections[0].exec_driver_sql("INSERT INTO theirs VALUES (1, 'x')")
    upgrade(connections[0])
    assert connections[0].exec_driver_sql("SELECT * FROM theirs").all() == [(1, "x")]
