"""Files that cannot be read as agreements: each is refused in one sentence that says what, which file and what to do."""

from __future__ import annotations

import importlib.util
import re
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest

from retrieval import docx_package, page_reading
from retrieval.errors import UnreadableFile
from retrieval.parsing import parse
from retrieval.reading import read, read_bytes
from tests.retrieval.docx_file import W, paragraph, with_parts
from tests.retrieval.pdf_file import PdfPage, pdf, pdf_of_objects

_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
_DOCX = with_parts(paragraph("第一条 总则"))
_PDF = pdf([PdfPage().lines(72, 700, ["第一条 总则，甲方应当付款。"])])


def _refusal(name: str, data: bytes) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read_bytes(name, data)
    return str(refused.value)


def _is_one_sentence(message: str, name: str) -> bool:
    """What and which file, then what to do; no traceback, no second line, no name of a class."""
    return message.startswith(name) and "；" in message and "\n" not in message and not re.search(r"Error|Exception|Traceback", message)


def _is_read_or_refused(name: str, data: bytes) -> bool:
    try:
        return bool(read_bytes(name, data).lines)
    except UnreadableFile as error:
        return _is_one_sentence(str(error), name)


def _encrypted_pdf() -> bytes:
    """A password that is not the empty one: 32 bytes that no key makes of it."""
    encrypt = f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'11' * 32}> /U <{'22' * 32}> >>".encode()
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 0 /Kids [] >>", encrypt]
    return pdf_of_objects(objects, "/Encrypt 3 0 R /ID [<01> <01>]")


