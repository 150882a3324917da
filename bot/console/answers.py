"""`wenyue answers`: what was answered, when and where."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

import typer

from bot.console.terminal import failing_plainly, print_json, screen
from bot.wiring import NOTES, opened

JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON。")]


def answers(
    beginning: Annotated[str | None, typer.Argument(metavar="[ID]", help="编号，写开头几位就行；给了就只看这一个回答。")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="从什么时候起：30m、12h、2d、1w，或日期。")] = None,
    status: Annotated[
        Literal["answered", "not_covered", "out_of_scope", "clarify", "error"] | None,
        typer.Option("--status", metavar="STATUS", help="只看这种结果：answered、not_covered、out_of_scope、clarify、error。"),
    ] = None,
    place: Annotated[str | None, typer.Option("--chat", metavar="CHANNEL[:CHAT]", help="只看这个渠道，或其中这个会话。")] = None,
    contains: Annotated[str | None, typer.Option("--contains", metavar="TEXT", help="问题或回答里有这些字。")] = None,
    limit: Annotated[int, typer.Option("-n", min=1, max=10000, help="最多几个，从最近的起。")] = 20,
    as_json: JsonOption = False,
) -> None:
    """看答过的问题；写编号就看那一个回答的全部经过。"""
    from bot.console.records_view import moment, show_record, show_records
    from bot.records import RecordsError

    with failing_plainly(RecordsError):
        try:
            start = moment(since, datetime.datetime.now().astimezone()) if since else None
        except ValueError as error:
            NOTES.print(f"错误：{error}", style="red", markup=False, soft_wrap=True)
            raise typer.Exit(2) from error
        with opened() as wired:
            channel, _, chat = (place or "").partition(":")
            records = wired.records()
            if beginning is not None:
                found = [records.get(beginning)]
            else:
                found = records.listing(
                    since=start, status=status, channel=channel or None, chat=chat or None, contains=contains, limit=limit
                )
            if as_json:
                for record in found:
                    print_json(record.to_json())
                return
            names = {agreement.key: agreement.names[0] for agreement in wired.library.agreements}
            if beginning is not None:
                show_record(screen(), found[0], names)
            elif found:
                show_records(screen(), found, names)
            elif records.days:
                NOTES.print("没有这样的回答。")
            else:
                NOTES.print("没有保留任何回答：WENYUE_KEEP_DAYS 是 0。")
