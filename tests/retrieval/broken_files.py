"""Small files of every kind, and what may happen to a file: bytes lost, changed, doubled; parts of an archive changed likewise."""

from __future__ import annotations

import zipfile
from io import BytesIO
from random import Random

from tests.retrieval.docx_file import level, numbering, paragraph, with_parts
from tests.retrieval.pdf_file import PdfPage, pdf

TEXT = "停车服务协议\n\n第一条 收费\n\n1.1 停车每小时收费 5 元，见第 2.1 条。\n\n（1）按日；\n（2）按月。\n\n第二条 责任\n\n2.1 您应当锁好车门。\n"
_CELLS = "<w:tr><w:tc><w:p><w:r><w:t>项目</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>价格</w:t></w:r></w:p></w:tc></w:tr>"
_LISTS = numbering([[level(0, "第%1条", "chineseCounting"), level(1, "%1.%2")]], [(0, "")])
DOCX = with_parts(
    paragraph("停车服务协议")
    + paragraph("收费", (1, 0))
    + paragraph("停车每小时收费 5 元。", (1, 1))
    + f"<w:tbl>{_CELLS * 3}</w:tbl>"
    + paragraph("您应当锁好车门。", (1, 1)),
    {"numbering": _LISTS, "footnotes": '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"/>'},
)
HTML = (
    "<!DOCTYPE html><html><head><meta charset='utf-8'><title>停车服务协议</title><style>.x{display:none}</style></head><body>"
    "<h1>停车服务协议</h1><ol start='3'><li>收费<ol type='a'><li>停车每小时收费 5 元。</li></ol></li><li value='9'>责任</li></ol>"
    "<table><tr><td rowspan='2'>项目</td><td colspan='3'>价格</td></tr><tr><td>1</td></tr></table><p class='x'>不见</p>"
    "<p>1.1 停车每小时收费 5 元。</p><p>1.2 您应当锁好车门。</p></body></html>"
).encode()
PDF = pdf([PdfPage().lines(72, 780, TEXT.splitlines()), PdfPage().lines(72, 780, ["2.2 请保管好票据。", "2.3 遗失的应当补办。"])])
TEXTS = {encoding: TEXT.encode(encoding) for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030", "utf-16-be", "utf-32")}
_TOKENS = (
    b"\0",
    b"\xff",
    b"<",
    b">",
    b"&#x110000;",
    b"&#0;",
    b"99999999999",
    b"-1",
    b"1e999",
    b"\xef\xbb\xbf",
    b"]]>",
    b"<!--",
    b"\r",
    b"\x0c",
)


def mutated(data: bytes, random: Random) -> bytes:
    """The file after some accidents."""
    for _ in range(random.randint(1, 6)):
        at, size = random.randint(0, len(data)), random.choice((1, 1, 2, 8, 64, 512))
        accident = random.randrange(6)
        if accident == 0:
            data = data[:at] + random.randbytes(size) + data[at + size :]
        elif accident == 1:
            data = data[:at] + data[at + size :]
        elif accident == 2:
            data = data[:at] + data[at : at + size] * random.choice((2, 3, 50)) + data[at + size :]
        elif accident == 3:
            data = data[:at] + random.choice(_TOKENS) + data[at:]
        elif accident == 4:
            data = data[:at] if random.random() < 0.2 else data
        else:
            other = random.randint(0, len(data))
            data = data[:at] + data[other : other + size] + data[at:]
    return data


def mutated_parts(data: bytes, random: Random) -> bytes:
    """An archive in which some of the files were changed before they were packed."""
    packed = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as before, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            part = before.read(name)
            after.writestr(name, mutated(part, random) if random.random() < 0.5 else part)
    return packed.getvalue()
