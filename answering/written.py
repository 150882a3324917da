"""What a model wrote when asked for likely questions -> the questions that may be kept, and why the others may not."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from retrieval.clause import Clause
from retrieval.likely import VOICES, LikelyQuestion

_SHORTEST, _LONGEST = 2, 80  # characters of a question
_COPIED = 12  # characters in a row that also stand in the clause: its words are searched anyway
_MOST = 8  # questions of a clause, as the prompt asks
_DIGITS = re.compile(r"\d+")
_OBJECT = re.compile(r"\{")


def rows_of(reply: str) -> list[tuple[str, list[Any]]]:
    """The handle (`C1`) and the entries of every row that can be read in a reply.

    Code fences, prose, arrays around the rows and line feeds within them do no harm; a row that is broken or cut off is passed over.
    """
    decoder = json.JSONDecoder()
    rows: list[tuple[str, list[Any]]] = []
    for start in (match.start() for match in _OBJECT.finditer(reply)):
        try:
            value, _ = decoder.raw_decode(reply, start)
        except (ValueError, RecursionError):
            continue
        if "handle" in value and isinstance(value.get("questions"), list):
            number = _DIGITS.search(str(value["handle"]))
            rows.append((f"C{number.group()}" if number else "", value["questions"]))
    return rows


def letters(text: str) -> str:
    """A text without case, spaces and punctuation: two questions with the same letters are one."""
    return "".join(char for char in text.casefold() if char.isalnum())


class Sieve:
    """Keeps the good ones of the questions written for one clause, and counts the others by why they are not kept."""

    def __init__(self, clause: Clause) -> None:
        self._clause = clause
        self.kept: list[LikelyQuestion] = []
        self.dropped: Counter[str] = Counter()

    def take(self, entries: Iterable[Any]) -> None:
        """Entries as the model wrote them, {"voice": …, "text": …} where it kept to the form."""
        for entry in entries:
            try:
                question = LikelyQuestion(entry["voice"].strip().lower(), " ".join(entry["text"].split()))
            except (TypeError, KeyError, AttributeError):
                self.dropped["unreadable"] += 1
                continue
            if reason := self._objection(question):
                self.dropped[reason] += 1
            else:
                self.kept.append(question)

    def _objection(self, question: LikelyQuestion) -> str | None:
        text = question.text
        if question.voice not in VOICES:
            return "unknown_voice"
        if len(text) > _LONGEST or len(letters(text)) < _SHORTEST:
            return "length"
        if any(text[at : at + _COPIED] in self._clause.content for at in range(len(text) - _COPIED + 1)):
            return "copied"
        if letters(text) in {letters(other.text) for other in self.kept}:
            return "duplicate"
        return "surplus" if len(self.kept) == _MOST else None
