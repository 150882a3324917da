"""The JSON of the review list in the API, as its OpenAPI document describes it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from bot.web.shapes import ClauseRef, GivenAnswerShape, Strict


class ClauseChosen(Strict):
    agreement: Annotated[str, Field(min_length=1, max_length=64)]
    id: Annotated[str, Field(min_length=1, max_length=128)]


class Decided(Strict):
    """A decision: the answer was `right` after all, it is `wrong` and these `clauses` answer, to `refuse` is right, or it is `dismissed`;
    `open` takes a decision back. `question` is how it should have been asked. With `likely` the bot answers it by the clause from now on:
    it is then no evaluation case. `anyway` teaches it also what looks like a person's data.
    """

    verdict: Literal["right", "wrong", "refuse", "dismissed", "open"]
    clauses: Annotated[list[ClauseChosen], Field(max_length=20, default_factory=list)]
    note: Annotated[str, Field(max_length=2000)] = ""
    question: Annotated[str, Field(max_length=1000)] = ""
    likely: bool = False
    anyway: bool = False


class DecisionShape(BaseModel):
    verdict: Literal["right", "wrong", "refuse", "dismissed"]
    clauses: list[ClauseRef]
    note: str
    question: str
    use: Literal["", "case", "likely"]
    at: datetime


class ListedShape(BaseModel):
    """A question that people were not helped with; nobody's name, and no chat."""

    id: str
    question: str
    status: str
    whys: list[Literal["down", "not_covered", "out_of_scope", "error", "withheld"]]
    reasons: list[str]
    count: int
    down: int
    channels: list[str]
    first: datetime
    last: datetime
    cited: list[ClauseRef]
    decision: DecisionShape | None
    handed: datetime | None


class ItemShape(ListedShape):
    answer: GivenAnswerShape


class ReviewShape(BaseModel):
    """`count` is how many there are, `items` the first of them."""

    count: int
    items: list[ListedShape]
