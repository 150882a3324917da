"""An answer as messages of Telegram."""

from __future__ import annotations

from collections.abc import Iterator

from answering.answer import Status
from bot.form import Form
from bot.runs import Link, Run, cites, grounds, offered, related, told
from bot.telegram.markup import MOST_UNITS, Paragraph, Part, parts_of, utf16
from bot.wording import say

__all__ = ["Link", "Part", "growing", "html_of", "utf16"]

_REFUSED = {Status.NOT_COVERED, Status.OUT_OF_SCOPE, Status.ERROR}


def html_of(form: Form, link: Link | None = None, *, buttons: bool = True) -> list[Part]:
    """The answer in messages, at least one: what was refused or said, each statement with the short labels of its clauses, then those
    clauses, folded, the quoted words bold, then what else is to be said.

    A clause that the statements quote whole is named and not repeated. The others are shown whole where that makes one message, else by
    the words around the quoted ones. `link` is where labels lead. Choices and suggestions are written only where no `buttons` offer them.
    """
    for whole in (True, False):
        paragraphs = [*_answer(form, link), *_grounds(form, link, whole=whole), *_besides(form), *([] if buttons else _offered(form))]
        parts = parts_of(paragraphs)
        if len(parts) == 1:
            break
    return parts or parts_of([_line(form.title)])


def growing(form: Form, limit: int = MOST_UNITS) -> str:
    """The HTML of an answer that is not whole yet, in at most `limit` units: as much of it as there is room for, and that more is coming.

    It has no links and no folded clauses. `limit` has to leave room for a line.
    """
    [coming] = parts_of([_line(say("growing", form.language))], limit)
    shown = parts_of(_answer(form, None), max(limit - utf16(coming.plain) - 2, 2))
    return f"{shown[0].html}\n\n{coming.html}" if shown else coming.html


def _answer(form: Form, link: Link | None) -> Iterator[Paragraph]:
    """What answers the question, or why nothing does."""
    yield _line(form.understood, form.original)
    title = [Run(form.title, "b"), Run("\n")] if form.status in _REFUSED else []
    yield Paragraph((*title, Run(form.message)))
    yield Paragraph((Run(form.asks),))  # who is named is called only once somebody hands the question to them
    if form.related:
        yield Paragraph(tuple(related(form, link)), gap="\n")
    for at, said in enumerate(form.statements):
        close = at and not (said.quoted or form.statements[at - 1].quoted)  # clauses are long, and end where one does not expect it
        yield Paragraph((Run(told(said)), *cites(form, said, link)), gap="\n" if close else "\n\n")


def _grounds(form: Form, link: Link | None, *, whole: bool) -> Iterator[Paragraph]:
    """The cited clauses, a folded quotation each."""
    for at, (head, clause) in enumerate(grounds(form, link, whole=whole)):
        yield Paragraph((*head, *clause), quote=True, gap="\n" if at else "\n\n")


def _besides(form: Form) -> Iterator[Paragraph]:
    yield _line(form.withheld, form.notice, form.disclaimer)


def _offered(form: Form) -> Iterator[Paragraph]:
    return (_plain(*lines) for lines in offered(form))


def _line(*lines: str) -> Paragraph:
    """Lines that are not the answer but about it."""
    return Paragraph((Run("\n".join(filter(None, lines)), "i"),))


def _plain(*lines: str) -> Paragraph:
    return Paragraph((Run("\n".join(filter(None, lines))),))
