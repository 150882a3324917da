"""A follow-up made whole by the chat model; what it writes is taken only where it brings nothing that nobody said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from answering.errors import ModelError, QuestionError
from answering.figures import figures
from answering.models import ChatModel, Completion
from answering.question import Question, clean, understand
from answering.sentences import share
from prompts.prompt import Prompt
from retrieval.clause import Agreement
from retrieval.words import normalise

_HANDLE = re.compile(r"[\[【［(（]\s*[CＣc]\s*\d+\s*[\]】］)）]")
_SAID = 0.4  # of its bigrams; what joins the words of one turn to those of another is new
_QUOTES = "“”\"'`「」 "


def rewritten(
    asked: Question, model: ChatModel, prompt: Prompt, agreements: Sequence[Agreement], *, chat: str = ""
) -> tuple[Question, Completion | None]:
    """A follow-up as the model makes it whole, and the completion it cost; as it was where the model fails or cannot be trusted.

    `prompt` has the variables `history` and `question`.
    """
    try:
        completion = model.complete(*prompt.fill(history="\n".join(asked.history), question=asked.text), chat=chat)
    except ModelError:
        return asked, None
    whole = completion.text.strip().strip(_QUOTES)
    if not _is_sane(whole, asked, agreements):
        return asked, completion
    read = understand(whole, (), agreements)
    if asked.agreements and not read.agreements:
        names = [agreement.names[0] for key in asked.agreements for agreement in agreements if agreement.key == key]
        whole = f"{'和'.join(names)}：{whole}"
    return (
        replace(asked, whole=whole, search_text=read.search_text, agreements=read.agreements or asked.agreements, numbers=read.numbers),
        completion,
    )


def _is_sane(whole: str, asked: Question, agreements: Sequence[Agreement]) -> bool:
    """Whether it is one line, mostly in words of the conversation, and has the agreements, clause numbers and figures of the message and
    none that nobody spoke of.
    """
    try:
        if clean(whole) != whole or _HANDLE.search(whole):
            return False
    except QuestionError:
        return False
    if share(normalise(whole), [normalise(said) for said in (asked.text, asked.whole, *asked.history)]) < _SAID:
        return False
    mine, now = _named(asked.text, agreements), _named(whole, agreements)
    return mine <= now <= mine.union(*(_named(said, agreements) for said in asked.history))


def _named(text: str, agreements: Sequence[Agreement]) -> set[object]:
    """The agreements, clause numbers and figures of a text."""
    read = understand(text, (), agreements)
    return {*read.agreements, *read.numbers, *(f"={figure.value}" for figure in figures(text))}
