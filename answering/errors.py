"""What can go wrong in this room.

AnsweringError
├── QuestionError     the question itself cannot be taken
└── ModelError        the chat model, or that of the re-ranker, cannot be had or did not answer
"""

from __future__ import annotations

from answering.answer import Language
from answering.wording import Said, say


class AnsweringError(Exception):
    """The root of this room's errors, made of one reason or several.

    As a string it is in simplified Chinese, as all that administrators read; `told` says it to the asker.
    """

    def __init__(self, *reasons: str | Said) -> None:
        self.reasons = reasons
        super().__init__(self.told(Language.SIMPLIFIED))

    def told(self, language: Language) -> str:
        """The reasons in a language, as far as there are words for them in it, without a stop at the end."""
        return say("semicolon", language).join(reason if isinstance(reason, str) else reason.text(language) for reason in self.reasons)


class QuestionError(AnsweringError):
    """A question that cannot be taken: empty, too long."""


class ModelError(AnsweringError):
    """The chat model, or that of the re-ranker, is unknown, unreachable, too slow, or answered nothing."""
