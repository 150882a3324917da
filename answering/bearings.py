"""What bears on a clause: the clauses it refers to, the definitions of terms it uses, the documents it names that are not held."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from answering.answer import Citation, Defined, Referred
from retrieval.clause import Agreement, Clause
from retrieval.definitions import Definition, definitions, terms_in
from retrieval.library import Library
from retrieval.links import Links
from retrieval.places import part_of
from retrieval.references import Reference, References
from retrieval.titles import plain

_REFERRED = 4  # clauses; a reference to more than there is room for is left out whole
_DEFINED = 2
_LAW = re.compile(r"(?:法|法典|条例|规定|办法|细则|解释)$")  # nobody looks for those among agreements
_BRINGING = 3  # of the clauses found, the best, that bring others before a model
_WHOLE = 6  # clauses under one that is referred to, to be brought with it


@dataclass(frozen=True, slots=True)
class Bearing:
    """What bears on one clause: other clauses, definitions, and the titles of documents that the library does not hold."""

    refers: tuple[Referred, ...] = ()
    defines: tuple[Defined, ...] = ()
    unheld: tuple[str, ...] = ()


class Bearings:
    """Finds what bears on the clauses of a library. The texts are read when first asked about, definitions an agreement at a time."""

    def __init__(self, library: Library, links: Links) -> None:
        self._library = library
        self._links = links
        self._known: dict[tuple[str, str | None], list[Definition]] = {}

    def of(self, clause: Clause, question: str = "", besides: Collection[Clause] = (), quote: str = "") -> Bearing:
        """What bears on a clause for whoever asks `question`: no more than a few of each sort.

        Of a clause from which there is a `quote` only the paragraphs of that are read, a preamble being long; and the sentence that
        introduces the clause in its list. Left out are the clause itself and those above it, the clauses of `besides`, which are
        shown anyway, and laws.
        """
        above = self._links.parents(clause)
        start, end = _paragraphs(clause.text, quote)
        shown = {other.ref for other in (clause, *above, *besides)}
        refers: dict[Clause, None] = {}
        unheld: dict[str, None] = {}
        for reference in self._references_of(clause, above, start, end):
            if reference.agreement in self._agreements:
                named = [self._links.clause(reference.agreement, id_) for id_ in reference.clauses]
                more = dict.fromkeys(other for other in named if other and other.ref not in shown)
                if len(refers | more) <= _REFERRED:
                    refers |= more
            elif not _LAW.search(reference.agreement):
                unheld[reference.agreement] = None
        shown |= {other.ref for other in refers}
        referred = tuple(Referred(other, self._links.lead_in(other)) for other in refers)
        return Bearing(referred, self._defines(clause, clause.text[start:end], question, shown), tuple(unheld))

    def beneath(self, citations: Sequence[Citation], question: str) -> tuple[Citation, ...]:
        """The citations, each with what bears on it and is not cited itself."""
        cited = [citation.clause for citation in citations]
        found = [(citation, self.of(citation.clause, question, cited, citation.quote)) for citation in citations]
        return tuple(replace(citation, refers=it.refers, defines=it.defines, unheld=it.unheld) for citation, it in found)

    def brought(self, clauses: Sequence[Clause], question: str) -> dict[Clause, str]:
        """The clauses to show beside those found for a question, which come the best first, each with why it is shown.

        A clause that is referred to comes with what stands under it, unless that is much.
        """
        brought: dict[Clause, str] = {}
        for clause in clauses[:_BRINGING]:
            bearing = self.of(clause, question, clauses)
            for referred in bearing.refers:
                whole = [part for part in self._links.subtree(referred.clause) if part.text]
                for part in whole if len(whole) <= _WHOLE else [referred.clause] if referred.clause.text else []:
                    if part not in clauses:
                        brought.setdefault(part, "被提到的条款")
            for defined in bearing.defines:
                brought.setdefault(defined.clause, f"“{defined.term}”的定义")
        return brought

    @cached_property
    def _agreements(self) -> dict[str, Agreement]:
        return {agreement.key: agreement for agreement in self._library.agreements}

    @cached_property
    def _references(self) -> References:
        return References(self._library.agreements, self._library.clauses())

    def _references_of(self, clause: Clause, above: Sequence[Clause], start: int, end: int) -> list[Reference]:
        """The references in a part of a clause's text, then those of the sentences that introduce the list it stands in."""
        found = [reference for reference in self._references.of(clause) if start <= reference.span[0] < end]
        for parent in above:
            if parent.text.endswith(("：", ":")):
                last = parent.text.rfind("\n") + 1
                found += [reference for reference in self._references.of(parent) if reference.span[0] >= last]
        return found

    def _defines(self, clause: Clause, text: str, question: str, shown: Collection[tuple[str, str]]) -> tuple[Defined, ...]:
        """The definitions of the terms that a text of a clause uses, of those in the question first; of one sentence one term."""
        known = self._definitions(clause.agreement, part_of(clause))
        asked = terms_in(question, known, question)
        by_sentence: dict[str, list[Definition]] = {}
        for used in terms_in(text, known, question):
            if used.clause not in shown and not self._is_name(used.term, clause.agreement):
                by_sentence.setdefault(used.sentence, []).append(used)
        told = [min(terms, key=lambda used: (used not in asked, used.sentence.find(used.term))) for terms in by_sentence.values()]
        told.sort(key=lambda used: used not in asked)
        found = [(used, self._links.clause(*used.clause)) for used in told[:_DEFINED]]
        return tuple(Defined(used.term, where, used.sentence) for used, where in found if where)

    def _definitions(self, key: str, part: str | None) -> list[Definition]:
        """The definitions that hold in the body of an agreement or in one of its annexes: those of the annex go first."""
        if (key, part) not in self._known:
            clauses = self._library.clauses([key])
            parts = {clause.ref: part_of(clause) for clause in clauses}
            found = definitions(clauses)
            own = [definition for definition in found if parts[definition.clause] == part]
            body = [definition for definition in found if part and parts[definition.clause] is None]
            self._known[key, part] = [*own, *body]
        return self._known[key, part]

    def _is_name(self, term: str, key: str) -> bool:
        """Whether a term names a party or the product: 腾讯, 企业微信, 腾讯乐享. Whoever asks knows whom and what the agreement is about."""
        agreement = self._agreements[key]
        rest = plain(term).replace(plain(agreement.names[0]), "", 1)
        return any(rest in plain(party) for party in agreement.parties)


def _paragraphs(text: str, quote: str) -> tuple[int, int]:
    """Where the paragraphs that hold a quote begin and end; the whole text where it is not found or empty."""
    at = text.find(quote) if quote else -1
    if at < 0:
        return 0, len(text)
    end = text.find("\n", at + len(quote))
    return text.rfind("\n", 0, at) + 1, len(text) if end < 0 else end
