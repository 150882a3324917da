"""Every change to a library, each in one transaction: who is killed at any moment leaves the library as it was or as it is to be."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, delete, insert
from sqlalchemy.engine import Engine

from retrieval.arrivals import Arrivals, Tell
from retrieval.catalog import load_catalog
from retrieval.changes import Changes
from retrieval.confirming import carried, confirmed
from retrieval.errors import AgreementRefused, UnknownAgreement
from retrieval.facts import Fact, facts_of, keep_facts
from retrieval.parsing import PARSER_VERSION, Parsed
from retrieval.proposal import Wishes, proposed, refuse_taken
from retrieval.source import Reading, Source, same_words
from retrieval.standing import Beside, Edition, place, put_in_force, take_out_of_force
from retrieval.tables import REMOVED
from retrieval.versions import (
    Kept,
    Version,
    clauses_of,
    drop_versions,
    in_force,
    keep_version,
    mend_version,
)

_TRIES = 10
_TRIES_AFTER_ERRORS = 3

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Intake:
    """A file that was taken in as a version; `is_new` is False where it says what the newest version says, which is then the one."""

    reading: Reading
    parsed: Parsed
    version: Version
    is_new: bool


class Stock:
    """The agreements of one database, to be changed. `clock` tells the moment, timezone-aware; its day decides which version is in force.

    Reading and parsing, which may take minutes, are done before a transaction begins; if another process has changed the library
    meanwhile, all is done again.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime.datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._beside = Beside()
        self._changes = Changes(engine, clock)

    def sync(self, catalog: Path, enriched: Path | None, tell: Tell) -> bool:
        """See Library.sync."""
        wanted = load_catalog(catalog)
        sources = {agreement.key: Source.of(catalog.parent / agreement.file) for agreement in wanted}
        self._beside = Beside(catalog.parent, enriched)

        def attempt() -> bool:
            kept = self._changes.kept()
            with self._engine.connect() as connection:
                arrivals = Arrivals(connection, kept, self._clock(), tell)
                arrivals.take_in(wanted, sources)
            editions = [self._beside.edition(in_force(versions, self._clock().date())) for versions in arrivals.versions.values()]
            same = list(kept.fingerprints.items()) == [(edition.version.key, edition.fingerprint) for edition in editions]
            if same and not arrivals.drafts:
                return False

            def write(connection: Connection) -> bool:
                for draft in arrivals.drafts:
                    draft.write(connection)
                _stand(connection, kept, editions)
                return not same

            return self._changes.change(kept, write)

        return self._changes.tried(attempt)

    def add(self, path: Path, wishes: Wishes) -> Intake:
        """See Library.add."""
        if wishes.key is not None:
            refuse_taken(wishes.key, self._changes.tried(self._changes.kept))
        reading = Source.of(path).read()

        def attempt() -> Intake:
            kept = self._changes.kept()
            agreement = proposed(reading, wishes, kept)
            parsed = reading.checked(agreement.key, agreement.title)
            version = Version(agreement, reading.source.sha256, False, self._clock(), PARSER_VERSION)

            def write(connection: Connection) -> None:
                drop_versions(connection, agreement.key)  # of one that left the catalog
                keep_version(connection, version, reading, parsed.clauses)
                put_in_force(connection, self._beside.edition(version), len(kept.standing))

            self._changes.change(kept, write)
            return Intake(reading, parsed, version, is_new=True)

        return self._changes.tried(attempt)

    def update(self, key: str, path: Path, effective: str | None) -> Intake:
        """See Library.update."""
        self._changes.tried(lambda: self._held(key))
        reading = Source.of(path).read()

        def attempt() -> Intake:
            kept = self._held(key)
            newest = kept.versions[key][-1]
            parsed = reading.checked(key, newest.agreement.title)
            with self._engine.connect() as connection:
                said = clauses_of(connection, key, newest.number)
            facts: list[Fact] = []
            if is_same := same_words(parsed.clauses, said):
                if newest.shipped or effective in (None, newest.agreement.effective):
                    return Intake(reading, parsed, newest, is_new=False)
                version = replace(newest, agreement=replace(newest.agreement, effective=effective))
            else:
                with self._engine.connect() as connection:
                    before = facts_of(connection, key, newest.number)
                known, facts = carried(newest.agreement, before, said, parsed.clauses, list(kept.agreements.values()))
                agreement = replace(known, version=newest.number + 1, file=reading.source.name, effective=effective, updated=None)
                version = Version(agreement, reading.source.sha256, False, self._clock(), PARSER_VERSION)

            def write(connection: Connection) -> None:
                if is_same:
                    mend_version(connection, version, None)
                else:
                    keep_version(connection, version, reading, parsed.clauses)
                    keep_facts(connection, key, version.number, facts)
                self._let_stand(connection, kept, version)

            self._changes.change(kept, write)
            return Intake(reading, parsed, version, is_new=not is_same)

        return self._changes.tried(attempt)

    def confirm(self, key: str, facts: Sequence[Fact]) -> Version:
        """See Library.confirm."""

        def attempt() -> Version:
            kept = self._held(key)
            newest = kept.versions[key][-1]
            version = confirmed(newest, facts, kept)
            with self._engine.connect() as connection:
                known = {fact.said: fact for fact in (*facts_of(connection, key, newest.number), *facts)}

            def write(connection: Connection) -> Version:
                mend_version(connection, version, None)
                keep_facts(connection, key, version.number, list(known.values()))
                self._let_stand(connection, kept, version)
                return version

            return self._changes.change(kept, write)

        return self._changes.tried(attempt)

    def _let_stand(self, connection: Connection, kept: Kept, newest: Version) -> None:
        """Put in force which version of an agreement is, now that this is its newest."""
        earlier = [held for held in kept.versions[newest.key] if held.number < newest.number]
        edition = self._beside.edition(in_force((*earlier, newest), self._clock().date()))
        if edition.fingerprint != kept.fingerprints[newest.key]:
            put_in_force(connection, edition, list(kept.agreements).index(newest.key))

    def remove(self, key: str) -> None:
        """See Library.remove."""

        def attempt() -> None:
            kept = self._held(key)

            def write(connection: Connection) -> None:
                take_out_of_force(connection, key)
                drop_versions(connection, key)
                for position, other in enumerate(held for held in kept.agreements if held != key):
                    place(connection, other, position)
                if not kept.is_own(key):
                    connection.execute(insert(REMOVED).values(key=key))

            self._changes.change(kept, write)

        self._changes.tried(attempt)

    def restore(self, key: str) -> None:
        """See Library.restore."""

        def attempt() -> None:
            kept = self._changes.kept()
            if key not in kept.removed:
                which = f"移除过的有：{'、'.join(sorted(kept.removed))}" if kept.removed else "没有移除过自带的协议"
                raise AgreementRefused(f"不能恢复 {key}：{which}")
            self._changes.change(kept, lambda connection: connection.execute(delete(REMOVED).where(REMOVED.c.key == key)))

        self._changes.tried(attempt)

    def _held(self, key: str) -> Kept:
        """What is kept. Raises UnknownAgreement where no agreement with this key is."""
        kept = self._changes.kept()
        if key not in kept.agreements:
            raise UnknownAgreement(key, list(kept.agreements))
        return kept


def _stand(connection: Connection, kept: Kept, editions: Sequence[Edition]) -> None:
    """Let the editions be what is in force, in their order, and nothing else."""
    for key in kept.agreements.keys() - {edition.version.key for edition in editions}:
        take_out_of_force(connection, key)
    for position, edition in enumerate(editions):
        if kept.fingerprints.get(edition.version.key) == edition.fingerprint:
            place(connection, edition.version.key, position)
        else:
            put_in_force(connection, edition, position)
