from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from answering.answer import Reason, Status
from eval.metrics import Score, slices, summarise
from eval.names import METRICS, REASONS, STATUSES, in_order, label_of, printed
from eval.questions import STYLES
from eval.results import Facts, Results, ResultsError, load_results, to_json
from eval.table import show_results


@pytest.fixture
def saved(scores: list[Score], facts: Facts, tmp_path: Path) -> Path:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(to_json(scores, summarise(scores), slices(scores), facts), ensure_ascii=False), encoding="utf-8")
    return path


def _shown(results: Results) -> str:
    console = Console(file=StringIO(), width=160)
    show_results(console, results)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_a_run_is_read_back_as_it_was(saved: Path, scores: list[Score], facts: Facts) -> None:
    results = load_results(saved)
    assert results.facts == facts
    assert results.summary == summarise(scores)
    assert results.slices["style"]["direct"].metrics == summarise(slices(scores)["style"]["direct"])
    assert [case.id for case in results.cases] == [score.case.id for score in scores]
    for case, score in zip(results.cases, scores, strict=True):
        assert (case.values, case.missed, case.row) == (score.values, score.missed, score.row)
        assert (case.question, case.style, case.lang, case.expect) == (
            score.case.question, score.case.style, score.case.lang, score.case.expect,
        )  # fmt: skip
        assert (case.agreements, case.gold, case.history) == (score.case.agreements, score.case.gold, score.case.history)


def test_the_public_form_names_its_format_and_every_part(saved: Path) -> None:
    data = json.loads(saved.read_text(encoding="utf-8"))
    assert data["format"] == 1
    assert data["facts"] == {
        "model": "extractive", "prompt_version": "p1", "library_version": "l1", "date": "2026-01-05", "questions": ["dev.jsonl"],
    }  # fmt: skip
    assert data["summary"]["recall@1"].keys() == {"value", "n", "low", "high"}
    assert data["slices"]["agreement"]["cloud"]["n"] == 4
    assert data["cases"][0].keys() >= {"id", "question", "style", "agreements", "expect", "values", "missed", "row"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not the result of a run"),
        ("[]", "is not the result of a run in format 1"),
        ("{}", "is not the result of a run in format 1"),
        ('{"format": 2}', "its format is 2"),
        ('{"format": 1}', "damaged: KeyError"),
        ('{"format": 1, "facts": [], "summary": {}, "slices": {}, "cases": []}', "damaged"),
        ("\ud800", "is not the result of a run"),
    ],
)
def test_what_is_no_run_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ResultsError, match=says) as raised:
        load_results(path)
    assert "other.json" in str(raised.value)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"cannot read the results .*gone\.json"):
        load_results(tmp_path / "gone.json")


def _without_status(data: dict[str, Any]) -> None:
    del data["cases"][0]["row"]["status"]


def _worded(data: dict[str, Any]) -> None:
    data["summary"]["recall@1"]["value"] = "much"


def _no_cases(data: dict[str, Any]) -> None:
    data["cases"] = {"right": 1}


@pytest.mark.parametrize("damage", [_without_status, _worded, _no_cases])
def test_a_damaged_run_is_refused(saved: Path, damage: Callable[[dict[str, Any]], None]) -> None:
    data = json.loads(saved.read_text(encoding="utf-8"))
    damage(data)
    saved.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ResultsError, match="damaged"):
        load_results(saved)


def test_every_metric_status_reason_and_style_has_a_name(scores: list[Score], results: Results) -> None:
    measured = set(results.summary) | {"answer_points", "fallback", "supported"}  # no answer points, no model, no judge
    assert measured == set(METRICS)
    assert {status.value for status in Status} == set(STATUSES)
    assert {reason.value for reason in Reason} == set(REASONS)
    assert not [style for style in STYLES if label_of("style", style) == style]


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("recall@1", 0.70833, "70.8%"),
        ("crash", 3.0, "3"),
        ("mrr", 0.8726, "0.873"),
        ("latency_p95_ms", 1234.5, "1,234 ms"),
        ("tokens", 1204.4, "1,204"),
    ],
)
def test_values_are_printed_in_their_own_form(metric: str, value: float, text: str) -> None:
    assert printed(metric, value) == text


def test_parts_of_a_slice_come_in_the_order_of_the_names_and_agreements_before_none_named() -> None:
    assert [label for label, _ in in_order("style", dict.fromkeys(["typo", "injection", "direct"]))] == ["direct", "typo", "injection"]
    assert [label for label, _ in in_order("agreement", dict.fromkeys(["none named", "zeta", "alpha"]))] == ["zeta", "alpha", "none named"]


def test_the_tables_show_values_intervals_and_counts(results: Results) -> None:
    lines = _shown(results).splitlines()
    recall = next(line for line in lines if "citation_recall " in line)
    measured = results.summary["citation_recall"]
    assert measured.low is not None
    assert measured.high is not None
    assert [cell.strip() for cell in recall.split("│")][2:] == ["25.0%", f"{measured.low:.1%} – {measured.high:.1%}", "6"]
    crash = next(line for line in lines if "crash " in line)
    assert [cell.strip() for cell in crash.split("│")][2:] == ["1", "", "8"]


def test_the_slice_tables_have_a_row_a_part_and_a_dash_where_a_metric_says_nothing(results: Results) -> None:
    lines = _shown(results).splitlines()
    cells = {line.split("│")[0].strip(): [cell.strip() for cell in line.split("│")[1:]] for line in lines if line.count("│") == 7}
    assert cells["协议没写"] == ["1", "—", "—", "—", "0.0%", "100.0%", "—"]
    assert cells["多条合答"] == ["1", "50.0%", "100.0%", "50.0%", "100.0%", "—", "0.0%"]
    assert cells["英文"][0] == "1"
    assert cells["指名多份"][0] == "1"


def test_missed_cases_are_listed_by_why_and_the_others_are_not(results: Results) -> None:
    shown = _shown(results)
    assert "没答好的 7 题，共 8 题" in shown
    order = [
        shown.index(f"（{why}）1：") for why in ("retrieval", "selection", "verification", "refusal", "false_answer", "clarify", "crash")
    ]
    assert order == sorted(order)
    assert "right" not in shown[order[0] :]


def test_a_question_with_markup_is_shown_as_it_is(results: Results) -> None:
    cases = tuple(replace(case, question="[bold]几天[/nonsense]") for case in results.cases)
    assert "[bold]几天[/nonsense]" in _shown(replace(results, cases=cases))
