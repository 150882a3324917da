"""The library: the agreements kept and their clauses, in a relational database. The system of record."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sqlalchemy import create_engine, event, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError

from retrieval.clause import Agreement, Clause
from retrieval.errors import StorageError, UnknownAgreement, UnknownVersion
from retrieval.facts import Fact, facts_of
from retrieval.likely import LikelyQuestion
from retrieval.parse_report import ParseReport, report_of
from retrieval.proposal import Wishes
from retrieval.proposals import facts_read, proposed
from retrieval.stock import Intake, Stock
from retrieval.tables import AGREEMENTS, CLAUSES, LIKELY, clause_of, described, first_line, usable
from retrieval.versions import Version, clauses_of, read_kept


def _now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()


class Library:
    """The agreements and clauses of one database, read as a whole when first asked for.

    `url` is an SQLAlchemy URL. Writing happens in one transaction: either all of it is kept or none of it. `clock` tells the moment,
    timezone-aware. Every version of an agreement is kept; what is answered from is the version in force, which is the newest whose
    effective day has come.
    """

    def __init__(self, url: str, *, clock: Callable[[], datetime.datetime] = _now) -> None:
        try:
            self._engine: Engine = create_engine(url)
        except (ArgumentError, ImportError) as error:
            raise StorageError(f"WENYUE_DATABASE is not a database URL that can be used: {first_line(error)}") from error
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
        self._stock = Stock(self._engine, clock)
        self._forget()

    def sync(self, catalog: Path, *, enriched: Path | None = None, tell: Callable[[str], None] = lambda message: None) -> bool:
        """Bring the database in line with a catalog and the texts beside it; returns whether anything in force changed.

        Agreements whose text, questions, description and parser are unchanged are left as they are. `enriched` is a folder that may
        hold `<key>.questions.jsonl`, for clauses of which the catalog's own file asks nothing. Raises CatalogError, UnreadableFile
        or StorageError, the database then unchanged.

        A text of the catalog that has changed is a new version, unless it says the same in every clause. What somebody made of an
        agreement of the catalog is kept: `update`d, it stays so until the catalog's own text changes, which is then the newer version;
        `remove`d, it stays away until it is `restore`d. An agreement that somebody added stays, and keeps its key should the catalog
        ever list that key. One that the catalog does not list any more is gone, its versions are kept in case it comes back.
        """
        changed = self._stock.sync(catalog, enriched, tell)
        if changed:
            self._forget()
        return changed

    def add(
        self, file: Path, *, key: str | None = None, title: str | None = None, names: Sequence[str] = (), effective: str | None = None
    ) -> tuple[Agreement, ParseReport]:
        """Take in the agreement that stands in a file. Returns what it is called and what was made of its text.

        What is left out is taken from the file: key, title, what people call it. `effective` is an ISO date. Raises UnreadableFile,
        AgreementRefused where the key or a name is another's, or StorageError; nothing is taken in then.
        """
        intake = self._stock.add(file, Wishes(key, title, tuple(names), effective))
        self._forget()
        return intake.version.agreement, _report(intake)

    def update(self, key: str, file: Path, effective: str | None = None) -> tuple[Version, ParseReport | None]:
        """Take in a file as the next version of an agreement, in force from the ISO date `effective`, or at once.

        Returns the version and what was made of its text; where the newest version says the same in every clause, that version and
        None: nothing is taken in, only the day is set if it is given and the version is not the catalog's. Raises UnknownAgreement, UnreadableFile or StorageError, nothing being taken in either.
        """
        intake = self._stock.update(key, file, effective)
        self._forget()
        return intake.version, _report(intake) if intake.is_new else None

    def facts(self, key: str, number: int) -> list[Fact]:
        """What a person confirmed of a version of an agreement."""
        with usable(self._engine), self._engine.connect() as connection:
            return facts_of(connection, key, number)

    def proposals(self, key: str) -> list[Fact]:
        """What the newest version's text says of the agreement and nobody has confirmed yet; nothing of it counts until somebody does.

        Nothing for a text of the catalog, which says itself what is known of it. Raises UnknownAgreement.
        """
        newest = self.versions(key)[-1]
        if newest.shipped:
            return []
        others = [agreement for agreement in self.agreements if agreement.key != key]
        read = facts_read(newest.agreement, self.version_clauses(key, newest.number), others)
        return proposed(newest.agreement, read, self.facts(key, newest.number))

    def confirm(self, key: str, facts: Sequence[Fact]) -> Agreement:
        """Take facts of the newest version's text into what is known of the agreement, and let them count. Returns what is known then.

        Raises UnknownAgreement, AgreementRefused where a name is another's by now or the catalog says what is known, or StorageError.
        """
        version = self._stock.confirm(key, facts)
        self._forget()
        return version.agreement

    def remove(self, key: str) -> None:
        """Forget an agreement and all its versions. Raises UnknownAgreement."""
        self._stock.remove(key)
        self._forget()

    def restore(self, key: str) -> None:
        """Let the next sync take in an agreement of the catalog again that was removed. Raises AgreementRefused where none was."""
        self._stock.restore(key)

    @property
    def agreements(self) -> list[Agreement]:
        """All agreements: the catalog's in its order, then those that were added, in theirs."""
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
        order = select(LIKELY).order_by(LIKELY.c.agreement, LIKELY.c.clause, LIKELY.c.position)
        found: dict[tuple[str, str], list[LikelyQuestion]] = {}
        with usable(self._engine), self._engine.connect() as connection:
            for row in connection.execute(order):
                found.setdefault((row.agreement, row.clause), []).append(LikelyQuestion(row.voice, row.text))
        return found

    def source_text(self, key: str) -> str:
        """The text of an agreement, of a text file as it was given. Raises UnknownAgreement."""
        self.agreement(key)
        with usable(self._engine), self._engine.connect() as connection:
            return str(connection.execute(select(AGREEMENTS.c.source_text).where(AGREEMENTS.c.key == key)).scalar_one())

    def versions(self, key: str | None = None) -> list[Version]:
        """The versions of an agreement, the oldest first; without a key those of all agreements, one after the other.

        Always what the database holds now, also where another process has changed it: who kept the last number seen of each
        agreement learns here what is new. Raises UnknownAgreement.
        """
        with usable(self._engine), self._engine.connect() as connection:
            kept = read_kept(connection)
        if key is not None and key not in kept.agreements:
            raise UnknownAgreement(key, list(kept.agreements))
        return [version for held in kept.agreements if key in (None, held) for version in kept.versions[held]]

    def fingerprints(self) -> dict[str, str]:
        """What changes with anything that an agreement in force is made from, its questions too, by key: as the database holds it now."""
        with usable(self._engine), self._engine.connect() as connection:
            return {row.key: row.fingerprint for row in connection.execute(select(AGREEMENTS.c.key, AGREEMENTS.c.fingerprint))}

    def version_clauses(self, key: str, number: int) -> list[Clause]:
        """The clauses of a version, in reading order. Raises UnknownAgreement or UnknownVersion."""
        versions = self.versions(key)
        if number not in {version.number for version in versions}:
            raise UnknownVersion(key, number, versions[-1].number)
        with usable(self._engine), self._engine.connect() as connection:
            return clauses_of(connection, key, number)

    def close(self) -> None:
        """Give the database's connections back."""
        self._engine.dispose()

    def _forget(self) -> None:
        self._agreements: list[Agreement] | None = None
        self._clauses: list[Clause] | None = None
        self._fingerprints: list[str] = []

    def _load(self) -> None:
        if self._agreements is not None:
            return
        order = CLAUSES.join(AGREEMENTS, CLAUSES.c.agreement == AGREEMENTS.c.key)
        with usable(self._engine), self._engine.connect() as connection:
            rows = connection.execute(select(AGREEMENTS.c.described, AGREEMENTS.c.fingerprint).order_by(AGREEMENTS.c.position)).all()
            clauses = connection.execute(select(CLAUSES).select_from(order).order_by(AGREEMENTS.c.position, CLAUSES.c.position)).all()
        self._agreements = [described(row.described) for row in rows]
        self._fingerprints = [row.fingerprint for row in rows]
        self._clauses = [clause_of(row) for row in clauses]


def _report(intake: Intake) -> ParseReport:
    return report_of(intake.reading.document, intake.parsed, intake.version.agreement)


def _prepare_sqlite(connection: object, _record: object) -> None:
    """Readers do not block the writer, and a second writer waits instead of failing."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.close()
