from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from retrieval.clause import Clause, Kind
from retrieval.embeddings import LocalEmbeddings
from retrieval.errors import OtherEmbeddings
from retrieval.likely import LikelyQuestion
from retrieval.vectors import VectorIndex

_TEXTS = [
    "您有权要求终止合作并全额退款。",
    "增值服务一经购买无法取消，您无权要求退款。",
    "您不得转让账号。",
    "逾期付款的，应当赔偿损失。",
    "不可抗力造成的损失不予赔偿。",
    "本协议签订地为深圳市南山区。",
]
_CLAUSES = [
    Clause("jia" if at < 3 else "yi", f"1.{at}", f"1.{at}", 1, Kind.CLAUSE, 1, None, "", text, False, f"1.{at}")
    for at, text in enumerate(_TEXTS)
]
_LIKELY = {("jia", "1.1"): [LikelyQuestion("lay", "买错了能反悔吗"), LikelyQuestion("plain", "扩容买了还能退钱吗")]}


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that only this test uses."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def embeddings(tmp_path: Path) -> LocalEmbeddings:
    LocalEmbeddings.fit(tmp_path / "lsa", [*_TEXTS, *(question.text for asked in _LIKELY.values() for question in asked)])
    return LocalEmbeddings(tmp_path / "lsa")


@pytest.fixture
def built(tmp_path: Path, temp: Path, embeddings: LocalEmbeddings) -> Path:
    VectorIndex.build(tmp_path / "vectors", _CLAUSES, _TEXTS, _LIKELY, embeddings)
    return tmp_path / "vectors"


@pytest.fixture
def index(built: Path, embeddings: LocalEmbeddings) -> Iterator[VectorIndex]:
    index = VectorIndex(built, embeddings)
    yield index
    index.close()


def _copies(temp: Path) -> list[Path]:
    return [path for path in temp.iterdir() if path.name.startswith("wenyue-vectors-")]


def test_a_text_is_nearest_to_itself(index: VectorIndex) -> None:
    for at, text in enumerate(_TEXTS):
        position, likeness = index.search(text, (), 3)["vectors"][0]
        assert position == at
        assert likeness == pytest.approx(1.0, abs=1e-4)


def test_a_clause_is_found_by_the_questions_it_is_likely_to_be_asked(index: VectorIndex) -> None:
    assert [position for position, _ in index.search("买错了能反悔吗", (), 3)["likely_vectors"]] == [1]


@pytest.mark.parametrize("question", [*_TEXTS, "买错了能反悔吗"])
def test_only_clauses_of_the_agreements_named_are_found(index: VectorIndex, question: str) -> None:
    for agreements, allowed in ((["jia"], {0, 1, 2}), (["yi"], {3, 4, 5}), (["jia", "yi"], set(range(6))), (["nobody"], set())):
        for ranked in index.search(question, agreements, 10).values():
            assert {position for position, _ in ranked} <= allowed
    assert len(index.search(question, ["yi"], 10)["vectors"]) == 3


def test_the_nearest_come_first_and_no_more_than_asked_for(index: VectorIndex) -> None:
    ranked = index.search("全额退款和赔偿损失", (), 10)["vectors"]
    assert [likeness for _, likeness in ranked] == sorted((likeness for _, likeness in ranked), reverse=True)
    assert all(-1.0001 <= likeness <= 1.0001 for _, likeness in ranked)
    assert index.search("全额退款和赔偿损失", (), 2)["vectors"] == ranked[:2]


@pytest.mark.parametrize("question", ["", "？！", "xyzzy", "😀"])
def test_a_question_of_nothing_known_finds_nothing(index: VectorIndex, question: str) -> None:
    assert index.search(question, (), 10) == {"vectors": [], "likely_vectors": []}


def test_progress_is_told_once_a_clause(tmp_path: Path, temp: Path, embeddings: LocalEmbeddings) -> None:
    ticks: list[None] = []
    VectorIndex.build(tmp_path / "vectors", _CLAUSES, _TEXTS, {}, embeddings, tick=lambda: ticks.append(None))
    assert len(ticks) == len(_CLAUSES)


