"""A .docx file -> lines: paragraphs with the numbers people see, table rows, notes; everything else apart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from retrieval.document import MAX_LINES, Apart, Document, title_of, too_long
from retrieval.docx_numbering import Label, Numbering, Story
from retrieval.docx_package import DocxPackage, W
from retrieval.docx_styles import Style, Styles, is_on, numbered_of, outline_level, value_of
from retrieval.docx_tables import entries, is_layout, numbers_clauses, rows_of
from retrieval.docx_text import Passage, PassageReader
from retrieval.errors import UnreadableFile
from retrieval.line import Line, visible, width
from retrieval.text_reading import without_marks

_HEADING_WIDTH = 40.0  # wider ones are clauses set in a heading style to have them numbered
_WRAPPERS = ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag")
_FEW = 20  # lines; of fewer no width can be told
_NOTES = ("footnote", "endnote")


def read_docx(data: bytes, name: str) -> Document:
    """The document in a .docx file, revisions accepted. Raises UnreadableFile."""
    package = DocxPackage(data, name)
    body = _Body(package, name)
    for element in package.blocks():
        body.block(element)
    if not body.lines:
        held = "只有图片，没有文字；请导出为 PDF，按扫描件读取" if body.pictures else "没有文字；请换一份有内容的文件"
        raise UnreadableFile(f"{name} 里{held}")
    lines = without_marks(_unbroken(body.lines))
    return Document(tuple(lines), body.title or title_of(lines), body.warnings(), (*body.apart, *_margins(package)))


class _Body:
    """The lines of a document's body, made block by block."""

    def __init__(self, package: DocxPackage, name: str) -> None:
        self.lines: list[Line] = []
        self.apart: list[Apart] = []
        self.title = ""
        self.pictures = 0
        self._name = name
        self._styles = Styles(package.part("styles"))
        self._numbering = Numbering(package.part("numbering"), self._styles)
        self._notes = {note: text for kind in _NOTES for note, text in _notes(package, kind)}
        self._passages = PassageReader(self._notes)
        self._story, self._boxes = Story(), Story()  # text boxes count their numbers for themselves
        self._number = self._gap = self._embedded = self._revised = 0
        self._carried = ""  # the text of a paragraph whose end was deleted: it goes on in the next
        self._after: list[tuple[str, str]] | None = None  # notes of a table row, printed after it

    def block(self, element: Any) -> None:
        """Read one element of the body: a paragraph, a table, or what wraps them."""
        name = element.tag.removeprefix(W) if isinstance(element.tag, str) else ""
        if name == "p":
            self._paragraph(element)
        elif name == "tbl":
            self._table(element)
        elif name == "sdt" and _is_contents(element):
            self.apart += [Apart(text, "contents") for text in _paragraphs(element)]
        elif name in _WRAPPERS:
            for child in element:
                self.block(child)
        elif name == "altChunk":
            self._embedded += 1

    def warnings(self) -> tuple[str, ...]:
        """What a person should look at again."""
        found = {
            f"文档有 {self._revised} 处未接受的删除，按接受后的样子读入": self._revised,
            f"文档里有 {self.pictures} 张图片，图中的文字没有读入": self.pictures,
            f"文档嵌入了 {self._embedded} 份别的文件，没有读入": self._embedded,
            f"自动编号的格式 {'、'.join(sorted(self._numbering.unknown))} 不认识，按 1、2、3 读入": len(self._numbering.unknown),
        }
        return tuple(text for text, times in found.items() if times)

    def _paragraph(self, paragraph: Any) -> None:
        properties = paragraph.find(f"{W}pPr")
        mark = properties.find(f"{W}rPr") if properties is not None else None
        chain = self._styles.chain(value_of(properties, "pStyle"))
        passage = self._passages.read(paragraph)
        self.pictures += passage.pictures
        self._revised += bool(passage.deleted)
        self._set_apart(passage)
        if is_on(mark, "del") or is_on(mark, "moveFrom"):
            self._carried += passage.text
        elif passage.contents or (chain and re.match(r"toc (?:\d|heading)", chain[0].name)):
            self.apart.append(Apart(passage.text.strip(), "contents"))
        elif any(style.hidden for style in chain) or (not passage.text and is_on(mark, "vanish")):
            self._label(properties, chain)  # counts unseen: an empty first level is hidden so that the second begins anew
            if passage.text.strip():
                self.apart.append(Apart(passage.text.strip(), "hidden"))
        else:
            self._print(self._carried + passage.text, properties, chain)
            self._carried = ""
        self._print_notes(passage.notes)
        for box in passage.boxes:
            self._story, self._boxes = self._boxes, self._story
            for child in box:
                self.block(child)
            self._story, self._boxes = self._boxes, self._story

    def _print(self, text: str, properties: Any, chain: list[Style]) -> None:
        """The lines of a paragraph after its number. One without any text has a number too, that is counted on from."""
        label = self._label(properties, chain)
        outline = outline_level(chain, properties)
        begins = True
        for piece in text.split("\n"):
            piece = visible(piece)
            if piece.strip() and begins:
                heading = outline is not None and width(piece.strip()) <= _HEADING_WIDTH and not re.search(r"[。；;！？]", piece)
                if not self.title and chain and chain[0].name == "title":
                    self.title = piece.strip()
                self._add(
                    visible(label.text) + piece.lstrip() if label else piece,
                    (outline or 0) + 1 if heading else 0,
                    label is not None and label.bullet,
                    begins=True,
                )
                begins = False
            else:
                self._add(piece)

    def _label(self, properties: Any, chain: list[Style]) -> Label | None:
        return self._numbering.label(numbered_of(properties), chain, self._story)

    def _add(self, text: str, depth: int = 0, bullet: bool = False, row: bool = False, begins: bool = False) -> None:
        self._number += 1
        if self._number > MAX_LINES:
            raise too_long(self._name)
        ends = text != text.rstrip()
        if text := text.strip():
            self.lines.append(Line(self._number, text, self._gap, depth > 0, bullet, row, ends, begins, depth=depth))
        self._gap = 0 if text else self._gap + 1

    def _print_notes(self, notes: list[tuple[str, str]]) -> None:
        if self._after is not None:
            self._after += notes
            return
        for note in notes:
            if text := self._notes.pop(note, ""):
                self._add(self._passages.marks[note] + text, begins=True)

    def _table(self, table: Any) -> None:
        rows = rows_of(table)
        if is_layout(rows):
            for cell in (cell for row in rows for cell in row):
                for child in cell:
                    self.block(child)
            return
        outer, self._after = self._after, []
        texts = [[self._cell(cell) for cell in row] for row in rows]
        notes, self._after = self._after, outer
        shown = entries(rows, [["\n".join(cell) for cell in row] for row in texts])
        clauses = numbers_clauses(shown)
        for row in shown:
            if clauses:
                for at, piece in enumerate(" ".join(filter(None, row)).split("\n")):
                    self._add(piece, begins=at == 0)
            elif any(row):
                self._add(" | ".join(text.replace("\n", " ") for text in row), row=True)
        self._print_notes(notes)

    def _cell(self, cell: Any) -> list[str]:
        """The lines of a cell, the numbers in it counted with those of the body."""
        kept = self.lines, self._number, self._gap
        self.lines = []
        for child in cell:
            self.block(child)
        found = [line.text for line in self.lines]
        self.lines, self._number, self._gap = kept
        return found

    def _set_apart(self, passage: Passage) -> None:
        for text, reason in ((passage.deleted, "deleted"), (passage.hidden, "hidden")):
            if text.strip():
                self.apart.append(Apart(text.strip(), reason))


