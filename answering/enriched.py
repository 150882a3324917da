"""The questions that a model wrote for one agreement, kept in the data folder beside the shipped ones.

    <folder>/<key>.questions.jsonl      as retrieval.likely reads it, and `checked` where the questions were searched for

A file is replaced whole, so it is never half written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from answering.written import letters
from retrieval.clause import Hit
from retrieval.errors import StorageError
from retrieval.likely import LikelyQuestion, clause_digest
from retrieval.links import Links

Find = Callable[[str, Collection[str]], Sequence[Hit]]
SUFFIX = ".questions.jsonl"


class Enriched:
    """`rows` holds the questions by clause id; clauses that are gone or reworded, and lines that cannot be read, have none.

    `links` must know all clauses of the agreement. Several threads may add. Raises StorageError.
    """

    def __init__(self, folder: Path, agreement: str, links: Links) -> None:
        self._path = folder / f"{agreement}{SUFFIX}"
        self._agreement = agreement
        self._links = links
        self._lock = Lock()
        self.rows: dict[str, list[LikelyQuestion]] = {}
        self._checked: set[str] = set()
        try:
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines() if self._path.exists() else []
        except OSError as error:
            raise StorageError(f"cannot read the written questions {self._path}: {error.strerror or error}") from error
        self._read(lines)

    def _read(self, lines: Iterable[str]) -> None:
        for line in lines:
            try:
                row = json.loads(line)
                name = row["clause"]
                if row["of"] != self._digest(name):
                    continue
                self.rows[name] = [LikelyQuestion(entry["voice"], entry["text"]) for entry in row["questions"]]
            except (ValueError, KeyError, TypeError):
                continue
            if row.get("checked"):
                self._checked.add(name)

    def add(self, drafts: Mapping[str, Sequence[LikelyQuestion]]) -> int:
        """Keep questions by clause id, all at once; returns how many were left out because another clause has the same."""
        if not any(drafts.values()):
            return 0
        with self._lock:
            taken = {letters(question.text) for kept in self.rows.values() for question in kept}
            repeated = 0
            for name, questions in drafts.items():
                own = [question for question in questions if letters(question.text) not in taken]
                repeated += len(questions) - len(own)
                taken.update(letters(question.text) for question in own)
                if own:
                    self.rows[name] = own
            self._write()
        return repeated

    def check(self, find: Find) -> int:
        """Drop the questions for which `find` ranks another clause higher than their own; returns how many.

        A question is searched for once in its life. A clause that is left with none is as if nothing had been written for it.
        """
        unchecked = [name for name in self.rows if name not in self._checked]
        dropped = 0
        for name in unchecked:
            kept = [question for question in self.rows[name] if not self._found_elsewhere(question, name, find)]
            dropped += len(self.rows[name]) - len(kept)
            if kept:
                self.rows[name] = kept
                self._checked.add(name)
            else:
                del self.rows[name]
        if unchecked:
            self._write()
        return dropped

    def _found_elsewhere(self, question: LikelyQuestion, name: str, find: Find) -> bool:
        hits = find(question.text, [self._agreement])
        own = max((hit.score for hit in hits if hit.clause.id == name), default=-1.0)
        return any(hit.score > own for hit in hits)

    def _digest(self, name: str) -> str | None:
        clause = self._links.clause(self._agreement, name)
        return clause_digest(clause) if clause else None

    def _write(self) -> None:
        aside = self._path.with_name(self._path.name + ".writing")
        try:
            with aside.open("w", encoding="utf-8") as file:
                for name, questions in self.rows.items():
                    file.write(json.dumps(self._row(name, questions), ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self._path)
        except OSError as error:
            raise StorageError(f"cannot write {self._path}: {error.strerror or error}") from error

    def _row(self, name: str, questions: Iterable[LikelyQuestion]) -> dict[str, Any]:
        row = {"clause": name, "of": self._digest(name), "questions": [{"voice": q.voice, "text": q.text} for q in questions]}
        return row | ({"checked": True} if name in self._checked else {})
