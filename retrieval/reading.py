"""An agreement's file -> its lines, with the marks of Markdown taken off and remembered. Knows nothing of clauses."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import UnreadableFile

MAX_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line: its text without markup, and what the markup and the layout said.

    `number` counts from 1 in the file; `gap` is the number of blank lines before it; `heading` marks a Markdown
    heading, `bullet` a list mark, `row` a table row; `ends` that white space followed the last character, which
    extraction from PDF leaves at the end of a paragraph.
    """

    number: int
    text: str
    gap: int
    heading: bool = False
    bullet: bool = False
    row: bool = False
    ends: bool = False

    @property
    def width(self) -> float:
        """Width in full-width characters: a Latin letter counts half."""
        return sum(1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.5 for char in self.text)


def read(path: Path) -> list[Line]:
    """The lines of a text or Markdown file. Raises UnreadableFile."""
    return lines_of(read_text(path))


def read_text(path: Path) -> str:
    """The text of a file in UTF-8 (with or without mark), UTF-16 with mark, or GB18030. Raises UnreadableFile."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableFile(f"{path} is larger than {MAX_BYTES // 1024 // 1024} MB; an agreement is not that long")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"cannot read {path}: {error.strerror or error}") from error
    encodings = ["utf-16"] if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        if not text.strip():
            raise UnreadableFile(f"{path} is empty")
        return text
    raise UnreadableFile(f"{path} is not a text file (UTF-8, UTF-16 or GB18030)")


def lines_of(text: str) -> list[Line]:
    """Printed lines of a text, blank ones counted as gaps."""
    lines: list[Line] = []
    gap = 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _line(number, raw, gap)
        if line is None:
            gap += 1
        else:
            lines.append(line)
            gap = 0
    return lines


_LINK = re.compile(r"\[([^\[\]]*)\]\((?:[^()\s]*)\)")
_AUTOLINK = re.compile(r"<(https?://[^<>\s]+)>")
_ESCAPE = re.compile(r"\\+([\\`*_{}\[\]()#+.!|~-])")
_EMPHASIS = re.compile(r"\*\*+|__+")
_RULE = re.compile(r"\|?[\s:|-]*-{3,}[\s:|-]*\|?|={3,}|\*{3,}")


def _line(number: int, raw: str, gap: int) -> Line | None:
    text = "".join(char for char in raw.replace("\u00a0", " ") if char == "\t" or unicodedata.category(char)[0] != "C")
    ends = text != text.rstrip()
    text = text.strip()
    if not text or _RULE.fullmatch(text):
        return None
    heading = bullet = False
    if mark := re.match(r"#{1,6}\s+", text):
        heading, text = True, text[mark.end() :]
    if mark := re.match(r"[-*+•·]\s+", text):
        bullet, text = True, text[mark.end() :]
    text = _EMPHASIS.sub("", _AUTOLINK.sub(r"\1", _LINK.sub(r"\1", text)))
    row = text.startswith("|") and text.endswith("|") and len(text) > 2
    text = _ESCAPE.sub(r"\1", text).strip()
    if row:
        text = " | ".join(cell.strip() for cell in text.strip("|").split("|"))
    return Line(number, text, gap, heading, bullet, row, ends) if text else None
