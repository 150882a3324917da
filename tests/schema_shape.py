"""What a database's schema is, as the database itself tells it, and in what two of them differ."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, inspect

Shape = dict[str, dict[str, Any]]


def shape(connection: Connection) -> Shape:
    """Every table but alembic's own: columns with types, keys, indexes and whatever else holds."""
    found = inspect(connection)
    return {
        name: {
            "columns": {
                column["name"]: (column["type"].compile(connection.dialect), column["nullable"], column["default"])
                for column in found.get_columns(name)
            },
            "primary key": found.get_pk_constraint(name),
            "indexes": sorted((str(index["name"]), index["column_names"], bool(index["unique"])) for index in found.get_indexes(name)),
            "unique": sorted(constraint["column_names"] for constraint in found.get_unique_constraints(name)),
            "foreign keys": found.get_foreign_keys(name),
            "checks": found.get_check_constraints(name),
        }
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def drift(connection: Connection, made: Connection, metadata: MetaData) -> list[str]:
    """In what the schema of the first database differs from `metadata`, which is created in the second, empty one."""
    metadata.create_all(made)
    ours, theirs = shape(connection), shape(made)
    told = [f"{name}: {ours.get(name)} is not {theirs.get(name)}" for name in sorted(ours | theirs) if ours.get(name) != theirs.get(name)]
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return told + [str(difference) for difference in compare_metadata(context, metadata)]
