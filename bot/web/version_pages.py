"""The versions of an agreement, and what changed from one to another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bot.compared import Compared, places, together
from bot.links import clause_path
from bot.web.house import House
from bot.web.refusals import Refused
from retrieval.clause import Clause
from retrieval.comparison import Change, ClauseChange, Comparison, compare
from retrieval.differences import Piece
from retrieval.errors import UnknownAgreement
from retrieval.library import Library
from retrieval.versions import Version

_LISTED = 20  # versions that are listed, the newest


@dataclass(frozen=True, slots=True)
class Group:
    """Changes that are shown together: of what sort, where the clauses stand, under which headings, and the words of the only one.

    `href` leads to the clause as it is in force, where it is.
    """

    change: Change
    where: tuple[tuple[str, str], ...]
    above: str
    pieces: tuple[Piece, ...]


def version_pages_of(house: House) -> APIRouter:
    """The routes of versions."""
    pages = APIRouter(include_in_schema=False)

    @pages.get("/agreements/{key}/versions")
    async def versions(key: str, request: Request) -> Response:
        visitor = house.door.visitor(request)
        library = house.rooms.library()
        if key not in house.shelf.now.agreements:
            raise UnknownAgreement(key, [])
        known = await run_in_threadpool(library.versions, key)
        old, new = _asked(request, known)
        compared = await run_in_threadpool(compared_in, library, key, old, new) if old != new else None
        return house.templates.page(
            request, "versions.html", visitor, agreement=library.agreement(key), versions=known[-_LISTED:], compared=compared,
            groups=_groups(compared, library.agreement(key).version) if compared else [], changes=list(Change), before=dict(_before(known)),
        )  # fmt: skip

    return pages


def compared_in(library: Library, key: str, old: int, new: int) -> Compared:
    """Two versions of an agreement of a library, compared. Raises UnknownAgreement, UnknownVersion and StorageError."""
    before, after = (tuple(library.version_clauses(key, number)) for number in (old, new))
    versions = {version.number: version for version in library.versions(key)}
    return Compared(versions[old], versions[new], _compared(before, after))


@lru_cache(maxsize=16)
def _compared(before: tuple[Clause, ...], after: tuple[Clause, ...]) -> Comparison:
    """Long agreements take a second."""
    return compare(before, after)


def _asked(request: Request, known: list[Version]) -> tuple[int, int]:
    """Which versions are to be compared: the last two where it is not said. Raises Refused."""
    newest = known[-1].number
    given = request.query_params
    try:
        new = int(given.get("new", newest))
        old = int(given.get("old", dict(_before(known)).get(new, new)))
    except ValueError as error:
        raise Refused(404) from error
    if not {old, new} <= {version.number for version in known}:
        raise Refused(404)
    return old, new


def _before(known: list[Version]) -> list[tuple[int, int]]:
    """Every version but the first, with the one before it."""
    return [(after.number, before.number) for before, after in pairwise(known)]


def _groups(compared: Compared, current: int) -> list[Group]:
    groups: list[Group] = []
    for changes in together(compared.comparison.differing):
        first = changes[0]
        where = tuple((places(change), _href(change, compared, current)) for change in changes)
        groups.append(Group(first.change, where, compared.above(first), first.pieces if len(changes) == 1 else ()))
    return groups


def _href(change: ClauseChange, compared: Compared, current: int) -> str:
    in_force = change.new if compared.new.number == current else change.old if compared.old.number == current else None
    return clause_path(in_force.agreement, in_force.id) if in_force else ""
