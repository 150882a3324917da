"""The versions of agreements, in the tables that keep every one of them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, delete, insert, select, update

from retrieval.clause import Agreement, Clause
from retrieval.facts import drop_facts
from retrieval.source import Reading, Source
from retrieval.tables import AGREEMENTS, CLAUSES, REMOVED, VERSION_CLAUSES, VERSIONS, clause_of, clause_rows, describe, described, moment

_UNVERSIONED = select(AGREEMENTS).where(AGREEMENTS.c.key.not_in(select(VERSIONS.c.agreement)))


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an agreement.

    `agreement` is what is known of it in this version: its `version` is the number, from 1, its `effective` the day from which it counts
    where that is known. `shipped` tells that it came with the catalog, `sha256` and `agreement.file` name the file it was read from.
    `added_at` is timezone-aware; `parser` names the parser that made its clauses.
    """

    agreement: Agreement
    sha256: str
    shipped: bool
    added_at: datetime.datetime
    parser: str

    @property
    def key(self) -> str:
        return self.agreement.key

    @property
    def number(self) -> int:
        return self.agreement.version


@dataclass(frozen=True, slots=True)
class Kept:
    """All that a library holds but for texts and clauses.

    `standing` are the agreements in force, each with its fingerprint, in their order; `versions` are those of every key, the oldest first,
    also of keys that the catalog no longer lists; `removed` are keys of the catalog that somebody removed.
    """

    standing: tuple[tuple[Agreement, str], ...]
    versions: dict[str, tuple[Version, ...]]
    removed: frozenset[str]

    @property
    def agreements(self) -> dict[str, Agreement]:
        return {agreement.key: agreement for agreement, _ in self.standing}

    @property
    def fingerprints(self) -> dict[str, str]:
        return {agreement.key: fingerprint for agreement, fingerprint in self.standing}

    def is_own(self, key: str) -> bool:
        """Whether somebody added the agreement, whatever the catalog lists."""
        return key in self.versions and not self.versions[key][0].shipped


def read_kept(connection: Connection) -> Kept:
    rows = connection.execute(select(AGREEMENTS.c.described, AGREEMENTS.c.fingerprint).order_by(AGREEMENTS.c.position))
    standing = tuple((described(row.described), row.fingerprint) for row in rows)
    columns = (VERSIONS.c.described, VERSIONS.c.sha256, VERSIONS.c.shipped, VERSIONS.c.added_at, VERSIONS.c.parser)
    versions: dict[str, tuple[Version, ...]] = {}
    for row in connection.execute(select(*columns).order_by(VERSIONS.c.agreement, VERSIONS.c.number)):
        version = Version(described(row.described), row.sha256, row.shipped, moment(row.added_at), row.parser)
        versions[version.key] = (*versions.get(version.key, ()), version)
    removed = frozenset(connection.execute(select(REMOVED.c.key)).scalars())
    return Kept(standing, versions, removed)


def in_force(versions: Sequence[Version], today: datetime.date) -> Version:
    """The newest version whose day has come; the oldest where none has, for there is nothing else to go by."""
    come = [version for version in versions if (version.agreement.effective or "") <= today.isoformat()]
    return come[-1] if come else versions[0]


def keep_version(connection: Connection, version: Version, reading: Reading, clauses: Sequence[Clause]) -> None:
    """Write a version; it takes the place of the one that has its number, if any."""
    _drop_clauses(connection, version.key, version.number)
    connection.execute(delete(VERSIONS).where((VERSIONS.c.agreement == version.key) & (VERSIONS.c.number == version.number)))
    connection.execute(insert(VERSIONS).values(**_made(version, reading.source, reading.text), **_known(version)))
    _keep_clauses(connection, version, clauses)


def mend_version(connection: Connection, version: Version, clauses: Sequence[Clause] | None) -> None:
    """Write what is now known of a version that is kept; its clauses, too, where they are given."""
    row = (VERSIONS.c.agreement == version.key) & (VERSIONS.c.number == version.number)
    connection.execute(update(VERSIONS).where(row).values(**_known(version)))
    if clauses is not None:
        _drop_clauses(connection, version.key, version.number)
        _keep_clauses(connection, version, clauses)


def drop_versions(connection: Connection, key: str) -> None:
    """Forget every version of an agreement."""
    _drop_clauses(connection, key)
    drop_facts(connection, key)
    connection.execute(delete(VERSIONS).where(VERSIONS.c.agreement == key))


def source_of(connection: Connection, version: Version) -> Source:
    """The file of a version."""
    row = (VERSIONS.c.agreement == version.key) & (VERSIONS.c.number == version.number)
    found = connection.execute(select(VERSIONS.c.file, VERSIONS.c.data).where(row)).one()
    return Source(found.file, bytes(found.data), found.file)


def clauses_of(connection: Connection, key: str, number: int) -> list[Clause]:
    """The clauses of a version, in reading order."""
    row = (VERSION_CLAUSES.c.agreement == key) & (VERSION_CLAUSES.c.version == number)
    return [clause_of(row) for row in connection.execute(select(VERSION_CLAUSES).where(row).order_by(VERSION_CLAUSES.c.position))]


def knows_no_versions(connection: Connection) -> bool:
    """Whether there is an agreement that was kept before there were versions."""
    return connection.execute(_UNVERSIONED.limit(1)).first() is not None


def adopt(connection: Connection, now: datetime.datetime) -> None:
    """Make the agreements of a library that knew no versions the first version of themselves. Which parser made the clauses is not known."""
    for row in connection.execute(_UNVERSIONED).all():
        agreement = replace(described(row.described), version=1)
        source = Source(agreement.file, row.source_text.encode(), agreement.file)
        version = Version(agreement, source.sha256, shipped=True, added_at=now, parser="")
        connection.execute(insert(VERSIONS).values(**_made(version, source, row.source_text), **_known(version)))
        standing = connection.execute(select(CLAUSES).where(CLAUSES.c.agreement == row.key).order_by(CLAUSES.c.position)).all()
        _keep_clauses(connection, version, [clause_of(clause) for clause in standing])


def _made(version: Version, source: Source, text: str) -> dict[str, object]:
    """What is settled of a version once it is there."""
    at = version.added_at.astimezone(datetime.UTC)
    file = {"file": source.name, "data": source.data, "sha256": source.sha256, "text": text}
    return {"agreement": version.key, "number": version.number, "added_at": at, **file}


def _known(version: Version) -> dict[str, object]:
    return {"shipped": version.shipped, "described": describe(version.agreement), "parser": version.parser}


def _keep_clauses(connection: Connection, version: Version, clauses: Sequence[Clause]) -> None:
    if clauses:
        connection.execute(insert(VERSION_CLAUSES), [{"version": version.number, **row} for row in clause_rows(clauses)])


def _drop_clauses(connection: Connection, key: str, number: int | None = None) -> None:
    of_key = VERSION_CLAUSES.c.agreement == key
    connection.execute(delete(VERSION_CLAUSES).where(of_key if number is None else of_key & (VERSION_CLAUSES.c.version == number)))
