"""Statements and the citations they rest on: each claim is put to every check, and what fails is withheld with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from answering.answer import Citation, Reason, Statement, Withheld
from answering.checks import Case, Claim, first_failure
from answering.errors import ModelError
from answering.evidence import Exhibit
from answering.extractive import quote_for
from answering.judging import Verdict
from answering.models import Completion
from answering.question import Question
from retrieval.clause import Agreement

_LONGEST = 400  # characters of a sentence; in a longer one nobody sees which clause bears what


class Judging(Protocol):
    """Says whether clauses support a sentence; raises ModelError where it cannot say."""

    def supports(self, sentence: str, exhibits: Sequence[Exhibit], question: str, *, chat: str = "") -> Verdict: ...


class Proof:
    """The statements of one answer as they pass, in the order they are admitted; a citation stands where it was first needed.

    With a `judge` a claim that has passed all checks is put to it too; where it cannot say, the claim has not passed.
    """

    def __init__(
        self, asked: Question, exhibits: Sequence[Exhibit], agreements: Sequence[Agreement], judge: Judging | None = None, chat: str = ""
    ) -> None:
        self.exhibits = exhibits
        self.statements: list[Statement] = []
        self.citations: list[Citation] = []
        self.withheld: list[Withheld] = []
        self.spent: list[Completion] = []  # on the judge
        self._asked = asked
        names = {agreement.key: (*agreement.names, agreement.title) for agreement in agreements}
        self._case = Case({shown.handle: shown for shown in exhibits}, asked.whole, names)
        self._judge = judge
        self._chat = chat
        self._places: dict[str, int] = {}

    def objection(self, claim: Claim) -> Reason | None:
        """Why a claim may not be shown; None where it may."""
        if len(claim.text) > _LONGEST and claim.text not in self._own_words(claim):
            return Reason.TOO_LONG
        if reason := first_failure(claim, self._case):
            return reason
        if self._judge is None:
            return None
        try:
            verdict = self._judge.supports(claim.text, self._case.cited(claim), self._asked.whole, chat=self._chat)
        except ModelError:
            return Reason.CHECK_FAILED
        self.spent.append(verdict.cost)
        return None if verdict.supported else Reason.NOT_SUPPORTED

    def admit(self, claim: Claim) -> None:
        """Take up a claim that there is no objection to; one that was said already is not said again."""
        if any(statement.text == claim.text for statement in self.statements):
            return
        for shown in self._case.cited(claim):
            if shown.handle not in self._places:
                self._places[shown.handle] = len(self.citations)
                self.citations.append(Citation(shown.clause, quote_for(claim, shown, self._asked.search_text), shown.path, shown.lead_in))
        self.statements.append(Statement(claim.text, tuple(self._places[handle] for handle in claim.handles)))

    def withhold(self, claim: Claim, reason: Reason) -> None:
        self.withheld.append(Withheld(claim.text, reason))

    def put(self, claims: Sequence[Claim]) -> None:
        """Admit the claims that pass, withhold the others."""
        for claim in claims:
            if reason := self.objection(claim):
                self.withhold(claim, reason)
            else:
                self.admit(claim)

    def _own_words(self, claim: Claim) -> str:
        return "\n".join(shown.lead_in + shown.clause.text for shown in self._case.cited(claim))
