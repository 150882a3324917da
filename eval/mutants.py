"""Wrong statements made of right ones by rule, to measure the checks that stand between a model and a reader.

Everything is deterministic: the same library and seed give the same mutants. A mutant belongs to the half (development or held
out) of the statement it was made of, so rules tried on one half have not seen the other.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from answering.checks import Case, Claim
from eval.amounts import Written, stated_amounts
from eval.drafts import (
    Draft,
    changed_figure,
    flipped_meaning,
    misplaced_figure,
    neighbour_number,
    other_agreement,
    other_amount,
    stitched_quote,
    swapped_parties,
    unknown_handle,
    unsupported,
)
from eval.truths import Table, Truth, paraphrase_truths, verbatim_truths
from retrieval.library import Library
from retrieval.links import Links


class Kind(StrEnum):
    """What was done to a right statement."""

    CHANGED_FIGURE = "changed_figure"
    MISPLACED_FIGURE = "misplaced_figure"
    SWAPPED_UNIT = "swapped_unit"
    WRONG_CONVERSION = "wrong_conversion"
    NEIGHBOUR_NUMBER = "neighbour_number"
    OTHER_AGREEMENT = "other_agreement"
    UNKNOWN_HANDLE = "unknown_handle"
    FLIPPED_MEANING = "flipped_meaning"
    SWAPPED_PARTIES = "swapped_parties"
    UNSUPPORTED = "unsupported"
    STITCHED_QUOTE = "stitched_quote"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong statement, ready to be checked. `made_of` is the id of the right one. `quote` is set where the words quoted are what is wrong."""

    id: str
    kind: Kind
    origin: str
    made_of: str
    claim: Claim
    case: Case
    change: str
    quote: str = ""


def make_mutants(library: Library, links: Links, *, seed: int = 7, most: int = 300) -> list[Mutant]:
    """Wrong statements of every kind, at most `most` of a kind, half of them made of paraphrases where there are enough."""
    table = Table(library, links)
    written = paraphrase_truths(library, links)
    quoted = verbatim_truths(library, links)
    found: list[Mutant] = []
    for kind, make in _GENERATORS.items():
        draw = random.Random(f"{seed}/{kind}")  # noqa: S311
        made = [list(make(truths, table, draw)) for truths in (written, quoted)]
        made[0] = draw.sample(made[0], min(len(made[0]), max(most // 2, most - len(made[1]))))
        made[1] = draw.sample(made[1], min(len(made[1]), most - len(made[0])))
        found += sorted((_finished(kind, draft, table) for half in made for draft in half), key=lambda mutant: mutant.id)
    stated = list(stated_amounts(library, links))
    for kind, others in _OTHERS.items():
        drafts = list(other_amount(stated, others))
        chosen = random.Random(f"{seed}/{kind}").sample(drafts, min(len(drafts), most))  # noqa: S311
        found += sorted((_finished(kind, draft, table) for draft in chosen), key=lambda mutant: mutant.id)
    return found


def _finished(kind: Kind, draft: Draft, table: Table) -> Mutant:
    case, handles = table.case(draft.truth, draft.clause)
    cited = (handles[draft.clause.ref],) if draft.handles is None else draft.handles
    ident = f"{kind}|{draft.truth.id}|{draft.change}"
    return Mutant(ident, kind, draft.truth.origin, draft.truth.id, Claim(draft.text, cited), case, draft.change, draft.quote)


_GENERATORS: Mapping[Kind, Callable[[Sequence[Truth], Table, random.Random], Iterator[Draft]]] = {
    Kind.CHANGED_FIGURE: changed_figure,
    Kind.MISPLACED_FIGURE: misplaced_figure,
    Kind.NEIGHBOUR_NUMBER: neighbour_number,
    Kind.OTHER_AGREEMENT: other_agreement,
    Kind.UNKNOWN_HANDLE: unknown_handle,
    Kind.FLIPPED_MEANING: flipped_meaning,
    Kind.SWAPPED_PARTIES: swapped_parties,
    Kind.UNSUPPORTED: unsupported,
    Kind.STITCHED_QUOTE: stitched_quote,
}
_OTHERS: Mapping[Kind, Callable[[Written], Sequence[str]]] = {
    Kind.SWAPPED_UNIT: lambda amount: amount.swapped,
    Kind.WRONG_CONVERSION: lambda amount: amount.mistaken,
}
