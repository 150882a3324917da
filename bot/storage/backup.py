"""Writing a backup: everything that is kept, as it was at one moment, into a file that only its owner can read."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from datetime import UTC
from pathlib import Path

from bot.database import transactional
from bot.storage.backup_file import BackupWriter
from bot.storage.portable import count, dumped, reflected
from bot.storage.schema import metadata
from retrieval.errors import StorageError
from retrieval.tables import usable

_NAME = re.compile(r"wenyue-\d{8}-\d{6}\.zip")
_ASIDE = ".writing"
_STALE = datetime.timedelta(days=1)
_QUESTIONS = "*.questions.jsonl"

Progress = Callable[[str, int, int], None]


def back_up(url: str, enriched: Path, path: Path, *, replace: bool, progress: Progress) -> int:
    """Write a backup of a database and of the folder of written questions. Returns how many rows that were.

    Bots may go on writing meanwhile. The file is written aside and put in its place when it is whole; unless `replace`, none may be there.
    Raises StorageError, nothing being left behind.
    """
    if path.exists() and not replace:
        raise StorageError(f"{path} 已经有了；请另起一个名字，或用 --force 覆盖它")
    aside = path.with_name(f".{path.name}.{os.getpid()}{_ASIDE}")
    try:
        with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            writer = BackupWriter(file, datetime.datetime.now(UTC).isoformat(timespec="seconds"), url.partition(":")[0].partition("+")[0])
            try:
                rows = _write_rows(url, writer, progress)
                for questions in sorted(enriched.glob(_QUESTIONS)):
                    writer.add_questions(questions)
                writer.close()
            finally:
                writer.abandon()
            file.flush()
            os.fsync(file.fileno())
        _put(aside, path, replace=replace)
    except OSError as error:
        raise StorageError(f"写不了备份 {path}（{error.strerror or error}）；请检查目录与磁盘空间") from error
    finally:
        aside.unlink(missing_ok=True)
    return rows


def name_of(moment: datetime.datetime) -> str:
    """What a backup of a moment is called in a folder of them: names sort as moments do."""
    return f"wenyue-{moment.astimezone(UTC):%Y%m%d-%H%M%S}.zip"


def rotate(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest backups of a folder, and what was left half written. Returns the backups that were removed."""
    found = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    old = found[:-keep]
    long_ago = (datetime.datetime.now(UTC) - _STALE).timestamp()
    left = [path for path in folder.glob(f".wenyue-*{_ASIDE}") if path.stat().st_mtime < long_ago]
    try:
        for path in (*old, *left):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"备份写好了，但删不掉旧的 {error.filename}（{error.strerror}）") from error
    return old


def _write_rows(url: str, writer: BackupWriter, progress: Progress) -> int:
    """All rows of one moment."""
    engine = transactional(url, writes=False)
    with usable(engine), engine.begin() as connection:
        tables = reflected(connection, metadata().tables)
        total, done = sum(count(connection, table) for table in tables), 0
        for table in tables:
            with closing(_counted(dumped(connection, table), done, total, progress)) as lines:
                writer.add_rows(table.name, lines)
            done += count(connection, table)
    return total


def _counted(lines: Iterable[bytes], done: int, total: int, progress: Progress) -> Generator[bytes]:
    for at, line in enumerate(lines, done + 1):
        if at % 100 == 0 or at == total:
            progress("备份", at, total)
        yield line


def _put(aside: Path, path: Path, *, replace: bool) -> None:
    """Let the file stand under its name. Raises StorageError where another one does by now."""
    if replace:
        aside.replace(path)
        return
    try:
        path.hardlink_to(aside)
    except FileExistsError as error:
        raise StorageError(f"{path} 已经有了；请另起一个名字，或用 --force 覆盖它") from error
    except OSError:  # a file system without links
        aside.replace(path)
