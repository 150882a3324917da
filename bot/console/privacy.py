"""`wenyue purge`, `wenyue export` and `wenyue key`: what is kept of people, deleted, told and sealed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console.terminal import failed, failing_plainly
from bot.settings import Settings, load_settings
from bot.wiring import NOTES, make_home, tell

if TYPE_CHECKING:
    from bot.privacy.whose import Whose

_CHANNELS = ("telegram", "wecom", "web", "terminal")

UserOption = Annotated[str | None, typer.Option("--user", metavar="CHANNEL:ID", help="这个人，例如 telegram:123456、wecom:zhangsan。")]
ChatOption = Annotated[str | None, typer.Option("--chat", metavar="CHANNEL:CHAT", help="这个会话，例如 telegram:-100123。")]


def purge(
    user: UserOption = None,
    chat: ChatOption = None,
    everything: Annotated[bool, typer.Option("--all", help="所有人的，加上添加的协议、索引和模型写的问题。")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="不再问，直接删。")] = False,
) -> None:
    """删除记下的：一个人的、一个会话的，或全部。"""
    from bot.privacy.purge import Purge

    with failing_plainly():
        if sum((user is not None, chat is not None, everything)) != 1:
            raise failed("请写 --user、--chat、--all 中的一个", 2)
        whose = None if everything else _whose(user, chat)
        settings = _brought_up()
        purging = Purge(settings.database, settings.home)
        _show(purging.counts(whose))
        if not yes and not _agreed():
            raise failed("没有删除任何东西")
        if left := purging.run(whose):
            raise failed(left)
        tell("删除了。")


def export(
    user: UserOption = None,
    chat: ChatOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="写进这个文件；不写就显示出来。")] = None,
) -> None:
    """导出记下的一个人或一个会话的全部内容，JSON。"""
    from bot.privacy.export import export as exported
    from bot.privacy.keeping import Keeping

    with failing_plainly():
        if (user is None) == (chat is None):
            raise failed("请写 --user 或 --chat 中的一个", 2)
        whose = _whose(user, chat)
        settings = _brought_up()
        with closing(Keeping(settings.database, settings.keep_days)) as keeping:
            text = json.dumps(exported(keeping, whose), ensure_ascii=False, indent=2) + "\n"
        if out is None:
            sys.stdout.write(text)
            return
        try:
            with os.fdopen(os.open(out, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise failed(f"写不了 {out}（{error.strerror}）") from error
        tell(f"写进了 {out}，只有您能读。")


def key(
    rotate: Annotated[bool, typer.Option("--rotate", help="把数据库里的话都换成用第一把钥匙加密；中断后再运行会接着做。")] = False,
) -> None:
    """做一把给存下的话加密的钥匙，写进 WENYUE_KEY 或 WENYUE_KEY_FILE 指的文件。"""
    from bot.privacy.keys import keys_of, new_key

    with failing_plainly():
        if not rotate:
            sys.stdout.write(new_key() + "\n")
            return
        from bot.privacy.rotation import rotate as rotated

        settings = load_settings()
        if not keys_of(settings.database):
            raise failed("没有设置 WENYUE_KEY 或 WENYUE_KEY_FILE；请先用 wenyue key 做一把钥匙，换钥匙时新的写在前、旧的写在后")
        _brought_up()
        tell(f"重新加密了 {rotated(settings.database)} 行；现在只用第一把钥匙就能读。")


def _whose(user: str | None, chat: str | None) -> Whose:
    """Whom an option names. Raises typer.Exit for what names nobody."""
    from bot.privacy.whose import Whose

    channel, colon, id_ = (user if user is not None else chat or "").partition(":")
    if channel not in _CHANNELS or not colon or not id_:
        raise failed(f"要写成 渠道:编号，渠道是 {'、'.join(_CHANNELS)} 之一，例如 telegram:123456；不是 {user or chat!r}", 2)
    return Whose(channel, user=id_) if user is not None else Whose(channel, chat=id_)


def _brought_up() -> Settings:
    from bot.storage.upgrade import bring_up

    settings = load_settings()
    make_home(settings)
    bring_up(settings.database, tell)
    return settings


def _show(counts: Mapping[str, int]) -> None:
    from rich.table import Table

    table = Table(title="将要删除", title_justify="left", header_style="bold")
    table.add_column("什么")
    table.add_column("多少", justify="right")
    for called, count in counts.items():
        if count:
            table.add_row(called, str(count))
    if table.row_count:
        NOTES.print(table)
    else:
        NOTES.print("没有记下什么；仍会把删过的痕迹从文件里清掉。")


def _agreed() -> bool:
    """Whether somebody at a terminal says yes; nobody else is asked."""
    if not sys.stdin.isatty():
        NOTES.print("要删除请加 --yes。")
        return False
    return NOTES.input("删了就找不回来。要删除请输入 yes：").strip().lower() == "yes"
