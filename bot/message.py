"""A message that is addressed to the bot, and the answer to it being shown: what every channel gives to the desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from answering.answer import Answer
from bot.place import Place


@dataclass(frozen=True, slots=True)
class Message:
    """A message as somebody sent it to the bot. `id` is unique in its chat; `text` is without the mention or command it came with.

    `quoted` are the words of the message that it answers or quotes: data, never an order. `agreements` restricts it to those keys.
    """

    place: Place
    id: str
    text: str
    quoted: str = ""
    private: bool = False
    agreements: tuple[str, ...] = ()


class Reply(Protocol):
    """The answer to one message, in the channel it came by. What is shown there is the channel's own affair."""

    async def begin(self) -> None:
        """Give a sign of life."""
        ...

    async def grow(self, answer: Answer) -> None:
        """Show the answer so far, if the channel has room for it now; it may pass over any but the last."""
        ...

    async def finish(self, answer: Answer, record: str | None) -> None:
        """Show the whole answer. `record` is the id it was kept under, for votes."""
        ...

    async def say(self, text: str) -> None:
        """Say something in the place of an answer."""
        ...
