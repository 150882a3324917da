"""What is asked under load: clauses by their number, which no other clause answers, and questions in people's words."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from answering.answer import Status
from answering.answerer import Answerer
from eval.questions import QUESTIONS
from retrieval.clause import Kind
from retrieval.library import Library

_SEED = 7


@dataclass(frozen=True)
class Question:
    """A question; its answer must name the clause `number`, whatever else it says. Empty where any answer will do."""

    text: str
    number: str = ""

    def is_answered_by(self, text: str) -> bool:
        read = text.replace("\u2060", "")  # which keeps Telegram from making addresses of numbers
        return bool(read) if not self.number else re.search(rf"》\s*{re.escape(self.number)}(?![\d.])", read) is not None


def questions(answerer: Answerer, library: Library) -> Iterator[Question]:
    """Questions for ever, every other one of a clause by its number."""
    chosen = random.Random(_SEED)
    numbered = _numbered(answerer, library)
    lines = (QUESTIONS / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line]
    worded = [Question(row["question"]) for row in rows if row["expect"] == "answer" and not row.get("history")]
    while True:
        yield chosen.choice(numbered)
        yield chosen.choice(worded)


def _numbered(answerer: Answerer, library: Library) -> list[Question]:
    """Those that are answered with just that clause where nothing is wrong."""
    found = []
    clauses = library.clauses()
    times = Counter((clause.agreement, clause.number) for clause in clauses)
    for clause in clauses[::4]:
        if clause.kind is not Kind.CLAUSE or clause.annex or times[clause.agreement, clause.number] > 1 or not clause.text:
            continue
        name = library.agreement(clause.agreement).names[0]
        question = Question(f"{name} {clause.number} 是怎么规定的？", clause.number)
        answer = answerer.answer(question.text)
        if answer.status is Status.ANSWERED and [citation.clause for citation in answer.citations] == [clause]:
            found.append(question)
    return found
