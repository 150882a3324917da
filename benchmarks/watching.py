"""What is looked at while an answer is written: when its pieces come, and how long each check of a sentence takes."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from answering.answer import Reason
from answering.checks import Claim
from answering.models import ChatModel, Completion, Reply
from answering.proof import Proof


class Watched:
    """A chat model that notes when it was last asked for an answer, and when the first piece and the first handle of it had come."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.asked = self.began = self.cited = 0.0

    @property
    def name(self) -> str:
        return self._model.name

    def stream(self, system: str, user: str, *, chat: str = "") -> Reply:
        def pieces() -> Generator[str, None, Completion]:
            self.asked, self.began, self.cited = time.perf_counter(), 0.0, 0.0
            with self._model.stream(system, user, chat=chat) as reply:
                for piece in reply:
                    self.began = self.began or time.perf_counter()
                    if "]" in piece:
                        self.cited = self.cited or time.perf_counter()
                    yield piece
            assert reply.completion is not None
            return reply.completion

        return Reply(pieces())

    def complete(self, system: str, user: str, *, chat: str = "") -> Completion:
        return self._model.complete(system, user, chat=chat)


@contextmanager
def timed_checks() -> Iterator[list[float]]:
    """The milliseconds of every check of a sentence, as they are made."""
    spent: list[float] = []
    plain = Proof.objection

    def timed(proof: Proof, claim: Claim) -> Reason | None:
        started = time.perf_counter()
        try:
            return plain(proof, claim)
        finally:
            spent.append((time.perf_counter() - started) * 1000)

    with patch.object(Proof, "objection", timed):
        yield spent
