"""The file that a version of an agreement was read from: its bytes, and what reading and parsing make of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from retrieval.clause import Clause
from retrieval.document import Document
from retrieval.errors import UnreadableFile
from retrieval.file_kind import FileKind, kind_of
from retrieval.parsing import Parsed, parse
from retrieval.reading import MAX_BYTES, read, read_bytes
from retrieval.text_reading import plain_text

_WORD = re.compile(r"[^\W\d_]{2}")  # mere figures are no agreement


@dataclass(frozen=True)
class Source:
    """A file as it was given. `name` is what it is called, without its folder; `told` what people are told of when it cannot be read."""

    name: str
    data: bytes
    told: str

    @classmethod
    def of(cls, path: Path) -> Source:
        """The file of that path. Raises UnreadableFile."""
        try:
            with path.open("rb") as file:
                return cls(path.name, file.read(MAX_BYTES + 1), str(path))
        except OSError as error:
            read(path)  # says why in its own words
            raise UnreadableFile(f"读不了文件 {path}（{error.strerror or error}）；请再试一次") from error

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def read(self) -> Reading:
        """What stands in it. Raises UnreadableFile."""
        document = read_bytes(self.told, self.data)
        is_text = kind_of(self.told, self.data) is FileKind.TEXT
        return Reading(self, document, plain_text(self.data, self.told) if is_text else "\n".join(line.text for line in document.lines))


@dataclass(frozen=True, slots=True)
class Reading:
    """A source that was read: the document, and its text, of a text file as it is."""

    source: Source
    document: Document
    text: str

    def parsed(self, key: str, title: str) -> Parsed:
        """The agreement of that key and title that stands in it."""
        return parse(self.document.lines, agreement=key, title=title)

    def checked(self, key: str, title: str) -> Parsed:
        """The same, of a file that somebody gives to be taken in. Raises UnreadableFile where no agreement stands in it."""
        parsed = self.parsed(key, title)
        if not any(_WORD.search(clause.text) for clause in parsed.clauses):
            raise UnreadableFile(f"{self.source.told} 里没有条款的文字；请确认这是一份协议")
        return parsed


def same_words(some: Sequence[Clause], others: Sequence[Clause]) -> bool:
    """Whether two versions print the same clauses, whatever their files hold besides and whatever they are titled."""
    return [(clause.id, clause.content) for clause in some] == [(clause.id, clause.content) for clause in others]
