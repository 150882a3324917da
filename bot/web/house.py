"""What the routes of the page and the API share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.privacy.keeping import Keeping
from bot.records import Records
from bot.review.reviewing import Reviewing
from bot.votes import Votes
from bot.web.asking import Asking, Converse
from bot.web.door import Door
from bot.web.limits import Allowance
from bot.web.metrics import Metrics
from bot.web.searching import Find, Searching
from bot.web.shelf import Shelf
from bot.web.templates import Templates
from retrieval.library import Library


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms behind the page. `library` is the library as it is now, and what is found and said comes from it; `renew` moves all of
    them on where it has changed. `examples` are questions for who has not asked yet; `unready` names what cannot be used just now,
    `degraded` what others stand in for. `reviewing` is for administrators, but that everybody is told whom to ask.
    """

    library: Callable[[], Library]
    find: Find
    converse: Converse
    records: Records
    votes: Votes
    examples: Callable[[], Sequence[str]]
    unready: Callable[[], Sequence[str]]
    renew: Callable[[], object]
    reviewing: Reviewing
    keeping: Keeping
    degraded: Callable[[], Sequence[str]] = tuple


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be asked: by one visitor in a minute and in a day; from one address in a minute."""

    asker_minute: int = 6
    asker_day: int = 200
    address_minute: int = 100


class House:
    """The rooms, and what stands between them and who comes."""

    def __init__(self, rooms: Rooms, door: Door, limits: Limits) -> None:
        self.rooms = rooms
        self.door = door
        self.metrics = Metrics()
        self.asking = Asking(rooms.converse, self.metrics)
        self.shelf = Shelf(rooms.library)
        self.searching = Searching(self.shelf, rooms.find)
        self.templates = Templates(door)
        self.asker_minute = Allowance(limits.asker_minute, 60)
        self.asker_day = Allowance(limits.asker_day, 24 * 3600)
        self.questions = Allowance(limits.address_minute, 60)
        self.requests = Allowance(3000, 60)
        self.logins = Allowance(30, 60)
