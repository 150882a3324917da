"""A record: one answer that was given, where and to whom; and the tables that records stand in."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Index, MetaData, RowMapping, String, Table, Text, and_

from answering.answer import Answer
from bot.database import Instant, storable
from bot.place import Place
from bot.privacy.sealed import Sealed

ID_LENGTH = 12


_METADATA = MetaData()
ANSWERS = Table(
    "answer",
    _METADATA,
    Column("id", String(ID_LENGTH), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("channel", String, nullable=False),
    Column("chat", String, nullable=False),
    Column("thread", String, nullable=False),
    Column("asker", String, nullable=False),
    Column("question", Sealed, nullable=False),
    Column("status", String(16), nullable=False),
    Column("key", String(64)),  # where there is a seal, as it writes keys of look-ups
    Column("served_from", String(ID_LENGTH)),
    Column("fingerprint", Text, nullable=False),
    Column("said", Sealed, nullable=False),  # Answer.text
    Column("answer", Sealed, nullable=False),  # the public JSON; last, since it is long and few queries read it
    Index("answer_at", "at"),
    Index("answer_status", "status", "at"),
    Index("answer_place", "channel", "chat", "thread", "asker", "at"),
    Index("answer_asker", "channel", "asker"),
    Index("answer_key", "key", "at"),
)
CONVERSATIONS = Table(
    "conversation",
    _METADATA,
    Column("channel", String, primary_key=True),
    Column("chat", String, primary_key=True),
    Column("thread", String, primary_key=True),
    Column("asker", String, primary_key=True),
    Column("began", Instant, nullable=False),
)
TABLES = (ANSWERS, CONVERSATIONS)


@dataclass(frozen=True, slots=True)
class Record:
    """An answer that was given. `answer` is its public JSON; `at` is timezone-aware, in UTC.

    `fingerprint` is that of the answerer: library and index, prompts, model. `served_from` is the id of the record that held the answer
    already, None where it was made anew. An id sorts by time; so much of its beginning as no other id has, names the record.
    """

    id: str
    at: datetime.datetime
    place: Place
    question: str
    status: str
    fingerprint: str
    served_from: str | None
    answer: dict[str, Any]

    @classmethod
    def of(cls, row: RowMapping) -> Record:
        place = Place(row["channel"], row["chat"], row["thread"], row["asker"])
        answer = json.loads(row["answer"])
        return cls(row["id"], row["at"], place, row["question"], row["status"], row["fingerprint"], row["served_from"], answer)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "at": self.at.isoformat(timespec="milliseconds"),
            "channel": self.place.channel,
            "chat": self.place.chat,
            "thread": self.place.thread,
            "asker": self.place.asker,
            "question": self.question,
            "status": self.status,
            "fingerprint": self.fingerprint,
            "served_from": self.served_from,
            "answer": self.answer,
        }


def row_of(place: Place, answer: Answer) -> dict[str, Any]:
    """The columns that place and answer fill."""
    return {
        **columns_of(place),
        "question": storable(answer.question),
        "status": answer.status.value,
        "said": storable(answer.text),
        "answer": json.dumps(answer.to_json(), ensure_ascii=False).encode("utf-8", "backslashreplace").decode(),
    }


def columns_of(place: Place) -> dict[str, str]:
    return {name: storable(getattr(place, name)) for name in Place.__slots__}


def is_at(table: Table, place: Place) -> ColumnElement[bool]:
    """Whether a row of either table is of this place."""
    return and_(*(table.c[name] == value for name, value in columns_of(place).items()))
