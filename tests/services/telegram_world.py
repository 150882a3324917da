"""A small Telegram for tests: npm's telegram-test-api on loopback behind telegram_server/adapter.js, with people who write to the bot.

    world.base_url, world.token     for ApplicationBuilder().base_url(…).token(…)
    asked = world.say(anna, group, "几天可以退款？", mention=True)
    (answer,) = world.until(lambda: world.replies(asked))
    world.press(anna, answer.button("👍"))

Times are `time.time()` seconds. The bot is told everything that is said in its groups, as Telegram tells an administrator or a bot without
privacy mode. Of entities the world finds mentions, commands and http addresses by itself. What Telegram does and the world does not:
Markdown, files and media that a bot sends, inline mode, reactions, replies to other chats, topics in private chats, limits of its own accord
(see `limit`), expiry of queries and drafts, the wait of a poll that comes too soon, splitting formatting that crosses `code`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, TypeVar

import pytest

from tests.services.telegram_shown import (
    ANONYMOUS_ADMINISTRATOR,
    Action,
    Button,
    Call,
    CallbackAnswer,
    Chat,
    Delivery,
    Draft,
    Press,
    Said,
    Shown,
    User,
    shown,
)
from tests.services.telegram_wire import TOKEN, USERNAME, Wire
from tests.services.telegram_wire import telegram_server as telegram_server

_LOOK_AGAIN = 0.02  # seconds

Found = TypeVar("Found")


class TelegramWorld:
    """The server, and everyone but the bot."""

    token, username = TOKEN, USERNAME

    def __init__(self, url: str) -> None:
        self.wire = Wire(url)
        self.base_url = f"{url}/bot"
        self._ids = count(1)

    # --- who and where -----------------------------------------------------------------------------------------------

    def user(self, name: str, username: str = "", language: str = "zh-hans") -> User:
        user = User(500_000_000 + next(self._ids), name, username, language)
        self.wire.post("user", user=user.json)
        return user

    def group(self, title: str, *, admins: Sequence[User] = (), forum: bool = False, small: bool = False) -> Chat:
        """A supergroup that the bot is in; `small` is the kind that can be migrated, a forum has topics."""
        number = next(self._ids)
        chat = Chat(-4_000_000_000 - number if small else -1_002_000_000_000 - number, title, forum=forum)
        self.wire.post("chat", chat=chat.json, admins=[admin.id for admin in admins])
        return chat

    def channel(self, title: str) -> Chat:
        chat = Chat(-1_003_000_000_000 - next(self._ids), title, channel=True)
        self.wire.post("chat", chat=chat.json)
        return chat

    def topic(self, forum: Chat, name: str, by: User) -> int:
        """A new topic of a forum; nobody can name the topic `General`, which every forum begins with."""
        return int(self.wire.post("topic", chat=forum.id, name=name, by=by.json))

    # --- what people do ----------------------------------------------------------------------------------------------

    def say(
        self,
        user: User,
        chat: Chat,
        text: str = "",
        *,
        mention: bool = False,
        entities: Sequence[dict[str, Any]] | None = None,
        reply_to: Said | Shown | None = None,
        quote: str = "",
        topic: int | None = None,
        fields: dict[str, Any] | None = None,
    ) -> Said:
        """A message. `mention` puts the bot's name before it; `entities` stand in the place of those that Telegram finds by itself.

        `fields` are further ones of the message, such as a photo and its caption. ANONYMOUS_ADMINISTRATOR speaks as the group.
        """
        said = f"@{self.username} {text}" if mention else text
        hidden = {"sender_chat": chat.json} if user is ANONYMOUS_ADMINISTRATOR else {}
        return self._said(
            kind="message",
            **{"from": user.json | {"is_bot": user is ANONYMOUS_ADMINISTRATOR}},
            chat=chat.id,
            **({"text": said} if said else {}),
            **({"entities": list(entities)} if entities is not None else {}),
            **({"reply_to": reply_to.id} if reply_to else {}),
            **({"topic": topic} if topic is not None else {}),
            quote=quote,
            fields=hidden | (fields or {}),
        )

    def post(self, channel: Chat, text: str) -> Said:
        """A post in a channel."""
        return self._said(kind="channel_post", chat=channel.id, text=text, fields={"sender_chat": channel.json})

    def edit(self, said: Said, text: str) -> Said:
        return self._as_said(self.wire.post("edit", chat=said.chat, id=said.id, text=text))

    def erase(self, message: Said | Shown) -> None:
        """Somebody deletes a message; the bot is not told."""
        self.wire.post("erase", chat=message.chat, id=message.id)

    def press(self, user: User, button: Button, *, data: str | None = None) -> Press:
        """A press; `data` forges what the button stands for, as a client of one's own can."""
        query = self.wire.post("press", **{"from": user.json}, chat=button.chat, id=button.message, data=data or button.data)["update"]
        return Press(query["callback_query"]["id"], query["update_id"])

    def kick(self, chat: Chat, by: User) -> None:
        self.wire.post("stand", chat=chat.id, standing="kicked", by=by.json)

    def block(self, user: User) -> None:
        self.kick(user.private, user)

    def invite(self, chat: Chat, by: User) -> None:
        """The bot is taken into a chat again, or unblocked."""
        self.wire.post("stand", chat=chat.id, standing="member", by=by.json)

    def migrate(self, chat: Chat, by: User) -> Chat:
        """A small group becomes a supergroup with another id: returns it."""
        grown = Chat(-1_004_000_000_000 - next(self._ids), chat.title)
        self.wire.post("migrate", chat=chat.id, to=grown.id, by=by.json)
        return grown

    # --- what Telegram does ------------------------------------------------------------------------------------------

    def duplicate(self, what: Said | Press | int) -> None:
        """The same update comes once more."""
        self.wire.post("again", update=what if isinstance(what, int) else what.update)

    def send(self, kind: str, body: dict[str, Any]) -> None:
        """An update of any kind, as it is."""
        self.wire.post("send", kind=kind, body=body)

    def flood(self, method: str, seconds: int, *, times: int = 1, chat: Chat | None = None) -> None:
        """The next calls are refused with 429 and this many seconds to wait."""
        said = f"Too Many Requests: retry after {seconds}"
        self.refuse(method, 429, said, times=times, chat=chat, parameters={"retry_after": seconds})

    def limit(self, chat: Chat, calls: int, seconds: float) -> None:
        """From now on more messages and edits than these in so many seconds are refused with 429."""
        self.wire.post("limit", chat=chat.id, calls=calls, seconds=seconds)

    def hang(self, method: str, *, performed: bool = True, times: int = 1, chat: Chat | None = None) -> None:
        """The next calls are never answered, though they are done if `performed`."""
        self._fault("hang", method, times, chat, performed=performed)

    def drop(self, method: str, *, performed: bool = True, times: int = 1, chat: Chat | None = None) -> None:
        """The connection of the next calls breaks before the answer, which is none the less done if `performed`."""
        self._fault("drop", method, times, chat, performed=performed)

    def refuse(
        self,
        method: str,
        status: int,
        description: str,
        *,
        times: int = 1,
        chat: Chat | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> None:
        """The next calls are refused, in Telegram's words: `refuse("sendMessage", 500, "Internal Server Error")`."""
        self._fault("refuse", method, times, chat, status=status, description=description, parameters=parameters)

    def conflict(self, *, times: int = 1) -> None:
        """Another process polls with the same token, as the bot hears. Two that really do get it by themselves."""
        self.wire.post("conflict", times=times)

    def proxy(self, known: str, here: str) -> None:
        """A webhook address that the bot gives is taken to one on loopback."""
        self.wire.post("proxy", known=known, here=here)

    # --- what is seen ------------------------------------------------------------------------------------------------

    def messages(self, chat: Chat | None = None, *, topic: int | None = None) -> list[Shown]:
        """The bot's messages that are not deleted, in order."""
        return [
            message
            for message in self.all_messages()
            if not message.deleted and (chat is None or message.chat == chat.id) and (topic is None or message.topic == topic)
        ]

    def all_messages(self) -> list[Shown]:
        """The deleted ones too."""
        return [shown(record) for record in self.wire.get("messages") if record["byBot"]]

    def replies(self, to: Said | Shown) -> list[Shown]:
        return [message for message in self.messages() if (message.chat, message.reply_to) == (to.chat, to.id)]

    def now(self, message: Shown) -> Shown:
        """A message as it is by now."""
        (found,) = [each for each in self.all_messages() if (each.chat, each.id) == (message.chat, message.id)]
        return found

    def actions(self, chat: Chat | None = None) -> list[Action]:
        return [Action(**each) for each in self.wire.get("actions") if chat is None or each["chat"] == chat.id]

    def drafts(self, user: User) -> list[Draft]:
        return [Draft(**each | {"entities": tuple(each["entities"])}) for each in self.wire.get("drafts") if each["chat"] == user.id]

    def answers(self, press: Press) -> list[CallbackAnswer]:
        """What a press was answered with; none as long as the button still turns."""
        found = [each for each in self.wire.get("answers") if each["query"] == press.id]
        return [CallbackAnswer(each["at"], each["text"], each["alert"]) for each in found]

    def commands(self, scope: str = "default", language: str = "") -> dict[str, str]:
        """The registered commands and what is said of them; a scope of one chat is `chat -100…`."""
        registered = self.wire.get("commands").get(f"{scope} {language}", [])
        return {each["command"]: each["description"] for each in registered}

    def calls(self, method: str | None = None) -> list[Call]:
        """The requests of the bot, in the order in which they came."""
        return [Call(**each) for each in self.wire.get("calls") if method is None or each["method"] == method]

    def deliveries(self) -> list[Delivery]:
        """Tries to deliver to the webhook."""
        return [Delivery(**each) for each in self.wire.get("deliveries")]

    def pending(self) -> list[int]:
        """The updates that the bot has not confirmed."""
        return [int(each) for each in self.wire.get("pending")]

    def until(self, look: Callable[[], Found], seconds: float = 10.0) -> Found:
        """What `look` finds once it finds something; fails after so many seconds with what the bot did last."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            if time.monotonic() > deadline:
                calls = [f"{call.method} {call.parameters} -> {call.status} {call.description}" for call in self.calls()[-12:]]
                pytest.fail("\n".join([f"nothing came in {seconds} s; the bot's last calls:", *calls]))
            time.sleep(_LOOK_AGAIN)
        return found

    # --- said shortly ------------------------------------------------------------------------------------------------

    def _fault(self, kind: str, method: str, times: int, chat: Chat | None, **more: Any) -> None:
        where = {"chat": chat.id} if chat else {}
        self.wire.post("fault", kind=kind, method=method, times=times, **where, **more)

    def _said(self, **message: Any) -> Said:
        return self._as_said(self.wire.post("say", **message))

    def _as_said(self, told: dict[str, Any]) -> Said:
        message, update = told["message"], told["update"]
        return Said(message["chat"]["id"], message["message_id"], update and update["update_id"], message)


@pytest.fixture
def telegram_world(telegram_server: Callable[[], str]) -> TelegramWorld:
    """A world of the test's own."""
    return TelegramWorld(telegram_server())
