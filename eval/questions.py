"""Evaluation questions: a JSON Lines file -> cases, and whether their gold stands in the agreements."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.errors import EvalError
from retrieval.clause import Clause
from retrieval.library import Library

QUESTIONS = Path(__file__).parent / "questions"
EXPECTS = ("answer", "refuse", "clarify")
STYLES = (
    "direct", "colloquial", "scenario", "keyword", "followup", "typo", "negation", "number", "definition", "cross_ref", "comparison",
    "multi_clause", "ambiguous_number", "unanswerable", "out_of_scope", "injection",
)  # fmt: skip


class QuestionsError(EvalError):
    """A questions file cannot be used; the message names the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Gold:
    """A clause that answers: `anchor` is a verbatim piece of its own text and decides which clause is meant."""

    agreement: str
    clause: str
    anchor: str
    required: bool


@dataclass(frozen=True, slots=True)
class EvalCase:
    """One question with what is expected. `agreements` is what the question names: a label for slices, no hint to the bot."""

    id: str
    question: str
    lang: str
    style: str
    expect: str
    history: tuple[str, ...]
    agreements: tuple[str, ...]
    gold: tuple[Gold, ...]
    also_ok: frozenset[tuple[str, str]]
    answer_points: tuple[str, ...]
    note: str


def load_questions(paths: Sequence[Path]) -> list[EvalCase]:
    """The cases of the files in order. Raises QuestionsError for what is not in the public form, and for an id given twice."""
    cases: list[EvalCase] = []
    seen: dict[str, str] = {}
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise QuestionsError(f"cannot read the questions {path}: {error}") from error
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{path.name} line {number}"
            case = _case(line, where)
            if case.id in seen:
                raise QuestionsError(f"{where}: the id {case.id!r} is that of {seen[case.id]} too")
            seen[case.id] = where
            cases.append(case)
    if not cases:
        raise QuestionsError(f"no questions in {', '.join(map(str, paths))}")
    return cases


def _case(line: str, where: str) -> EvalCase:
    try:
        row: dict[str, Any] = json.loads(line)
        named = row.get("agreement")
        case = EvalCase(
            id=str(row["id"]),
            question=str(row["question"]),
            lang=str(row.get("lang", "zh")),
            style=str(row["style"]),
            expect=str(row["expect"]),
            history=tuple(map(str, row.get("history") or ())),
            agreements=tuple([named] if isinstance(named, str) else named or ()),
            gold=tuple(Gold(g["agreement"], g["clause"], g["anchor"], bool(g.get("required", True))) for g in row.get("gold") or ()),
            also_ok=frozenset((entry["agreement"], entry["clause"]) for entry in row.get("also_ok") or ()),
            answer_points=tuple(map(str, row.get("answer_points") or ())),
            note=str(row.get("note") or ""),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise QuestionsError(f"{where}: not a question in the public form: {error!r}") from error
    if case.expect not in EXPECTS:
        raise QuestionsError(f"{where}: expect is {case.expect!r}, not one of {', '.join(EXPECTS)}")
    if case.style not in STYLES:
        raise QuestionsError(f"{where}: style is {case.style!r}, not one of {', '.join(STYLES)}")
    if (case.expect == "answer") != bool(case.gold):
        raise QuestionsError(f"{where}: a question has gold clauses exactly when an answer is expected")
    return case


def squeezed(text: str) -> str:
    """A text without white space and table bars: what anchors are compared in."""
    return re.sub(r"[\s|]", "", text)


def problems(cases: Iterable[EvalCase], library: Library) -> list[str]:
    """What is wrong with the gold of cases, held against the clauses: unknown clauses, anchors that are not in theirs."""
    by_ref: dict[tuple[str, str], Clause] = {clause.ref: clause for clause in library.clauses()}
    found: list[str] = []
    for case in cases:
        for gold in case.gold:
            clause = by_ref.get((gold.agreement, gold.clause))
            if clause is None:
                found.append(f"{case.id}: {gold.agreement} has no clause {gold.clause}")
            elif squeezed(gold.anchor) not in squeezed(clause.content):
                found.append(f"{case.id}: {gold.anchor!r} does not stand in {clause.label}")
            if not 6 <= len(squeezed(gold.anchor)) <= 25:
                found.append(f"{case.id}: the anchor {gold.anchor!r} is not 6 to 25 characters long")
        found += [f"{case.id}: also_ok names {ref}, which is no clause" for ref in case.also_ok if ref not in by_ref]
    return found
