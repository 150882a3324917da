"""Buttons under an answer: votes with their reasons, the choices it offers, further questions. The same in every channel."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from answering.answer import Answer, Language
from answering.kept import answer_from
from bot.commands import as_question
from bot.contacts import Contact
from bot.message import Message
from bot.place import Place
from bot.record import Record
from bot.records import RecordsError
from bot.stores import Stores
from retrieval.library import Library

REASONS = ("clause", "question", "missing", "unclear")
"""What may be wrong with an answer; `wrong_…` in wording.toml is what buttons say."""

_DATA = re.compile(r"(?P<what>[cqvwh]):(?P<record>[0-9a-z]{1,20}):(?P<which>[a-z0-9]{1,16})")


@dataclass(frozen=True, slots=True)
class Press:
    """A button that somebody pressed: where, the id of the message that it stands under, and what it carries."""

    place: Place
    message: str
    data: str
    private: bool = False


@dataclass(frozen=True, slots=True)
class Voted:
    """A vote that was cast: on which answer, kept under which id; `asks_why` where it is down and gives no reason yet.

    `answer` is None where its clauses have changed since.
    """

    answer: Answer | None
    record: str
    verdict: str
    asks_why: bool


@dataclass(frozen=True, slots=True)
class Handing:
    """A question that is to be handed to somebody. `message` has it done and said; it is None where that was done before.

    `answer` is None where its clauses have changed since.
    """

    answer: Answer | None
    record: str
    contact: Contact
    language: Language
    message: Message | None


def choice_data(record: str, at: int) -> str:
    """What the button of a choice carries: nothing but the id of a record and a place in it."""
    return f"c:{record}:{at}"


def question_data(record: str, at: int) -> str:
    """What the button of a further question carries."""
    return f"q:{record}:{at}"


def vote_data(record: str, verdict: str) -> str:
    """What the button of a vote carries: `up` or `down`."""
    return f"v:{record}:{verdict}"


def reason_data(record: str, reason: str) -> str:
    """What the button carries that says why an answer was no good: one of REASONS."""
    return f"w:{record}:{reason}"


def hand_data(record: str) -> str:
    """What the button carries that hands a question to whom one may ask instead."""
    return f"h:{record}:on"


class Presses:
    """Tells what a press means. `library` is asked for it as it is now. Threads may share it. Raises StorageError where the database fails."""

    def __init__(self, stores: Stores, library: Callable[[], Library]) -> None:
        self._stores = stores
        self._library = library

    def take(self, press: Press) -> Voted | Handing | Message | None:
        """What a press leads to: a vote, which is cast, a question to hand over, or a message to be answered. None where whoever pressed may not, and for what no
        button of ours carries, or one of an answer in another chat.
        """
        found = _DATA.fullmatch(press.data)
        if found is None or self._stores.access.may_ask(press.place, press.private) is None:
            return None
        try:
            record = self._stores.records.get(found["record"])
        except RecordsError:
            return None
        if record.id != found["record"] or (record.place.channel, record.place.chat) != (press.place.channel, press.place.chat):
            return None
        answer = answer_from(record.answer, self._library())
        what, which = found["what"], found["which"]
        if what in "vw":
            verdict, reason = (which, "") if what == "v" else ("down", which)
            if verdict not in ("up", "down") or (reason and reason not in REASONS):
                return None
            self._stores.votes.cast(record.id, press.place.channel, press.place.asker, verdict, reason)
            return Voted(answer, record.id, verdict, verdict == "down" and not reason)
        if what == "h":
            return self._handing(press, record, answer)
        if answer is None:
            return None
        offered = [choice.question for choice in answer.choices] if what == "c" else list(answer.suggestions)
        if not which.isdigit() or int(which) >= len(offered):
            return None
        # whoever presses first asks it; somebody else who presses asks anew
        id_ = f"{press.message}.{what}{which}.{press.place.asker}"
        return Message(press.place, id_, as_question(offered[int(which)]), private=press.private)

    def _handing(self, press: Press, record: Record, answer: Answer | None) -> Handing | None:
        handing = self._stores.handing
        contact = handing.contact_of(record) if handing else None
        if handing is None or contact is None:
            return None
        message = Message(press.place, f"{press.message}.h.{press.place.asker}", f"/hand {record.id}", private=press.private)
        language = Language(record.answer["language"])
        return Handing(answer, record.id, contact, language, None if handing.is_handed(record) else message)
