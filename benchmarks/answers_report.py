"""The results of benchmarks/answers.py for people: tables for the terminal, a page in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

_COUNTED = {
    "asked": "the model was asked",
    "written": "its words were shown",
    "quoted": "clauses were quoted instead",
    "quoted_after_the_model": "of these after the model had been asked",
}
_TIMES = {
    "asked": "the model is asked",
    "first_token": "first token",
    "first_handle": "first sentence written, with its handle",
    "first_sentence": "first verified sentence",
    "whole": "whole answer",
}


def tables(results: Mapping[str, Any]) -> list[Table]:
    """The figures, a table for each of the things measured."""
    found = []
    for title, rows in _sections(results).items():
        table = Table("", "", title=title, show_header=False, title_justify="left", min_width=80)
        for name, value in rows:
            table.add_row(name, value)
        found.append(table)
    return found


def _sections(results: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """The figures as people read them, by title."""
    figures, evaluated = results["figures"], results["eval"]
    return {
        "Answers": [(title, f"{figures['answers'][name]}") for name, title in _COUNTED.items()],
        "Time from the question, ms": [
            *((title, _shown(figures["ms"][name])) for name, title in _TIMES.items()),
            *(
                (f"from first token to first verified sentence, {name}", _shown(each))
                for name, each in figures["token_to_sentence"].items()
            ),
            ("from written to verified, nothing failed", _shown(figures["written_to_sentence"])),
        ],
        "Time in checks, ms": [
            *((f"per {name.replace('_', ' ')}", _shown(each)) for name, each in figures["checks"].items()),
            ("share of the time of an answer", f"{figures['check_share']:.1%}"),
        ],
        "Tokens per answer (o200k_base)": [(kind, _shown(each)) for kind, each in figures["tokens"].items()],
        "What failed the checks": [
            ("sentences written anew", f"{figures['sentences_repaired']}"),
            *((f"withheld: {reason}", f"{count}") for reason, count in figures["withheld"].items()),
            *((f"answers with {count} requests", f"{times}") for count, times in figures["requests"].items()),
        ],
        "What the budget cuts": [(f"{row['budget']} tokens of clauses", _cut(row)) for row in results["budgets"]],
        f"`wenyue eval --parallel {results['parallel']}`, twice": [(name.replace("_", " "), _value(evaluated[name])) for name in evaluated],
    }


def _cut(row: Mapping[str, Any]) -> str:
    cut = f"{row['clauses_left_out']} clauses, of {row['answers_cut']} answers in {row['asked']}"
    return f"{cut}; tokens of a prompt {_shown(row['prompt'])}, most {row['most']:,}"


def _shown(spread: Mapping[str, float]) -> str:
    return f"median {spread['median']:,.0f}, p95 {spread['p95']:,.0f} (n={spread['n']})"


def _value(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def markdown(results: Mapping[str, Any]) -> str:
    """The page of the results."""
    machine, (name, count) = results["machine"], results["questions"]
    lines = [
        "# What an answer costs",
        "",
        f"Measured {machine['date']} on {machine['cpus']} CPUs (Python {machine['python']}) over {name} ({count} questions) by",
        "",
        "    python -m benchmarks.answers --out benchmarks/answers.md",
        "",
        f"The model is tests/reading_model.py: four characters every {results['delay_ms']:g} ms, one sentence wrong in one answer of six. How fast",
        "it writes and what it says are no measure of any model; what comes between its words and the reader is WenYue's.",
    ]
    for title, rows in _sections(results).items():
        lines += ["", f"## {title}", "", "|  |  |", "| --- | ---: |", *(f"| {name} | {value} |" for name, value in rows)]
    return "\n".join([*lines, ""])
