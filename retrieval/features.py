"""What is known of a question and some clauses: the numbers a ranking is learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from retrieval.grams import letters_of
from retrieval.lexical import LexicalIndex
from retrieval.words import STOP_WORDS, bigrams

TEXT_SIGNALS = ("words", "bigrams", "printed", "context", "vectors")
LIKELY_SIGNALS = (
    "likely_words", "likely_bigrams", "likely_pinyin", "likely_vectors", "question_words", "question_bigrams", "question_pinyin",
)  # fmt: skip
SIGNALS = (*TEXT_SIGNALS, *LIKELY_SIGNALS)
TEXT_FEATURES = (*TEXT_SIGNALS, "text_coverage", "context_coverage")
FEATURES = (*SIGNALS, "text_coverage", "likely_coverage", "context_coverage", "nearest_question", "question_coverage", "all_coverage")

_QUOTATION = 10  # letters; fewer in a row are no quotation


class Features:
    """Computes the features of clauses, named by their positions in an index, for questions."""

    def __init__(self, lexical: LexicalIndex) -> None:
        self._grams = lexical.grams
        self._idf = lru_cache(maxsize=200_000)(lexical.idf)

    def weights(self, question: str) -> dict[str, float]:
        """The bigrams of a question with their idf, without those that only say how it is asked."""
        return {pair: self._idf(pair) for pair in bigrams(question) if pair not in STOP_WORDS}

    def of(self, asked: Mapping[str, float], positions: Sequence[int], signals: Sequence[Mapping[str, float]]) -> list[tuple[float, ...]]:
        """The values of FEATURES for a question, given by its `weights`, and each of some clauses, given with their signals.

        Each signal over its best for this question, then how much of the question the clause's text, its likely questions,
        its headings and all of them together speak of (idf-weighted shares of bigrams), the likeness (weighted Dice) of the
        nearest likely question, and how much of the question one likely question alone speaks of. All in [0, 1].
        """
        common = self._grams.common(asked, np.array(positions, dtype=np.int64))
        given = np.array([[values.get(name, 0.0) for name in SIGNALS] for values in signals]).reshape(-1, len(SIGNALS))
        shares = (common.text, common.likely, common.context, common.nearest, common.most, common.all)
        return [tuple(row) for row in np.column_stack([given, *shares]).tolist()]

    def quotes(self, question: str, position: int) -> bool:
        """Whether the question is a piece of the clause's text, letter by letter."""
        letters = _letters(question)
        return len(letters.decode()) >= _QUOTATION and self._grams.has_letters(position, letters)


@lru_cache(maxsize=64)
def _letters(text: str) -> bytes:
    return letters_of(text)
