"""What every statement must pass before anyone sees it. Each check is a function from a claim to a reason or None.

A check that raises counts as failed: a check that did not run is no pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from answering.answer import Reason
from answering.evidence import Exhibit
from answering.figures import unborne
from answering.sentences import nearest, share
from retrieval.words import normalise

MIN_SHARE = 0.4  # of a statement's bigrams in the cited clauses or the question
_FORBIDS = re.compile(r"不得|不可(?!抗|避|预)|不能(?!预见|克服|避免)|无权|禁止|严禁|不允许|不应(?!视)|无法|不予|不会|不再|不接受|无需|不承担|不负责|cannot|may not|must not|not allowed|no right|not be")  # fmt: skip
_PERMITS = re.compile(
    r"可以|有权|允许|可(?=自行|随时|通过|要求|根据)|能够|(?<![不可只])能(?!力|源|否)|应当|须|负责|承担|\bmay\b|\bcan\b|entitled"
)


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
    """Every figure of the claim, with its measure, stands in a cited clause."""
    evidence = "\n".join(exhibit.text for exhibit in case.cited(claim))
    return Reason.FIGURE_NOT_IN_CLAUSE if unborne(claim.text, evidence) else None


def words_borne(claim: Claim, case: Case) -> Reason | None:
    """The claim's words are those of the cited clauses or of the question; each citation shares words with it.

    Claims in Latin letters are left to the other checks: the clauses are Chinese.
    """
    if not re.search(r"[\u4e00-\u9fff]", claim.text):
        return None
    texts = [exhibit.text for exhibit in case.cited(claim)]
    if share(claim.text, [*texts, case.question]) < MIN_SHARE or any(share(claim.text, [text]) < MIN_SHARE / 2 for text in texts):
        return Reason.WORDS_NOT_IN_CLAUSE
    return None


def meaning_kept(claim: Claim, case: Case) -> Reason | None:
    """The claim does not permit what the nearest sentence of the clause forbids, nor the other way round.

    The lead-in of a list counts with the sentence: 您不得从事下列行为 stands before every item under it.
    """
    said = _polarity(claim.text)
    sources = [_polarity(exhibit.lead_in + nearest(claim.text, exhibit.clause.content)) for exhibit in case.cited(claim)]
    opposite = {"permits": "forbids", "forbids": "permits"}.get(said)
    return Reason.MEANING_REVERSED if opposite and sources and all(source == opposite for source in sources) else None


def _polarity(text: str) -> str:
    plain = normalise(text)
    forbids = bool(_FORBIDS.search(plain))
    permits = bool(_PERMITS.search(_FORBIDS.sub("", plain)))
    return "both" if forbids and permits else "forbids" if forbids else "permits" if permits else "neither"


CHECKS: Sequence[Check] = (handles_known, figures_borne, words_borne, meaning_kept)


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
