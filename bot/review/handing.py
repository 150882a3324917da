"""Whom to turn to with a question that was not answered, and handing it to them: it is marked in the review list."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from answering.answer import Answer, Status
from bot.contacts import Contact, Contacts
from bot.record import Record
from bot.review.decisions import Decisions
from bot.review.items import item_of
from retrieval.errors import StorageError

_UNHELPED = (Status.NOT_COVERED, Status.ERROR)  # a question of something else is nobody's, and a choice is the asker's
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Handed:
    """A question that was handed to somebody: to whom, and whether that had been done before."""

    contact: Contact
    again: bool


class Handing:
    """Tells whom to turn to, and hands over. Threads may share it."""

    def __init__(self, contacts: Contacts, decisions: Decisions) -> None:
        self.contacts = contacts
        self.decisions = decisions

    def contact(self, answer: Answer) -> Contact | None:
        """Whom to ask instead: who is named for the agreement the question is about, as far as that is known; None where the answer
        answers or nobody is named. Never raises: an answer does not wait for this.
        """
        if answer.status not in _UNHELPED or not answer.whole:
            return None
        nearest = [*(clause.agreement for clause in answer.related), *(hit.clause.agreement for hit in answer.retrieved)]
        try:
            return self.contacts.of(nearest[0] if nearest else "")
        except StorageError as error:
            _log.warning("the contacts cannot be read: %s", error)
            return None

    def contact_of(self, record: Record) -> Contact | None:
        """Whom to turn to with the question of a record. Raises StorageError."""
        if record.status not in _UNHELPED:
            return None
        answer = record.answer
        nearest = [*answer["related"], *answer["retrieved"]]
        return self.contacts.of(nearest[0]["agreement"] if nearest else "")

    def hand(self, record: Record) -> Handed | None:
        """Hand the question of a record over; None where there is nobody to hand it to. Raises StorageError."""
        contact = self.contact_of(record)
        if contact is None:
            return None
        return Handed(contact, again=not self.decisions.hand(record.id, item_of(record)))

    def is_handed(self, record: Record) -> bool:
        """Whether it was handed over. Raises StorageError."""
        return self.decisions.is_handed(record.id)
