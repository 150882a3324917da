"""How fast a bot may write: WeCom allows 30 messages a minute and 1,000 an hour in a chat, replies and pushes together.

https://developer.work.weixin.qq.com/document/path/101463 does not say whether the refreshes of a stream are counted. Here they are.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

_LIMITS = ((30, 60.0), (1000, 3600.0))
_SLACK = 1.02  # what was sent at an even pace may arrive closer together
_KEPT = 3  # one in so many places is kept for what must be sent
_CHATS = 1000  # of which the times are remembered before it is looked which of them can be forgotten


class Pace:
    """When something was sent in each chat, or will be. `now` gives seconds that never go back; `limits` are messages and the seconds
    in which there may be so many.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, limits: Sequence[tuple[int, float]] = _LIMITS) -> None:
        self._now = now
        self._limits = [(most, seconds * _SLACK) for most, seconds in limits]
        self._spare = [(most - most // _KEPT, seconds) for most, seconds in self._limits]
        self._remembered = max(most for most, _ in limits)
        self._times: dict[str, deque[float]] = {}  # in order; the last ones may be to come
        self._held: dict[str, float] = {}

    def book(self, chat: str) -> float:
        """Take the next place there is in a chat; returns the seconds until then. Whoever books first goes first."""
        times, now = self._of(chat), self._now()
        at = max(now, self._held.get(chat, now), _next(times, self._limits), times[-1] if times else now)
        times.append(at)
        return at - now

    def spare(self, chat: str) -> bool:
        """Take a place for something that may as well be left out: only if there is one now, and more than a few are left."""
        times, now = self._of(chat), self._now()
        is_free = self._held.get(chat, now) <= now and _next(times, self._spare) <= now and not (times and times[-1] > now)
        if is_free:
            times.append(now)
        return is_free

    def hold(self, chat: str, seconds: float) -> None:
        """WeCom has found that it is too much: what is booked from now on comes no sooner than in so many seconds."""
        self._of(chat)
        self._held[chat] = self._now() + seconds

    def _of(self, chat: str) -> deque[float]:
        """The times of a chat. Where many chats are remembered, those in which nothing has been sent for long are forgotten."""
        if chat not in self._times and len(self._times) >= _CHATS:
            then = self._now() - max(seconds for _, seconds in self._limits)
            self._times = {each: times for each, times in self._times.items() if times and times[-1] > then}
            self._held = {each: at for each, at in self._held.items() if each in self._times}
        return self._times.setdefault(chat, deque(maxlen=self._remembered))


def _next(times: deque[float], limits: Sequence[tuple[int, float]]) -> float:
    """When there is room for one more."""
    return max((times[-most] + seconds for most, seconds in limits if len(times) >= most), default=float("-inf"))
