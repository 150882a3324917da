"""What helps to read a cited clause, a line each: what it refers to, and what its terms mean."""

from __future__ import annotations

import re
from collections.abc import Iterator

from answering.answer import Citation, Defined, Language
from bot.labels import parts_of
from bot.wording import say
from retrieval.clause import Clause

_BEGINNING = 30  # characters of a clause that is only pointed at
_ADDRESS = re.compile(r"[（(]\s*https?://[^（）()]*[）)]")


def footnotes(citation: Citation, language: Language) -> Iterator[str]:
    """A line for every clause that a cited one refers to, one for the documents that are not held, one for every term defined."""
    for referred in citation.refers:
        under = f"…{referred.under[-_BEGINNING:]}" if len(referred.under) > _BEGINNING else referred.under
        text = under + _beginning(referred.clause.content)
        yield say("refers", language, label=_seen_from(citation, referred.clause), text=text)
    if citation.unheld:
        yield say("unheld", language, titles="".join(f"《{title}》" for title in citation.unheld))
    for defined in citation.defines:
        yield say("defines", language, term=defined.term, label=_seen_from(citation, defined.clause), text=_around(defined))


def _seen_from(citation: Citation, clause: Clause) -> str:
    """A clause by its place alone where it stands in the same agreement."""
    return parts_of(clause.label)[1] if clause.agreement == citation.clause.agreement else clause.label


def _beginning(text: str) -> str:
    text = text.replace("\n", "　")
    return text if len(text) <= _BEGINNING else text[:_BEGINNING] + "…"


def _around(defined: Defined) -> str:
    """The beginning of a definition; of one that gives a short name to what stands in front of it, the end with the name."""
    text = _ADDRESS.sub("", defined.sentence.replace("\n", "　"))
    named = re.search(re.escape(defined.term) + r"[”\"」』]?[）)]?", text)
    if named is None or named.end() <= _BEGINNING:
        return _beginning(text)
    return f"…{text[named.end() - _BEGINNING : named.end()].lstrip()}…"
