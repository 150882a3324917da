"""The whole of `wenyue eval` through a model on loopback: the console script as people run it, and every byte that it sends.

Runs of the same questions are compared that differ in everything that must not matter: the seed of Python's hashes, the time zone, the
folder, and how many questions are asked at a time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from answering.checks import is_verbatim
from answering.evidence import count_tokens
from benchmarks.answers_report import markdown
from bot.settings import PROJECT
from eval.questions import QUESTIONS
from retrieval.index import Index
from retrieval.library import Library
from tests.reading_model import ReadingModel

_SCRIPT = Path(sys.executable).with_name("wenyue")
_PARALLEL = 3
_TIMES = ("latency_ms", "first_ms")

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Run:
    """What came of one run: the answers, the figures, what was sent, and how many requests were under way at one time at most."""

    rows: Rows
    summary: dict[str, dict[str, Any]]
    bodies: list[bytes]
    most: int

    @property
    def timeless(self) -> Rows:
        """The answers without how long they took."""
        return [{name: value for name, value in row.items() if name not in _TIMES} for row in self.rows]


Evaluate = Callable[..., Run]


@pytest.fixture(scope="module")
def make_home(shipped_index: Index, built_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes a data folder with the index of the shipped agreements, as `wenyue index` leaves it."""
    built = built_home / "index" / shipped_index.version

    def make() -> Path:
        home = tmp_path_factory.mktemp("home")
        shutil.copytree(built, home / "index" / shipped_index.version)
        library = Library(f"sqlite:///{home / 'library.db'}")
        library.sync(PROJECT / "agreements" / "catalog.toml")
        library.close()
        return home

    return make


