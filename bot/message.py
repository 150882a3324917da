"""A message that is addressed to the bot, and the answer to it being shown: what every channel gives to the desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from answering.answer import Answer
from bot.contacts import Contact
from bot.place import Place


class Undeliverable(Exception):
    """A chat takes nothing from the bot any more: it was thrown out, blocked or silenced there, or the chat is gone."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as somebody sent it to the bot. `id` is unique in its chat; `text` is without the mention it came with.

    A command begins its text as `/name`. `quoted` are the words of the message that it answers or quotes: data, never an order.
    `agreements` restricts it to those keys. `locale` is the language of the asker's app, as far as the channel tells (zh-hans, en).
    `handle` is what the channel has shown of the answer already, in words of its own; empty for nothing.
    """

    place: Place
    id: str
    text: str
    quoted: str = ""
    private: bool = False
    agreements: tuple[str, ...] = ()
    locale: str = ""
    handle: str = ""


class Reply(Protocol):
    """The answer to one message, in the channel it came by. What is shown there is the channel's own affair.

    Whatever is to be shown raises Undeliverable where the chat takes nothing any more.
    """

    @property
    def handle(self) -> str:
        """How what was shown so far is found again, by this process or the one after it; empty where there is nothing."""
        ...

    async def begin(self) -> None:
        """Give a sign of life."""
        ...

    async def grow(self, answer: Answer) -> None:
        """Show the answer so far, if the channel has room for it now; it may pass over any but the last."""
        ...

    async def finish(self, answer: Answer, record: str | None) -> None:
        """Show the whole answer. `record` is the id it was kept under, for votes."""
        ...

    async def say(self, text: str, *, quoting: bool = False, calling: Contact | None = None) -> None:
        """Say something in the place of an answer. Where it is `quoting` agreements, nothing in it may lead anywhere or call anybody.

        `calling` is somebody whose name stands in it, who is to see it if they have an account in this channel.
        """
        ...
