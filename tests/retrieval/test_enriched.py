"""The library also reads questions that a model wrote, from a folder that is not the catalog's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from retrieval.clause import Clause
from retrieval.errors import CatalogError
from retrieval.library import Library
from retrieval.likely import clause_digest

Sync = Callable[[], bool]

_TEXT = "第一条 费用\n1.1 甲方应当付款。\n1.2 逾期付款的，按日支付违约金。\n"
_CATALOG = '[jia]\ntitle = "甲协议"\nnames = ["甲"]\nparties = ["甲方"]\nfile = "jia.txt"\nsource = "测试"\nquestions = "jia.jsonl"\n'


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Two clauses; of 1.1 the shipped file asks 自带."""
    (tmp_path / "jia.txt").write_text(_TEXT, encoding="utf-8")
    (tmp_path / "jia.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "catalog.toml").write_text(_CATALOG, encoding="utf-8")
    library = Library(f"sqlite:///{tmp_path / 'library.db'}")
    library.sync(tmp_path / "catalog.toml")
    _write(tmp_path / "jia.jsonl", library, {"1.1": "自带"})
    return library


@pytest.fixture
def sync(library: Library, tmp_path: Path) -> Sync:
    return lambda: library.sync(tmp_path / "catalog.toml", enriched=tmp_path / "enriched")


def _write(path: Path, library: Library, asked: Mapping[str, str]) -> None:
    clauses: dict[str, Clause] = {clause.id: clause for clause in library.clauses()}
    path.parent.mkdir(exist_ok=True)
    rows = [
        {"clause": name, "of": clause_digest(clauses[name]), "questions": [{"voice": "plain", "text": text}], "checked": True}
        for name, text in asked.items()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _asked(library: Library) -> dict[str, list[str]]:
    return {clause: [question.text for question in asked] for (_, clause), asked in library.likely().items()}


def test_written_questions_stand_beside_the_shipped_ones_which_go_before(library: Library, sync: Sync, tmp_path: Path) -> None:
    assert sync()
    assert _asked(library) == {"1.1": ["自带"]}
    before = library.version
    _write(tmp_path / "enriched" / "jia.questions.jsonl", library, {"1.1": "写的", "1.2": "也是写的"})
    assert sync()
    assert _asked(library) == {"1.1": ["自带"], "1.2": ["也是写的"]}
    assert library.version != before


def test_a_change_of_what_was_written_is_seen_and_no_change_changes_nothing(library: Library, sync: Sync, tmp_path: Path) -> None:
    written = tmp_path / "enriched" / "jia.questions.jsonl"
    _write(written, library, {"1.2": "写的"})
    assert [sync(), sync()] == [True, False]
    _write(written, library, {"1.2": "改的"})
    assert [sync(), sync()] == [True, False]
    assert _asked(library)["1.2"] == ["改的"]
    written.unlink()
    assert sync()
    assert "1.2" not in _asked(library)


def test_questions_for_an_agreement_that_is_not_there_do_no_harm(library: Library, sync: Sync, tmp_path: Path) -> None:
    sync()
    _write(tmp_path / "enriched" / "yi.questions.jsonl", library, {"1.2": "写的"})
    assert not sync()


def test_a_damaged_file_is_told_and_the_library_stays_as_it_was(library: Library, sync: Sync, tmp_path: Path) -> None:
    sync()
    (tmp_path / "enriched").mkdir()
    (tmp_path / "enriched" / "jia.questions.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(CatalogError, match=r"jia\.questions\.jsonl line 1"):
        sync()
    assert _asked(library) == {"1.1": ["自带"]}
