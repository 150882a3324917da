"""Small .docx files: with python-docx where it can, and part by part where a test is about what it cannot."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO

from docx.document import Document as DocxDocument
from docx.oxml.ns import nsdecls

W = nsdecls("w")
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATED = "http://schemas.openxmlformats.org/package/2006/relationships"


def saved(document: DocxDocument) -> bytes:
    """The bytes of a document of python-docx."""
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def with_parts(body: str, parts: Mapping[str, str] | None = None, extra: Mapping[str, bytes] | None = None) -> bytes:
    """A .docx whose document holds `body`; `parts` are related parts by their kind (`footnotes`, `header`), `extra` any others."""
    parts = parts or {}
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("_rels/.rels", _relationships([("officeDocument", "word/document.xml")]))
        package.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
        package.writestr("word/_rels/document.xml.rels", _relationships([(kind, f"{kind}.xml") for kind in parts]))
        for kind, xml in parts.items():
            package.writestr(f"word/{kind}.xml", xml)
        for name, data in (extra or {}).items():
            package.writestr(name, data)
    return stream.getvalue()


def _relationships(targets: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f'<Relationship Id="r{at}" Type="{_OFFICE}/{kind}" Target="{target}"/>' for at, (kind, target) in enumerate(targets))
    return f'<Relationships xmlns="{_RELATED}">{rows}</Relationships>'


def level(at: int, text: str, form: str = "decimal", more: str = "", start: int = 1) -> str:
    """One `w:lvl`."""
    return f'<w:lvl w:ilvl="{at}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/>{more}<w:lvlText w:val="{text}"/></w:lvl>'


def numbering(lists: Sequence[Sequence[str]], instances: Sequence[tuple[int, str]]) -> str:
    """A numbering part: the levels of each abstract list, and for each instance (from 1) its list and its overrides."""
    abstract = "".join(f'<w:abstractNum w:abstractNumId="{at}">{"".join(levels)}</w:abstractNum>' for at, levels in enumerate(lists))
    numbers = "".join(
        f'<w:num w:numId="{at}"><w:abstractNumId w:val="{which}"/>{override}</w:num>'
        for at, (which, override) in enumerate(instances, start=1)
    )
    return f"<w:numbering {W}>{abstract}{numbers}</w:numbering>"


def paragraph(text: str, number: tuple[int, int] | None = None, more: str = "") -> str:
    """One `w:p`; `number` is the instance and the level of its list."""
    numbered = f'<w:numPr><w:ilvl w:val="{number[1]}"/><w:numId w:val="{number[0]}"/></w:numPr>' if number else ""
    return f'<w:p><w:pPr>{more}{numbered}</w:pPr><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'
