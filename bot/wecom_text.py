"""An answer as Markdown of WeCom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from answering.answer import Status
from answering.wording import listed
from answering.wording import say as say_in_answer
from bot.form import Cited, Form, Pointed, Said
from bot.wecom_markdown import Block, Run, fitting, inert, size, written
from bot.wording import say

__all__ = ["MOST_BYTES", "Link", "growing", "inert", "markdown_of"]

MOST_BYTES = 20480  # of UTF-8 that a message has at most

Link = Callable[[Cited | Pointed], str | None]
"""The address of a clause on the page, percent-encoded; None where there is none."""

_REFUSED = {Status.NOT_COVERED, Status.OUT_OF_SCOPE, Status.ERROR}
_APART = 2  # bytes between two blocks


def markdown_of(form: Form, link: Link | None = None, limit: int = MOST_BYTES, *, cards: bool = True) -> str:
    """The answer in at most `limit` bytes: what was refused or said, each statement with the short labels of its clauses, then those
    clauses, quoted, the quoted words bold, then what else is to be said.

    A clause that the statements quote whole is named and not repeated. The others are shown whole where there is room, else by the words
    around the quoted ones; where there is no room for that either, what comes last is left out and it is said so. `link` is where labels
    lead. Choices and suggestions are written only where no `cards` offer them. `limit` has to leave room for a few lines.
    """
    besides = (form.withheld, form.notice, form.disclaimer)
    offered = [] if cards else [*_offered(form)]
    for whole in (True, False):
        blocks = [*_answer(form, link), *_grounds(form, link, whole=whole)]
        markdown = written([*blocks, _about(*besides), *offered]) or written([_about(form.title)])
        if size(markdown) <= limit:
            return markdown
    shortened = say("wecom_shortened" if link and form.cited else "shortened", form.language)
    endings = [_about(shortened, *besides), _about(shortened, form.disclaimer), _about(shortened)]
    ending = next((ending for ending in endings if 2 * size(ending.markdown) <= limit), endings[-1])
    return written([*fitting(blocks, limit - size(ending.markdown) - _APART), ending])


def growing(form: Form, limit: int = MOST_BYTES) -> str:
    """The Markdown of an answer that is not whole yet, in at most `limit` bytes: as much of it as there is room for, and that more is
    coming. It has no links and no quoted clauses. `limit` has to leave room for a few lines.
    """
    coming = _about(say("growing", form.language))
    return written([*fitting(_answer(form, None), limit - size(coming.markdown) - _APART), coming])


def _answer(form: Form, link: Link | None) -> Iterator[Block]:
    """What answers the question, or why nothing does."""
    yield _about(form.understood, form.original)
    title = (Run(form.title, "b"), Run("\n")) if form.status in _REFUSED else ()
    yield Block((Run(form.message),), head=title)
    if form.related:
        yield Block(head=tuple(_related(form, link)), close=True)
    for said in form.statements:
        subject = f"{said.subject}：" if said.subject else ""
        yield Block((Run(subject + said.text),), tail=tuple(_cites(form, said, link)))


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


def _grounds(form: Form, link: Link | None, *, whole: bool) -> Iterator[Block]:
    """The cited clauses, a quotation each; those in a row of which the labels are all there is to show are one."""
    named: set[str] = set()
    for (agreement, bare), group in groupby(form.cited, lambda cited: (cited.agreement, not (cited.excerpt or cited.footnotes))):
        for clauses in [list(group)] if bare else ([cited] for cited in group):
            head = _head(form, clauses, link, first=agreement not in named)
            yield Block(tuple(_clause(clauses[0], whole=whole)), head=tuple(head), quote=True)
            named.add(agreement)


def _head(form: Form, clauses: Sequence[Cited], link: Link | None, *, first: bool) -> Iterator[Run]:
    """The labels of clauses of one agreement: where it is `first` named by its title and of when it is, else by what people call it."""
    one, *others = clauses
    yield Run(one.label if first else one.short, "b", _address(one, link))
    for other in others:
        yield Run(say_in_answer("comma", form.language))
        yield Run(other.place, "b", _address(other, link))
    if first and one.version:
        yield Run(f" · {one.version}")


def _clause(cited: Cited, *, whole: bool) -> Iterator[Run]:
    """The text of a clause as far as the statements leave any to show, what introduces it, and what helps to read it."""
    if cited.excerpt:
        yield Run(f"\n{cited.under}\n" if cited.under else "\n")
        for span in cited.text if whole else cited.excerpt:
            yield Run(span.text, "b" if span.quoted else "")
    yield from (Run(f"\n→ {line}") for line in cited.footnotes)


def _offered(form: Form) -> Iterator[Block]:
    """Choices and suggestions as lines."""
    yield _plain(*(f"· {choice.label} {form.example(choice)}" for choice in form.choices))
    if form.suggestions:
        yield _plain(form.suggestions_head, *(f"· {question}" for question in form.suggestions))


def _about(*lines: str) -> Block:
    """Lines that are not the answer but about it."""
    return Block((Run("\n".join(lines), "i"),))


def _plain(*lines: str) -> Block:
    return Block((Run("\n".join(lines)),))


def _address(clause: Cited | Pointed, link: Link | None) -> str:
    return (link(clause) if link else None) or ""
