"""A lease: of all processes that share a database, one at a time does what only one may do."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable
from datetime import UTC, timedelta

from sqlalchemy import Column, ColumnElement, MetaData, String, Table, and_, delete, or_, update

from bot.database import Database, Instant, is_written, opened

_FREE = timedelta(seconds=30)  # a lease that was not renewed for so long is anybody's

LEASES = Table(
    "lease",
    MetaData(),
    Column("name", String, primary_key=True),
    Column("holder", String(16), nullable=False),
    Column("renewed", Instant, nullable=False),
)


class Lease:
    """A lease by its name, as one process wants it: each object is another one. `url` is an SQLAlchemy URL of SQLite or Postgres.

    Whoever holds it must renew it well within 30 seconds, and stop what it is for as soon as that fails for 30 seconds, with False or
    with an error. The clocks of machines that share a database must agree to within some seconds. All raise StorageError.
    """

    def __init__(self, url: str, name: str, now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(UTC)) -> None:
        self._database = Database(opened(url), (LEASES,), "轮值登记")
        self._name = name
        self._now = now
        self._me = secrets.token_hex(8)

    def take(self) -> bool:
        """Take the lease if nobody else holds it; whether this process holds it now."""
        now = self._now()
        mine = {"holder": self._me, "renewed": now}
        taking = self._database.insertion(LEASES).values({"name": self._name} | mine)
        free = or_(LEASES.c.holder == self._me, LEASES.c.renewed < now - _FREE)
        taking = taking.on_conflict_do_update(index_elements=[LEASES.c.name], set_=mine, where=free)
        return self._database.run(lambda connection: is_written(connection, taking))

    def renew(self) -> bool:
        """Hold the lease for another 30 seconds. False where this process does not hold it: somebody else took it, or it was left."""
        renewal = update(LEASES).where(self._is_mine).values(renewed=self._now())
        return self._database.run(lambda connection: connection.execute(renewal).rowcount == 1)

    def leave(self) -> None:
        """Give the lease up, if this process holds it: the next one need not wait."""
        leaving = delete(LEASES).where(self._is_mine)
        self._database.run(lambda connection: connection.execute(leaving))

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    @property
    def _is_mine(self) -> ColumnElement[bool]:
        return and_(LEASES.c.name == self._name, LEASES.c.holder == self._me)
