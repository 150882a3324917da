"""A chain of chat models: the first that answers does. The one place where calls are tried again, given up, and paid for."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Generator, Mapping, Sequence

from answering.breaker import Breaker
from answering.errors import ModelError
from answering.evidence import count_tokens
from answering.failures import CallFailed
from answering.langchain_model import LangChainModel
from answering.models import Completion, Reply
from answering.spending import Spending
from answering.vendors import services
from answering.wording import said

_PAUSES = (0.5, 1.0)  # seconds at most before the second and the third try, at least half of them
_PATIENCE = 3.0  # seconds to wait for one model while there is another to ask
_log = logging.getLogger(__name__)


class ModelChain:
    """Models asked in their order until one answers; a `ChatModel`.

    Each has its timeout for all its tries together, so the longest wait is the sum of the timeouts. Tried again, twice at most, is what
    may pass: 429 (as late as the vendor asks), 5xx, a connection that fails; never 400, 401, 403, 404, and nothing after the first piece
    of a reply was passed on. A model that has failed a few calls in a row is left alone for a while. Threads share a chain.
    """

    def __init__(self, models: Sequence[LangChainModel], spending: Spending | None = None) -> None:
        self._links = [_Link(model, spending) for model in models]

    @property
    def name(self) -> str:
        """The names of the models; which of them answered is in `Completion.model`."""
        return ",".join(link.model.name for link in self._links)

    def stream(self, system: str, user: str, *, chat: str = "") -> Reply:
        return Reply(self._pieces(system, user, chat, whole=False))

    def complete(self, system: str, user: str, *, chat: str = "") -> Completion:
        """The whole reply: a stream of one piece, so that a model which breaks off can still be followed by another. Raises ModelError."""
        reply = Reply(self._pieces(system, user, chat, whole=True))
        for _ in reply:
            pass
        assert reply.completion is not None
        return reply.completion

    def _pieces(self, system: str, user: str, chat: str, *, whole: bool) -> Generator[str, None, Completion]:
        failures: list[ModelError] = []
        for at, link in enumerate(self._links):
            last = at == len(self._links) - 1
            try:
                return (yield from link.pieces(system, user, chat, whole=whole, last=last))
            except _GivenUp as given_up:
                failures.append(given_up)
                if not last:
                    _log.warning("%s；改问 %s", given_up, self._links[at + 1].model.name)
        raise ModelError(*{str(failure): reason for failure in failures for reason in failure.reasons}.values())


def load_chain(
    names: str,
    timeout: float,
    environment: Mapping[str, str],
    *,
    base_url: str | None = None,
    spending: Spending | None = None,
    tracing: bool = False,
) -> ModelChain:
    """The chain of WENYUE_MODEL, each model with `timeout` seconds, keys and addresses from `environment`; see vendors.services for
    `base_url`. Raises ModelError where one of the models cannot be had.
    """
    found = services(names, environment, base_url)
    return ModelChain([LangChainModel(service, timeout, tracing=tracing) for service in found], spending)


class _GivenUp(ModelError):
    """A model did not answer, and nothing of a reply was passed on."""


class _Link:
    """One model of a chain, with its breaker."""

    def __init__(self, model: LangChainModel, spending: Spending | None) -> None:
        self.model = model
        self._breaker = Breaker()
        self._spending = spending

    def pieces(self, system: str, user: str, chat: str, *, whole: bool, last: bool) -> Generator[str, None, Completion]:
        """The reply, in one piece if `whole`. Raises _GivenUp before the first piece, CallFailed after it."""
        permit = self._breaker.admit()
        if permit is None:
            raise _GivenUp(said("model_resting_", model=self.model.name, seconds=max(1, round(self._breaker.remaining))))
        alive: bool | None = None  # as long as it is not known, or the asker has left
        deadline = time.monotonic() + self.model.timeout
        try:
            for pause in (*_PAUSES, None):
                try:
                    with Reply(self._call(system, user, chat, deadline - time.monotonic())) as reply:
                        for piece in ["".join(reply)] if whole else reply:
                            alive = True
                            yield piece
                        assert reply.completion is not None
                        return reply.completion
                except CallFailed as failure:
                    begun = alive is True
                    alive = False if failure.dead else None
                    if begun:
                        raise
                    if not self._waited(failure, pause, deadline, last=last):
                        raise _GivenUp(*failure.reasons) from failure
                except ModelError as error:  # it may not be paid for
                    raise _GivenUp(*error.reasons) from error
            raise AssertionError("the last try returns or raises")
        finally:
            self._breaker.settle(permit, alive)

    def _waited(self, failure: CallFailed, pause: float | None, deadline: float, *, last: bool) -> bool:
        """Wait for the next try, as long as the vendor asks; False where there is none, or not in time."""
        if pause is None or not failure.again:
            return False
        wait = max(failure.after, pause * random.uniform(0.5, 1.0))  # noqa: S311 -- so that askers do not come back all at once
        left = deadline - time.monotonic()
        if wait >= (left if last else min(left, _PATIENCE)):
            if failure.after:
                self._breaker.rest(failure.after)
            return False
        time.sleep(wait)
        return True

    def _call(self, system: str, user: str, chat: str, seconds: float) -> Generator[str, None, Completion]:
        """One try, reserved before it and settled after it, however it ends."""
        if self._spending is None:
            return (yield from self.model.stream(system, user, seconds))
        prompt = count_tokens(system) + count_tokens(user)
        reservation = self._spending.reserve(self.model.name, chat, prompt)
        parts: list[str] = []
        cost: tuple[int, int, int] | None = None  # None as long as the vendor has not said
        try:
            with Reply(self.model.stream(system, user, seconds)) as reply:
                for piece in reply:
                    parts.append(piece)
                    yield piece
            done = reply.completion
            assert done is not None
            if done.prompt_tokens:
                cost = (done.prompt_tokens, done.completion_tokens, done.cached_tokens)
            return done
        except CallFailed as failure:
            if not parts and not failure.read:
                cost = (0, 0, 0)
            raise
        finally:
            try:
                self._spending.settle(reservation, *(cost or (prompt, count_tokens("".join(parts)), 0)))
            except ModelError as error:  # what was reserved then stands; the answer is there all the same
                _log.warning("%s", error)
