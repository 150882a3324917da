"""What the desk writes down, for every channel alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.access import Access
from bot.inbox import Inbox
from bot.privacy.keeping import Keeping
from bot.privacy.notices import Notices
from bot.records import Records
from bot.review.handing import Handing
from bot.votes import Votes


@dataclass(frozen=True, slots=True)
class Stores:
    """The messages that were taken in, who may ask, what was answered, what people thought of it, and who was told what is kept."""

    inbox: Inbox
    access: Access
    records: Records
    votes: Votes
    notices: Notices
    keeping: Keeping
    handing: Handing | None = None  # where there may be somebody to ask instead

    def expire(self) -> None:
        """Delete what is too old. Raises StorageError."""
        self.inbox.expire()
        self.access.expire()
        self.votes.expire(timedelta(days=self.records.days))
        self.records.expire()
        self.keeping.expire()

    def forget(self, channel: str, asker: str) -> int:
        """Delete what was kept of an asker. Returns how many answers that were. Raises StorageError."""
        deleted = self.keeping.forget(channel, asker)  # by the answers it is known what else is theirs
        return deleted + self.records.forget(channel, asker=asker)  # where they are not in the database
