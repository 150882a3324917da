"""A question that names no agreement, where agreements answer it differently: which ones they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from answering.asking import gives_kind, wanted_kind
from retrieval.clause import Hit
from retrieval.likely import LikelyQuestion
from retrieval.words import STOP_WORDS, bigrams, normalise

_AS_GOOD = 0.5  # of the best score, for another agreement's clause to be an answer too
_SAME_MATTER = 0.09  # likeness (Jaccard, bigrams) of what two clauses are likely to be asked, or of what they say
_FIGURES = re.compile(r"\d+(?:[.,]\d+)*|[\w.+-]+@[\w.-]+")


def differing(question: str, hits: Sequence[Hit], likely: Mapping[tuple[str, str], Sequence[LikelyQuestion]]) -> list[str]:
    """The agreements between which somebody must choose, that of the best hit first; empty where the best hit can answer alone.

    They differ where a figure is asked for (a time, an amount, whom to contact), and the best clauses of two agreements are about
    the same matter, both give such a figure, and not the same. Of another agreement the best such clause decides.
    """
    kind = wanted_kind(question)
    if kind is None or not hits or not gives_kind(kind, hits[0].clause.content):
        return []
    best = hits[0]
    keys = [best.clause.agreement]
    decided = set(keys)
    for hit in hits[1:]:
        other = hit.clause
        if hit.score < _AS_GOOD * best.score or other.agreement in decided or not gives_kind(kind, other.content):
            continue
        alike = max(_likeness(_asked(best, likely), _asked(hit, likely)), _likeness(_pairs(best.clause.content), _pairs(other.content)))
        if alike >= _SAME_MATTER:
            decided.add(other.agreement)
            if _figures(best.clause.text) != _figures(other.text):
                keys.append(other.agreement)
    return keys if len(keys) > 1 else []


def _figures(text: str) -> frozenset[str]:
    return frozenset(_FIGURES.findall(normalise(text)))


def _asked(hit: Hit, likely: Mapping[tuple[str, str], Sequence[LikelyQuestion]]) -> frozenset[str]:
    return frozenset[str]().union(*(_pairs(question.text) for question in likely.get(hit.clause.ref, ())))


def _pairs(text: str) -> frozenset[str]:
    return frozenset(bigrams(text)) - STOP_WORDS


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0
