"""How the first revision makes a table: where a program without migrations made it already, what is missing of it is added.

Everything that was kept in it stays, but for columns that the first released schema does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alembic import op
from sqlalchemy import Boolean, Column, Connection, DateTime, LargeBinary, MetaData, Numeric, Table, UniqueConstraint, inspect, text
from sqlalchemy.schema import Constraint
from sqlalchemy.types import Integer

_EMPTY = {"agreements": "'[]'"}  # a JSON array
_Column = tuple[str, str, bool]


def create_table(name: str, *parts: Column[Any] | Constraint) -> None:
    """Make a table, or make the one that is there what it is to be."""
    connection = op.get_bind()
    if not inspect(connection).has_table(name):
        op.create_table(name, *parts)
        return
    wanted = Table(name, MetaData(), *parts)
    if _shape(connection, name) != _shape_of(connection, wanted):
        _remake(connection, wanted, parts)


def create_index(name: str, table: str, columns: Sequence[str], unique: bool = False) -> None:
    """Make an index where there is none, or another one of this name."""
    found = {index["name"]: (index["column_names"], bool(index["unique"])) for index in inspect(op.get_bind()).get_indexes(table)}
    if found.get(name) == (list(columns), unique):
        return
    if name in found:
        op.drop_index(name, table)
    op.create_index(name, table, list(columns), unique=unique)


def _remake(connection: Connection, wanted: Table, parts: Sequence[Column[Any] | Constraint]) -> None:
    """The rows wait in a table without constraints: the names that Postgres gives to constraints are free then."""
    quoted = connection.dialect.identifier_preparer.quote
    name, waiting = quoted(wanted.name), quoted(f"{wanted.name}_before")
    had = {column["name"] for column in inspect(connection).get_columns(wanted.name)}
    values = {column.name: quoted(column.name) if column.name in had else _filling(column, had) for column in wanted.columns}
    filled = {column: value for column, value in values.items() if value is not None}
    connection.execute(text(f"CREATE TABLE {waiting} AS SELECT * FROM {name}"))  # noqa: S608 - names of our own tables
    op.drop_table(wanted.name)
    op.create_table(wanted.name, *parts)
    into, of = ", ".join(quoted(column) for column in filled), ", ".join(filled.values())
    connection.execute(text(f"INSERT INTO {name} ({into}) SELECT {of} FROM {waiting}"))  # noqa: S608 - likewise
    op.drop_table(f"{wanted.name}_before")


def _filling(column: Column[Any], had: set[str]) -> str | None:
    """What a column that was missing holds in the rows that were there, in SQL; None: what the database puts there by itself."""
    if column.nullable or column.server_default is not None:
        return None
    if isinstance(column.type, DateTime):
        return "at" if "at" in had else "CURRENT_TIMESTAMP"
    if isinstance(column.type, Boolean):
        return "false"
    if isinstance(column.type, Integer | Numeric):
        return "0"
    if isinstance(column.type, LargeBinary):
        return "''"
    return _EMPTY.get(column.name, "''")


def _shape(connection: Connection, name: str) -> tuple[list[_Column], list[str], list[list[str]]]:
    """Columns, primary key and what else is unique of the table that is there."""
    found, dialect = inspect(connection), connection.dialect
    columns = [(column["name"], column["type"].compile(dialect), bool(column["nullable"])) for column in found.get_columns(name)]
    unique = [constraint["column_names"] for constraint in found.get_unique_constraints(name)]
    return sorted(columns), found.get_pk_constraint(name)["constrained_columns"], sorted(unique)


def _shape_of(connection: Connection, table: Table) -> tuple[list[_Column], list[str], list[list[str]]]:
    """The same of a table as it is to be."""
    columns = [(column.name, column.type.compile(connection.dialect), bool(column.nullable)) for column in table.columns]
    unique = [[column.name for column in each.columns] for each in table.constraints if isinstance(each, UniqueConstraint)]
    return sorted(columns), [column.name for column in table.primary_key.columns], sorted(unique)
