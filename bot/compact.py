"""An answer as a short plain text: for a chat, or wherever there is room for a few lines only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from answering.wording import listed
from answering.wording import say as say_in_answer
from bot.form import Form, Said
from bot.wording import say

_OFFERED = 2  # suggestions
_STOPS = (re.compile(r"[。！？!?]+[”’」』）)]*|\.(?=\s)|\n"), re.compile(r"[；;]"), re.compile(r"[，,：:]"))
_LEFT_OUT = "……"


def compact(form: Form, limit: int) -> str:
    """The answer in at most `limit` characters: the statements, each with the short labels of the clauses it rests on, then those
    clauses by their whole names, what else is to be said, and a question or two.

    What there is no room for is left out in this order: suggestions, whole names, statements from the last, of the first one the end,
    what is said besides. A statement is cut where a sentence ends, else where a part of one does; its labels are all there, and whole.
    That something is missing is said. Where not even labels find room, the title of the answer stands alone.
    """
    opening, closing = [form.understood, form.original], [form.withheld, form.notice, form.disclaimer]
    body = [_with_labels(form, said, said.text) for said in form.statements] if form.statements else [form.message, *_elsewhere(form)]
    for grounds, offered in ((True, _OFFERED), (True, 1), (True, 0), (False, 0)):
        lines = [*opening, *body, _grounds(form) if grounds else "", *closing, *_suggested(form, offered)]
        if len(text := _joined(lines)) <= limit:
            return text
    shortened = say("shortened", form.language)
    endings: list[list[str]] = [[shortened, *closing], [shortened, form.disclaimer], [shortened], []]
    for words, after, before in product((True, False), endings, (opening, [])):
        taken = _joined([*before, *after])
        if kept := list(_fitting(form, limit - len(taken) - bool(taken), words=words)):
            return _joined([*before, *kept, *after])
    return form.title[:limit]


def _fitting(form: Form, room: int, *, words: bool) -> Iterator[str]:
    """As much of the statements, or of the message, as there is room for; with `words` never the labels of a statement alone."""
    if not form.statements:
        lines = ([piece, *_elsewhere(form)] if piece == form.message else [piece] for piece in _pieces(form.message))
        first, *rest = next((lines for lines in lines if len(lines[0]) <= room), [""])
        if first:
            yield first
            yield from _while_room(rest, room - len(first) - 1)
        return
    for at, said in enumerate(form.statements):
        pieces = [_with_labels(form, said, piece if piece == said.text else piece + _LEFT_OUT) for piece in _pieces(said.text)]
        if not words and not at:
            pieces.append(_with_labels(form, said, _LEFT_OUT))
        line = next((piece for piece in pieces if len(piece) <= room), "")
        if line:
            yield line
        if line != pieces[0]:
            return
        room -= len(line) + 1


def _while_room(lines: Sequence[str], room: int) -> Iterator[str]:
    for line in lines:
        if len(line) <= room:
            yield line
            room -= len(line) + 1


def _pieces(text: str) -> Iterator[str]:
    """The beginnings of a text, the longest first: all of it, to where a sentence ends, to where a part of one ends."""
    yield text
    for stops in _STOPS:
        ends = [stop.end() for stop in stops.finditer(text) if text[stop.end() :].strip()]
        yield from (text[:end].rstrip() for end in reversed(ends))


def _with_labels(form: Form, said: Said, text: str) -> str:
    return (f"{said.subject}：" if said.subject else "") + text + form.cites(said, short=True)


def _grounds(form: Form) -> str:
    """The cited clauses by their whole names: 依据：《腾讯乐享服务协议》2.2.3、4.1（2022-08-15 更新）."""
    named = []
    for title, version, group in form.by_agreement():
        dated = say("cites", form.language, labels=version) if version else ""
        named.append(title + listed((cited.place for cited in group), form.language) + dated)
    clauses = say_in_answer("semicolon", form.language).join(named)
    return say("grounds_line", form.language, clauses=clauses) if clauses else ""


def _elsewhere(form: Form) -> list[str]:
    """What there is besides a message: choices, each with how to ask for it, or clauses that may be related."""
    lines = [f"· {choice.label} {form.example(choice)}" for choice in form.choices]
    if form.related:
        labels = listed((pointed.short for pointed in form.related), form.language)
        lines.append(say_in_answer("related", form.language, labels=labels))
    return lines


def _suggested(form: Form, most: int) -> list[str]:
    return [form.suggestions_head, *(f"· {question}" for question in form.suggestions[:most])] if most and form.suggestions else []


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(line for line in lines if line)
