"""An answer as messages of Telegram."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from answering.answer import Status
from answering.wording import listed
from answering.wording import say as say_in_answer
from bot.form import Cited, Form, Pointed, Said
from bot.telegram_markup import MOST_UNITS, Paragraph, Part, Run, parts_of, utf16
from bot.wording import say

__all__ = ["Link", "Part", "growing", "html_of", "utf16"]

Link = Callable[[Cited | Pointed], str | None]
"""The address of a clause on the page, percent-encoded; None where there is none."""

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
    if form.related:
        yield Paragraph(tuple(_related(form, link)), gap="\n")
    for at, said in enumerate(form.statements):
        close = at and not (said.quoted or form.statements[at - 1].quoted)  # clauses are long, and end where one does not expect it
        yield Paragraph((Run(_told(said)), *_cites(form, said, link)), gap="\n" if close else "\n\n")


def _told(said: Said) -> str:
    return (f"{said.subject}：" if said.subject else "") + said.text


def _cites(form: Form, said: Said, link: Link | None) -> Iterator[Run]:
    cited = [form.cited[at] for at in said.cited]
    return _leading(form.cites(said, short=True), [(one.short, _address(one, link)) for one in cited])


def _related(form: Form, link: Link | None) -> Iterator[Run]:
    labels = [one.short + (say("cites", form.language, labels=one.heading) if one.heading else "") for one in form.related]
    text = say_in_answer("related", form.language, labels=listed(labels, form.language))
    return _leading(text, [(one.short, _address(one, link)) for one in form.related])


def _leading(text: str, labels: Iterable[tuple[str, str]]) -> Iterator[Run]:
    """A text in which the labels, in their order, lead to their addresses."""
    for label, address in labels:
        before, _, text = text.partition(label)
        yield Run(before)
        yield Run(label, link=address)
    yield Run(text)


def _grounds(form: Form, link: Link | None, *, whole: bool) -> Iterator[Paragraph]:
    """The cited clauses, a quotation each; those in a row of which the labels are all there is to show are one."""
    named: set[str] = set()
    gap = False
    for (agreement, bare), group in groupby(form.cited, lambda cited: (cited.agreement, not (cited.excerpt or cited.footnotes))):
        for clauses in [list(group)] if bare else ([cited] for cited in group):
            head = _head(form, clauses, link, first=agreement not in named)
            yield Paragraph((*head, *_clause(clauses[0], whole=whole)), quote=True, gap="\n" if gap else "\n\n")
            named.add(agreement)
            gap = True


def _head(form: Form, clauses: Sequence[Cited], link: Link | None, *, first: bool) -> Iterator[Run]:
    """The labels of clauses of one agreement: where it is `first` named by its title and of when it is, else by what people call it."""
    one, *others = clauses
    yield Run(one.label if first else one.short, link=_address(one, link))
    for other in others:
        yield Run(say_in_answer("comma", form.language))
        yield Run(other.place, link=_address(other, link))
    if first and one.version:
        yield Run(f" · {one.version}")


def _clause(cited: Cited, *, whole: bool) -> Iterator[Run]:
    """The text of a clause as far as the statements leave any to show, what introduces it, and what helps to read it."""
    if cited.excerpt:
        yield Run(f"\n{cited.under}\n" if cited.under else "\n")
        for span in cited.text if whole else cited.excerpt:
            yield Run(span.text, "b" if span.quoted else "")
    yield from (Run(f"\n→ {line}") for line in cited.footnotes)


def _besides(form: Form) -> Iterator[Paragraph]:
    yield _line(form.withheld, form.notice, form.disclaimer)


def _offered(form: Form) -> Iterator[Paragraph]:
    """Choices and suggestions as lines."""
    yield _plain(*(f"· {choice.label} {form.example(choice)}" for choice in form.choices))
    if form.suggestions:
        yield _plain(form.suggestions_head, *(f"· {question}" for question in form.suggestions))


def _line(*lines: str) -> Paragraph:
    """Lines that are not the answer but about it."""
    return Paragraph((Run("\n".join(filter(None, lines)), "i"),))


def _plain(*lines: str) -> Paragraph:
    return Paragraph((Run("\n".join(filter(None, lines))),))


def _address(clause: Cited | Pointed, link: Link | None) -> str:
    return (link(clause) if link else None) or ""
