"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from starlette.responses import StreamingResponse

_BEAT = 15.0  # seconds of silence after which a comment is sent, so that proxies keep the connection


def event(name: str, data: dict[str, Any]) -> str:
    """An event with JSON in it."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def stream(events: AsyncGenerator[str]) -> StreamingResponse:
    """The response that sends events as they come. Whoever leaves early closes them."""
    return StreamingResponse(_beating(events), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _beating(events: AsyncGenerator[str]) -> AsyncGenerator[str]:
    async with aclosing(events):
        coming: asyncio.Task[str] | None = None
        try:
            while True:
                coming = coming or asyncio.create_task(_next(events))
                done, _ = await asyncio.wait({coming}, timeout=_BEAT)
                if not done:
                    yield ":\n\n"
                    continue
                try:
                    said = coming.result()
                except StopAsyncIteration:
                    return
                finally:
                    coming = None
                yield said
        finally:
            if coming is not None:
                coming.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await coming


async def _next(events: AsyncGenerator[str]) -> str:
    return await anext(events)
