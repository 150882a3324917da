"""The review list: what people were not helped with. Every answer somebody thought was no good, and every question that was refused.

It is read from the records and the votes; nothing is written for it but what is decided. The same question is one item, whoever asked it
and wherever. Where nothing is kept, the list is empty.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from answering.answer import Status
from answering.written import letters
from bot.record import Record
from bot.records import Records
from bot.review.decisions import ITEM_LENGTH, Decision, Decisions
from bot.votes import Votes
from retrieval.words import to_simplified

REFUSED = (Status.NOT_COVERED, Status.OUT_OF_SCOPE, Status.ERROR)
WHYS = ("down", *(status.value for status in REFUSED), "withheld")
"""Why a question is in the list: a vote against its answer, a refusal, or an answer of which every statement failed the checks."""

STATES = ("open", "decided", "handed", "all")
ORDERS = ("newest", "often")
_MOST = 5000  # refused questions that are looked at, the newest


class NoSuchItem(Exception):
    """No item, or more than one, is what was asked for. The message is shown to people as it stands."""


@dataclass(frozen=True, slots=True)
class Item:
    """A question, as it was asked last, and why it is in the list: some of WHYS. `count` is how often it was asked so, `down` how many votes
    are against its answers, `reasons` what those say. `record` is the newest answer, `channels` are where it was asked.
    """

    id: str
    question: str
    count: int
    down: int
    whys: tuple[str, ...]
    reasons: tuple[str, ...]
    channels: tuple[str, ...]
    first: datetime.datetime
    last: datetime.datetime
    record: Record
    records: tuple[str, ...]
    decision: Decision | None = None
    handed: datetime.datetime | None = None

    @property
    def wording(self) -> str:
        """The question as whoever decided would have it asked, else as it was."""
        return self.decision.question if self.decision and self.decision.question else self.question

    @property
    def cited(self) -> list[tuple[str, str]]:
        """The clauses that the newest answer cites: agreement and id."""
        return [(citation["agreement"], citation["id"]) for citation in self.record.answer["citations"]]

    def to_json(self) -> dict[str, Any]:
        """Without who asked, and in which chat."""
        return {
            "id": self.id,
            "question": self.question,
            "status": self.record.status,
            "whys": list(self.whys),
            "reasons": list(self.reasons),
            "count": self.count,
            "down": self.down,
            "channels": list(self.channels),
            "first": self.first.isoformat(timespec="seconds"),
            "last": self.last.isoformat(timespec="seconds"),
            "cited": [{"agreement": agreement, "id": clause} for agreement, clause in self.cited],
            "decision": self.decision.to_json() if self.decision else None,
            "handed": self.handed.isoformat(timespec="seconds") if self.handed else None,
        }

    def whole_json(self) -> dict[str, Any]:
        """With the newest answer, as it was given."""
        return {**self.to_json(), "answer": self.record.answer}


class Review:
    """The list over the records, the votes and the decisions. Threads may share it. Everything raises StorageError where they fail."""

    def __init__(self, records: Records, votes: Votes, decisions: Decisions) -> None:
        self._records = records
        self._votes = votes
        self.decisions = decisions

    @property
    def is_kept(self) -> bool:
        """Whether what people ask is kept at all."""
        return bool(self._records.days)

    def items(self, *, state: str = "open", why: str = "", contains: str = "", order: str = "newest") -> list[Item]:
        """The items in one of STATES and ORDERS, for one of WHYS or any; `contains` is looked for in the question."""
        found = [item for item in self._all() if _is_in(item, state) and (not why or why in item.whys)]
        if contains:
            found = [item for item in found if contains.casefold() in item.question.casefold()]
        return sorted(found, key=lambda item: (item.count, item.last), reverse=True) if order == "often" else found

    def get(self, beginning: str) -> Item:
        """The item whose id begins so. Raises NoSuchItem where there is none, or more than one."""
        start = beginning.strip().lower()
        found = [item for item in self._all() if item.id.startswith(start)] if start else []
        if not found:
            raise NoSuchItem(f"待看的问题里没有编号以 {beginning!r} 开头的；编号见 wenyue review")
        if len(found) > 1:
            raise NoSuchItem(f"编号以 {beginning!r} 开头的不止一个，例如 {found[0].id} 和 {found[1].id}；请多写几位")
        return found[0]

    def _all(self) -> list[Item]:
        """Every item, that of the newest record first."""
        if not self.is_kept:
            return []
        against: dict[str, list[str]] = {}
        for id_, reason in self._votes.against():
            against.setdefault(id_, []).append(reason)
        asked: dict[str, list[Record]] = {}
        for record in self._records.those(REFUSED, list(against), _MOST):
            asked.setdefault(item_of(record), []).append(record)
        decisions, handed = self.decisions.all(), self.decisions.handed()
        return [_item(id_, records, against, decisions.get(id_), handed.get(id_)) for id_, records in asked.items()]


def question_of(record: Record) -> str:
    """What a record's question asks, whole where it followed on others."""
    return str(record.answer.get("understood_as") or record.question)


def item_of(record: Record) -> str:
    """The id of the item that a record belongs to."""
    return item_id(question_of(record))


def item_id(question: str) -> str:
    """The id of a question: the same for questions that differ in nothing but spaces, punctuation, case and traditional characters."""
    return hashlib.sha256((letters(to_simplified(question)) or question).encode()).hexdigest()[:ITEM_LENGTH]


def _item(
    id_: str, records: list[Record], against: dict[str, list[str]], decision: Decision | None, handed: datetime.datetime | None
) -> Item:
    newest = records[0]
    reasons = [reason for record in records for reason in against.get(record.id, ())]
    return Item(
        id=id_,
        question=question_of(newest),
        count=len(records),
        down=len(reasons),
        whys=tuple(why for why in WHYS if why in {found for record in records for found in _whys(record, against)}),
        reasons=tuple(dict.fromkeys(filter(None, reasons))),
        channels=tuple(dict.fromkeys(record.place.channel for record in records)),
        first=records[-1].at,
        last=newest.at,
        record=newest,
        records=tuple(record.id for record in records),
        decision=decision,
        handed=handed,
    )


def _whys(record: Record, against: dict[str, list[str]]) -> Iterable[str]:
    if record.id in against:
        yield "down"
    if record.status in REFUSED:
        yield record.status
        if record.answer["withheld"]:
            yield "withheld"


def _is_in(item: Item, state: str) -> bool:
    return {"open": item.decision is None, "decided": item.decision is not None, "handed": item.handed is not None}.get(state, True)
