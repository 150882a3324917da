"""What a page needs to have people look after what the bot could not do."""

from __future__ import annotations

from dataclasses import dataclass

from bot.review.deciding import Deciding
from bot.review.handing import Handing
from bot.review.items import Review


@dataclass(frozen=True, slots=True)
class Reviewing:
    """The review list, deciding about it, and whom people are told to ask."""

    review: Review
    deciding: Deciding
    handing: Handing
