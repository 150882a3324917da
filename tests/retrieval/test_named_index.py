"""An index whose vectors come from a service: what is asked of it, what is kept, and what happens when it changes or dies."""

from __future__ import annotations

import json
import logging
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from retrieval.clause import Clause
from retrieval.errors import EmbeddingsError, OtherEmbeddings, StorageError
from retrieval.index import Index, build_index, index_version, open_index
from retrieval.library import Library
from retrieval.likely import LikelyQuestion
from retrieval.manifest import built_with, damage_of
from retrieval.named_embeddings import BATCH, NamedEmbeddings, load_embeddings
from tests.vector_server import VectorServer

MakeLibrary = Callable[[Mapping[str, str]], Library]
StartProcess = Callable[..., BaseProcess]
Load = Callable[..., NamedEmbeddings]

_NAME = "openai:bigrams"
_TEXT = """一、退款

1.1 您有权要求终止合作并全额退款。

1.2 增值服务一经购买无法取消，您无权要求退款。

二、责任

2.1 逾期付款的，应当赔偿损失。

2.2 不可抗力造成的损失不予赔偿。
"""
_LONG = "一、付款\n\n" + "\n\n".join(f"1.{number} 甲方第{number}次付款逾期的，乙方有权解除合同。" for number in range(1, 4 * BATCH + 1))
_QUESTION = "不可抗力的损失谁来赔偿"


@pytest.fixture
def load(vector_server: VectorServer) -> Iterator[Load]:
    """Loads the embeddings of the service anew, as every command does; they are closed when the test is over."""
    with ExitStack() as loaded:
        yield lambda name=_NAME: loaded.enter_context(closing(load_embeddings(name, base_url=vector_server.url, timeout=10)))


@pytest.fixture
def index(make_library: MakeLibrary, tmp_path: Path, load: Load) -> Iterator[Index]:
    index = open_index(tmp_path, make_library({"jia": _TEXT}), load())
    yield index
    index.close()


def _best(index: Index, question: str = _QUESTION) -> str | None:
    found = index.vectors.search(question, (), 5)["vectors"]
    return index.clauses[found[0][0]].id if found else None


def _asked(server: VectorServer, work: Callable[[], object]) -> list[str]:
    """The texts that some work asks the service for, the probe of its model left out."""
    before = len(server.texts)
    work()
    return [text for text in server.texts[before:] if text != "本协议"]


def test_clauses_are_found_by_the_vectors_of_the_service(index: Index, vector_server: VectorServer) -> None:
    assert _best(index) == "2.2"
    assert _best(index, "能终止合作要求退款吗") == "1.1"
    assert [request.body["input"] for request in vector_server.requests[-2:]] == [[_QUESTION], ["能终止合作要求退款吗"]]


@dataclass(frozen=True)
class _Asked:
    """A library whose clause 1.2 is asked two questions."""

    library: Library

    @property
    def version(self) -> str:
        return f"{self.library.version}, asked"

    def clauses(self) -> list[Clause]:
        return self.library.clauses()

    def likely(self) -> dict[tuple[str, str], list[LikelyQuestion]]:
        return {("jia", "1.2"): [LikelyQuestion("lay", "买错了反悔行不行"), LikelyQuestion("plain", "扩容以后还能退吗")]}


def test_likely_questions_have_vectors_of_the_service_too(
    tmp_path: Path, make_library: MakeLibrary, load: Load, vector_server: VectorServer
) -> None:
    library = _Asked(make_library({"jia": _TEXT}))
    index = open_index(tmp_path, library, load())
    found = index.vectors.search("扩容了想反悔", (), 5)["likely_vectors"]
    assert [index.clauses[position].id for position, _ in found] == ["1.2"]
    index.close()
    assert {"买错了反悔行不行", "扩容以后还能退吗"} < set(vector_server.texts)
    assert _asked(vector_server, lambda: build_index(tmp_path, library, load(), force=True)) == []


def test_a_second_build_asks_for_nothing_and_a_changed_library_for_what_changed(
    tmp_path: Path, make_library: MakeLibrary, load: Load, vector_server: VectorServer
) -> None:
    library = make_library({"jia": _TEXT})
    assert len(_asked(vector_server, lambda: build_index(tmp_path, library, load()))) == 4
    assert _asked(vector_server, lambda: build_index(tmp_path, library, load())) == []
    assert _asked(vector_server, lambda: build_index(tmp_path, library, load(), force=True)) == []
    library = make_library({"jia": _TEXT.replace("2.2 不可抗力", "2.2 天气不好")})
    (changed,) = _asked(vector_server, lambda: open_index(tmp_path, library, load()).close())
    assert changed.endswith("天气不好造成的损失不予赔偿。")


