"""News of agreements: which clauses a new version changed, told once to the chats that want to know."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Column, Integer, MetaData, String, Table, and_, delete, func, select

from answering.answer import Language
from answering.wording import listed
from bot.access import Access
from bot.database import Database, Instant, is_written, opened, storable
from bot.standing import Standing
from bot.wording import say
from retrieval.comparison import Change, ClauseChange, Comparison, compare
from retrieval.differences import Sort
from retrieval.errors import RetrievalError
from retrieval.library import Library
from retrieval.versions import Version

_LOOKING = 60.0  # seconds between two looks for what is new
_SHOWN = 12  # clauses of which it is said what changed
_WORDS = 40  # characters of a wording, at most
_log = logging.getLogger(__name__)

TOLD = Table(
    "announced",
    MetaData(),
    Column("channel", String, primary_key=True),
    Column("agreement", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
)

Push = Callable[[str, str], Awaitable[None]]
"""Writes a text, of which nothing may lead anywhere, to a chat."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told of a new version: of which agreement, which number, in which words."""

    agreement: str
    number: int
    text: str


class Bulletin:
    """Which versions were announced in a channel, in the library's database; see Access for its `url`. Raises StorageError."""

    def __init__(self, url: str) -> None:
        self._database = Database(opened(url), (TOLD,), "通知登记")

    def due(self, channel: str, library: Library) -> list[Notice]:
        """What is new in a channel; nobody else is given the same. What there was when a channel looked first is not new."""
        known = self._known(channel)
        notices: list[Notice] = []
        versions: dict[str, list[Version]] = {}
        for version in library.versions():
            versions.setdefault(version.key, []).append(version)
        for key, row in versions.items():
            for old, new in zip([None, *row], row, strict=False):
                is_new = new.number > known.get(key, 0)
                if is_new and self._claim(channel, new) and known:
                    notices.append(Notice(key, new.number, notice_of(library, old, new)))
        return notices

    def untold(self, channel: str, notice: Notice) -> None:
        """It could not be told after all: whoever looks next is given it again."""
        of = and_(TOLD.c.channel == storable(channel), TOLD.c.agreement == notice.agreement, TOLD.c.number == notice.number)
        self._database.run(lambda connection: connection.execute(delete(TOLD).where(of)))

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    def _known(self, channel: str) -> dict[str, int]:
        """The newest version of each agreement that was announced."""
        newest = select(TOLD.c.agreement, func.max(TOLD.c.number)).where(TOLD.c.channel == storable(channel)).group_by(TOLD.c.agreement)
        return self._database.run(lambda connection: {row[0]: row[1] for row in connection.execute(newest)})

    def _claim(self, channel: str, version: Version) -> bool:
        row = {"channel": storable(channel), "agreement": version.key, "number": version.number, "at": datetime.now(UTC)}
        claiming = self._database.insertion(TOLD).values(row).on_conflict_do_nothing()
        return self._database.run(lambda connection: is_written(connection, claiming))


class News:
    """Looks for new versions and tells the chats of a channel that subscribed."""

    def __init__(self, channel: str, standing: Standing, access: Access, bulletin: Bulletin) -> None:
        self._channel = channel
        self._standing = standing
        self._access = access
        self._bulletin = bulletin

    async def watch(self, push: Push) -> None:
        """For as long as this runs: answer from what is new, and tell of it."""
        while True:
            try:
                await asyncio.to_thread(self._standing.renew)
                for notice in await asyncio.to_thread(self._bulletin.due, self._channel, self._standing.library):
                    await self._tell(notice, push)
            except RetrievalError as error:
                _log.error("what is new in the library cannot be told: %s", error)
            await asyncio.sleep(_LOOKING)

    async def _tell(self, notice: Notice, push: Push) -> None:
        for channel, chat in await asyncio.to_thread(self._access.subscribers, notice.agreement):
            if channel != self._channel:
                continue
            try:
                await push(chat, notice.text)
            except Exception as error:  # whatever the channel's library raises: the other chats are still told
                _log.warning("a chat could not be told of a new version: %s", type(error).__name__)


def notice_of(library: Library, old: Version | None, new: Version) -> str:
    """What is told of a version in Chinese: how many clauses it changed, added and took away, and the first of them word by word."""
    language, title = Language.SIMPLIFIED, f"《{new.agreement.title}》"
    since = say("news_since", language, date=new.agreement.effective) if new.agreement.effective else ""
    if old is None:
        return say("news_added", language, title=title, since=since)
    comparison = compare(library.version_clauses(old.key, old.number), library.version_clauses(new.key, new.number))
    lines = list(_lines(comparison, language))
    more = [say("news_more", language, count=len(lines) - _SHOWN)] if len(lines) > _SHOWN else []
    return "\n".join(
        [say("news_changed", language, title=title, since=since, counts=_counts(comparison, language)), *lines[:_SHOWN], *more]
    )


def _counts(comparison: Comparison, language: Language) -> str:
    counts = comparison.counts
    kinds = [change for change in Change if change is not Change.UNCHANGED and counts[change]]
    return listed((say(f"news_{kind.value}_count", language, count=counts[kind]) for kind in kinds), language) or say("news_none", language)


def _lines(comparison: Comparison, language: Language) -> Iterator[str]:
    for change in comparison.differing:
        words = _words(change)
        before = change.old.number if change.old and change.new and change.old.id != change.new.id else ""
        head = say(f"news_line_{change.change.value}", language, number=change.clause.number or change.clause.heading, before=before)
        yield f"· {head}" + (f"：{'；'.join(words)}" if words else "")


def _words(change: ClauseChange) -> Sequence[str]:
    """What was said and what is said instead; of a clause that is new, how it begins."""
    if change.old is None or change.new is None:
        return [_short(change.clause.content)]
    found: list[str] = []
    removed = ""
    for piece in change.pieces:
        if piece.sort is Sort.REMOVED:
            removed = piece.text
        elif piece.sort is Sort.ADDED:
            found.append(f"“{_short(removed)}”→“{_short(piece.text)}”" if removed else f"+“{_short(piece.text)}”")
            removed = ""
        elif removed:
            found.append(f"-“{_short(removed)}”")
            removed = ""
    return [*found, *([f"-“{_short(removed)}”"] if removed else [])][:3]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _WORDS else f"{text[:_WORDS]}…"
