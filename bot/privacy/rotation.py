"""Sealing anew: whatever stands in the database as it is, or sealed with an older key, is sealed with the first one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqlalchemy import Connection, Table, and_, column, select, table, tuple_, update

from bot.database import Database, empty_log, opened
from bot.privacy.sealed import MARKS, Sealed, read, seal_of
from bot.record import ANSWERS
from bot.storage.schema import metadata

_BATCH = 200  # rows in a transaction


def rotate(url: str) -> int:
    """Seal anew what the first key of a KeyedUrl has not sealed. Returns how many rows that were.

    Batch after batch, each in a transaction: who is killed leaves rows that one of the keys opens, and who is called again goes on. Raises
    StorageError, also for a row that none of the keys opens.
    """
    database = Database(opened(url), (*metadata().sorted_tables, MARKS), "数据库")
    try:
        done = sum(_rotated(database, held) for held in _sealed_tables() if held.name != MARKS.name)
        done += _rotated(database, MARKS)  # last: without the older key nothing can be opened until all is done
        database.run(empty_log)
        return done
    finally:
        database.close()


def _sealed_tables() -> Iterator[Table]:
    return (held for held in metadata().sorted_tables if any(isinstance(each.type, Sealed) for each in held.columns))


def _rotated(database: Database, held: Table) -> int:
    """Go through a table by its primary key."""
    done = 0
    after: tuple[object, ...] | None = None
    while True:
        rows, changed, after = database.run(partial(_batch, held, after))
        done += changed
        if rows < _BATCH:
            return done


def _batch(held: Table, after: tuple[object, ...] | None, connection: Connection) -> tuple[int, int, tuple[object, ...] | None]:
    seal = seal_of(connection)
    assert seal is not None
    keys = [each.name for each in held.primary_key.columns]
    sealed = [each.name for each in held.columns if isinstance(each.type, Sealed)]
    plain = table(
        held.name, *(column(name) for name in (*keys, *sealed, *(["key"] if held.name == ANSWERS.name else [])))
    )  # as they are written
    ordered = select(*(plain.c[name] for name in (*keys, *sealed))).order_by(*(plain.c[name] for name in keys)).limit(_BATCH)
    if after is not None:
        ordered = ordered.where(tuple_(*(plain.c[name] for name in keys)) > tuple_(*after))
    rows = connection.execute(ordered).all()
    changed = 0
    for row in rows:
        values = row._mapping
        old = {name: values[name] for name in sealed if values[name] and not seal.is_newest(values[name])}
        if not old:
            continue
        new: dict[str, str | None] = {name: seal.seal(read(kept, seal)) for name, kept in old.items()}
        if held.name == ANSWERS.name:
            new["key"] = None  # it was made with the older key, and is of use for an hour only
        unchanged = and_(*(plain.c[name] == values[name] for name in keys), *(plain.c[name] == kept for name, kept in old.items()))
        changed += connection.execute(update(plain).where(unchanged).values(new)).rowcount
    return len(rows), changed, tuple(rows[-1][: len(keys)]) if rows else None