def test_opening_and_searching_leave_the_built_folder_as_it_was(built: Path, embeddings: LocalEmbeddings) -> None:
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in built.rglob("*") if path.is_file()}
    index = VectorIndex(built, embeddings)
    index.search(_TEXTS[0], ["jia"], 10)
    index.close()
    assert {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in built.rglob("*") if path.is_file()} == before


def test_an_opened_index_does_not_need_the_built_folder_any_more(built: Path, index: VectorIndex) -> None:
    shutil.rmtree(built)
    assert index.search(_TEXTS[4], (), 1)["vectors"][0][0] == 4


def test_closing_gives_the_private_copy_back(built: Path, temp: Path, embeddings: LocalEmbeddings) -> None:
    first, second = VectorIndex(built, embeddings), VectorIndex(built, embeddings)
    assert len(_copies(temp)) == 2
    first.close()
    assert second.search(_TEXTS[0], (), 1)["vectors"][0][0] == 0
    second.close()
    assert _copies(temp) == []


class _Renamed(LocalEmbeddings):
    name = "another"


def test_vectors_of_another_model_are_refused_by_name_and_no_copy_stays(
    built: Path, temp: Path, embeddings: LocalEmbeddings, tmp_path: Path
) -> None:
    with pytest.raises(OtherEmbeddings, match=r"lsa.*another.*wenyue index"):
        VectorIndex(built, _Renamed(tmp_path / "lsa"))
    assert _copies(temp) == []


def test_the_copy_of_a_killed_process_is_removed_and_one_in_use_is_not(built: Path, temp: Path, embeddings: LocalEmbeddings) -> None:
    dead = temp / "wenyue-vectors-dead"
    (dead / "chroma").mkdir(parents=True)
    (dead / "in-use.lock").touch()  # a killed process holds no lock
    living = VectorIndex(built, embeddings)
    (in_use,) = [path for path in _copies(temp) if path != dead]
    an_hour_ago = time.time() - 3600
    for path in (dead, in_use):
        os.utime(path, (an_hour_ago, an_hour_ago))
    VectorIndex(built, embeddings).close()
    assert _copies(temp) == [in_use]
    assert living.search(_TEXTS[0], (), 1)["vectors"][0][0] == 0
    living.close()


def test_a_copy_that_was_just_begun_is_left_alone(built: Path, temp: Path, embeddings: LocalEmbeddings) -> None:
    begun = temp / "wenyue-vectors-begun"
    begun.mkdir()
    VectorIndex(built, embeddings).close()
    assert _copies(temp) == [begun]


def test_vectors_have_unit_length_and_nothing_known_has_none(embeddings: LocalEmbeddings) -> None:
    for text in _TEXTS:
        assert float(np.linalg.norm(embeddings.embed(text))) == pytest.approx(1.0, abs=1e-5)
    assert not embeddings.embed("xyzzy").any()
    assert embeddings.embed("xyzzy").shape == (embeddings.dimensions,)


def test_two_spellings_of_one_text_have_one_vector(embeddings: LocalEmbeddings) -> None:
    assert np.array_equal(embeddings.embed("無權要求退款"), embeddings.embed("无权，要求 退款！"))


def test_fitting_is_deterministic(tmp_path: Path) -> None:
    for name in ("first", "second"):
        LocalEmbeddings.fit(tmp_path / name, _TEXTS)
    first, second = LocalEmbeddings(tmp_path / "first"), LocalEmbeddings(tmp_path / "second")
    for text in _TEXTS:
        assert np.array_equal(first.embed(text), second.embed(text))


def test_one_text_is_enough_to_fit_on(tmp_path: Path) -> None:
    LocalEmbeddings.fit(tmp_path / "one", _TEXTS[:1])
    embedded = LocalEmbeddings(tmp_path / "one").embed(_TEXTS[0])
    assert float(np.linalg.norm(embedded)) == pytest.approx(1.0, abs=1e-5)
