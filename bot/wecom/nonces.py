"""The nonces of callbacks that were let in: none is let in twice, whichever replica it comes to."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from datetime import UTC, timedelta

from sqlalchemy import Column, Index, MetaData, String, Table, delete

from bot.database import Database, Instant, is_written, opened

_KEPT = timedelta(hours=2)  # within which WeCom repeats none

_METADATA = MetaData()
NONCES = Table(
    "wecom_nonce",
    _METADATA,
    Column("timestamp", String, primary_key=True),
    Column("nonce", String, primary_key=True),
    Column("signature", String, nullable=False, unique=True),  # what is signed does not say where the timestamp ends and the nonce begins
    Column("at", Instant, nullable=False),
    Index("wecom_nonce_at", "at"),
)


class Nonces:
    """The nonces of two hours in the library's database. `url` is an SQLAlchemy URL of SQLite or Postgres; threads and processes share it.

    Everything raises StorageError where the database fails: then nothing is let in.
    """

    def __init__(self, url: str, now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(UTC)) -> None:
        self._database = Database(opened(url), (NONCES,), "企业微信的回调登记")
        self._now = now

    def first(self, timestamp: str, nonce: str, signature: str) -> bool:
        """Write down a timestamp, its nonce and what signs them. True where neither the two nor the signature were there before."""
        row = {"timestamp": timestamp, "nonce": nonce, "signature": signature, "at": self._now()}
        insertion = self._database.insertion(NONCES).values(row).on_conflict_do_nothing()
        return self._database.run(lambda connection: is_written(connection, insertion))

    def expire(self) -> int:
        """Delete what is older than two hours. Returns how much that was."""
        old = delete(NONCES).where(NONCES.c.at < self._now() - _KEPT)
        return self._database.run(lambda connection: connection.execute(old).rowcount)

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()
