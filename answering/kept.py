"""An answer made again from its JSON, to be given once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from answering.answer import (
    Answer,
    Choice,
    Citation,
    Defined,
    Language,
    Reason,
    Referred,
    Statement,
    Status,
    Withheld,
)
from answering.checks import is_verbatim
from retrieval.clause import Clause, Hit
from retrieval.definitions import definitions
from retrieval.errors import UnknownAgreement
from retrieval.library import Library
from retrieval.links import Links

_OWN = ("tokens", "latency_ms", "first_ms", "cached")  # of the giving, not of what is given


def answer_from(row: Mapping[str, Any], library: Library) -> Answer | None:
    """The answer whose public JSON this is, its clauses looked up in `library`; None where anything of it does not fit any more.

    Its JSON is the same again, but that it is `cached`, has cost no tokens, and that its times are 0 and None. Hits come back with their
    scores, without what found them.
    """
    try:
        answer = _rebuilt(row, _Clauses(library, row))
        same = {**answer.to_json(), **{name: row[name] for name in _OWN}} == dict(row)
        verbatim = all(is_verbatim(citation.quote, citation.clause.text) for citation in answer.citations)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, UnknownAgreement):
        return None
    return answer if same and verbatim else None


class _Clauses:
    """The clauses that an answer may name: those of its agreements."""

    def __init__(self, library: Library, row: Mapping[str, Any]) -> None:
        named = [*row["citations"], *row["related"], *row["retrieved"]]
        named += [other for citation in row["citations"] for other in (*citation["refers"], *citation["defines"])]
        keys = {reference["agreement"] for reference in named}
        self.links = Links(library.clauses(keys) if keys else ())

    def of(self, reference: Mapping[str, Any]) -> Clause:
        """The clause of a reference. Raises KeyError."""
        clause = self.links.clause(reference["agreement"], reference["id"])
        if clause is None:
            raise KeyError(reference["id"])
        return clause


def _rebuilt(row: Mapping[str, Any], clauses: _Clauses) -> Answer:
    """Raises KeyError, TypeError or ValueError where something is missing or is not what it was."""
    citations = tuple(_citation(citation, clauses) for citation in row["citations"])
    statements = tuple(Statement(statement["text"], tuple(statement["citations"])) for statement in row["statements"])
    return Answer(
        id=row["id"],
        question=row["question"],
        status=Status(row["status"]),
        statements=statements,
        citations=citations,
        message=row["message"],
        related=tuple(clauses.of(reference) for reference in row["related"]),
        retrieved=tuple(Hit(clauses.of(hit), hit["score"]) for hit in row["retrieved"]),
        withheld=tuple(Withheld(withheld["text"], Reason(withheld["reason"])) for withheld in row["withheld"]),
        choices=tuple(Choice(choice["agreement"], choice["label"], choice["question"]) for choice in row["choices"]),
        notice=row["notice"],
        model=row["model"],
        prompt_version=row["prompt_version"],
        understood_as=row.get("understood_as"),
        confidence=row["confidence"],
        threshold=row["threshold"],
        suggestions=tuple(row["suggestions"]),
        language=Language(row["language"]),
        repaired=row["repaired"],
        model_failed=row["model_failed"],
        left_out=row["left_out"],
        cached=True,
    )


def _citation(row: Mapping[str, Any], clauses: _Clauses) -> Citation:
    clause = clauses.of(row)
    refers = [Referred(other, clauses.links.lead_in(other)) for other in map(clauses.of, row["refers"])]
    defines = [_defined(defined["term"], clauses.of(defined)) for defined in row["defines"]]
    return Citation(clause, row["quote"], row["path"], row["under"], tuple(refers), tuple(defines), tuple(row["unheld"]))


def _defined(term: str, clause: Clause) -> Defined:
    """The definition of a term in a clause. Raises KeyError."""
    for definition in definitions([clause]):
        if definition.term == term:
            return Defined(term, clause, definition.sentence)
    raise KeyError(term)
