"""What was made of the text of an agreement: how many clauses, what is doubtful in them, how much of the text is in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from retrieval.clause import Agreement, Clause, Kind
from retrieval.document import Document
from retrieval.gaps import Gap, gaps_of
from retrieval.parsing import Parsed
from retrieval.references import dangling
from retrieval.repairs import Repair

_UNPRINTED = (Kind.PREAMBLE, Kind.TABLE, Kind.CLOSING)  # their numbers are ours


@dataclass(frozen=True, slots=True)
class ParseReport:
    """Findings for a person to look at.

    `twice` are the clauses whose number an earlier one has in the same place: 第一节 of each chapter is not printed twice. `lost` are
    the clauses that refer to one that is not there, with the words that do. `share` is the share of the printed characters that are in
    clauses, in [0, 1]: white space does not count, nor do the lines that belong to no clause, whose number `left_out` tells by why they
    do not (see Furniture). `repairs` is what was mended, `gaps` the numbers that are missing between others.
    """

    clauses: int
    twice: tuple[Clause, ...]
    lost: tuple[tuple[Clause, str], ...]
    share: float
    left_out: dict[str, int]
    repairs: tuple[Repair, ...]
    warnings: tuple[str, ...]
    gaps: tuple[Gap, ...] = ()


def report_of(document: Document, parsed: Parsed, agreement: Agreement) -> ParseReport:
    """The report on a document that was parsed. References to other agreements are not followed."""
    clauses = parsed.clauses
    lost = tuple((clause, reference.text) for clause, reference in dangling(clauses, [agreement]))
    twice = tuple(clause for clause in clauses if clause.occurrence > 1 and clause.label.endswith("处）"))
    left_out = dict(Counter(line.reason for line in parsed.furniture))
    return ParseReport(
        len(clauses), twice, lost, _share(document, parsed), left_out, parsed.repairs, document.warnings, tuple(gaps_of(clauses))
    )


def _share(document: Document, parsed: Parsed) -> float:
    printed = sum(_size(line.text) for line in document.lines) - sum(_size(line.text) for line in parsed.furniture)
    kept = sum(_size(clause.content) + (0 if clause.kind in _UNPRINTED else _size(clause.number)) for clause in parsed.clauses)
    return min(1.0, kept / printed) if printed else 0.0


def _size(text: str) -> int:
    return len("".join(text.split()))
