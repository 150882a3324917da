"""How a right statement is made wrong: each function here makes drafts of one kind of mutant, out of right statements, by rule."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from answering.sentences import sentences, share
from eval.amounts import Stated, Written
from eval.flips import flips_of, swaps_of
from eval.questions import squeezed
from eval.truths import SHOWN, Table, Truth, rows
from retrieval.clause import Clause

INVENTIONS = Path(__file__).parent / "inventions.jsonl"


@dataclass(frozen=True, slots=True)
class Draft:
    """A mutant before the clauses shown with it are gathered: what is said, of which clause, made of which truth."""

    truth: Truth
    change: str
    text: str
    clause: Clause
    handles: tuple[str, ...] | None = None
    quote: str = ""


def _said(truth: Truth, text: str, change: str) -> Draft:
    """A truth's clause cited for another text."""
    return Draft(truth, change, text, truth.clause)


def _cited(truth: Truth, clause: Clause) -> Draft:
    """A truth's text said of another clause."""
    return Draft(truth, f"{truth.clause.id} → {clause.agreement} {clause.id}", truth.text, clause)


# --- figures ---------------------------------------------------------------------------------------------------------

_ARABIC = re.compile(r"(?<![\w.@])(?:\d+\.)*\d+(?![\w.@]*[a-z@]|[)）])")  # no address, no mark before an item
_CHINESE = re.compile(r"(?:(?<=第)[二三四五六七八九十]+(?=条)|[一二两三四五六七八九十百]+(?=个(?:自然日|工作日|月)|年作|年为|周岁))")
_UNITS = {
    "个工作日": ("个自然日", "天"), "个自然日": ("个工作日", "个月"), "自然日": ("工作日",), "个月": ("年", "天"), "天": ("个月", "个工作日"),
    "日内": ("个月内",), "日以上": ("个月以上",), "年": ("个月",), " working days": (" calendar days",),
    " calendar days": (" working days", " months"), " days": (" months",), " months": (" years",),
}  # fmt: skip
_DIGITS = "零一二三四五六七八九"


def _chinese(value: int) -> str:
    tens, ones = divmod(value, 10)
    return (("" if tens == 1 else _DIGITS[tens]) + "十" if tens else "") + (_DIGITS[ones] if ones or not tens else "")


def _other_values(written: str, draw: random.Random) -> list[str]:
    """Other values in the same form: 30 → 45, 99.90 → 99.50, 7.2.3 → 7.2.4, 三十 → 四十."""
    if written[0] in "一二两三四五六七八九十百":
        value = {"两": 2}.get(written) or sum({"十": 10}.get(c, _DIGITS.find(c)) for c in written)
        if len(written) > 1 and written[0] != "十":
            value = _DIGITS.find(written[0]) * 10 + (_DIGITS.find(written[2]) if len(written) > 2 else 0)
        return [_chinese(value + 10), _chinese(value + draw.choice((1, 2, 5)))]
    head, dot, last = written.rpartition(".")
    if dot:
        return [f"{head}.{(int(last) + draw.choice((1, 2, 3))) % 10 ** len(last):0{len(last)}d}"]
    value = int(written)
    return [str(value + draw.choice((1, 2, 5))), str(value * draw.choice((2, 3)) or 4), str(max(value - 2, 0) or 9)]


def changed_figure(truths: Sequence[Truth], table: Table, draw: random.Random) -> Iterator[Draft]:
    """A figure of the statement, or its unit, changed to one that the clause does not hold."""
    for truth in truths:
        content = squeezed(truth.clause.content)
        for match in [*_ARABIC.finditer(truth.text), *_CHINESE.finditer(truth.text)]:
            before, after = truth.text[: match.start()], truth.text[match.end() :]
            for other in _other_values(match.group(), draw):
                if not re.search(rf"(?<![\d一-十.]){re.escape(other)}(?![\d十])", content):
                    yield _said(truth, before + other + after, f"{match.group()} → {other} @{match.start()}")
            unit = next((unit for unit in _UNITS if after.lstrip(" " if unit[0] != " " else "").startswith(unit)), None)
            for other in _UNITS[unit] if unit else ():
                if squeezed(match.group() + other) not in content:
                    text = before + match.group() + after.replace(unit or "", other, 1)
                    yield _said(truth, text, f"{match.group()}{unit} → {other} @{match.start()}")


def misplaced_figure(truths: Sequence[Truth], table: Table, draw: random.Random) -> Iterator[Draft]:
    """A figure of the clause in the place of another one of its figures."""
    for truth in truths:
        there = dict.fromkeys(match.group() for match in _ARABIC.finditer(truth.clause.text))
        for match in _ARABIC.finditer(truth.text):
            for other in there:
                if other != match.group() and other.count(".") == match.group().count("."):
                    text = truth.text[: match.start()] + other + truth.text[match.end() :]
                    if squeezed(text) not in squeezed(truth.clause.text):
                        yield _said(truth, text, f"{match.group()} → {other} @{match.start()}")


