"""Runs of the real answerer over the shipped agreements; it is watched, and made to crash or to wait where a test says so."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from answering.acts import Acts
from answering.answer import Answer
from answering.answerer import Answerer
from answering.confidence import Confidence
from eval.metrics import Score, summarise
from eval.questions import QUESTIONS, EvalCase, load_questions
from eval.run import run_cases
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search


class _Watched(Answerer):
    """The answerer, with a list of the cases it was asked and something to do before each."""

    asked: list[str]
    before: Callable[[str], None] = staticmethod(lambda case: None)

    def answer(
        self,
        question: str,
        history: Sequence[str] = (),
        *,
        agreements: Sequence[str] = (),
        question_id: str | None = None,
        chat: str = "",
    ) -> Answer:
        assert question_id is not None
        self.asked.append(question_id)
        self.before(question_id)
        return super().answer(question, history, agreements=agreements, question_id=question_id, chat=chat)


@pytest.fixture
def answerer(shipped: Library, shipped_index: Index) -> _Watched:
    acts = Acts.load()
    watched = _Watched(shipped, Search(shipped_index, Ranking.load(), Lexicon.load()), Confidence.load(), acts)
    watched.asked = []
    return watched


@pytest.fixture(scope="module")
def cases() -> list[EvalCase]:
    """Six of `dev`, one of them asked after another question."""
    every = load_questions([QUESTIONS / "dev.jsonl"])
    return [*[case for case in every if not case.history][:5], next(case for case in every if case.history)]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "answers.jsonl"


def _ids(cases: Sequence[EvalCase]) -> list[str]:
    return [case.id for case in cases]


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _failing(wrong: str) -> Callable[[str], None]:
    def fail(case: str) -> None:
        if case == wrong:
            raise RuntimeError("坏了")

    return fail


def _without_times(scores: Sequence[Score]) -> list[Any]:
    return [(score.case, dict(score.values) | {"latency_ms": 0}, score.missed) for score in scores]


def test_scores_and_rows_are_in_the_order_of_the_cases_whichever_answer_comes_first(
    answerer: _Watched, shipped: Library, cases: list[EvalCase], answers: Path
) -> None:
    others = Event()
    came: list[str] = []

    def wait(case: str) -> None:
        if case == cases[0].id:
            assert others.wait(30)

    def tick() -> None:
        came.append("")
        if len(came) == len(cases) - 1:
            assert _ids(cases)[0] not in [row["id"] for row in _rows(answers)]
            others.set()

    answerer.before = wait
    scores = run_cases(answerer, shipped, cases, answers=answers, parallel=2, tick=tick)
    assert [score.case for score in scores] == cases
    assert [row["id"] for row in _rows(answers)] == _ids(cases)
    assert [score.row for score in scores] == _rows(answers)
    assert len(came) == len(cases)


def test_a_row_is_the_answer_of_the_answerer_after_the_history_of_the_case(
    answerer: _Watched, shipped: Library, cases: list[EvalCase]
) -> None:
    for score in run_cases(answerer, shipped, cases):
        case = score.case
        alone = answerer.answer(case.question, case.history, question_id=case.id).to_json()
        assert {name: score.row[name] for name in alone if name != "latency_ms"} == {
            name: value for name, value in alone.items() if name != "latency_ms"
        }
        assert score.values["latency_ms"] == score.row["latency_ms"] > 0


def test_it_is_the_same_however_many_are_asked_at_once(answerer: _Watched, shipped: Library, cases: list[EvalCase]) -> None:
    one, four = (run_cases(answerer, shipped, cases, parallel=parallel) for parallel in (1, 4))
    assert _without_times(one) == _without_times(four)


def test_a_resumed_run_asks_only_what_is_missing(answerer: _Watched, shipped: Library, cases: list[EvalCase], answers: Path) -> None:
    run_cases(answerer, shipped, cases[1:4], answers=answers, fingerprint="a")
    kept = _rows(answers)
    answerer.asked.clear()
    ticks: list[None] = []
    scores = run_cases(answerer, shipped, cases, answers=answers, fingerprint="a", tick=lambda: ticks.append(None))
    assert sorted(answerer.asked) == sorted(_ids([cases[0], *cases[4:]]))
    assert _rows(answers)[1:4] == kept
    assert [score.case for score in scores] == cases
    assert len(ticks) == len(cases)
    answerer.asked.clear()
    again = run_cases(answerer, shipped, cases, answers=answers, fingerprint="a")
    assert answerer.asked == []
    assert again == scores


def test_a_last_line_that_was_cut_off_is_no_row(answerer: _Watched, shipped: Library, cases: list[EvalCase], answers: Path) -> None:
    run_cases(answerer, shipped, cases, answers=answers)
    text = answers.read_text(encoding="utf-8")
    answers.write_text(text[: -len(text.splitlines()[-1]) // 2], encoding="utf-8")
    answerer.asked.clear()
    run_cases(answerer, shipped, cases, answers=answers)
    assert answerer.asked == [cases[-1].id]
    assert [row["id"] for row in _rows(answers)] == _ids(cases)


@pytest.mark.parametrize("line", ["", "null", "[]", "7", '{"id": "other", "run": "0"}', "{"])
def test_lines_that_are_no_rows_of_these_cases_are_passed_over_and_gone(
    answerer: _Watched, shipped: Library, cases: list[EvalCase], answers: Path, line: str
) -> None:
    run_cases(answerer, shipped, cases[:2], answers=answers)
    whole = answers.read_text(encoding="utf-8")
    answers.write_text(f"{line}\n{whole}{line}\n", encoding="utf-8")
    answerer.asked.clear()
    run_cases(answerer, shipped, cases[:2], answers=answers)
    assert answerer.asked == []
    assert answers.read_text(encoding="utf-8") == whole


def test_another_fingerprint_question_or_history_is_asked_again(
    answerer: _Watched, shipped: Library, cases: list[EvalCase], answers: Path
) -> None:
    run_cases(answerer, shipped, cases, answers=answers, fingerprint="a")
    answerer.asked.clear()
    changed = [replace(cases[0], question="企点 4.7"), *cases[1:-1], replace(cases[-1], history=("企点几天能退？",))]
    run_cases(answerer, shipped, changed, answers=answers, fingerprint="a")
    assert sorted(answerer.asked) == sorted([cases[0].id, cases[-1].id])
    assert _rows(answers)[0]["question"] == "企点 4.7"
    answerer.asked.clear()
    run_cases(answerer, shipped, changed, answers=answers, fingerprint="b")
    assert sorted(answerer.asked) == sorted(_ids(cases))


def test_what_is_expected_of_a_case_may_change_without_asking_again(
    answerer: _Watched, shipped: Library, cases: list[EvalCase], answers: Path
) -> None:
    run_cases(answerer, shipped, cases[:1], answers=answers)
    answerer.asked.clear()
    (score,) = run_cases(answerer, shipped, [replace(cases[0], expect="refuse", gold=())], answers=answers)
    assert answerer.asked == []
    assert score.values["false_answer"] == float(score.row["status"] == "answered")


def test_a_crash_is_a_row_of_its_own_counted_and_asked_again(
    answerer: _Watched, shipped: Library, cases: list[EvalCase], answers: Path
) -> None:
    answerer.before = _failing(cases[2].id)
    scores = run_cases(answerer, shipped, cases, answers=answers)
    row = scores[2].row
    assert (row["id"], row["question"], row["status"]) == (cases[2].id, cases[2].question, "error")
    assert row["error"] == "RuntimeError: 坏了"
    assert [score.missed == "crash" for score in scores] == [at == 2 for at in range(len(cases))]
    summary = summarise(scores)
    assert (summary["crash"].value, summary["crash"].n) == (1, len(cases))
    assert summary["citation_recall"].n == sum(case.expect == "answer" for case in cases)
    assert scores[2].values["citation_recall"] == 0
    answerer.before = _failing("")
    answerer.asked.clear()
    assert summarise(run_cases(answerer, shipped, cases, answers=answers))["crash"].value == 0
    assert answerer.asked == [cases[2].id]


def test_an_interrupt_stops_the_queue_and_what_was_answered_is_kept(
    answerer: _Watched, shipped: Library, cases: list[EvalCase], answers: Path
) -> None:
    many = [replace(cases[at % 5], id=f"q{at}") for at in range(20)]

    def interrupt() -> None:
        raise KeyboardInterrupt

    answerer.before = lambda case: time.sleep(0.02)
    with pytest.raises(KeyboardInterrupt):
        run_cases(answerer, shipped, many, answers=answers, parallel=1, tick=interrupt)
    asked = list(answerer.asked)
    assert len(asked) < len(many) / 2
    assert [row["id"] for row in _rows(answers)] == ["q0"]
    time.sleep(0.1)
    assert answerer.asked == asked
    answerer.asked.clear()
    assert len(run_cases(answerer, shipped, many, answers=answers)) == len(many)
    assert "q0" not in answerer.asked


def test_nothing_is_left_beside_the_answers(answerer: _Watched, shipped: Library, cases: list[EvalCase], answers: Path) -> None:
    run_cases(answerer, shipped, cases[:2], answers=answers)
    assert list(answers.parent.iterdir()) == [answers]
