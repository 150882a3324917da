"""The tables of the library, and how agreements and clauses are rows in them.

`agreement`, `clause` and `likely_question` hold what is in force and are what everything reads; `agreement_version` and
`version_clause` hold every version, the one in force too, and are what those are made from.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateTable

from retrieval.clause import Agreement, Clause, Kind
from retrieval.errors import StorageError

_METADATA = MetaData()
AGREEMENTS = Table(
    "agreement",
    _METADATA,
    Column("key", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("described", Text, nullable=False),
    Column("source_text", Text, nullable=False),
)
CLAUSES = Table(
    "clause",
    _METADATA,
    Column("agreement", String(64), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("number", String(64), nullable=False),
    Column("occurrence", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("level", Integer, nullable=False),
    Column("parent", String(128)),
    Column("heading", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("annex", Boolean, nullable=False),
    Column("label", Text, nullable=False),
)
LIKELY = Table(
    "likely_question",
    _METADATA,
    Column("agreement", String(64), primary_key=True),
    Column("clause", String(128), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("voice", String(16), nullable=False),
    Column("text", Text, nullable=False),
)
VERSIONS = Table(
    "agreement_version",
    _METADATA,
    Column("agreement", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("shipped", Boolean, nullable=False),  # whether it came with the catalog
    Column("sha256", String(64), nullable=False),
    Column("file", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("text", Text, nullable=False),
    Column("described", Text, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
    Column("parser", String(16), nullable=False),  # which one made its clauses; empty where that is not known
)
_PLACE = ("agreement", "position")
VERSION_CLAUSES = Table(
    "version_clause",
    _METADATA,
    Column("agreement", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    *(Column(column.name, column.type, nullable=column.nullable) for column in CLAUSES.columns if column.name not in _PLACE),
)
FACTS = Table(  # what a person confirmed of a version
    "agreement_fact",
    _METADATA,
    Column("agreement", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("value", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("clause", String(128), nullable=False),
    Column("sentence", Text, nullable=False),
)
REMOVED = Table("removed_agreement", _METADATA, Column("key", String(64), primary_key=True))  # of the catalog, and not wanted
_CHANGES = Table("library_change", _METADATA, Column("id", Integer, primary_key=True), Column("count", Integer, nullable=False))


def create_tables(engine: Engine) -> None:
    """Make what is missing of the tables. Another process doing the same may make this fail: try again."""
    with engine.begin() as connection:
        for table in _METADATA.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
        if connection.execute(select(_CHANGES.c.id)).first() is None:
            connection.execute(insert(_CHANGES).values(id=1, count=0))


def begin_change(connection: Connection) -> None:
    """From here on to the end of the transaction nobody else changes the library; waits for who does. Readers are not held up."""
    connection.execute(update(_CHANGES).values(count=_CHANGES.c.count + 1))


def clause_rows(clauses: Iterable[Clause]) -> list[dict[str, Any]]:
    """Clauses as rows, each with its position."""
    return [{"position": at, **{name: getattr(clause, name) for name in Clause.__slots__}} for at, clause in enumerate(clauses)]


def clause_of(row: Row[Any]) -> Clause:
    """The clause of a row of either table of clauses."""
    return Clause(
        row.agreement, row.id, row.number, row.occurrence, Kind(row.kind), row.level, row.parent, row.heading, row.text, row.annex,
        row.label,
    )  # fmt: skip


def describe(agreement: Agreement) -> str:
    """An agreement as it is kept in a column."""
    return json.dumps({name: getattr(agreement, name) for name in Agreement.__slots__}, ensure_ascii=False, sort_keys=True)


def described(text: str) -> Agreement:
    """The agreement that a column describes."""
    data: dict[str, Any] = json.loads(text)
    return Agreement(**{name: _frozen(value) for name, value in data.items()})


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def moment(value: datetime.datetime) -> datetime.datetime:
    """A moment that was kept in UTC, timezone-aware: SQLite knows no time zones."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@contextmanager
def usable(engine: Engine) -> Iterator[None]:
    """What goes wrong with the database is a StorageError of one sentence, without its password."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        where = engine.url.render_as_string(hide_password=True)
        raise StorageError(f"the database {where} cannot be used: {first_line(cause)}{_advice(cause)}") from error


def _advice(cause: BaseException) -> str:
    """What to do about what is wrong with the disk."""
    said = str(cause)
    if "disk is full" in said or "No space left" in said:
        return "；磁盘满了，请清出空间再试，库里的协议没有变"
    return "；数据文件夹只能读，请检查它的权限，库里的协议没有变" if "readonly" in said else ""


def first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
