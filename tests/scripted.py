"""A chat model made of what a test lets it say at once: it streams the same in pieces, so that a handle may be cut in two."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator

from answering.models import Completion, Reply

_PIECE = 3  # characters


class SaysAtOnce:
    """Gives a test's model, which has `complete`, the `stream` of a ChatModel."""

    @abstractmethod
    def complete(self, system: str, user: str, *, chat: str = "") -> Completion: ...

    def stream(self, system: str, user: str, *, chat: str = "") -> Reply:
        def pieces() -> Generator[str, None, Completion]:
            said = self.complete(system, user, chat=chat)
            yield from (said.text[at : at + _PIECE] for at in range(0, len(said.text), _PIECE))
            return said

        return Reply(pieces())
