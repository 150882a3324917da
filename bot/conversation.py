"""The one flow of a conversation: earlier questions go along with the next one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from answering.answer import Answer
from answering.answerer import Answerer

_REMEMBERED = 6  # earlier questions that can still matter to a follow-up


class Conversation:
    """One asker's conversation. Only questions are remembered; answers are made anew from the clauses."""

    def __init__(self, answerer: Answerer, agreements: Sequence[str] = ()) -> None:
        self._answerer = answerer
        self._agreements = tuple(agreements)
        self._earlier: deque[str] = deque(maxlen=_REMEMBERED)

    def ask(self, question: str) -> Answer:
        """Answer the next question. Raises QuestionError, after which the conversation goes on as before."""
        answer = self._answerer.answer(question, tuple(self._earlier), agreements=self._agreements)
        self._earlier.append(answer.question)
        return answer

    def forget(self) -> None:
        """Begin a new conversation."""
        self._earlier.clear()
