"""The agreements laid out for reading: each clause with what its text refers to, the terms it uses, and who refers to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from threading import Lock

from bot.labels import parts_of
from bot.links import anchor_of, clause_path
from retrieval.clause import Agreement, Clause, Kind
from retrieval.definitions import Definition, definitions, terms_in
from retrieval.library import Library
from retrieval.links import Links
from retrieval.precedence import Precedence, precedence
from retrieval.references import Reference, References

_REPEATED = re.compile(r"（(第[^（）]+处)）$")

Place = tuple[int, int]
"""Where words begin and end in a clause's text."""


@dataclass(frozen=True, slots=True)
class Run:
    """Words of a clause in a row: where they lead, whether they are a term that is defined there, whether they are marked."""

    text: str
    href: str = ""
    term: bool = False
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Laid:
    """A clause as a page shows it. `depth` is that of its heading, from 1; `place` its number for people, 附件 5.4.2; `note` what tells two of
    one number apart: 第二处.

    A table has `rows` in the place of `paragraphs`, the first of them its head. `spoken_of` are the clauses that refer to it.
    """

    clause: Clause
    anchor: str
    depth: int
    place: str
    note: str
    paragraphs: tuple[tuple[Run, ...], ...]
    rows: tuple[tuple[str, ...], ...]
    spoken_of: tuple[tuple[str, str], ...]

    @property
    def is_item(self) -> bool:
        return self.clause.kind is Kind.ITEM

    @property
    def is_marked(self) -> bool:
        return any(run.marked for paragraph in self.paragraphs for run in paragraph)


class Shelf:
    """The agreements of the library that `library` gives; what is found out of one state of it is kept until there is another."""

    def __init__(self, library: Callable[[], Library]) -> None:
        self._library = library
        self._lock = Lock()
        self._shelved: Shelved | None = None

    @property
    def now(self) -> Shelved:
        """The library as it is now."""
        library = self._library()
        with self._lock:
            if self._shelved is None or self._shelved.version != library.version:
                self._shelved = Shelved(library.version, list(library.agreements), library.clauses())
            return self._shelved


class Shelved:
    """One state of a library. Everything is worked out when it is first needed."""

    def __init__(self, version: str, agreements: list[Agreement], clauses: list[Clause]) -> None:
        self.version = version
        self.agreements = {agreement.key: agreement for agreement in agreements}
        self.clauses: dict[str, list[Clause]] = {agreement.key: [] for agreement in agreements}
        for clause in clauses:
            self.clauses[clause.agreement].append(clause)
        self._all = clauses
        self._defined: dict[str, list[Definition]] = {}
        self._unmarked: dict[str, list[Laid]] = {}

    def laid(self, key: str, marks: Mapping[str, Sequence[Place]]) -> list[Laid]:
        """The clauses of an agreement in reading order. `marks`: places in their texts, by clause id."""
        if key not in self._unmarked:
            known = self._defined.setdefault(key, definitions(self.clauses[key]))
            self._unmarked[key] = [self._laid(clause, known, ()) for clause in self.clauses[key]]
        return [
            self._laid(laid.clause, self._defined[key], marks[laid.clause.id]) if laid.clause.id in marks else laid
            for laid in self._unmarked[key]
        ]

    @cached_property
    def links(self) -> Links:
        return Links(self._all)

    @cached_property
    def precedence(self) -> Precedence:
        """What the texts say of which agreement goes before which."""
        return precedence(self._all, list(self.agreements.values()))

    @cached_property
    def _references(self) -> dict[tuple[str, str], list[Reference]]:
        finder = References(list(self.agreements.values()), self._all)
        return {clause.ref: finder.of(clause) for clause in self._all}

    @cached_property
    def _spoken_of(self) -> dict[tuple[str, str], list[Clause]]:
        """The clauses that refer to each by number; those within it, and the one it stands in, go without saying."""
        found: dict[tuple[str, str], list[Clause]] = {}
        for clause in self._all:
            for reference in self._references[clause.ref]:
                for target in reference.clauses:
                    near = (reference.agreement, target) == clause.ref or self._holds(reference.agreement, target, clause)
                    if not near and clause not in (known := found.setdefault((reference.agreement, target), [])):
                        known.append(clause)
        return found

    def _holds(self, agreement: str, clause_id: str, clause: Clause) -> bool:
        return clause.agreement == agreement and any(above.id == clause_id for above in self.links.parents(clause))

    def _laid(self, clause: Clause, known: Sequence[Definition], marks: Sequence[Place]) -> Laid:
        table = clause.kind is Kind.TABLE
        spoken_of = [
            (self._label(other, clause.agreement), _href(other.ref, clause.agreement)) for other in self._spoken_of.get(clause.ref, [])
        ]
        place = parts_of(clause.label)[1]
        repeated = _REPEATED.search(place)
        return Laid(
            clause=clause,
            anchor=anchor_of(clause.id),
            depth=min(clause.level, 4),
            place=place[: repeated.start()] if repeated else place,
            note=repeated[1] if repeated else "",
            paragraphs=() if table else tuple(self._paragraphs(clause, known, marks)),
            rows=tuple(tuple(cell.strip() for cell in line.split(" | ")) for line in clause.text.split("\n")) if table else (),
            spoken_of=tuple(spoken_of),
        )

    def _label(self, clause: Clause, seen_from: str) -> str:
        place = parts_of(clause.label)[1]
        return place if clause.agreement == seen_from else f"《{self.agreements[clause.agreement].names[0]}》{place}"

    def _paragraphs(self, clause: Clause, known: Sequence[Definition], marks: Sequence[Place]) -> Iterator[tuple[Run, ...]]:
        """The text in runs that begin and end where a link or a mark does, a tuple a paragraph."""
        text = clause.text
        leading = list(self._leading(clause, known))
        breaks = [found.span() for found in re.finditer("\n", text)]
        borders = {0, len(text), *(at for place in (*breaks, *marks, *(words[:2] for words in leading)) for at in place)}
        runs: list[Run] = []
        for start, end in pairwise(sorted(borders)):
            if text[start:end] == "\n":
                yield tuple(runs)
                runs = []
                continue
            href, term = next(((href, term) for first, last, href, term in leading if first <= start and end <= last), ("", False))
            marked = any(first <= start and end <= last for first, last in marks)
            runs.append(Run(text[start:end], href, term, marked))
        if runs:
            yield tuple(runs)

    def _leading(self, clause: Clause, known: Sequence[Definition]) -> Iterator[tuple[int, int, str, bool]]:
        """Where words lead somewhere, and whether as a term: references, and the first use of each term in the clause."""
        taken: list[Place] = []
        for reference in self._references[clause.ref]:
            if reference.agreement not in self.agreements or (reference.agreement == clause.agreement and not reference.clauses):
                continue
            target = reference.clauses[0] if reference.clauses else ""
            taken.append(reference.span)
            yield *reference.span, _href((reference.agreement, target), clause.agreement), False
        for definition in terms_in(clause.text, known):
            start = clause.text.find(definition.term)
            end = start + len(definition.term)
            if start >= 0 and definition.clause != clause.ref and not any(start < last and first < end for first, last in taken):
                taken.append((start, end))
                yield start, end, _href(definition.clause, clause.agreement), True


def _href(ref: tuple[str, str], seen_from: str) -> str:
    """The address of a clause, or of a whole agreement; within the same agreement only the fragment: the page stays as it is."""
    path = clause_path(*ref)
    return path[path.index("#") :] if ref[0] == seen_from else path
