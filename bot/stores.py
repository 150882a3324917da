"""What the desk writes down, for every channel alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.access import Access
from bot.inbox import Inbox
from bot.records import Records
from bot.votes import Votes


@dataclass(frozen=True, slots=True)
class Stores:
    """The messages that were taken in, who may ask, what was answered, and what people thought of it."""

    inbox: Inbox
    access: Access
    records: Records
    votes: Votes

    def expire(self) -> None:
        """Delete what is too old. Raises StorageError."""
        self.inbox.expire()
        self.access.expire()
        self.votes.expire(timedelta(days=self.records.days))

    def forget(self, channel: str, asker: str) -> int:
        """Delete what was kept of an asker. Returns how many answers that were. Raises StorageError."""
        deleted = self.records.forget(channel, asker=asker)
        self.inbox.forget(channel, asker=asker)
        self.votes.forget(channel, asker)
        return deleted
