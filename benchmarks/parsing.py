"""Print random agreements in many ways and parse them back: `python -m benchmarks.parsing --documents 5000`.

What counts is the share of documents whose clause tree comes back identical: ids, parents, kinds, headings and texts.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.console import Console

from retrieval.parsing import parse
from retrieval.reading import lines_of
from tests.retrieval.agreement_dirt import DIRT, printed, spoil
from tests.retrieval.agreement_generator import DIALECTS, TITLE, Dialect, expected, made_agreement

TOGETHER = (
    ("wrapped", "contents", "references"),
    ("paged", "contents", "references"),
    ("wrapped", "wide", "unspaced"),
    ("paged", "twice", "jumps"),
    ("markdown", "contents", "twice"),
)
SPOILED: tuple[tuple[str, ...], ...] = ((), *((dirt,) for dirt in DIRT), *TOGETHER)
Tree = list[tuple[str, str | None, str, str, str]]
app = typer.Typer(add_completion=False)


@dataclass
class RoundTrips:
    """How many documents of each dialect and each kind of dirt came back, and the seeds of those that did not."""

    tried: Counter[tuple[str, str]] = field(default_factory=Counter)
    same: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: dict[str, list[int]] = field(default_factory=dict)
    clauses: int = 0
    characters: int = 0
    seconds: float = 0.0

    @property
    def share(self) -> float:
        return self.same.total() / self.tried.total() if self.tried else 0.0


def document(dialect: Dialect, dirt: Sequence[str], seed: int, most: int = 9) -> tuple[Tree, str]:
    """The tree that should be found in a random document, and its text. The same for the same seed; `most` as for `made_agreement`."""
    random = Random(f"{dialect.name}|{'+'.join(dirt)}|{seed}")  # noqa: S311
    clauses = made_agreement(random, dialect, most)
    spoil(random, clauses, dirt)
    return expected(clauses), printed(random, dialect, clauses, dirt)


def found_in(text: str) -> Tree:
    """The tree that the parser finds in a text, white space apart."""
    clauses = parse(lines_of(text), agreement="made", title=TITLE).clauses
    return [(one.id, one.parent, one.kind.value, "".join(one.heading.split()), "".join(one.text.split())) for one in clauses]


def round_trips(documents: int, first: int = 0, most: int = 9) -> RoundTrips:
    """Parse at least so many documents, as many of each dialect and dirt; `first` is the first seed, `most` as for
    `document`."""
    result = RoundTrips()
    each = -(-documents // (len(DIALECTS) * len(SPOILED)))
    for dialect in DIALECTS:
        for dirt in SPOILED:
            name = (dialect.name, "+".join(dirt) or "clean")
            for seed in range(first, first + each):
                wanted, text = document(dialect, dirt, seed, most)
                began = time.process_time()
                found = found_in(text)
                result.seconds += time.process_time() - began
                result.tried[name] += 1
                result.clauses += len(wanted)
                result.characters += len(text)
                if found == wanted:
                    result.same[name] += 1
                else:
                    result.failed.setdefault("|".join(name), []).append(seed)
    return result


def markdown(result: RoundTrips) -> str:
    """The shares as tables: by dialect, by dirt, and every document that failed by its seed."""
    lines = [
        f"{result.tried.total()} documents, {result.clauses} clauses, {result.characters} characters: {result.same.total()} trees identical "
        f"({result.share:.2%}); {result.seconds:.1f} s of processor time",
        "",
        *_table("dialect", _by(result, 0)),
        "",
        *_table("dirt", _by(result, 1)),
        "",
        *(f"- `{name}`: seeds {', '.join(map(str, seeds))}" for name, seeds in result.failed.items()),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _by(result: RoundTrips, at: int) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for name, tried in result.tried.items():
        same, all_ = found.get(name[at], (0, 0))
        found[name[at]] = (same + result.same[name], all_ + tried)
    return found


def _table(title: str, rows: Mapping[str, tuple[int, int]]) -> list[str]:
    shown = [f"| {name} | {same}/{tried} | {same / tried:.1%} |" for name, (same, tried) in rows.items()]
    return [f"| {title} | identical | share |", "|---|--:|--:|", *shown]


@app.command()
def main(
    documents: Annotated[int, typer.Option(min=1, help="how many documents, at least")] = 5000,
    first: Annotated[int, typer.Option(min=0, help="the first seed: other seeds make other documents")] = 0,
    most: Annotated[int, typer.Option(min=4, help="how many clauses a list has at most: fewer make smaller documents")] = 9,
    out: Annotated[Path | None, typer.Option(help="write the tables here as well: FILE.json or FILE.md")] = None,
) -> None:
    """Measure how many made agreements come back as they were made."""
    if out is not None and out.suffix not in (".json", ".md"):
        raise typer.BadParameter(f"{out} is neither .json nor .md", param_hint="--out")
    result = round_trips(documents, first, most)
    text = markdown(result)
    Console(width=140).print(text, markup=False, highlight=False)
    if out is not None:
        told = {
            "documents": result.tried.total(),
            "share": result.share,
            "failed": result.failed,
            "dirt": _by(result, 1),
            "dialects": _by(result, 0),
        }
        out.write_text(text if out.suffix == ".md" else json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    app()
