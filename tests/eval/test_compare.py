from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from eval.compare import FULLY_CITED, Comparison, Difference, bootstrap, compare, mcnemar
from eval.results import CaseResult, Results
from eval.table import show_comparison


def _case(id: str, *, expect: str = "answer", recall: float | None = 1.0, precision: float | None = 1.0, **changes: Any) -> CaseResult:
    status = changes.pop("status", "answered")
    values = {"recall@1": 1.0, "recall@5": 1.0, "citation_recall": recall, "citation_precision": precision}
    values |= {
        "over_refusal": float(status not in ("answered", "error")) if expect == "answer" else None,
        "false_answer": float(status == "answered") if expect == "refuse" else None,
    }
    right = recall == 1.0 if expect == "answer" else (status == "answered") == (expect == "answer")
    case = CaseResult(id, f"{id}？", (), "zh", "direct", (), expect, (), (), (), values, "" if right else "selection", {"status": status})
    return replace(case, **changes)


@pytest.fixture
def run(results: Results) -> Results:
    """Forty cases, all right."""
    return replace(results, cases=tuple(_case(f"c{at}") for at in range(40)))


def _with(run: Results, *cases: CaseResult) -> Results:
    return replace(run, cases=cases)


def _difference(comparison: Comparison, name: str) -> Difference:
    return next(difference for difference in comparison.differences if difference.name == name)


def test_a_run_held_against_itself_shows_no_change(results: Results) -> None:
    comparison = compare(results, results)
    assert comparison.common == len(results.cases)
    assert comparison.changes == ()
    assert {(d.mean, d.low, d.high) for d in comparison.differences} == {(0.0, 0.0, 0.0)}
    assert {d.p for d in comparison.differences} == {None, 1.0}
    assert (comparison.only_old, comparison.only_new, comparison.rewritten) == ((), (), ())


def test_the_differences_are_new_minus_old_over_the_common_cases(run: Results) -> None:
    worse = [_case(case.id, recall=0.0, precision=None, status="not_covered") if at < 10 else case for at, case in enumerate(run.cases)]
    comparison = compare(run, _with(run, *worse))
    recall = _difference(comparison, "citation_recall")
    assert (recall.n, recall.old, recall.new, recall.mean) == (40, 1.0, 0.75, -0.25)
    assert recall.low < -0.25 < recall.high < 0
    assert recall.p is None
    refusals = _difference(comparison, "over_refusal")
    assert (refusals.mean, refusals.p) == (0.25, 2 / 2**10)
    precision = _difference(comparison, "citation_precision")
    assert (precision.n, precision.mean) == (30, 0.0)  # where nothing was cited there is no pair


def test_fully_cited_is_whether_recall_is_one(run: Results) -> None:
    half = [_case(case.id, recall=0.5) if at < 6 else case for at, case in enumerate(run.cases)]
    fully = _difference(compare(run, _with(run, *half)), FULLY_CITED)
    assert fully.mean == pytest.approx(-6 / 40)
    assert fully.p == 2 / 2**6


def test_a_metric_that_no_common_case_has_is_not_compared(run: Results) -> None:
    assert "false_answer" not in {difference.name for difference in compare(run, run).differences}


@pytest.mark.parametrize(
    ("lost", "won", "p"), [(0, 0, 1.0), (0, 5, 0.0625), (5, 0, 0.0625), (1, 9, 22 / 1024), (3, 3, 1.0), (6, 15, 0.0783539)]
)
def test_mcnemar_is_the_exact_two_sided_binomial_test(lost: int, won: int, p: float) -> None:
    assert mcnemar(lost, won) == pytest.approx(p, abs=1e-6)


def test_the_bootstrap_is_the_same_every_time_and_about_right() -> None:
    differences = np.array([0.0, 1.0] * 50)
    low, high = bootstrap(differences)
    assert (low, high) == bootstrap(differences)
    assert low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.015)
    assert high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.015)
    assert bootstrap(np.array([0.25] * 8)) == (0.25, 0.25)


_RIGHT = _case("c")
_REFUSED = _case("c", recall=0.0, precision=None, status="not_covered")
_WRONG = _case("c", recall=0.0, precision=0.0)
_HALF = _case("c", recall=0.5, precision=1.0)
_LOOSE = _case("c", recall=1.0, precision=0.5)
_CRASH = _case("c", recall=0.0, precision=None, status="error")
_FALSE = _case("c", expect="refuse", recall=None, precision=0.0)
_DECLINED = _case("c", expect="refuse", recall=None, precision=None, status="not_covered")
_OFF_TOPIC = _case("c", expect="refuse", recall=None, precision=None, status="out_of_scope")
_BROKE = _case("c", expect="refuse", recall=None, precision=None, status="error")
_MERELY_OK = _case("c", recall=0.0, precision=None)  # cites only what is also ok


