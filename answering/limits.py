"""Where an answer ends: the neighbouring clause that denies what the best clause grants.

"Within 7 days you may have your money back" is half an answer when the next clause says for what nobody gets it back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from retrieval.clause import Clause, Hit
from retrieval.words import bigrams, normalise

_GRANTS = re.compile(r"有权(?!利)|可以|予以|应当|全额")
_DENIES = re.compile(r"无权|不予|不得|无法(?:取消|退|转|更改|变更)|不接受|不退|不支持")
_NEAR = 0.3  # of the best hit's score: what is further away is about something else


def limit_of(question: str, hits: Sequence[Hit], printed: Collection[str]) -> Clause | None:
    """The clause beside the best one that denies, in the question's own words, what the best one grants; None mostly.

    It stands under the same parent, is found for the same question, grants nothing itself, and denies what the question asks for, in
    its words or in those that agreements print for them (`printed`).
    """
    if not hits or not _GRANTS.search(_plain(hits[0].clause)) or _DENIES.search(_plain(hits[0].clause).split("但")[0]):
        return None
    best = hits[0]
    asked = set(bigrams(question)).union(*map(bigrams, printed))
    for hit in hits[1:10]:
        clause = hit.clause
        beside = clause.agreement == best.clause.agreement and clause.parent == best.clause.parent and clause.kind == best.clause.kind
        denies = _DENIES.search(_plain(clause))
        if beside and denies and not _GRANTS.search(_plain(clause)) and hit.score >= _NEAR * best.score and asked & _outcome(clause):
            return clause
    return None


def _outcome(clause: Clause) -> set[str]:
    """The bigrams that follow a denial in its clause: what is denied."""
    text = _plain(clause)
    return {pair for found in _DENIES.finditer(text) for pair in bigrams(text[found.start() : found.end() + 12])}


def _plain(clause: Clause) -> str:
    return normalise(clause.text)
