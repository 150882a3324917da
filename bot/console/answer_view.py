"""An answer in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from rich.console import Console
from rich.text import Text

from answering.answer import Status
from bot.console.wrapping import Wrapped
from bot.excerpt import Span
from bot.form import Cited, Form, Said

_COLOURS = {
    Status.ANSWERED: "green",
    Status.NOT_COVERED: "yellow",
    Status.OUT_OF_SCOPE: "yellow",
    Status.CLARIFY: "cyan",
    Status.ERROR: "red",
}
_LABEL = "bold cyan"


def show_answer(console: Console, form: Form, *, full: bool = False) -> None:
    """The answer, then what it rests on, what else is to be said, and what may be asked next.

    Of a cited clause as much is shown as helps to read the statements; with `full` all of it, the quoted words standing out.
    """
    _show_head(console, form)
    _show_statements(console, form, 0)
    _show_rest(console, form, full=full)


def show_growing(console: Console, forms: Iterable[Form], *, full: bool = False) -> None:
    """An answer as it grows, each form having the statements of the one before and more: what is new is printed beneath what is there."""
    shown = 0
    last: Form | None = None
    coming = iter(forms)
    with console.status("…"):  # on a terminal alone, and gone when there is something to show
        begun = next(coming, None)
    for form in chain([begun] if begun else [], coming):
        if last is None:
            _show_head(console, form)
        _show_statements(console, form, shown)
        shown, last = len(form.statements), form
    if last is not None:
        _show_rest(console, last, full=full)


def _show_head(console: Console, form: Form) -> None:
    console.print(Text(f"● {form.title}", style=f"bold {_COLOURS[form.status]}"))
    for line in (form.understood, form.original):
        _print(console, Text(line, style="dim"), 2)
    _print(console, Text(form.message), 2)
    for choice in form.choices:
        _print(console, Text.assemble("· ", (choice.label, _LABEL), f" {form.example(choice)}"), 4)


def _show_statements(console: Console, form: Form, start: int) -> None:
    """The statements from a place on."""
    for at, said in enumerate(form.statements[start:], start):
        if at and (said.quoted or form.statements[at - 1].quoted):  # clauses are long, and end where one does not expect it
            console.print()
        console.print(_statement(form, said))


def _show_rest(console: Console, form: Form, *, full: bool) -> None:
    """What stands beneath the statements."""
    if form.related:
        _print(console, Text(form.related_head, style="dim"), 2)
        for pointed in form.related:
            _print(console, Text(f"· {pointed.label}　{pointed.heading}".rstrip(), style="dim"), 4)
    if form.asks and form.contact:
        address = f"（{form.contact.address}）" if form.contact.way == "mail" else ""
        _print(console, Text(form.asks + address), 2)
    if form.cited:
        console.print()
        console.print(Text(form.grounds_head, style="bold"))
        for title, version, group in form.by_agreement():
            _print(console, Text.assemble((title, "cyan"), (f"　{version}" if version else "", "dim")), 2)
            for cited in group:
                _show_cited(console, cited, full=full)
    if last := [line for line in (form.withheld, form.notice) if line]:
        console.print()
        for line in last:
            _print(console, Text(line, style="yellow"), 0)
    if form.disclaimer:
        console.print()
        _print(console, Text(form.disclaimer, style="dim"), 0)
    if form.suggestions:
        console.print()
        show_questions(console, form.suggestions_head, form.suggestions)


def show_questions(console: Console, head: str, questions: Iterable[str]) -> None:
    """Questions one may ask, each on a line that can be copied."""
    for line in (head, *(f"  {question}" for question in questions)):
        console.print(Text(line, style="dim"), soft_wrap=True)


def _statement(form: Form, said: Said) -> Wrapped:
    text = Text.assemble((f"{said.subject}：" if said.subject else "", "bold"), said.text)
    start = len(text)
    text.append(form.cites(said))
    labels = []
    for at in said.cited:
        start = text.plain.index(form.cited[at].label, start)
        labels.append((start, start + len(form.cited[at].label)))
        start = labels[-1][1]
    for first, last in labels:
        text.stylize(_LABEL, first, last)
    return Wrapped(text, 2, labels)


def _show_cited(console: Console, cited: Cited, *, full: bool) -> None:
    """A cited clause: where it stands, what introduces it, its text with the quoted words standing out, and what helps to read it."""
    _print(console, Text.assemble((cited.place, _LABEL), (f"　{cited.path}" if cited.path else "", "dim")), 4)
    spans = cited.text if full else cited.excerpt
    if cited.under and spans:
        _print(console, Text(cited.under, style="dim"), 6)
    _print(console, Text.assemble(*_styled(spans)), 6)
    for line in cited.footnotes:
        _print(console, Text(line, style="dim"), 6)


def _styled(spans: Sequence[Span]) -> Iterator[tuple[str, str]]:
    return ((span.text, "bold" if span.quoted else "dim") for span in spans)


def _print(console: Console, text: Text, indent: int) -> None:
    if text:
        console.print(Wrapped(text, indent))
