"""The answers that need no model: clauses quoted, a clause looked up, a question back, a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from answering.answer import Answer, Choice, Language, Status
from answering.bearings import Bearings
from answering.checks import Claim
from answering.evidence import Exhibit, exhibit
from answering.extractive import extract
from answering.finding import Finder, Found
from answering.limits import limit_of
from answering.lookup import find_number, range_of, spoken
from answering.proof import Proof
from answering.question import Question
from answering.wording import say, sentence_of
from retrieval.clause import Clause, Hit
from retrieval.library import Library
from retrieval.precedence import precedence
from retrieval.search import Search

_RELATED = 3
_LISTED = 12  # clauses under a number asked for; an article may have fifty


class Replies:
    """Makes answers from a library; every statement in them has passed the checks, though it be a quotation."""

    def __init__(self, library: Library, search: Search, finder: Finder, bearings: Bearings) -> None:
        self._library = library
        self._lexicon = search.lexicon
        self._links = search.index.links
        self._finder = finder
        self._bearings = bearings

    def courtesy(self, asked: Question) -> Answer:
        return replace(self.refuse(asked, (), Status.OUT_OF_SCOPE), message=say("at_your_service", asked.language))

    def refuse(self, asked: Question, hits: Sequence[Hit], status: Status | None = None) -> Answer:
        """A refusal; where no status is given, by whether the question may be one of agreements at all."""
        status = status or (Status.NOT_COVERED if self._finder.on_topic(asked) else Status.OUT_OF_SCOPE)
        related = tuple(hit.clause for hit in hits[:_RELATED]) if status is Status.NOT_COVERED else ()
        message = say("not_covered" if status is Status.NOT_COVERED else "out_of_scope", asked.language)
        return Answer(asked.id, asked.text, status, message=message, related=related, retrieved=tuple(hits))

    def quote(self, asked: Question, found: Found) -> Answer:
        """The clauses that answer, in their own words; a refusal where none is sure enough."""
        if not found.answering:
            return self.refuse(asked, found.hits)
        clauses = [hit.clause for _, hit in found.answering]
        if len(clauses) == 1:
            question = found.answering[0][0].search_text
            if limit := limit_of(question, found.beside, self._lexicon.printed(question)):
                clauses.append(limit)
        exhibits = exhibit(list(dict.fromkeys(clauses)), self._links)
        return self._checked(asked, extract(asked.search_text, exhibits), exhibits, found.hits)

    def proven(self, asked: Question, proof: Proof, hits: Sequence[Hit], *, whole: bool = True) -> Answer:
        """The answer that a proof is; a refusal where nothing has passed. What bears on the citations is told only of a whole answer."""
        if not proof.statements:
            return replace(self.refuse(asked, hits, Status.NOT_COVERED), withheld=tuple(proof.withheld))
        return Answer(
            asked.id,
            asked.text,
            Status.ANSWERED,
            statements=tuple(proof.statements),
            citations=self._bearings.beneath(proof.citations, asked.whole) if whole else tuple(proof.citations),
            retrieved=tuple(hits),
            withheld=tuple(proof.withheld),
        )

    def look_up(self, asked: Question) -> Answer:
        """The clauses of numbers asked for outright. What is not there is said beside what is."""
        keys = asked.agreements or tuple(agreement.key for agreement in self._library.agreements)
        found: list[Clause] = []
        missing: list[str] = []
        for number in asked.numbers:
            held = {key: find_number(number.written, self._library.clauses([key])) for key in keys}
            found += [clause for clauses in held.values() for clause in clauses if clause not in found]
            if asked.agreements:
                missing += [self._no_such(number.written, key, asked.language) for key, clauses in held.items() if not clauses]
            elif not any(held.values()):
                missing.append(say("nowhere_", asked.language, number=spoken(number.written)))
        if not found:
            return Answer(asked.id, asked.text, Status.NOT_COVERED, message=sentence_of(missing, asked.language), language=asked.language)
        holders = list(dict.fromkeys(clause.agreement for clause in found))
        if not asked.agreements and len(holders) > 1:
            return self.which(asked, holders)
        shown = [part for clause in found for part in ([clause] if clause.text else self._links.subtree(clause)) if part.text]
        hits = tuple(Hit(clause, 1.0, (("number", at),)) for at, clause in enumerate(shown, start=1))
        exhibits = exhibit(shown[:_LISTED], self._links)
        answer = self._checked(asked, [Claim(part.lead_in + part.clause.text, (part.handle,)) for part in exhibits], exhibits, hits)
        if len(shown) > _LISTED:
            missing.append(say("listed_", asked.language, count=len(shown), most=_LISTED))
        return replace(answer, notice=sentence_of(missing, asked.language))

    def _no_such(self, written: str, key: str, language: Language) -> str:
        title, number = self._library.agreement(key).title, spoken(written)
        there = range_of(written, self._library.clauses([key]), language)
        if not there:
            return say("missing_", language, title=title, number=number)
        return say("missing_but_", language, title=title, number=number, there=there)

    def which(self, asked: Question, keys: Sequence[str], hits: Sequence[Hit] = ()) -> Answer:
        """The question back, which of these agreements is meant."""
        choices = []
        for key in keys:
            agreement = self._library.agreement(key)
            choices.append(
                Choice(key, f"《{agreement.title}》", say("named_question", asked.language, name=agreement.names[0], question=asked.whole))
            )
        return Answer(
            asked.id,
            asked.text,
            Status.CLARIFY,
            message=say("which_agreement", asked.language),
            choices=tuple(choices),
            retrieved=tuple(hits),
        )

    def which_prevails(self, asked: Question) -> Answer | None:
        """Which of the two agreements named goes before the other, as their texts say; None where they do not say."""
        first, second = asked.agreements
        found = precedence(self._library.clauses(), self._library.agreements).prevailing(first, second)
        clause = self._links.clause(*found[1]) if found else None
        if clause is None:
            return None
        exhibits = exhibit([clause], self._links)
        ranked = self._finder.hits(asked)
        hits = [Hit(clause, 1.0, (("precedence", 1),)), *(hit for hit in ranked if hit.clause != clause)][: max(1, len(ranked))]
        return self._checked(asked, extract(asked.search_text, exhibits), exhibits, hits)

    def _checked(self, asked: Question, claims: Sequence[Claim], exhibits: Sequence[Exhibit], hits: Sequence[Hit]) -> Answer:
        """The answer made of the claims that pass every check; the others are withheld with their reasons."""
        proof = Proof(asked, exhibits, self._library.agreements)
        proof.put(claims)
        return self.proven(asked, proof, hits)
