"""The results of benchmarks/scale.py for people: a table for the terminal, a page in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from rich.table import Table

from benchmarks.methods import METHODS

_COLUMNS = {
    "indexed": ("vectors or texts", "{:,}"),
    "index_s": ("index s", "{:.1f}"),
    "index_peak_mb": ("index peak MB", "{:.0f}"),
    "disk_mb": ("disk MB", "{:.0f}"),
    "open_s": ("open s", "{:.1f}"),
    "p50_ms": ("p50 ms", "{:.1f}"),
    "p95_ms": ("p95 ms", "{:.1f}"),
    "one_p50_ms": ("p50 ms, one agreement", "{:.1f}"),
    "one_p95_ms": ("p95 ms, one agreement", "{:.1f}"),
    "serve_mb": ("serving MB", "{:.0f}"),
    "recall_10": ("R@10", "{:.3f}"),
}
_RATIOS = {"index_s": "time to index", "p95_ms": "p95", "one_p95_ms": "p95, one agreement", "serve_mb": "memory while serving"}
_AIM_MS, _AIM_MB = 50, 1500


def table(results: Mapping[str, Any]) -> Table:
    """Every row, a size after the other."""
    shown = Table()
    for column in ("clauses", "", *(title for title, _ in _COLUMNS.values())):
        shown.add_column(column, justify="right" if column else "left")
    size = None
    for row in results["rows"]:
        if size not in (None, row["clauses"]):
            shown.add_section()
        size = row["clauses"]
        shown.add_row(*_cells(row))
    return shown


def markdown(results: Mapping[str, Any]) -> str:
    """The page: what was measured and where, the table, WenYue against the others of the same run, and how its cost grows."""
    machine, rows = results["machine"], results["rows"]
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    ours = [row for row in rows if row["method"] == "wenyue"]
    lines = [
        "# What growth costs",
        "",
        f"Measured {machine['date']} on {machine['cpus']} CPUs ({machine['system']}, Python {machine['python']}; {packages}) by",
        "",
        "    pip install -r requirements-dev.lock && pip install -r benchmarks/requirements.txt",
        "    python -m benchmarks.scale --statutes FOLDER --out benchmarks/results.json --out benchmarks/results.md",
        "",
        f"{results['questions']} lay questions, one at a time, to {results['runs']} processes one after the other: the times of the best, the",
        "memory of the largest. Indexing and serving have a process each; memory is the process's own, the clauses and Python included.",
        "Times need quiet CPUs; the ratios below are of one run on one machine and travel better.",
        "",
        *_lines(("clauses", "", *(title for title, _ in _COLUMNS.values())), [_cells(row) for row in rows]),
        "",
        *_READING,
        "",
        "## WenYue against the others",
        "",
        "WenYue's cost as a multiple of the other's.",
        "",
        *_lines(("clauses", "against", *_RATIOS.values()), [_against(row, other) for row in ours for other in _others(rows, row)]),
        "",
        "## How cost grows",
        "",
        f"Aim: p95 under {_AIM_MS} ms and serving under {_AIM_MB:,} MB at 140,000 clauses on 2 CPUs, and no cost that grows faster than the",
        "library. Each column: how many times as much as at the size before.",
        "",
        *_lines(("clauses", "library", *_RATIOS.values()), [_growth(before, row) for before, row in pairwise(ours)]),
        "",
    ]
    return "\n".join(lines)


_READING = (
    "- The library is the statutes, an agreement a law; beyond the first 58,625 articles the laws come again as another edition.",
    "- *One agreement*: the same questions, each asked of the law that answers it alone.",
    "- *R@10*: of the articles that answer, the share among the first ten articles found, over all questions. A chunk of LangChain's",
    "  holds several articles, which count in their order. WenYue's lexicon has learned from other questions than the one asked.",
    "- LangChain has WenYue's vectors; the time and memory to fit them are not in its figures.",
)


def _cells(row: Mapping[str, Any]) -> list[str]:
    figures = [form.format(row[name]) if name in row else "" for name, (_, form) in _COLUMNS.items()]
    return [f"{row['clauses']:,}", METHODS[row["method"]].title, *figures]


def _others(rows: Sequence[Mapping[str, Any]], ours: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["clauses"] == ours["clauses"] and row["method"] != ours["method"]]


def _against(ours: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return [f"{ours['clauses']:,}", METHODS[other["method"]].title, *(f"{ours[name] / other[name]:.2f}" for name in _RATIOS)]


def _growth(before: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    return [f"{row['clauses']:,}", *(f"{row[name] / before[name]:.1f}" for name in ("clauses", *_RATIOS))]


def _lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    aligned = ["---" if column in ("", "against") else "---:" for column in columns]
    return [f"| {' | '.join(cells)} |" for cells in (columns, aligned, *rows)]
