"""A library that is changed by several processes, or by one that is killed, holds all of a change or nothing of it."""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from retrieval.errors import AgreementRefused
from retrieval.library import Library

MakeLibrary = Callable[[Mapping[str, str]], Library]

_NOW = datetime(2025, 3, 1, tzinfo=UTC)
_KILLS = 6


def _text(clauses: int, word: str) -> str:
    return "第一条 费用\n" + "\n".join(f"1.{at} {word}方应当在 {at} 日内付款，逾期的按日支付违约金。" for at in range(1, clauses + 1))


def _open(folder: Path) -> Library:
    return Library(f"sqlite:///{folder / 'library.db'}", clock=lambda: _NOW)


_STEPS: tuple[Callable[[Library, Path], object], ...] = (
    lambda library, files: library.add(files / "first.txt", key="bing", title="丙方协议"),
    lambda library, files: library.update("jia", files / "second.txt"),
    lambda library, files: library.update("bing", files / "second.txt"),
    lambda library, files: library.remove("yi"),
    lambda library, files: library.remove("bing"),
)


def _change(folder: Path, files: Path) -> None:
    library = _open(folder)
    (folder / "begun").touch()
    for step in _STEPS:
        step(library, files)


def _content(folder: Path) -> object:
    """All that the library in a folder holds, as a fresh look at its database finds it."""
    library = _open(folder)
    versions = library.versions()
    kept = [library.version_clauses(version.key, version.number) for version in versions]
    texts = [library.source_text(agreement.key) for agreement in library.agreements]
    found = library.agreements, library.clauses(), library.likely(), library.version, versions, kept, texts
    library.close()
    return found


def _copied(source: Path, folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(source / "library.db", folder)
    return folder


def test_who_kills_it_at_any_moment_finds_it_as_it_was_before_or_after_a_change(
    make_library: MakeLibrary, start_process: Callable[..., BaseProcess], tmp_path: Path
) -> None:
    make_library({"jia": _text(20, "甲"), "yi": _text(20, "乙")}).close()
    files = tmp_path / "files"
    files.mkdir()
    (files / "first.txt").write_text(_text(150, "丙"), encoding="utf-8")
    (files / "second.txt").write_text(_text(150, "丁"), encoding="utf-8")

    whole = _copied(tmp_path, tmp_path / "whole")
    states = [_content(whole)]
    library = _open(whole)
    begun = time.monotonic()
    for step in _STEPS:
        step(library, files)
        states.append(_content(whole))
    took = time.monotonic() - begun
    assert all(state not in states[:at] for at, state in enumerate(states))

    chance = random.Random(7)
    found: set[int] = set()
    for kill in range(_KILLS):
        folder = _copied(tmp_path, tmp_path / f"killed-{kill}")
        process = start_process(_change, folder, files)
        while not (folder / "begun").exists():
            assert process.is_alive()
            time.sleep(0.001)
        time.sleep(chance.uniform(0, took * (kill + 1) / _KILLS))
        process.kill()
        process.join(10)
        with sqlite3.connect(folder / "library.db") as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()
        found.add(states.index(_content(folder)))
        library = _open(folder)
        library.sync(tmp_path / "agreements" / "catalog.toml")
        assert library.agreement("jia")
    assert len(found) > 1  # some kills came in between


def _add(folder: Path, file: Path, key: str, title: str) -> str:
    try:
        return _open(folder).add(file, key=key, title=title)[0].key
    except AgreementRefused as error:
        return str(error)


def test_several_processes_may_add_agreements_at_once(
    together: Callable[..., list[Any]], make_library: MakeLibrary, tmp_path: Path
) -> None:
    make_library({"jia": _text(5, "甲")})
    file = tmp_path / "given.txt"
    file.write_text(_text(50, "丙"), encoding="utf-8")
    keys = ["one", "two", "three", "four"]
    assert together(_add, [(tmp_path, file, key, f"{key}协议") for key in keys]) == keys
    library = _open(tmp_path)
    assert {agreement.key for agreement in library.agreements} == {"jia", *keys}
    assert len(library.clauses()) == 6 + 4 * 51


def test_of_processes_that_add_the_same_at_once_one_does(
    together: Callable[..., list[Any]], make_library: MakeLibrary, tmp_path: Path
) -> None:
    make_library({"jia": _text(5, "甲")})
    file = tmp_path / "given.txt"
    file.write_text(_text(50, "丙"), encoding="utf-8")
    told = together(_add, [(tmp_path, file, "bing", "丙方协议")] * 3)
    assert told.count("bing") == 1
    assert sum("已是《丙方协议》的 KEY" in words for words in told) == 2
    assert [version.number for version in _open(tmp_path).versions("bing")] == [1]


def _update(folder: Path, file: Path) -> int:
    return _open(folder).update("jia", file)[0].number


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_that_update_at_once_each_make_a_version(
    processes: int, together: Callable[..., list[Any]], make_library: MakeLibrary, tmp_path: Path
) -> None:
    make_library({"jia": _text(5, "甲")})
    files = [tmp_path / f"{at}.txt" for at in range(processes)]
    for at, file in enumerate(files):
        file.write_text(_text(10 + at, "甲"), encoding="utf-8")
    numbers = together(_update, [(tmp_path, file) for file in files])
    assert sorted(numbers) == list(range(2, processes + 2))
    last = files[numbers.index(max(numbers))]
    assert _open(tmp_path).source_text("jia") == last.read_text(encoding="utf-8")
