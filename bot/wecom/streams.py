"""The streams that WeCom asks callbacks for: what is shown of each answer so far, in the database, so that any replica can say.

https://developer.work.weixin.qq.com/document/path/101031. WeCom asks again and again until it is told that a stream has ended, and for six
minutes at most; what is to be said after that goes to the message's response address, once.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from sqlalchemy import Boolean, Column, Index, MetaData, String, Table, and_, delete, or_, select, update

from bot.database import Database, Instant, empty_log, is_written, opened, storable
from bot.privacy.sealed import Sealed

LONGEST = 20_480  # bytes of UTF-8 that WeCom takes as a text
ASKED_FOR = timedelta(minutes=6)  # after which WeCom asks for a stream no more
_TEXT_KEPT = timedelta(hours=1)  # as long as a response address is good
_KEPT = timedelta(days=1)
_SENDING = timedelta(minutes=1)  # after which whoever was sending is taken to have failed

_METADATA = MetaData()
STREAMS = Table(
    "wecom_stream",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("text", Sealed, nullable=False),
    Column("finished", Boolean, nullable=False),  # nothing more will be written
    Column("ended", Boolean, nullable=False),  # WeCom was told to ask no more, or never asks
    Column("card", Sealed),  # a JSON object that goes out with the finished text; null: none, or it went
    Column("response_url", Sealed),  # a secret; null: none, or no longer needed
    Column("sending", Instant),  # when somebody began to send the text there
    Index("wecom_stream_at", "at"),
)


@dataclass(frozen=True, slots=True)
class Stream:
    """What is shown of an answer. `finished`: its writer is done; `ended`: WeCom was told so, done or not; `at`: when it was opened;
    `card`: the template card that goes out with the finished text, as long as it has not.
    """

    id: str
    at: datetime.datetime
    text: str
    finished: bool
    ended: bool
    card: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """The whole text of a stream that WeCom does not ask for any more, and the address where it is taken instead."""

    id: str
    text: str
    response_url: str

    def __repr__(self) -> str:
        return f"Owed({self.id!r})"


def stream_of(msgid: str) -> str:
    """The id of the stream that answers a message: one and the same whenever and wherever it is asked for."""
    return hashlib.sha256(storable(msgid).encode()).hexdigest()[:32]


class Streams:
    """The streams of one day in the library's database. `url` is an SQLAlchemy URL of SQLite or Postgres; threads and processes share it.

    Texts and response addresses are kept for an hour. Everything raises StorageError where the database fails, `begin` and what writes a
    text ValueError for one that is blank or larger than WeCom takes.
    """

    def __init__(self, url: str, now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(UTC)) -> None:
        self._database = Database(opened(url), (STREAMS,), "企业微信的回复登记")
        self._now = now

    def begin(self, msgid: str, text: str, response_url: str = "", *, asked_for: bool = True) -> bool:
        """Open the stream of a message with the text that stands for its answer. False where it was opened before: it stays as it is.

        Where WeCom never asks for it, the finished text is owed from the beginning.
        """
        row = {"id": stream_of(msgid), "at": self._now(), "text": _checked(text), "finished": False, "ended": not asked_for}
        insertion = self._database.insertion(STREAMS).values(row | {"response_url": storable(response_url) or None})
        return self._database.run(lambda connection: is_written(connection, insertion.on_conflict_do_nothing()))

    def open(self, msgid: str) -> str:
        """The id of a message's stream, which is opened where there is none."""
        self.begin(msgid, "…")
        return stream_of(msgid)

    def put(self, id: str, text: str, finished: bool, card: Mapping[str, Any] | None = None) -> None:
        """Write the whole text so far, with the finished one perhaps a template card, which no response address takes.

        What comes after the finished text, or before it to a stream that has ended, is passed over.
        """
        open_ = and_(STREAMS.c.id == id, STREAMS.c.finished.is_(False))
        writable = open_ if finished else and_(open_, STREAMS.c.ended.is_(False))
        kept = json.dumps(card) if card and finished else None
        self._change(update(STREAMS).where(writable).values(text=_checked(text), finished=finished, card=kept))

    def get(self, id: str) -> Stream | None:
        """A stream as it is now; None for one that is unknown, or of which nothing is kept any more."""
        wanted = select(STREAMS).where(STREAMS.c.id == storable(id), STREAMS.c.text != "")
        row = self._database.run(lambda connection: connection.execute(wanted).one_or_none())
        if row is None:
            return None
        return Stream(row.id, row.at, row.text, row.finished, row.ended, json.loads(row.card) if row.card else None)

    def end(self, id: str, text: str) -> bool:
        """End a stream with a text that is not the whole answer: that is owed as soon as it is finished.

        False, and nothing changes, where it has ended or its text is finished.
        """
        going_on = and_(STREAMS.c.id == id, STREAMS.c.finished.is_(False), STREAMS.c.ended.is_(False))
        return self._change(update(STREAMS).where(going_on).values(text=_checked(text), ended=True)) == 1

    def told(self, id: str) -> None:
        """WeCom was given the finished text and its card: they are owed to nobody."""
        whole = and_(STREAMS.c.id == id, STREAMS.c.finished.is_(True))
        self._change(update(STREAMS).where(whole).values(ended=True, card=None, response_url=None))

    def owed(self, id: str | None = None) -> list[Owed]:
        """What has to be sent, of one stream or of all: the finished texts of streams that have ended, or that WeCom did not ask for in
        time. Whoever is given one sends it and says `sent`; where that is not said within a minute, it is given out again.
        """
        now = self._now()
        unasked = or_(STREAMS.c.ended.is_(True), STREAMS.c.at < now - ASKED_FOR)
        free = or_(STREAMS.c.sending.is_(None), STREAMS.c.sending < now - _SENDING)
        due = and_(STREAMS.c.finished.is_(True), unasked, free, STREAMS.c.response_url.is_not(None), STREAMS.c.at > now - _TEXT_KEPT)
        of = and_(due, STREAMS.c.id == id) if id is not None else due
        taking = update(STREAMS).where(of).values(sending=now, ended=True, card=None).returning(*STREAMS.c)
        rows = self._database.run(lambda connection: connection.execute(taking).all())
        return [Owed(row.id, row.text, row.response_url) for row in rows]

    def sent(self, id: str) -> None:
        """A response address was used: it is deleted."""
        self._change(update(STREAMS).where(STREAMS.c.id == id).values(response_url=None))

    def expire(self) -> int:
        """Delete texts and response addresses after an hour, and all of a stream after a day. Returns how many rows that were."""
        now = self._now()
        old = and_(STREAMS.c.at < now - _TEXT_KEPT, or_(STREAMS.c.text != "", STREAMS.c.response_url.is_not(None)))
        changed = self._change(update(STREAMS).where(old).values(text="", card=None, response_url=None))
        changed += self._change(delete(STREAMS).where(STREAMS.c.at < now - _KEPT))
        if changed:
            self._database.run(empty_log)
        return changed

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    def _change(self, statement: Any) -> int:
        return self._database.run(lambda connection: int(connection.execute(statement).rowcount))


def _checked(text: str) -> str:
    """A text as it is kept. Raises ValueError."""
    kept = storable(text)
    if not kept.strip():
        raise ValueError("a stream needs a text: WeCom shows none that is blank")
    if len(kept.encode()) > LONGEST:
        raise ValueError(f"WeCom takes a text of {LONGEST} bytes, not of {len(kept.encode())}")
    return kept
