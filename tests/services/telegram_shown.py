"""What a test reads of a Telegram world: messages as people see them now, how they came to be, and what else the bot did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class User:
    """A person. The chat with the bot in private has the same id."""

    id: int
    name: str
    username: str = ""
    language: str = "zh-hans"

    @property
    def private(self) -> Chat:
        return Chat(self.id, self.name)

    @property
    def json(self) -> dict[str, Any]:
        user = {"id": self.id, "is_bot": False, "first_name": self.name, "language_code": self.language}
        return user | ({"username": self.username} if self.username else {})


ANONYMOUS_ADMINISTRATOR = User(1087968824, "Group", "GroupAnonymousBot")
"""Who an administrator is that hides behind the group; Telegram says that it is a bot."""


@dataclass(frozen=True)
class Chat:
    """A chat; its kind follows from its id, as Telegram counts: above 0 private, from -10**12 down a supergroup, else a small group."""

    id: int
    title: str
    forum: bool = False
    channel: bool = False

    @property
    def kind(self) -> str:
        if self.channel:
            return "channel"
        return "private" if self.id > 0 else "supergroup" if self.id < -(10**12) else "group"

    @property
    def json(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.kind, "title": self.title} | ({"is_forum": True} if self.forum else {})


@dataclass(frozen=True)
class Button:
    """A button under a message; `data` for one that asks the bot, `url` for one that leads away."""

    chat: int
    message: int
    text: str
    data: str = ""
    url: str = ""


@dataclass(frozen=True)
class Version:
    """A message as it was from a moment on (seconds, `time.time()`)."""

    at: float
    text: str
    entities: tuple[dict[str, Any], ...]
    buttons: tuple[str, ...]


@dataclass(frozen=True)
class Said:
    """A message of somebody other than the bot, and the update that told of it: None where the bot is not told, as after a kick."""

    chat: int
    id: int
    update: int | None
    message: dict[str, Any]


@dataclass(frozen=True)
class Press:
    """A press of a button: its callback query."""

    id: str
    update: int


@dataclass(frozen=True)
class Shown:
    """A message of the bot as people see it now, after its edits. `sent` is what the bot sent last, word for word."""

    chat: int
    id: int
    topic: int | None
    reply_to: int | None
    quote: str
    text: str
    entities: tuple[dict[str, Any], ...]
    keyboard: tuple[tuple[Button, ...], ...]
    versions: tuple[Version, ...]
    deleted: bool
    sent: dict[str, Any]

    @property
    def at(self) -> float:
        return self.versions[0].at

    @property
    def edits(self) -> tuple[Version, ...]:
        return self.versions[1:]

    @property
    def buttons(self) -> tuple[Button, ...]:
        return tuple(button for row in self.keyboard for button in row)

    def button(self, text: str) -> Button:
        """The button with these words on it, or some of them."""
        found = [button for button in self.buttons if text in button.text]
        assert found, f"no button {text!r} among {[button.text for button in self.buttons]}"
        return found[0]

    def marked(self, kind: str) -> list[str]:
        """The words under the entities of a kind: bold, text_link, expandable_blockquote, mention, …"""
        return [self._words(entity) for entity in self.entities if entity["type"] == kind]

    @property
    def links(self) -> list[tuple[str, str]]:
        """Words and the address that they lead to."""
        return [(self._words(entity), entity["url"]) for entity in self.entities if entity["type"] == "text_link"]

    @property
    def pings(self) -> list[str]:
        """The words that name somebody, who is told of it."""
        return self.marked("mention") + self.marked("text_mention")

    def _words(self, entity: dict[str, Any]) -> str:
        units = self.text.encode("utf-16-le")
        return units[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le")


@dataclass(frozen=True)
class Action:
    """A sign such as `typing`."""

    at: float
    chat: int
    topic: int | None
    action: str


@dataclass(frozen=True)
class Draft:
    """A draft that was shown in a private chat."""

    at: float
    chat: int
    draft: int
    text: str
    entities: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class CallbackAnswer:
    """What a press was answered with."""

    at: float
    text: str
    alert: bool


@dataclass(frozen=True)
class Call:
    """A request of the bot. `status` is 0 where it never got an answer; `result` says what was done all the same, None where nothing was."""

    at: float
    method: str
    parameters: dict[str, Any]
    status: int
    description: str
    result: Any


@dataclass(frozen=True)
class Delivery:
    """A try to deliver an update to the webhook; status 0 where nobody was there."""

    at: float
    update: int
    status: int


def shown(record: dict[str, Any]) -> Shown:
    """A message as the server keeps it."""
    message = record["message"]
    chat, number = message["chat"]["id"], message["message_id"]
    topic = message["message_thread_id"] if message.get("is_topic_message") else None
    replied = message.get("reply_to_message", {}).get("message_id")
    return Shown(
        chat,
        number,
        topic,
        replied if replied != topic else None,  # what opens a topic is replied to by all that is in it
        message.get("quote", {}).get("text", ""),
        message.get("text", ""),
        tuple(message.get("entities", ())),
        tuple(
            tuple(Button(chat, number, one["text"], one.get("callback_data", ""), one.get("url", "")) for one in row)
            for row in message.get("reply_markup", {}).get("inline_keyboard", ())
        ),
        tuple(
            Version(
                version["at"],
                version["text"],
                tuple(version["entities"]),
                tuple(button["text"] for row in version["keyboard"] for button in row),
            )
            for version in record["versions"]
        ),
        record["deletedAt"] is not None,
        record["parameters"],
    )
