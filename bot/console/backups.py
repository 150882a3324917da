"""`wenyue backup` and `wenyue restore`: everything that is kept, in one file."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.console.terminal import failed, failing_plainly
from bot.settings import Settings, load_settings
from bot.wiring import NOTES, make_home, progress_bar, tell

_NAMES = {"agreement": "份协议", "agreement_version": "个版本", "answer": "个回答", "vote": "个评价", "enriched": "份写好的问题"}


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="写进这个文件；是文件夹，就在里面按时间起名。")],
    keep: Annotated[int | None, typer.Option("--keep", metavar="N", min=1, help="FILE 是文件夹：写好后只留最近 N 份。")] = None,
    force: Annotated[bool, typer.Option("--force", help="文件已经有了就覆盖。")] = False,
) -> None:
    """备份数据库和写好的问题；机器人可以一直运行。"""
    from bot.storage.backup import back_up, name_of, rotate
    from bot.storage.upgrade import bring_up

    with failing_plainly():
        settings = load_settings()
        _there(settings)
        bring_up(settings.database, tell)
        if keep is not None:
            _make(file)
        path = file / name_of(datetime.datetime.now().astimezone()) if file.is_dir() else file
        with progress_bar() as progress:
            rows = back_up(settings.database, settings.enriched, path, replace=force, progress=progress)
        tell(f"备份好了：{path}（{rows} 行，{path.stat().st_size} 字节）")
        if keep is not None and (removed := rotate(file, keep)):
            tell(f"删掉了 {len(removed)} 份旧的备份。")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    replace: Annotated[bool, typer.Option("--replace", help="数据库里已经有内容时，用备份替换它。")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="替换之前不再问。")] = False,
) -> None:
    """从备份恢复；先停下机器人。"""
    from contextlib import closing

    from bot.storage.backup_file import BackupFile
    from bot.storage.restore import contents
    from bot.storage.restore import restore as put_back

    with failing_plainly():
        settings = load_settings()
        make_home(settings)
        with closing(BackupFile(file)) as found:
            there = contents(settings.database, settings.enriched)
            if there and not replace:
                raise failed(f"数据库里已经有内容（{_told(there)}）；要用备份替换它，请加 --replace")
            if there and not yes and not _agreed(f"现有的内容（{_told(there)}）会全部换成备份里的，没有办法撤回。继续吗？"):
                raise failed("没有恢复，什么也没有改动")
            with progress_bar() as progress:
                rows = put_back(found, settings.database, settings.enriched, replace=replace, progress=progress)
            tell(f"恢复好了：{rows} 行，备份于 {found.manifest['made_at']}；索引会在下次提问时自动建立。")


def _there(settings: Settings) -> None:
    """Raises StorageError where there is no database yet."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    from retrieval.errors import StorageError

    if settings.database.startswith("sqlite"):
        try:
            path = make_url(settings.database).database
        except ArgumentError:
            return  # who opens it says what is wrong
        if not path or not Path(path).exists():
            raise StorageError(f"还没有数据库 {path}，没有什么可备份的")


def _make(folder: Path) -> None:
    """Raises StorageError."""
    from retrieval.errors import StorageError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"不能建立备份的文件夹 {folder}（{error.strerror}）；--keep 要的是一个文件夹") from error


def _told(there: dict[str, int]) -> str:
    named = [f"{there[name]} {unit}" for name, unit in _NAMES.items() if name in there]
    return "、".join(named) or f"{sum(there.values())} 行"


def _agreed(question: str) -> bool:
    try:
        return NOTES.input(f"{question} [y/N] ", markup=False).strip().lower() in ("y", "yes", "是")
    except EOFError:
        return False
