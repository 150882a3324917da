"""An index survives what happens to it: it is found whole, or it is noticed, told and made again."""

from __future__ import annotations

import ctypes
import json
import os
import random
import resource
import shutil
import signal
import stat
import time
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from retrieval.errors import StorageError
from retrieval.index import Index, build_index, index_version, open_index
from retrieval.library import Library
from retrieval.manifest import damage_of

MakeLibrary = Callable[[Mapping[str, str]], Library]
StartProcess = Callable[..., BaseProcess]
Together = Callable[..., list[Any]]

_TEXT = """一、退款

1.1 您有权要求终止合作并全额退款。

1.2 增值服务一经购买无法取消，您无权要求退款。

二、责任

2.1 逾期付款的，应当赔偿损失。

2.2 不可抗力造成的损失不予赔偿。
"""
_LONG = "\n\n".join(
    f"{article}、第{article}章\n\n"
    + "\n\n".join(f"{n}.{k} 甲方第{k}次付款逾期{n}日的，乙方有权解除第{n}份合同并要求赔偿损失{k}元。" for k in range(1, 21))
    for n, article in enumerate("一二三四五六七八", start=1)
)


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'library.db'}"


def _best(index: Index, question: str) -> set[str]:
    """The clause that each of two quite different parts of the index holds for the best."""
    words, vectors = index.lexical.search(question, {}, (), 5)["bigrams"], index.vectors.search(question, (), 5)["vectors"]
    return {index.clauses[ranked[0][0]].id for ranked in (words, vectors)}


def _opened(home: Path, library: Library) -> tuple[list[str], set[str]]:
    """What was told while the index was opened, and what it then holds for the best on a question."""
    told: list[str] = []
    index = open_index(home, library, tell=told.append)
    best = _best(index, "不可抗力的损失谁来赔偿")
    index.close()
    return told, best


def _entries(home: Path) -> set[str]:
    return {path.name for path in (home / "index").iterdir()}


def test_an_index_is_built_when_it_is_first_opened_and_not_again(make_library: MakeLibrary, tmp_path: Path) -> None:
    library = make_library({"jia": _TEXT})
    steps: list[tuple[str, int, int]] = []
    open_index(tmp_path, library, progress=lambda step, done, total: steps.append((step, done, total))).close()
    assert {(done, total) for _, done, total in steps} == {(1, 4), (2, 4), (3, 4), (4, 4)}
    before = len(steps)
    open_index(tmp_path, library, progress=lambda step, done, total: steps.append((step, done, total))).close()
    assert len(steps) == before
    assert _opened(tmp_path, library) == ([], {"2.2"})
    assert _entries(tmp_path) == {index_version(library), "build.lock"}


@pytest.mark.parametrize("text", ["1.1 甲方应当付款。\n", "甲方应当付款。\n"], ids=["one clause", "no number at all"])
def test_one_clause_is_enough_for_an_index(make_library: MakeLibrary, tmp_path: Path, text: str) -> None:
    index = open_index(tmp_path, make_library({"jia": text}))
    assert [index.clauses[position].text for position, _ in index.lexical.search("付款", {}, (), 5)["words"]] == ["甲方应当付款。"]
    assert [position for position, _ in index.vectors.search("付款", (), 5)["vectors"]] == [0]
    index.close()


def _complaint(home: Path, library: Library) -> str:
    try:
        open_index(home, library).close()
    except StorageError as error:
        return str(error)
    return ""


