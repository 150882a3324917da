"""The review list for administrators: what people were not helped with, each item whole, and a form to say which clause is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from answering.errors import AnsweringError
from bot.links import clause_path, marking_of
from bot.review.deciding import NotDecided, clause_in
from bot.review.decisions import WRONG
from bot.review.hints import hints
from bot.review.items import ORDERS, STATES, WHYS, Item, NoSuchItem
from bot.web.ask_pages import REASONS
from bot.web.door import Visitor
from bot.web.forms import own_fields_of
from bot.web.house import House
from bot.web.refusals import Refused
from retrieval.clause import Clause

_LISTED = 100  # items of a page, the first
_FOUND = 9  # clauses to choose from
_BEGINNING = 120  # characters of a clause that are shown


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clause to choose: how it is written, what it is called, where it stands, and how it begins."""

    ref: str
    label: str
    href: str
    text: str


def review_pages_of(house: House) -> APIRouter:
    """The routes of the review list."""
    door, templates = house.door, house.templates
    review, deciding = house.rooms.reviewing.review, house.rooms.reviewing.deciding
    pages = APIRouter(include_in_schema=False)

    def denied(request: Request, visitor: Visitor) -> Response:
        return templates.page(request, "review_denied.html", visitor, status=403, has_admin_token=door.has_admin_token)

    def shown(
        request: Request, visitor: Visitor, item: Item, words: str, *, status: int = 200, problem: str = "", **given: Any
    ) -> Response:
        library = house.rooms.library()
        later = [other.id for other in review.items() if other.id != item.id]
        candidates, wrong = choices(item, words)
        context = {"question": "", "note": "", "clause": "", "clauses": "", "likely": False} | given
        if item.decision and not given:
            context |= {"question": item.decision.question, "note": item.decision.note}
        return templates.page(
            request, "review_item.html", visitor, status=status, item=item, answer=item.record.answer, candidates=candidates, words=words,
            problem=problem or wrong, personal=hints(item.wording, library.agreements), next_id=later[0] if later else "",
            names=names(), cited=cited(item), reasons=REASONS, **context,
        )  # fmt: skip

    def choices(item: Item, words: str) -> tuple[list[Candidate], str]:
        """The clauses to choose from, those that words find before those that the question found; and what is wrong with the words."""
        found: list[Clause] = []
        wrong = ""
        if words.strip():
            try:
                found = [hit.clause for hit in house.searching.hits(words, (), _FOUND)]
            except AnsweringError as error:
                wrong = str(error)
        links = house.shelf.now.links
        retrieved = [links.clause(hit["agreement"], hit["id"]) for hit in item.record.answer["retrieved"]]
        clauses = [*found, *(clause for clause in retrieved if clause is not None)]
        return [_candidate(clause) for clause in dict.fromkeys(clauses)][:_FOUND], wrong

    def names() -> dict[str, str]:
        return {agreement.key: agreement.names[0] for agreement in house.rooms.library().agreements}

    @pages.get("/review")
    async def listed(request: Request, state: str = "open", why: str = "", order: str = "newest", q: str = "") -> Response:
        visitor = door.visitor(request)
        if not visitor.is_admin:
            return denied(request, visitor)
        state, why, order = (state if state in STATES else "open", why if why in WHYS else "", order if order in ORDERS else "newest")
        items = await run_in_threadpool(lambda: review.items(state=state, why=why, contains=q, order=order))
        return templates.page(
            request, "review.html", visitor, items=items[:_LISTED], count=len(items), state=state, why=why, order=order, words=q[:200],
            states=STATES, whys=WHYS, orders=ORDERS, names=names(), days=house.rooms.records.days,
        )  # fmt: skip

    async def item_of(name: str) -> Item:
        try:
            return await run_in_threadpool(review.get, name)
        except NoSuchItem as error:
            raise Refused(404) from error

    @pages.get("/review/{name}")
    async def one(name: str, request: Request, find: str = "") -> Response:
        visitor = door.visitor(request)
        if not visitor.is_admin:
            return denied(request, visitor)
        item = await item_of(name)
        return await run_in_threadpool(shown, request, visitor, item, find[:200])

    @pages.post("/review/{name}")
    async def decide(name: str, request: Request) -> Response:
        visitor = door.visitor(request)
        if not visitor.is_admin:
            return denied(request, visitor)
        fields = await own_fields_of(request, door, visitor)
        item = await item_of(name)
        try:
            await run_in_threadpool(act, item, fields)
        except NotDecided as error:
            given: dict[str, Any] = {key: fields.get(key, "") for key in ("question", "note", "clause", "clauses")} | {
                "likely": "likely" in fields
            }
            given |= {"status": 422, "problem": str(error)}
            return await run_in_threadpool(partial(shown, request, visitor, item, fields.get("find", "")[:200], **given))
        return RedirectResponse(f"/review/{item.id}#decision", 303)

    def act(item: Item, fields: dict[str, str]) -> None:
        verdict = fields.get("verdict", "")
        if verdict == "open":
            deciding.reopen(item)
            return
        written = [fields["clause"]] if fields.get("clause") else []
        written += fields.get("clauses", "").replace("、", " ").replace("，", " ").split()
        clauses: Sequence[tuple[str, str]] = [clause_in(text) for text in dict.fromkeys(written)] if verdict == WRONG else ()
        deciding.decide(
            item, verdict, clauses, note=fields.get("note", ""), question=fields.get("question", ""), anyway="anyway" in fields,
            likely="likely" in fields and verdict == WRONG,
        )  # fmt: skip

    return pages


def cited(item: Item) -> list[dict[str, str]]:
    """What the answer cites, with where that stands."""
    return [
        {**citation, "href": clause_path(citation["agreement"], citation["id"], marking=marking_of(citation["quote"]))}
        for citation in item.record.answer["citations"]
    ]


def _candidate(clause: Clause) -> Candidate:
    text = clause.content.replace("\n", "　")
    beginning = text if len(text) <= _BEGINNING else f"{text[:_BEGINNING]}……"
    return Candidate(f"{clause.agreement}#{clause.id}", clause.label, clause_path(clause.agreement, clause.id), beginning)
