"""Changes to a database, each in one transaction: who is killed at any moment leaves it as it was or as it is to be."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from retrieval.errors import StorageError
from retrieval.tables import begin_change, create_tables, usable
from retrieval.versions import Kept, adopt, knows_no_versions, read_kept

_TRIES = 10
_TRIES_AFTER_ERRORS = 3

_Result = TypeVar("_Result")


class Changes:
    """What is kept in a database, and how it is changed: what was read first is read anew where another process was quicker."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime.datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._is_open = False

    def kept(self) -> Kept:
        """What is kept now; tables that are missing are made."""
        self._open()
        with self._engine.connect() as connection:
            return read_kept(connection)

    def _open(self) -> None:
        """Make the tables that are missing, and versions of what a library that knew none holds."""
        if self._is_open:
            return
        create_tables(self._engine)
        with self._engine.begin() as connection:
            if knows_no_versions(connection):
                begin_change(connection)
                adopt(connection, self._clock())
        self._is_open = True

    def change(self, kept: Kept, write: Callable[[Connection], _Result]) -> _Result:
        """Write in one transaction, unless something else is kept by now, which makes `tried` try again."""
        with self._engine.begin() as connection:
            begin_change(connection)
            if read_kept(connection) != kept:
                raise _Changed
            return write(connection)

    def tried(self, attempt: Callable[[], _Result]) -> _Result:
        """What an attempt gives, which is made again where another process was quicker. Raises StorageError."""
        with usable(self._engine):
            for left in reversed(range(_TRIES)):
                try:
                    return attempt()
                except _Changed as error:
                    if not left:
                        raise StorageError("协议库一直在被别的进程修改；请过一会儿再试") from error
                except (IntegrityError, OperationalError, ProgrammingError):  # another process may be creating the same tables or rows
                    if left < _TRIES - _TRIES_AFTER_ERRORS:
                        raise
        raise AssertionError("every try returns or raises")


class _Changed(Exception):
    """Another process has changed the library."""
