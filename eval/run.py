"""Cases -> answers -> scores: in parallel, resumable, with a progress bar."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from answering.answerer import Answerer
from eval.metrics import Judge, Score
from eval.questions import EvalCase
from retrieval.library import Library

Row = Mapping[str, Any]


def run_cases(
    answerer: Answerer,
    library: Library,
    cases: Sequence[EvalCase],
    *,
    answers: Path | None = None,
    fingerprint: str = "",
    parallel: int = 4,
    tick: Callable[[], None] = lambda: None,
) -> list[Score]:
    """Answer and score every case, in the order of the cases.

    Rows are appended to `answers` as they come. Rows already there are used instead of asking again when they were made for the
    same question under the same `fingerprint`, so a run that was killed goes on where it stopped. A crash becomes a row with
    the status `error`.
    """
    rows = _kept(answers, cases, fingerprint) if answers else {}
    todo = [case for case in cases if case.id not in rows]
    for _ in range(len(cases) - len(todo)):
        tick()
    if answers:
        _write(answers, [rows[case.id] for case in cases if case.id in rows])
    pool = ThreadPoolExecutor(parallel)
    try:
        asked = {pool.submit(_ask, answerer, case, fingerprint): case for case in todo}
        for future in as_completed(asked):
            row = future.result()
            rows[asked[future].id] = row
            if answers:
                with answers.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
            tick()
    finally:
        pool.shutdown(cancel_futures=True)  # an interrupt must not ask the rest of the questions first
    if answers:
        _write(answers, [rows[case.id] for case in cases])
    judge = Judge(library)
    return [judge.score(case, rows[case.id]) for case in cases]


def _ask(answerer: Answerer, case: EvalCase, fingerprint: str) -> dict[str, Any]:
    try:
        row = answerer.answer(case.question, case.history, question_id=case.id).to_json()
    except Exception as error:  # a crash is a result of its own, never a wrong answer
        row = {"id": case.id, "question": case.question, "status": "error", "error": f"{type(error).__name__}: {error}"}
    return row | {"run": _digest(case, fingerprint)}


def _digest(case: EvalCase, fingerprint: str) -> str:
    return hashlib.sha256("\n".join([fingerprint, *case.history, case.question]).encode()).hexdigest()[:12]


def _kept(answers: Path, cases: Sequence[EvalCase], fingerprint: str) -> dict[str, dict[str, Any]]:
    """The rows of an earlier run that can stand; a last line cut off by a kill is no row."""
    expected = {case.id: _digest(case, fingerprint) for case in cases}
    kept: dict[str, dict[str, Any]] = {}
    if answers.is_file():
        for line in answers.read_text(encoding="utf-8", errors="ignore").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if (
                isinstance(row, dict)
                and row.get("status") != "error"
                and not row.get("model_failed")
                and row.get("id") in expected
                and expected[row["id"]] == row.get("run")
            ):
                kept[row["id"]] = row
    return kept


def _write(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".writing")
    aside.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    aside.replace(path)