def _zip(entries: dict[str, bytes]) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _locked(archive: bytes) -> bytes:
    """The same file with the mark of encryption on every entry."""
    data = bytearray(archive)
    for at in (found.start() for found in re.finditer(rb"PK\x01\x02", archive)):
        struct.pack_into("<H", data, at + 8, 1)
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.pdf", b"", "是空文件"),
        ("a.pdf", _encrypted_pdf(), "有密码保护"),
        ("a.docx", _OLE + "EncryptedPackage".encode("utf-16-le"), "有密码保护"),
        ("a.docx", _locked(_DOCX), "有密码保护"),
        ("a.doc", _OLE + "WordDocument".encode("utf-16-le"), "是旧版 Office 文件"),
        ("a.docx", _OLE + "WordDocument".encode("utf-16-le"), "是旧版 Office 文件"),
        ("a.rtf", b"{\\rtf1 text}", "是 RTF 文件"),
        ("a.pdf", _PNG, "的内容是图片，与扩展名不符"),
        ("a.docx", _PDF, "的内容是PDF，与扩展名不符"),
        ("a.pdf", _DOCX, "的内容是Word 文档，与扩展名不符"),
        ("a.html", _PDF, "的内容是PDF，与扩展名不符"),
        ("a.pdf", "这是一段文字".encode(), "的内容不是PDF"),
        ("a.docx", "这是一段文字".encode(), "的内容不是Word 文档"),
        ("a.docx", _zip({"xl/workbook.xml": b"<x/>"}), "不是 Word 文档，而是Excel 表格"),
        ("a.docx", _zip({"read.me": b"x"}), "不是 Word 文档，而是压缩文件"),
        ("a.txt.gz", b"\x1f\x8b\x08\0", "是压缩文件"),
        ("a.docx", _DOCX[: len(_DOCX) // 2], "已经损坏或不完整"),
        ("a.docx", with_parts("<w:p>").replace(b"PK", b"PK"), "已经损坏或不完整"),
        ("a.pdf", _PDF[: len(_PDF) // 2].replace(b"endobj", b""), "已经损坏或不完整"),
        ("a.docx", with_parts("<w:p/>"), "里没有文字"),
        ("a.pdf", pdf([PdfPage()]), "里没有文字"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(name: str, data: bytes, said: str) -> None:
    message = _refusal(name, data)
    assert said in message
    assert _is_one_sentence(message, name)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.8, 0.95, 0.999])
@pytest.mark.parametrize(("name", "data"), [("a.docx", _DOCX), ("a.pdf", _PDF)])
def test_a_truncated_file_is_read_or_refused_and_nothing_else(name: str, data: bytes, share: float) -> None:
    assert _is_read_or_refused(name, data[: int(len(data) * share)])


@pytest.mark.parametrize("at", range(0, 1000, 37))
def test_a_docx_with_a_broken_byte_is_read_or_refused_and_nothing_else(at: int) -> None:
    data = bytearray(_DOCX)
    data[at * len(data) // 1000] ^= 0xFF
    assert _is_read_or_refused("a.docx", bytes(data))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = with_parts(paragraph("文"), extra={"word/media/a.bin": bytes(2 * 1024 * 1024)})
    monkeypatch.setattr(docx_package, "MAX_UNPACKED", 1024 * 1024)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_, **__: pytest.fail("unpacked"))
    assert "解压后大得不像一份协议" in _refusal("a.docx", data)


def test_a_part_that_is_larger_than_any_agreement_is_refused() -> None:
    body = paragraph("文") + " " * (docx_package.MAX_READ + 1)
    assert "解压后大得不像一份协议" in _refusal("a.docx", with_parts(body))


def test_a_docx_with_too_many_entries_is_refused_before_its_directory_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _zip({f"a/{at}": b"" for at in range(docx_package.MAX_ENTRIES + 1)})
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("read"))
    assert "解压后大得不像一份协议" in _refusal("a.docx", data)


_BILLION = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10 if at else "笑" * 10}">' for at in range(10))


@pytest.mark.parametrize("entities", [_BILLION, '<!ENTITY a9 SYSTEM "file:///etc/passwd">', '<!ENTITY a9 "x">'])
def test_a_docx_with_entities_is_refused(entities: str) -> None:
    document = f"<!DOCTYPE d [{entities}]><w:document {W}><w:body><w:p><w:r><w:t>文&a9;</w:t></w:r></w:p></w:body></w:document>"
    parts = dict.fromkeys(("word/document.xml",), document.encode())
    with zipfile.ZipFile(BytesIO(_DOCX)) as usual:
        entries = {name: usual.read(name) for name in usual.namelist()} | parts
    assert "实体定义" in _refusal("a.docx", _zip(entries))


def test_a_docx_of_ten_thousand_levels_is_refused() -> None:
    assert "嵌套太深" in _refusal("a.docx", with_parts("<w:tbl><w:tr><w:tc>" * 10_000 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 10_000))


def test_tables_in_tables_as_deep_as_is_allowed_are_read_once_each() -> None:
    """Each level doubles nothing: a cell is read once, whatever surrounds it."""
    cell = f"<w:tc>{paragraph('浅')}</w:tc>"
    body = f"<w:tbl><w:tr>{cell}<w:tc>" * 60 + paragraph("深") + "</w:tc></w:tr></w:tbl>" * 60
    (line,) = read_bytes("a.docx", with_parts(body)).lines
    assert (line.text.count("浅"), line.text.count("深")) == (60, 1)


def test_a_page_that_unpacks_to_more_than_memory_is_refused() -> None:
    packer = zlib.compressobj(9)
    begin = packer.compress(b" ") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * (1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = begin + block * 160 + packer.flush()
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>"
    content = f"<< /Filter /FlateDecode /Length {len(packed)} >>\nstream\n".encode() + packed + b"\nendstream"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>", page, content]
    assert "读到一半读不下去" in _refusal("a.pdf", pdf_of_objects(objects))


def test_a_page_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_reading, "STALL_SECONDS", 0.001)
    assert "读到一半读不下去" in _refusal("a.pdf", _PDF)


def test_a_pdf_of_thousands_of_pages_is_refused_before_it_is_read() -> None:
    assert "有 2001 页，超过 2000 页" in _refusal("a.pdf", pdf([PdfPage()] * 2001))


def test_a_drawing_of_many_rules_is_no_table_and_costs_little() -> None:
    page = PdfPage().lines(72, 800, ["第一条 这一行文字在图纸的上方。"])
    for at in range(1500):
        page.rule(10, at / 2, 500, at / 2).rule(at / 3, 10, at / 3, 700)
    assert [line.row for line in read_bytes("a.pdf", pdf([page])).lines] == [False]


_HAS_OCR = importlib.util.find_spec("rapidocr") is not None


@pytest.mark.skipif(_HAS_OCR, reason="the extra `ocr` is installed")
def test_a_scan_is_refused_with_how_to_have_it_read() -> None:
    scan = PdfPage(picture=(60, 80, bytes(4800)))
    for name, data in (("a.pdf", pdf([scan])), ("a.png", _PNG)):
        message = _refusal(name, data)
        assert "pip install 'wenyue[ocr]'" in message
        assert _is_one_sentence(message, name)


@pytest.mark.skipif(_HAS_OCR, reason="the extra `ocr` is installed")
def test_scanned_pages_among_others_are_reported() -> None:
    text = PdfPage().lines(72, 700, ["第一条 甲方应当按照约定付款。"])
    scan = PdfPage(picture=(60, 80, bytes(4800)))
    (warning,) = read_bytes("a.pdf", pdf([text, scan, scan, text, scan])).warnings
    assert warning.startswith("第 2–3、5 页是扫描图，没有文字层，未读入")


def test_a_text_layer_behind_a_picture_is_read_and_reported() -> None:
    page = PdfPage(picture=(60, 80, bytes(4800))).lines(72, 700, ["第一条 甲方应当按照约定付款。"])
    document = read_bytes("a.pdf", pdf([page]))
    assert [line.text for line in document.lines] == ["第一条 甲方应当按照约定付款。"]
    assert document.warnings == ("第 1 页是扫描图，文字来自文件自带的识别结果；请对照原件核对",)


def test_a_file_of_nothing_but_numbers_is_read_and_parsed() -> None:
    text = "\n".join(f"{at}.{at % 7}.{at % 3} {at}" for at in range(3_000))
    document = read_bytes("a.txt", text.encode())
    assert len(document.lines) == 3_000
    parse(document.lines, agreement="a", title="数")


def test_a_file_is_read_by_its_content_where_its_name_says_nothing() -> None:
    assert read_bytes("upload", _PDF).lines[0].page == 1
    assert read_bytes("upload", _DOCX).lines[0].text == "第一条 总则"
    assert read_bytes("upload", "<!DOCTYPE html><p>第一条</p>".encode()).lines[0].text == "第一条"


def test_a_file_that_may_not_be_read_is_refused_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.symlink_to(path)  # a loop: it is there and cannot be opened
    with pytest.raises(UnreadableFile, match=r"读不了文件 .*a\.txt|找不到文件 .*a\.txt"):
        read(path)
