"""Sentences of clauses and of statements, and how much two texts share."""

from __future__ import annotations

import re
from collections.abc import Iterable

from retrieval.words import bigrams

_SENTENCE = re.compile(r"[^。！？!?\n]+(?:[。！？!?]+[”’」』）)]*|$)", re.MULTILINE)
_PART = re.compile(r"[^；;]+(?:[；;]|$)")
_LONG = 90  # characters; a longer sentence is taken apart at its semicolons


def sentences(text: str) -> list[str]:
    """The sentences of a text, verbatim and in order; long ones in the parts that semicolons separate."""
    found: list[str] = []
    for sentence in (match.group().strip() for match in _SENTENCE.finditer(text)):
        if len(sentence) > _LONG and re.search("[；;]", sentence):
            found.extend(part.group().strip() for part in _PART.finditer(sentence))
        else:
            found.append(sentence)
    return [sentence for sentence in found if sentence]


def share(text: str, others: Iterable[str]) -> float:
    """The share of a text's bigrams that stand in the other texts, 0 to 1; 1 for a text that has none."""
    mine = bigrams(text)
    if not mine:
        return 1.0
    theirs = {bigram for other in others for bigram in bigrams(other)}
    return sum(bigram in theirs for bigram in mine) / len(mine)


def nearest(statement: str, text: str) -> str:
    """The sentence of `text` that shares most with a statement; the whole text where it has no sentence."""
    parts = sentences(text)
    if not parts:
        return text
    wanted = set(bigrams(statement))
    return max(parts, key=lambda part: len(wanted & set(bigrams(part))) / (1 + len(set(bigrams(part))) ** 0.5))
