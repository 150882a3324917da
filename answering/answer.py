"""The nouns of an answer. Refusal is a status, never a sentence to be searched for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from retrieval.clause import Clause, Hit


class Status(StrEnum):
    ANSWERED = "answered"
    NOT_COVERED = "not_covered"
    OUT_OF_SCOPE = "out_of_scope"
    CLARIFY = "clarify"
    ERROR = "error"


class Language(StrEnum):
    """What a question is asked in, and the words around the clauses are said in; clauses are quoted as they are printed."""

    SIMPLIFIED = "zh-Hans"
    TRADITIONAL = "zh-Hant"
    ENGLISH = "en"


class Reason(StrEnum):
    """Why a statement was withheld."""

    NO_CITATION = "no_citation"
    UNKNOWN_HANDLE = "unknown_handle"
    FIGURE_NOT_IN_CLAUSE = "figure_not_in_clause"
    WORDS_NOT_IN_CLAUSE = "words_not_in_clause"
    OTHER_CLAUSE_SAYS_IT = "other_clause_says_it"
    MEANING_REVERSED = "meaning_reversed"
    PARTIES_SWAPPED = "parties_swapped"
    QUOTE_NOT_VERBATIM = "quote_not_verbatim"
    WRONG_AGREEMENT = "wrong_agreement"
    FOREIGN_MARK = "foreign_mark"
    NOT_SUPPORTED = "not_supported"  # says the judge
    CUT_OFF = "cut_off"
    TOO_LONG = "too_long"
    CHECK_FAILED = "check_failed"


@dataclass(frozen=True, slots=True)
class Referred:
    """A clause that a cited one refers to; `under` is the sentence that introduces it in a list, without which it must not be read."""

    clause: Clause
    under: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"agreement": self.clause.agreement, "id": self.clause.id, "label": self.clause.label}


@dataclass(frozen=True, slots=True)
class Defined:
    """A term that the agreement of a cited clause gives a meaning of its own, where, and in which sentence, verbatim."""

    term: str
    clause: Clause
    sentence: str

    def to_json(self) -> dict[str, Any]:
        return {"term": self.term, "agreement": self.clause.agreement, "id": self.clause.id, "label": self.clause.label}


@dataclass(frozen=True, slots=True)
class Citation:
    """A clause that a statement rests on, with words of its own text, verbatim.

    `path` is the headings above it (腾讯权利义务 > 退款), `under` the sentence that introduces it in a list. `refers`, `defines` and
    `unheld` help to read the clause and are nothing the answer rests on: clauses it refers to, definitions of terms it uses, and
    titles of documents it names that the library does not hold.
    """

    clause: Clause
    quote: str
    path: str = ""
    under: str = ""
    refers: tuple[Referred, ...] = ()
    defines: tuple[Defined, ...] = ()
    unheld: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        clause = self.clause
        return {
            "agreement": clause.agreement,
            "id": clause.id,
            "number": clause.number,
            "label": clause.label,
            "quote": self.quote,
            "path": self.path,
            "under": self.under,
            "refers": [referred.to_json() for referred in self.refers],
            "defines": [defined.to_json() for defined in self.defines],
            "unheld": list(self.unheld),
        }


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer; `citations` are positions in the answer's citations."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """A sentence that was not shown, and which check it failed."""

    text: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to make an unclear question clear: the agreement meant, and the whole question to ask instead."""

    agreement: str
    label: str
    question: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question. Only `answered` has citations; `related` are near clauses that do not answer it.

    `message` says in a sentence what a refusal, a request to clarify or an error is about. `latency_ms` is in milliseconds.
    `understood_as` is the whole question that was answered, where the conversation had to be put into it. `confidence` is how
    likely the best clause found answers (of several parts asked: the surest), `threshold` from where on that was enough; None
    where something else decided. `suggestions` are questions to ask next, each as one would ask it of somebody who has heard nothing.
    `repaired` counts statements that passed only when the model had written them anew; `first_ms` is when the first statement a model
    wrote had passed, in milliseconds from the question; `left_out` counts clauses found that the model's budget had no room for;
    `model_failed` tells that the model did not answer, or not to the end. `cached` tells that the answer was given before and is given again, `whole` that nothing is added to it any more.
    """

    id: str
    question: str
    status: Status
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    message: str = ""
    related: tuple[Clause, ...] = ()
    retrieved: tuple[Hit, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    choices: tuple[Choice, ...] = ()
    notice: str = ""
    model: str = "extractive"
    prompt_version: str = ""
    tokens: dict[str, int] = field(default_factory=lambda: {"prompt": 0, "completion": 0})
    latency_ms: float = 0.0
    understood_as: str | None = None
    confidence: float | None = None
    threshold: float | None = None
    suggestions: tuple[str, ...] = ()
    language: Language = Language.SIMPLIFIED
    repaired: int = 0
    first_ms: float | None = None
    left_out: int = 0
    cached: bool = False
    model_failed: bool = False
    whole: bool = True

    @property
    def text(self) -> str:
        """What a person reads, citations printed in it."""
        from answering.wording import say  # which needs the languages from here

        if self.status is not Status.ANSWERED:
            lines = [self.message, *(f"· {choice.label}" for choice in self.choices)]
            if self.related:
                labels = say("comma", self.language).join(clause.label for clause in self.related)
                lines.append(say("related", self.language, labels=labels))
            return "\n".join(lines)
        return "\n".join(
            statement.text + "（" + "、".join(self.citations[at].clause.label for at in statement.citations) + "）"
            for statement in self.statements
        )

    def to_json(self) -> dict[str, Any]:
        """The public form, `ask --json`, and a row of `eval --answers`."""
        return {
            "id": self.id,
            "question": self.question,
            **({"understood_as": self.understood_as} if self.understood_as else {}),
            "status": self.status.value,
            "text": self.text,
            "statements": [{"text": s.text, "citations": list(s.citations)} for s in self.statements],
            "citations": [citation.to_json() for citation in self.citations],
            "related": [{"agreement": c.agreement, "id": c.id} for c in self.related],
            "retrieved": [{"agreement": h.clause.agreement, "id": h.clause.id, "score": h.score} for h in self.retrieved],
            "withheld": [{"text": w.text, "reason": w.reason.value} for w in self.withheld],
            "choices": [{"agreement": c.agreement, "label": c.label, "question": c.question} for c in self.choices],
            "message": self.message,
            "notice": self.notice,
            "confidence": None if self.confidence is None else round(self.confidence, 4),
            "threshold": self.threshold,
            "suggestions": list(self.suggestions),
            "model": self.model,
            "prompt_version": self.prompt_version,
            "tokens": self.tokens,
            "latency_ms": round(self.latency_ms, 1),
            "language": self.language.value,
            "repaired": self.repaired,
            "first_ms": None if self.first_ms is None else round(self.first_ms, 1),
            "left_out": self.left_out,
            "cached": self.cached,
            "model_failed": self.model_failed,
        }
