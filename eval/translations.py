"""Learn what agreements print for everyday words, from pairs of a question and the text that answers it.

A statistical translation model (Berger & Lafferty, 1999) kept readable: a pair of words is kept when the texts that answer
questions with the one print the other more often than texts do at large.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from retrieval.library import Library
from retrieval.words import words

Entries = dict[str, dict[str, float]]
_SEEN = 3  # pairs of texts that must have both words; 2 where the pairs are few
_FEW = 3000
_DOUBT = 3  # questions without the printed word, added to every word: rare words are believed less
_LIFT = 2.0
_EACH = 12
_LEAST = 0.1


@dataclass(frozen=True, slots=True)
class Pair:
    """The words of a question, the words of a text that answers it, and where both are from."""

    asked: frozenset[str]
    printed: frozenset[str]
    origin: str


def pairs_of(library: Library) -> list[Pair]:
    """The likely questions of a library, each with its clause."""
    likely = library.likely()
    return [
        Pair(frozenset(words(question.text)), printed, clause.agreement)
        for clause in library.clauses()
        if clause.ref in likely
        for printed in [frozenset(words(clause.text))]
        for question in likely[clause.ref]
    ]


def translations(pairs: Iterable[Pair], *, origins: int = 1) -> Entries:
    """The printed words of each everyday word, with weights: how often they answer it, times the logarithm of how much more often
    than at large. A pair of words must come from `origins` sources, so that nothing is learned that only one agreement says.
    """
    pairs = list(pairs)
    together: dict[str, Counter[str]] = defaultdict(Counter)
    by_origin: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    asked: Counter[str] = Counter()
    printed: Counter[str] = Counter()
    for pair in pairs:
        printed.update(pair.printed)
        asked.update(pair.asked)
        for word in pair.asked:
            together[word].update(pair.printed)
            if origins > 1:
                by_origin[pair.origin][word].update(pair.printed)
    least = _SEEN if len(pairs) > _FEW else _SEEN - 1
    found: Entries = {}
    for word, others in together.items():
        kept: dict[str, float] = {}
        for other, count in others.items():
            lift = count / asked[word] * len(pairs) / printed[other]
            if count < least or other == word or lift <= _LIFT:
                continue
            if origins == 1 or sum(other in told[word] for told in by_origin.values() if word in told) >= origins:
                kept[other] = count / (asked[word] + _DOUBT) * math.log(lift)
        if kept:
            found[word] = dict(sorted(kept.items(), key=lambda entry: (-entry[1], entry[0]))[:_EACH])
    return found


def lines_of(entries: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Entries as the lexicon's files have them; weights below 0.1 are left out."""
    rows = []
    for word, others in sorted(entries.items()):
        kept = [f"{other}={weight:.1f}" for other, weight in others.items() if weight >= _LEAST]
        if kept:
            rows.append(f"{word}\t{' '.join(kept)}")
    return rows