@pytest.mark.parametrize(
    ("old", "new", "turn"),
    [
        (_REFUSED, _RIGHT, "better"),
        (_REFUSED, _HALF, "better"),
        (_HALF, _LOOSE, "better"),  # recall decides before precision
        (_LOOSE, _RIGHT, "better"),
        (_WRONG, _REFUSED, "better"),  # a refusal misleads nobody
        (_CRASH, _WRONG, "better"),
        (_FALSE, _DECLINED, "better"),
        (_BROKE, _FALSE, "better"),
        (_REFUSED, _MERELY_OK, "sideways"),
        (_DECLINED, _OFF_TOPIC, None),  # both are refusals
        (_RIGHT, _RIGHT, None),
    ],
)
def test_a_changed_case_is_better_or_worse(run: Results, old: CaseResult, new: CaseResult, turn: str | None) -> None:
    back = {"better": "worse", "sideways": "sideways"}
    changes = compare(_with(run, old), _with(run, new)).changes
    assert [(change.turn, change.old, change.new) for change in changes] == ([(turn, old, new)] if turn else [])
    changes = compare(_with(run, new), _with(run, old)).changes
    assert [change.turn for change in changes] == ([back[turn]] if turn else [])


def test_cases_of_one_run_only_are_listed_and_left_out_of_the_differences(run: Results) -> None:
    old = _with(run, _case("gone", recall=0.0), _case("stays"))
    new = _with(run, _case("stays"), _case("came", recall=0.0))
    comparison = compare(old, new)
    assert (comparison.common, comparison.only_old, comparison.only_new) == (1, ("gone",), ("came",))
    assert _difference(comparison, "citation_recall").n == 1


def test_a_case_asked_or_judged_otherwise_under_its_old_id_is_not_compared(run: Results) -> None:
    old = _with(run, _case("a"), _case("b"), _case("c"))
    new = _with(run, _case("a", question="另一问"), _case("b", also_ok=(("cloud", "1.1"),)), _case("c"))
    comparison = compare(old, new)
    assert (comparison.common, comparison.rewritten) == (1, ("a", "b"))


def test_runs_without_a_common_case_have_nothing_to_say_but_their_cases(run: Results) -> None:
    comparison = compare(_with(run, _case("a")), _with(run, _case("b")))
    assert (comparison.common, comparison.differences, comparison.changes) == (0, (), ())
    assert (comparison.only_old, comparison.only_new) == (("a",), ("b",))


def test_the_table_shows_differences_changes_and_what_was_not_compared(run: Results) -> None:
    old = _with(run, _case("improves", recall=0.0, precision=None, status="not_covered"), _case("sinks"), _case("[gone]"))
    new = _with(run, _case("improves"), _case("sinks", recall=0.5), _case("came"))
    console = Console(file=StringIO(), width=160)
    show_comparison(console, compare(old, new))
    shown: str = console.file.getvalue()  # type: ignore[attr-defined]
    assert "两次都问到的 2 题" in shown
    recall = next(line for line in shown.splitlines() if line.startswith("引用召回"))
    assert [cell.strip() for cell in recall.split("│")] == ["引用召回", "50.0%", "75.0%", "+25.0", "-50.0 … +100.0", "2", ""]
    fully = next(line for line in shown.splitlines() if line.startswith("应引全引"))
    assert fully.split("│")[-1].strip() == "1.000"
    assert shown.index("变坏 1") < shown.index("sinks") < shown.index("变好 1") < shown.index("improves")
    assert "100.0% → 50.0%" in shown
    assert "拒答：协议未写到 → 已答" in shown
    assert "只在旧的里 1：[gone]" in shown
    assert "只在新的里 1：came" in shown


def test_a_tiny_p_is_not_shown_as_nought(run: Results) -> None:
    console = Console(file=StringIO(), width=160)
    show_comparison(console, compare(_with(run, *(_case(case.id, recall=0.0) for case in run.cases)), run))
    shown: str = console.file.getvalue()  # type: ignore[attr-defined]
    assert next(line for line in shown.splitlines() if line.startswith("应引全引")).split("│")[-1].strip() == "<0.001"
