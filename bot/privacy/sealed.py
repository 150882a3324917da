"""People's words, sealed where they are kept: authenticated encryption by keys that stand outside the database.

Fernet, https://github.com/fernet/spec: AES-128-CBC with HMAC-SHA256, by the package cryptography. A sealed text begins with `sealed:1:`.
Without keys texts are written as they are, and what stands sealed cannot be read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine

from retrieval.errors import StorageError

SEALED = "sealed:1:"
_BEGINS = "sealed:"
_AS_IT_IS = "sealed:0:"  # before a text that somebody wrote so that it looks sealed
_MARK = "问约"


class Seal:
    """Seals texts with the first of its keys and opens what any of them has sealed."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernets = [Fernet(key) for key in keys]
        self._all = MultiFernet(self._fernets)
        self._lookups = [hmac.digest(base64.urlsafe_b64decode(key), b"wenyue lookup", "sha256") for key in keys]

    def __repr__(self) -> str:
        return f"Seal({len(self._fernets)} keys)"

    def seal(self, text: str) -> str:
        return SEALED + self._fernets[0].encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises StorageError where none of the keys has sealed it."""
        try:
            return self._all.decrypt(sealed.removeprefix(SEALED)).decode()
        except InvalidToken as error:
            raise StorageError("WENYUE_KEY 打不开数据库里的话：要用当初加密它们的那一把（换过钥匙就把旧的也写上，新的在前）") from error

    def is_newest(self, kept: str) -> bool:
        """Whether the first key has sealed this."""
        try:
            return kept.startswith(SEALED) and bool(self._fernets[0].decrypt(kept.removeprefix(SEALED)) is not None)
        except InvalidToken:
            return False

    def lookups(self, key: str) -> list[str]:
        """What a key of a look-up is written as by each of the keys, the first one's first: who reads it learns nothing of what it is of."""
        return [hmac.new(secret, key.encode(), hashlib.sha256).hexdigest() for secret in self._lookups]


class Sealed(TypeDecorator[str]):
    """A text of somebody's. In the database of an engine with a seal it is sealed, in Python it is as it was; empty stays empty."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value and written(value, _seal_of(dialect))

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return value and read(value, _seal_of(dialect))


MARKS = Table("seal", MetaData(), Column("id", Integer, primary_key=True), Column("mark", Sealed, nullable=False))


def sealing(engine: Engine, keys: Sequence[str]) -> Engine:
    """The same engine, with the seal of these keys; without one where there are none."""
    setattr(engine.dialect, "wenyue_seal", Seal(keys) if keys else None)  # noqa: B010  the dialect is what a type is given
    return engine


def seal_of(engine: Engine | Connection) -> Seal | None:
    """The seal of an engine; None where it has no keys."""
    return _seal_of(engine.dialect)


def written(text: str, seal: Seal | None) -> str:
    """A text as it stands in the database."""
    if seal is not None:
        return seal.seal(text)
    return _AS_IT_IS + text if text.startswith(_BEGINS) else text


def read(kept: str, seal: Seal | None) -> str:
    """What stands in the database as the text it was. Raises StorageError where it is sealed and cannot be opened."""
    if kept.startswith(SEALED):
        if seal is None:
            raise StorageError("数据库里的话是加密的，请用 WENYUE_KEY 或 WENYUE_KEY_FILE 给出钥匙")
        return seal.open(kept)
    return kept.removeprefix(_AS_IT_IS)


def try_keys(connection: Connection) -> None:
    """See that the keys are those of this database, if it has any; nothing is written. Raises StorageError."""
    if inspect(connection).has_table(MARKS.name):
        connection.execute(select(MARKS.c.mark)).all()


def check(connection: Connection) -> None:
    """See that the keys are those of this database, before a word is written. The first ones that come are.

    Raises StorageError where it has others, or where it has some and none is given: nobody's words are to stand beside sealed ones.
    """
    seal = seal_of(connection)
    if seal is None:
        try_keys(connection)
        return
    MARKS.create(connection, checkfirst=True)
    if connection.execute(select(MARKS.c.mark)).first() is None:
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        connection.execute(insert(MARKS).values(id=1, mark=_MARK).on_conflict_do_nothing())
        try_keys(connection)  # another process may have set another key just now


def _seal_of(dialect: Dialect) -> Seal | None:
    found = getattr(dialect, "wenyue_seal", None)
    return found if isinstance(found, Seal) else None
