"""What is known of a question and one clause: the numbers a ranking is learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from retrieval.clause import Clause
from retrieval.lexical import LexicalIndex
from retrieval.likely import LikelyQuestion
from retrieval.links import Links
from retrieval.words import STOP_WORDS, bigrams, normalise

TEXT_SIGNALS = ("words", "bigrams", "context", "vectors")
LIKELY_SIGNALS = (
    "likely_words", "likely_bigrams", "likely_pinyin", "likely_vectors", "question_words", "question_bigrams", "question_pinyin",
)  # fmt: skip
SIGNALS = (*TEXT_SIGNALS, *LIKELY_SIGNALS)
TEXT_FEATURES = (*TEXT_SIGNALS, "text_coverage", "context_coverage")
FEATURES = (*SIGNALS, "text_coverage", "likely_coverage", "context_coverage", "nearest_question", "all_coverage")

_QUOTATION = 10  # letters; fewer in a row are no quotation


class Features:
    """Computes the features of clauses for questions; remembers the bigrams of clauses it has seen."""

    def __init__(self, links: Links, likely: Mapping[tuple[str, str], Sequence[LikelyQuestion]], lexical: LexicalIndex) -> None:
        self._links = links
        self._likely = likely
        self._idf = lru_cache(maxsize=200_000)(lambda pair: max(0.1, lexical.idf(pair)))
        self._known_of = lru_cache(maxsize=20_000)(self._known)

    def weights(self, question: str) -> dict[str, float]:
        """The bigrams of a question with their idf, without those that only say how it is asked."""
        return {pair: self._idf(pair) for pair in bigrams(question) if pair not in STOP_WORDS}

    def of(self, asked: Mapping[str, float], clause: Clause, signals: Mapping[str, float]) -> list[float]:
        """The values of FEATURES for a question, given by its `weights`, and a clause.

        Each signal over its best for this question, then how much of the question the clause's text, its likely questions,
        its headings and all of them together speak of (idf-weighted shares of bigrams), and the likeness (weighted Dice) of
        the nearest likely question. All in [0, 1].
        """
        total = sum(asked.values()) or 1.0
        known = self._known_of(clause)
        shares = [self._common(asked, there) / total for there in (known.text, known.likely, known.context, known.all)]
        nearest = max((2 * self._common(asked, pairs) / (total + weight) for pairs, weight in known.questions), default=0.0)
        return [*(signals.get(name, 0.0) for name in SIGNALS), *shares[:3], nearest, shares[3]]

    def quotes(self, question: str, clause: Clause) -> bool:
        """Whether the question is a piece of the clause's text, letter by letter."""
        letters = _letters(question)
        return len(letters) >= _QUOTATION and letters in self._known_of(clause).letters

    @staticmethod
    def _common(asked: Mapping[str, float], there: frozenset[str]) -> float:
        return sum([weight for pair, weight in asked.items() if pair in there])

    def _known(self, clause: Clause) -> _Known:
        context = "\n".join([*self._links.heading_path(clause), self._links.lead_in(clause)])
        asked = [frozenset(bigrams(likely.text)) - STOP_WORDS for likely in self._likely.get(clause.ref, ())]
        text, around, likely = frozenset(bigrams(clause.content)), frozenset(bigrams(context)), frozenset[str]().union(*asked)
        questions = tuple((pairs, sum(self._idf(pair) for pair in pairs)) for pairs in asked)
        return _Known(text, around, likely, text | around | likely, questions, _letters(clause.content))


@dataclass(frozen=True, slots=True)
class _Known:
    """The bigrams of one clause; likely questions also one by one, each with the sum of its idf."""

    text: frozenset[str]
    context: frozenset[str]
    likely: frozenset[str]
    all: frozenset[str]
    questions: tuple[tuple[frozenset[str], float], ...]
    letters: str


@lru_cache(maxsize=64)
def _letters(text: str) -> str:
    return "".join(char for char in normalise(text) if char.isalnum())
