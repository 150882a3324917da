"""The page, the API and the callbacks of the channels as one ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from bot.web.agreement_pages import agreement_pages_of
from bot.web.api import api_of
from bot.web.ask_pages import ask_pages_of
from bot.web.channels import Channels, channels_of
from bot.web.clients import Clients
from bot.web.door import Door
from bot.web.house import House, Limits, Rooms
from bot.web.login import login_of
from bot.web.metrics import CONTENT_TYPE
from bot.web.refusals import Refused, refuse_plainly
from bot.web.review_pages import review_pages_of
from bot.web.security import Security
from bot.web.version_pages import version_pages_of
from retrieval.errors import RetrievalError

# FastAPI would hand what people ask to OpenTelemetry as soon as the environment names a collector.
_SILENT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}
_LOOPBACK = ("127.0.0.1", "::1")
_RENEWING = 60.0  # seconds between two looks for what is new in the library
_log = logging.getLogger(__name__)


def make_app(
    rooms: Rooms, door: Door, limits: Limits | None = None, *, proxies: Sequence[str] = _LOOPBACK, channels: Channels | None = None
) -> ASGIApp:
    """The application. `proxies` are the addresses and networks of the reverse proxies that are believed."""
    house = House(rooms, door, limits or Limits())
    channels = channels or Channels()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(run_in_threadpool, house.asking.close)
            renewing = asyncio.create_task(_renew(rooms))
            stack.callback(renewing.cancel)
            if channels.running is not None:
                await stack.enter_async_context(channels.running)
            yield

    app = FastAPI(
        title="问约 WenYue", version=version("wenyue"), lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None, telemetry=_SILENT,
        description="Answers questions about agreements; every statement carries the clauses it rests on, checked by code.",
    )  # fmt: skip
    refuse_plainly(app, house)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        return JSONResponse({"status": "ok"})

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        unready, degraded = list(await run_in_threadpool(rooms.unready)), list(rooms.degraded())
        told = {"status": "unready" if unready else "ready", "unready": unready, "degraded": degraded}
        return JSONResponse(told, 503 if unready else 200)

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        if not door.admits_client(request):
            raise Refused(401, headers={"WWW-Authenticate": "Bearer"})
        return Response(house.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    @app.get("/api/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> Response:
        if not door.admits_client(request):
            raise Refused(401, headers={"WWW-Authenticate": "Bearer"})
        return JSONResponse(app.openapi())

    for routes in (
        api_of(house),
        ask_pages_of(house),
        agreement_pages_of(house),
        version_pages_of(house),
        review_pages_of(house),
        login_of(house),
        channels_of(channels),
    ):
        app.include_router(routes)
    app.add_middleware(GZipMiddleware)
    return Clients(Security(app, house.requests), proxies)


async def _renew(rooms: Rooms) -> None:
    """Move on with the library, once a minute."""
    while True:
        await asyncio.sleep(_RENEWING)
        try:
            await run_in_threadpool(rooms.renew)
            await run_in_threadpool(rooms.keeping.expire_hourly)
        except RetrievalError as error:
            _log.error("what is new in the library cannot be shown: %s", error)
