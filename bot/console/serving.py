"""What runs until it is told to stop: `wenyue telegram`, `wecom` and `serve`."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from bot.console.terminal import failing_plainly
from bot.wiring import opened


def serve(
    host: Annotated[
        str, typer.Option("--host", metavar="HOST", help="在哪个地址上；别的机器也能访问的，要先设 WENYUE_SERVE_TOKEN。")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="端口；0 是任选一个空着的。")] = 8080,
) -> None:
    """网页、接口与回调，直到被停下。"""
    from bot.channel_wiring import called_of, log_discreetly
    from bot.settings import load_settings
    from bot.standing import Standing
    from bot.web.wiring import check
    from bot.web.wiring import serve as serve_rooms

    with failing_plainly():
        check(load_settings(), host)  # before anything is opened
        with opened() as wired, closing(Standing(wired)) as standing:
            log_discreetly()
            serve_rooms(wired, standing, host, port, called_of(wired, standing))


def telegram() -> None:
    """在 Telegram 里回答问题，直到被停下。"""
    from bot.channel_wiring import line_of, log_discreetly, telegram_of
    from bot.standing import Standing
    from bot.telegram.channel import TelegramUnusable

    with failing_plainly(TelegramUnusable), opened() as wired:
        line = line_of(wired.settings)  # before the index is opened
        with closing(Standing(wired)) as standing:
            log_discreetly()
            telegram_of(wired, standing, line).run()


def wecom() -> None:
    """在企业微信群里回答问题（智能机器人，长连接），直到被停下。"""
    from bot.channel_wiring import account_of, log_discreetly, wecom_of
    from bot.standing import Standing
    from bot.wecom.errors import WecomUnusable

    with failing_plainly(WecomUnusable), opened() as wired:
        account = account_of(wired.settings)  # before the index is opened
        with closing(Standing(wired)) as standing:
            log_discreetly()
            wecom_of(wired, standing, account).run()
