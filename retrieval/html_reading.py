"""A web page -> lines: what a browser shows of it, in reading order; navigation and what is hidden apart."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree, html  # type: ignore[import-untyped]

from retrieval.document import MAX_LINES, Apart, Document, title_of, too_long
from retrieval.encodings import decoded
from retrieval.errors import UnreadableFile
from retrieval.html_blocks import Blocks
from retrieval.html_lists import Counters, Lists
from retrieval.html_parts import Parts, table_rows
from retrieval.html_styles import StyleSheets
from retrieval.line import Line
from retrieval.text_reading import without_marks

_MAX_DEPTH = 200
_MAX_ELEMENTS = 2 * MAX_LINES
_REPEATED = 40
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w-]{1,40})", re.I)
_CHINESE = ("gb2312", "gbk", "x-gbk", "gb_2312-80", "gb18030")
_LISTS = ("ol", "ul", "menu", "dir")
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4"
    " h5 h6 header hr html legend li main nav p pre section summary table tbody td tfoot th thead tr".split()
).union(_LISTS)
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def read_html(data: bytes, name: str) -> Document:
    """The document in a web page. Raises UnreadableFile."""
    root = _parsed(data, name)
    if sum(1 for _ in root.iter(etree.Element)) > _MAX_ELEMENTS:
        raise too_long(name)
    sheets = StyleSheets([style.text or "" for style in root.iter("style")])
    page = _Page(sheets, Parts(root))
    page.element(page.parts.main, 0)
    page.blocks.flush()
    lines = without_marks(page.blocks.lines)
    if not lines:
        raise UnreadableFile(f"{name} 里没有可见的文字，可能由脚本生成；请在浏览器中打开，把协议复制成文本或打印成 PDF 后再试")
    return Document(tuple(lines), _title(root, lines), (), tuple(page.apart))


def _parsed(data: bytes, name: str) -> Any:
    found = _DECLARED.search(data[:4096])
    declared = found[1].decode().lower() if found else ""
    text = decoded(data, name, "gb18030" if declared in _CHINESE else declared)
    if not text.strip():
        raise UnreadableFile(f"{name} 是空的，没有可读的文字；请换一份有内容的文件")
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=False)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise UnreadableFile(f"{name} 不是网页，或者已经损坏；请在浏览器中打开后另存一份再试") from error
    depth = deepest = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    # The parser leaves out what is nested deeper than it goes, and says so only in its log.
    if deepest > _MAX_DEPTH or any("Excessive depth" in entry.message for entry in parser.error_log):
        raise UnreadableFile(f"{name} 的内容嵌套太深，不像正常的网页；请在浏览器中打开，把协议复制成文本后再试")
    return root


class _Page:
    """Walks the elements of a page in their order and gives their text to the blocks."""

    def __init__(self, sheets: StyleSheets, parts: Parts) -> None:
        self.parts = parts
        self.blocks = Blocks()
        self.apart: list[Apart] = []
        self._sheets = sheets
        self._lists = Lists()
        self._counters = Counters(sheets)

    def element(self, element: Any, depth: int) -> None:
        """Read an element with everything in it; what follows it is its parent's."""
        said = self._sheets.of(element)
        if reason := self.parts.left_out(element, said):
            if reason != "script" and (text := " ".join("".join(element.itertext()).split())):
                self.apart.append(Apart(text, reason))
            return
        block = element.tag in _BLOCKS or said.get("display", "inline") in ("block", "list-item", "flex", "grid")
        if block:
            self.blocks.flush()
        before = self._counters.enter(element, said, depth)
        marker = self._lists.item(element, said) if element.tag == "li" else ""
        self.blocks.begin(element.tag, marker, before)
        if element.tag == "br":
            self.blocks.line_break()
        elif element.tag == "table" and (rows := table_rows(element)) is not None:
            self._table(rows, depth)
        else:
            self._inside(element, said, depth)
        if block:
            self.blocks.flush()
        self.blocks.end(element.tag)
        self._counters.leave(depth)

    def _inside(self, element: Any, said: dict[str, str], depth: int) -> None:
        opens = element.tag in _LISTS
        if opens:
            self._lists.open_list(element, said)
        text = element.text or ""
        if element.tag == "sup" and text.strip().isdecimal() and len(element) == 0:
            text = text.translate(_SUPERSCRIPTS)
        self.blocks.text(text)
        for child in element:
            if isinstance(child.tag, str):
                self.element(child, depth + 1)
            self.blocks.text(child.tail or "")
        if opens:
            self._lists.close_list()

    def _table(self, rows: list[list[Any]], depth: int) -> None:
        read: dict[Any, str] = {}  # a cell that stands in several rows is said again, unless it is long
        for row in rows:
            texts: list[str] = []
            for cell in row:
                if cell in read:
                    texts.append(read[cell] if len(read[cell]) <= _REPEATED else "")
                else:
                    outer, self.blocks = self.blocks, Blocks()
                    self.element(cell, depth + 2)
                    read[cell] = " ".join(line.text for line in self.blocks.lines)
                    self.blocks = outer
                    texts.append(read[cell])
            self.blocks.row(texts)


def _title(root: Any, lines: list[Line]) -> str:
    """What the page is called: a line that names an agreement, its first heading, or its title without the site's name."""
    if title := title_of(lines):
        return title
    heading = next(root.iter("h1"), None)
    if heading is not None and (text := " ".join("".join(heading.itertext()).split())):
        return text
    title = " ".join((root.findtext("head/title") or "").split())
    return re.split(r"\s*[|_–—]\s*|\s+-\s+", title)[0] if title else ""