@pytest.fixture(scope="module")
def evaluate(make_home: Callable[[], Path]) -> Evaluate:
    """Runs `wenyue eval` over questions in a process and a data folder of its own, through a server of its own."""

    def of(questions: Sequence[dict[str, Any]], *, parallel: int = _PARALLEL, delay: float = 0.0, **settings: str) -> Run:
        home = make_home()
        asked = _written(questions, home)
        server = ReadingModel(delay, piece=8)
        try:
            done = subprocess.run(
                [_SCRIPT, "eval", "--questions", asked, "--answers", home / "answers.jsonl", "--parallel", str(parallel), "--json"],
                env={
                    "PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "WENYUE_HOME": str(home),
                    "WENYUE_MODEL": "openai:reader", "OPENAI_API_KEY": "sk-very-secret", "OPENAI_BASE_URL": server.url, **settings,
                },
                cwd=home,
                capture_output=True,
                text=True,
                timeout=250,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            rows = [json.loads(line) for line in (home / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
            return Run(rows, json.loads(done.stdout)["summary"], server.bodies, server.most)
        finally:
            server.stop()

    return of


def _written(questions: Sequence[dict[str, Any]], folder: Path) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in questions), encoding="utf-8")
    return path


def _dev() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (QUESTIONS / "dev.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def questions() -> list[dict[str, Any]]:
    """Every fourth question of dev, of every style some, and all that follow up on others."""
    return [row for at, row in enumerate(_dev()) if at % 4 == 0 or row["history"]]


@pytest.fixture(scope="module")
def run(evaluate: Evaluate, questions: list[dict[str, Any]]) -> Run:
    """Three questions at a time, of a model that takes its time."""
    return evaluate(questions, delay=0.02, PYTHONHASHSEED="1", TZ="Asia/Shanghai")


def test_every_question_gets_an_answer_and_none_crashes(run: Run, questions: list[dict[str, Any]]) -> None:
    assert len(questions) >= 60
    assert [row["id"] for row in run.rows] == [row["id"] for row in questions]
    assert {row["status"] for row in run.rows} <= {"answered", "not_covered", "out_of_scope", "clarify"}
    assert run.summary["crash"]["value"] == 0
    assert not any(row["notice"].startswith("模型 ") for row in run.rows)  # no call failed
    assert sum(row["model"] == "openai:reader" for row in run.rows) > len(questions) / 2


def test_no_citation_is_invented_and_every_sentence_has_one(run: Run, shipped: Library) -> None:
    clauses = {clause.ref: clause for clause in shipped.clauses()}
    assert (run.summary["fabricated"]["value"], run.summary["quotes_not_verbatim"]["value"]) == (0, 0)
    written = [row for row in run.rows if row["status"] == "answered" and row["model"] == "openai:reader"]
    assert len(written) > 30
    for row in written:
        assert row["statements"]
        assert all(statement["citations"] for statement in row["statements"])
        for citation in row["citations"]:
            assert is_verbatim(citation["quote"], clauses[citation["agreement"], citation["id"]].text)


def test_what_the_model_writes_wrongly_is_written_anew_or_withheld_and_never_shown(run: Run) -> None:
    assert sum(row["repaired"] for row in run.rows) > 0
    assert sum(len(row["withheld"]) for row in run.rows) > 0
    for row in run.rows:
        assert not any(withheld["text"] in {statement["text"] for statement in row["statements"]} for withheld in row["withheld"])
        assert "47 日" not in row["text"]
        assert "[C" not in row["text"]


def test_as_many_requests_are_under_way_as_were_asked_for_and_never_more(run: Run) -> None:
    assert run.most == _PARALLEL
    assert len(run.bodies) > len(run.rows) / 2


def test_the_tokens_of_an_answer_are_those_of_its_requests(run: Run) -> None:
    assert sum(row["tokens"]["prompt"] for row in run.rows) == sum(_prompt_tokens(body) for body in run.bodies)


def _prompt_tokens(body: bytes) -> int:
    return sum(count_tokens(message["content"]) for message in json.loads(body)["messages"])


def test_another_process_sends_the_same_bytes_and_gets_the_same_answers(
    run: Run, evaluate: Evaluate, questions: list[dict[str, Any]]
) -> None:
    again = evaluate(questions, PYTHONHASHSEED="2", TZ="America/New_York")
    assert Counter(again.bodies) == Counter(run.bodies)
    assert again.timeless == run.timeless


def test_how_many_are_asked_at_a_time_changes_neither_what_is_sent_nor_what_is_answered(
    run: Run, evaluate: Evaluate, questions: list[dict[str, Any]]
) -> None:
    one_by_one = evaluate(questions, parallel=1, PYTHONHASHSEED="3")
    assert one_by_one.most == 1
    assert Counter(one_by_one.bodies) == Counter(run.bodies)
    assert one_by_one.timeless == run.timeless


def test_a_model_that_re_ranks_and_judges_too_is_asked_within_the_same_bound_and_the_same_again(evaluate: Evaluate) -> None:
    questions = _dev()[::15]
    everything = {"WENYUE_RERANKER": "model", "WENYUE_JUDGE": "openai:judge"}
    first = evaluate(questions, delay=0.02, PYTHONHASHSEED="1", **everything)
    second = evaluate(questions, PYTHONHASHSEED="2", **everything)
    assert {json.loads(body)["model"] for body in first.bodies} == {"reader", "judge"}
    assert len(first.bodies) > 2 * len(questions)
    assert first.most == _PARALLEL
    assert Counter(first.bodies) == Counter(second.bodies)
    assert first.timeless == second.timeless
    assert first.summary["crash"]["value"] == first.summary["fabricated"]["value"] == 0


def test_the_benchmark_of_answers_measures_and_writes(make_home: Callable[[], Path], tmp_path: Path) -> None:
    out = [tmp_path / "answers.json", tmp_path / "answers.md"]
    asked = _written(_dev()[::20], tmp_path)
    named = [f"--questions={asked}", f"--home={make_home()}", *(f"--out={path}" for path in out)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.answers", "--parallel=2", *named], cwd=PROJECT, capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(out[0].read_text(encoding="utf-8"))
    assert out[1].read_text(encoding="utf-8") == markdown(results)
    times = [results["figures"]["ms"][name]["median"] for name in ("asked", "first_token", "first_handle", "first_sentence", "whole")]
    assert 0 < times[0] < times[1] < times[2] <= times[3] <= times[4]
    assert 0 < results["figures"]["check_share"] < 1
    assert results["figures"]["tokens"]["prompt"]["median"] > results["figures"]["tokens"]["completion"]["median"] > 0
    assert results["budgets"][0]["clauses_left_out"] < results["budgets"][-1]["clauses_left_out"]
    assert (results["eval"]["same_bytes"], results["eval"]["same_answers"], results["eval"]["most_at_a_time"]) == (True, True, 2)
