"""What every response carries and no request may do, whatever it is about."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.clients import client_of
from bot.web.limits import Allowance

CALLBACKS = {"/wecom/callback", "/telegram/webhook"}  # what other machines send; they prove themselves in their own ways
_MOST = 64 * 1024  # bytes of a body
_MOST_CALLED = 1024 * 1024
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Security:
    """Middleware: security headers on every response. Bodies that are too long are refused with 413, what other sites post with 403, and
    with 429 whoever sends more than `requests` allows; callbacks are not counted.
    """

    def __init__(self, app: ASGIApp, requests: Allowance) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered = False
        headers = Headers(scope=scope)
        most = _MOST_CALLED if scope["path"] in CALLBACKS else _MOST
        length = headers.get("content-length", "0")
        read = int(length) if length.isdecimal() and int(length) > most else 0

        async def limited() -> Message:
            nonlocal read
            message = await receive() if read <= most else {}
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413)
            return message

        async def hardened(message: Message) -> None:
            nonlocal answered
            answered = True
            if message["type"] == "http.response.start":
                carried = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    carried[name] = value
                carried.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = None if scope["path"] in CALLBACKS else self._refusal(scope, headers)
        try:
            await (refusal or self._app)(scope, limited, hardened)
        except Exception:
            if not answered:  # else it was logged and answered with a plain page: nothing is left to do
                raise

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """What is said to a request that goes no further."""
        if wait := self._requests.take(client_of(scope)):
            return PlainTextResponse("Too Many Requests", 429, {"Retry-After": str(int(wait) + 1)})
        if scope["method"] not in ("GET", "HEAD") and headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return PlainTextResponse("Forbidden", 403)
        return None
