"""What can go wrong in this room.

AnsweringError
├── QuestionError     the question itself cannot be taken
└── ModelError        the chat model, or that of the re-ranker, cannot be had or did not answer
"""


class AnsweringError(Exception):
    """The root of this room's errors. The message is shown to people as it stands."""


class QuestionError(AnsweringError):
    """A question that cannot be taken: empty, too long."""


class ModelError(AnsweringError):
    """The chat model, or that of the re-ranker, is unknown, unreachable, too slow, or answered nothing."""
