"""The vectors on a Chroma server: the same clauses as from the local index, whatever happens to the server.

The servers are real ones, on loopback and thrown away.
"""

from __future__ import annotations

import json
import logging
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from bot.settings import PROJECT
from retrieval.embeddings import LocalEmbeddings
from retrieval.exact import ExactVectors, ExactWriter
from retrieval.index import Index
from retrieval.lexical import Ranked
from retrieval.vector_server import VectorServer
from retrieval.vectors import VectorIndex
from tests.chroma_process import ChromaProcess
from tests.chroma_process import chroma as chroma

_QUESTIONS = [
    json.loads(line)["question"]
    for file in sorted((PROJECT / "eval" / "questions").glob("*.jsonl"))
    for line in file.read_text(encoding="utf-8").splitlines()
]
_LIMIT = 50
_SAME = 3e-6  # what the likenesses of one clause may differ by between two libraries that multiply
_BACK = 20.0  # seconds in which a server that works again is used again


@pytest.fixture
def built(shipped_index: Index, built_home: Path) -> Path:
    """The folder of the built index of the shipped agreements."""
    return built_home / "index" / shipped_index.version


def _opened(built: Path, address: str) -> VectorIndex:
    return VectorIndex(built / "vectors", LocalEmbeddings(built / "lsa"), server=address, version=built.name)


def _exact(built: Path) -> dict[str, ExactVectors]:
    return {name: ExactVectors(built / "vectors", name) for name in ("clauses", "questions")}


def _until_used(index: VectorIndex | VectorServer, patience: float = _BACK) -> None:
    deadline = time.monotonic() + patience
    while index.degraded:
        assert time.monotonic() < deadline, "the server was not used in time"
        time.sleep(0.02)


def _agree(one: Ranked, other: Ranked) -> bool:
    """Whether two searches found the same: only what is equally near may stand in another order, or be another at the end."""
    if len(one) != len(other) or any(abs(a[1] - b[1]) > _SAME for a, b in zip(one, other, strict=True)):
        return False
    last = one[-1][1] if one else 0.0
    return all(likeness <= last + _SAME for _, likeness in set(dict(one).items()) if _ not in dict(other))


def _all_agree(found: dict[str, Ranked], wanted: dict[str, Ranked]) -> bool:
    return found.keys() == wanted.keys() and all(_agree(found[name], wanted[name]) for name in wanted)


@pytest.fixture(scope="session")
def wanted(shipped_index: Index) -> dict[str, dict[str, Ranked]]:
    """What the local index finds for each question of the evaluation."""
    return {question: shipped_index.vectors.search(question, (), _LIMIT) for question in _QUESTIONS}


def _collections(chroma: ChromaProcess) -> dict[str, Any]:
    with chroma.client() as client:
        return {each.name: (each.count(), each.metadata) for each in client.list_collections()}


def test_what_a_server_finds_is_what_the_local_index_finds(
    built: Path, chroma: ChromaProcess, wanted: dict[str, dict[str, Ranked]]
) -> None:
    assert len(_QUESTIONS) > 300
    with closing(_opened(built, chroma.url)) as index:
        _until_used(index)
        differing = [question for question in _QUESTIONS if not _all_agree(index.search(question, (), _LIMIT), wanted[question])]
        assert not index.degraded
    assert differing == []


def test_it_is_the_server_that_is_asked(built: Path, chroma: ChromaProcess) -> None:
    exact = _exact(built)
    _, vectors = exact["clauses"].rows(5, 6)
    with closing(VectorServer(chroma.url, built.name, "local", exact)) as server:
        _until_used(server)
        found = server.nearest("clauses", vectors[0], 10)
        assert found is not None
        assert found[0][1] == pytest.approx(1.0, abs=_SAME)
        chroma.kill()
        assert server.nearest("clauses", vectors[0], 10) is None


def test_a_single_question_does_not_come_too_early_for_a_server_that_is_filled(built: Path, chroma: ChromaProcess) -> None:
    with closing(_opened(built, chroma.url)) as index:
        _until_used(index)
    with closing(_opened(built, chroma.url)) as index:
        assert not index.degraded


def _fill(built: Path, address: str) -> dict[str, Ranked]:
    with closing(_opened(built, address)) as index:
        _until_used(index)
        return index.search(_QUESTIONS[0], (), _LIMIT)


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_that_fill_a_server_at_once_do_no_harm(
    processes: int, built: Path, chroma: ChromaProcess, together: Callable[..., list[Any]], wanted: dict[str, dict[str, Ranked]]
) -> None:
    found = together(_fill, [(built, chroma.url)] * processes)
    assert all(_all_agree(each, wanted[_QUESTIONS[0]]) for each in found)
    collections = _collections(chroma)
    assert sorted(name.split("-")[-1] for name in collections) == ["clauses", "questions"]
    for name, (count, metadata) in collections.items():
        assert name.startswith(f"wenyue-{built.name}-")
        assert count == len(_exact(built)[name.split("-")[-1]])
        assert metadata["complete"] is True


