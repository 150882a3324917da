"""What an answer says in a chat, as marked runs of text: what every channel that shows labels and quoted clauses has in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from answering.wording import listed
from answering.wording import say as say_in_answer
from bot.contacts import Contact
from bot.form import Cited, Form, Pointed, Said
from bot.wording import say

Mark = Literal["", "b", "i"]

Link = Callable[[Cited | Pointed], str | None]
"""The address of a clause on the page, percent-encoded; None where there is none."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text with one mark or none, and the address it leads to, of ASCII; what is no http address is no link.

    `calls` is whom it names: they are called where they have an account of the channel.
    """

    text: str
    mark: Mark = ""
    link: str = ""
    calls: Contact | None = None


def told(said: Said) -> str:
    """A statement, and what it is said of where it does not say so itself."""
    return (f"{said.subject}：" if said.subject else "") + said.text


def cites(form: Form, said: Said, link: Link | None) -> Iterator[Run]:
    """The short labels behind a statement."""
    cited = [form.cited[at] for at in said.cited]
    return _leading(form.cites(said, short=True), [(one.short, _address(one, link)) for one in cited])


def related(form: Form, link: Link | None) -> Iterator[Run]:
    """The clauses that are only pointed at."""
    labels = [one.short + (say("cites", form.language, labels=one.heading) if one.heading else "") for one in form.related]
    text = say_in_answer("related", form.language, labels=listed(labels, form.language))
    return _leading(text, [(one.short, _address(one, link)) for one in form.related])


def grounds(form: Form, link: Link | None, *, whole: bool, mark: Mark = "") -> Iterator[tuple[tuple[Run, ...], tuple[Run, ...]]]:
    """The cited clauses, a quotation each: its labels, with this mark, and its text, whole or only the words around the quoted ones.

    Clauses in a row of which the labels are all there is to show are one quotation.
    """
    named: set[str] = set()
    for (agreement, bare), group in groupby(form.cited, lambda cited: (cited.agreement, not (cited.excerpt or cited.footnotes))):
        for clauses in [list(group)] if bare else ([cited] for cited in group):
            yield tuple(_head(form, clauses, link, mark, first=agreement not in named)), tuple(_clause(clauses[0], whole=whole))
            named.add(agreement)


def offered(form: Form) -> Iterator[list[str]]:
    """Choices and suggestions, for where nothing can be pressed: lines that belong together."""
    yield [f"· {choice.label} {form.example(choice)}" for choice in form.choices]
    if form.suggestions:
        yield [form.suggestions_head, *(f"· {question}" for question in form.suggestions)]


def asks(text: str, contact: Contact | None) -> Iterator[Run]:
    """A sentence about a contact, whose name calls them where the channel can do so by an account of theirs."""
    if contact is not None:
        before, name, after = text.partition(contact.name)
        yield from (Run(before), Run(name, calls=contact), Run(after))


def _leading(text: str, labels: Iterable[tuple[str, str]]) -> Iterator[Run]:
    """A text in which the labels, in their order, lead to their addresses."""
    for label, address in labels:
        before, _, text = text.partition(label)
        yield Run(before)
        yield Run(label, link=address)
    yield Run(text)


def _head(form: Form, clauses: Sequence[Cited], link: Link | None, mark: Mark, *, first: bool) -> Iterator[Run]:
    """The labels of clauses of one agreement: where it is `first` named by its title and of when it is, else by what people call it."""
    one, *others = clauses
    yield Run(one.label if first else one.short, mark, _address(one, link))
    for other in others:
        yield Run(say_in_answer("comma", form.language))
        yield Run(other.place, mark, _address(other, link))
    if first and one.version:
        yield Run(f" · {one.version}")


def _clause(cited: Cited, *, whole: bool) -> Iterator[Run]:
    """The text of a clause as far as the statements leave any to show, what introduces it, and what helps to read it."""
    if cited.excerpt:
        yield Run(f"\n{cited.under}\n" if cited.under else "\n")
        for span in cited.text if whole else cited.excerpt:
            yield Run(span.text, "b" if span.quoted else "")
    yield from (Run(f"\n→ {line}") for line in cited.footnotes)


def _address(clause: Cited | Pointed, link: Link | None) -> str:
    return (link(clause) if link else None) or ""
