"""The answerer that needs no model: it quotes the sentences of the clause that answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from answering.checks import Claim
from answering.evidence import Exhibit
from answering.sentences import sentences
from retrieval.words import bigrams

_WHOLE = 180  # characters; a shorter clause is quoted whole
_LIMITS = re.compile(r"^(?:但|除|如|若|否则|前述|上述|同时|此外)|除外|另有")


def extract(question: str, exhibits: Sequence[Exhibit]) -> list[Claim]:
    """One claim an exhibit: its lead-in and the sentences of it that answer, verbatim."""
    return [Claim(exhibit.lead_in + quote_of(question, exhibit), (exhibit.handle,)) for exhibit in exhibits]


def quote_of(question: str, exhibit: Exhibit) -> str:
    """The part of a clause that answers: the whole of a short clause, else the sentence that shares most with the question, and
    the sentence after it where that one limits it. Verbatim, one contiguous piece.
    """
    text = exhibit.clause.text
    if len(text) <= _WHOLE:
        return text
    parts = sentences(text)
    wanted = set(bigrams(question))
    scores = [len(wanted & set(bigrams(part))) for part in parts]
    best = max(range(len(parts)), key=lambda at: (scores[at], -at))
    end = best + 1
    while end < len(parts) and sum(map(len, parts[best : end + 1])) <= _WHOLE and _LIMITS.search(parts[end]):
        end += 1
    start = text.find(parts[best])
    last = text.find(parts[end - 1], start)
    return text[start : last + len(parts[end - 1])]
