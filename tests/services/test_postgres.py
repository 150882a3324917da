"""The library in Postgres is the library in SQLite: the same clauses, and whole or not at all.

The cluster is a real one, on loopback and thrown away. Where Postgres is not installed these tests fail: none is left out.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine

from answering.answer import Language
from answering.errors import ModelError
from answering.prices import Price
from answering.spending import WRITTEN, Limits, Spending, Spent
from answering.wording import say
from retrieval.errors import StorageError
from retrieval.library import Library
from tests.postgres_process import PostgresProcess

_PROJECT = Path(__file__).parent.parent.parent
_AGREEMENTS = _PROJECT / "agreements"
_SYNC = """
import os, signal, sys
from pathlib import Path
from retrieval.library import Library

url, catalog, kill_at = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
told = []

def tell(message):
    told.append(message)
    if len(told) == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

print(Library(url).sync(catalog, tell=tell))
"""
TODAY = say("spent_today_", Language.SIMPLIFIED)


@pytest.fixture(autouse=True)
def _no_connection_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library has no end at which it closes its pooled connections; psycopg warns of those left open, and a warning is an error."""
    for module in ("retrieval.library", "answering.spending"):
        monkeypatch.setattr(f"{module}.create_engine", partial(create_engine, poolclass=NullPool))


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """A Postgres cluster; the start of its URLs, to which the name of a database is appended."""
    process = PostgresProcess()
    try:
        process.start()
        yield process.url
    finally:
        process.close()


