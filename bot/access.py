"""Who may ask, and about which agreements: nobody and nothing but what somebody has allowed. Also who was told what, and who wants news."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    String,
    Table,
    Text,
    and_,
    delete,
    inspect,
    literal,
    or_,
    select,
    update,
)

from bot.database import Database, Instant, is_written, opened, storable
from bot.place import Place
from bot.record import ANSWERS, CONVERSATIONS
from retrieval.errors import StorageError

_WHAT = "准入名单"
_KEPT = timedelta(days=30)  # for which it is remembered that something was told
_CHAT, _USER = "chat", "user"

_METADATA = MetaData()
ALLOWED = Table(
    "allowed",
    _METADATA,
    Column("channel", String, primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("id", String, primary_key=True),
    Column("denied", Boolean, nullable=False),
    Column("agreements", Text),  # a JSON array of keys; null: all of them
    Column("by", String, nullable=False),
    Column("at", Instant, nullable=False),
)
TOLD = Table(
    "told",
    _METADATA,
    Column("channel", String, primary_key=True),
    Column("chat", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("at", Instant, nullable=False),
)
SUBSCRIBED = Table(
    "subscribed",
    _METADATA,
    Column("channel", String, primary_key=True),
    Column("chat", String, primary_key=True),
    Column("agreements", Text),  # as above
    Column("at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Permission:
    """That somebody may ask, and the keys of the agreements that they may ask about: all of them where there is none."""

    agreements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowed:
    """A chat or a user that was allowed. `kind` is `chat` or `user`; `by` is who allowed it; no `agreements`: all of them."""

    kind: str
    id: str
    agreements: tuple[str, ...]
    by: str
    at: datetime.datetime


class Access:
    """Who may ask, in the library's database. `url` is an SQLAlchemy URL of SQLite or Postgres; threads and processes share it.

    `admins` are channels and ids of users. Everything but `is_admin` raises StorageError where the database fails or what stands in it
    cannot be read: then nobody is let in.
    """

    def __init__(
        self, url: str, admins: Collection[tuple[str, str]] = (), now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(UTC)
    ) -> None:
        self._database = Database(opened(url), (ALLOWED, TOLD, SUBSCRIBED), _WHAT)
        self._admins = frozenset(admins)
        self._now = now

    def may_ask(self, place: Place, private: bool) -> Permission | None:
        """What may be asked in a place, None for nothing.

        In a group its chat must be allowed and the asker not denied; in private the asker must be allowed. An admin may always ask in
        private, and cannot be denied; in a group that is not allowed an admin may not ask either.
        """
        if not (place.asker if private else place.chat):
            return None
        user, chat = _is(place.channel, _USER, place.asker), _is(place.channel, _CHAT, place.chat)
        wanted = select(ALLOWED.c.kind, ALLOWED.c.id, ALLOWED.c.denied, ALLOWED.c.agreements).where(or_(user, chat))
        rows = self._database.run(lambda connection: connection.execute(wanted).all())
        admin = self.is_admin(place.channel, place.asker)
        if admin and private:
            return Permission()
        if any(row.denied and not (admin and row.kind == _USER) for row in rows):
            return None
        ground = (_USER, place.asker) if private else (_CHAT, place.chat)
        return next((Permission(_keys(row.agreements)) for row in rows if (row.kind, row.id) == ground), None)

    def allow(self, channel: str, kind: str, id: str, agreements: Sequence[str] = (), *, by: str = "") -> None:
        """Allow a chat (`kind` is `chat`) or a user (`user`) to ask about these agreements, about all where none is given.

        What was allowed or denied before is replaced. Raises ValueError for another kind and for an empty id.
        """
        self._put(channel, kind, id, agreements, by, denied=False)

    def deny(self, channel: str, kind: str, id: str, *, by: str = "") -> None:
        """Let a chat or a user ask nothing any more: a user in no chat either, whoever else may ask there. Raises as `allow` does."""
        self._put(channel, kind, id, (), by, denied=True)

    def allowed(self, channel: str) -> list[Allowed]:
        """What is allowed in a channel: chats first, in the order in which they were allowed. Who was denied is not among them."""
        wanted = select(ALLOWED).where(ALLOWED.c.channel == storable(channel), ALLOWED.c.denied.is_(False))
        ordered = wanted.order_by(ALLOWED.c.kind, ALLOWED.c.at, ALLOWED.c.id)
        rows = self._database.run(lambda connection: connection.execute(ordered).all())
        return [Allowed(row.kind, row.id, _keys(row.agreements), row.by, row.at) for row in rows]

    def is_admin(self, channel: str, user: str) -> bool:
        """Whether the settings name a user as an admin."""
        return bool(user) and (channel, user) in self._admins

    def migrate(self, channel: str, old_chat: str, new_chat: str) -> None:
        """Let everything kept of a chat be that of the chat which it has become; what is kept of that one already stays.

        Of the inbox nothing moves: a message that is handed out again still has the old chat's id, and the new chat counts its messages
        anew, so that theirs would be taken for some that were answered.
        """
        channel, old, new = storable(channel), storable(old_chat), storable(new_chat)
        if old == new:
            return

        def migrate(connection: Connection) -> None:
            there = set(inspect(connection).get_table_names())
            for table in (ALLOWED, TOLD, SUBSCRIBED, CONVERSATIONS):
                if table.name in there:
                    self._move(connection, table, channel, old, new)
            if ANSWERS.name in there:
                connection.execute(update(ANSWERS).where(ANSWERS.c.channel == channel, ANSWERS.c.chat == old).values(chat=new))

        self._database.run(migrate)

    def first(self, channel: str, chat: str, kind: str, window: timedelta) -> bool:
        """Whether a chat is to be told something of this kind: True once in a window of at most 30 days, however many processes ask."""
        now = self._now()
        row = {"channel": storable(channel), "chat": storable(chat), "kind": storable(kind), "at": now}
        telling = self._database.insertion(TOLD).values(row)
        again = telling.on_conflict_do_update(
            index_elements=list(TOLD.primary_key.columns), set_={"at": now}, where=TOLD.c.at <= now - window
        )
        return self._database.run(lambda connection: is_written(connection, again))

    def subscribe(self, channel: str, chat: str, agreements: Sequence[str] = ()) -> None:
        """Let a chat have news of these agreements, of all where none is given; of those only, whatever it had before."""
        row = {"channel": storable(channel), "chat": storable(chat)}
        wanted = {"agreements": _written(agreements), "at": self._now()}
        putting = self._database.insertion(SUBSCRIBED).values(row | wanted)
        putting = putting.on_conflict_do_update(index_elements=list(SUBSCRIBED.primary_key.columns), set_=wanted)
        self._database.run(lambda connection: connection.execute(putting))

    def unsubscribe(self, channel: str, chat: str) -> None:
        """Let a chat have no news any more."""
        ending = delete(SUBSCRIBED).where(SUBSCRIBED.c.channel == storable(channel), SUBSCRIBED.c.chat == storable(chat))
        self._database.run(lambda connection: connection.execute(ending))

    def subscribers(self, agreement: str) -> list[tuple[str, str]]:
        """The channels and chats that want news of an agreement and may ask about it now. The chat of a private talk is its user's id."""
        same = and_(ALLOWED.c.channel == SUBSCRIBED.c.channel, ALLOWED.c.id == SUBSCRIBED.c.chat)
        wanted = select(SUBSCRIBED, ALLOWED.c.denied, ALLOWED.c.kind, ALLOWED.c.agreements.label("permitted"))
        rows = self._database.run(lambda connection: connection.execute(wanted.outerjoin_from(SUBSCRIBED, ALLOWED, same)).all())
        barred = {(row.channel, row.chat) for row in rows if row.denied}
        found: set[tuple[str, str]] = set()
        for row in rows:
            permitted = row.kind is not None and agreement in (_keys(row.permitted) or (agreement,))
            chosen = agreement in (_keys(row.agreements) or (agreement,))
            admin = self.is_admin(row.channel, row.chat)
            if chosen and (admin or (permitted and (row.channel, row.chat) not in barred)):
                found.add((row.channel, row.chat))
        return sorted(found)

    def expire(self) -> int:
        """Delete what is older than 30 days of what was told. Returns how much that was."""
        old = delete(TOLD).where(TOLD.c.at < self._now() - _KEPT)
        return self._database.run(lambda connection: connection.execute(old).rowcount)

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    def _put(self, channel: str, kind: str, id_: str, agreements: Sequence[str], by: str, *, denied: bool) -> None:
        if kind not in (_CHAT, _USER) or not id_:
            raise ValueError(f"a chat or a user with an id can be allowed or denied, not {kind!r} {id_!r}")
        row = {"channel": storable(channel), "kind": kind, "id": storable(id_)}
        said = {"denied": denied, "agreements": _written(agreements), "by": storable(by), "at": self._now()}
        putting = self._database.insertion(ALLOWED).values(row | said)
        putting = putting.on_conflict_do_update(index_elements=list(ALLOWED.primary_key.columns), set_=said)
        self._database.run(lambda connection: connection.execute(putting))

    def _move(self, connection: Connection, table: Table, channel: str, old: str, new: str) -> None:
        moved = table.c.id if table is ALLOWED else table.c.chat
        those = and_(table.c.channel == channel, moved == old, *([table.c.kind == _CHAT] if table is ALLOWED else []))
        columns = list(table.c)
        copied = select(*(literal(new).label(column.name) if column is moved else column for column in columns)).where(those)
        copying = self._database.insertion(table).from_select(columns, copied).on_conflict_do_nothing()
        connection.execute(copying)
        connection.execute(delete(table).where(those))


def _is(channel: str, kind: str, id_: str) -> ColumnElement[bool]:
    return and_(ALLOWED.c.channel == storable(channel), ALLOWED.c.kind == kind, ALLOWED.c.id == storable(id_))


def _written(agreements: Sequence[str]) -> str | None:
    return json.dumps(list(agreements)) if agreements else None


def _keys(written: str | None) -> tuple[str, ...]:
    """The keys that stand in a row; none for all. Raises StorageError for what nobody can have meant, rather than allow all."""
    if written is None:
        return ()
    try:
        keys = json.loads(written)
    except ValueError:
        keys = None
    if not keys or not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise StorageError(f"{_WHAT}用不了，请检查数据库（协议的键写成了 {written[:40]!r}）")
    return tuple(keys)
