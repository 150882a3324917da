"""The JSON API, under /api."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from starlette.requests import Request
from starlette.responses import Response

from answering.errors import AnsweringError
from answering.question import MAX_QUESTION, clean
from bot.place import Place
from bot.records import RecordsError
from bot.versions import version_json
from bot.web import shapes
from bot.web.asking import Draft, NotAnswered
from bot.web.clients import client_of
from bot.web.door import CHANNEL
from bot.web.events import event, stream
from bot.web.house import House
from bot.web.refusals import Refused, hold
from bot.web.review_api import review_api_of
from bot.web.shapes import Asked, Key, Voted
from bot.web.templates import language_of_browser
from bot.web.version_pages import compared_in
from bot.wording import say
from retrieval.clause import Agreement, Clause
from retrieval.errors import UnknownAgreement

CHAT = "api"  # of the places in which API clients ask
_TROUBLES: dict[int | str, dict[str, Any]] = {
    status: {"model": shapes.TroubleShape} for status in (400, 401, 403, 404, 413, 422, 429, 500, 503)
}
_EVENT = {
    "type": "object",
    "description": "`data` is JSON: with `draft` and `answer` an answer, with `error` what went wrong.",
    "properties": {"event": {"enum": ["draft", "answer", "error"]}, "data": {"type": "string"}},
    "required": ["event", "data"],
}
_STREAMED = {"text/event-stream": {"itemSchema": _EVENT}}


def api_of(house: House) -> APIRouter:
    """The routes of the API."""
    rooms = house.rooms

    def admit(request: Request, _: Annotated[object, Depends(HTTPBearer(auto_error=False))]) -> None:
        if not house.door.admits_client(request):
            hold(house.logins, client_of(request.scope))
            raise Refused(401, headers={"WWW-Authenticate": "Bearer"})

    api = APIRouter(prefix="/api", tags=["api"], dependencies=[Depends(admit)], responses=_TROUBLES)

    @api.post("/ask", response_model=shapes.AnswerShape, responses={200: {"content": _STREAMED}})
    async def ask(asked: Asked, request: Request) -> Response:
        """Answer a question. Every statement carries the clauses it rests on, checked before it is sent."""
        hold(house.questions, client_of(request.scope))
        clean(asked.question)  # what is wrong with it is said before a stream begins
        for key in asked.agreements:
            rooms.library().agreement(key)
        thread = asked.thread if asked.asker else secrets.token_hex(8)  # without an asker each question stands alone
        drafts = house.asking.drafts(Place(CHANNEL, CHAT, thread, asked.asker), asked.question, asked.agreements, channel=CHAT)
        if asked.stream or "text/event-stream" in request.headers.get("accept", ""):
            return stream(_events(drafts, house, say("desk_failed", language_of_browser(request))))
        async with aclosing(drafts):
            async for draft in drafts:
                last = draft
        return JSONResponse(await run_in_threadpool(_answer, last, house))

    @api.get("/search", response_model=shapes.SearchShape)
    async def search(
        q: Annotated[str, Query(min_length=1, max_length=MAX_QUESTION)],
        k: Annotated[int, Query(ge=1, le=100)] = 10,
        agreement: Annotated[list[Key] | None, Query(max_length=100)] = None,
    ) -> Response:
        """Ranked clauses."""
        hits = await run_in_threadpool(house.searching.hits, q, agreement or (), k)
        rows = [
            {"agreement": hit.clause.agreement, "id": hit.clause.id, "label": hit.clause.label, "score": hit.score, "text": hit.clause.text}
            for hit in hits
        ]
        return JSONResponse({"query": q, "hits": rows})

    @api.get("/agreements", response_model=shapes.AgreementsShape)
    async def agreements() -> Response:
        """The agreements held."""
        return JSONResponse({"agreements": [_agreement(held, house) for held in rooms.library().agreements]})

    @api.get("/agreements/{key}", response_model=shapes.AgreementShape)
    async def agreement(key: str) -> Response:
        """One agreement."""
        return JSONResponse(_agreement(rooms.library().agreement(key), house))

    @api.get("/agreements/{key}/clauses", response_model=shapes.ClausesShape)
    async def clauses(key: str) -> Response:
        """The clauses of an agreement, in reading order."""
        return JSONResponse({"clauses": [_clause(clause) for clause in rooms.library().clauses([key])]})

    @api.get("/agreements/{key}/versions", response_model=shapes.VersionsShape)
    async def versions(key: str) -> Response:
        """The versions of an agreement, the oldest first."""
        return JSONResponse({"versions": await run_in_threadpool(_versions, key, house)})

    @api.get("/agreements/{key}/differences", response_model=shapes.DifferencesShape)
    async def differences(key: str, old: Annotated[int, Query(ge=1)], new: Annotated[int, Query(ge=1)]) -> Response:
        """What changed from one version of an agreement to another, clause by clause and word by word."""
        compared = await run_in_threadpool(compared_in, rooms.library(), key, old, new)
        return JSONResponse(compared.to_json())

    @api.get("/clauses/{key}/{clause_id:path}", response_model=shapes.ClauseShape)
    async def clause(key: str, clause_id: str) -> Response:
        """One clause. In its id `#` may be written `~`, as in the addresses of the page."""
        rooms.library().agreement(key)
        found = house.shelf.now.links.clause(key, clause_id.replace("~", "#"))
        if found is None:
            raise Refused(404)
        return JSONResponse(_clause(found))

    @api.get("/precedence", response_model=shapes.PrecedenceShape)
    async def precedence() -> Response:
        """Which agreement supplements, prevails over or falls back on which, each with the clause that says so."""
        edges = (await run_in_threadpool(lambda: house.shelf.now.precedence)).edges
        rows = [
            {
                "source": edge.source,
                "relation": edge.relation.value,
                "target": edge.target,
                "clause": {"agreement": edge.clause[0], "id": edge.clause[1]},
                "sentence": edge.sentence,
            }
            for edge in edges
        ]
        return JSONResponse({"precedence": rows})

    @api.post("/votes", status_code=204, response_class=Response)
    async def vote(voted: Voted) -> None:
        """Vote on an answer that was given by this API. A vote replaces the one that the same asker cast before."""
        try:
            record = await run_in_threadpool(rooms.records.get, voted.record)
        except RecordsError as error:
            raise Refused(404) from error
        if record.id != voted.record or (record.place.channel, record.place.chat) != (CHANNEL, CHAT):
            raise Refused(404)
        await run_in_threadpool(rooms.votes.cast, record.id, CHANNEL, voted.asker, voted.verdict, voted.reason)
        house.metrics.voted(voted.verdict)

    api.include_router(review_api_of(house))
    return api


async def _events(drafts: AsyncGenerator[Draft], house: House, failed: str) -> AsyncGenerator[str]:
    """Server-sent events: the drafts, then the whole answer, or what went wrong."""
    async with aclosing(drafts):
        try:
            async for draft in drafts:
                yield event("answer" if draft.answer.whole else "draft", await run_in_threadpool(_answer, draft, house))
        except (AnsweringError, UnknownAgreement) as error:
            yield event("error", {"error": {"status": 422, "message": str(error)}})
        except NotAnswered:
            yield event("error", {"error": {"status": 500, "message": failed}})


def _answer(draft: Draft, house: House) -> dict[str, Any]:
    contact = house.rooms.reviewing.handing.contact(draft.answer)
    return {**draft.answer.to_json(), "record": draft.record, "contact": contact.to_json() if contact else None}


def _agreement(agreement: Agreement, house: House) -> dict[str, Any]:
    described = {name: getattr(agreement, name) for name in Agreement.__slots__}
    return described | {"clauses": len(house.rooms.library().clauses([agreement.key]))}


def _versions(key: str, house: House) -> list[dict[str, Any]]:
    library = house.rooms.library()
    current = library.agreement(key).version
    return [version_json(version, current, len(library.version_clauses(key, version.number))) for version in library.versions(key)]


def _clause(clause: Clause) -> dict[str, Any]:
    return {name: getattr(clause, name) for name in Clause.__slots__}
