"""How much one client may do in a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

_MANY = 10_000  # clients remembered; then those who have not come for a while are forgotten


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Allowance:
    """At most `most` in so many `seconds`, for each of any number of clients: a bucket that fills up steadily. Of this process alone."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self._rate = most / seconds
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = Lock()

    def take(self, client: str) -> float:
        """Count one for a client. Returns 0 where it may go on, else the seconds after which it may try again."""
        now = self._clock()
        with self._lock:
            bucket = self._buckets.setdefault(client, _Bucket(self.most, now))
            bucket.left = min(self.most, bucket.left + (now - bucket.at) * self._rate)
            bucket.at = now
            if bucket.left < 1:
                return (1 - bucket.left) / self._rate
            bucket.left -= 1
            if len(self._buckets) > _MANY:
                full = self.most / self._rate
                self._buckets = {name: kept for name, kept in self._buckets.items() if now - kept.at < full}
            return 0.0
