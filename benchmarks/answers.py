"""What an answer written by a model costs in time and tokens: `python -m benchmarks.answers`.

The model is tests/reading_model.py, on loopback: how fast it writes is a setting and what it writes is no measure of any real model.
What is measured is what WenYue adds: the search before the model is asked, the checks of each sentence, what a sentence that fails
costs, what the clauses shown come to in tokens. Then `wenyue eval` asks the same through it, twice, in processes of their own.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from answering.acts import Acts
from answering.answer import Answer, Status
from answering.answerer import Answerer
from answering.chain import load_chain
from answering.confidence import Confidence
from answering.evidence import count_tokens
from answering.models import ChatModel
from benchmarks.answers_report import markdown, tables
from benchmarks.watching import Watched, timed_checks
from bot.settings import PROJECT
from eval.questions import QUESTIONS, EvalCase, QuestionsError, load_questions
from retrieval.index import open_index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search
from tests.reading_model import ReadingModel

_MODEL = "openai:reader"
_BUDGETS = (6000, 3000, 1500)  # tokens of clauses; the first is the default
_NOTES = Console(stderr=True, highlight=False)
app = typer.Typer(add_completion=False)


@app.command()
def main(
    questions: Annotated[Path, typer.Option(help="the questions, as `wenyue eval` takes them")] = QUESTIONS / "dev.jsonl",
    delay: Annotated[float, typer.Option(min=0, help="milliseconds before each chunk of four characters, in steps of 20")] = 20,
    home: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="the data folder; else one is made")] = None,
    parallel: Annotated[int, typer.Option(min=1, help="how many questions `wenyue eval` asks at a time")] = 3,
    out: Annotated[list[Path] | None, typer.Option(help="write the results here as well: FILE.json or FILE.md")] = None,
) -> None:
    """Measure answers that a model writes."""
    for path in out or []:
        if path.suffix not in (".json", ".md"):
            raise typer.BadParameter(f"{path} is neither .json nor .md", param_hint="--out")
    try:
        cases = load_questions([questions])
    except QuestionsError as error:
        _NOTES.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    machine = {"date": datetime.now(UTC).date().isoformat(), "cpus": os.cpu_count(), "python": platform.python_version()}
    results: dict[str, Any] = {"machine": machine, "questions": [questions.name, len(cases)], "delay_ms": delay, "parallel": parallel}
    with tempfile.TemporaryDirectory(prefix="wenyue-answers-") as folder:
        scratch = Path(folder)
        home = home or scratch
        library = Library(f"sqlite:///{home / 'library.db'}")
        library.sync(PROJECT / "agreements" / "catalog.toml")
        with closing(open_index(home, library)) as index:
            search = Search(index, Ranking.load(), Lexicon.load())

            def answerer(model: ChatModel, budget: int) -> Answerer:
                return Answerer(library, search, Confidence.load(), Acts.load(), model, budget=budget)

            results["figures"] = _figures(_streamed(answerer, cases, delay / 1000))
            results["budgets"] = [_at_budget(answerer, cases, budget) for budget in _BUDGETS]
        library.close()
        results["eval"] = _evaluated(home, scratch, questions, delay / 1000, parallel)
    for path in out or []:
        text = markdown(results) if path.suffix == ".md" else json.dumps(results, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")
    for table in tables(results):
        Console(width=140).print(table)


def _chain(server: ReadingModel) -> ChatModel:
    return load_chain(_MODEL, 60.0, {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": server.url})


def _streamed(answerer: Callable[[ChatModel, int], Answerer], cases: Sequence[EvalCase], delay: float) -> list[dict[str, Any]]:
    """Every question streamed, one at a time: what of it was when, in milliseconds from the question."""
    server = ReadingModel(delay)
    watched = Watched(_chain(server))
    answering = answerer(watched, _BUDGETS[0])
    answering.answer(cases[0].question)  # what is loaded once is loaded now
    rows = []
    with timed_checks() as checks:
        for case in track(cases, "stream", console=_NOTES, transient=True):
            checks.clear()
            watched.asked, before, started = 0.0, len(server.requests), time.perf_counter()
            *_, answer = answering.stream(case.question, case.history)
            when = {"asked": watched.asked, "first_token": watched.began, "first_handle": watched.cited}
            told = {name: (at - started) * 1000 for name, at in when.items() if watched.asked and at}
            rows.append(_row(answer, checks) | told | {"requests": len(server.requests) - before})
    server.stop()
    return rows


def _row(answer: Answer, checks: Sequence[float]) -> dict[str, Any]:
    return {
        "written": answer.status is Status.ANSWERED and answer.model == _MODEL,
        "quoted": answer.status is Status.ANSWERED and answer.model != _MODEL,
        "first_sentence": answer.first_ms,
        "whole": answer.latency_ms,
        "checks": list(checks),
        "tokens": answer.tokens,
        "left_out": answer.left_out,
        "repaired": answer.repaired,
        "withheld": [withheld.reason.value for withheld in answer.withheld],
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {"median": 0.0, "p95": 0.0, "n": 0}
    return {"median": float(np.median(values)), "p95": float(np.percentile(values, 95)), "n": len(values)}


def _figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Times of the answers that the model wrote; checks and tokens of every answer that it was asked for."""
    asked, written = [row for row in rows if "asked" in row], [row for row in rows if row["written"]]
    times = ("asked", "first_token", "first_handle", "first_sentence", "whole")
    smooth = [row for row in written if not row["repaired"] and not row["withheld"]]
    rough = [row for row in written if row["repaired"] or row["withheld"]]
    parts = {"all": written, "nothing failed": smooth, "something failed": rough}
    return {
        "answers": {
            "asked": len(asked),
            "written": len(written),
            "quoted": sum(row["quoted"] for row in rows),
            "quoted_after_the_model": sum(row["quoted"] for row in asked),
        },
        "ms": {name: _spread([row[name] for row in written if name in row]) for name in times},
        "token_to_sentence": {name: _spread(_between("first_token", part)) for name, part in parts.items()},
        "written_to_sentence": _spread(_between("first_handle", smooth)),
        "checks": {
            "answer": _spread([sum(row["checks"]) for row in written]),
            "sentence": _spread([check for row in written for check in row["checks"]]),
        },
        "check_share": sum(sum(row["checks"]) for row in written) / (sum(row["whole"] for row in written) or 1.0),
        "tokens": {kind: _spread([row["tokens"][kind] for row in asked]) for kind in ("prompt", "completion")},
        "requests": dict(sorted(Counter(str(row["requests"]) for row in rows).items())),
        "sentences_repaired": sum(row["repaired"] for row in rows),
        "withheld": dict(Counter(reason for row in rows for reason in row["withheld"]).most_common()),
    }


