"""Rows as JSON that either database takes: what was written in SQLite reads the same in Postgres, and the other way round."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, DateTime, LargeBinary, MetaData, Table, func, select

_AT_ONCE = 200  # rows


def reflected(connection: Connection, names: Iterable[str]) -> list[Table]:
    """Tables as the database knows them, of those that are there: their columns hold what is kept, sealed where it is sealed."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name in set(names))
    return [found.tables[name] for name in sorted(found.tables)]


def count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def dumped(connection: Connection, table: Table) -> Iterator[bytes]:
    """All rows of a table, a line each, some at a time."""
    for row in connection.execute(select(table).execution_options(yield_per=_AT_ONCE)).mappings():
        portable = {name: _portable(value) for name, value in row.items()}
        yield json.dumps(portable, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def load(connection: Connection, table: Table, lines: Iterable[bytes], tick: Callable[[int], None]) -> None:
    """Insert rows; `tick` is told how many more there are. Raises ValueError where a line is no row of this table."""
    read = {column.name: _reader(column.type) for column in table.columns}
    batch: list[dict[str, Any]] = []
    for line in lines:
        row = json.loads(line)
        if not isinstance(row, dict) or row.keys() != read.keys():
            raise ValueError(f"not a row of {table.name}")
        batch.append(_row(row, read))
        if len(batch) == _AT_ONCE:
            connection.execute(table.insert(), batch)
            tick(len(batch))
            batch = []
    if batch:
        connection.execute(table.insert(), batch)
        tick(len(batch))


def _portable(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()  # SQLite knows no time zones
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return value


def _row(row: Mapping[str, Any], read: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    return {name: None if value is None else read[name](value) for name, value in row.items()}


def _reader(kind: object) -> Callable[[Any], Any]:
    """What makes of a portable value what a column of this type takes. What it returns raises ValueError."""
    if isinstance(kind, DateTime):
        return _moment
    return _bytes if isinstance(kind, LargeBinary) else _plain


def _moment(value: Any) -> datetime.datetime:
    if not isinstance(value, str):
        raise ValueError("a moment is a text")
    return datetime.datetime.fromisoformat(value).astimezone(UTC)


def _bytes(value: Any) -> bytes:
    return base64.b64decode(value, validate=True)


def _plain(value: Any) -> Any:
    if not isinstance(value, str | int | float):
        raise ValueError("neither a text nor a number")
    return value
