"""What the catalog and its texts bring to a library that holds versions already: what is new, what is only described otherwise."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from retrieval.clause import Agreement, Clause
from retrieval.errors import UnreadableFile
from retrieval.facts import facts_of, with_facts
from retrieval.parsing import PARSER_VERSION
from retrieval.source import Reading, Source, same_words
from retrieval.versions import Kept, Version, clauses_of, keep_version, mend_version, source_of

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Draft:
    """A version to be written: wholly where there is a `reading`; else what is known of it, and its `clauses` unless they stay."""

    version: Version
    reading: Reading | None
    clauses: Sequence[Clause] | None

    def write(self, connection: Connection) -> None:
        if self.reading is not None:
            keep_version(connection, self.version, self.reading, self.clauses or ())
        else:
            mend_version(connection, self.version, self.clauses)


class Arrivals:
    """The versions of every agreement as they are to be, and the drafts that make them so. Reads and parses; writes nothing.

    `connection` is read from. Raises UnreadableFile where a file of the catalog cannot be read.
    """

    def __init__(self, connection: Connection, kept: Kept, now: datetime.datetime, tell: Tell) -> None:
        self.versions: dict[str, tuple[Version, ...]] = {}
        self.drafts: list[Draft] = []
        self._connection = connection
        self._kept = kept
        self._now = now
        self._tell = tell

    def take_in(self, agreements: Sequence[Agreement], sources: Mapping[str, Source]) -> None:
        """The agreements of the catalog but for those that somebody removed or added otherwise, then those that somebody added."""
        for agreement in agreements:
            if agreement.key not in self._kept.removed and not self._kept.is_own(agreement.key):
                self._catalogued(agreement, sources[agreement.key])
        own = [key for key in self._kept.versions if self._kept.is_own(key)]
        for key in sorted(own, key=lambda key: (self._kept.versions[key][0].added_at, key)):
            self.versions[key] = tuple(self._mended(version, version.agreement) for version in self._kept.versions[key])

    def _catalogued(self, agreement: Agreement, source: Source) -> None:
        """A text of the catalog that is another than the last it had is a new version, whoever made the newest one.

        What the catalog says of the agreement holds for its own newest version and for those made after it, which keep their file and
        their date.
        """
        held = self._kept.versions.get(agreement.key, ())
        came = max((at for at, version in enumerate(held) if version.shipped), default=-1)
        if came < 0 or held[came].sha256 != source.sha256:
            earlier = tuple(self._mended(version, version.agreement) for version in held)
            self.versions[agreement.key] = self._joined(agreement, source, earlier)
        else:
            wanted = [self._known(agreement, version) if at >= came else version.agreement for at, version in enumerate(held)]
            self.versions[agreement.key] = tuple(map(self._mended, held, wanted))

    def _joined(self, agreement: Agreement, source: Source, earlier: tuple[Version, ...]) -> tuple[Version, ...]:
        """The versions with a text of the catalog as the newest; one that says the same in every clause only takes the newest one's place."""
        self._tell(f"读取《{agreement.title}》")
        reading = source.read()
        clauses = reading.parsed(agreement.key, agreement.title).clauses
        if earlier and same_words(clauses, self._clauses(earlier[-1])):
            earlier, last = earlier[:-1], earlier[-1]
        else:
            number = earlier[-1].number + 1 if earlier else 1
            last = Version(replace(agreement, version=number), source.sha256, True, self._now, PARSER_VERSION)
        last = replace(last, agreement=replace(agreement, version=last.number), sha256=source.sha256, shipped=True)
        self.drafts.append(Draft(last, reading, clauses))
        return (*earlier, last)

    def _mended(self, version: Version, wanted: Agreement) -> Version:
        """The version as it is to be known, read anew where another parser made its clauses or its title is another."""
        if wanted == version.agreement and version.parser == PARSER_VERSION:
            return version
        clauses = None
        if version.parser != PARSER_VERSION or wanted.title != version.agreement.title:
            self._tell(f"读取《{wanted.title}》" + (f"第 {wanted.version} 版" if wanted.version > 1 else ""))
            try:
                clauses = source_of(self._connection, version).read().parsed(wanted.key, wanted.title).clauses
            except UnreadableFile as error:  # what reads it may not be installed any more
                self._tell(f"{error}。仍用从前读到的条款")
        mended = replace(version, agreement=wanted, parser=PARSER_VERSION)
        self.drafts.append(Draft(mended, None, clauses))
        return mended

    def _clauses(self, version: Version) -> Sequence[Clause]:
        drafted = [draft.clauses for draft in self.drafts if draft.version == version and draft.clauses is not None]
        return drafted[-1] if drafted else clauses_of(self._connection, version.key, version.number)

    def _known(self, agreement: Agreement, version: Version) -> Agreement:
        """What the catalog says of an agreement, for a version of it; of one that somebody made, with what was confirmed of it."""
        if version.shipped:
            return replace(agreement, version=version.number)
        own = version.agreement
        known = replace(
            agreement, version=version.number, file=own.file, effective=own.effective, updated=None, signed=None, relations=own.relations
        )
        return with_facts(known, facts_of(self._connection, version.key, version.number))
