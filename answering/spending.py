"""What models cost in a day, of everyone and of each chat, kept in the library's database; and the limits it may not pass.

A call is reserved before it is made, at what it will probably cost, and settled at what it did cost. Calls that run at the same time, in
any number of processes, therefore pass a limit by no more than each call's own misjudgement. A process that dies in a call leaves its
reservation standing for the rest of the day.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, and_, create_engine, delete, event, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from answering.errors import ModelError
from answering.prices import Price
from answering.wording import said
from retrieval.errors import StorageError

_METADATA = MetaData()
SPENT = Table(
    "spending",
    _METADATA,
    Column("day", String(10), primary_key=True),
    Column("chat", String(64), primary_key=True),  # a hash: whose chat it is, is nobody's business here
    Column("tokens", BigInteger, nullable=False),
    Column("money", BigInteger, nullable=False),  # millionths
)
_EVERYONE = "*"
_KEPT = 92  # days
_TRIES = 3
WRITTEN = 800  # tokens a reply is reckoned at until it is there


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a day: tokens of everyone, tokens of one chat, money of everyone in millionths. None is no limit."""

    tokens: int | None = None
    chat_tokens: int | None = None
    money: int | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    tokens: int = 0
    money: int = 0  # millionths


@dataclass(frozen=True, slots=True)
class Reservation:
    """A call that is under way."""

    day: str
    chat: str
    model: str
    spent: Spent


class Spending:
    """The day's book. A day is one of this machine's clock. `url` is an SQLAlchemy URL of SQLite or Postgres; threads share it.

    A model without a price costs no money.
    """

    def __init__(
        self, url: str, limits: Limits, prices: Mapping[str, Price], today: Callable[[], datetime.date] = datetime.date.today
    ) -> None:
        try:
            self._engine: Engine = create_engine(url)
        except (ArgumentError, ImportError) as error:
            raise StorageError(f"WENYUE_DATABASE is not a database URL that can be used: {_first_line(error)}") from error
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _wait_for_writers)
        self.limits = limits
        self._prices = prices
        self._today = today
        self._there = False

    def reserve(self, model: str, chat: str, prompt_tokens: int) -> Reservation:
        """Leave to make a call. Raises ModelError where it would pass a limit, or where the book cannot be kept."""
        spent = self._cost(model, prompt_tokens, WRITTEN)
        reservation = Reservation(self._today().isoformat(), booked_on(chat), model, spent)
        self._write(lambda connection: self._reserve(connection, reservation))
        return reservation

    def settle(self, reservation: Reservation, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> None:
        """Write what the call did cost in the place of what was reserved. Raises ModelError where the book cannot be kept."""
        spent = self._cost(reservation.model, prompt_tokens, completion_tokens, cached_tokens)
        more = Spent(spent.tokens - reservation.spent.tokens, spent.money - reservation.spent.money)
        self._write(lambda connection: [_add(connection, reservation.day, chat, more) for chat in (_EVERYONE, reservation.chat)])

    def spent(self, chat: str | None = None) -> Spent:
        """What today has cost, of one chat or of everyone. Raises ModelError."""
        key = _EVERYONE if chat is None else booked_on(chat)
        wanted = select(SPENT.c.tokens, SPENT.c.money).where(SPENT.c.day == self._today().isoformat(), SPENT.c.chat == key)
        row = self._write(lambda connection: connection.execute(wanted).one_or_none())
        return Spent(row.tokens, row.money) if row else Spent()

    def close(self) -> None:
        """Give the database's connections back."""
        self._engine.dispose()

    def _cost(self, model: str, prompt: int, completion: int, cached: int = 0) -> Spent:
        price = self._prices.get(model)
        return Spent(prompt + completion, price.of(prompt, completion, cached) if price else 0)

    def _reserve(self, connection: Connection, wanted: Reservation) -> None:
        """Add the call to the day's two rows, that of everyone first: who locks them in one order never waits in a circle."""
        limits = self.limits
        if self._open_row(connection, wanted.day, _EVERYONE):
            long_ago = (datetime.date.fromisoformat(wanted.day) - datetime.timedelta(_KEPT)).isoformat()
            connection.execute(delete(SPENT).where(SPENT.c.day < long_ago))
        if not _add(connection, wanted.day, _EVERYONE, wanted.spent, limits.tokens, limits.money):
            raise ModelError(said("spent_today_"))
        self._open_row(connection, wanted.day, wanted.chat)
        if not _add(connection, wanted.day, wanted.chat, wanted.spent, limits.chat_tokens):
            raise ModelError(said("spent_today_here_"))

    def _open_row(self, connection: Connection, day: str, chat: str) -> bool:
        """Make the row where there is none, another process perhaps doing the same; returns whether it was made here."""
        insert: Any = sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        row = insert(SPENT).values(day=day, chat=chat, tokens=0, money=0).on_conflict_do_nothing()
        return bool(connection.execute(row, execution_options={"preserve_rowcount": True}).rowcount == 1)

    def _write(self, work: Callable[[Connection], Any]) -> Any:
        try:
            self._create()
            with self._engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise ModelError(said("unrecorded_", cause=_first_line(cause))) from error

    def _create(self) -> None:
        for attempt in range(_TRIES):
            if self._there:
                return
            try:
                with self._engine.begin() as connection:
                    connection.execute(CreateTable(SPENT, if_not_exists=True))
                self._there = True
            except DBAPIError:  # another process may be creating the same table
                if attempt == _TRIES - 1:
                    raise


def _add(connection: Connection, day: str, chat: str, more: Spent, tokens: int | None = None, money: int | None = None) -> bool:
    """Add to a row, if that stays within the limits; returns whether it did."""
    within = [SPENT.c.day == day, SPENT.c.chat == chat]
    if tokens is not None:
        within.append(SPENT.c.tokens + more.tokens <= tokens)
    if money is not None:
        within.append(SPENT.c.money + more.money <= money)
    values = {SPENT.c.tokens: SPENT.c.tokens + more.tokens, SPENT.c.money: SPENT.c.money + more.money}
    return bool(connection.execute(update(SPENT).where(and_(*within)).values(values)).rowcount)


def booked_on(chat: str) -> str:
    """What a chat is called in the book."""
    return hashlib.sha256(chat.encode()).hexdigest()


def _wait_for_writers(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.close()


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
