"""The text of one paragraph of a .docx file as people see it: revisions accepted, fields by their results."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from retrieval.docx_package import MC, W
from retrieval.docx_styles import is_on, value_of

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SYMBOLS = {"A8": "□", "6F": "□", "FE": "☑", "52": "☑", "FD": "☒", "53": "☒", "FC": "✓"}  # of Wingdings, as forms use them
_LITERAL = {"tab": " ", "ptab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_INSIDE = ("r", "ins", "moveTo", "hyperlink", "smartTag", "customXml", "sdt", "sdtContent", "fldSimple", "dir", "bdo", "rubyBase", "ruby")
_TEXT_BOX = f"{W}txbxContent"


@dataclass(slots=True)
class Passage:
    """What one paragraph holds. `notes` are kind (`footnote`, `endnote`) and id in their order; `boxes` the contents of text boxes;
    `contents` whether it belongs to a table of contents that Word made."""

    text: str = ""
    deleted: str = ""
    hidden: str = ""
    notes: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)
    pictures: int = 0
    contents: bool = False


class PassageReader:
    """Reads the paragraphs of a document in their order: a field may begin in one and end in another.

    `notes` are the notes that the document has. `marks` collects what stands for each of them in the text, 〔注1〕 or 〔尾注1〕.
    """

    def __init__(self, notes: Collection[tuple[str, str]]) -> None:
        self.marks: dict[tuple[str, str], str] = {}
        self._notes = notes
        self._fields: list[tuple[str, bool]] = []  # the instruction, and whether its result has begun

    def read(self, paragraph: Any) -> Passage:
        """The passage of a `w:p`."""
        passage = Passage(contents=self._in_contents())
        self._children(paragraph, passage)
        return passage

    def _in_contents(self) -> bool:
        return any(instruction.split()[:1] == ["TOC"] for instruction, _ in self._fields)

    def _children(self, element: Any, passage: Passage) -> None:
        for child in element:
            if not isinstance(child.tag, str):
                continue
            name = child.tag.removeprefix(W)
            if name == "r":
                self._run(child, passage)
            elif name in _INSIDE:
                self._children(child, passage)
            elif name in ("del", "moveFrom"):
                passage.deleted += "".join(text.text or "" for text in child.iter(f"{W}delText", f"{W}t"))
            elif child.tag.startswith(_MATH):
                passage.text += _formula(child)
            elif name == f"{MC}AlternateContent":
                self._children(_chosen(child), passage)

    def _run(self, run: Any, passage: Passage) -> None:
        properties = run.find(f"{W}rPr")
        before = passage.text
        for child in run:
            if isinstance(child.tag, str):
                self._piece(child, child.tag.removeprefix(W), passage)
        added = passage.text[len(before) :]
        if is_on(properties, "vanish"):
            passage.hidden += added
            passage.text = before
        elif value_of(properties, "vertAlign") == "superscript" and added.isdecimal():
            passage.text = before + added.translate(_SUPERSCRIPTS)

    def _piece(self, child: Any, name: str, passage: Passage) -> None:
        if name == "fldChar":
            self._field(child.get(f"{W}fldCharType"), passage)
        elif name == "instrText":
            if self._fields:
                self._fields[-1] = (self._fields[-1][0] + (child.text or ""), self._fields[-1][1])
        elif name == f"{MC}AlternateContent":
            for inner in _chosen(child):
                if isinstance(inner.tag, str):
                    self._piece(inner, inner.tag.removeprefix(W), passage)
        elif name in ("drawing", "pict", "object"):
            passage.boxes += _text_boxes(child)
            passage.pictures += sum(1 for _ in child.iter(_BLIP))
        elif name == "ruby":
            self._children(child, passage)
        elif all(result for _, result in self._fields):
            passage.text += self._literal(child, name, passage)

    def _literal(self, child: Any, name: str, passage: Passage) -> str:
        if name == "t":
            return child.text or ""
        if name == "sym":
            code: str = child.get(f"{W}char", "").upper()
            return _SYMBOLS.get(code.removeprefix("F0"), "")
        if name in ("footnoteReference", "endnoteReference"):
            note = (name.removesuffix("Reference"), child.get(f"{W}id", ""))
            if note in self._notes:
                passage.notes.append(note)
                return self._mark(note)
        return _LITERAL.get(name, "")

    def _mark(self, note: tuple[str, str]) -> str:
        number = 1 + sum(kind == note[0] for kind, _ in self.marks)
        return self.marks.setdefault(note, f"〔{'注' if note[0] == 'footnote' else '尾注'}{number}〕")

    def _field(self, kind: str | None, passage: Passage) -> None:
        if kind == "begin":
            self._fields.append(("", False))
        elif kind == "separate" and self._fields:
            self._fields[-1] = (self._fields[-1][0], True)
            passage.contents = passage.contents or self._in_contents()
        elif kind == "end" and self._fields:
            self._fields.pop()


def _chosen(alternatives: Any) -> Any:
    """Of what is written several times for several readers, the newest; an empty tuple where there is nothing."""
    choice = alternatives.find(f"{MC}Choice")
    chosen = choice if choice is not None else alternatives.find(f"{MC}Fallback")
    return chosen if chosen is not None else ()


def _text_boxes(element: Any) -> list[Any]:
    """The text boxes in a drawing, not those within them."""
    found: list[Any] = []
    for child in element:
        if child.tag == _TEXT_BOX:
            found.append(child)
        elif child.tag == f"{MC}AlternateContent":
            found += _text_boxes(_chosen(child))
        else:
            found += _text_boxes(child)
    return found


def _formula(element: Any) -> str:
    """A formula in one line, fractions with a stroke."""
    if element.tag == f"{_MATH}t":
        return element.text or ""
    parts = [_formula(child) for child in element if isinstance(child.tag, str)]
    return "/".join(part for part in parts if part) if element.tag == f"{_MATH}f" else "".join(parts)
