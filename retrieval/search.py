"""A question -> the clauses that may answer it, ranked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from retrieval.clause import Clause, Hit
from retrieval.index import Index
from retrieval.words import STOP_WORDS, bigrams, known_words

# A weighted sum of scores, each over its own best, beats reciprocal-rank fusion here as in Bruch, Gai & Ingber, An Analysis of
# Fusion Functions for Hybrid Retrieval (TOIS 2023): it keeps by how much a clause is better, not only that it is.
_WEIGHTS: Mapping[str, float] = {
    "words": 0.5,
    "bigrams": 0.5,
    "context": 0.3,
    "likely_words": 0.5,
    "likely_bigrams": 0.5,
    "question_words": 1.0,
    "question_bigrams": 1.0,
    "vectors": 0.2,
    "likely_vectors": 1.0,
}
_DEPTH = 100
_COVERED = 0.25  # of a question that a clause must speak of to answer it


class Search:
    """Finds clauses by words, character bigrams, headings and lead-ins, vectors, and the questions they are likely to be asked."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def find(self, question: str, agreements: Collection[str] = (), limit: int = 10) -> list[Hit]:
        """The best `limit` clauses for a question, the best first; only those of `agreements` where any is given.

        `Hit.score` is the weighted mean of the signals, each over its best: a clause that every signal puts first has 1.
        """
        signals = self.index.lexical.search(question, agreements, _DEPTH) | self.index.vectors.search(question, agreements, _DEPTH)
        ranks = {name: {position: rank for rank, (position, _) in enumerate(ranked, 1)} for name, ranked in signals.items()}
        total = sum(_WEIGHTS.values())
        scores: dict[int, float] = {}
        for name, ranked in signals.items():
            best = ranked[0][1] if ranked else 0.0
            for position, score in ranked:
                if best > 0 and score > 0:
                    scores[position] = scores.get(position, 0.0) + _WEIGHTS[name] * score / best / total
        order = sorted(scores, key=lambda position: (-scores[position], position))[:limit]
        return [
            Hit(
                self.index.clauses[position],
                round(scores[position], 6),
                tuple((name, found[position]) for name, found in ranks.items() if position in found),
            )
            for position in order
        ]

    def coverage(self, question: str, clause: Clause) -> float:
        """How much of a question a clause speaks of: the idf-weighted share of its bigrams in the clause, its headings and lead-in, and
        the questions likely to be asked of it.
        """
        weights = {pair: self.index.lexical.idf(pair) for pair in bigrams(question) if pair not in STOP_WORDS}
        links = self.index.links
        asked = (likely.text for likely in self.index.likely.get(clause.ref, ()))
        there = set(bigrams("\n".join([*links.heading_path(clause), links.lead_in(clause), clause.text, *asked])))
        total = sum(weights.values())
        return sum(weight for pair, weight in weights.items() if pair in there) / total if total else 0.0

    def answering(self, question: str, hits: Sequence[Hit], *, each: bool = False) -> list[Hit]:
        """The hits that answer the question, by how much of it they cover; empty where none does.

        With `each`, the best of every agreement among the hits, for a question that names several.
        """
        answering: list[Hit] = []
        for hit in hits:
            seen = {found.clause.agreement for found in answering}
            if (not answering or (each and hit.clause.agreement not in seen)) and self.coverage(question, hit.clause) >= _COVERED:
                answering.append(hit)
        return answering

    def on_topic(self, question: str) -> bool:
        """Whether the library knows enough of the question's words for it to be about agreements at all."""
        return len(known_words(question, self.index.lexical.vocabulary)) >= 2
