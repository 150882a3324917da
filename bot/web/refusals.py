"""What is said when something is refused or fails: JSON to API clients, a plain page to people, never what went wrong inside."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from answering.errors import AnsweringError
from bot.web.asking import NotAnswered, TooMany
from bot.web.door import AGAIN, NotAdmitted
from bot.web.house import House
from bot.web.limits import Allowance
from bot.web.templates import language_of_browser
from bot.wording import say
from retrieval.errors import StorageError, UnknownAgreement, UnknownVersion

_SAID = {
    400: "page_invalid", 401: "page_unauthorized", 403: "page_forbidden", 404: "page_not_found", 405: "page_not_allowed",
    413: "page_too_long", 415: "page_invalid", 422: "page_invalid", 429: "page_too_fast", 503: "page_unavailable",
}  # fmt: skip
_log = logging.getLogger(__name__)


class Refused(Exception):
    """Something that is not done. `said` is for people; without it the words for the status are."""

    def __init__(self, status: int, said: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(said)
        self.status = status
        self.said = said
        self.headers = dict(headers or {})


def hold(allowance: Allowance, client: str) -> None:
    """Count one for a client. Raises Refused where it was too many."""
    if wait := allowance.take(client):
        raise Refused(429, headers={"Retry-After": str(int(wait) + 1)})


def refuse_plainly(app: FastAPI, house: House) -> None:
    """Have the app answer every error in one sentence."""

    def answer(request: Request, status: int, said: str = "", headers: Mapping[str, str] | None = None) -> Response:
        said = said or say(_SAID.get(status, "page_failed"), language_of_browser(request))
        house.metrics.refused(status)
        if wants_json(request):
            return JSONResponse({"error": {"status": status, "message": said}}, status, dict(headers or {}))
        response = house.templates.page(request, "message.html", status=status, title="", said=said)
        response.headers.update(headers or {})
        return response

    def on(kind: type[Exception], respond: Callable[[Request, Exception], Response]) -> None:
        async def handler(request: Request, error: Exception) -> Response:
            return respond(request, error)

        app.add_exception_handler(kind, handler)

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return answer(request, error.status, error.said, error.headers)

    def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(request, error.status_code, headers=error.headers)

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return answer(request, 422, say("page_invalid_field", language_of_browser(request), field=where[:100], what=first["msg"]))

    def unadmitted(request: Request, error: Exception) -> Response:
        assert isinstance(error, NotAdmitted)
        if error.elsewhere:
            return house.templates.page(request, "again.html", where=_local(request.url.include_query_params(**{AGAIN: 1})))
        if not house.door.has_login:
            return answer(request, 403)
        where = _local(request.url.remove_query_params(AGAIN))
        return house.templates.page(request, "login.html", status=401, next=where if request.method == "GET" else "/", wrong=False)

    def broken(request: Request, error: Exception) -> Response:
        frames = "".join(traceback.format_tb(error.__traceback__))
        _log.error("%s %s failed: %s\n%s", request.method, _route(request), type(error).__name__, frames)
        return answer(request, 500)

    def storage(request: Request, error: Exception) -> Response:
        _log.error("the database failed: %s", error)
        return answer(request, 503, headers={"Retry-After": "10"})

    on(Refused, refused)
    on(HTTPException, known)
    on(RequestValidationError, invalid)
    on(NotAdmitted, unadmitted)
    on(UnknownAgreement, lambda request, error: answer(request, 404, str(error) if wants_json(request) else ""))
    on(UnknownVersion, lambda request, error: answer(request, 404, str(error)))
    on(AnsweringError, lambda request, error: answer(request, 422, str(error)))
    on(TooMany, lambda request, error: answer(request, 503, say("desk_busy", language_of_browser(request)), {"Retry-After": "5"}))
    on(NotAnswered, lambda request, error: answer(request, 500, say("desk_failed", language_of_browser(request))))
    on(StorageError, storage)
    on(Exception, broken)


def _local(url: URL) -> str:
    return url.path + (f"?{url.query}" if url.query else "")


def wants_json(request: Request) -> bool:
    return request.url.path.startswith("/api/") or request.url.path in ("/wecom/callback", "/telegram/webhook")


def _route(request: Request) -> str:
    """The path as it is written in the code: the real one may hold somebody's words."""
    return getattr(request.scope.get("route"), "path", "a request")
