"""A PDF or a picture -> lines: its pages are read in a process of its own, within bounds of memory and time, and put together.

The libraries that read PDFs are written in C++ and may be used by one thread only; a file made to break them, or to take all there
is, takes down a process that does nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

from retrieval.document import Apart, Document, title_of
from retrieval.errors import UnreadableFile
from retrieval.file_kind import FileKind
from retrieval.ocr_reading import HINT
from retrieval.page import Page, Printed
from retrieval.page_furniture import find_page_furniture
from retrieval.page_layout import lines_of_pages
from retrieval.text_reading import without_marks

STALL_SECONDS = 300.0  # without another page; one takes a fiftieth of a second to read, and some five to recognise
_SURE = 0.8  # of a recognised line; below it a person should look


def read_pages(data: bytes, name: str, kind: FileKind, tell: Callable[[str], None]) -> Document:
    """The document in a PDF or a picture. `tell` is told how far it is. Raises UnreadableFile."""
    pages: list[Page] = []
    for count, page in _pages(data, name, kind):
        pages.append(page)
        if page.recognised or page.number % 100 == 0:
            tell(f"{name}：第 {page.number} 页，共 {count} 页")
    furniture = find_page_furniture(pages)
    apart = [Apart(pages[number - 1].lines[at].text, reason, number) for (number, at), reason in sorted(furniture.items())]
    apart += [Apart(text, "watermark", page.number) for page in pages for text in page.apart]
    printed, title = lines_of_pages(pages, furniture)
    lines = without_marks(printed)
    if not lines:
        scanned = any(page.problem == "scanned" for page in pages)
        raise UnreadableFile(f"{name} 是扫描件，没有文字层；{HINT}" if scanned else f"{name} 里没有文字；请换一份有内容的文件")
    return Document(tuple(lines), title or title_of(lines), tuple(warnings_of(pages)), tuple(apart))


def _pages(data: bytes, name: str, kind: FileKind) -> Iterator[tuple[int, Page]]:
    """How many pages there are, and each of them, as the other process reads them."""
    try:
        for message in _messages(data, name, kind):
            if "refused" in message:
                raise UnreadableFile(message["refused"])
            if "done" in message:
                return
            yield message["count"], _page(message["page"])
    except (Empty, OSError, ValueError, KeyError, TypeError) as error:
        raise _failed(name) from error
    raise _failed(name)


def _messages(data: bytes, name: str, kind: FileKind) -> Iterator[dict[str, Any]]:
    """What the other process says, until it ends. Raises Empty where it falls silent, OSError where it cannot be had."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "retrieval.page_process", kind.name, name]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment) as process:  # noqa: S603
        assert process.stdin is not None
        assert process.stdout is not None
        said: Queue[bytes] = Queue()
        Thread(target=_listen, args=(process.stdout, said), daemon=True).start()
        try:
            process.stdin.write(data)
            process.stdin.close()
            while line := said.get(timeout=STALL_SECONDS):
                yield json.loads(line)
        finally:
            process.kill()


def _listen(stream: IO[bytes], said: Queue[bytes]) -> None:
    """Pass on what the other process says, line by line; the empty line after the last."""
    with suppress(OSError, ValueError):
        for line in stream:
            said.put(line)
    said.put(b"")


def _page(entry: dict[str, object]) -> Page:
    lines = tuple(Printed(*line) for line in entry.pop("lines"))  # type: ignore[attr-defined]
    return Page(lines=lines, **{name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()})  # type: ignore[arg-type]


def _failed(name: str) -> UnreadableFile:
    return UnreadableFile(f"{name} 读到一半读不下去，文件可能损坏，或占用的内存、时间超出上限；请用阅读器打开后“打印”成新的 PDF 再试")


def warnings_of(pages: Sequence[Page]) -> Iterator[str]:
    """What people should know of how the pages were read."""
    if unread := [page.number for page in pages if page.problem == "scanned"]:
        yield f"{_listed(unread)}是扫描图，没有文字层，未读入；{HINT}"
    if layers := [page.number for page in pages if page.problem == "layer"]:
        yield f"{_listed(layers)}是扫描图，文字来自文件自带的识别结果；请对照原件核对"
    if recognised := [page.number for page in pages if page.recognised]:
        scores = [score for page in pages for score in page.recognised]
        unsure = [page.number for page in pages if any(score < _SURE for score in page.recognised)]
        where = f"，{_listed(unsure)}有 {sum(score < _SURE for score in scores)} 行低于 {_SURE:.0%}" if unsure else ""
        yield f"{_listed(recognised)}由文字识别读入，平均把握 {sum(scores) / len(scores):.0%}{where}；请对照原件核对"


def _listed(numbers: Sequence[int]) -> str:
    """1, 2, 3, 7 -> 第 1–3、7 页"""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return f"第 {'、'.join(str(a) if a == b else f'{a}–{b}' for a, b in spans)} 页"
