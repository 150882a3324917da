"""Index and search libraries of several sizes: `python -m benchmarks.scale --statutes FOLDER`.

FOLDER holds the statutes benchmark, see eval/bench.py. Every phase of every method runs in a process of its own (benchmarks/phase.py).
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.collection import Collection
from benchmarks.methods import METHODS, installed
from benchmarks.report import markdown, table
from eval.errors import EvalError

_PACKAGES = ("tantivy", "chromadb", "numpy", "scikit-learn", "jieba", "bm25s", "langchain-chroma", "langchain-text-splitters")
_NOTES = Console(stderr=True, highlight=False)
app = typer.Typer(add_completion=False)


@app.command()
def main(
    statutes: Annotated[Path, typer.Option(help="the folder of the statutes benchmark: corpus.jsonl.gz, queries.jsonl")],
    sizes: Annotated[str, typer.Option(help="how many clauses, with commas between")] = "700,10000,58625,140000",
    questions: Annotated[int, typer.Option(min=1, help="how many questions are asked of each library")] = 300,
    runs: Annotated[int, typer.Option(min=1, help="how often they are asked; the run with the lowest p95 counts")] = 3,
    out: Annotated[list[Path] | None, typer.Option(help="write the results here as well: FILE.json or FILE.md")] = None,
) -> None:
    """Measure what growth costs."""
    wanted = _sizes(sizes)
    for path in out or []:
        if path.suffix not in (".json", ".md"):
            raise typer.BadParameter(f"{path} is neither .json nor .md", param_hint="--out")
    try:
        complete = Collection(statutes, 1).articles
    except EvalError as error:
        _NOTES.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    methods = installed()
    if len(methods) < len(METHODS):
        _NOTES.print("bm25s or LangChain's splitter is not installed (benchmarks/requirements.txt): measuring " + ", ".join(methods))
    results: dict[str, Any] = {"machine": _machine(), "questions": questions, "runs": runs, "rows": []}
    with tempfile.TemporaryDirectory(prefix="wenyue-scale-") as folder, _bar() as bar:
        for size in wanted:
            for method in methods:
                results["rows"].append(_measure(method, size, complete, statutes, Path(folder) / str(size), questions, runs, bar))
                _write(results, out or [])
    Console(width=160).print(table(results))


def _sizes(given: str) -> list[int]:
    try:
        sizes = [int(size) for size in given.split(",")]
    except ValueError:
        sizes = [0]
    if min(sizes) < 1:
        raise typer.BadParameter(f"{given!r} is no list of numbers such as 700,10000", param_hint="--sizes")
    return sizes


def _measure(
    method: str, size: int, complete: int, statutes: Path, folder: Path, questions: int, runs: int, bar: Progress
) -> dict[str, Any]:
    """The row of one method and one size. Recall is measured only where the library holds each article once."""

    def run(phase: str, *more: str) -> dict[str, Any]:
        return _phase(bar, f"{size} {METHODS[method].title}", [phase, method, str(statutes), str(size), str(folder), *more])

    row = {"method": method, "clauses": size, **run("index")}
    served = [run("serve", "--questions", str(questions)) for _ in range(runs)]
    row |= min(served, key=lambda each: float(each["p95_ms"]))
    row |= {name: min(each[name] for each in served) for name in ("open_s", "one_p50_ms", "one_p95_ms")}
    row["serve_mb"] = max(each["serve_mb"] for each in served)
    return row | (run("recall") if size == complete else {})


def _phase(bar: Progress, title: str, arguments: list[str]) -> dict[str, Any]:
    """Run one phase and show how it goes on. Exits where it fails."""
    task = bar.add_task(f"{title}: {arguments[0]}", total=None)
    result: dict[str, Any] | None = None
    with subprocess.Popen([sys.executable, "-m", "benchmarks.phase", *arguments], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        for line in process.stdout:
            told = json.loads(line)
            if "result" in told:
                result = told["result"]
            else:
                bar.update(task, description=f"{title}: {told['step']}", completed=told["done"], total=told["total"])
    bar.remove_task(task)
    if process.returncode or result is None:
        _NOTES.print(f"{title}: {arguments[0]} failed with status {process.returncode}; its error stands above", markup=False)
        raise typer.Exit(1)
    return result


def _machine() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpus": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": dict(_versions()),
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            yield name, version(name)


def _write(results: dict[str, Any], out: list[Path]) -> None:
    for path in out:
        text = markdown(results) if path.suffix == ".md" else json.dumps(results, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=_NOTES, transient=True)


if __name__ == "__main__":
    app()
