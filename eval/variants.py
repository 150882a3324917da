"""Search with an ingredient taken away, and the usual recipes: values given to the Search that people ask, no search of their own.

Weights are not learned again for what remains: a row tells what is lost when an ingredient fails, which is more than would be lost
had it never been there.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache

from eval.translations import lines_of, pairs_of, translations
from retrieval.features import FEATURES, LIKELY_SIGNALS, SIGNALS
from retrieval.index import Index
from retrieval.lexical import LexicalIndex, Ranked
from retrieval.lexicon import AGREEMENTS, Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.vectors import VectorIndex

# Taken away one at a time: the name of the variant, how people are told, and the features that go.
INGREDIENTS: Mapping[str, tuple[str, Collection[str]]] = {
    "without dense vectors": ("无向量", ("vectors", "likely_vectors")),
    "without sounds": ("无读音", [name for name in FEATURES if "pinyin" in name]),
    "without words": ("无词", ("words", "likely_words", "question_words")),
    "without bigrams": ("无字二元组", ("bigrams", "likely_bigrams", "question_bigrams")),
    "without headings and lead-ins": ("无标题与引语", ("context", "context_coverage")),
    "without coverage": ("无覆盖度", [name for name in FEATURES if name not in SIGNALS]),
}
_EQUAL = Ranking((1.0,) * len(FEATURES), (1.0,) * len(FEATURES))


@dataclass(frozen=True, slots=True)
class Variant:
    """What a Search is made of. `lexicon` gives the one for questions that clauses of these agreements answer; `title` is for people."""

    name: str
    title: str
    index: Index
    ranking: Ranking
    lexicon: Callable[[frozenset[str]], Lexicon]


def variants(library: Library, index: Index, unasked: Index, ranking: Ranking, lexicon: Lexicon) -> list[Variant]:
    """The whole first, then what is left without each ingredient, then recipes: a few signals, equal weights, no lexicon.

    `unasked` is the index of the library without likely questions. The lexicon that ships was learned from those very questions, so
    without them there is a second variant, in which agreements have only what the others teach, as one that nobody has seen has.
    """
    pairs, general = pairs_of(library), Lexicon.load(without=(AGREEMENTS,))
    nothing = Lexicon({})

    @cache
    def of_others(agreements: frozenset[str]) -> Lexicon:
        return general.widened(lines_of(translations([pair for pair in pairs if pair.origin not in agreements], origins=2)))

    def whole(agreements: frozenset[str]) -> Lexicon:
        return lexicon

    def none(agreements: frozenset[str]) -> Lexicon:
        return nothing

    def recipe(name: str, title: str, of: Index, *signals: str) -> Variant:
        others = frozenset(FEATURES) - frozenset(signals)
        return Variant(name, title, _hearing(of, others), _weighing(_EQUAL, others), none)

    return [
        Variant("whole", "完整", index, ranking, whole),
        Variant("without likely questions", "无可能的问题", unasked, ranking, whole),
        Variant("without likely questions, lexicon of other agreements", "无可能的问题，词典学自别的协议", unasked, ranking, of_others),
        Variant("without a lexicon", "无词典", index, ranking, none),
        *(Variant(name, title, _hearing(index, of), _weighing(ranking, of), whole) for name, (title, of) in INGREDIENTS.items()),
        Variant("equal weights", "权重一律相等", index, _EQUAL, whole),
        recipe("BM25, words", "BM25（词）", unasked, "words"),
        recipe("BM25, character bigrams", "BM25（字二元组）", unasked, "bigrams"),
        recipe("vectors", "向量", unasked, "vectors"),
        recipe("BM25 and vectors", "BM25（词）与向量", unasked, "words", "vectors"),
        recipe("BM25 and likely questions", "BM25（词）与可能的问题", index, "words", "likely_words"),
        recipe("likely questions", "只有可能的问题", index, *LIKELY_SIGNALS),
    ]


def _weighing(ranking: Ranking, but: Collection[str]) -> Ranking:
    """The ranking, but these features have no weight."""
    kept = [float(name not in but) for name in FEATURES]
    weights, bare = (tuple(weight * keep for weight, keep in zip(of, kept, strict=True)) for of in (ranking.weights, ranking.bare))
    return Ranking(weights, bare)


def _hearing(index: Index, but: Collection[str]) -> Index:
    """The index, but these signals find nothing: without a weight alone they would still say which clauses are ranked."""
    part = copy.copy(index)
    part.lexical, part.vectors = _Lexical(index.lexical, but), _Vectors(index.vectors, but)
    return part


class _Lexical(LexicalIndex):
    def __init__(self, whole: LexicalIndex, silent: Collection[str]) -> None:
        self.vocabulary = whole.vocabulary
        self.grams = whole.grams.without_context() if "context" in silent else whole.grams
        self._whole = whole
        self._silent = silent

    def search(self, question: str, printed: Mapping[str, float], agreements: Collection[str], limit: int) -> dict[str, Ranked]:
        found = self._whole.search(question, printed, agreements, limit)
        return {name: [] if name in self._silent else ranked for name, ranked in found.items()}

    def idf(self, bigram: str) -> float:
        return self._whole.idf(bigram)


class _Vectors(VectorIndex):
    def __init__(self, whole: VectorIndex, silent: Collection[str]) -> None:
        self._whole = whole
        self._silent = silent

    def search(self, question: str, agreements: Collection[str], limit: int) -> dict[str, Ranked]:
        found = self._whole.search(question, agreements, limit)
        return {name: [] if name in self._silent else ranked for name, ranked in found.items()}
