"""The answerer that needs no model: it quotes the sentences of the clause that answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from answering.checks import Claim, quote_fits, verbatim_piece
from answering.evidence import Exhibit
from answering.sentences import nearest, sentences
from retrieval.words import bigrams

_WHOLE = 180  # characters; a shorter clause is quoted whole
_STOP = re.compile(r"[。！？!?；;\n][”’」』）)\s]*")
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


def quote_for(claim: Claim, shown: Exhibit, question: str) -> str:
    """The words of a clause to quote for a claim that rests on it: those the claim is made of, else the sentence nearest to it, with its
    neighbours where it is too short (`answering.checks.quote_fits`). The clause's own characters, one contiguous piece.
    """
    text = shown.clause.text
    for candidate in (claim.text.removeprefix(shown.lead_in), nearest(claim.text, text), quote_of(question, shown)):
        if piece := verbatim_piece(candidate, text):
            return widened(piece, text)
    return text


def widened(piece: str, text: str) -> str:
    """A piece of a text with the rest of the sentence it stands in, then those after it, then those before it, until it is long enough to
    be quoted; all of the text at the most.
    """
    start = text.find(piece)
    end = start + len(piece)
    cuts = sorted({0, *(found.end() for found in _STOP.finditer(text)), len(text)})
    while not quote_fits(text[start:end], text) and (start, end) != (0, len(text)):
        if start not in cuts or end not in cuts:
            start, end = max(cut for cut in cuts if cut <= start), min(cut for cut in cuts if cut >= end)
        elif end < len(text):
            end = cuts[cuts.index(end) + 1]
        else:
            start = cuts[cuts.index(start) - 1]
    return text[start:end].strip()
