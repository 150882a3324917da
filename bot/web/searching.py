"""Searching the agreements: the clauses found, with the words they were found by."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from answering.question import understand
from bot.excerpt import Span
from bot.labels import parts_of, short_label
from bot.links import clause_path
from bot.web.shelf import Place, Shelf, Shelved
from retrieval.clause import Clause, Hit
from retrieval.errors import UnknownAgreement
from retrieval.words import STOP_WORDS, to_simplified

_BEFORE, _LONGEST = 24, 140  # characters of a clause before the first word found, and in all
_STOP = re.compile("[。；，！？：\n]")
_RUN = re.compile(r"[A-Za-z0-9.]+|[\u3400-\u9fff]+")
_WORD = 8  # characters of a Chinese word, at most

Find = Callable[[str, Collection[str], int], Sequence[Hit]]
"""The best clauses for some words: of these agreements where any is given, so many; see Search.find."""


@dataclass(frozen=True, slots=True)
class Found:
    """A clause found: its short label, its heading path, its address, and as much of it as shows why."""

    clause: Clause
    label: str
    place: str
    path: str
    href: str
    spans: tuple[Span, ...]


class Searching:
    """Finds clauses as a person asks for them: by words, or by a number."""

    def __init__(self, shelf: Shelf, find: Find) -> None:
        self._shelf = shelf
        self._find = find

    def hits(self, query: str, agreements: Collection[str], limit: int) -> Sequence[Hit]:
        """The best clauses for a query, of `agreements` or those it names. Raises QuestionError and UnknownAgreement."""
        held = self._shelf.now.agreements
        if unknown := [key for key in agreements if key not in held]:
            raise UnknownAgreement(unknown[0], list(held))
        asked = understand(query, (), list(held.values()))
        return self._find(asked.search_text, agreements or asked.agreements, limit)

    def found(self, query: str, agreements: Collection[str], limit: int) -> list[Found]:
        """What a page shows for a query: clauses of a number that is asked for before the others. Raises as `hits` does."""
        shelved = self._shelf.now
        hits = [hit.clause for hit in self.hits(query, agreements, limit)]
        asked = understand(query, (), list(shelved.agreements.values()))
        written = {number.written for number in asked.numbers}
        within = (agreements or asked.agreements or shelved.agreements) if written else ()
        numbered = [clause for key in within for clause in shelved.clauses[key] if clause.id.partition("#")[0] in written]
        return [_found(clause, query, shelved) for clause in dict.fromkeys([*numbered, *hits])]


def places_of(query: str, text: str) -> list[Place]:
    """Where the words of a query stand in a text, one after the other: of what overlaps the longest, and no single character."""
    words = {word for word in _words(query) if word in text.lower() and word not in STOP_WORDS}
    pattern = "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))
    return [found.span() for found in re.finditer(pattern, text, re.I)] if pattern else []


def _words(query: str) -> Iterator[str]:
    for run in _RUN.findall(to_simplified(query).lower()):
        if run[0] < "\u3400":
            yield run
            continue
        for start in range(len(run)):
            yield from (run[start:end] for end in range(start + 2, min(len(run), start + _WORD) + 1))


def _found(clause: Clause, query: str, shelved: Shelved) -> Found:
    path = " › ".join(shelved.links.heading_path(clause))
    href = clause_path(clause.agreement, clause.id, find=query)
    label, place = short_label(clause, shelved.agreements), parts_of(clause.label)[1]
    return Found(clause, label, place, path, href, tuple(_excerpt(clause.text, places_of(query, clause.text))))


def _excerpt(text: str, places: Sequence[Place]) -> Iterator[Span]:
    begins = max(0, places[0][0] - _BEFORE) if places and len(text) > _LONGEST else 0
    if begins and (stop := _STOP.search(text, begins, places[0][0])):  # where a sentence or a part of it begins
        begins = stop.end()
    ends = min(len(text), begins + _LONGEST)
    at = begins
    if begins:
        yield Span("…")
    for start, end in places:
        if end <= ends:
            yield Span(_line(text[at:start]))
            yield Span(_line(text[start:end]), quoted=True)
            at = end
    yield Span(_line(text[at:ends]) + ("…" if ends < len(text) else ""))


def _line(text: str) -> str:
    return text.replace("\n", "　")
