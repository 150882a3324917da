"""Where the review list and the contacts are wired to the rooms."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.settings import Settings
from bot.wiring import Wired

if TYPE_CHECKING:
    from bot.records import Records
    from bot.review.deciding import Deciding
    from bot.review.handing import Handing
    from bot.review.items import Review
    from bot.votes import Votes
    from retrieval.library import Library


def review_of(settings: Settings, records: Records, votes: Votes) -> Review:
    """The review list over these records and votes."""
    from bot.review.decisions import Decisions
    from bot.review.items import Review

    return Review(records, votes, Decisions(settings.database))


def handing_of(settings: Settings) -> Handing:
    """Whom people are told to ask."""
    from bot.contacts import Contacts
    from bot.review.decisions import Decisions
    from bot.review.handing import Handing

    return Handing(Contacts(settings.database), Decisions(settings.database))


def deciding_of(settings: Settings, review: Review, library: Callable[[], Library], taken_in: Callable[[], object]) -> Deciding:
    """Deciding about the items of a list. `taken_in` is called when there is something new to know by heart."""
    from bot.review.deciding import Deciding
    from bot.review.questions import AskedQuestions

    return Deciding(review, AskedQuestions(settings.enriched), library, taken_in)


def learn(wired: Wired) -> None:
    """Let the library and its index take up what was taken in."""
    if wired.sync():
        wired.build_index()
