"""What kind of file some bytes are, told by what they hold and held against the file's name."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePath

from retrieval.errors import UnreadableFile


class FileKind(StrEnum):
    """The kinds that are read. The values are what people are told."""

    TEXT = "文本"
    HTML = "网页"
    DOCX = "Word 文档"
    PDF = "PDF"
    IMAGE = "图片"


_SUFFIXES = {
    **dict.fromkeys((".txt", ".text", ".md", ".markdown"), FileKind.TEXT),
    **dict.fromkeys((".html", ".htm", ".xhtml"), FileKind.HTML),
    **dict.fromkeys((".docx", ".docm", ".dotx"), FileKind.DOCX),
    ".pdf": FileKind.PDF,
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"), FileKind.IMAGE),
}
SUFFIXES = tuple(_SUFFIXES)  # of the files that can be read

_OURS = {FileKind.HTML: ".html", FileKind.DOCX: ".docx", FileKind.PDF: ".pdf", FileKind.IMAGE: ".png 等图片扩展名"}
_HEAD = 1024  # a PDF may have as much before its mark
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IMAGES = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|BM.{4}\0\0\0\0|II\*\0|MM\0\*|RIFF.{4}WEBP", re.S)
_ARCHIVES = (b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\0")


def kind_of(name: str, data: bytes) -> FileKind:
    """The kind of a file, by its content. Raises UnreadableFile where it is none that can be read, or another than its name says."""
    if not data:
        raise UnreadableFile(f"{name} 是空文件；请换一份有内容的文件")
    expected = _SUFFIXES.get(PurePath(name).suffix.lower())
    held = _held(name, data)
    if held is None:
        if expected in (FileKind.DOCX, FileKind.PDF, FileKind.IMAGE):
            raise UnreadableFile(f"{name} 的内容不是{expected}，或者已经损坏；请重新导出或下载一份再试")
        return expected or (FileKind.HTML if _opens_a_page(data) else FileKind.TEXT)
    if expected not in (held, None):
        raise UnreadableFile(f"{name} 的内容是{held}，与扩展名不符；请确认没有拿错文件，再把扩展名改为 {_OURS[held]}")
    return held


def _held(name: str, data: bytes) -> FileKind | None:
    """The kind that the first bytes say; None where they say nothing, as those of a text. Raises UnreadableFile."""
    head = data[:_HEAD]
    if head.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise UnreadableFile(f"{name} 有密码保护，读不了；请在 Word 中取消密码后另存一份再试")
        raise UnreadableFile(f"{name} 是旧版 Office 文件（如 .doc），读不了；请用 Word 或 WPS 另存为 .docx 后再试")
    if head.startswith(b"{\\rtf"):
        raise UnreadableFile(f"{name} 是 RTF 文件，读不了；请用 Word 或 WPS 另存为 .docx 后再试")
    if head.startswith(_ARCHIVES):
        raise UnreadableFile(f"{name} 是压缩文件；请解压后给出其中的协议")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return FileKind.DOCX
    if _IMAGES.match(head):
        return FileKind.IMAGE
    return FileKind.PDF if b"%PDF-" in head else None


def _opens_a_page(data: bytes) -> bool:
    return (
        re.match(
            rb"(?:\xef\xbb\xbf)?\s*(?:<!--.{0,400}?-->\s*)?(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype\s+html|html)\b", data[:_HEAD], re.I | re.S
        )
        is not None
    )
