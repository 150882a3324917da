"""The ask box, the answer beneath it, and what people do with an answer. A question is posted; a script may have the answer streamed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from answering.answer import Answer, Language, Status
from answering.errors import AnsweringError
from answering.kept import answer_from
from answering.question import clean
from bot.form import form_of
from bot.record import Record
from bot.records import RecordsError
from bot.web.asking import Draft, NotAnswered
from bot.web.clients import client_of
from bot.web.door import CHANNEL, Visitor
from bot.web.events import event, stream
from bot.web.forms import StaleForm, own_fields_of
from bot.web.house import House
from bot.web.refusals import Refused, hold
from bot.web.templates import language_of_browser
from bot.wording import say

REASONS = {"clause": "wrong_clause", "question": "wrong_question", "missing": "wrong_missing", "unclear": "wrong_unclear"}


def ask_pages_of(house: House) -> APIRouter:
    """The routes of the ask box and of answers."""
    rooms, door, templates = house.rooms, house.door, house.templates
    pages = APIRouter(include_in_schema=False)

    def ask_page(request: Request, visitor: Visitor, *, status: int = 200, **shown: Any) -> HTMLResponse:
        context: dict[str, Any] = {"question": "", "agreement": "", "problem": "", "form": None, "goes_on": False} | shown
        held = rooms.library().agreements
        counts = {key: len(clauses) for key, clauses in house.shelf.now.clauses.items()}
        days = rooms.records.days
        return templates.page(
            request, "ask.html", visitor, status=status, agreements=held, counts=counts, examples=rooms.examples(), days=days, **context
        )

    def shown(answer: Answer, record: str | None, verdict: str = "", *, thanks: bool = False) -> dict[str, Any]:
        may_vote = record is not None and answer.status in (Status.ANSWERED, Status.NOT_COVERED)
        handing = rooms.reviewing.handing
        form = form_of(answer, rooms.library().agreements, handing.contact(answer))
        return {
            "handed": bool(form.contact and record and handing.decisions.is_handed(record)),
            "form": form, "asked": answer.question, "record": record, "growing": not answer.whole, "may_vote": may_vote, "verdict": verdict,
            "thanks": thanks, "reasons": REASONS,
        }  # fmt: skip

    def fragment(draft: Draft, visitor: Visitor, language: Language) -> str:
        token = door.form_token(visitor)
        return templates.fragment("answer.html", language, form_token=token, **shown(draft.answer, draft.record))

    async def events(drafts: AsyncGenerator[Draft], visitor: Visitor, language: Language) -> AsyncGenerator[str]:
        async with aclosing(drafts):
            try:
                async for draft in drafts:
                    html = await run_in_threadpool(fragment, draft, visitor, language)
                    where = f"/answers/{draft.record}" if draft.record else ""
                    yield event("answer" if draft.answer.whole else "draft", {"html": html, "where": where})
            except AnsweringError as error:
                yield event("problem", {"said": str(error)})
            except NotAnswered:
                yield event("problem", {"said": say("desk_failed", language)})

    @pages.get("/")
    async def home(request: Request, agreement: str = "", question: str = "") -> Response:
        visitor = door.visitor(request)
        goes_on = await run_in_threadpool(lambda: bool(rooms.records.earlier(visitor.place, 1)))
        return ask_page(request, visitor, agreement=agreement, goes_on=goes_on, question=question[:1000])

    @pages.post("/ask")
    async def ask(request: Request) -> Response:
        visitor, language = door.visitor(request), language_of_browser(request)
        streamed = "text/event-stream" in request.headers.get("accept", "")
        try:
            fields = await own_fields_of(request, door, visitor)
        except StaleForm as stale:
            if streamed:
                raise
            return ask_page(request, visitor, status=403, question=stale.fields.get("question", ""), problem=say("page_stale", language))
        question, key = fields.get("question", ""), fields.get("agreement", "")
        agreements = [rooms.library().agreement(key).key] if key else []
        try:
            clean(question)
        except AnsweringError as error:
            if streamed:
                raise
            return ask_page(request, visitor, status=422, question=question[:1000], agreement=key, problem=str(error))
        hold(house.questions, client_of(request.scope))
        hold(house.asker_minute, visitor.asker)
        hold(house.asker_day, visitor.asker)
        drafts = house.asking.drafts(visitor.place, question, agreements, channel=CHANNEL)
        if streamed:
            return stream(events(drafts, visitor, language))
        async with aclosing(drafts):
            async for draft in drafts:
                last = draft
        if last.record:
            return RedirectResponse(f"/answers/{last.record}", 303)
        return ask_page(request, visitor, agreement=key, goes_on=True, **shown(last.answer, None))

    async def own_record(name: str, visitor: Visitor) -> Record:
        """A record of the visitor's own. Raises Refused for any other, as for one that is not there."""
        try:
            record = await run_in_threadpool(rooms.records.get, name)
        except RecordsError as error:
            raise Refused(404) from error
        if record.place != visitor.place or record.id != name:
            raise Refused(404)
        return record

    @pages.get("/answers/{name}")
    async def answer(name: str, request: Request, voted: str = "") -> Response:
        visitor, language = door.visitor(request), language_of_browser(request)
        record = await own_record(name, visitor)
        given = await run_in_threadpool(answer_from, record.answer, rooms.library())
        if given is None:
            problem = say("page_outdated", language)
            return ask_page(request, visitor, question=record.question, problem=problem, goes_on=True)
        verdict = voted if voted in ("up", "down") else ""
        seen = await run_in_threadpool(lambda: shown(given, record.id, verdict, thanks=voted == "thanks"))
        return ask_page(request, visitor, goes_on=True, **seen)

    @pages.post("/answers/{name}/vote")
    async def vote(name: str, request: Request) -> Response:
        visitor = door.visitor(request)
        fields = await own_fields_of(request, door, visitor)
        record = await own_record(name, visitor)
        verdict, reason = fields.get("verdict", ""), fields.get("reason", "")
        if verdict not in ("up", "down"):
            raise Refused(400)
        await run_in_threadpool(rooms.votes.cast, record.id, CHANNEL, visitor.asker, verdict, reason if reason in REASONS else "")
        house.metrics.voted(verdict)
        return RedirectResponse(f"/answers/{record.id}?voted={'thanks' if reason else verdict}#votes", 303)

    @pages.post("/answers/{name}/hand")
    async def hand(name: str, request: Request) -> Response:
        visitor = door.visitor(request)
        await own_fields_of(request, door, visitor)
        record = await own_record(name, visitor)
        if await run_in_threadpool(rooms.reviewing.handing.hand, record) is None:
            raise Refused(404)
        return RedirectResponse(f"/answers/{record.id}#contact", 303)

    @pages.post("/new")
    async def new(request: Request) -> Response:
        visitor = door.visitor(request)
        await own_fields_of(request, door, visitor)
        await run_in_threadpool(rooms.records.begin, visitor.place)
        return RedirectResponse("/", 303)

    @pages.get("/privacy")
    async def privacy(request: Request, deleted: int | None = None) -> Response:
        return templates.page(request, "privacy.html", door.visitor(request), days=rooms.records.days, deleted=deleted)

    @pages.post("/privacy")
    async def forget(request: Request) -> Response:
        visitor = door.visitor(request)
        await own_fields_of(request, door, visitor)
        count = await run_in_threadpool(rooms.keeping.forget, CHANNEL, visitor.asker)
        count += await run_in_threadpool(lambda: rooms.records.forget(CHANNEL, asker=visitor.asker))
        return RedirectResponse(f"/privacy?deleted={count}", 303)

    return pages
