"""A backup holds everything that is kept, and restores to just that or to nothing."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.storage.backup import back_up, rotate
from bot.storage.backup_file import MANIFEST, BackupError, BackupFile
from bot.storage.restore import NotEmpty, restore
from bot.storage.upgrade import bring_up
from retrieval.errors import StorageError
from tests.full_database import fill

_TEXT = "停车协议\n\n一、收费\n\n1.1 停车每小时收费 5 元。\n\n1.2 您可以在 30 日内申请开具发票。\n"
_CATALOG = '[jia]\ntitle = "甲协议"\nnames = ["甲"]\nparties = ["甲方"]\nfile = "jia.txt"\nsource = "测试"\n'
_LINE = '{"clause": "1.1", "of": "0", "questions": [{"voice": "plain", "text": "多少钱？"}]}'
_QUESTIONS = ("停车每小时收费多少？", "逾期付款怎么办？", "1.9 说什么？", "今天天气怎么样？")
_KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from bot.storage.backup_file import BackupFile
from bot.storage.restore import restore

done = [0]

@event.listens_for(Engine, "after_cursor_execute")
def count(connection, cursor, statement, *rest):
    if statement.lstrip().split()[0] in ("CREATE", "DROP", "INSERT", "UPDATE") and connection.engine.url.database:
        done[0] += 1
        if done[0] == int(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)

restore(BackupFile(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3]), replace=True, progress=lambda *_: None)
"""


def _quiet(step: str, done: int, total: int) -> None:
    pass


def _run(*arguments: str | Path, input: str = "") -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=input)


def _done(*arguments: str | Path) -> Result:
    result = _run(*arguments)
    assert (result.exit_code, result.exception) == (0, None), result.output
    return result


def _url(home: Path) -> str:
    return f"sqlite:///{home / 'library.db'}"


