"""The JSON form of a run: facts, summary, slices and every case, so that runs can be shown, compared and gated later.

{"format": 1,
 "facts":   {"model": …, "prompt_version": …, "library_version": …, "date": …, "questions": ["dev.jsonl"]},
 "summary": {"recall@5": {"value": 0.92, "n": 181, "low": 0.88, "high": 0.95}, …},
 "slices":  {"style": {"typo": {"n": 20, "metrics": {"recall@5": {…}, …}}, …}, …},
 "cases":   [{"id": …, "question": …, "style": …, "expect": …, "values": {…}, "missed": "retrieval", "row": {…}, …}]}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.errors import EvalError
from eval.metrics import Measured, Score, summarise
from eval.questions import Gold

FORMAT = 1


class ResultsError(EvalError):
    """A file is not the result of a run in a format we read; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was run. `date` is what the caller says it is; `questions` are the names of the question files."""

    model: str
    prompt_version: str
    library_version: str
    date: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """The metrics over a part of the cases; `n` counts the cases, each metric has its own n beside."""

    n: int
    metrics: Mapping[str, Measured]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case as it was asked, judged and answered. `missed` is why it was missed, empty where it was not."""

    id: str
    question: str
    history: tuple[str, ...]
    lang: str
    style: str
    agreements: tuple[str, ...]
    expect: str
    gold: tuple[Gold, ...]
    also_ok: tuple[tuple[str, str], ...]
    answer_points: tuple[str, ...]
    values: Mapping[str, float | None]
    missed: str
    row: Mapping[str, Any]

    @property
    def status(self) -> str:
        return str(self.row["status"])


@dataclass(frozen=True, slots=True)
class Results:
    """A run read back."""

    facts: Facts
    summary: Mapping[str, Measured]
    slices: Mapping[str, Mapping[str, Slice]]
    cases: tuple[CaseResult, ...]

    @property
    def missed(self) -> list[CaseResult]:
        return [case for case in self.cases if case.missed]


def to_json(
    scores: Sequence[Score], summary: Mapping[str, Measured], slices: Mapping[str, Mapping[str, Sequence[Score]]], facts: Facts
) -> dict[str, Any]:
    """The public form of a run, from what `summarise` and `slices` of eval/metrics.py say of its scores."""
    return {
        "format": FORMAT,
        "facts": {name: getattr(facts, name) for name in Facts.__slots__} | {"questions": list(facts.questions)},
        "summary": _metrics_json(summary),
        "slices": {
            name: {label: {"n": len(part), "metrics": _metrics_json(summarise(part))} for label, part in parts.items()}
            for name, parts in slices.items()
        },
        "cases": [_case_json(score) for score in scores],
    }


def _metrics_json(metrics: Mapping[str, Measured]) -> dict[str, Any]:
    return {name: {"value": m.value, "n": m.n, "low": m.low, "high": m.high} for name, m in metrics.items()}


def _case_json(score: Score) -> dict[str, Any]:
    case = score.case
    return {
        "id": case.id,
        "question": case.question,
        "history": list(case.history),
        "lang": case.lang,
        "style": case.style,
        "agreements": list(case.agreements),
        "expect": case.expect,
        "gold": [{name: getattr(gold, name) for name in Gold.__slots__} for gold in case.gold],
        "also_ok": [{"agreement": agreement, "clause": clause} for agreement, clause in sorted(case.also_ok)],
        "answer_points": list(case.answer_points),
        "values": dict(score.values),
        "missed": score.missed,
        "row": dict(score.row),
    }


def load_results(path: Path) -> Results:
    """The run kept in a file. Raises ResultsError for a file that is not one, or of another format."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultsError(f"cannot read the results {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise ResultsError(f"{path} is not the result of a run: {error}") from error
    return from_json(data, str(path))


def from_json(data: Any, where: str = "the data") -> Results:
    """A run from its public form. Raises ResultsError naming `where`."""
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise ResultsError(f"{where} is not the result of a run in format {FORMAT}" + (f" (its format is {found!r})" if found else ""))
    try:
        return Results(
            facts=_facts(data["facts"]),
            summary=_metrics(data["summary"]),
            slices={
                name: {label: Slice(int(part["n"]), _metrics(part["metrics"])) for label, part in parts.items()}
                for name, parts in data["slices"].items()
            },
            cases=tuple(_case(case) for case in data["cases"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ResultsError(f"{where} says it is a result in format {FORMAT} but is damaged: {error!r}") from error


def _facts(data: Mapping[str, Any]) -> Facts:
    model, prompt, library, date = (str(data[name]) for name in ("model", "prompt_version", "library_version", "date"))
    return Facts(model, prompt, library, date, tuple(map(str, data["questions"])))


def _metrics(data: Mapping[str, Any]) -> dict[str, Measured]:
    return {name: Measured(name, float(m["value"]), int(m["n"]), _number(m["low"]), _number(m["high"])) for name, m in data.items()}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _case(data: Mapping[str, Any]) -> CaseResult:
    row = dict(data["row"])
    row["status"]  # a row that does not say what came of the question is no answer
    return CaseResult(
        id=str(data["id"]),
        question=str(data["question"]),
        history=tuple(map(str, data["history"])),
        lang=str(data["lang"]),
        style=str(data["style"]),
        agreements=tuple(map(str, data["agreements"])),
        expect=str(data["expect"]),
        gold=tuple(Gold(**gold) for gold in data["gold"]),
        also_ok=tuple((entry["agreement"], entry["clause"]) for entry in data["also_ok"]),
        answer_points=tuple(map(str, data["answer_points"])),
        values={str(name): _number(value) for name, value in data["values"].items()},
        missed=str(data["missed"]),
        row=row,
    )