def test_what_a_build_did_not_use_is_kept_no_longer_and_no_text_ever_is(
    tmp_path: Path, make_library: MakeLibrary, load: Load, vector_server: VectorServer
) -> None:
    build_index(tmp_path, make_library({"jia": _TEXT, "yi": "1.1 车辆丢失由您负责。\n"}), load())
    assert "车辆".encode() not in (tmp_path / "vectors.db").read_bytes()
    assert _rows(tmp_path) == 6
    build_index(tmp_path, make_library({"jia": _TEXT}), load())
    assert _rows(tmp_path) == 5  # four clauses and the probe


def _rows(home: Path) -> int:
    with closing(sqlite3.connect(home / "vectors.db")) as database:
        return int(database.execute("SELECT count(*) FROM vectors").fetchone()[0])


def test_a_build_that_failed_goes_on_where_it_was(
    tmp_path: Path, make_library: MakeLibrary, load: Load, vector_server: VectorServer
) -> None:
    library = make_library({"long": _LONG})
    vector_server.fault, vector_server.fails_after = 401, 4
    with pytest.raises(EmbeddingsError, match=r"HTTP 401.*再运行 wenyue index 会接着做"):
        build_index(tmp_path, library, load())
    assert {path.name for path in (tmp_path / "index").iterdir()} == {"build.lock"}
    kept = _rows(tmp_path) - 1
    assert 0 < kept < 4 * BATCH
    vector_server.fault = None
    assert len(_asked(vector_server, lambda: build_index(tmp_path, library, load()))) == 4 * BATCH - kept
    index = open_index(tmp_path, library, load())
    assert _best(index, "第77次付款逾期") == "1.77"
    index.close()


def _build(home: Path, url: str, server: str) -> None:
    build_index(home, Library(url), load_embeddings(_NAME, base_url=server))


def test_a_build_that_was_killed_goes_on_where_it_was(
    tmp_path: Path, make_library: MakeLibrary, load: Load, vector_server: VectorServer, start_process: StartProcess
) -> None:
    library = make_library({"long": _LONG})
    vector_server.delay = 0.2
    process = start_process(_build, tmp_path, f"sqlite:///{tmp_path / 'library.db'}", vector_server.url)
    while len(vector_server.requests) < 5 and process.is_alive():
        time.sleep(0.01)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    vector_server.delay = 0.0
    kept = _rows(tmp_path) - 1
    assert 0 < kept < 4 * BATCH
    assert len(_asked(vector_server, lambda: build_index(tmp_path, library, load()))) == 4 * BATCH - kept


def test_kept_vectors_that_are_damaged_are_asked_for_again(
    tmp_path: Path, make_library: MakeLibrary, load: Load, vector_server: VectorServer
) -> None:
    library = make_library({"jia": _TEXT})
    (tmp_path / "vectors.db").write_bytes(b"no database at all" * 1000)
    assert len(_asked(vector_server, lambda: build_index(tmp_path, library, load()))) == 4
    assert _asked(vector_server, lambda: build_index(tmp_path, library, load(), force=True)) == []


def test_a_place_where_nothing_can_be_kept_is_told_in_one_sentence(tmp_path: Path, make_library: MakeLibrary, load: Load) -> None:
    (tmp_path / "vectors.db").mkdir()
    with pytest.raises(StorageError, match=r"cannot keep vectors in .*vectors\.db") as refused:
        build_index(tmp_path, make_library({"jia": _TEXT}), load())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("built", "used"), [(None, _NAME), (_NAME, None), (_NAME, "openai:others")])
def test_an_index_of_other_embeddings_is_left_alone_by_a_question_and_replaced_by_a_build(
    built: str | None, used: str | None, tmp_path: Path, make_library: MakeLibrary, load: Load, vector_server: VectorServer
) -> None:
    library = make_library({"jia": _TEXT})
    old = build_index(tmp_path, library, load(built) if built else None)
    embeddings = load(used) if used else None
    library = make_library({"jia": _TEXT, "yi": "1.1 车辆丢失由您负责。\n"})  # even where the library has changed as well
    asked = len(vector_server.requests)
    with pytest.raises(OtherEmbeddings) as refused:
        open_index(tmp_path, library, embeddings)
    for named in (built or "内置向量（lsa）", used or "内置向量（lsa）", "wenyue index", "WENYUE_EMBEDDINGS"):
        assert named in str(refused.value)
    assert len(vector_server.requests) == asked
    assert damage_of(old) is None
    new = build_index(tmp_path, library, embeddings)
    assert (*built_with(tmp_path), old.exists(), new.name) == (used or "lsa", False, index_version(library, used or "lsa"))
    index = open_index(tmp_path, library, embeddings)
    assert _best(index, "车辆丢失谁负责") == "1.1"
    index.close()


