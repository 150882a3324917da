"""Where other machines call: WeCom's callback and Telegram's webhook, each only where its channel is run in this process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

WecomCallback = Callable[[Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""Takes the query and the body, which is empty where the address is verified; gives the status and the body of the response."""

TelegramWebhook = Callable[[str, bytes], Awaitable[int]]
"""Takes the header X-Telegram-Bot-Api-Secret-Token and the body; gives the status of the response."""


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of this process. `running` is entered when the server starts and left when it stops."""

    wecom: WecomCallback | None = None
    telegram: TelegramWebhook | None = None
    running: AbstractAsyncContextManager[object] | None = None


def channels_of(channels: Channels) -> APIRouter:
    """The routes of the channels that there are."""
    routes = APIRouter(include_in_schema=False)
    wecom, telegram = channels.wecom, channels.telegram
    if wecom is not None:

        @routes.api_route("/wecom/callback", methods=["GET", "POST"])
        async def called(request: Request) -> Response:
            status, body = await wecom(request.query_params, await request.body())
            return Response(body, status, media_type="text/plain; charset=utf-8")

    if telegram is not None:

        @routes.post("/telegram/webhook")
        async def updated(request: Request) -> Response:
            return Response(status_code=await telegram(request.headers.get("x-telegram-bot-api-secret-token", ""), await request.body()))

    return routes
