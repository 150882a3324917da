"""What people have decided about questions in the review list, and which of these were handed to somebody. Nobody's words but theirs."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import Column, Index, MetaData, RowMapping, String, Table, Text, delete, select, update

from bot.database import Database, Instant, is_written, opened, storable
from bot.privacy.sealed import Sealed

RIGHT, WRONG, REFUSE, DISMISSED = VERDICTS = ("right", "wrong", "refuse", "dismissed")
"""The answer is right after all; other clauses answer it; refusing is right; nothing is to be made of it."""

CASE, LIKELY = USES = ("case", "likely")
"""What a question was used for: it measures the bot, or it teaches the bot. Never both."""

ITEM_LENGTH = 12
_NOT_YET = datetime.datetime.min.replace(tzinfo=UTC)
_METADATA = MetaData()
REVIEWS = Table(
    "review",
    _METADATA,
    Column("item", String(ITEM_LENGTH), primary_key=True),
    Column("verdict", String(16), nullable=False),
    Column("clauses", Text, nullable=False),  # a JSON array of pairs: agreement, clause id
    Column("note", Sealed, nullable=False),
    Column("question", Sealed, nullable=False),  # as whoever decided would have it asked; empty: as it was
    Column("use", String(8), nullable=False),
    Column("at", Instant, nullable=False),
    Index("review_at", "at"),
)
HANDED = Table(
    "handed",
    _METADATA,
    Column("record", String(12), primary_key=True),
    Column("item", String(ITEM_LENGTH), nullable=False),
    Column("at", Instant, nullable=False),
    Index("handed_item", "item"),
    Index("handed_at", "at"),
)


@dataclass(frozen=True, slots=True)
class Decision:
    """One of VERDICTS about an item. `clauses` are the agreement and the id of each clause that answers; `use` is one of USES, or empty.

    `question` is how the question should have been asked, empty for as it was.
    """

    item: str
    verdict: str
    clauses: tuple[tuple[str, str], ...] = ()
    note: str = ""
    question: str = ""
    use: str = ""
    at: datetime.datetime = _NOT_YET

    @classmethod
    def of(cls, row: RowMapping) -> Decision:
        clauses = tuple((agreement, clause) for agreement, clause in json.loads(row["clauses"]))
        return cls(row["item"], row["verdict"], clauses, row["note"], row["question"], row["use"], row["at"])

    def to_json(self) -> dict[str, object]:
        return {
            "verdict": self.verdict,
            "clauses": [{"agreement": agreement, "id": clause} for agreement, clause in self.clauses],
            "note": self.note,
            "question": self.question,
            "use": self.use,
            "at": self.at.isoformat(timespec="seconds"),
        }


class Decisions:
    """The decisions in the library's database. `url` is an SQLAlchemy URL of SQLite or Postgres; threads and processes share it.

    Everything raises StorageError where the database fails.
    """

    def __init__(self, url: str, now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(UTC)) -> None:
        self._database = Database(opened(url), (REVIEWS, HANDED), "待看的问题")
        self._now = now

    def decide(self, decision: Decision) -> None:
        """Write a decision down, in the place of one that was made before. When it was made is now."""
        values = {
            "verdict": decision.verdict,
            "clauses": json.dumps(decision.clauses, ensure_ascii=False),
            "note": storable(decision.note),
            "question": storable(decision.question),
            "use": decision.use,
            "at": self._now(),
        }
        deciding = self._database.insertion(REVIEWS).values(item=storable(decision.item), **values)
        deciding = deciding.on_conflict_do_update(index_elements=[REVIEWS.c.item], set_=values)
        self._database.run(lambda connection: connection.execute(deciding))

    def use(self, items: Collection[str], use: str) -> None:
        """Write down what the questions of these items were used for."""
        using = update(REVIEWS).where(REVIEWS.c.item.in_(list(items))).values(use=use)
        self._database.run(lambda connection: connection.execute(using))

    def reopen(self, item: str) -> bool:
        """Let an item be undecided; whether it had been decided."""
        reopening = delete(REVIEWS).where(REVIEWS.c.item == storable(item))
        return self._database.run(lambda connection: bool(connection.execute(reopening).rowcount))

    def all(self) -> dict[str, Decision]:
        """Every decision by its item."""
        rows = self._database.run(lambda connection: connection.execute(select(REVIEWS)).mappings().all())
        return {row["item"]: Decision.of(row) for row in rows}

    def hand(self, record: str, item: str) -> bool:
        """Write down that the question of a record was handed to somebody. True the first time, False ever after."""
        row = {"record": storable(record), "item": storable(item), "at": self._now()}
        handing = self._database.insertion(HANDED).values(row).on_conflict_do_nothing()
        return self._database.run(lambda connection: is_written(connection, handing))

    def is_handed(self, record: str) -> bool:
        """Whether the question of a record was handed to somebody."""
        wanted = select(HANDED.c.record).where(HANDED.c.record == storable(record))
        return self._database.run(lambda connection: connection.execute(wanted).first()) is not None

    def handed(self) -> dict[str, datetime.datetime]:
        """When each item was handed to somebody, the last time."""
        wanted = select(HANDED.c.item, HANDED.c.at).order_by(HANDED.c.at)
        return {row.item: row.at for row in self._database.run(lambda connection: connection.execute(wanted).all())}

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()
