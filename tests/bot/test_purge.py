"""`wenyue purge` and `wenyue export`: asked before anything goes, all of it or nothing, and not a word left in any file."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import event

from bot.cli import app
from bot.privacy.keeping import Keeping
from bot.privacy.purge import Purge
from bot.privacy.whose import Whose
from bot.storage.upgrade import bring_up
from retrieval.library import Library
from tests.bot.people import CHANNEL, live, words_of

_ANN, _BEN = "anna4711", "bert4712"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Of the database in the data folder of the test."""
    url = f"sqlite:///{tmp_path / 'library.db'}"
    bring_up(url)
    for user in (_ANN, _BEN):
        live(url, user)
    return url


def _run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as raised:
        app(list(arguments))
    return int(raised.value.code or 0)


def _held(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def _words(user: str, folder: Path) -> list[str]:
    held = _held(folder)
    return [word for word in words_of(user) if word.encode() in held]


def test_it_counts_and_asks_first_and_nobody_there_to_ask_means_no(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _run("purge", "--user", f"{CHANNEL}:{_ANN}") == 1
    told = capsys.readouterr().err
    assert "问答" in told
    assert "--yes" in told
    assert "没有删除" in told
    monkeypatch.setattr("sys.stdin", _Terminal("no\n"))
    assert _run("purge", "--user", f"{CHANNEL}:{_ANN}") == 1
    assert len(_words(_ANN, tmp_path)) == len(words_of(_ANN))


class _Terminal:
    def __init__(self, line: str) -> None:
        self._line = line

    def isatty(self) -> bool:
        return True

    def readline(self, _size: int = -1) -> str:
        return self._line


def test_with_yes_a_person_is_gone_and_again_is_no_harm(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert _run("purge", "--user", f"{CHANNEL}:{_ANN}", "--yes") == 0
    assert _words(_ANN, tmp_path) == []
    assert len(_words(_BEN, tmp_path)) == len(words_of(_BEN))
    assert _ANN not in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["--all", "--user", "telegram:1"], ["--user", "telegram"], ["--user", "irc:1"], ["--chat", "telegram:"]]
)
def test_who_is_meant_must_be_said_once_and_plainly(url: str, tmp_path: Path, arguments: list[str]) -> None:
    assert _run("purge", *arguments, "--yes") == 2
    assert len(_words(_ANN, tmp_path)) == len(words_of(_ANN))


def test_all_takes_everything_of_people_what_was_added_and_what_was_derived_and_the_next_start_makes_the_shipped_anew(
    url: str, tmp_path: Path, make_library: Callable[..., Library], capsys: pytest.CaptureFixture[str]
) -> None:
    library = make_library({"own": "自己协议\n\n1 总则\n1.1 甲方应当付清全部紫色款项。\n"})
    added = tmp_path / "added.txt"
    added.write_text("添加的协议\n\n第一条 乙方应当交付橙色货物。\n第二条 乙方应当及时通知。\n", encoding="utf-8")
    library.add(added, key="added", title="添加的协议")
    added.unlink()
    for folder in ("index", "enriched"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "written").write_text("模型写的橙色问题", encoding="utf-8")
    (tmp_path / "vectors.db").write_bytes(b"v")
    (tmp_path / "notes-of-somebody-else.txt").write_text("不是问约的", encoding="utf-8")
    assert _run("purge", "--all", "--yes") == 0
    assert "协议" in capsys.readouterr().err
    assert _words(_ANN, tmp_path) + _words(_BEN, tmp_path) == []
    held = _held(tmp_path)
    assert "橙色".encode() not in held
    left = {path.name for path in tmp_path.iterdir()} - {"agreements"}
    assert left <= {"library.db", "library.db-wal", "library.db-shm", "notes-of-somebody-else.txt"}
    again = Library(url)
    again.sync(tmp_path / "agreements" / "catalog.toml")
    assert [agreement.key for agreement in again.agreements] == ["own"]


def test_it_works_while_somebody_reads_and_writes(url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "library.db", check_same_thread=False)) as other:
        assert other.execute("SELECT count(*) FROM answer").fetchone() == (4,)
        assert _run("purge", "--user", f"{CHANNEL}:{_ANN}", "--yes") == 0
        assert other.execute("SELECT count(*) FROM answer").fetchone() == (2,)
    assert _words(_ANN, tmp_path) == []


def test_it_says_so_where_a_reader_keeps_the_log_from_being_emptied(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bot.privacy.purge._TRIES", 1)
    with closing(sqlite3.connect(tmp_path / "library.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM answer").fetchone()
        assert _run("purge", "--user", f"{CHANNEL}:{_ANN}", "--yes") == 1
        assert "再运行一次" in capsys.readouterr().err
    assert _run("purge", "--user", f"{CHANNEL}:{_ANN}", "--yes") == 0
    assert _words(_ANN, tmp_path) == []


def _purge_and_die(url: str, home: Path) -> None:
    """Kill this process when all is deleted and nothing written for good."""
    import bot.privacy.purge
    from bot.database import opened

    def opened_to_die(held: str, **more: object) -> object:
        engine = opened(held, **more)
        event.listen(engine, "commit", lambda _connection: os.kill(os.getpid(), signal.SIGKILL))
        return engine

    vars(bot.privacy.purge)["opened"] = opened_to_die
    Purge(url, home).run(Whose(CHANNEL, user=_ANN))


def test_who_is_killed_in_the_middle_has_deleted_nothing(url: str, tmp_path: Path, start_process: Callable[..., BaseProcess]) -> None:
    process = start_process(_purge_and_die, url, tmp_path)
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    with closing(Keeping(url, 180)) as keeping:
        assert [name for name, rows in keeping.told(Whose(CHANNEL, user=_ANN)).items() if not rows] == []


def test_an_export_is_one_json_object_that_only_its_owner_can_read(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "ann.json"
    assert _run("export", "--user", f"{CHANNEL}:{_ANN}", "--out", str(out)) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    capsys.readouterr()
    assert _run("export", "--user", f"{CHANNEL}:{_ANN}") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown | {"exported_at": ""} == json.loads(out.read_text(encoding="utf-8")) | {"exported_at": ""}
    assert shown["questions_and_answers"][0]["question"] == words_of(_ANN)[0]
    assert _run("export") == 2
    assert _run("export", "--user", f"{CHANNEL}:{_ANN}", "--out", str(tmp_path / "no" / "where")) == 1
