"""The library: the agreements kept and their clauses, in a relational database. The system of record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from retrieval.catalog import load_catalog
from retrieval.clause import Agreement, Clause, Kind
from retrieval.errors import StorageError, UnknownAgreement
from retrieval.likely import LikelyQuestion, load_likely
from retrieval.parsing import PARSER_VERSION, parse
from retrieval.reading import lines_of, read_text

_METADATA = MetaData()
_AGREEMENTS = Table(
    "agreement",
    _METADATA,
    Column("key", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("described", Text, nullable=False),
    Column("source_text", Text, nullable=False),
)
_CLAUSES = Table(
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
_LIKELY = Table(
    "likely_question",
    _METADATA,
    Column("agreement", String(64), primary_key=True),
    Column("clause", String(128), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("voice", String(16), nullable=False),
    Column("text", Text, nullable=False),
)
_TRIES = 3


class Library:
    """The agreements and clauses of one database, read as a whole when first asked for.

    `url` is an SQLAlchemy URL. Writing happens in one transaction: either all of it is kept or none of it.
    """

    def __init__(self, url: str) -> None:
        try:
            self._engine: Engine = create_engine(url)
        except (ArgumentError, ImportError) as error:
            raise StorageError(f"WENYUE_DATABASE is not a database URL that can be used: {_first_line(error)}") from error
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
        self._agreements: list[Agreement] | None = None
        self._clauses: list[Clause] | None = None
        self._fingerprints: list[str] = []

    def sync(self, catalog: Path, *, enriched: Path | None = None, tell: Callable[[str], None] = lambda message: None) -> bool:
        """Bring the database in line with a catalog and the texts beside it; returns whether anything changed.

        Agreements whose text, questions, description and parser are unchanged are left as they are. `enriched` is a folder that may
        hold `<key>.questions.jsonl`, for clauses of which the catalog's own file asks nothing. Raises CatalogError, UnreadableFile
        or StorageError, the database then unchanged.
        """
        wanted = load_catalog(catalog)
        sources = {agreement.key: _Source.read(agreement, catalog.parent, enriched) for agreement in wanted}
        prints = {key: source.fingerprint for key, source in sources.items()}
        for attempt in range(_TRIES):
            try:
                return self._bring_in_line(sources, prints, tell)
            except DBAPIError as error:
                # Another process may be creating the same tables or rows; what it wrote is then found the next time.
                if attempt == _TRIES - 1 or not isinstance(error, (IntegrityError, OperationalError, ProgrammingError)):
                    raise StorageError(_plain(error, self._engine)) from error
            except SQLAlchemyError as error:
                raise StorageError(_plain(error, self._engine)) from error
        raise AssertionError("every try returns or raises")

    def _bring_in_line(self, sources: Mapping[str, _Source], prints: Mapping[str, str], tell: Callable[[str], None]) -> bool:
        with self._engine.begin() as connection:
            for table in _METADATA.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
        with self._engine.connect() as connection:
            rows = connection.execute(select(_AGREEMENTS.c.key, _AGREEMENTS.c.fingerprint).order_by(_AGREEMENTS.c.position))
            kept = {row.key: row.fingerprint for row in rows}
        if list(kept.items()) == list(prints.items()):
            return False
        with self._engine.begin() as connection:
            for key in kept.keys() - prints.keys():
                _drop(connection, key)
            for position, (key, source) in enumerate(sources.items()):
                connection.execute(update(_AGREEMENTS).where(_AGREEMENTS.c.key == key).values(position=position))
                if kept.get(key) != prints[key]:
                    tell(f"读取《{source.agreement.title}》")
                    _drop(connection, key)
                    _store(connection, source, position)
        self._agreements = self._clauses = None
        return True

    @property
    def agreements(self) -> list[Agreement]:
        """All agreements, in the catalog's order."""
        self._load()
        assert self._agreements is not None
        return self._agreements

    @property
    def version(self) -> str:
        """Changes whenever any text, description or parsed clause may have changed."""
        self._load()
        return hashlib.sha256("\n".join(self._fingerprints).encode()).hexdigest()[:16]

    def agreement(self, key: str) -> Agreement:
        """The agreement with this key. Raises UnknownAgreement."""
        for agreement in self.agreements:
            if agreement.key == key:
                return agreement
        raise UnknownAgreement(key, [agreement.key for agreement in self.agreements])

    def clauses(self, keys: Iterable[str] = ()) -> list[Clause]:
        """The clauses of the agreements named by `keys`, all where none is named, in reading order."""
        wanted = list(keys)
        for key in wanted:
            self.agreement(key)
        self._load()
        assert self._clauses is not None
        return [clause for clause in self._clauses if not wanted or clause.agreement in wanted]

    def likely(self) -> dict[tuple[str, str], list[LikelyQuestion]]:
        """The likely questions of every clause that has any, by `Clause.ref`."""
        order = select(_LIKELY).order_by(_LIKELY.c.agreement, _LIKELY.c.clause, _LIKELY.c.position)
        found: dict[tuple[str, str], list[LikelyQuestion]] = {}
        try:
            with self._engine.connect() as connection:
                for row in connection.execute(order):
                    found.setdefault((row.agreement, row.clause), []).append(LikelyQuestion(row.voice, row.text))
        except SQLAlchemyError as error:
            raise StorageError(_plain(error, self._engine)) from error
        return found

    def source_text(self, key: str) -> str:
        """The text of an agreement as it was given. Raises UnknownAgreement."""
        self.agreement(key)
        with self._engine.connect() as connection:
            return str(connection.execute(select(_AGREEMENTS.c.source_text).where(_AGREEMENTS.c.key == key)).scalar_one())

    def close(self) -> None:
        """Give the database's connections back."""
        self._engine.dispose()

    def _load(self) -> None:
        if self._agreements is not None:
            return
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(select(_AGREEMENTS.c.described, _AGREEMENTS.c.fingerprint).order_by(_AGREEMENTS.c.position)).all()
                order = _CLAUSES.join(_AGREEMENTS, _CLAUSES.c.agreement == _AGREEMENTS.c.key)
                clauses = connection.execute(
                    select(_CLAUSES).select_from(order).order_by(_AGREEMENTS.c.position, _CLAUSES.c.position)
                ).all()
        except SQLAlchemyError as error:
            raise StorageError(_plain(error, self._engine)) from error
        self._agreements = [_described(json.loads(row.described)) for row in rows]
        self._fingerprints = [row.fingerprint for row in rows]
        self._clauses = [
            Clause(
                row.agreement, row.id, row.number, row.occurrence, Kind(row.kind), row.level, row.parent, row.heading, row.text,
                row.annex, row.label,
            )
            for row in clauses
        ]  # fmt: skip