def other_amount(stated: Sequence[Stated], others: Callable[[Written], Sequence[str]]) -> Iterator[Draft]:
    """The amount of a clause in another writing, as `others` tells."""
    for one in stated:
        truth = Truth(one.id, "conversion", one.clause, one.chinese or one.english, "")
        for other in others(one.amount):
            if text := one.said(other):
                yield _said(truth, text, f"{one.writing} → {other}")


# --- citations -------------------------------------------------------------------------------------------------------


def neighbour_number(truths: Sequence[Truth], table: Table, draw: random.Random) -> Iterator[Draft]:
    """Statements said of clauses beside theirs: of the likest one, and of one drawn."""
    for truth in truths:
        others = table.silent(truth, table.beside(truth.clause))
        others.sort(key=lambda clause: -share(truth.topic, [clause.content]))
        for clause in others[:1] + draw.sample(others[1:], min(1, len(others[1:]))):
            yield _cited(truth, clause)


def other_agreement(truths: Sequence[Truth], table: Table, draw: random.Random) -> Iterator[Draft]:
    """Statements said of the likest clause of another agreement."""
    for truth in truths:
        near = [clause for _, clause in table.near(truth.topic)[:80] if clause.agreement != truth.clause.agreement]
        others = table.silent(truth, near)
        # Where another agreement says the same, what it says beside that is no wrong clause of a different kind: leave the truth out.
        if others and len(others) >= len(near) - 1:
            yield _cited(truth, others[0])


def unknown_handle(truths: Sequence[Truth], table: Table, draw: random.Random) -> Iterator[Draft]:
    """Statements that cite a clause not shown, alone and beside their own, or none."""
    for at, truth in enumerate(truths):
        unknown = f"C{draw.randint(3 * SHOWN, 99)}"
        known = table.case(truth)[1][truth.clause.ref]
        handles = ((unknown,), (known, unknown), ("C0",), ())[at % 4]
        yield Draft(truth, ",".join(handles), truth.text, truth.clause, handles)


# --- meaning ---------------------------------------------------------------------------------------------------------


def flipped_meaning(truths: Sequence[Truth], table: Table, draw: random.Random) -> Iterator[Draft]:
    """What is permitted, required or affirmed turned round."""
    for truth in truths:
        for text, change in flips_of(truth.text, english=truth.origin == "english"):
            yield _said(truth, text, change)


def swapped_parties(truths: Sequence[Truth], table: Table, draw: random.Random) -> Iterator[Draft]:
    """One party in the place of the other."""
    for truth in truths:
        if truth.origin != "english":
            for text, change in swaps_of(truth.text):
                yield _said(truth, text, change)


def unsupported(truths: Sequence[Truth], table: Table, draw: random.Random) -> Iterator[Draft]:
    """Inventions said of the nearest clause of each agreement (once), and statements said of clauses about something else."""
    if truths[0].origin == "verbatim":
        keys = dict.fromkeys(clause.agreement for clause in table.clauses)
        for row in rows(INVENTIONS):
            for key in keys:
                near = [clause for _, clause in table.near(row["text"] + row["question"]) if clause.agreement == key]
                clause = near[0] if near else draw.choice([clause for clause in table.clauses if clause.agreement == key])
                invented = Truth(f"i:{row['text']}", "invention", clause, row["text"], row["question"])
                yield _said(invented, row["text"], f"{key} {clause.id}")
        return
    for truth in truths:
        others = [clause for clause in draw.sample(table.clauses, 30) if share(truth.topic, [clause.content]) < 0.2]
        if others:
            yield _cited(truth, others[0])


def stitched_quote(truths: Sequence[Truth], table: Table, draw: random.Random) -> Iterator[Draft]:
    """Halves of two clauses, and two halves of one clause that do not stand side by side."""
    for truth in truths:
        source = squeezed(truth.clause.text)
        other = draw.choice(table.clauses)
        parts = [part for part in sentences(truth.clause.text) if len(part) >= 8]
        stitched = {"two clauses": _half(truth.clause.text, 0) + _half(other.text, 1)}
        if len(parts) > 1:
            first, last = sorted(draw.sample(range(len(parts)), 2))
            stitched["one clause"] = _half(parts[first], 0) + _half(parts[last], 1)
        for how, quote in stitched.items():
            if squeezed(quote) not in source:
                yield Draft(truth, how, truth.text, truth.clause, quote=quote)


def _half(text: str, which: int) -> str:
    middle = max(1, len(text) // 2)
    return text[middle:] if which else text[:middle]
