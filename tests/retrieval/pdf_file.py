"""Small PDFs, written by hand so that a test says itself what stands where: text in a Chinese font that needs no embedding, lines, pictures."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

A4 = (595.0, 842.0)


@dataclass
class PdfPage:
    """One page. Places are points from the lower left corner; `rotate` is the page's own /Rotate."""

    size: tuple[float, float] = A4
    rotate: int = 0
    content: list[str] = field(default_factory=list)
    picture: tuple[int, int, bytes] | None = None  # width, height, grey bytes; drawn over the whole page

    def text(self, x: float, y: float, text: str, size: float = 10.5, matrix: str = "1 0 0 1") -> PdfPage:
        """One piece of text. A Latin letter is half as wide as a Chinese one."""
        self.content.append(f"BT /F1 {size} Tf {matrix} {x} {y} Tm <{text.encode('utf-16-be').hex()}> Tj ET")
        return self

    def lines(self, x: float, top: float, texts: list[str], size: float = 10.5, distance: float = 18.0) -> PdfPage:
        """Pieces of text one below the other; an empty one leaves its place free."""
        for at, text in enumerate(texts):
            if text:
                self.text(x, top - at * distance, text, size)
        return self

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> PdfPage:
        self.content.append(f"0.7 w {x0} {y0} m {x1} {y1} l S")
        return self

    def grid(self, xs: list[float], ys: list[float]) -> PdfPage:
        """The rules of a table."""
        for x in xs:
            self.rule(x, min(ys), x, max(ys))
        for y in ys:
            self.rule(min(xs), y, max(xs), y)
        return self


def pdf(pages: list[PdfPage], tounicode: bool = True) -> bytes:
    """The file. Without `tounicode` the text has shapes and no meaning."""
    widths = "/W [1 [500] 2 95 500 814 939 500]" if tounicode else ""
    encoding = "/UniGB-UCS2-H" if tounicode else "/Identity-H"
    ordering = "GB1" if tounicode else "Identity"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        f"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding {encoding} /DescendantFonts [4 0 R] >>".encode(),
        f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering ({ordering})"
        f" /Supplement 2 >> /DW 1000 {widths} /FontDescriptor 5 0 R >>".encode(),
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880"
        b" /Descent -120 /CapHeight 880 /StemV 93 >>",
    ]
    kids: list[int] = []
    for page in pages:
        content = "\n".join(page.content)
        images = ""
        if page.picture is not None:
            width, height, grey = page.picture
            objects.append(
                _stream(grey, f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray /BitsPerComponent 8")
            )
            images = f" /XObject << /I1 {len(objects)} 0 R >>"
            content = f"q {page.size[0]} 0 0 {page.size[1]} 0 0 cm /I1 Do Q\n{content}"
        objects.append(_stream(content.encode()))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {page.size[0]} {page.size[1]}] /Rotate {page.rotate}"
            f" /Contents {len(objects)} 0 R /Resources << /Font << /F1 3 0 R >>{images} >> >>".encode()
        )
        kids.append(len(objects))
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>".encode()
    return pdf_of_objects(objects)


def _stream(data: bytes, entries: str = "") -> bytes:
    packed = zlib.compress(data)
    return f"<< {entries} /Filter /FlateDecode /Length {len(packed)} >>\nstream\n".encode() + packed + b"\nendstream"


def pdf_of_objects(objects: list[bytes], trailer: str = "") -> bytes:
    """A file of these objects, the first of them its root."""
    data = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
    places: list[int] = []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    data += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(data)