def test_an_index_from_before_embeddings_had_names_is_a_local_one(tmp_path: Path, make_library: MakeLibrary, load: Load) -> None:
    library = make_library({"jia": _TEXT})
    manifest = build_index(tmp_path, library) / "manifest.json"
    said = json.loads(manifest.read_text(encoding="utf-8"))
    assert (said["embeddings"]["model"], said["embeddings"]["dimensions"] > 0) == ("lsa", True)
    del said["embeddings"]
    manifest.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(OtherEmbeddings, match="lsa"):
        open_index(tmp_path, library, load())
    open_index(tmp_path, library).close()


def test_a_build_that_fails_leaves_the_index_of_the_other_embeddings_in_use(
    tmp_path: Path, make_library: MakeLibrary, load: Load, vector_server: VectorServer
) -> None:
    library = make_library({"jia": _TEXT})
    build_index(tmp_path, library)
    vector_server.fault, vector_server.fails_after = "nan", 1
    with pytest.raises(EmbeddingsError, match="NaN"):
        build_index(tmp_path, library, load())
    index = open_index(tmp_path, library)
    assert _best(index) == "2.2"
    index.close()
    vector_server.fault = None
    build_index(tmp_path, library, load())
    index = open_index(tmp_path, library, load())
    assert _best(index) == "2.2"
    index.close()


def test_vectors_of_another_length_are_refused_with_the_command_that_mends_it(
    tmp_path: Path, make_library: MakeLibrary, load: Load, vector_server: VectorServer
) -> None:
    library = make_library({"jia": _TEXT})
    build_index(tmp_path, library, load())
    vector_server.dimensions = 768
    index = open_index(tmp_path, library, load())
    with pytest.raises(OtherEmbeddings, match=r"512 维.*openai:bigrams.*768 维.*wenyue index"):
        index.vectors.search(_QUESTION, (), 5)
    index.close()
    assert len(_asked(vector_server, lambda: build_index(tmp_path, library, load()))) == 4
    index = open_index(tmp_path, library, load())
    assert _best(index) == "2.2"
    index.close()


def test_another_model_behind_the_same_name_is_noticed_and_nothing_of_the_old_one_is_used(
    tmp_path: Path, make_library: MakeLibrary, load: Load, vector_server: VectorServer
) -> None:
    library = make_library({"jia": _TEXT})
    build_index(tmp_path, library, load())
    vector_server.salt = "another"
    assert len(_asked(vector_server, lambda: build_index(tmp_path, library, load()))) == 4
    index = open_index(tmp_path, library, load())
    assert _best(index) == "2.2"
    index.close()
    assert _rows(tmp_path) == 5


def test_a_dead_service_costs_the_vectors_and_not_the_answer(
    index: Index, vector_server: VectorServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.vectors._PAUSE", 1.0)
    vector_server.stop()
    with caplog.at_level(logging.WARNING):
        assert index.vectors.search(_QUESTION, (), 5) == {"vectors": [], "likely_vectors": []}
        assert index.vectors.search(_QUESTION, (), 5) == {"vectors": [], "likely_vectors": []}
    (line,) = [record.getMessage() for record in caplog.records]  # the second question was not kept waiting
    assert "连不上向量模型 openai:bigrams" in line
    assert _QUESTION not in line
    vector_server.start()
    assert _best(index) is None
    time.sleep(1.0)
    assert _best(index) == "2.2"


@pytest.mark.parametrize("fault", ["nan", 401, 500])
def test_a_service_that_fails_costs_the_vectors_and_not_the_answer(
    fault: int | str, index: Index, vector_server: VectorServer, caplog: pytest.LogCaptureFixture
) -> None:
    vector_server.fault = fault
    assert _best(index) is None
    assert len(caplog.records) == 1
    assert _QUESTION not in caplog.text


@pytest.mark.parametrize("question", ["", " \n"])
def test_a_question_of_nothing_is_asked_of_no_service(question: str, index: Index, vector_server: VectorServer) -> None:
    before = len(vector_server.requests)
    assert index.vectors.search(question, (), 5) == {"vectors": [], "likely_vectors": []}
    assert len(vector_server.requests) == before
