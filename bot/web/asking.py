"""Questions of the page and the API, each answered in a thread of its own while its drafts go out."""

from __future__ import annotations

import asyncio
import logging
import threading
import traceback
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass

from answering.answer import Answer
from answering.errors import AnsweringError
from bot.conversation import Conversation
from bot.place import Place
from bot.web.metrics import Metrics
from retrieval.errors import UnknownAgreement

_AT_ONCE = 16
_WAITING = 64
_log = logging.getLogger(__name__)

Converse = Callable[[Place, Sequence[str]], Conversation]
"""The conversation in a place, held to these agreements where any is given."""


class TooMany(Exception):
    """So many questions wait that no more is taken."""


class NotAnswered(Exception):
    """Something went wrong that is nobody's fault who asked; it was logged."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer as far as it is. When it is whole, `record` is the id it was kept under, None where it was not."""

    answer: Answer
    record: str | None = None


class Asking:
    """Takes questions, 16 at once; 64 more may wait."""

    def __init__(self, converse: Converse, metrics: Metrics) -> None:
        self._converse = converse
        self._metrics = metrics
        self._threads = ThreadPoolExecutor(_AT_ONCE, "answering")
        self._under_way = 0

    async def drafts(self, place: Place, question: str, agreements: Sequence[str] = (), *, channel: str) -> AsyncGenerator[Draft]:
        """The answer as it grows, the last one whole. Who closes it early ends the answer.

        Raises AnsweringError and UnknownAgreement for what is wrong with the question, TooMany, and NotAnswered.
        """
        if self._under_way >= _AT_ONCE + _WAITING:
            raise TooMany
        loop = asyncio.get_running_loop()
        coming: asyncio.Queue[Draft | Exception] = asyncio.Queue()
        left = threading.Event()

        def put(item: Draft | Exception) -> None:
            with suppress(RuntimeError):  # the server has stopped meanwhile
                loop.call_soon_threadsafe(coming.put_nowait, item)

        def work() -> None:
            try:
                if left.is_set():
                    return
                conversation = self._converse(place, agreements)
                with closing(conversation.stream(question)) as growing:
                    for answer in growing:
                        if left.is_set():
                            return
                        if not answer.whole:
                            put(Draft(answer))
                self._metrics.answered(channel, answer)
                put(Draft(answer, conversation.record))
            except Exception as error:  # for whoever waits for it
                put(error)
            finally:
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._ended)

        self._under_way += 1
        self._threads.submit(work)
        try:
            while True:
                item = await coming.get()
                if isinstance(item, Exception):
                    raise item
                yield item
                if item.answer.whole:
                    return
        except (AnsweringError, UnknownAgreement):
            raise
        except Exception as error:  # of which the frames are logged, and not what it says: that may repeat the question
            self._metrics.failed(channel)
            _log.error("a question could not be answered: %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            raise NotAnswered from error
        finally:
            left.set()

    def close(self) -> None:
        """Wait for what is under way."""
        self._threads.shutdown()

    def _ended(self) -> None:
        self._under_way -= 1
