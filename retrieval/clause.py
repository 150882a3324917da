"""The nouns every room shares: Agreement, Clause, Hit. Data only; nothing here reads or writes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a clause is in its agreement. The values are public (CLI JSON)."""

    ARTICLE = "article"
    CLAUSE = "clause"
    ITEM = "item"
    DEFINITION = "definition"
    PREAMBLE = "preamble"
    ANNEX = "annex"
    TABLE = "table"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement as the catalog describes it.

    `title` is the printed title without 《》; `names` are what people call it, the shortest first.
    `supplements` names the agreements this one supplements: a key where we hold it, a title where we do not. `version` is the number of
    the version in force, from 1, and the dates (ISO 8601) are that version's. `relations` are those statements of its text about it and
    other agreements that a person confirmed, as (source, relation, target) with titles, its own being empty; None where all that the
    text says counts, as with the catalog's, which are looked through before they ship.
    """

    key: str
    title: str
    names: tuple[str, ...]
    parties: tuple[str, ...]
    file: str
    source: str
    questions: str | None = None
    updated: str | None = None
    effective: str | None = None
    supplements: tuple[str, ...] = ()
    version: int = 1
    signed: str | None = None
    relations: tuple[tuple[str, str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause, at the deepest grain the agreement prints.

    `id` is unique and stable in its agreement; `number` is what the agreement prints. `text` is the clause's own
    text without its children's, paragraphs separated by a line feed. `parent` is an id of the same agreement.
    `label` is how people are told about it: 《腾讯乐享服务协议》2.2.3（第二处）.
    """

    agreement: str
    id: str
    number: str
    occurrence: int
    kind: Kind
    level: int
    parent: str | None
    heading: str
    text: str
    annex: bool
    label: str

    @property
    def ref(self) -> tuple[str, str]:
        """The pair that names this clause in the whole library."""
        return (self.agreement, self.id)

    @property
    def content(self) -> str:
        """Heading and own text, as a reader sees them."""
        return "\n".join(part for part in (self.heading, self.text) if part)


@dataclass(frozen=True, slots=True)
class Hit:
    """A clause found for a question. `score` is in [0, 1], higher is better.

    `signals` holds what found it: the name of the signal and the rank (from 1) it gave the clause. `features` are the numbers
    the score was made of, in the order of `retrieval.features.FEATURES`; empty where a clause was not searched for.
    """

    clause: Clause
    score: float
    signals: tuple[tuple[str, int], ...] = ()
    features: tuple[float, ...] = ()
