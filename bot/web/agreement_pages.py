"""The agreements to read and to search."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from answering.errors import AnsweringError
from bot.links import marked_place
from bot.web.door import Visitor
from bot.web.house import House
from bot.web.relations import relations_of
from bot.web.searching import Found, places_of
from bot.web.shelf import Place
from bot.web.templates import language_of_browser
from retrieval.errors import UnknownAgreement

_FOUND = 20
_FOUND_WITHIN = 8
_LONGEST = 200  # characters of words to mark


def agreement_pages_of(house: House) -> APIRouter:
    """The routes of agreements and of the search."""
    pages = APIRouter(include_in_schema=False)

    def find(query: str, agreements: list[str], limit: int) -> tuple[list[Found], str]:
        """What is found, and what is wrong with the query."""
        if not query.strip():
            return [], ""
        try:
            return house.searching.found(query, agreements, limit), ""
        except AnsweringError as error:
            return [], str(error)

    @pages.get("/agreements")
    async def agreements() -> Response:
        return RedirectResponse("/#agreements", 307)

    @pages.get("/agreements/{key}")
    async def agreement(key: str, request: Request, q: str = "", find_: str = "") -> Response:
        visitor = house.door.visitor(request)
        find_ = request.query_params.get("find", "")
        return await run_in_threadpool(read, key, request, visitor, q[:_LONGEST], find_)

    def read(key: str, request: Request, visitor: Visitor, marking: str, query: str) -> Response:
        shelved = house.shelf.now
        if key not in shelved.agreements:
            raise UnknownAgreement(key, list(shelved.agreements))
        found, problem = find(query, [key], _FOUND_WITHIN)
        marks: dict[str, list[Place]] = {}
        for clause in shelved.clauses[key]:
            place = marked_place(marking, clause.text) if marking else (0, 0)
            if place[1]:
                marks[clause.id] = [place]
        for one in found:
            if places := places_of(query, one.clause.text):
                marks[one.clause.id] = places
        laid = shelved.laid(key, marks)
        contact = house.rooms.reviewing.handing.contacts.of(key)
        contents = [one for one in laid if one.depth <= 2 and (one.clause.heading or one.depth == 1)]
        return house.templates.page(
            request, "agreement.html", visitor, agreement=shelved.agreements[key], laid=laid, contents=contents, found=found, query=query,
            contact=contact, problem=problem, relations=relations_of(key, shelved.precedence.edges, shelved.agreements, language_of_browser(request)),
        )  # fmt: skip

    @pages.get("/search")
    async def search(request: Request, q: str = "", agreement: str = "") -> Response:
        visitor = house.door.visitor(request)
        held = house.shelf.now.agreements
        keys = [agreement] if agreement in held else []
        found, problem = await run_in_threadpool(find, q, keys, _FOUND)
        return house.templates.page(
            request, "search.html", visitor, query=q, agreement=agreement, agreements=list(held.values()), found=found, problem=problem
        )

    return pages
