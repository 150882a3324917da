"""Facts: what an agreement's own text says about it, each with the clause it was read from, and what follows once a person confirms it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select

from retrieval.clause import Agreement
from retrieval.tables import FACTS


class FactKind(StrEnum):
    """What a fact is about. The values are kept and public (CLI JSON)."""

    NAME = "name"
    PARTY = "party"
    SIGNED = "signed"
    UPDATED = "updated"
    EFFECTIVE = "effective"
    SUPPLEMENTS = "supplement_of"
    PREVAILS = "prevails_over"
    FALLS_BACK = "falls_back_on"
    TERM = "term"


DATES = (FactKind.SIGNED, FactKind.UPDATED, FactKind.EFFECTIVE)
RELATIONS = (FactKind.SUPPLEMENTS, FactKind.PREVAILS, FactKind.FALLS_BACK)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `value` is a name, a party, an ISO date, a term, or the title of another agreement.

    Of a relation `source` is the title of the agreement of which it holds; there an empty title is the agreement's own. `clause` is the
    id of the clause it was read from, empty where it was read from the title; `sentence` are its words there, verbatim.
    """

    kind: FactKind
    value: str
    clause: str
    sentence: str
    source: str = ""

    @property
    def said(self) -> tuple[FactKind, str, str]:
        """What it says, wherever it was read."""
        return (self.kind, self.source, self.value)


def with_facts(agreement: Agreement, facts: Iterable[Fact]) -> Agreement:
    """An agreement as it is known once these facts of it are confirmed. Names go before the title, which is the last of the names of an
    agreement that somebody added."""
    said: dict[FactKind, list[str]] = {}
    relations = list(agreement.relations or ())
    for fact in facts:
        if fact.kind in RELATIONS:
            relations.append((fact.source, fact.kind.value, fact.value))
        if not fact.source:
            said.setdefault(fact.kind, []).append(fact.value)
    signed, updated, effective = (said[kind][-1] if kind in said else getattr(agreement, kind.value) for kind in DATES)
    last = agreement.names[-1:] if agreement.names[-1:] == (agreement.title,) else ()
    names = (*agreement.names[: len(agreement.names) - len(last)], *said.get(FactKind.NAME, ()), *last)
    return replace(
        agreement,
        names=tuple(dict.fromkeys(names)),
        parties=tuple(dict.fromkeys((*agreement.parties, *said.get(FactKind.PARTY, ())))),
        supplements=tuple(dict.fromkeys((*agreement.supplements, *said.get(FactKind.SUPPLEMENTS, ())))),
        relations=agreement.relations if agreement.relations is None else tuple(dict.fromkeys(relations)),
        signed=signed,
        updated=updated,
        effective=effective,
    )


def still_said(confirmed: Iterable[Fact], read: Sequence[Fact]) -> list[Fact]:
    """The confirmed facts of one version that hold for the next, in whose text `read` was read, each with the clause where it stands now.

    What people call an agreement and who concludes it stays; dates are those of one version; a term or a relation holds only where the
    text still says so.
    """
    now = {fact.said: fact for fact in read}
    kept: list[Fact] = []
    for fact in confirmed:
        if found := now.get(fact.said) if fact.kind not in DATES else None:
            kept.append(found)
        elif fact.kind in (FactKind.NAME, FactKind.PARTY):
            kept.append(replace(fact, clause="", sentence=""))
    return kept


def facts_of(connection: Connection, key: str, number: int) -> list[Fact]:
    """What was confirmed of a version, in order."""
    row = (FACTS.c.agreement == key) & (FACTS.c.version == number)
    found = connection.execute(select(FACTS).where(row).order_by(FACTS.c.position))
    return [Fact(FactKind(one.kind), one.value, one.clause, one.sentence, one.source) for one in found]


def keep_facts(connection: Connection, key: str, number: int, facts: Sequence[Fact]) -> None:
    """Let these be what was confirmed of a version, and nothing else."""
    connection.execute(delete(FACTS).where((FACTS.c.agreement == key) & (FACTS.c.version == number)))
    if facts:
        rows = [
            {"kind": one.kind.value, "value": one.value, "source": one.source, "clause": one.clause, "sentence": one.sentence}
            for one in facts
        ]
        connection.execute(insert(FACTS), [{"agreement": key, "version": number, "position": at, **row} for at, row in enumerate(rows)])


def drop_facts(connection: Connection, key: str) -> None:
    """Forget what was confirmed of every version of an agreement."""
    connection.execute(delete(FACTS).where(FACTS.c.agreement == key))
