"""Lexical search: BM25 over words, character bigrams and sounds of clauses and of their likely questions, in Tantivy on disk.

Scores are Tantivy's BM25 (k1 = 1.2, b = 0.75; Robertson & Zaragoza, 2009); each signal is a query of its own, because how
much each of them counts is learned and must be told apart.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tantivy

from retrieval.clause import Clause
from retrieval.grams import Grams, GramsWriter
from retrieval.likely import LikelyQuestion
from retrieval.links import Links
from retrieval.pinyin import pinyin_pairs
from retrieval.words import bigrams, known_words, words

Ranked = list[tuple[int, float]]  # (position of the clause, score), the best first
_HEAP = 64 * 1024 * 1024
_TEXT_FIELDS = ("words", "bigrams")
_CLAUSE_FIELDS = (*_TEXT_FIELDS, "context_words", "context_bigrams", "likely_words", "likely_bigrams", "likely_pinyin")
_QUESTION_FIELDS = (*_TEXT_FIELDS, "pinyin")
_LEAST_IDF = 0.1  # so that what nearly every clause has still counts
_PER_CLAUSE = 6  # likely questions of one clause may fill this many places of a result


class LexicalIndex:
    """An opened index. Its folder is only ever read."""

    def __init__(self, folder: Path) -> None:
        self._clauses = _Terms(folder / "clauses", _CLAUSE_FIELDS)
        self._questions = _Terms(folder / "questions", _QUESTION_FIELDS)
        self.grams = Grams(folder / "grams")
        self.vocabulary: frozenset[str] = frozenset(json.loads((folder / "vocabulary.json").read_text(encoding="utf-8")))

    @staticmethod
    def build(
        folder: Path,
        clauses: Sequence[Clause],
        links: Links,
        likely: Mapping[tuple[str, str], Sequence[LikelyQuestion]],
        *,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        """Write an index of `clauses` and their likely questions into a folder; `tick` is called once a clause."""
        vocabulary: set[str] = set()
        grams = GramsWriter()
        with _Writer(folder / "clauses", _CLAUSE_FIELDS) as by_clause, _Writer(folder / "questions", _QUESTION_FIELDS) as by_question:
            for position, clause in enumerate(clauses):
                questions = [
                    {"words": words(question.text), "bigrams": bigrams(question.text), "pinyin": pinyin_pairs(question.text)}
                    for question in likely.get(clause.ref, ())
                ]
                context = "\n".join([*links.heading_path(clause), links.lead_in(clause)])
                fields = {
                    "words": words(clause.content),
                    "bigrams": bigrams(clause.content),
                    "context_words": words(context),
                    "context_bigrams": bigrams(context),
                    **{f"likely_{field}": [token for asked in questions for token in asked[field]] for field in _QUESTION_FIELDS},
                }
                vocabulary.update(fields["words"], fields["context_words"], fields["likely_words"])
                by_clause.add(position, clause.agreement, fields)
                grams.add(clause.content, fields["bigrams"], fields["context_bigrams"], [asked["bigrams"] for asked in questions])
                for asked in questions:
                    by_question.add(position, clause.agreement, asked)
                tick()
        written = _Terms(folder / "clauses", _CLAUSE_FIELDS)
        grams.write(folder / "grams", lambda pair: written.idf("bigrams", pair))
        (folder / "vocabulary.json").write_text(json.dumps(sorted(vocabulary), ensure_ascii=False), encoding="utf-8")

    def search(self, question: str, printed: Mapping[str, float], agreements: Collection[str], limit: int) -> dict[str, Ranked]:
        """For each signal the best clauses; only clauses of `agreements`, an empty collection means all.

        Signals of likely questions are there where any clause has some.
        `printed` are words with weights that agreements may print for those of the question.
        """
        terms = known_words(question, self.vocabulary)
        translated: dict[str, float] = {}
        for term, weight in printed.items():
            for word in known_words(term, self.vocabulary):
                translated[word] = max(weight, translated.get(word, 0.0))
        pairs = bigrams(question)
        found = {
            "words": self._clauses.find([("words", terms)], agreements, limit),
            "bigrams": self._clauses.find([("bigrams", pairs)], agreements, limit),
            "printed": self._clauses.find_weighted("words", translated, agreements, limit),
            "context": self._clauses.find([("context_words", terms), ("context_bigrams", pairs)], agreements, limit),
        }
        if self._questions.is_empty:
            return found
        sounds = pinyin_pairs(question)
        each = limit * _PER_CLAUSE
        return found | {
            "likely_words": self._clauses.find([("likely_words", terms)], agreements, limit),
            "likely_bigrams": self._clauses.find([("likely_bigrams", pairs)], agreements, limit),
            "likely_pinyin": self._clauses.find([("likely_pinyin", sounds)], agreements, limit),
            "question_words": _best_of_each(self._questions.find([("words", terms)], agreements, each), limit),
            "question_bigrams": _best_of_each(self._questions.find([("bigrams", pairs)], agreements, each), limit),
            "question_pinyin": _best_of_each(self._questions.find([("pinyin", sounds)], agreements, each), limit),
        }

    def idf(self, bigram: str) -> float:
        """Inverse document frequency of a character bigram, as BM25 has it, at least 0.1; the highest for one that no clause has."""
        return self._clauses.idf("bigrams", bigram)


def _best_of_each(ranked: Iterable[tuple[int, float]], limit: int) -> Ranked:
    best: dict[int, float] = {}
    for position, score in ranked:
        best.setdefault(position, score)
    return list(best.items())[:limit]


def _schema(fields: Iterable[str]) -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("position", stored=False, indexed=False, fast=True)
    builder.add_text_field("agreement", tokenizer_name="raw", index_option="basic")
    for field in fields:
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    return builder.build()


class _Writer:
    """Writes one Tantivy index; kept only when the block ends without an error."""

    def __init__(self, folder: Path, fields: Sequence[str]) -> None:
        folder.mkdir(parents=True)
        index = tantivy.Index(_schema(fields), path=str(folder))
        self._writer = index.writer(heap_size=_HEAP, num_threads=1)  # one thread: the same index every time

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._writer.commit()
            self._writer.wait_merging_threads()

    def add(self, position: int, agreement: str, fields: Mapping[str, Sequence[str]]) -> None:
        document = tantivy.Document()
        document.add_unsigned("position", position)
        document.add_text("agreement", agreement)
        for field, tokens in fields.items():
            document.add_text(field, " ".join(tokens))
        self._writer.add_document(document)


class _Terms:
    """One opened Tantivy index."""

    def __init__(self, folder: Path, fields: Sequence[str]) -> None:
        self._schema = _schema(fields)
        self._searcher = tantivy.Index(self._schema, path=str(folder)).searcher()

    def find(self, tokens: Sequence[tuple[str, Sequence[str]]], agreements: Collection[str], limit: int) -> Ranked:
        """The best `limit` documents for any of the tokens, given as (field, tokens) pairs."""
        return self._find(
            [self._term(field, token, "freq") for field, values in tokens for token in dict.fromkeys(values)], agreements, limit
        )

    def find_weighted(self, field: str, tokens: Mapping[str, float], agreements: Collection[str], limit: int) -> Ranked:
        """The best `limit` documents for any of the tokens, each counting by its weight."""
        boosted = [tantivy.Query.boost_query(self._term(field, token, "freq"), weight) for token, weight in tokens.items()]
        return self._find(boosted, agreements, limit)

    def _find(self, terms: Sequence[tantivy.Query], agreements: Collection[str], limit: int) -> Ranked:
        if not terms:
            return []
        query = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        if agreements:
            named = [(tantivy.Occur.Should, self._term("agreement", key, "basic")) for key in sorted(agreements)]
            only = tantivy.Query.boost_query(tantivy.Query.boolean_query(named), 0.0)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, only)])
        found = self._searcher.search(query, limit, count=False).hits
        positions: Any = self._searcher.fast_field_values("position", [address for _, address in found])
        ranked = [(int(position), float(score)) for position, (score, _) in zip(positions, found, strict=True)]
        return sorted(ranked, key=lambda pair: (-pair[1], pair[0]))

    @property
    def is_empty(self) -> bool:
        return bool(self._searcher.num_docs == 0)

    def idf(self, field: str, token: str) -> float:
        count, total = self._searcher.doc_freq(field, token), self._searcher.num_docs
        return max(_LEAST_IDF, math.log(1 + (total - count + 0.5) / (count + 0.5)))

    def _term(self, field: str, token: str, option: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, token, option)
