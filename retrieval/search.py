"""A question -> the clauses that may answer it, ranked."""

from __future__ import annotations

from collections.abc import Collection

from retrieval.clause import Hit
from retrieval.features import Features
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.ranking import Ranking
from retrieval.words import known_words

_DEPTH = 100  # how far down each signal is read
_CONSIDERED = 40  # how many clauses, best by the sum of the signals, are ranked


class Search:
    """Finds clauses by words, character bigrams, headings and lead-ins, vectors, and the questions they are likely to be asked.

    The signals are fused by a weighted sum of scores, each over its own best, which keeps by how much a clause is better
    where reciprocal-rank fusion keeps only that it is (Bruch, Gai & Ingber, TOIS 2023).
    """

    def __init__(self, index: Index, ranking: Ranking, lexicon: Lexicon) -> None:
        self.index = index
        self.ranking = ranking
        self.lexicon = lexicon
        self._features = Features(index.lexical)

    def find(self, question: str, agreements: Collection[str] = (), limit: int = 10) -> list[Hit]:
        """The best `limit` clauses for a question, the best first; only those of `agreements` where any is given."""
        signals = {
            **self.index.lexical.search(question, self.lexicon.printed(question), agreements, _DEPTH),
            **self.index.vectors.search(question, agreements, _DEPTH),
        }
        ranks: dict[int, dict[str, int]] = {}
        shares: dict[int, dict[str, float]] = {}
        for name, ranked in signals.items():
            best = ranked[0][1] if ranked else 0.0
            # What is beyond the last place read counts 0, so that place must count hardly more.
            least = max(0.0, ranked[-1][1]) if len(ranked) == _DEPTH and ranked[-1][1] < best else 0.0
            for rank, (position, score) in enumerate(ranked, start=1):
                if best > 0 and score > 0:
                    ranks.setdefault(position, {})[name] = rank
                    shares.setdefault(position, {})[name] = (score - least) / (best - least)
        considered = sorted(shares, key=lambda position: (-sum(shares[position].values()), position))[: max(limit, _CONSIDERED)]
        found = self._features.of(self._features.weights(question), considered, [shares[position] for position in considered])
        hits = []
        for position, features in zip(considered, found, strict=True):
            clause = self.index.clauses[position]
            score = self.ranking.score(features, bare=clause.ref not in self.index.likely)
            if self._features.quotes(question, position):
                score = 1.0
            hits.append(Hit(clause, round(score, 6), tuple(ranks[position].items()), features))
        place = {hit.clause.ref: position for hit, position in zip(hits, considered, strict=True)}
        return sorted(hits, key=lambda hit: (-hit.score, place[hit.clause.ref]))[:limit]

    def known_share(self, question: str) -> float:
        """The share of a question's characters that stand in words some indexed text has."""
        letters = [char for char in question if char.isalnum()]
        known = set("".join(word for word in known_words(question, self.index.lexical.vocabulary) if len(word) > 1))
        return sum(char.lower() in known for char in letters) / len(letters) if letters else 0.0
