"""The five shipped agreements as Word documents, a web page and PDFs: each gives the clause tree of its text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import docx
import pytest

from retrieval.catalog import load_catalog
from retrieval.clause import Clause, Kind
from retrieval.line import width
from retrieval.numbering import cjk_value
from retrieval.parsing import parse
from retrieval.reading import Line, read, read_bytes
from tests.retrieval.docx_file import level as level_of
from tests.retrieval.docx_file import numbering, paragraph, saved, with_parts
from tests.retrieval.pdf_file import PdfPage, pdf

_AGREEMENTS = Path(__file__).parents[2] / "agreements"
_KEYS = ("qidian", "wework", "lexiang", "archive", "weka")
_TITLES = {agreement.key: agreement.title for agreement in load_catalog(_AGREEMENTS / "catalog.toml")}


def _tree(key: str, lines: Sequence[Line]) -> list[Clause]:
    return list(parse(lines, agreement=key, title=_TITLES[key]).clauses)


@cache
def _clauses(key: str) -> tuple[Clause, ...]:
    return tuple(_tree(key, read(_AGREEMENTS / f"{key}.txt").lines))


@dataclass
class _Part:
    """A paragraph as it is printed: its number, apart from its text, or the rows of a table."""

    number: str
    text: str
    rows: tuple[str, ...] = ()
    annex: bool = False

    @property
    def printed(self) -> str:
        if re.fullmatch(r"[一二三四五六七八九十]+", self.number):
            return f"{self.number}、{self.text}"
        if re.fullmatch(r"\d+", self.number):
            return f"{self.number}. {self.text}"
        return f"{self.number} {self.text}" if re.fullmatch(r"第.+条|[\d.]+", self.number) else self.number + self.text


def _parts(key: str) -> Iterator[_Part]:
    """An agreement as somebody would type it from its clauses."""
    for clause in _clauses(key):
        texts = clause.text.split("\n") if clause.text else []
        if clause.kind is Kind.TABLE:
            yield _Part("", "", tuple(texts))
            continue
        if clause.kind is Kind.ANNEX:
            yield _Part("", f"{clause.number}：{clause.heading}" if clause.heading else clause.number, annex=True)
        elif clause.kind in (Kind.PREAMBLE, Kind.CLOSING):
            texts = [clause.heading, *texts] if clause.heading else texts
        elif clause.heading:
            yield _Part(clause.number, clause.heading)
        else:
            yield _Part(clause.number, texts.pop(0) if texts else "")
        for text in texts:
            yield _Part("", text)


def _same(key: str, lines: Sequence[Line]) -> bool:
    """Whether lines give the tree of the text, white space aside."""

    def plain(clauses: Sequence[Clause]) -> list[tuple[str, ...]]:
        return [
            (
                clause.id,
                clause.number,
                clause.kind,
                clause.parent or "",
                *(re.sub(r"\s", "", text) for text in (clause.heading, clause.text)),
            )
            for clause in clauses
        ]

    assert plain(_tree(key, lines)) == plain(_clauses(key))
    return True


@pytest.mark.parametrize("key", _KEYS)
def test_a_word_document_with_typed_numbers(key: str) -> None:
    document = docx.Document()
    document.add_heading(_TITLES[key], 0)
    for part in _parts(key):
        if part.rows:
            rows = [row.split(" | ") for row in part.rows]
            table = document.add_table(len(rows), len(rows[0]))
            for cells, row in zip(table.rows, rows, strict=True):
                for cell, text in zip(cells.cells, row, strict=True):
                    cell.text = text
        else:
            document.add_paragraph(part.printed)
    read_ = read_bytes("a.docx", saved(document))
    assert read_.title == _TITLES[key]
    assert _same(key, read_.lines)


@dataclass
class _Lists:
    """Word's lists: one for articles and clauses in their levels, one for each way of numbering items. Where the next number of a
    list is not the one that the agreement prints, an instance begins it anew there, as people do by hand."""

    top: str
    form: str
    lists: list[list[str]] = field(default_factory=list)
    instances: list[tuple[int, str]] = field(default_factory=list)
    _numbered: dict[str, int] = field(default_factory=dict)
    _counters: dict[str, list[int]] = field(default_factory=dict)
    _current: dict[str, int] = field(default_factory=dict)

    def place(self, part: str, name: str, levels: list[str], path: list[int]) -> tuple[int, int]:
        """The instance and the level of a paragraph with this number."""
        key = f"{part}{name}"
        if key not in self._numbered:
            self._numbered[key] = len(self.lists)
            self.lists.append(levels)
        counters, at = self._counters.setdefault(key, []), len(path) - 1
        expected = [*counters[: at + 1], *([0] * (at + 1 - len(counters)))]
        expected[at] += 1
        expected = [count or 1 for count in expected]
        if expected != path or key not in self._current:
            starts = {depth: path[depth] for depth in range(at + 1) if depth == at or len(counters) <= depth}
            overrides = "".join(
                f'<w:lvlOverride w:ilvl="{depth}"><w:startOverride w:val="{start}"/></w:lvlOverride>' for depth, start in starts.items()
            )
            self.instances.append((self._numbered[key], overrides))
            self._current[key] = len(self.instances)
        self._counters[key] = list(path)
        return self._current[key], at


_ITEMS = (
    (r"[（(](\d+)[）)]", "decimal", "（%1）"),
    (r"(\d+)[）)]", "decimal", "%1)"),
    (r"[（(]([a-z])[）)]", "lowerLetter", "（%1）"),
    (r"[（(]([〇零一二三四五六七八九十百]+)[）)]", "chineseCounting", "（%1）"),
)


def _number(part: _Part, annex: str, lists: _Lists) -> tuple[int, int] | None:
    """Where in the lists a paragraph stands; None for one that has no number."""
    number = part.number
    dotted = [level_of(at, ".".join(f"%{depth}" for depth in range(1, at + 2)), more="<w:isLgl/>") for at in range(1, 5)]
    top = [level_of(0, "%1.") if annex else level_of(0, lists.top, lists.form), *dotted]
    if re.fullmatch(r"\d+(?:\.\d+)+", number):
        return lists.place(annex, "main", top, [int(digits) for digits in number.split(".")])
    if article := re.fullmatch(r"第(.+)条|([〇零一二三四五六七八九十百]+)|(\d+)", number):
        numeral = article[1] or article[2] or article[3]
        return lists.place(annex, "main", top, [int(numeral) if numeral.isdigit() else cjk_value(numeral)])
    for pattern, form, text in _ITEMS:
        if item := re.fullmatch(pattern, number):
            value = item[1]
            count = int(value) if value.isdigit() else ord(value) - ord("a") + 1 if value.isascii() else cjk_value(value)
            return lists.place(annex, pattern, [level_of(0, text, form)], [count])
    return None


@pytest.mark.parametrize("key", _KEYS)
def test_a_word_document_with_automatic_numbers(key: str) -> None:
    """No character of a number stands in the text: every one is counted."""
    first = next(clause.number for clause in _clauses(key) if clause.kind is Kind.ARTICLE)
    top, form = "%1、", "chineseCounting"
    if first.startswith("第"):
        top, form = "第%1条", "chineseCountingThousand"
    elif first.isdigit():
        top, form = "%1.", "decimal"
    lists, body, annex, counted = _Lists(top, form), [paragraph(_TITLES[key])], "", 0
    for part in _parts(key):
        annex = part.text if part.annex else annex
        if part.rows:
            cells = ["".join(f"<w:tc>{paragraph(_escaped(cell))}</w:tc>" for cell in row.split(" | ")) for row in part.rows]
            body.append(f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>")
            continue
        place = _number(part, annex, lists) if part.number else None
        counted += place is not None
        body.append(paragraph(_escaped(part.text if place else part.printed), place))
    assert counted == sum(bool(part.number) for part in _parts(key))
    data = with_parts("".join(body), {"numbering": numbering(lists.lists, lists.instances)})
    assert _same(key, read_bytes("a.docx", data).lines)


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


@pytest.mark.parametrize("key", _KEYS)
def test_a_web_page(key: str) -> None:
    body = [f"<h1>{_TITLES[key]}</h1>"]
    for part in _parts(key):
        rows = "".join(f"<tr>{''.join(f'<td>{_escaped(cell)}' for cell in row.split(' | '))}</tr>" for row in part.rows)
        body.append(f"<table>{rows}</table>" if part.rows else f"<p>{_escaped(part.printed)}</p>")
    page = f"<html><body><nav>首页</nav>{''.join(body)}<footer>©</footer></body></html>"
    assert _same(key, read_bytes("a.html", page.encode()).lines)


_EM, _WIDE, _DEEP = 10.0, 45, 40  # the size of a letter in points, letters of a line, lines of a page


class _Setter:
    """Sets paragraphs as a word processor does: broken where a line is full, the first line of each indented, page after page."""

    def __init__(self, header: str) -> None:
        self.pages: list[PdfPage] = []
        self._header = header
        self._line = _DEEP

    def _place(self) -> tuple[PdfPage, float]:
        if self._line == _DEEP:
            self.pages.append(PdfPage().text(72, 800, self._header, 9).text(280, 40, f"- {len(self.pages) + 1} -", 9))
            self._line = 0
        self._line += 1
        return self.pages[-1], 760 - 17.0 * (self._line - 1)

    def paragraph(self, text: str) -> None:
        indent = 2
        while text:
            room, end = float(_WIDE - indent), 0
            while end < len(text) and room >= width(text[end]):
                room -= width(text[end])
                end += 1
            page, y = self._place()
            page.text(72 + indent * _EM, y, text[:end], _EM)
            text, indent = text[end:], 0

    def table(self, rows: Sequence[str]) -> None:
        cells = [row.split(" | ") for row in rows]
        if self._line + 2 * len(cells) > _DEEP - 2:
            self._line = _DEEP
        page, y = self._place()
        self._line += 2 * len(cells)
        page.grid([72, 300, 520], [y - 34 * at + 12 for at in range(len(cells) + 1)])
        for at, (left, right) in enumerate(cells):
            page.text(76, y - 34 * at - 8, left, _EM).text(304, y - 34 * at - 8, right, _EM)


@pytest.mark.parametrize("key", _KEYS)
def test_a_pdf_with_headers_page_numbers_and_broken_lines(key: str) -> None:
    setter = _Setter("合同编号 HT-2024-001 机密")
    for part in _parts(key):
        if part.rows:
            setter.table(part.rows)
        else:
            setter.paragraph(part.printed)
    document = read_bytes("a.pdf", pdf(setter.pages))
    assert {apart.reason for apart in document.apart} == {"header", "page number"}
    assert len(document.apart) == 2 * len(setter.pages)
    assert _same(key, document.lines)
