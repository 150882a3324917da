"""What every chat model is to those who ask it: a name, replies that arrive piece by piece, and the tokens they cost."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote, and the tokens its vendor counted (0 where it does not say).

    `cached_tokens` of the prompt's were read from the vendor's cache, which is cheaper. `model` is the model that wrote, of a chain the
    one that did. `cut` is whether the reply was broken off, by the limit of its length, by the vendor's filter, or by a server that
    never said it was done: its last sentence may be half of one.
    """

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    model: str = ""
    cut: bool = False


class Reply(Iterator[str]):
    """A reply as it arrives, in pieces of any length; together they are `completion.text`.

    The model is asked when the first piece is asked for. Iterating raises ModelError; what came before then stands. Whoever stops early
    closes the reply, best with `with`: that closes the connection and ends what the vendor writes and bills.
    """

    def __init__(self, pieces: Generator[str, None, Completion]) -> None:
        self._pieces = pieces
        self.completion: Completion | None = None  # None until the last piece has come

    def __next__(self) -> str:
        try:
            return next(self._pieces)
        except StopIteration as end:
            if isinstance(end.value, Completion):
                self.completion = end.value
            raise

    def close(self) -> None:
        self._pieces.close()

    def __enter__(self) -> Reply:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class ChatModel(Protocol):
    """Anything that answers one system and one user message. `chat` is whose daily limit a call counts for, "" the terminal's."""

    @property
    def name(self) -> str: ...

    def stream(self, system: str, user: str, *, chat: str = "") -> Reply: ...

    def complete(self, system: str, user: str, *, chat: str = "") -> Completion:
        """The whole reply. Raises ModelError."""
        ...
