"""The JSON of the API, as its OpenAPI document describes it. What the console script prints with --json has the same shapes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from answering.answer import Language, Reason, Status
from answering.question import MAX_QUESTION
from retrieval.clause import Kind
from retrieval.comparison import Change
from retrieval.differences import Sort

Key = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Name = Annotated[str, StringConstraints(max_length=128)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Asked(Strict):
    """A question. One `asker` in one `thread` is one conversation, in which follow-ups are understood; without an asker each question
    stands alone. `stream` has the answer sent as it grows, as server-sent events.
    """

    question: Annotated[str, Field(min_length=1, max_length=MAX_QUESTION)]
    agreements: Annotated[list[Key], Field(max_length=100)] = []
    asker: Name = ""
    thread: Name = ""
    stream: bool = False


class Voted(Strict):
    """What somebody thought of an answer: `record` is what the answer was kept under."""

    record: Key
    verdict: Literal["up", "down"]
    reason: Annotated[str, Field(max_length=500)] = ""
    asker: Name = ""


class ClauseRef(BaseModel):
    agreement: str
    id: str


class ClauseNamed(ClauseRef):
    label: str


class TermNamed(ClauseNamed):
    term: str


class HitScored(ClauseRef):
    score: float


class HitShape(HitScored):
    label: str
    text: str


class SearchShape(BaseModel):
    query: str
    hits: list[HitShape]


class StatementShape(BaseModel):
    """A sentence; `citations` are positions in the answer's citations."""

    text: str
    citations: list[int]


class CitationShape(ClauseNamed):
    """A clause that statements rest on; `quote` is words of it, verbatim."""

    number: str
    quote: str
    path: str
    under: str
    refers: list[ClauseNamed]
    defines: list[TermNamed]
    unheld: list[str]


class WithheldShape(BaseModel):
    text: str
    reason: Reason


class ChoiceShape(BaseModel):
    agreement: str
    label: str
    question: str


class Tokens(BaseModel):
    prompt: int
    completion: int


class GivenAnswerShape(BaseModel):
    """An answer as it was given. Only `answered` has citations."""

    id: str
    question: str
    understood_as: str | None = None
    status: Status
    text: str
    statements: list[StatementShape]
    citations: list[CitationShape]
    related: list[ClauseRef]
    retrieved: list[HitScored]
    withheld: list[WithheldShape]
    choices: list[ChoiceShape]
    message: str
    notice: str
    confidence: float | None
    threshold: float | None
    suggestions: list[str]
    model: str
    prompt_version: str
    tokens: Tokens
    latency_ms: float
    language: Language
    repaired: int
    first_ms: float | None
    left_out: int
    cached: bool
    model_failed: bool


class ContactShape(BaseModel):
    """Somebody to ask instead; `way` is how their `address` is to be understood."""

    name: str
    way: Literal["", "telegram", "wecom", "mail"]
    address: str


class AnswerShape(GivenAnswerShape):
    """An answer. `record` is what it was kept under, null where it was not; `contact` is whom to ask where there is no answer."""

    record: str | None
    contact: ContactShape | None


class AgreementShape(BaseModel):
    key: str
    title: str
    names: list[str]
    parties: list[str]
    file: str
    source: str
    questions: str | None
    updated: str | None
    effective: str | None
    supplements: list[str]
    version: int
    clauses: int


class AgreementsShape(BaseModel):
    agreements: list[AgreementShape]


class ClauseShape(BaseModel):
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


class ClausesShape(BaseModel):
    clauses: list[ClauseShape]


class VersionNamed(BaseModel):
    version: int
    effective: str | None
    updated: str | None
    added_at: datetime


class VersionShape(VersionNamed):
    agreement: str
    title: str
    file: str
    sha256: str
    shipped: bool
    in_force: bool
    clauses: int


class VersionsShape(BaseModel):
    versions: list[VersionShape]


class NumberedShape(BaseModel):
    id: str
    number: str
    label: str


class PieceShape(BaseModel):
    sort: Sort
    text: str


class ChangeShape(BaseModel):
    """What became of a clause; `old` is null where it was added, `new` where it was removed."""

    change: Change
    old: NumberedShape | None
    new: NumberedShape | None
    pieces: list[PieceShape]


class DifferencesShape(BaseModel):
    agreement: str
    title: str
    old: VersionNamed
    new: VersionNamed
    counts: dict[Change, int]
    changes: list[ChangeShape]


class EdgeShape(BaseModel):
    """`source` supplements, prevails over or falls back on `target` (keys of agreements held, titles of others), as `clause` says."""

    source: str
    relation: Literal["supplement_of", "prevails_over", "falls_back_on"]
    target: str
    clause: ClauseRef
    sentence: str


class PrecedenceShape(BaseModel):
    precedence: list[EdgeShape]


class Trouble(BaseModel):
    status: int
    message: str


class TroubleShape(BaseModel):
    """What was wrong, in a sentence."""

    error: Trouble
