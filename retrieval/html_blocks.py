"""The text of a page, piece by piece -> lines: white space collapsed as a browser does, a list's number before its first line."""

from __future__ import annotations

import re

from retrieval.line import Line, visible, width

_BREAK = "\x00"  # of a line, by <br> or within <pre>; HTML itself has no such character
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_HEADING_WIDTH = 40.0
_WIDE = r"[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]"
_WRAPPED = re.compile(rf"(?<={_WIDE})[ \t\r\f]*\n\s*(?={_WIDE})")  # between Chinese characters the end of a source line is nothing
_SPACE = re.compile(r"[ \t\r\n\f]+")
_TYPED = re.compile(
    r"[（(]?(?:\d{1,3}|[a-zA-Z]|[〇零一二三四五六七八九十百]{1,5})[）).．、]|\d{1,3}(?:[.．]\d{1,3})+|第[〇零一二三四五六七八九十百\d]{1,6}[条章节]"
)


class Blocks:
    """Collects text and makes lines of it. `flush` ends a block."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._pieces: list[str] = []
        self._prefix = ""
        self._bullet = False
        self._headings: list[int] = []  # those that are open, by how deep they are
        self._verbatim = self._gap = self._number = 0

    def begin(self, tag: str, marker: str | None, before: str) -> None:
        """An element begins; `marker` is what a list item shows, None for a bullet, `before` what style sheets put first."""
        if tag in _HEADINGS:
            self._headings.append(int(tag[1]))
        self._verbatim += tag == "pre"
        if tag == "li":
            self._prefix, self._bullet = marker or "", marker is None
        if before and self._pieces:
            self.text(before)
        elif before:
            self._prefix += before
        if tag == "q":
            self.text("“")

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in _HEADINGS and self._headings:
            self._headings.pop()
        self._verbatim -= tag == "pre"
        if tag == "li":
            self._prefix, self._bullet = "", False
        elif tag == "q":
            self.text("”")

    def text(self, text: str) -> None:
        """Text as it stands in the source."""
        text = text.replace(_BREAK, "")
        if text:
            self._pieces.append(text.replace("\n", _BREAK) if self._verbatim else text)

    def line_break(self) -> None:
        """<br>"""
        self._pieces.append(_BREAK)

    def row(self, cells: list[str]) -> None:
        """A row of a table."""
        if any(cells):
            self._add(" | ".join(cells), row=True)

    def flush(self) -> None:
        """The block ends: what was collected becomes lines."""
        raw, self._pieces = "".join(self._pieces), []
        if not raw.strip(f" \t\r\n\f{_BREAK}"):
            return
        begins = True
        for piece in _SPACE.sub(" ", _WRAPPED.sub("", raw)).split(_BREAK):
            text = visible(piece).strip()
            if not text:
                self._gap += 1
                begins = True
                continue
            bullet, prefix = self._bullet, self._prefix
            self._bullet, self._prefix = False, ""
            if prefix and _TYPED.match(text):
                prefix = ""  # the author typed the number, and a style sheet that is not at hand takes the list's away
            heading = bool(self._headings) and width(text) <= _HEADING_WIDTH and not re.search(r"[。；;！？]", text)
            self._add(f"{visible(prefix)}{text}".strip(), heading, bullet, begins=begins)
            begins = False

    def _add(self, text: str, heading: bool = False, bullet: bool = False, row: bool = False, begins: bool = False) -> None:
        self._number += 1
        depth = self._headings[-1] if heading else 0
        self.lines.append(Line(self._number, text, self._gap, heading, bullet, row, begins=begins, depth=depth))
        self._gap = 0