def _prepare_sqlite(connection: object, _record: object) -> None:
    """Readers do not block the writer, and a second writer waits instead of failing."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.close()


@dataclass(frozen=True, slots=True)
class _Source:
    """The files of one agreement as they are now."""

    agreement: Agreement
    text: str
    questions: tuple[Path, ...]  # of a clause that is in several, the first counts
    fingerprint: str

    @classmethod
    def read(cls, agreement: Agreement, folder: Path, enriched: Path | None) -> _Source:
        text = read_text(folder / agreement.file)
        questions = (folder / agreement.questions,) if agreement.questions else ()
        if enriched and (written := enriched / f"{agreement.key}.questions.jsonl").is_file():
            questions = (*questions, written)
        parts = (PARSER_VERSION.encode(), _describe(agreement).encode(), text.encode(), *(path.read_bytes() for path in questions))
        return cls(agreement, text, questions, hashlib.sha256(b"\0".join(parts)).hexdigest())


def _describe(agreement: Agreement) -> str:
    return json.dumps({name: getattr(agreement, name) for name in Agreement.__slots__}, ensure_ascii=False, sort_keys=True)


def _described(data: dict[str, object]) -> Agreement:
    return Agreement(**{name: tuple(value) if isinstance(value, list) else value for name, value in data.items()})  # type: ignore[arg-type]


def _drop(connection: Connection, key: str) -> None:
    connection.execute(delete(_LIKELY).where(_LIKELY.c.agreement == key))
    connection.execute(delete(_CLAUSES).where(_CLAUSES.c.agreement == key))
    connection.execute(delete(_AGREEMENTS).where(_AGREEMENTS.c.key == key))


def _store(connection: Connection, source: _Source, position: int) -> None:
    agreement, key = source.agreement, source.agreement.key
    clauses = parse(lines_of(source.text), agreement=key, title=agreement.title).clauses
    likely: dict[str, list[LikelyQuestion]] = {}
    for path in source.questions:
        found, _ = load_likely(path, {clause.id: clause for clause in clauses})
        likely = found | likely
    connection.execute(
        insert(_AGREEMENTS).values(
            key=key, position=position, fingerprint=source.fingerprint, described=_describe(agreement), source_text=source.text
        )
    )
    if clauses:
        connection.execute(insert(_CLAUSES), _rows(clauses))
    asked = [
        {"agreement": key, "clause": clause, "position": at, "voice": question.voice, "text": question.text}
        for clause, questions in likely.items()
        for at, question in enumerate(questions)
    ]
    if asked:
        connection.execute(insert(_LIKELY), asked)


def _rows(clauses: Sequence[Clause]) -> list[dict[str, object]]:
    return [{"position": at, **{name: getattr(clause, name) for name in Clause.__slots__}} for at, clause in enumerate(clauses)]


def _plain(error: SQLAlchemyError, engine: Engine) -> str:
    cause = getattr(error, "orig", None) or error
    return f"the database {engine.url.render_as_string(hide_password=True)} cannot be used: {_first_line(cause)}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
