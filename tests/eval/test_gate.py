from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from eval.gate import GATE, Breach, GateError, check
from eval.metrics import Measured
from eval.names import METRICS, PROMISED, Form
from eval.questions import STYLES
from eval.results import Results, Slice
from eval.table import show_breaches

WriteGate = Callable[[str], Path]


@pytest.fixture
def gate(tmp_path: Path) -> WriteGate:
    def write(text: str) -> Path:
        path = tmp_path / "gate.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def perfect() -> dict[str, Measured]:
    """Every metric at its best."""
    return {name: Measured(name, 1.0 if not named.less and named.form is not Form.COUNT else 0.0, 10) for name, named in METRICS.items()}


def _where(breaches: list[Breach]) -> list[tuple[str, str]]:
    return [(breach.section, breach.metric) for breach in breaches]


def test_thresholds_that_are_met_are_no_breach_and_the_bound_itself_is_met(perfect: dict[str, Measured], gate: WriteGate) -> None:
    perfect["citation_recall"] = Measured("citation_recall", 0.8, 10)
    perfect["false_answer"] = Measured("false_answer", 0.05, 10)
    path = gate("[all]\ncitation_recall = { min = 0.8 }\nfalse_answer = { max = 0.05 }\nmrr = { min = 1, max = 1 }")
    assert check(perfect, path) == []


def test_a_value_below_the_least_or_above_the_most_is_a_breach_that_names_both(perfect: dict[str, Measured], gate: WriteGate) -> None:
    perfect["citation_recall"] = Measured("citation_recall", 0.7994, 10)
    perfect["false_answer"] = Measured("false_answer", 0.06, 34)
    breaches = check(perfect, gate("[all]\ncitation_recall = { min = 0.8 }\nfalse_answer = { max = 0.05 }"))
    assert list(map(str, breaches)) == [
        "[all] citation_recall：引用召回 79.9%，低于 80.0%（n=10）",
        "[all] false_answer：误答率 6.0%，高于 5.0%（n=34）",
    ]


@pytest.mark.parametrize("metric", PROMISED)
@pytest.mark.parametrize("text", ["", "[all]\nmrr = { min = 0.1 }", "[all]\n{metric} = {{ max = 5 }}"])
def test_the_promises_hold_whatever_the_file_says(perfect: dict[str, Measured], gate: WriteGate, metric: str, text: str) -> None:
    perfect[metric] = Measured(metric, 1.0, 10)
    assert _where(check(perfect, gate(text.replace("{metric}", metric).replace("{{", "{").replace("}}", "}")))) == [("all", metric)]


@pytest.mark.parametrize("metric", PROMISED)
def test_a_promise_that_was_not_measured_is_a_breach(perfect: dict[str, Measured], gate: WriteGate, metric: str) -> None:
    del perfect[metric]
    assert _where(check(perfect, gate(""))) == [("all", metric)]


def test_a_promise_named_in_the_file_too_is_told_once(perfect: dict[str, Measured], gate: WriteGate) -> None:
    perfect["crash"] = Measured("crash", 1.0, 10)
    assert _where(check(perfect, gate("[all]\ncrash = { max = 0 }"))) == [("all", "crash")]


def test_an_unknown_metric_is_a_breach(perfect: dict[str, Measured], gate: WriteGate) -> None:
    assert _where(check(perfect, gate("[all]\ncitation_recal = { min = 0.1 }"))) == [("all", "citation_recal")]


@pytest.mark.parametrize("measured", [None, Measured("clarified", 0.0, 0), Measured("clarified", float("nan"), 4)])
def test_a_threshold_on_what_was_not_measured_is_a_breach(perfect: dict[str, Measured], gate: WriteGate, measured: Measured | None) -> None:
    del perfect["clarified"]
    if measured:
        perfect["clarified"] = measured
    for bound in ("min = 0", "max = 1"):
        assert _where(check(perfect, gate(f"[all]\nclarified = {{ {bound} }}"))) == [("all", "clarified")]


def test_a_slice_is_held_against_its_own_values(perfect: dict[str, Measured], gate: WriteGate) -> None:
    slices = {"style": {"typo": Slice(5, {"recall@5": Measured("recall@5", 0.6, 5)}), "direct": Slice(5, perfect)}}
    text = '[style.typo]\n"recall@5" = { min = 0.7 }\nmrr = { min = 0.1 }\n[style.direct]\n"recall@5" = { min = 0.7 }'
    assert _where(check(perfect, gate(text), slices)) == [("style.typo", "recall@5"), ("style.typo", "mrr")]


def test_a_promise_named_for_a_slice_is_held_against_the_slice_too(perfect: dict[str, Measured], gate: WriteGate) -> None:
    slices = {"style": {"typo": Slice(5, {"crash": Measured("crash", 1.0, 5)})}}
    assert _where(check(perfect, gate("[style.typo]\ncrash = { max = 0 }"), slices)) == [("style.typo", "crash")]


def test_a_slice_that_was_not_run_is_a_breach(perfect: dict[str, Measured], gate: WriteGate) -> None:
    assert _where(check(perfect, gate('[agreement.weka]\n"recall@5" = { min = 0 }'), {"agreement": {}})) == [("agreement.weka", "recall@5")]
    assert _where(check(perfect, gate('[agreement.weka]\n"recall@5" = { min = 0 }'))) == [("agreement.weka", "recall@5")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[all", "not valid TOML"),
        ("mrr = { min = 0.1 }", "mrr is not"),
        ("[every]\nmrr = { min = 0.1 }", "every is not"),
        ("[style]\nmrr = 0.1", "style is not"),
        ("[all]\nmrr = 0.1", "expected"),
        ("[all]\nmrr = {}", "expected"),
        ("[all]\nmrr = { mni = 0.1 }", "expected"),
        ("[all]\nmrr = { min = '0.1' }", "not a number"),
        ("[all]\nmrr = { min = true }", "not a number"),
        ("[all]\nmrr = { min = nan }", "not a number"),
    ],
)
def test_a_file_that_says_nothing_clear_is_refused(perfect: dict[str, Measured], gate: WriteGate, text: str, says: str) -> None:
    with pytest.raises(GateError, match=says):
        check(perfect, gate(text))


def test_a_file_that_is_not_there_is_refused(perfect: dict[str, Measured], tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"cannot read the thresholds .*none\.toml"):
        check(perfect, tmp_path / "none.toml")


def test_the_thresholds_that_ship_can_all_be_met(perfect: dict[str, Measured]) -> None:
    slices = {"style": dict.fromkeys(STYLES, Slice(10, perfect))}
    assert check(perfect, GATE, slices) == []


def test_the_thresholds_that_ship_stop_a_bad_run(results: Results) -> None:
    found = _where(check(results.summary, GATE, results.slices))
    assert {("all", "citation_recall"), ("all", "false_answer"), ("all", "crash")} <= set(found)


def test_breaches_are_shown_one_a_line_and_none_is_said_so() -> None:
    console = Console(file=StringIO(), width=120)
    show_breaches(console, [Breach("all", "crash", "崩溃 1，高于 0（n=8）")])
    show_breaches(console, [])
    assert console.file.getvalue().splitlines() == ["✗ [all] crash：崩溃 1，高于 0（n=8）", "门槛全部达到。"]  # type: ignore[attr-defined]
