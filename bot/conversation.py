"""The one flow of a conversation, whatever the channel: earlier questions go along, and what was answered lately is not asked again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta

from answering.answer import Answer, Reason, Status
from answering.answerer import Answerer
from answering.evidence import count_tokens
from answering.kept import answer_from
from answering.question import clean
from bot.place import Place
from bot.records import Records
from retrieval.library import Library

_QUOTED = 300  # characters of a quoted message
_REMEMBERED = 6  # earlier questions that can still matter to a follow-up


@dataclass(frozen=True, slots=True)
class _Turn:
    """A question in its conversation, on time.perf_counter's clock. `key` is the same where question, history and answerer are."""

    question: str
    history: tuple[str, ...]
    fingerprint: str
    key: str
    started: float


class Conversation:
    """What an asker asks in a place, one question after the other, each answered after the questions before and then kept.

    `agreements` restricts it to those keys. Only questions are remembered: the last six of the last 12 hours, the newest of them that fit
    into `history_tokens`; none with 0. What was answered in the last `cache_minutes`, with the same clauses, prompts and models, is given
    again from the records; that needs the `library`, and is not done for quotations, which cost nothing. Threads may share it.
    """

    def __init__(
        self,
        answerer: Answerer,
        records: Records,
        place: Place,
        agreements: Sequence[str] = (),
        *,
        library: Library | None = None,
        history_tokens: int = 600,
        cache_minutes: float = 60.0,
    ) -> None:
        self._answerer = answerer
        self._records = records
        self._place = place
        self._agreements = tuple(agreements)
        self._library = library if cache_minutes and answerer.model_name != "extractive" else None
        self._history_tokens = history_tokens
        self.record: str | None = None  # under which the last answer was kept
        self._cached = timedelta(minutes=cache_minutes)

    def ask(self, question: str, quoted: str = "") -> Answer:
        """Answer the next question; `quoted` is what its message quotes of another, which counts as said just before it.

        Raises QuestionError and UnknownAgreement, after which the conversation goes on as before.
        """
        turn = self._turn(question, quoted)
        answer = self._served(turn)
        if answer is None:
            answer = self._answerer.answer(turn.question, turn.history, agreements=self._agreements, chat=self._place.account)
            self._keep(turn, answer)
        return answer

    def stream(self, question: str, quoted: str = "") -> Generator[Answer]:
        """The answer as it grows, the last one whole, as the answerer streams it; raises what `ask` does.

        Who closes the iterator early ends the answer; what was shown of it is kept.
        """
        turn = self._turn(question, quoted)
        if served := self._served(turn):
            yield served
            return
        shown: Answer | None = None
        whole = False
        answers = self._answerer.stream(turn.question, turn.history, agreements=self._agreements, chat=self._place.account)
        try:
            with closing(answers):
                for shown in answers:
                    yield shown
            whole = True
        finally:
            if shown is not None:
                self._keep(turn, shown, whole=whole)

    def forget(self) -> None:
        """Begin a new conversation."""
        self._records.begin(self._place)

    @property
    def goes_on(self) -> bool:
        """Whether questions asked before still count."""
        return bool(self._history())

    def _turn(self, question: str, quoted: str) -> _Turn:
        started = time.perf_counter()
        question = clean(question)
        history = tuple(self._history(question))
        if any(char.isalnum() for char in quoted):
            history = (*history, clean(quoted[:_QUOTED]))
        fingerprint = self._answerer.fingerprint
        words = json.dumps([question, history, self._agreements, fingerprint])
        return _Turn(question, history, fingerprint, hashlib.sha256(words.encode()).hexdigest(), started)

    def _history(self, question: str = "") -> list[str]:
        """The earlier questions that count. The question itself, asked again, is no part of what it follows."""
        if not self._history_tokens:
            return []
        earlier = [text for text in self._records.earlier(self._place, _REMEMBERED) if text != question]
        if sum(len(text.encode()) for text in earlier) <= self._history_tokens:  # no text has more tokens than bytes
            return earlier
        left = self._history_tokens
        for at in reversed(range(len(earlier))):
            left -= count_tokens(earlier[at])
            if left < 0:
                return earlier[at + 1 :]
        return earlier

    def _served(self, turn: _Turn) -> Answer | None:
        """What was answered lately to the same question, if it can be said again; that it was is kept, too."""
        if self._library is None:
            return None
        record = self._records.recent(turn.key, self._cached)
        answer = answer_from(record.answer, self._library) if record else None
        if record is None or answer is None:
            return None
        answer = replace(answer, latency_ms=(time.perf_counter() - turn.started) * 1000)
        self.record = self._records.keep(self._place, answer, fingerprint=turn.fingerprint, served_from=record.id)
        return answer

    def _keep(self, turn: _Turn, answer: Answer, *, whole: bool = True) -> None:
        key = turn.key if whole and _stands(answer) else None
        self.record = self._records.keep(self._place, answer, fingerprint=turn.fingerprint, key=key)


def _stands(answer: Answer) -> bool:
    """Whether an answer would be the same if it were made again: nothing that may go better another time has failed."""
    unchecked = any(withheld.reason is Reason.CHECK_FAILED for withheld in answer.withheld)
    return answer.status is not Status.ERROR and not answer.notice and not unchecked