@pytest.mark.parametrize("keeps_data", [True, False])
def test_a_server_that_is_killed_and_comes_back_costs_no_question_its_answer(
    keeps_data: bool, built: Path, chroma: ChromaProcess, wanted: dict[str, dict[str, Ranked]]
) -> None:
    slowest, differing = 0.0, 0

    def ask(times: int) -> None:
        nonlocal slowest, differing
        for question in _QUESTIONS[:times]:
            began = time.monotonic()
            differing += not _all_agree(index.search(question, (), _LIMIT), wanted[question])
            slowest = max(slowest, time.monotonic() - began)

    with closing(_opened(built, chroma.url)) as index:
        _until_used(index)
        ask(20)
        chroma.kill()
        ask(50)
        assert index.degraded
        if not keeps_data:
            chroma.lose_data()
        chroma.start()
        ask(20)
        _until_used(index)
        ask(20)
        assert not index.degraded
    assert differing == 0
    assert slowest < 2.5
    assert all(metadata["complete"] for _, metadata in _collections(chroma).values())


def test_a_server_that_loses_its_data_between_two_questions_is_filled_again(
    built: Path, chroma: ChromaProcess, wanted: dict[str, dict[str, Ranked]]
) -> None:
    with closing(_opened(built, chroma.url)) as index:
        _until_used(index)
        chroma.kill()
        chroma.lose_data()
        chroma.start()
        assert _all_agree(index.search(_QUESTIONS[1], (), _LIMIT), wanted[_QUESTIONS[1]])
        assert index.degraded
        _until_used(index)
        assert len(_collections(chroma)) == 2


@pytest.mark.parametrize("keeps_data", [True, False])
def test_that_a_server_is_gone_is_known_before_anybody_asks(keeps_data: bool, built: Path, chroma: ChromaProcess) -> None:
    with closing(_opened(built, chroma.url)) as index:
        _until_used(index)
        chroma.kill()
        if not keeps_data:
            chroma.lose_data()
            chroma.start()
        deadline = time.monotonic() + _BACK
        while not index.degraded:
            assert time.monotonic() < deadline, "nobody noticed"
            time.sleep(0.005)


def test_a_server_that_hangs_keeps_one_question_waiting_and_is_used_when_it_moves(
    built: Path, chroma: ChromaProcess, wanted: dict[str, dict[str, Ranked]], caplog: pytest.LogCaptureFixture
) -> None:
    with closing(_opened(built, chroma.url)) as index:
        _until_used(index)
        chroma.signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            assert _all_agree(index.search(_QUESTIONS[2], (), _LIMIT), wanted[_QUESTIONS[2]])
            waited = time.monotonic() - began
            for question in _QUESTIONS[3:30]:
                assert _all_agree(index.search(question, (), _LIMIT), wanted[question])
            in_all = time.monotonic() - began
        finally:
            chroma.signal(signal.SIGCONT)
        assert waited < 4
        assert in_all - waited < 2
        _until_used(index)
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert not any(question in caplog.text for question in _QUESTIONS[:30])


