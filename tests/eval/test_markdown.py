"""The summary that a pull request shows."""

from __future__ import annotations

from eval.gate import Breach
from eval.markdown import markdown
from eval.metrics import Measured
from eval.results import Facts, Results


def _results() -> Results:
    facts = Facts("extractive", "p", "l", "2026-01-01", ("test.jsonl",))
    return Results(facts, {"recall@5": Measured("recall@5", 0.931, 179, 0.89, 0.96), "crash": Measured("crash", 0, 219)}, {}, ())


def test_every_metric_stands_in_the_table() -> None:
    said = markdown(_results(), [])
    assert "93.1%" in said
    assert "| 179 |" in said
    assert "全部达到" in said


def test_a_breach_is_named_and_cannot_break_the_table() -> None:
    said = markdown(_results(), [Breach("all", "recall@5", "a | b\n<script>")])
    assert "未达到" in said
    assert "a \\| b &lt;script>" in said


def test_without_a_gate_there_is_no_verdict() -> None:
    assert "门槛" not in markdown(_results(), None)
