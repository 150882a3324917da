"""Votes: what people thought of an answer, one vote a person."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta

from sqlalchemy import Column, Index, MetaData, String, Table, and_, case, delete, func, select

from bot.database import Database, Instant, empty_log, opened, storable
from bot.privacy.sealed import Sealed

_METADATA = MetaData()
VOTES = Table(
    "vote",
    _METADATA,
    Column("record", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("asker", String, primary_key=True),
    Column("verdict", String(4), nullable=False),
    Column("reason", Sealed, nullable=False),
    Column("at", Instant, nullable=False),
    Index("vote_asker", "channel", "asker"),
    Index("vote_at", "at"),
)
SHOWN = Table(
    "shown_answer",
    _METADATA,
    Column("channel", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("record", String, nullable=False),
    Column("at", Instant, nullable=False),
    Index("shown_answer_at", "at"),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people thought well of an answer, and how many did not."""

    up: int = 0
    down: int = 0


class Votes:
    """The votes in the library's database. `url` is an SQLAlchemy URL of SQLite or Postgres; threads and processes share it.

    Everything raises StorageError where the database fails.
    """

    def __init__(self, url: str, now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(UTC)) -> None:
        self._database = Database(opened(url), (VOTES, SHOWN), "评价")
        self._now = now

    def cast(self, record: str, channel: str, asker: str, verdict: str, reason: str = "") -> None:
        """Vote on the answer that was kept under an id: `up` or `down`. Raises ValueError for another verdict.

        It replaces the vote that the asker cast before; whoever votes the same again and gives no reason keeps the one given.
        """
        if verdict not in ("up", "down"):
            raise ValueError(f"a vote is up or down, not {verdict!r}")
        key = {"record": storable(record), "channel": storable(channel), "asker": storable(asker)}
        vote = {"verdict": verdict, "reason": storable(reason), "at": self._now()}
        casting = self._database.insertion(VOTES).values(key | vote)
        if not reason:
            vote["reason"] = case((VOTES.c.verdict == verdict, VOTES.c.reason), else_="")
        casting = casting.on_conflict_do_update(index_elements=list(VOTES.primary_key.columns), set_=vote)
        self._database.run(lambda connection: connection.execute(casting))

    def withdraw(self, record: str, channel: str, asker: str) -> None:
        """Take back the vote of an asker on an answer, if there is one."""
        of = and_(VOTES.c.record == storable(record), VOTES.c.channel == storable(channel), VOTES.c.asker == storable(asker))
        self._database.run(lambda connection: connection.execute(delete(VOTES).where(of)))

    def shown(self, channel: str, id_: str, record: str) -> None:
        """Write down which answer was shown under an id of the channel's own, by which the channel will tell of votes."""
        row = {"channel": storable(channel), "id": storable(id_), "record": storable(record), "at": self._now()}
        writing = self._database.insertion(SHOWN).values(row)
        writing = writing.on_conflict_do_update(index_elements=list(SHOWN.primary_key.columns), set_={"record": row["record"]})
        self._database.run(lambda connection: connection.execute(writing))

    def record_of(self, channel: str, id_: str) -> str | None:
        """The id of the record of an answer that was shown; None where none is known."""
        wanted = select(SHOWN.c.record).where(SHOWN.c.channel == storable(channel), SHOWN.c.id == storable(id_))
        return self._database.run(lambda connection: connection.execute(wanted).scalar())

    def of(self, record: str) -> Counts:
        """The votes on an answer."""
        up, down = (func.count().filter(VOTES.c.verdict == verdict) for verdict in ("up", "down"))
        counting = select(up, down).where(VOTES.c.record == storable(record))
        counted = self._database.run(lambda connection: connection.execute(counting).one())
        return Counts(*counted)

    def against(self) -> list[tuple[str, str]]:
        """The votes that say an answer was no good: the id of its record and the reason, empty where none was given; newest first."""
        wanted = select(VOTES.c.record, VOTES.c.reason).where(VOTES.c.verdict == "down").order_by(VOTES.c.at.desc())
        return [(row.record, row.reason) for row in self._database.run(lambda connection: connection.execute(wanted).all())]

    def forget(self, channel: str, asker: str) -> int:
        """Delete all votes of an asker. Returns how many that were."""
        of = and_(VOTES.c.channel == storable(channel), VOTES.c.asker == storable(asker))
        deleted = self._database.run(lambda connection: connection.execute(delete(VOTES).where(of)).rowcount)
        self._database.run(empty_log)
        return deleted

    def expire(self, older_than: timedelta) -> int:
        """Delete the votes that are older. Returns how many that were."""
        before = self._now() - older_than
        deleted = self._database.run(lambda connection: connection.execute(delete(VOTES).where(VOTES.c.at < before)).rowcount)
        self._database.run(lambda connection: connection.execute(delete(SHOWN).where(SHOWN.c.at < before)))
        self._database.run(empty_log)
        return deleted

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()
