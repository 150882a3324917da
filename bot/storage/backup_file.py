"""The file that a backup is: a zip archive of rows as JSON Lines, of written questions, and of a manifest that says what must be in it.

    manifest.json                   program, revision of the schema, and of every other entry its rows, bytes and SHA-256
    rows/<table>.jsonl              a row a line, by column; moments in UTC, bytes in base64
    enriched/<key>.questions.jsonl  as the data folder holds it

Words that are sealed in the database are sealed here. What is derived, such as indexes, is not in it.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from bot.migrations import HEAD, REVISIONS
from retrieval.errors import StorageError

MANIFEST = "manifest.json"
_FORMAT, _NUMBER = "wenyue backup", 1
_ROWS = re.compile(r"rows/([a-z_]{1,64})\.jsonl")
_ENRICHED = re.compile(r"enriched/([A-Za-z0-9_-]{1,64}\.questions\.jsonl)")
_LONGEST_LINE = 512 << 20  # a row holds a file of an agreement at most
_LONGEST_MANIFEST = 4 << 20
_DENSEST = 500  # bytes from one: zeros give a thousand, a million of the same answers less than this
_SMALL = 16 << 20  # bytes, of which it does not matter how dense they are
_BLOCK = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, TypeError, NotImplementedError, RuntimeError)

Tick = Callable[[int], None]
"""Is told how much more was done."""


class BackupError(StorageError):
    """The file is no backup that can be restored. The message is shown to people as it stands."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one entry of the archive must be."""

    name: str
    rows: int
    bytes: int
    sha256: str

    @property
    def table(self) -> str | None:
        """The table whose rows these are; None where they are questions."""
        found = _ROWS.fullmatch(self.name)
        return found[1] if found else None

    @property
    def file(self) -> str | None:
        """The name of a file of written questions; None where these are rows."""
        found = _ENRICHED.fullmatch(self.name)
        return found[1] if found else None


class BackupWriter:
    """Writes a backup into an open file. It is whole when `close` was called; where it is not to be, `abandon` lets go of the file."""

    def __init__(self, file: IO[bytes], made_at: str, database: str) -> None:
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._head = {"format": _FORMAT, "number": _NUMBER, "program": version("wenyue"), "schema": HEAD}
        self._head |= {"made_at": made_at, "database": database}
        self._entries: list[Entry] = []

    def add_rows(self, table: str, lines: Iterable[bytes]) -> None:
        self._add(f"rows/{table}.jsonl", lines)

    def add_questions(self, path: Path) -> None:
        """Raises OSError."""
        with path.open("rb") as lines:
            self._add(f"enriched/{path.name}", lines)

    def close(self) -> None:
        manifest = self._head | {"entries": [asdict(entry) for entry in self._entries]}
        self._archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        self._archive.close()

    def abandon(self) -> None:
        with suppress(OSError, ValueError):
            self._archive.close()

    def _add(self, name: str, lines: Iterable[bytes]) -> None:
        digest, rows, size = hashlib.sha256(), 0, 0
        with self._archive.open(name, "w", force_zip64=True) as entry:
            for line in lines:
                entry.write(line)
                digest.update(line)
                rows, size = rows + 1, size + len(line)
        self._entries.append(Entry(name, rows, size, digest.hexdigest()))


class BackupFile:
    """A backup that can be restored: its manifest was read, and agrees with what the archive says of itself. Raises BackupError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            raise BackupError(f"没有备份文件 {path}")
        try:
            self._archive = zipfile.ZipFile(path)
        except _BROKEN as error:
            raise BackupError(f"{path} 不是问约的备份，或不完整：它不是 zip 文件，或者缺了结尾") from error
        try:
            self.manifest = self._read_manifest()
            self.entries = [Entry(**entry) for entry in self.manifest["entries"]]
            self._check_entries()
        except BackupError:
            self.close()
            raise
        except _BROKEN as error:
            self.close()
            raise self._damaged("读不出它的清单") from error

    @property
    def revision(self) -> str:
        return str(self.manifest["schema"])

    def check(self, tick: Tick) -> None:
        """Read everything once and compare it with the manifest; `tick` is told of bytes. Raises BackupError."""
        for entry in self.entries:
            digest, rows, size = hashlib.sha256(), 0, 0
            for line in self.lines(entry):
                digest.update(line)
                rows, size = rows + 1, size + len(line)
                tick(len(line))
            if (rows, size, digest.hexdigest()) != (entry.rows, entry.bytes, entry.sha256):
                raise self._damaged(f"{entry.name} 与清单不符")

    def lines(self, entry: Entry) -> Generator[bytes]:
        """The lines of an entry, none of them too long to be held. Raises BackupError."""
        try:
            with self._archive.open(entry.name) as packed, io.BufferedReader(packed, _BLOCK) as file:  # type: ignore[type-var]
                while line := file.readline(_LONGEST_LINE):
                    if len(line) == _LONGEST_LINE:
                        raise self._damaged(f"{entry.name} 有一行太长")
                    yield line
        except _BROKEN as error:
            raise self._damaged(f"{entry.name} 读不出来") from error

    def close(self) -> None:
        self._archive.close()

    def _read_manifest(self) -> dict[str, Any]:
        if MANIFEST not in self._archive.namelist():
            raise BackupError(f"{self._path} 不是问约的备份：里面没有 {MANIFEST}")
        if self._archive.getinfo(MANIFEST).file_size > _LONGEST_MANIFEST:
            raise self._damaged("清单太大")
        manifest = json.loads(self._archive.read(MANIFEST))
        if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
            raise BackupError(f"{self._path} 不是问约的备份：{MANIFEST} 是别的程序的")
        if not isinstance(manifest["number"], int) or manifest["number"] > _NUMBER or manifest["schema"] not in REVISIONS:
            made_by, revision = str(manifest.get("program"))[:20], str(manifest["schema"])[:20]
            raise BackupError(
                f"{self._path} 是更新的问约（{made_by}，数据库版本 {revision}）写的，这个程序只认得到 {HEAD}；请换成新的问约再恢复"
            )
        return manifest

    def _check_entries(self) -> None:
        """Nothing may be in it but what the manifest names, and nothing may unpack to what no backup is."""
        names = [info.filename for info in self._archive.infolist()]
        if sorted(names) != sorted([MANIFEST, *(entry.name for entry in self.entries)]):
            raise self._damaged("里面的文件与清单不符")
        for entry in self.entries:
            packed = self._archive.getinfo(entry.name)
            if entry.table is None and entry.file is None:
                raise self._damaged(f"里面有不该有的文件 {entry.name[:80]!r}")
            if packed.file_size != entry.bytes:
                raise self._damaged(f"{entry.name} 与清单不符")
            if packed.file_size > _SMALL and packed.file_size > _DENSEST * packed.compress_size:
                raise self._damaged(f"{entry.name} 解开来大得不合常理")

    def _damaged(self, what: str) -> BackupError:
        return BackupError(f"备份 {self._path} 坏了：{what}；什么也没有改动，请换一份备份")
