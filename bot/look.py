"""What chat channels show answers with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from answering.answer import Answer
from bot.contacts import Contact
from bot.form import Cited, Form, Pointed, form_of
from retrieval.clause import Agreement


def _nobody(_: Answer) -> Contact | None:
    return None


@dataclass(frozen=True, slots=True)
class Look:
    """The agreements as they are called, the address of a clause on the page, if there is a page, and whom one may ask instead."""

    agreements: Callable[[], Iterable[Agreement]]
    link: Callable[[Cited | Pointed], str | None] | None = None
    contact: Callable[[Answer], Contact | None] = _nobody

    def form(self, answer: Answer) -> Form:
        """The form of an answer. May ask the database whom one may turn to instead."""
        return form_of(answer, self.agreements(), self.contact(answer))
