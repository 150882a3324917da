"""Likely questions: what people would ask of each clause, kept as data beside the agreement.

Document expansion by queries (Nogueira et al., doc2query, 2019): a clause is also found by the questions it answers, which are
in people's words where the clause is in a lawyer's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from retrieval.clause import Clause
from retrieval.errors import CatalogError

VOICES = ("plain", "lay", "scenario", "keywords", "negated", "condition", "english")
PERSON = "person"
"""The voice of a question that somebody really asked, and of which a person said which clause answers it."""


@dataclass(frozen=True, slots=True)
class LikelyQuestion:
    """A question whose answer is one clause, and the voice it is asked in."""

    voice: str
    text: str


def clause_digest(clause: Clause) -> str:
    """Changes when what a clause says changes, so that questions written for another wording are known to be stale."""
    return hashlib.sha256(clause.content.encode()).hexdigest()[:12]


def load_likely(
    path: Path, clauses: Mapping[str, Clause], voices: Collection[str] = VOICES
) -> tuple[dict[str, list[LikelyQuestion]], list[str]]:
    """The questions of a file by clause id, and the ids of those left out because their clause is gone or reworded.

    One JSON object a line: {"clause": id, "of": digest, "questions": [{"voice": …, "text": …}]}, each in one of `voices`. Raises
    CatalogError.
    """
    found: dict[str, list[LikelyQuestion]] = {}
    stale: list[str] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"cannot read the likely questions {path.name}: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            name, digest = str(row["clause"]), str(row["of"])
            questions = [LikelyQuestion(str(entry["voice"]), str(entry["text"])) for entry in row["questions"]]
        except (ValueError, KeyError, TypeError) as error:
            raise CatalogError(f'{path.name} line {number}: expected {{"clause", "of", "questions"}}: {error!r}') from error
        if unknown := next((question.voice for question in questions if question.voice not in voices), None):
            raise CatalogError(f"{path.name} line {number}: unknown voice {unknown!r}; voices are {', '.join(voices)}")
        clause = clauses.get(name)
        if clause is None or clause_digest(clause) != digest:
            stale.append(name)
        else:
            found[name] = questions
    return found, stale