@contextmanager
def _answering(body: bytes, status: int = 200) -> Iterator[str]:
    """A server on loopback that says the same to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@contextmanager
def _silent() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def _nobody() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    "running",
    [
        _nobody,
        _silent,
        lambda: _answering(b"<html>Welcome</html>"),
        lambda: _answering(b'{"status": "ok"}'),
        lambda: _answering(b"[]"),
        lambda: _answering(b"no", 502),
        lambda: _answering(b'{"nanosecond heartbeat": 1}'),
    ],
    ids=["nobody", "silent", "a page", "another API", "a list", "a gateway", "a heartbeat alone"],
)
def test_what_is_no_chroma_is_told_once_and_the_local_vectors_answer(
    running: Callable[[], Any], built: Path, wanted: dict[str, dict[str, Ranked]], caplog: pytest.LogCaptureFixture
) -> None:
    with running() as address, closing(_opened(built, address)) as index:
        began = time.monotonic()
        for question in _QUESTIONS[:100]:
            assert _all_agree(index.search(question, (), _LIMIT), wanted[question])
        assert time.monotonic() - began < 5
        assert index.degraded
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert address in caplog.text


def test_a_password_in_the_address_is_not_logged(built: Path, caplog: pytest.LogCaptureFixture) -> None:
    with _nobody() as address, closing(_opened(built, address.replace("//", "//somebody:a-password@"))):
        pass
    assert "127.0.0.1" in caplog.text
    assert "password" not in caplog.text


def test_a_fill_that_was_interrupted_is_gone_on_with(built: Path, chroma: ChromaProcess) -> None:
    _fill(built, chroma.url)
    with chroma.client() as client:
        for collection in client.list_collections():
            collection.delete(ids=collection.get(limit=100, include=[])["ids"])
            collection.modify(metadata=dict(collection.metadata) | {"complete": False})
    _fill(built, chroma.url)
    assert [count for _, (count, _) in sorted(_collections(chroma).items())] == [len(exact) for exact in _exact(built).values()]


@pytest.mark.parametrize("damage", ["fewer", "others"])
def test_a_collection_that_does_not_hold_what_it_says_is_made_anew(
    damage: str, built: Path, chroma: ChromaProcess, wanted: dict[str, dict[str, Ranked]]
) -> None:
    _fill(built, chroma.url)
    with chroma.client() as client:
        for collection in client.list_collections():
            ids = collection.get(include=[])["ids"]
            if damage == "fewer":
                collection.delete(ids=ids[:1])
            else:
                of_another_model = np.random.default_rng(3).normal(size=(len(ids), _exact(built)["clauses"].dimensions))
                collection.update(ids=ids, embeddings=of_another_model.astype(np.float32))
    assert _all_agree(_fill(built, chroma.url), wanted[_QUESTIONS[0]])
    assert len(_collections(chroma)) == 2


def _rebuilt(built: Path, folder: Path, change: Callable[[Any], Any]) -> Path:
    """The same index with other vectors, as another machine would have built it."""
    shutil.copytree(built, folder / built.name)
    for name, exact in _exact(built).items():
        positions, vectors = exact.rows(0, len(exact))
        with ExactWriter(folder / built.name / "vectors", name, positions, ["all"] * len(positions), exact.dimensions) as writer:
            writer.add(change(np.array(vectors)))
    return folder / built.name


def test_machines_whose_vectors_differ_by_a_hair_share_them(built: Path, chroma: ChromaProcess, tmp_path: Path) -> None:
    _fill(built, chroma.url)
    before = _collections(chroma)
    _fill(_rebuilt(built, tmp_path / "other", lambda vectors: vectors + 1e-6), chroma.url)
    assert _collections(chroma) == before


def test_machines_whose_vectors_are_others_do_not_take_each_others(
    built: Path, chroma: ChromaProcess, tmp_path: Path, wanted: dict[str, dict[str, Ranked]]
) -> None:
    mirrored = np.where(np.arange(_exact(built)["clauses"].dimensions) % 2, -1, 1)
    with closing(_opened(built, chroma.url)) as index:
        _until_used(index)
        _fill(_rebuilt(built, tmp_path / "other", lambda vectors: vectors * mirrored), chroma.url)
        assert len(_collections(chroma)) == 4
        assert _all_agree(index.search(_QUESTIONS[4], (), _LIMIT), wanted[_QUESTIONS[4]])
        assert not index.degraded
    assert _all_agree(_fill(built, chroma.url), wanted[_QUESTIONS[0]])


def test_collections_that_nobody_used_for_a_week_are_removed_and_no_others(built: Path, chroma: ChromaProcess) -> None:
    today = datetime.now(UTC).date()
    made = {
        "wenyue-0123456789abcdef-01234567-clauses": {"used": (today - timedelta(days=9)).isoformat(), "complete": True},
        "wenyue-fedcba9876543210-01234567-clauses": {"used": (today - timedelta(days=6)).isoformat(), "complete": True},
        "wenyue-of-somebody-else": {"owner": "somebody"},
        "another-program": {"used": "2020-01-01", "complete": True},
    }
    with chroma.client() as client:
        for name, metadata in made.items():
            client.create_collection(name, embedding_function=None, metadata=metadata)
    _fill(built, chroma.url)
    deadline = time.monotonic() + _BACK
    while (left := _collections(chroma).keys() & made.keys()) == made.keys() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == made.keys() - {"wenyue-0123456789abcdef-01234567-clauses"}


def test_a_collection_in_use_says_so_every_day(built: Path, chroma: ChromaProcess) -> None:
    _fill(built, chroma.url)
    today = datetime.now(UTC).date()
    with chroma.client() as client:
        for collection in client.list_collections():
            collection.modify(metadata=dict(collection.metadata) | {"used": (today - timedelta(days=30)).isoformat()})
    _fill(built, chroma.url)
    said = [metadata for _, metadata in _collections(chroma).values()]
    assert [(each["used"], each["complete"]) for each in said] == [(today.isoformat(), True)] * 2
