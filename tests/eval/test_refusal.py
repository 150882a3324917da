from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from eval.metrics import Judge, Score, summarise
from eval.page import page
from eval.questions import EvalCase
from eval.refusal import Errors, Refusals, refusals
from eval.results import Results, from_json, to_json
from retrieval.library import Library

MakeCase = Callable[..., EvalCase]
MakeRow = Callable[..., dict[str, Any]]


def _told(answerable: list[float], unanswerable: list[float], threshold: float = 0.5) -> Refusals:
    rows = [("answer", value) for value in answerable] + [("refuse", value) for value in unanswerable]
    found = refusals((expect, {"confidence": value, "threshold": threshold}) for expect, value in rows)
    assert found
    return found


@pytest.mark.parametrize(
    ("answerable", "unanswerable", "auc"),
    [
        ([0.8, 0.9], [0.1, 0.2], 1.0),
        ([0.1, 0.2], [0.8, 0.9], 0.0),
        ([0.5, 0.5], [0.5], 0.5),
        ([0.9, 0.3], [0.1, 0.5], 3 / 4),  # of four pairs one is the wrong way round
        ([0.9, 0.5], [0.5], 3 / 4),  # a tie is half a win
    ],
)
def test_auc_is_the_share_of_pairs_in_which_the_question_with_an_answer_is_surer(
    answerable: list[float], unanswerable: list[float], auc: float
) -> None:
    assert _told(answerable, unanswerable).auc()[0] == auc


def test_the_interval_holds_the_value_shrinks_with_more_questions_and_is_the_same_every_time() -> None:
    few, many = (_told([at / 10 for at in range(3, 10)] * times, [at / 10 for at in range(6)] * times) for times in (1, 20))
    value, low, high = few.auc()
    assert low < value < high
    assert few.auc() == (value, low, high)
    assert many.auc()[0] == pytest.approx(value)
    assert many.auc()[2] - many.auc()[1] < (high - low) / 3


def test_a_threshold_stops_what_is_less_sure_and_lets_the_rest_through() -> None:
    found = _told([0.9, 0.6, 0.4, 0.4], [0.6, 0.2])
    assert found.at(0.0) == Errors(1.0, 0.0)
    assert found.at(0.6) == Errors(0.5, 0.5)  # exactly as sure as it must be is sure enough
    assert found.at(0.61) == Errors(0.0, 0.75)


def test_the_curve_goes_from_stopping_nothing_to_stopping_everything_and_one_error_buys_the_other() -> None:
    curve = _told([0.9, 0.6, 0.4], [0.6, 0.2]).curve()
    assert curve == [Errors(1.0, 0.0), Errors(0.5, 0.0), Errors(0.5, 1 / 3), Errors(0.0, 2 / 3), Errors(0.0, 1.0)]


def test_each_question_is_held_against_its_own_threshold() -> None:
    rows = [("answer", 0.6, 0.5), ("answer", 0.6, 0.7), ("refuse", 0.6, 0.7), ("refuse", 0.6, 0.5)]
    found = refusals((expect, {"confidence": value, "threshold": threshold}) for expect, value, threshold in rows)
    assert found
    assert (found.threshold, found.chosen) == (None, Errors(0.5, 0.5))
    one = _told([0.9], [0.1], 0.55)
    assert (one.threshold, one.chosen) == (0.55, Errors(0.0, 0.0))


def test_questions_that_something_else_decided_are_counted_apart_and_those_to_be_asked_back_not_at_all() -> None:
    sure = {"confidence": 0.9, "threshold": 0.5}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("answer", sure), ("answer", {"confidence": None, "threshold": None}), ("answer", {"status": "error"}), ("refuse", sure),
        ("refuse", {}), ("clarify", sure), ("clarify", {}),
    ]  # fmt: skip
    found = refusals(rows)
    assert found
    assert (found.n, found.left_out) == (2, 3)


@pytest.mark.parametrize("expects", [[], ["answer"], ["refuse"], ["answer", "clarify"]])
def test_nothing_is_said_where_one_of_the_two_kinds_is_not_there(expects: list[str]) -> None:
    assert refusals((expect, {"confidence": 0.9, "threshold": 0.5}) for expect in expects) is None


def test_the_summary_of_a_run_has_it_with_its_n(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> None:
    asked = [("answer", 0.9), ("answer", 0.3), ("refuse", 0.1), ("refuse", 0.5), ("clarify", 0.9)]
    scores = [judge.score(make_case(expect=expect), make_row(confidence=sure)) for expect, sure in asked]
    measured = summarise(scores)["refusal_auc"]
    assert (measured.value, measured.n) == (0.75, 4)
    assert measured.low is not None
    assert measured.low < 0.75
    assert "refusal_auc" not in summarise(scores[:2])


def _without_confidence(score: Score) -> Score:
    return replace(score, row={name: value for name, value in score.row.items() if name not in ("confidence", "threshold")})


def test_a_run_from_before_there_were_confidences_is_read_and_has_a_page_without_them(
    scores: list[Score], results: Results, library: Library
) -> None:
    assert "该不该答" in page(results, library)
    older = [_without_confidence(score) for score in scores]
    read = from_json(to_json(older, summarise(older), {}, results.facts))
    assert "refusal_auc" not in read.summary
    assert "该不该答" not in page(read, library)


def test_the_page_tells_both_errors_at_the_threshold_that_was_there(results: Results, library: Library) -> None:
    html = page(results, library)  # of the five with an answer three were sure enough; the one without was as sure as those
    assert "AUC 0.300" in html
    assert "阈值 0.70：误答 100.0%，误拒 40.0%" in html
    assert '<tr class="chosen"><td>0.70（现用）</td><td>100.0%</td><td>40.0%</td></tr>' in html
    assert "<tr><td>0.7</td>" not in html
    assert "<tr><td>0.3</td><td>100.0%</td><td>0.0%</td></tr>" in html
    assert "5 道有答案，1 道没有；另有 1 题不由把握度决定" in html  # the crash
