"""What is in force, in the tables that everything reads, made from the versions that are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from retrieval.clause import Clause
from retrieval.likely import PERSON, LikelyQuestion, load_likely
from retrieval.matching import likeness, matched
from retrieval.tables import AGREEMENTS, CLAUSES, LIKELY, VERSIONS, clause_rows, describe
from retrieval.versions import Version, clauses_of

ASKED = ".asked.jsonl"
"""How the file of what people asked ends, behind the key of its agreement; of the form of other questions, all in the voice PERSON."""

_SAME = 0.9  # likeness from which what is asked of one wording is asked of the other

Likely = dict[str, list[LikelyQuestion]]
"""Questions by the id of their clause."""

_Reading = Callable[["Edition", Sequence[Clause]], Likely]


@dataclass(frozen=True, slots=True)
class Edition:
    """A version as it is to be in force, with the files of questions beside it. Of a clause that is in several, the first counts.

    What people asked, in the file `asked`, stands beside those of any other file.
    """

    version: Version
    questions: tuple[Path, ...]
    fingerprint: str
    asked: Path | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """The folders in which questions may be: the catalog's, and the one where a model's are written."""

    catalog: Path | None = None
    enriched: Path | None = None

    def edition(self, version: Version) -> Edition:
        """The version with the questions there are. Its fingerprint changes with anything that it is made from."""
        asked = version.agreement.questions
        found = [self.catalog / asked] if self.catalog and asked else []
        if self.enriched and (written := self.enriched / f"{version.key}.questions.jsonl").is_file():
            found.append(written)
        people = self.enriched / f"{version.key}{ASKED}" if self.enriched else None
        people = people if people and people.is_file() else None
        said = (version.parser, describe(version.agreement), version.sha256)
        parts = (*(part.encode() for part in said), *(path.read_bytes() for path in (*found, *([people] if people else []))))
        return Edition(version, tuple(found), hashlib.sha256(b"\0".join(parts)).hexdigest(), people)


def put_in_force(connection: Connection, edition: Edition, position: int) -> None:
    """Let a version that is kept stand for its agreement. Raises CatalogError where its questions cannot be used."""
    version, key = edition.version, edition.version.key
    take_out_of_force(connection, key)
    clauses = clauses_of(connection, key, version.number)
    row = (VERSIONS.c.agreement == key) & (VERSIONS.c.number == version.number)
    text = connection.execute(select(VERSIONS.c.text).where(row)).scalar_one()
    values = {"key": key, "position": position, "fingerprint": edition.fingerprint, "described": describe(version.agreement)}
    connection.execute(insert(AGREEMENTS).values(**values, source_text=text))
    if clauses:
        connection.execute(insert(CLAUSES), clause_rows(clauses))
    asked = [
        {"agreement": key, "clause": clause, "position": at, "voice": question.voice, "text": question.text}
        for clause, questions in _likely(connection, edition, clauses).items()
        for at, question in enumerate(questions)
    ]
    if asked:
        connection.execute(insert(LIKELY), asked)


def _likely(connection: Connection, edition: Edition, clauses: Sequence[Clause]) -> Likely:
    """The questions of the clauses, what people asked behind the others."""
    likely = _carried(connection, edition, clauses, _written)
    asked = _carried(connection, edition, clauses, _asked) if edition.asked else {}
    return likely | {name: [*likely.get(name, ()), *questions] for name, questions in asked.items()}


def _carried(connection: Connection, edition: Edition, clauses: Sequence[Clause], written: _Reading) -> Likely:
    """The questions of the clauses. Of a clause that has none, those of what it was in an earlier version, if it says nearly the same.

    So questions stay with a clause that was given another number, or one other figure.
    """
    likely = written(edition, clauses)
    numbers = select(VERSIONS.c.number).where((VERSIONS.c.agreement == edition.version.key) & (VERSIONS.c.number < edition.version.number))
    has_files = edition.questions or edition.asked
    for number in connection.execute(numbers.order_by(VERSIONS.c.number.desc())).scalars().all() if has_files else ():
        earlier = clauses_of(connection, edition.version.key, number)
        asked = written(edition, earlier)
        for before, after in matched(earlier, clauses):
            was, now = earlier[before], clauses[after]
            if was.id in asked and now.id not in likely and likeness(was, now) >= _SAME:
                likely[now.id] = asked[was.id]
    return likely


def _written(edition: Edition, clauses: Iterable[Clause]) -> Likely:
    """The questions in the files that were written for just these clauses."""
    likely: Likely = {}
    by_id = {clause.id: clause for clause in clauses}
    for path in edition.questions:
        likely = load_likely(path, by_id)[0] | likely
    return likely


def _asked(edition: Edition, clauses: Iterable[Clause]) -> Likely:
    """What people asked of just these clauses."""
    return load_likely(edition.asked, {clause.id: clause for clause in clauses}, (PERSON,))[0] if edition.asked else {}


def take_out_of_force(connection: Connection, key: str) -> None:
    """Let nothing stand for an agreement; its versions are kept."""
    connection.execute(delete(LIKELY).where(LIKELY.c.agreement == key))
    connection.execute(delete(CLAUSES).where(CLAUSES.c.agreement == key))
    connection.execute(delete(AGREEMENTS).where(AGREEMENTS.c.key == key))


def place(connection: Connection, key: str, position: int) -> None:
    """Where an agreement that is in force stands among the others."""
    connection.execute(update(AGREEMENTS).where(AGREEMENTS.c.key == key).values(position=position))
