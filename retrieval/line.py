"""One printed line of an agreement, whatever kind of file it was read from."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line: its text without markup, and what the markup and the layout said.

    `number` counts from 1: the lines of a text, the paragraphs and table rows of a document, the printed lines of a page; `page`
    is the page it stands on, from 1, where the file has pages. `gap` is the number of blank lines before it; `heading` marks a
    heading of Markdown, HTML, Word or of larger type, `depth` how deep that is (1: outermost) where the file says so, `bullet` a list mark, `row` a table row; `begins` that the file itself says
    that a paragraph begins here; `ends` that white space followed the last character, which extraction from PDF leaves at the end
    of a paragraph, or that the layout says so.
    """

    number: int
    text: str
    gap: int
    heading: bool = False
    bullet: bool = False
    row: bool = False
    ends: bool = False
    begins: bool = False
    page: int | None = None
    depth: int = 0

    @property
    def width(self) -> float:
        """Width in full-width characters: a Latin letter counts half."""
        return width(self.text)


def width(text: str) -> float:
    """Width in full-width characters: a Latin letter counts half."""
    return sum(1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.5 for char in text)


def visible(raw: str) -> str:
    """A piece of text without control and format characters, which nobody sees; a tab and a no-break space are spaces."""
    if raw.isprintable():
        return raw
    return "".join(char for char in raw.replace("\u00a0", " ") if char == "\t" or unicodedata.category(char)[0] != "C")
