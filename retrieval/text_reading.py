"""Text and Markdown -> lines, with the marks of Markdown taken off and remembered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from retrieval.document import MAX_LINES, Document, title_of, too_long
from retrieval.encodings import decoded
from retrieval.errors import UnreadableFile
from retrieval.line import Line, visible


def read_plain(data: bytes, name: str) -> Document:
    """A text or Markdown file. Raises UnreadableFile."""
    text = plain_text(data, name)
    if text.count("\n") + text.count("\r") > 2 * MAX_LINES:
        raise too_long(name)
    lines = lines_of(text)
    return Document(tuple(lines), title_of(lines))


def plain_text(data: bytes, name: str) -> str:
    """The text of a text file as it is. Raises UnreadableFile."""
    text = decoded(data, name)
    if not text.strip():
        raise UnreadableFile(f"{name} 是空的，没有可读的文字；请换一份有内容的文件")
    return text


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


def without_marks(lines: Sequence[Line]) -> list[Line]:
    """Lines of a file of another kind that was made from a Markdown text as it stood: without the marks, what they said remembered.

    As they are where fewer than three of them have marks: one star or bracket may be meant.
    """
    if sum(bool(_MARKED.search(line.text)) for line in lines) < 3:
        return list(lines)
    found: list[Line] = []
    for line in _whole_links(lines):
        plain = _line(line.number, line.text, line.gap)
        if plain is not None:
            heading, bullet, row = line.heading or plain.heading, line.bullet or plain.bullet, line.row or plain.row
            found.append(replace(line, text=plain.text, heading=heading, bullet=bullet, row=row, depth=line.depth or plain.depth))
    return found


def _whole_links(lines: Sequence[Line]) -> list[Line]:
    """Links that were broken where a page was wide enough, each in the line that it begins in."""
    found = list(lines)
    for at in range(len(found) - 1):
        text, rest = found[at].text, found[at + 1].text
        begun = text.rfind("[")
        link = _LINK.match(text[begun:] + rest) if begun >= 0 else None
        if link is not None and link.end() > len(text) - begun:
            found[at] = replace(found[at], text=text[:begun] + link[0])
            found[at + 1] = replace(found[at + 1], text=rest[link.end() - len(text) + begun :])
    return found


_MARKED = re.compile(r"\*\*[^*]+\*\*|^#{1,6}\s|\[[^\[\]]+\]\((?:https?:|#)|\\[.*_]")
_LINK = re.compile(r"\[([^\[\]]*)\]\((?:[^()\s]*)\)")
_AUTOLINK = re.compile(r"<(https?://[^<>\s]+)>")
_ESCAPE = re.compile(r"\\+([\\`*_{}\[\]()#+.!|~-])")
_EMPHASIS = re.compile(r"\*\*+|__+")
_TAG = re.compile(r"<!--[^<>]*-->|</?br\s*/?>", re.I)
_RULE = re.compile(r"={3,}|\*{3,}")


def _line(number: int, raw: str, gap: int) -> Line | None:
    text = _TAG.sub("", visible(raw))
    ends = text != text.rstrip()
    text = text.strip()
    if not text or _RULE.fullmatch(text) or _rules_a_table(text):
        return None
    heading = bullet = False
    depth = 0
    if mark := re.match(r"(#{1,6})\s+", text):
        heading, depth, text = True, len(mark[1]), text[mark.end() :]
    if mark := re.match(r"[-*+•·]\s+", text):
        bullet, text = True, text[mark.end() :]
    text = _EMPHASIS.sub("", _AUTOLINK.sub(r"\1", _LINK.sub(r"\1", text)))
    row = text.startswith("|") and text.endswith("|") and len(text) > 2
    text = _ESCAPE.sub(r"\1", text).strip()
    if row:
        text = " | ".join(cell.strip() for cell in text.strip("|").split("|"))
    return Line(number, text, gap, heading, bullet, row, ends, depth=depth) if text else None


def _rules_a_table(text: str) -> bool:
    """|---|:--:| or a line of dashes. No pattern: one that may begin anywhere needs hours for a long line that is none."""
    return "---" in text and all(char in "|:-" or char.isspace() for char in text)
