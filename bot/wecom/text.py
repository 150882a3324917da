"""An answer as Markdown of WeCom."""

from __future__ import annotations

from collections.abc import Iterator

from answering.answer import Status
from bot.contacts import Contact
from bot.form import Form
from bot.runs import Link, Run, asks, cites, grounds, offered, related, told
from bot.wecom.markdown import Block, fitting, inert, size, written
from bot.wording import say

__all__ = ["MOST_BYTES", "Link", "growing", "inert", "markdown_of"]

MOST_BYTES = 20480  # of UTF-8 that a message has at most

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
    offers = [] if cards else [*_offered(form)]
    for whole in (True, False):
        blocks = [*_answer(form, link), *_grounds(form, link, whole=whole)]
        markdown = written([*blocks, _about(*besides), *offers]) or written([_about(form.title)])
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


def calling_of(text: str, contact: Contact | None) -> str:
    """A sentence in which nothing means anything but the name of a contact, who is called where they have an account in WeCom."""
    return written([Block(head=tuple(asks(text, contact)))]) if contact else inert(text)


def _answer(form: Form, link: Link | None) -> Iterator[Block]:
    """What answers the question, or why nothing does."""
    yield _about(form.understood, form.original)
    title = (Run(form.title, "b"), Run("\n")) if form.status in _REFUSED else ()
    yield Block((Run(form.message),), head=title)
    yield Block((Run(form.asks),))  # who is named is called only once somebody hands the question to them
    if form.related:
        yield Block(head=tuple(related(form, link)), close=True)
    for said in form.statements:
        yield Block((Run(told(said)),), tail=tuple(cites(form, said, link)))


def _grounds(form: Form, link: Link | None, *, whole: bool) -> Iterator[Block]:
    """The cited clauses, a quotation each, of which the labels are bold."""
    return (Block(clause, head=head, quote=True) for head, clause in grounds(form, link, whole=whole, mark="b"))


def _offered(form: Form) -> Iterator[Block]:
    return (_plain(*lines) for lines in offered(form))


def _about(*lines: str) -> Block:
    """Lines that are not the answer but about it."""
    return Block((Run("\n".join(lines), "i"),))


def _plain(*lines: str) -> Block:
    return Block((Run("\n".join(lines)),))
