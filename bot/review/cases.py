"""A decided question as an evaluation case, in the public form of `wenyue eval --questions`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from answering.answer import Language, Status
from answering.question import understand
from bot.review.decisions import LIKELY, REFUSE, RIGHT, WRONG, Decision
from bot.review.hints import Hint, hints
from bot.review.items import Item, item_id
from bot.review.questions import TakenIn
from retrieval.clause import Clause
from retrieval.library import Library
from retrieval.words import bigrams

_SHORTEST, _LONGEST = 8, 25  # characters of an anchor, white space and table bars left out
_LEAST = 6  # of a clause that has no more
_PART = re.compile(r"[^。；，、：！？\n|]+")
_LANGUAGES = {Language.SIMPLIFIED: "zh", Language.TRADITIONAL: "zh-Hant", Language.ENGLISH: "en"}


@dataclass(frozen=True, slots=True)
class Sorted:
    """Decided items, sorted by what can be made of them: `cases` by item, `personal` with what looks like a person's data, `taught` of which
    the bot has learned the answer, `impossible` with the reason.
    """

    cases: dict[str, dict[str, Any]]
    personal: dict[str, list[Hint]]
    taught: list[str]
    impossible: dict[str, str]


def cases_of(items: Sequence[Item], library: Library, taught: Sequence[TakenIn], anyway: Sequence[str] = ()) -> Sorted:
    """The cases of items, those that are `anyway` to be there whatever their questions look like; `taught` is what the bot was taught."""
    sorted_ = Sorted({}, {}, [], {})
    known = {item_id(question.text) for question in taught}
    for item in items:
        decision = item.decision
        if decision is None or decision.verdict not in (RIGHT, WRONG, REFUSE):
            continue
        found = hints(item.wording, library.agreements)
        if decision.use == LIKELY or item_id(item.wording) in known:
            sorted_.taught.append(item.id)
        elif found and item.id not in anyway:
            sorted_.personal[item.id] = found
        else:
            try:
                sorted_.cases[item.id] = case_of(item, decision, library)
            except ValueError as error:
                sorted_.impossible[item.id] = str(error)
    return sorted_


def case_of(item: Item, decision: Decision, library: Library) -> dict[str, Any]:
    """One case. Raises ValueError with a sentence where a clause is gone or nothing tells it from the others."""
    clauses = {clause.ref: clause for clause in library.clauses()}
    gold = []
    for ref in decision.clauses:
        if ref not in clauses:
            raise ValueError(f"{ref[0]} 现在没有条款 {ref[1]}，请重新指定")
        gold.append({"agreement": ref[0], "clause": ref[1], "anchor": anchor_of(clauses[ref], list(clauses.values()), item.wording)})
    named = understand(item.wording, (), library.agreements).agreements
    refused = decision.verdict == REFUSE
    style = "direct" if not refused else "out_of_scope" if item.record.status == Status.OUT_OF_SCOPE else "unanswerable"
    return {
        "id": f"review-{item.id}",
        "question": item.wording,
        "lang": _LANGUAGES[Language(item.record.answer["language"])],
        "style": style,
        "history": [],
        "agreement": None if not named else named[0] if len(named) == 1 else list(named),
        "expect": "refuse" if refused else "answer",
        "gold": [{**one, "required": True} for one in gold],
        "also_ok": [],
        "answer_points": [],
        "note": decision.note,
    }


def anchor_of(clause: Clause, clauses: Sequence[Clause], question: str = "") -> str:
    """A verbatim piece of a clause's text, white space left out, 8 to 25 characters, that stands in no other clause of its agreement if that can be, and in none of
    the same number in any case: of those that do, one that speaks of what the question does. Raises ValueError where there is none.
    """
    agreement = [_squeezed(other.content) for other in clauses if other.agreement == clause.agreement and other.id != clause.id]
    twins = [_squeezed(o.content) for o in clauses if (o.agreement, o.number) == (clause.agreement, clause.number) and o.id != clause.id]
    asked = set(bigrams(question))
    pieces = sorted(_pieces(clause.text or clause.heading), key=lambda piece: -len(asked & set(bigrams(piece))))
    for others in (agreement, twins):
        for piece in pieces:
            if not any(_squeezed(piece) in other for other in others):
                return piece
    raise ValueError(f"{clause.label} 没有一段 {_LEAST} 到 {_LONGEST} 个字、别的条款里没有的文字，做不成评测题")


def _pieces(text: str) -> Iterator[str]:
    """The parts of a text that can be anchors, the best to read first: whole parts of sentences, two parts in a row, whatever fits."""
    parts = [(match.start(), match.end()) for match in _PART.finditer(text)]
    spans = [*parts, *((first[0], second[1]) for first, second in itertools.pairwise(parts))]
    for start, end in spans:
        piece = text[start:end].strip()
        if "\n" not in piece and "|" not in piece and len(_squeezed(piece)) >= _SHORTEST:
            yield _cut(piece)
    lines = [line.strip() for line in re.split(r"[\n|]", text) if line.strip()]
    for line in lines:
        for start in range(0, max(1, len(line) - _SHORTEST + 1)):
            if len(_squeezed(line[start:])) >= (_LEAST if start == 0 else _SHORTEST):
                yield _cut(line[start:])
    whole = _squeezed(text)  # across lines and cells, where nothing within one will do
    yield from (whole[start : start + _LONGEST] for start in range(len(whole) - _LONGEST + 1))


def _cut(piece: str) -> str:
    """The beginning of a piece, no longer than an anchor may be."""
    end = len(piece)
    while len(_squeezed(piece[:end])) > _LONGEST:
        end -= 1
    return piece[:end].strip()


def _squeezed(text: str) -> str:
    return re.sub(r"[\s|]", "", text)
