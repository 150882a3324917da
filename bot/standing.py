"""The rooms as the library is now: a bot runs for months, and agreements change under it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from threading import Lock

from bot.conversation import Conversation
from bot.place import Place
from bot.wiring import Wired
from retrieval.clause import Hit
from retrieval.library import Library


class Standing:
    """Answers from the library of a moment, and moves on to the next one when it is told to `renew`. Threads may share it."""

    def __init__(self, wired: Wired) -> None:
        self._wired = wired
        self._answerer = wired.answerer()
        self._search = wired.search()
        self._old: Wired | None = None
        self._first = wired
        self._mark = _mark(wired.library)
        self._lock = Lock()

    @property
    def library(self) -> Library:
        return self._wired.library

    @property
    def degraded(self) -> bool:
        """Whether the Chroma server that should be asked is not; the answers are the same."""
        return self._search.index.vectors.degraded

    def find(self, words: str, agreements: Collection[str], limit: int) -> Sequence[Hit]:
        """The clauses that a search for words finds; see Search.find."""
        return self._search.find(words, agreements, limit)

    def converse(self, place: Place, agreements: Sequence[str]) -> Conversation:
        """The conversation in a place; an answer that has begun stays with the library that it began with."""
        return self._wired.conversation(self._answerer, place, agreements)

    def renew(self) -> bool:
        """Move on to the library as it is now; whether anything has changed since. Takes as long as its index takes to build.

        Raises StorageError and EmbeddingsError: then everything stays as it was.
        """
        with self._lock:
            mark = _mark(self.library)
            if mark == self._mark:
                return False
            wired = self._wired.again()
            try:
                wired.sync()
                answerer, search = wired.answerer(), wired.search()
            except BaseException:
                wired.close_rooms()
                raise
            if self._old is not None and self._old is not self._first:
                self._old.close_rooms()  # no answer takes as long as the time between two changes
            self._old = self._wired
            self._wired, self._answerer, self._search, self._mark = wired, answerer, search, _mark(wired.library)
            return True

    def close(self) -> None:
        """Give back what was opened since the first library, which is whose it was."""
        for wired in (self._old, self._wired):
            if wired is not None and wired is not self._first:
                wired.close_rooms()


def _mark(library: Library) -> tuple[tuple[str, int | str, str, str], ...]:
    """What is another whenever an agreement is, or what is likely to be asked of one."""
    versions = ((version.key, version.number, version.sha256, version.agreement.effective or "") for version in library.versions())
    return (*versions, *((key, "", made_from, "") for key, made_from in library.fingerprints().items()))
