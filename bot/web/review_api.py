"""The review list in the API, for administrators."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.requests import Request
from starlette.responses import Response

from bot.review.deciding import NotDecided
from bot.review.items import Item, NoSuchItem
from bot.web.house import House
from bot.web.refusals import Refused
from bot.web.review_shapes import Decided, ItemShape, ReviewShape
from bot.web.templates import language_of_browser
from bot.wording import say


def review_api_of(house: House) -> APIRouter:
    """The routes of the review list, to be put under those of the API."""
    review, deciding = house.rooms.reviewing.review, house.rooms.reviewing.deciding

    def admit(request: Request) -> None:
        if not house.door.admits_admin(request):
            raise Refused(403, say("page_admins_only", language_of_browser(request)))

    api = APIRouter(prefix="/review", dependencies=[Depends(admit)])

    @api.get("", response_model=ReviewShape)
    async def listed(
        state: Literal["open", "decided", "handed", "all"] = "open",
        why: Literal["down", "not_covered", "out_of_scope", "error", "withheld"] | None = None,
        order: Literal["newest", "often"] = "newest",
        contains: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """What people were not helped with: answers that somebody voted against, and questions that were refused. For administrators."""
        items = await run_in_threadpool(lambda: review.items(state=state, why=why or "", contains=contains, order=order))
        return JSONResponse({"count": len(items), "items": [item.to_json() for item in items[:limit]]})

    @api.get("/{item}", response_model=ItemShape)
    async def one(item: str) -> Response:
        """One item with the newest answer, as it was given. The beginning of its id is enough."""
        return JSONResponse((await found(item)).whole_json())

    @api.post("/{item}", response_model=ItemShape)
    async def decide(item: str, decided: Decided) -> Response:
        """Decide about an item; `open` takes the decision back."""
        known = await found(item)
        try:
            if decided.verdict == "open":
                await run_in_threadpool(deciding.reopen, known)
            else:
                clauses = [(clause.agreement, clause.id) for clause in decided.clauses]
                await run_in_threadpool(
                    lambda: deciding.decide(
                        known, decided.verdict, clauses, note=decided.note, question=decided.question, likely=decided.likely,
                        anyway=decided.anyway,
                    )
                )  # fmt: skip
        except NotDecided as error:
            raise Refused(422, str(error)) from error
        return JSONResponse((await found(known.id)).whole_json())

    async def found(beginning: str) -> Item:
        try:
            return await run_in_threadpool(review.get, beginning)
        except NoSuchItem as error:
            raise Refused(404) from error

    return api
