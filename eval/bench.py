"""Retrieval against a public benchmark: statutes that answer lay people's questions.

The folder holds `corpus.jsonl.gz` (id, title, article, section, text) and `queries.jsonl` (id, text, gold = list of ids), as STARD
(Su et al., 2024, arXiv 2406.15313) gives them. Plain BM25 over words and over character bigrams is measured in the same run.
The lexicon that ships has learned from these very queries, so here each fifth of them is searched with what the others teach.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.questions import QuestionsError
from eval.translations import Pair, lines_of, translations
from retrieval.clause import Clause, Kind
from retrieval.index import Index, Progress, open_index
from retrieval.lexicon import STATUTES, Lexicon
from retrieval.likely import LikelyQuestion
from retrieval.ranking import Ranking
from retrieval.search import Search
from retrieval.words import words

_DEPTH = 100
_FOLDS = 5
Find = Callable[[int, str], list[str]]  # the place of a query and its text -> ids of articles, the best first


@dataclass(frozen=True, slots=True)
class Query:
    text: str
    gold: frozenset[str]


class Statutes:
    """The corpus as clauses of one agreement; what `open_index` needs of a library. Raises QuestionsError."""

    def __init__(self, folder: Path) -> None:
        try:
            with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as file:
                rows = [json.loads(line) for line in file]
            queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
            self._clauses = [
                Clause(
                    "statutes",
                    str(row["id"]),
                    row["article"],
                    1,
                    Kind.CLAUSE,
                    1,
                    None,
                    f"{row['title']} {row['article']}",
                    row["text"],
                    False,
                    "",
                )
                for row in rows
            ]
            self.queries = [Query(row["text"], frozenset(map(str, row["gold"]))) for row in queries]
            if not self._clauses or not self.queries:
                raise ValueError("there are no articles" if self.queries else "there are no queries")
            if unanswered := next((query.text for query in self.queries if not query.gold), None):
                raise ValueError(f"no article is named that answers {unanswered!r}")
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise QuestionsError(f"{folder} does not hold the benchmark (corpus.jsonl.gz and queries.jsonl): {error}") from error

    @property
    def version(self) -> str:
        """Of the texts, so that another corpus of the same size is indexed anew."""
        return hashlib.sha256("\0".join(f"{clause.id} {clause.heading} {clause.text}" for clause in self._clauses).encode()).hexdigest()

    def clauses(self) -> list[Clause]:
        return self._clauses

    def likely(self) -> dict[tuple[str, str], list[LikelyQuestion]]:
        return {}

    def pairs(self) -> list[Pair]:
        """Each query with the articles that answer it, in the order of the queries."""
        texts = {clause.id: clause.text for clause in self._clauses}
        return [
            Pair(frozenset(words(query.text)), frozenset(word for name in query.gold for word in words(texts.get(name, ""))), "statutes")
            for query in self.queries
        ]


def searches_of(index: Index, statutes: Statutes, ranking: Ranking, general: Lexicon | None = None) -> list[Search]:
    """A search for every fold of the queries (query `at` belongs to `at % len(searches)`), whose lexicon has not learned from them.

    `general` is what the statutes have not taught; where it is not given, what ships.
    """
    general = general or Lexicon.load(without=(STATUTES,))
    pairs = statutes.pairs()
    learned = [translations(pair for at, pair in enumerate(pairs) if at % _FOLDS != fold) for fold in range(_FOLDS)]
    return [Search(index, ranking, general.widened(lines_of(entries))) for entries in learned]


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One method: recall at 5, 10 and 100, MRR@10 (means over the queries), and milliseconds a query (p50, p95)."""

    method: str
    recall: Mapping[int, float]
    mrr: float
    p50_ms: float
    p95_ms: float


def run_bench(
    folder: Path, home: Path, ranking: Ranking, *, progress: Progress, tick: Callable[[int, int], None]
) -> tuple[list[BenchRow], float]:
    """The rows of plain BM25 and of WenYue's search, and the seconds that indexing took (0 where the index was there)."""
    statutes = Statutes(folder)
    home.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    index = open_index(home, statutes, progress=progress)
    seconds = time.perf_counter() - started
    searches = searches_of(index, statutes, ranking)
    plain = Search(index, ranking, Lexicon({}))

    def signal(name: str) -> Find:
        return lambda at, text: [index.clauses[at].id for at, _ in index.lexical.search(text, {}, (), _DEPTH)[name]]

    def found(search: Search, text: str) -> list[str]:
        return [hit.clause.id for hit in search.find(text, (), _DEPTH)]

    methods: dict[str, Find] = {
        "BM25, words": signal("words"),
        "BM25, character bigrams": signal("bigrams"),
        "WenYue without a lexicon": lambda at, text: found(plain, text),
        "WenYue": lambda at, text: found(searches[at % len(searches)], text),
    }
    total = len(methods) * len(statutes.queries)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        tick(done, total)

    try:
        rows = [_measure(method, find, statutes.queries, step) for method, find in methods.items()]
    finally:
        index.close()
    return rows, seconds


def _measure(method: str, find: Find, queries: Sequence[Query], tick: Callable[[], None]) -> BenchRow:
    recalls: dict[int, list[float]] = {5: [], 10: [], 100: []}
    reciprocal: list[float] = []
    times: list[float] = []
    for at, query in enumerate(queries):
        started = time.perf_counter()
        found = find(at, query.text)
        times.append((time.perf_counter() - started) * 1000)
        for k, values in recalls.items():
            values.append(len(query.gold.intersection(found[:k])) / len(query.gold))
        rank = next((rank for rank, name in enumerate(found[:10], start=1) if name in query.gold), None)
        reciprocal.append(1 / rank if rank else 0.0)
        tick()
    return BenchRow(
        method,
        {k: float(np.mean(values)) for k, values in recalls.items()},
        float(np.mean(reciprocal)),
        float(np.percentile(times, 50)),
        float(np.percentile(times, 95)),
    )
