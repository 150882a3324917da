"""What was read from one file: its lines, and what stands in the file but in no line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from retrieval.errors import UnreadableFile
from retrieval.line import Line

_NAMED = re.compile(
    r"《?([^《》。；，,;]{2,40}?(?:协议书?|合同书?|条款|规则|声明|政策|规范|章程|须知|办法|契约|承诺书|(?<!一般)规定|条例|细则|公约|守则|的解释|国[^。，；]{2,20}法"
    r"|Agreement|Contract|Terms|Policy|Terms of (?:Use|Service)))(?:》?|》?[（(][^（）()\d]{1,12}[）)])",
    re.I,
)
_NUMBERED = re.compile(r"第[一二三四五六七八九十百\d]+[条章节编]|[一二三四五六七八九十]{1,3}[、.．]|[（(]?\d{1,3}(?:[.．、）)]|\s+(?=\D))")
MAX_LINES = 200_000  # of one file; a text of two megabytes has some twenty thousand
_NEAR = 12  # a title stands among the first lines


@dataclass(frozen=True, slots=True)
class Apart:
    """Text of a file that is no part of the agreement's text, and why: `header`, `footer`, `page number`, `comment`, `deleted`,
    `hidden`, `contents`, `navigation` or `watermark`. `page` where the file has pages."""

    text: str
    reason: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A file as lines in reading order. `title` is what it seems to be called, empty where nothing says so; `warnings` are sentences
    for people about what could not be read with certainty; `apart` is what was kept out of the lines."""

    lines: tuple[Line, ...]
    title: str = ""
    warnings: tuple[str, ...] = ()
    apart: tuple[Apart, ...] = ()


def too_long(name: str) -> UnreadableFile:
    """What to say of a file with more than MAX_LINES."""
    return UnreadableFile(f"{name} 超过 {MAX_LINES // 10_000} 万行，不像一份协议；请确认文件，或拆分后再试")


def title_of(lines: Iterable[Line]) -> str:
    """The first of the first lines that reads as the name of an agreement; empty where none does."""
    for line, _ in zip(lines, range(_NEAR), strict=False):
        if not line.row and (found := _NAMED.fullmatch(line.text)) and not _NUMBERED.match(line.text):
            return found[1].strip()
    return ""