@pytest.fixture
def database(cluster: str) -> str:
    """The URL of an empty database."""
    name = f"test_{time.monotonic_ns()}"
    with psycopg.connect(cluster.replace("+psycopg", "") + "postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return cluster + name


def _syncing(url: str, folder: Path = _AGREEMENTS, *, kill_at: int = 0) -> subprocess.Popen[str]:
    """A process that brings a database in line; it kills itself when it begins to write the agreement of that count."""
    arguments = [sys.executable, "-c", _SYNC, url, str(folder / "catalog.toml"), str(kill_at)]
    return subprocess.Popen(arguments, cwd=_PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _is_whole(url: str, shipped: Library) -> bool:
    """Whether a library says what the shipped one says, of whichever version."""
    library = Library(url)
    agreements = [replace(agreement, version=1) for agreement in library.agreements]
    return (agreements, library.clauses(), library.likely()) == (shipped.agreements, shipped.clauses(), shipped.likely())


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A folder with earlier versions of two of the agreements, and one less."""
    folder = tmp_path / "older"
    shutil.copytree(_AGREEMENTS, folder)
    for name in ("qidian", "weka"):
        text = folder / f"{name}.txt"
        text.write_text(text.read_text(encoding="utf-8").replace("自然日", "工作日"), encoding="utf-8")
    catalog = folder / "catalog.toml"
    catalog.write_text(catalog.read_text(encoding="utf-8").partition("[archive]")[0], encoding="utf-8")
    return folder


def test_clauses_are_the_same_as_in_sqlite(database: str, shipped: Library) -> None:
    assert Library(database).sync(_AGREEMENTS / "catalog.toml") is True
    assert _is_whole(database, shipped)
    assert Library(database).version == shipped.version
    assert Library(database).source_text("qidian") == shipped.source_text("qidian")


def test_nothing_is_written_when_nothing_has_changed(database: str) -> None:
    assert Library(database).sync(_AGREEMENTS / "catalog.toml") is True
    told: list[str] = []
    assert Library(database).sync(_AGREEMENTS / "catalog.toml", tell=told.append) is False
    assert told == []


def test_a_changed_agreement_replaces_the_earlier_one_and_one_gone_is_gone(database: str, older: Path, shipped: Library) -> None:
    Library(database).sync(older / "catalog.toml")
    assert [agreement.key for agreement in Library(database).agreements] == ["qidian", "wework", "lexiang"]
    Library(database).sync(_AGREEMENTS / "catalog.toml")
    assert _is_whole(database, shipped)
    Library(database).sync(older / "catalog.toml")
    assert {clause.agreement for clause in Library(database).clauses()} == {"qidian", "wework", "lexiang"}


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_that_sync_at_once_agree(processes: int, database: str, shipped: Library) -> None:
    running = [_syncing(database) for _ in range(processes)]
    told = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0] * processes
    assert "True\n" in told
    assert _is_whole(database, shipped)


def test_processes_that_change_the_same_library_at_once_agree(database: str, older: Path, shipped: Library) -> None:
    Library(database).sync(older / "catalog.toml")
    running = [_syncing(database) for _ in range(3)]
    for process in running:
        process.communicate(timeout=60)
    assert [process.returncode for process in running] == [0] * 3
    assert _is_whole(database, shipped)


@pytest.mark.parametrize("kill_at", [1, 3, 5])
def test_a_first_sync_that_is_killed_leaves_nothing_and_the_next_one_succeeds(kill_at: int, database: str, shipped: Library) -> None:
    process = _syncing(database, kill_at=kill_at)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert (Library(database).agreements, Library(database).clauses(), Library(database).likely()) == ([], [], {})
    assert Library(database).sync(_AGREEMENTS / "catalog.toml") is True
    assert _is_whole(database, shipped)


def test_a_later_sync_that_is_killed_leaves_what_was_there(database: str, older: Path, shipped: Library) -> None:
    Library(database).sync(older / "catalog.toml")
    before = Library(database).clauses()
    process = _syncing(database, kill_at=2)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert Library(database).clauses() == before
    assert Library(database).sync(_AGREEMENTS / "catalog.toml") is True
    assert _is_whole(database, shipped)


def test_a_sync_does_not_disturb_who_is_reading(database: str, older: Path) -> None:
    Library(database).sync(older / "catalog.toml")
    reader = Library(database)
    before = reader.clauses()
    Library(database).sync(_AGREEMENTS / "catalog.toml")
    assert reader.clauses() == before
    assert Library(database).clauses() != before


def test_a_database_that_does_not_exist_is_told_of(cluster: str) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        Library(f"{cluster}nowhere").sync(_AGREEMENTS / "catalog.toml")


def test_the_console_script_reads_from_it(database: str, shipped: Library, tmp_path: Path) -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("wenyue"), "clauses", "--json"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "WENYUE_DATABASE": database},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0
    assert len(run.stdout.splitlines()) == len(shipped.clauses())
    assert _is_whole(database, shipped)


_CALL = 100 + WRITTEN  # tokens a call is reckoned at


def _spending(url: str, **limits: int) -> Spending:
    return Spending(url, Limits(**limits), {"priced": Price(2.0, 8.0, 2.0)})


_SPEND = """
import sys
from answering.errors import ModelError
from answering.spending import WRITTEN, Limits, Spending

url, chat, call = sys.argv[1], sys.argv[2], int(sys.argv[3])
spending = Spending(url, Limits(tokens=25 * call, chat_tokens=10 * call), {})
allowed = 0
for _ in range(12):
    try:
        spending.settle(spending.reserve("free", chat, call - WRITTEN), call - WRITTEN, WRITTEN)
        allowed += 1
    except ModelError as error:
        assert "上限" in str(error), error
print(allowed)
"""


def test_what_models_cost_is_booked_and_limited_as_in_sqlite(database: str) -> None:
    spending = _spending(database, tokens=2 * _CALL)
    reservation = spending.reserve("priced", "team", 100)
    spending.settle(reservation, 150, 50)
    assert spending.spent() == spending.spent("team") == Spent(200, 700)
    assert _spending(database).spent() == Spent(200, 700)
    spending.reserve("priced", "team", 100)
    with pytest.raises(ModelError, match=TODAY):
        spending.reserve("priced", "team", 100)


def test_processes_that_spend_at_once_do_not_pass_a_limit(database: str) -> None:
    arguments = [[sys.executable, "-c", _SPEND, database, chat, str(_CALL)] for chat in ("a", "a", "b", "c")]
    running = [subprocess.Popen(each, cwd=_PROJECT, stdout=subprocess.PIPE, text=True) for each in arguments]
    allowed = [int(process.communicate(timeout=60)[0]) for process in running]
    assert allowed[0] + allowed[1] <= 10
    assert max(allowed) <= 10
    assert sum(allowed) == 25
    assert _spending(database).spent().tokens == 25 * _CALL
