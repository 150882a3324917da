"""What is printed but belongs to no clause: page footers, link foot-notes, contents lists, stray lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.line import Line
from retrieval.page_breaks import page_breaks

_URL = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+")
_PAGE_NUMBER = re.compile(
    r"(?:.{0,60}\s)?(?:第\s*\d+\s*页?\s*[,，/]?\s*共\s*\d+\s*页|第\s*\d+\s*页|[Pp]age\s*\d+(?:\s*(?:of|/)\s*\d+)?|[-–—]\s*\d+\s*[-–—])"
)
_CJK_CHAR = re.compile(r"[\u4e00-\u9fff]")
_FOOTER_GAP = 2  # blank lines that set a footer apart where the body has fewer


@dataclass(frozen=True, slots=True)
class Furniture:
    """A line left out of every clause, and why: `title`, `link`, `page footer`, `page number`, `running head`, `contents` or
    `stray line`."""

    line: int
    text: str
    reason: str

    @property
    def breaks_page(self) -> bool:
        """Whether it stands between two lines of a text only because a page ends there."""
        return self.reason in ("page footer", "page number", "running head", "stray line")


def find_furniture(lines: Sequence[Line]) -> dict[int, Furniture]:
    """Furniture that can be told from single lines and their surroundings, by index in `lines`.

    Titles and contents lists need the clause numbers and are found while parsing.
    """
    found: dict[int, Furniture] = {}
    chinese = sum(bool(_CJK_CHAR.search(line.text)) for line in lines) * 2 > len(lines)
    for index, line in enumerate(lines):
        if _URL.fullmatch(line.text):
            found[index] = Furniture(line.number, line.text, "link")
        elif _PAGE_NUMBER.fullmatch(line.text):
            for at in _footer_block(lines, index):
                found[at] = Furniture(lines[at].number, lines[at].text, "page footer")
        elif chinese and 0 < index < len(lines) - 1 and re.fullmatch(r"[A-Za-z]{1,12}", line.text) and not line.heading:
            found[index] = Furniture(line.number, line.text, "stray line")
    for index, reason in page_breaks(lines).items():
        found.setdefault(index, Furniture(lines[index].number, lines[index].text, reason))
    return found


def _footer_block(lines: Sequence[Line], index: int) -> range:
    """The page number's line and the short lines printed with it, as far as a wider gap sets them apart."""
    first = index
    while first > 0 and lines[first].gap < _FOOTER_GAP and index - first < 3:
        before = lines[first - 1]
        if before.width > 30 or re.search(r"[。；：;:！？，]$", before.text):
            return range(index, index + 1)
        first -= 1
    return range(first, index + 1) if lines[first].gap >= _FOOTER_GAP else range(index, index + 1)
