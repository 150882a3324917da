"""An agreement's file -> its lines, whatever kind of file it is. Knows nothing of clauses.

The one entry to every reader. A reader is imported when a file of its kind is read: most of them are slow to import.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from retrieval.document import Apart, Document
from retrieval.errors import UnreadableFile
from retrieval.file_kind import SUFFIXES, FileKind, kind_of
from retrieval.line import Line
from retrieval.text_reading import lines_of, plain_text, read_plain

__all__ = ["MAX_BYTES", "MAX_TEXT_BYTES", "SUFFIXES", "Apart", "Document", "Line", "lines_of", "read", "read_bytes", "read_text"]

MAX_BYTES = 100 * 1024 * 1024  # of a file with pictures in it
MAX_TEXT_BYTES = 20 * 1024 * 1024


def _nobody(_message: str) -> None: ...


def read(path: Path, tell: Callable[[str], None] = _nobody) -> Document:
    """The document in a file. Raises UnreadableFile, whose message is one sentence for people: what, which file, what to do.

    `tell` is told how far it is with a file that takes its time.
    """
    return read_bytes(str(path), _bytes_of(path, MAX_BYTES), tell)


def read_bytes(name: str, data: bytes, tell: Callable[[str], None] = _nobody) -> Document:
    """The document in a file that came otherwise than from a folder; `name` says what it is called. Raises UnreadableFile.

    The kind is told from the content, which must agree with the name's ending where that says anything.
    """
    if len(data) > MAX_BYTES:
        raise _too_large(name, MAX_BYTES)
    kind = kind_of(name, data)
    if kind in (FileKind.TEXT, FileKind.HTML) and len(data) > MAX_TEXT_BYTES:
        raise _too_large(name, MAX_TEXT_BYTES)
    if kind is FileKind.DOCX:
        from retrieval.docx_reading import read_docx

        return read_docx(data, name)
    if kind is FileKind.HTML:
        from retrieval.html_reading import read_html

        return read_html(data, name)
    if kind is FileKind.PDF or kind is FileKind.IMAGE:
        from retrieval.page_reading import read_pages

        return read_pages(data, name, kind, tell)
    return read_plain(data, name)


def read_text(path: Path) -> str:
    """The text of a text file in UTF-8 (with or without mark), UTF-16 with mark, or GB18030, as it is. Raises UnreadableFile."""
    return plain_text(_bytes_of(path, MAX_TEXT_BYTES), str(path))


def _bytes_of(path: Path, limit: int) -> bytes:
    """Raises UnreadableFile; one that is too large is not read at all."""
    try:
        if path.is_dir():
            raise UnreadableFile(f"{path} 是文件夹；请给出其中的一个文件")
        if path.stat().st_size > limit:
            raise _too_large(str(path), limit)
        with path.open("rb") as file:
            data = file.read(limit + 1)  # what stat says need not be so
    except FileNotFoundError as error:
        raise UnreadableFile(f"找不到文件 {path}；请检查路径") from error
    except OSError as error:
        raise UnreadableFile(f"读不了文件 {path}（{error.strerror or error}）；请检查权限和磁盘") from error
    if len(data) > limit:
        raise _too_large(str(path), limit)
    return data


def _too_large(name: str, limit: int) -> UnreadableFile:
    return UnreadableFile(f"{name} 超过 {limit // 1024 // 1024} MB，一份协议没有这么大；请确认文件，或拆分后再试")