def test_a_library_of_no_clause_is_opened_or_told_in_our_own_words(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text("", encoding="utf-8")
    library = Library(_url(tmp_path))
    library.sync(tmp_path / "catalog.toml")
    told = _complaint(tmp_path, library)
    assert "stop words" not in told  # scikit-learn's guess about English texts
    assert "\n" not in told


def _flip_a_byte(name: str) -> Callable[[Path], None]:
    def flip(folder: Path) -> None:
        path = max(folder.rglob(name), key=lambda found: found.stat().st_size)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0x10
        path.write_bytes(data)

    return flip


def _delete(name: str) -> Callable[[Path], None]:
    def delete(folder: Path) -> None:
        next(folder.rglob(name)).unlink()

    return delete


def _truncate(name: str, share: float) -> Callable[[Path], None]:
    def truncate(folder: Path) -> None:
        path = next(folder.rglob(name))
        os.truncate(path, int(path.stat().st_size * share))

    return truncate


def _write(name: str, text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_text(text, encoding="utf-8")

    return write


def _make_a_folder_of(name: str) -> Callable[[Path], None]:
    def replace(folder: Path) -> None:
        path = next(folder.rglob(name))
        path.unlink()
        path.mkdir()

    return replace


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


_DAMAGES = {
    "a flipped byte in the database of the vectors": _flip_a_byte("chroma.sqlite3"),
    "a flipped byte in the graph of the vectors": _flip_a_byte("data_level0.bin"),
    "a flipped byte in the words": _flip_a_byte("*.idx"),
    "a flipped byte in the vocabulary": _flip_a_byte("vocabulary.json"),
    "a flipped byte in the embeddings": _flip_a_byte("components.npy"),
    "a flipped byte in the manifest": _flip_a_byte("manifest.json"),
    "a deleted database": _delete("chroma.sqlite3"),
    "a deleted part of the words": _delete("*.term"),
    "a deleted manifest": _delete("manifest.json"),
    "half a database": _truncate("chroma.sqlite3", 0.5),
    "an emptied part of the words": _truncate("*.store", 0),
    "half a manifest": _truncate("manifest.json", 0.5),
    "an empty manifest": _truncate("manifest.json", 0),
    "a manifest of another shape": _write("manifest.json", json.dumps({"files": ["words/vocabulary.json"]})),
    "a manifest that is a list": _write("manifest.json", "[]"),
    "a folder in place of a file": _make_a_folder_of("chroma.sqlite3"),
    "an empty folder": _empty,
}


@pytest.mark.parametrize("damage", _DAMAGES)
def test_damage_is_noticed_told_and_mended(make_library: MakeLibrary, tmp_path: Path, damage: str) -> None:
    library = make_library({"jia": _TEXT})
    folder = build_index(tmp_path, library)
    assert damage_of(folder) is None
    _DAMAGES[damage](folder)
    assert damage_of(folder) is not None
    told, best = _opened(tmp_path, library)
    assert len(told) == 1
    assert told[0].startswith("索引已损坏（")
    assert best == {"2.2"}
    assert _opened(tmp_path, library) == ([], {"2.2"})
    assert _entries(tmp_path) == {index_version(library), "build.lock"}


def test_another_library_has_another_index_and_the_old_one_goes(make_library: MakeLibrary, tmp_path: Path) -> None:
    library = make_library({"jia": _TEXT})
    old = build_index(tmp_path, library)
    library = make_library({"jia": _TEXT.replace("2.2 不可抗力", "2.2 天气不好")})
    told, best = _opened(tmp_path, library)
    assert told == []
    assert best != {"2.2"} or old.name != index_version(library)
    assert _entries(tmp_path) == {index_version(library), "build.lock"}
    assert not old.exists()


def test_an_index_of_another_format_is_never_opened(make_library: MakeLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = make_library({"jia": _TEXT})
    with monkeypatch.context() as older:
        older.setattr("retrieval.index.INDEX_FORMAT", "0")
        old = build_index(tmp_path, library)
    (old / "words" / "vocabulary.json").write_text("not what we read today", encoding="utf-8")
    assert _opened(tmp_path, library) == ([], {"2.2"})
    assert not old.exists()


def test_building_by_force_replaces_a_sound_index(make_library: MakeLibrary, tmp_path: Path) -> None:
    library = make_library({"jia": _TEXT})
    first = build_index(tmp_path, library).stat().st_ino
    assert build_index(tmp_path, library).stat().st_ino == first
    assert build_index(tmp_path, library, force=True).stat().st_ino != first
    assert _opened(tmp_path, library) == ([], {"2.2"})


def _build(home: Path, url: str, force: bool = False) -> int:
    """Builds, and returns how often it told of progress: 0 when another process had built already."""
    steps: list[int] = []
    build_index(home, Library(url), force=force, progress=lambda step, done, total: steps.append(done))
    return len(steps)


def _await_building(home: Path, process: BaseProcess) -> None:
    while not (home / "index" / f".building-{process.pid}").exists() and process.is_alive():
        time.sleep(0.002)


def _kill_while_building(home: Path, process: BaseProcess, seconds: float) -> bool:
    """Kills a process some time after it began to write; returns whether it was still at it."""
    _await_building(home, process)
    process.join(seconds)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL and (home / "index" / f".building-{process.pid}").exists()


@pytest.fixture
def long_library(make_library: MakeLibrary) -> Library:
    return make_library({"long": _LONG})


@pytest.fixture
def usual(long_library: Library, start_process: StartProcess, tmp_path: Path) -> float:
    """The seconds in which a process here writes the index of the long library."""
    process = start_process(_build, tmp_path / "usual", _url(tmp_path))
    _await_building(tmp_path / "usual", process)
    began = time.monotonic()
    process.join()
    return time.monotonic() - began


def test_after_a_kill_at_any_moment_the_next_open_works_and_nothing_is_left_over(
    long_library: Library, usual: float, start_process: StartProcess, tmp_path: Path
) -> None:
    moments = random.Random(7)
    hit = 0
    for attempt in range(15):
        home = tmp_path / f"home-{attempt}"
        process = start_process(_build, home, _url(tmp_path))
        hit += _kill_while_building(home, process, usual * moments.random())
        told: list[str] = []
        index = open_index(home, long_library, tell=told.append)
        found = index.lexical.search("第17次付款逾期5日", {}, (), 1)["bigrams"]
        assert index.clauses[found[0][0]].id == "5.17"
        index.close()
        assert told == []
        assert _entries(home) == {index_version(long_library), "build.lock"}
        if hit == 5:
            break
    assert hit == 5


def test_a_kill_while_an_index_is_made_again_leaves_the_old_one_sound(
    long_library: Library, usual: float, start_process: StartProcess, tmp_path: Path
) -> None:
    folder = build_index(tmp_path, long_library)
    made = folder.stat().st_ino
    moments = random.Random(8)
    hit = 0
    for _ in range(8):
        hit += _kill_while_building(tmp_path, start_process(_build, tmp_path, _url(tmp_path), True), 0.5 * usual * moments.random())
        if folder.stat().st_ino != made:  # that one was quicker than we
            made = folder.stat().st_ino
            continue
        assert damage_of(folder) is None
        if hit == 2:
            break
    assert hit == 2
    build_index(tmp_path, long_library, force=True)
    assert _entries(tmp_path) == {index_version(long_library), "build.lock"}


def test_two_processes_that_build_at_once_make_one_index(make_library: MakeLibrary, together: Together, tmp_path: Path) -> None:
    library = make_library({"jia": _TEXT})
    for attempt in range(2):
        home = tmp_path / f"home-{attempt}"
        built = together(_build, [(home, _url(tmp_path))] * 2)
        assert sorted(built) == [0, 8]  # one built: four clauses, twice told of each
        assert _opened(home, library) == ([], {"2.2"})
        assert _entries(home) == {index_version(library), "build.lock"}


def _open_and_search(home: Path, url: str) -> list[set[str]]:
    index = open_index(home, Library(url))
    found = [_best(index, question) for question in ("全额退款", "不可抗力的损失", "逾期付款") * 10]
    index.close()
    return found


def test_processes_may_open_and_search_at_once(make_library: MakeLibrary, together: Together, tmp_path: Path) -> None:
    library = make_library({"jia": _TEXT})
    folder = build_index(tmp_path, library)
    found = together(_open_and_search, [(tmp_path, _url(tmp_path))] * 3)
    assert found == [[{"1.1"}, {"2.2"}, {"2.1"}] * 10] * 3
    assert damage_of(folder) is None


def test_processes_may_open_at_once_what_is_not_built_yet(make_library: MakeLibrary, together: Together, tmp_path: Path) -> None:
    make_library({"jia": _TEXT})
    found = together(_open_and_search, [(tmp_path, _url(tmp_path))] * 3)
    assert found == [[{"1.1"}, {"2.2"}, {"2.1"}] * 10] * 3


@pytest.mark.parametrize("home", ["file/home", "file", "/proc/wenyue"])
def test_a_home_that_cannot_be_written_is_told_in_one_sentence(make_library: MakeLibrary, tmp_path: Path, home: str) -> None:
    """No permission bits here: root, as whom tests may run, is not bound by them."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match=r"cannot write in .*; set WENYUE_HOME to a folder that can be written") as caught:
        open_index(tmp_path / home, make_library({"jia": _TEXT}))
    assert "\n" not in str(caught.value)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def _open_as_anybody(home: Path, url: str) -> str:
    """Opens as a user whom permissions bind, which root is once it has given its capabilities up; returns what went wrong."""
    if os.geteuid() == 0:
        header, none = _Header(0x20080522, 0), (_Capabilities * 2)()  # capset(2), version 3 of its structures
        assert ctypes.CDLL(None).capset(ctypes.byref(header), ctypes.byref(none)) == 0
    try:
        (home / "written").write_text("", encoding="utf-8")
    except PermissionError:
        pass
    else:
        return "the folder can be written after all"
    try:
        open_index(home, Library(url)).close()
    except StorageError as error:
        return f"StorageError: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def test_a_sound_index_in_a_folder_that_cannot_be_written_is_opened_or_told(
    make_library: MakeLibrary, together: Together, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    build_index(home, make_library({"jia": _TEXT}))
    paths = [home, *home.rglob("*")]
    try:
        for path in paths:
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
        (told,) = together(_open_as_anybody, [(home, _url(tmp_path))])
    finally:
        for path in paths:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
    assert told == "" or told.startswith("StorageError: ")
    assert "\n" not in told


def _build_with_little_room(home: Path, url: str, room: int) -> str:
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    try:
        build_index(home, Library(url))
    except StorageError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("room", [0, 5_000, 60_000, 250_000])
def test_a_full_disk_is_told_in_one_sentence_and_leaves_nothing_half_written(
    long_library: Library, together: Together, tmp_path: Path, room: int
) -> None:
    """The words, the embeddings or the vectors find no room, whichever is being written."""
    (told,) = together(_build_with_little_room, [(tmp_path, _url(tmp_path), room)])
    assert told.startswith(f"cannot write the index in {tmp_path / 'index'}: ")
    assert "\n" not in told
    assert _entries(tmp_path) == {"build.lock"}


def test_a_full_disk_leaves_an_index_that_was_there(make_library: MakeLibrary, together: Together, tmp_path: Path) -> None:
    library = make_library({"jia": _TEXT})
    folder = build_index(tmp_path, library)
    make_library({"jia": _TEXT, "long": _LONG})
    (told,) = together(_build_with_little_room, [(tmp_path, _url(tmp_path), 5_000)])
    assert told
    assert damage_of(folder) is None
    assert _entries(tmp_path) == {folder.name, "build.lock"}