def _unbroken(lines: list[Line]) -> list[Line]:
    """The lines as they are; in a document made of a text whose lines were broken, none of them says that a paragraph begins."""
    widths = sorted(line.width for line in lines if not line.row)
    usual = widths[int(len(widths) * 0.85)] if len(widths) >= _FEW else 0.0
    full = [line.text for line in lines if not line.row and 0.9 * usual <= line.width <= 1.1 * usual]
    broken = sum(not re.search(r"[。；：;:！？!?.][”’）)】》」]*$", text) for text in full)
    if len(full) < _FEW or len(full) < 0.3 * len(lines) or broken < 0.5 * len(full):
        return lines
    return [replace(line, begins=False) for line in lines]


def _is_contents(element: Any) -> bool:
    return any(gallery.get(f"{W}val") == "Table of Contents" for gallery in element.iterfind(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery"))


def _notes(package: DocxPackage, kind: str) -> list[tuple[tuple[str, str], str]]:
    root = package.part(f"{kind}s")
    notes = root.iterfind(f"{W}{kind}") if root is not None else ()
    usual = [note for note in notes if note.get(f"{W}type") in (None, "normal")]  # the others are separating lines
    return [((kind, note.get(f"{W}id", "")), " ".join(_paragraphs(note))) for note in usual]


def _margins(package: DocxPackage) -> list[Apart]:
    """The texts of headers, footers and comments, each once."""
    found: dict[Apart, None] = {}
    for kind, reason in (("header", "header"), ("footer", "footer"), ("comments", "comment")):
        for part in package.parts(kind):
            root = package.root(part)
            found |= dict.fromkeys(Apart(text, reason) for text in (_paragraphs(root) if root is not None else ()))
    return list(found)


def _paragraphs(root: Any) -> list[str]:
    reader = PassageReader(())
    texts = (visible(reader.read(paragraph).text).strip() for paragraph in root.iter(f"{W}p"))
    return [text for text in texts if text]
