"""What every statement must pass before anyone sees it. Each check is a function from a claim to a reason or None.

A check that raises counts as failed: a check that did not run is no pass.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

from answering.answer import Reason
from answering.evidence import Exhibit
from answering.figures import unborne
from answering.glossary import gloss, is_english
from answering.parties import swapped_in
from answering.parts import content, plain, weight
from answering.polarity import reversed_in

_BORNE = 0.25  # of what a statement says must stand in the cited clauses, common words counting little
_EACH = 0.12  # and in each of them
_HARDLY, _NEARER = 0.5, 0.2  # where the cited clauses bear less than this, no other clause may bear so much more
_PARTLY, _WHOLLY = 0.75, 0.95  # and where they bear less than this, none may bear as good as all of it
_SHORT, _LONG = 8, 16  # of a statement that says enough to tell one clause from another
_ASKED = 0.5  # what the question says weighs half when no clause says it: an answer takes up the words it was asked in


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement as drafted: its text without handles, and the handles it gave."""

    text: str
    handles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """What a claim is held against: the exhibits that were shown, by handle, and the question."""

    shown: dict[str, Exhibit]
    question: str

    def cited(self, claim: Claim) -> list[Exhibit]:
        return [self.shown[handle] for handle in claim.handles if handle in self.shown]


Check = Callable[[Claim, Case], Reason | None]


def handles_known(claim: Claim, case: Case) -> Reason | None:
    """The claim cites at least one clause, and only clauses that were shown."""
    if not claim.handles:
        return Reason.NO_CITATION
    return None if all(handle in case.shown for handle in claim.handles) else Reason.UNKNOWN_HANDLE


def figures_borne(claim: Claim, case: Case) -> Reason | None:
    """Every figure of the claim, with its measure and bound, stands in a cited clause and belongs there to what the claim speaks of."""
    evidence = "\n".join(exhibit.text for exhibit in case.cited(claim))
    return Reason.FIGURE_NOT_IN_CLAUSE if unborne(claim.text, evidence) else None


def words_borne(claim: Claim, case: Case) -> Reason | None:
    """What the claim speaks of stands in the cited clauses, something of it in each, and in no other clause that was shown much rather.

    A word counts by how few of the clauses shown have it. English claims are read by their Chinese terms.
    """
    said = content(plain(_in_chinese(claim, case)))
    if is_english(claim.text) and weight(said) < _SHORT:
        return None  # too few of its words have a Chinese term to conclude anything
    there = {handle: content(plain(f"{exhibit.clause.label}\n{exhibit.text}")) for handle, exhibit in case.shown.items()}
    cited = [there[handle] for handle in claim.handles]
    found = Counter(token for tokens in there.values() for token in tokens & said)
    worth = {token: log((len(there) + 1) / max(1, found[token])) for token in said}
    asked = content(plain(case.question))

    def share(tokens: frozenset[str]) -> float:
        borne = sum(worth[token] for token in said & tokens)
        missing = sum(worth[token] * (_ASKED if token in asked else 1.0) for token in said - tokens)
        return borne / (borne + missing) if borne else 0.0

    union = share(frozenset().union(*cited))
    if union < _BORNE or any(share(tokens) < _EACH for tokens in cited):
        return Reason.WORDS_NOT_IN_CLAUSE
    likest = max((share(tokens) for handle, tokens in there.items() if handle not in claim.handles), default=0.0)
    nearer = union < _HARDLY and likest > union + _NEARER and weight(said) >= _SHORT
    verbatim = union < _PARTLY and likest >= _WHOLLY and weight(said) >= _LONG
    return Reason.OTHER_CLAUSE_SAYS_IT if nearer or verbatim else None


def meaning_kept(claim: Claim, case: Case) -> Reason | None:
    """The claim does not permit, require or affirm what the clause forbids, exempts or denies, nor the other way round."""
    return Reason.MEANING_REVERSED if reversed_in(_in_chinese(claim, case), _sources(claim, case)) else None


def parties_kept(claim: Claim, case: Case) -> Reason | None:
    """The claim gives no right or duty of one party to the other. A gloss has not the word order that tells who does what."""
    return Reason.PARTIES_SWAPPED if not is_english(claim.text) and swapped_in(claim.text, _sources(claim, case)) else None


def _sources(claim: Claim, case: Case) -> list[tuple[str, str]]:
    return [(exhibit.lead_in, exhibit.clause.text) for exhibit in case.cited(claim)]


def _in_chinese(claim: Claim, case: Case) -> str:
    if not is_english(claim.text):
        return claim.text
    return gloss(claim.text, "\n".join(exhibit.text for exhibit in case.cited(claim)))


CHECKS: Sequence[Check] = (handles_known, figures_borne, words_borne, meaning_kept, parties_kept)


def first_failure(claim: Claim, case: Case) -> Reason | None:
    """The reason of the first check that the claim fails; None where it passes all of them."""
    for check in CHECKS:
        try:
            reason = check(claim, case)
        except Exception:
            return Reason.CHECK_FAILED
        if reason is not None:
            return reason
    return None


def is_verbatim(quote: str, source: str) -> bool:
    """Whether a quote stands in the source in one piece; only white space may differ."""
    squeezed = re.sub(r"\s", "", quote)
    return bool(squeezed) and squeezed in re.sub(r"\s", "", source)
