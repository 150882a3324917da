"""The parts of a .docx file, found by their relationships (ECMA-376-2) and read within bounds."""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from retrieval.errors import UnreadableFile

MAX_ENTRIES = 10_000
MAX_UNPACKED = 500 * 1024 * 1024  # all parts, pictures too, which are never unpacked
MAX_READ = 64 * 1024 * 1024  # all parts that are read: about ten million characters of text

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
# The strict variant of the format has names of its own for the same things.
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"),
)
_END = struct.Struct("<4s4H2LH")  # the end of central directory record of a zip file
_OTHERS = (("xl/", "Excel 表格"), ("ppt/", "幻灯片"), ("content.xml", "OpenDocument 文件"))


class DocxPackage:
    """The parts of one .docx file. Raises UnreadableFile, in `part` and `blocks` too: nothing of it is trusted."""

    def __init__(self, data: bytes, name: str) -> None:
        self._name = name
        self._left = MAX_READ
        _check_directory(data, name)
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError, struct.error) as error:
            raise self._damaged() from error
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
            raise _bomb(name)
        if any(entry.flag_bits & 1 for entry in entries):
            raise UnreadableFile(f"{name} 有密码保护，读不了；请取消密码后另存一份再试")
        self._names = {entry.filename for entry in entries}
        roots = [target for kind, target in self._related("") if kind == "officeDocument"]
        if not roots or not roots[0].startswith("word/"):
            other = next((what for part, what in _OTHERS if any(entry.startswith(part) for entry in self._names)), "压缩文件")
            raise UnreadableFile(f"{name} 里面不是 Word 文档，而是{other}；请用 Word 或 WPS 另存为 .docx 后再试")
        self._main = roots[0]
        self._parts = self._related(self._main)

    def blocks(self) -> Iterator[Any]:
        """The elements of the document's body in their order, each freed when the next is asked for."""
        yield from self._stream(self._main, f"{W}body")

    def parts(self, kind: str) -> list[str]:
        """The names of the parts that stand in a relationship to the document: `styles`, `footnotes`, `header`, …"""
        return [target for related, target in self._parts if related == kind]

    def part(self, kind: str) -> Any:
        """The root element of the one part of a kind; None where there is none."""
        names = self.parts(kind)
        return self.root(names[0]) if names else None

    def root(self, part: str) -> Any:
        """The root element of a part; None where the file only names it."""
        if part not in self._names:
            return None
        try:
            root = etree.fromstring(self._read(part), _parser())
        except etree.XMLSyntaxError as error:
            raise self._malformed(error) from error
        self._without_entities(root)
        return root

    def _stream(self, part: str, parent: str) -> Iterator[Any]:
        try:
            events = etree.iterparse(BytesIO(self._read(part)), events=("end",), resolve_entities=False, no_network=True)
            first = True
            for _, element in events:
                if first:
                    self._without_entities(element)
                    first = False
                above = element.getparent()
                if above is not None and above.tag == parent:
                    yield element
                    element.clear()
                    while element.getprevious() is not None:
                        del above[0]
        except etree.XMLSyntaxError as error:
            raise self._malformed(error) from error

    def _without_entities(self, element: Any) -> None:
        if element.getroottree().docinfo.internalDTD is not None:
            raise UnreadableFile(f"{self._name} 含有 Word 不会写入的实体定义，可能是恶意文件；请用 Word 打开确认后另存一份再试")

    def _related(self, source: str) -> list[tuple[str, str]]:
        """Kind and target of what a part is related to; the package itself is the part with the empty name."""
        folder, file = posixpath.split(source)
        path = posixpath.join(folder, "_rels", f"{file}.rels")
        root = self.root(path)
        found: list[tuple[str, str]] = []
        for relation in root.iter(_RELATIONSHIP) if root is not None else ():
            if relation.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")
                found.append((relation.get("Type", "").rpartition("/")[2], target))
        return found

    def _read(self, part: str) -> bytes:
        try:
            with self._zip.open(part) as stream:
                data = stream.read(self._left + 1)
        except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, OSError, EOFError, RuntimeError, struct.error) as error:
            raise self._damaged() from error
        if len(data) > self._left:
            raise _bomb(self._name)
        self._left -= len(data)
        if b"purl.oclc.org" in data:
            for strict, usual in _STRICT:
                data = data.replace(strict, usual)
        return data

    def _damaged(self) -> UnreadableFile:
        return UnreadableFile(f"{self._name} 已经损坏或不完整，打不开；请重新导出或下载一份再试")

    def _malformed(self, error: Exception) -> UnreadableFile:
        if "Excessive depth" in str(error):
            return UnreadableFile(f"{self._name} 的内容嵌套太深，不像正常的文档；请用 Word 打开后另存一份再试")
        if "amplification" in str(error):
            return UnreadableFile(f"{self._name} 含有 Word 不会写入的实体定义，可能是恶意文件；请用 Word 打开确认后另存一份再试")
        return self._damaged()


def _check_directory(data: bytes, name: str) -> None:
    """Refuse a zip file with too many entries before its directory is read: each entry costs a kilobyte of memory."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - 0x10000 - _END.size))
    if at >= 0 and at + _END.size <= len(data):
        _, _, _, _, entries, size, _, _ = _END.unpack_from(data, at)
        if entries > MAX_ENTRIES or size > MAX_ENTRIES * 300:
            raise _bomb(name)


def _bomb(name: str) -> UnreadableFile:
    return UnreadableFile(f"{name} 解压后大得不像一份协议，没有打开；请确认来源，或另存为只含正文的 .docx 再试")


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
