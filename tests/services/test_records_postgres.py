"""The records in Postgres are those in SQLite: whole or not at all, found the same way, and no answer waits for a server that is gone."""

from __future__ import annotations

import datetime
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import psycopg
import pytest

from answering.answer import Answer, Status
from bot.place import Place
from bot.records import Records, RecordsError
from tests.services.test_postgres import cluster as cluster
from tests.services.test_postgres import database as database

_PROJECT = Path(__file__).parent.parent.parent
_HERE = Place("telegram", "-100", "7", "ann")
_KEEP = """
import os, signal, sys
from sqlalchemy import event
from answering.answer import Answer, Status
from bot.place import Place
from bot.records import Records

url, asker, times, dies = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "dies"
records, place = Records(url), Place("web", "", "", asker)
for at in range(times):
    if dies and at == times - 1:
        event.listen(records._engine, "commit", lambda connection: os.kill(os.getpid(), signal.SIGKILL))
    assert records.keep(place, Answer("a", f"{asker}{at}", Status.NOT_COVERED, message="没有写到。"), fingerprint="f")
assert records.earlier(place, times) == [f"{asker}{at}" for at in range(times)]
records.close()
"""


class _Clock:
    def __init__(self) -> None:
        self.now = datetime.datetime(2025, 3, 1, 9, 30, tzinfo=datetime.timezone(timedelta(hours=8)))

    def __call__(self) -> datetime.datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def records(database: str, clock: _Clock) -> Iterator[Records]:
    kept = Records(database, 30, clock)
    yield kept
    kept.close()


def _keep(records: Records, question: str, place: Place = _HERE, key: str | None = None) -> str:
    answer = Answer("a1", question, Status.NOT_COVERED, message="没有写到。")
    kept = records.keep(place, answer, fingerprint="f", key=key)
    assert kept is not None
    return kept


def _keeping(url: str, asker: str, times: int, *, dies: bool = False) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", _KEEP, url, asker, str(times), "dies" if dies else "lives"]
    return subprocess.Popen(arguments, cwd=_PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_what_was_answered_comes_back_whole_and_its_moment_in_utc(records: Records, database: str) -> None:
    id_ = _keep(records, "企点\0一年多少钱\ud83d")
    other = Records(database)
    record = other.get(id_[:11])
    other.close()
    assert (record.place, record.question, record.status) == (_HERE, "企点一年多少钱?", "not_covered")
    assert record.answer == Answer("a1", "企点\0一年多少钱\ud83d", Status.NOT_COVERED, message="没有写到。").to_json()
    assert record.at == datetime.datetime(2025, 3, 1, 1, 30, 0, 1000, tzinfo=UTC)
    assert record.at.utcoffset() == timedelta(0)
    with pytest.raises(RecordsError):
        records.get("zz")


def test_a_conversation_and_its_end_are_remembered(records: Records, clock: _Clock) -> None:
    _keep(records, "甲")
    _keep(records, "乙")
    _keep(records, "别人的", Place("telegram", "-100", "7", "bob"))
    assert records.earlier(_HERE, 6) == ["甲", "乙"]
    for question in ("丙", "丁"):
        records.begin(_HERE)
        assert records.earlier(_HERE, 6) == []
        _keep(records, question)
        assert records.earlier(_HERE, 6) == [question]
    clock.now += timedelta(hours=12)
    assert records.earlier(_HERE, 6) == []


def test_answers_are_found_by_key_listed_and_deleted(records: Records, clock: _Clock) -> None:
    _keep(records, "Old 100%", key="k")
    newest = _keep(records, "new", Place("wecom", "g", "", "bob"), key="k")
    found = records.recent("k", timedelta(hours=1))
    assert found is not None
    assert found.id == newest
    assert [record.question for record in records.listing(contains="0%")] == ["Old 100%"]
    assert [record.question for record in records.listing(contains="old", status="not_covered", channel="telegram")] == ["Old 100%"]
    assert [record.question for record in records.listing(since=clock.now - timedelta(hours=1))] == ["new", "Old 100%"]
    assert records.forget("wecom", asker="bob") == 1
    clock.now += timedelta(days=31)
    assert records.expire() == 1
    assert records.listing() == []


def test_what_is_too_old_is_deleted_when_more_is_kept(records: Records, database: str, clock: _Clock) -> None:
    _keep(records, "很久以前")
    clock.now += timedelta(days=31)
    later = Records(database, 30, clock)
    _keep(later, "今天")
    assert [record.question for record in later.listing()] == ["今天"]
    later.close()


def test_with_no_days_what_was_kept_is_deleted_and_nothing_is_written(records: Records, database: str) -> None:
    _keep(records, "从前")
    nothing = Records(database, 0)
    _keep(nothing, "现在")
    assert nothing.earlier(_HERE, 6) == ["现在"]
    nothing.close()
    assert records.listing() == []


def test_processes_that_make_the_tables_and_write_at_once_lose_nothing(records: Records, database: str) -> None:
    running = [_keeping(database, asker, 40) for asker in ("a", "b", "c")]
    errors = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], errors
    assert len({record.id for record in records.listing(limit=999)}) == 120


def test_an_answer_whose_writing_is_cut_short_is_not_there(records: Records, database: str) -> None:
    process = _keeping(database, "a", 5, dies=True)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert [record.question for record in records.listing()] == ["a3", "a2", "a1", "a0"]


def test_connections_that_the_server_has_cut_are_made_anew(records: Records, database: str, caplog: pytest.LogCaptureFixture) -> None:
    _keep(records, "甲")
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    _keep(records, "乙")
    assert records.earlier(_HERE, 6) == ["甲", "乙"]
    assert not [line for line in caplog.records if line.levelno >= logging.WARNING]


def test_no_answer_waits_long_for_a_server_that_does_not_answer(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and says nothing
        records = Records(f"postgresql+psycopg://me:hunter2@127.0.0.1:{silent.getsockname()[1]}/db")
        began = time.monotonic()
        assert records.earlier(_HERE, 6) == []
        assert records.recent("k", timedelta(hours=1)) is None
        assert records.keep(_HERE, Answer("a", "机密", Status.ERROR), fingerprint="f") is None
        assert time.monotonic() - began < 10
        records.close()
    assert len([line for line in caplog.records if line.levelno >= logging.WARNING]) == 1
    assert "机密" not in caplog.text
    assert "hunter2" not in caplog.text


def test_the_console_script_keeps_and_lists_answers_in_it(database: str, tmp_path: Path) -> None:
    folder = tmp_path / "agreements"
    folder.mkdir()
    (folder / "parking.txt").write_text("停车协议\n第一条 收费\n1.1 停车每小时收费 5 元，每日最高收费 40 元。\n", encoding="utf-8")
    (folder / "catalog.toml").write_text(
        '[parking]\ntitle = "停车协议"\nnames = ["停车"]\nparties = ["您"]\nfile = "parking.txt"\nsource = "测试"\n', encoding="utf-8"
    )
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "WENYUE_DATABASE": database,
        "WENYUE_AGREEMENTS": str(folder), "WENYUE_HOME": str(tmp_path / "data"),
    }  # fmt: skip
    for arguments in (["ask", "停车每小时多少钱"], ["answers", "--contains", "每小时", "--json"]):
        run = subprocess.run(
            [Path(sys.executable).with_name("wenyue"), *arguments],
            env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
    assert '"question": "停车每小时多少钱"' in run.stdout
