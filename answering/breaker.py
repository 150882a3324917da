"""A circuit breaker: a model that is dead costs a few askers the time it is waited for, not every asker."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

FAILURES = 3  # calls in a row that fail before the model is left alone
_PAUSE = 30.0  # seconds it is then left alone; twice as long each time it is found dead again
_LONGEST = 300.0


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to call, to be given back with how the call went."""

    trial: bool


class Breaker:
    """Closed while calls succeed; open, refusing calls, after FAILURES in a row; after a pause one call is let through as a trial.

    The trial's success closes it, its failure opens it for twice as long. Threads share it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._pause = _PAUSE
        self._until: float | None = None  # None while closed
        self._trying = False

    def admit(self) -> Permit | None:
        """Leave to call, None where the model is to be left alone."""
        with self._lock:
            if self._until is None:
                return Permit(trial=False)
            if self._trying or self._clock() < self._until:
                return None
            self._trying = True
            return Permit(trial=True)

    def settle(self, permit: Permit, alive: bool | None) -> None:
        """Say how the call went; None where it says nothing of the model (it was given up, or refused for what was asked)."""
        with self._lock:
            if permit.trial:
                self._trying = False
            if alive and (permit.trial or self._until is None):
                self._failures, self._pause, self._until = 0, _PAUSE, None
            elif alive is False and permit.trial:
                self._pause = min(2 * self._pause, _LONGEST)
                self._until = self._clock() + self._pause
            elif alive is False and self._until is None:
                self._failures += 1
                if self._failures >= FAILURES:
                    self._until = self._clock() + self._pause

    def rest(self, seconds: float) -> None:
        """Leave the model alone for as long as its vendor asks, within reason."""
        with self._lock:
            self._until = max(self._until or 0.0, self._clock() + min(seconds, _LONGEST))

    @property
    def remaining(self) -> float:
        """Seconds until a call is let through, 0 where it is or where a trial is under way."""
        with self._lock:
            return max(0.0, self._until - self._clock()) if self._until is not None else 0.0
