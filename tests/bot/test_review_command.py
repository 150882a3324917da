"""`wenyue review`: the list, one item, walking through it with single keys, and what is exported for an evaluation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from answering.answer import Answer, Status
from bot.cli import app
from bot.place import Place
from bot.records import Records
from retrieval.clause import Hit
from retrieval.library import Library


def _run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["review", *arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys that are pressed one after the other."""
    pressed: list[str] = []
    monkeypatch.setattr("typer.getchar", lambda: pressed.pop(0))
    return pressed


@pytest.fixture(autouse=True)
def records(shipped: Library, tmp_path: Path) -> Iterator[Records]:
    """Two questions that were refused, the second with somebody's name in it."""
    records = Records(f"sqlite:///{tmp_path / 'library.db'}")
    hits = tuple(Hit(clause, 0.4) for clause in shipped.clauses(["qidian"]) if clause.id in ("8.1", "8.3"))
    for question in ("企点送打印机吗", "李雷的打印机送吗"):
        records.keep(Place("web", "x", "", "x"), Answer(question, question, Status.NOT_COVERED, retrieved=hits), fingerprint="f")
    yield records
    records.close()


def _items() -> list[dict[str, object]]:
    return [json.loads(line) for line in _run("list", "--state", "all", "--json").splitlines() if line.startswith("{")]


def test_keys_decide_and_a_figure_chooses_the_clause(keys: list[str]) -> None:
    keys += ["2", "\r", "n"]
    shown = _run("walk")
    assert "2 qidian#8.3" in shown
    assert "✓ 应引 企点 8.3" in shown
    decided = [item["decision"] for item in _items()]
    assert [(one["verdict"], one["clauses"]) for one in decided if isinstance(one, dict)] == [
        ("wrong", [{"agreement": "qidian", "id": "8.3"}]),
        ("refuse", []),
    ]


def test_a_decision_that_cannot_be_is_said_and_asked_again_and_who_has_enough_leaves(keys: list[str]) -> None:
    keys += ["9", "r", "s", "q"]
    assert "没有给出回答" in _run("walk")
    assert [item["decision"] for item in _items()] == [None, None]


def test_options_that_contradict_are_refused() -> None:
    id_ = str(_items()[0]["id"])
    assert "只能写一样" in _run(id_, "--right", "--refuse", code=2)
    assert "要和判定一起写" in _run(id_, "--note", "x", code=2)
    assert "没有编号以 'zz' 开头" in " ".join(_run("zz", code=1).split())
    assert "还没有判定" in _run("export", "/nowhere/x.jsonl", id_, code=1)


def test_what_is_exported_is_measured_and_what_looks_like_a_person_is_left_out_and_told(tmp_path: Path) -> None:
    from eval.questions import load_questions, problems

    person, printer = (str(item["id"]) for item in _items())
    file = tmp_path / "cases.jsonl"
    _run(printer, "--clause", "qidian#8.3")
    _run(person, "--refuse")
    told = _run("export", str(file), code=1)
    assert "人名“李雷”" in told
    library = Library(f"sqlite:///{tmp_path / 'library.db'}")
    [case] = load_questions([file])
    assert problems([case], library) == []
    library.close()
    assert (case.question, case.gold[0].clause) == ("企点送打印机吗", "8.3")
    assert "评测就不作数" in _run(printer, "--clause", "qidian#8.3", "--likely", code=1)
    _run("export", str(file), "--anyway", person)
    assert len(load_questions([file])) == 2


def test_the_exported_cases_run_through_the_evaluation(shipped_index: object, built_home: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(built_home / "index", tmp_path / "index")
    file = tmp_path / "cases.jsonl"
    _run(str(_items()[1]["id"]), "--clause", "qidian#8.3")
    _run("export", str(file))
    result = CliRunner().invoke(app, ["eval", "--questions", str(file), "--json"])
    assert result.exit_code == 0, result.output
    assert "review-" in file.read_text(encoding="utf-8")
