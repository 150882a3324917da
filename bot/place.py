"""Where a question is asked and by whom: whose words belong together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """An asker in a thread of a chat of a channel; what a channel does not have is empty.

    `channel` is `terminal`, `telegram`, `wecom` or `web`; the others are ids as the channel gives them. Questions asked in one place are
    one conversation: another asker, thread or chat is another.
    """

    channel: str
    chat: str = ""
    thread: str = ""
    asker: str = ""

    @property
    def account(self) -> str:
        """The chat that what models cost here is booked on: everyone in it, in all its threads."""
        return f"{self.channel}:{self.chat}"
