"""What is kept of people across all tables: deleted when it is too old, forgotten where somebody asks for it, told to whom it is of."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, func, make_url, select, tuple_, update

from bot.database import Database, empty_log, opened
from bot.privacy.holdings import HOLDINGS, Holding
from bot.privacy.whose import Whose
from bot.record import ANSWERS

_BATCH = 500  # rows deleted at once, so that nobody waits for long
_EVERY = 3600.0  # seconds between two looks for what is too old
_STAYS = ("permissions", "permissions_given", "notices", "contact", "spending")  # or nobody could be kept out, or told once


class Keeping:
    """The holdings in the library's database, kept for `days` days. `url` is an SQLAlchemy URL of SQLite or Postgres; threads share it.

    Everything raises StorageError.
    """

    def __init__(self, url: str, days: float, now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(UTC)) -> None:
        self._database = Database(opened(url), tables(), "记录")
        self._url = url
        self._days = days
        self._now = now
        self._expired = float("-inf")  # when, on time.monotonic's clock

    def expire(self) -> int:
        """Delete everything that is too old, with no days everything that need not be there. Returns how many rows that were."""
        deleted = 0
        for holding in HOLDINGS:
            while batch := self._expire_some(holding):
                deleted += batch
        if deleted:
            self._database.run(empty_log)
        ends = (self._now() - datetime.timedelta(days=self._days)).timestamp()
        for copy in copies_of(self._url):
            with suppress(OSError):
                if copy.stat().st_mtime < ends:
                    copy.unlink()
        return deleted

    def expire_hourly(self) -> None:
        """The same, if that was not done within an hour."""
        if time.monotonic() - self._expired > _EVERY:
            self.expire()
            self._expired = time.monotonic()

    def forget(self, channel: str, user: str) -> int:
        """Delete what somebody asks to have forgotten: all but that they may ask, or may not, and that they were told what is kept.

        Returns how many answers that were.
        """
        forgotten = [holding for holding in HOLDINGS if holding.name not in _STAYS]
        deleted = self._database.run(lambda connection: delete_of(connection, Whose(channel, user), forgotten))
        self._database.run(empty_log)
        return next(deleted[holding.called] for holding in forgotten if holding.table is ANSWERS)

    def told(self, whose: Whose) -> dict[str, list[dict[str, Any]]]:
        """All that is kept of a person or a chat, by the names of the holdings, as JSON has it."""
        return self._database.run(lambda connection: {holding.name: rows_of(connection, holding, whose) for holding in HOLDINGS})

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    def _expire_some(self, holding: Holding) -> int:
        if holding.age is None:
            return 0
        keys = tuple(holding.table.primary_key.columns)
        old = select(*keys).where(holding.age.older(self._now(), self._days)).limit(_BATCH)
        deletion = delete(holding.table).where(tuple_(*keys).in_(old))
        return self._database.run(lambda connection: connection.execute(deletion).rowcount)


def counts_of(connection: Connection, whose: Whose) -> dict[str, int]:
    """How many rows of each holding are somebody's, by what people are told of."""
    found = {}
    for holding in HOLDINGS:
        counting = select(func.count()).select_from(holding.table).where(holding.mine(connection, whose))
        found[holding.called] = connection.execute(counting).scalar_one()
    return found


def delete_of(connection: Connection, whose: Whose, holdings: Iterable[Holding] = HOLDINGS) -> dict[str, int]:
    """Delete somebody's rows, or make them nobody's. Returns how many of each holding, by what people are told of."""
    done = {}
    for holding in holdings:
        change: Any = delete(holding.table) if holding.blank is None else update(holding.table).values(holding.blank)
        done[holding.called] = connection.execute(change.where(holding.mine(connection, whose))).rowcount
    return done


def rows_of(connection: Connection, holding: Holding, whose: Whose) -> list[dict[str, Any]]:
    """Somebody's rows of a holding, as JSON has them."""
    wanted = select(holding.table).where(holding.mine(connection, whose)).order_by(*holding.table.primary_key.columns)
    rows = connection.execute(wanted).mappings()
    return [{holding.columns.get(name, name): _json(value) for name, value in row.items()} for row in rows]


def tables() -> list[Table]:
    """The tables that hold something of people."""
    return list({holding.table.name: holding.table for holding in HOLDINGS}.values())


def copies_of(url: str) -> list[Path]:
    """The copies of an SQLite database that were made beside it before an upgrade: what people said stands in them too."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return []
    database = Path(parsed.database)
    return sorted(database.parent.glob(f"{database.name}.before-*"))


def _json(value: Any) -> Any:
    """A value as JSON has it; a text that is JSON itself as what it says."""
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, str) and value[:1] in ("{", "["):
        with suppress(ValueError):
            return json.loads(value)
    return value