def _between(name: str, rows: Sequence[Mapping[str, Any]]) -> list[float]:
    """How long it took from there to the first verified sentence, of each row."""
    return [row["first_sentence"] - row[name] for row in rows if name in row]


def _at_budget(answerer: Callable[[ChatModel, int], Answerer], cases: Sequence[EvalCase], budget: int) -> dict[str, Any]:
    """What a budget leaves out, and what each prompt then comes to."""
    server = ReadingModel()
    answering = answerer(_chain(server), budget)
    told = track(cases, f"budget {budget}", console=_NOTES, transient=True)
    answers = [answering.answer(case.question, case.history) for case in told]
    server.stop()
    asked = [answer for answer in answers if answer.tokens["prompt"]]
    prompts = [sum(count_tokens(message["content"]) for message in request.body["messages"]) for request in server.requests]
    return {
        "budget": budget,
        "answers_cut": sum(answer.left_out > 0 for answer in asked),
        "clauses_left_out": sum(answer.left_out for answer in asked),
        "asked": len(asked),
        "prompt": _spread(prompts),
        "most": max(prompts, default=0),
    }


def _evaluated(home: Path, scratch: Path, questions: Path, delay: float, parallel: int) -> dict[str, Any]:
    """`wenyue eval` twice, with other seeds for Python's hashes: whether it is the same to the byte, and what it cost."""
    runs = []
    for seed in ("1", "2"):
        server, answers, started = ReadingModel(delay), scratch / f"answers-{seed}.jsonl", time.perf_counter()
        asked = ["eval", "--questions", str(questions.resolve()), "--answers", str(answers), "--parallel", str(parallel), "--json"]
        settings = {"WENYUE_HOME": home, "WENYUE_MODEL": _MODEL, "OPENAI_API_KEY": "none", "OPENAI_BASE_URL": server.url}
        environment = os.environ | {"PYTHONHASHSEED": seed} | {name: str(value) for name, value in settings.items()}
        done = subprocess.run([sys.executable, "-m", "bot.cli", *asked], env=environment, cwd=PROJECT, stdout=subprocess.PIPE, check=True)  # noqa: S603
        rows = [json.loads(line) | {"latency_ms": 0, "first_ms": 0} for line in answers.read_text(encoding="utf-8").splitlines()]
        runs.append((Counter(server.bodies), rows, server.most, time.perf_counter() - started, json.loads(done.stdout)["summary"]))
        server.stop()
    (bodies, rows, most, seconds, summary), (again, rows_again, most_again, _, _) = runs
    return {
        "requests": bodies.total(),
        "most_at_a_time": max(most, most_again),
        "same_bytes": bodies == again,
        "same_answers": rows == rows_again,
        "seconds": seconds,
        **{name: summary[name]["value"] for name in ("crash", "fabricated", "quotes_not_verbatim")},
    }


if __name__ == "__main__":
    app()
