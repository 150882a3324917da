"""Questions that people really asked and of which somebody said which clause answers them: kept beside the questions a model wrote.

    <folder>/<key>.asked.jsonl      {"clause": id, "of": digest, "questions": [{"voice": "person", "text": …}], "by": "person"}

`wenyue enrich` writes other files and never these. A question counts for as long as its clause says what it said.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from answering.written import letters
from retrieval.clause import Clause
from retrieval.errors import StorageError
from retrieval.likely import PERSON, clause_digest
from retrieval.standing import ASKED

_WAITING = 10.0  # seconds for another process that writes


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A question that was taken in, and the clause that answers it."""

    agreement: str
    clause: str
    text: str


class AskedQuestions:
    """The questions in a folder. Processes share it: each file is replaced whole. Everything raises StorageError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[TakenIn]:
        """Every question, by agreement."""
        return [
            TakenIn(path.name.removesuffix(ASKED), row["clause"], question["text"])
            for path in sorted(self._folder.glob(f"*{ASKED}"))
            for row in _rows(path)
            for question in row["questions"]
        ]

    def add(self, clause: Clause, text: str) -> None:
        """Let a question be answered by this clause and by no other. One with the same letters is replaced, whatever clause it was of."""
        with self._alone():
            self._drop(text)
            path = self._folder / f"{clause.agreement}{ASKED}"
            rows, digest = _rows(path), clause_digest(clause)
            row = next((row for row in rows if (row["clause"], row["of"]) == (clause.id, digest)), None)
            if row is None:
                row = {"clause": clause.id, "of": digest, "questions": [], "by": PERSON}
                rows.append(row)
            row["questions"].append({"voice": PERSON, "text": " ".join(text.split())})
            _write(path, rows)

    def remove(self, text: str) -> bool:
        """Take a question out again, whatever clause it is of; whether there was one with the same letters."""
        with self._alone():
            return self._drop(text)

    def _drop(self, text: str) -> bool:
        dropped = False
        for path in sorted(self._folder.glob(f"*{ASKED}")):
            rows = _rows(path)
            left = [row | {"questions": [q for q in row["questions"] if letters(q["text"]) != letters(text)]} for row in rows]
            if left != rows:
                dropped = True
                _write(path, [row for row in left if row["questions"]])
        return dropped

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._folder / "asked.lock")
            lock.acquire(timeout=_WAITING)
        except Timeout as error:
            raise StorageError(f"另一个进程正在写 {self._folder}，请过一会儿再试") from error
        except OSError as error:
            raise StorageError(f"不能写入 {self._folder}（{error.strerror or error}）") from error
        try:
            yield
        finally:
            lock.release()


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise StorageError(f"读不了 {path}（{error}）") from error


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    aside = path.with_name(path.name + ".writing")
    try:
        with aside.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise StorageError(f"不能写入 {path}（{error.strerror or error}）") from error