def _rows(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(home / "library.db")) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=str) for name in names}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which every table and the folder of written questions hold something."""
    agreements, home = tmp_path / "agreements", tmp_path / "home"
    agreements.mkdir()
    (agreements / "jia.txt").write_text("一、费用\n\n1.1 甲方应当在 7 日内付款。\n\n1.2 逾期付款的，按日支付违约金。\n", encoding="utf-8")
    (agreements / "catalog.toml").write_text(_CATALOG, encoding="utf-8")
    monkeypatch.setenv("WENYUE_AGREEMENTS", str(agreements))
    monkeypatch.setenv("WENYUE_HOME", str(home))
    (tmp_path / "yi.txt").write_text(_TEXT, encoding="utf-8")
    (tmp_path / "later.txt").write_text(_TEXT.replace("30 日", "15 日"), encoding="utf-8")
    _done("agreements", "add", tmp_path / "yi.txt", "--key", "yi")
    _done("agreements", "update", "yi", tmp_path / "later.txt")
    fill(_url(home))
    (home / "enriched").mkdir()
    (home / "enriched" / "yi.questions.jsonl").write_text("\n".join([_LINE, _LINE.replace("1.1", "1.2")]), encoding="utf-8")
    return home


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A backup of it."""
    _done("backup", tmp_path / "saved.zip")
    return tmp_path / "saved.zip"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another data folder, which commands use from now on."""
    monkeypatch.setenv("WENYUE_HOME", str(tmp_path / "elsewhere"))
    return tmp_path / "elsewhere"


def _answers() -> list[Any]:
    """What does not change from one giving of the same answer to another."""
    found = [json.loads(_done("ask", question, "--json").stdout) for question in _QUESTIONS]
    return [{name: value for name, value in answer.items() if name not in ("latency_ms", "first_ms", "cached")} for answer in found]


def test_every_row_and_every_question_is_restored_and_answers_are_the_same(
    home: Path, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, said = _rows(home), _answers()
    monkeypatch.setenv("WENYUE_HOME", str(tmp_path / "elsewhere"))
    _done("restore", saved)
    assert _rows(tmp_path / "elsewhere") == before
    written = [home / "enriched" / "yi.questions.jsonl", tmp_path / "elsewhere" / "enriched" / "yi.questions.jsonl"]
    assert written[0].read_bytes() == written[1].read_bytes()
    assert _answers() == said
    assert [answer["status"] for answer in said[:2]] == ["answered", "answered"]


def test_tables_are_not_empty_where_they_are_compared(home: Path) -> None:
    empty = {name for name, rows in _rows(home).items() if not rows}
    assert not empty & {"agreement", "agreement_version", "clause", "inbox", "vote", "spending", "allowed", "told", "wecom_stream"}


def test_the_manifest_says_what_is_in_it_and_only_its_owner_reads_it(saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    with zipfile.ZipFile(saved) as archive:
        manifest = json.loads(archive.read(MANIFEST))
        assert (manifest["schema"], manifest["database"], manifest["format"]) == ("0001", "sqlite", "wenyue backup")
        counted = {entry["name"]: entry["rows"] for entry in manifest["entries"]}
        assert counted["rows/agreement_version.jsonl"] == 3
        assert counted["enriched/yi.questions.jsonl"] == 2
        assert not [name for name in archive.namelist() if "index" in name]


def test_what_is_sealed_in_the_database_is_sealed_in_the_backup(home: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(home / "library.db")) as connection:
        connection.execute("UPDATE vote SET reason = 'sealed:1:gAAAA'")
        connection.commit()
    _done("backup", tmp_path / "sealed.zip")
    with zipfile.ZipFile(tmp_path / "sealed.zip") as archive:
        assert b'"reason":"sealed:1:gAAAA"' in archive.read("rows/vote.jsonl")


def test_a_file_that_is_there_is_replaced_only_by_force(saved: Path, tmp_path: Path) -> None:
    os.utime(saved, (0, 0))
    refused = _run("backup", saved)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "--force" in refused.stderr
    assert saved.stat().st_mtime == 0
    _done("backup", saved, "--force")
    assert saved.stat().st_mtime > 0
    assert not list(tmp_path.glob(".*"))


def test_of_a_folder_only_the_newest_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in range(1, 5):
        (folder / f"wenyue-2026010{day}-000000.zip").touch()
    (folder / "notes.zip").touch()
    stale = folder / ".wenyue-20260101-000000.zip.1.writing"
    stale.touch()
    os.utime(stale, (0, 0))
    _done("backup", folder, "--keep", "3")
    kept = sorted(path.name for path in folder.iterdir())
    assert kept[:3] == ["notes.zip", "wenyue-20260103-000000.zip", "wenyue-20260104-000000.zip"]
    assert len(kept) == 4
    BackupFile(folder / kept[3]).check(lambda _: None)
    assert rotate(folder, 3) == []


def test_where_there_is_no_database_nothing_is_backed_up(elsewhere: Path, tmp_path: Path) -> None:
    result = _run("backup", tmp_path / "none.zip")
    assert result.exit_code == 1
    assert "还没有数据库" in result.stderr
    assert not (tmp_path / "none.zip").exists()
    assert not elsewhere.exists()


def test_a_backup_is_of_one_moment_while_somebody_writes(home: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(home / "library.db", timeout=30)) as connection:
            number = 0
            while not stop.is_set():
                number += 1
                connection.execute("INSERT INTO told VALUES ('x', ?, 'k', '2026-01-01 00:00:00.000000')", (f"{number:08}",))
                connection.execute("INSERT INTO seen_update VALUES ('x', ?, '2026-01-01 00:00:00.000000')", (f"{number:08}",))
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for at in range(10):
            back_up(_url(home), home / "enriched", tmp_path / f"{at}.zip", replace=False, progress=_quiet)
    finally:
        stop.set()
        writer.join()
    pairs = []
    for at in range(10):
        with zipfile.ZipFile(tmp_path / f"{at}.zip") as archive:
            pairs.append(tuple(archive.read(f"rows/{name}.jsonl").count(b'"channel":"x"') for name in ("told", "seen_update")))
    assert all(told == seen for told, seen in pairs)
    assert pairs[0] < pairs[-1]


def test_a_database_that_holds_something_is_replaced_only_when_asked_and_agreed(home: Path, saved: Path) -> None:
    before = _rows(home)
    with closing(sqlite3.connect(home / "library.db")) as connection:
        connection.execute("DELETE FROM vote")
        connection.commit()
    since = _rows(home)
    refused = _run("restore", saved)
    assert (refused.exit_code, len(refused.stderr.strip().splitlines())) == (1, 1)
    assert "--replace" in refused.stderr
    assert _run("restore", saved, "--replace", input="n\n").exit_code == 1
    assert _run("restore", saved, "--replace").exit_code == 1  # nobody is there to agree
    assert _rows(home) == since
    assert _run("restore", saved, "--replace", input="y\n").exit_code == 0
    assert _rows(home) == before
    with pytest.raises(NotEmpty):
        restore(BackupFile(saved), _url(home), home / "enriched", replace=False, progress=_quiet)
    _done("restore", saved, "--replace", "--yes")


def _rewritten(saved: Path, change: Callable[[dict[str, bytes]], None], *, signed: bool = True) -> None:
    """Write the backup again with other entries; `signed`: the manifest tells of them as they are."""
    with zipfile.ZipFile(saved) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    manifest = json.loads(entries.pop(MANIFEST))
    if signed:
        manifest["entries"] = [
            {"name": name, "rows": len(data.splitlines()), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in entries.items()
        ]
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**entries, MANIFEST: json.dumps(manifest).encode()}.items():
            archive.writestr(name, data)


def _put(name: str, data: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda entries: entries.update({name: data})


def _manifest(**changed: object) -> Callable[[dict[str, bytes]], None]:
    return lambda entries: entries.update({MANIFEST: json.dumps(json.loads(entries[MANIFEST]) | changed).encode()})


def _reworded(entries: dict[str, bytes]) -> None:
    entries["rows/vote.jsonl"] = entries["rows/vote.jsonl"].replace(b'"down"', b'"up"')


_CHANGES: dict[str, tuple[Callable[[dict[str, bytes]], None], bool]] = {
    "a row reworded": (_reworded, False),
    "a row of another table": (_put("rows/vote.jsonl", b'{"id":1}\n'), True),
    "a line that is no JSON": (_put("rows/vote.jsonl", b"{\n"), True),
    "a value of another kind": (_put("rows/lease.jsonl", b'{"name":[1],"holder":"x","renewed":"2026-01-01T00:00:00+00:00"}\n'), True),
    "no moment": (_put("rows/lease.jsonl", b'{"name":"n","holder":"x","renewed":"soon"}\n'), True),
    "a null where none may be": (_put("rows/lease.jsonl", b'{"name":"n","holder":null,"renewed":"2026-01-01T00:00:00+00:00"}\n'), True),
    "the same row twice": (_put("rows/lease.jsonl", b'{"name":"n","holder":"x","renewed":"2026-01-01T00:00:00+00:00"}\n' * 2), True),
    "a table that nobody knows": (_put("rows/sqlite_master.jsonl", b"{}\n"), True),
    "alembic's own table": (_put("rows/alembic_version.jsonl", b'{"version_num":"9999"}\n'), True),
    "a path upwards": (_put("enriched/../../x.questions.jsonl", b"x"), True),
    "an absolute path": (_put("/tmp/x.questions.jsonl", b"x"), True),
    "a backslash": (_put("enriched/..\\x.questions.jsonl", b"x"), True),
    "a file that the manifest does not name": (_put("more.txt", b"x"), False),
    "a zip bomb": (_put("rows/vote.jsonl", b"0" * (40 << 20)), True),
    "a newer schema": (_manifest(schema="9999"), True),
    "a newer format": (_manifest(number=2), True),
    "another program's": (_manifest(format="other"), True),
    "no list of entries": (_manifest(entries=7), False),
    "entries of another kind": (_manifest(entries=[{"name": 1}]), False),
}


def _is_refused(file: Path, home: Path) -> str:
    """One sentence, and nothing is changed. Returns it."""
    before, files = _rows(home), sorted(home.parent.rglob("*"))
    result = _run("restore", file, "--replace", "--yes")
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.strip().startswith("错误：")
    assert len(result.stderr.strip().splitlines()) == 1
    assert _rows(home) == before
    assert sorted(home.parent.rglob("*")) == files
    return result.stderr


@pytest.mark.parametrize("change", _CHANGES)
def test_a_backup_that_somebody_changed_is_refused(home: Path, saved: Path, change: str) -> None:
    _rewritten(saved, _CHANGES[change][0], signed=_CHANGES[change][1])
    _is_refused(saved, home)


def test_a_newer_backup_is_told_from_a_damaged_one(home: Path, saved: Path) -> None:
    _rewritten(saved, _manifest(schema="9999"))
    assert "9999" in _is_refused(saved, home)


def test_a_truncated_or_foreign_file_is_refused(home: Path, saved: Path, tmp_path: Path) -> None:
    data = saved.read_bytes()
    for at, part in enumerate((b"", data[: len(data) // 2], data[:-1], b"SQLite format 3\0" + bytes(4096))):
        path = tmp_path / f"{at}.bad"
        path.write_bytes(part)
        _is_refused(path, home)
    path = tmp_path / "other.bad"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert MANIFEST in _is_refused(path, home)
    _is_refused(tmp_path / "missing.zip", home)
    _is_refused(tmp_path, home)


def test_every_damaged_byte_of_rows_is_noticed(home: Path, saved: Path, tmp_path: Path) -> None:
    data = saved.read_bytes()
    path = tmp_path / "damaged.zip"
    for at in range(40, len(data) - 40, max(1, len(data) // 150)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x5A]) + data[at + 1 :])
        try:
            backup = BackupFile(path)
            with closing(backup):
                backup.check(lambda _: None)
        except BackupError:
            continue
        with zipfile.ZipFile(path) as archive:  # of what nothing depends on: times, versions
            assert {n: archive.read(n) for n in archive.namelist()} == _entries(saved)


def _entries(saved: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(saved) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("kill_at", [1, 20, 60, 100_000])
def test_who_is_killed_in_a_restore_leaves_the_database_before_or_after_it(home: Path, saved: Path, kill_at: int) -> None:
    after = _rows(home)
    with closing(sqlite3.connect(home / "library.db")) as connection:
        connection.execute("DELETE FROM vote")
        connection.commit()
    before = _rows(home)
    command = [sys.executable, "-c", _KILLED, str(saved), _url(home), str(home / "enriched"), str(kill_at)]
    ended = subprocess.run(command, capture_output=True, check=False)
    assert ended.returncode == (0 if kill_at == 100_000 else -signal.SIGKILL)
    assert _rows(home) == (after if kill_at == 100_000 else before)


def test_a_newer_database_is_not_replaced(home: Path, saved: Path) -> None:
    with closing(sqlite3.connect(home / "library.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    assert "9999" in _is_refused(saved, home)


def test_written_questions_are_back_where_a_restore_fails(home: Path, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = home / "enriched" / "yi.questions.jsonl"
    questions.write_text("new", encoding="utf-8")
    (home / "enriched" / "zi.questions.jsonl").write_text("more", encoding="utf-8")
    _rewritten(saved, _put("rows/lease.jsonl", b"{}\n"))
    _is_refused(saved, home)
    assert questions.read_text(encoding="utf-8") == "new"
    _done("backup", saved, "--force")
    _done("restore", saved, "--replace", "--yes")
    assert sorted(path.name for path in (home / "enriched").iterdir()) == ["yi.questions.jsonl", "zi.questions.jsonl"]


def test_memory_does_not_grow_with_the_rows(home: Path, tmp_path: Path) -> None:
    """Of 40 MB of text no more than a third is ever held."""
    with closing(sqlite3.connect(home / "library.db")) as connection:
        moment = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
        rows = ((f"{at:012x}", "telegram", str(at), "down", os.urandom(5000).hex(), moment) for at in range(4_000))
        connection.executemany("INSERT INTO vote VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.commit()
    url, file = f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "large.zip"
    bring_up(url)
    tracemalloc.start()
    try:
        back_up(_url(home), home / "enriched", file, replace=False, progress=_quiet)
        with closing(BackupFile(file)) as backup:
            restore(backup, url, tmp_path / "enriched", replace=True, progress=_quiet)
        assert tracemalloc.get_traced_memory()[1] < 13 << 20
    finally:
        tracemalloc.stop()


def test_a_full_disk_is_told_and_leaves_nothing_behind(home: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="写不了备份"):
        back_up(_url(home), home / "enriched", tmp_path / "no such folder" / "x.zip", replace=False, progress=_quiet)
    assert not list(tmp_path.glob("**/*.writing"))
