"""Versions in Postgres are those in SQLite, and what is killed or done at once is done wholly or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine

from retrieval.library import Library
from tests.services.test_postgres import cluster as cluster
from tests.services.test_postgres import database as database

_PROJECT = Path(__file__).parent.parent.parent
_NOW = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
_UPDATE = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from retrieval.library import Library

url, file, dies = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "dies"
library = Library(url)
if dies:
    event.listen(library._engine, "commit", lambda connection: os.kill(os.getpid(), signal.SIGKILL))
print(library.update("jia", file)[0].number)
"""


def _text(clauses: int) -> str:
    return "第一条 费用\n" + "\n".join(f"1.{at} 甲方应当在 {at} 日内付款，逾期的按日支付违约金。" for at in range(1, clauses + 1))


@pytest.fixture(autouse=True)
def _no_connection_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library has no end at which it closes its pooled connections; psycopg warns of those left open, and a warning is an error."""
    monkeypatch.setattr("retrieval.library.create_engine", partial(create_engine, poolclass=NullPool))


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog of one agreement, files to take in beside it."""
    for clauses in range(5, 12):
        (tmp_path / f"{clauses}.txt").write_text(_text(clauses), encoding="utf-8")
    catalog = tmp_path / "catalog.toml"
    catalog.write_text('[jia]\ntitle = "甲协议"\nnames = ["甲"]\nparties = ["甲方"]\nfile = "5.txt"\nsource = "测试"\n', encoding="utf-8")
    return catalog


def _changed(url: str, catalog: Path) -> Iterator[object]:
    """All that a library holds, after each of some changes."""
    library = Library(url, clock=lambda: _NOW)
    library.sync(catalog)
    yield _content(library)
    library.update("jia", catalog.with_name("6.txt"), "2025-02-01")
    yield _content(library)
    library.add(catalog.with_name("7.txt"), key="bing", title="丙协议")
    yield _content(library)
    library.update("bing", catalog.with_name("8.txt"), "2199-01-01")
    yield _content(library)
    library.remove("jia")
    library.sync(catalog)
    yield _content(library)
    library.restore("jia")
    library.sync(catalog)
    yield _content(library)


def _content(library: Library) -> object:
    versions = library.versions()
    kept = [library.version_clauses(version.key, version.number) for version in versions]
    return library.agreements, library.clauses(), library.likely(), library.version, versions, kept


def _updating(url: str, file: Path, *, dies: bool = False) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", _UPDATE, url, str(file), "dies" if dies else "lives"]
    return subprocess.Popen(arguments, cwd=_PROJECT, stdout=subprocess.PIPE, text=True)


def test_every_change_leaves_what_it_leaves_in_sqlite(database: str, catalog: Path) -> None:
    assert list(_changed(database, catalog)) == list(_changed(f"sqlite:///{catalog.with_name('library.db')}", catalog))


def test_an_update_that_is_killed_before_its_end_leaves_what_was_there(database: str, catalog: Path) -> None:
    Library(database).sync(catalog)
    before = _content(Library(database))
    process = _updating(database, catalog.with_name("9.txt"), dies=True)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert _content(Library(database)) == before
    assert Library(database).update("jia", catalog.with_name("9.txt"))[0].number == 2


def test_processes_that_update_at_once_each_make_a_version(database: str, catalog: Path) -> None:
    Library(database).sync(catalog)
    running = [_updating(database, catalog.with_name(f"{clauses}.txt")) for clauses in (7, 8, 9, 10)]
    numbers = sorted(int(process.communicate(timeout=60)[0]) for process in running)
    assert numbers == [2, 3, 4, 5]
    library = Library(database)
    assert library.agreement("jia").version == 5
    assert library.clauses(["jia"]) == library.version_clauses("jia", 5)


def test_the_console_script_compares_versions(database: str, catalog: Path, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "COLUMNS": "200", "WENYUE_DATABASE": database,
        "WENYUE_AGREEMENTS": str(catalog.parent),
    }  # fmt: skip
    for arguments in (["update", "jia", "6.txt"], ["diff", "jia"]):
        run = subprocess.run(
            [Path(sys.executable).with_name("wenyue"), "agreements", *arguments],
            env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
    assert "新增　1.6　费用" in run.stdout
