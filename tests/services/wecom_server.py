"""A small WeCom for tests: the long connection of an 智能机器人 on loopback, with people who talk to the bot.

    asked = wecom.say("anna", "几天可以退款？", group="法务群")        # the fixture `wecom`; a bot is connected to wecom.url,
    (reply,) = wecom.until(lambda: wecom.replies(asked))              # as wecom.bot_id with wecom.secret

It speaks the frames of https://developer.work.weixin.qq.com/document/path/101463 (wecom_wire.py, where it can be made to fail) and holds
the bot to wecom_rules.py. A message that nobody has replied to is handed out again after a reconnection, with the same msgid and another
req_id, unless it is told otherwise; events are not. What WeCom does and this does not: media.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from tests.services.wecom_shown import Said, Shown
from tests.services.wecom_wire import Wire

_LOOK_AGAIN = 0.01  # seconds
Found = TypeVar("Found")


class WecomServer(Wire):
    """The server, and everyone but the bot. A message to the bot in a group begins with its `name`."""

    name = "问约 助手"

    def say(self, user: str, text: str, *, group: str = "", quote: dict[str, Any] | None = None, **fields: Any) -> Said:
        """A message to the bot, in a group or in private; `fields` stand in the place of those of a text message."""
        code = f"https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code={self._new('CODE')}"
        body = {"response_url": code, "msgtype": "text", "text": {"content": f"@{self.name} {text}" if group else text}}
        return self._hand_out("aibot_msg_callback", user, group, body | ({"quote": quote} if quote else {}) | fields)

    def enter(self, user: str) -> Said:
        """Somebody opens the chat with the bot, for the first time of the day."""
        return self._event(user, "", "enter_chat", {})

    def press(self, user: str, card: Shown, key: str) -> Said:
        pressed = {"card_type": card.card["card_type"], "event_key": key, "task_id": card.card["task_id"]}
        return self._event(user, card.chat, "template_card_event", {"template_card_event": pressed})

    def rate(self, user: str, shown: Shown, verdict: int, reasons: tuple[int, ...] = (), content: str = "") -> Said:
        """Somebody finds an answer right (1), wrong (2) or takes that back (3)."""
        rated = {"id": shown.feedback, "type": verdict, "content": content, "inaccurate_reason_list": list(reasons)}
        return self._event(user, shown.chat, "feedback_event", {"feedback_event": rated})

    def again(self, said: Said) -> None:
        """The same message is handed out once more."""
        self._soon(lambda: self._deliver("aibot_msg_callback", self._new("req"), self._said[said.msgid]))

    def shown(self, chat: str = "") -> list[Shown]:
        """The bot's messages in order, of all chats or of one."""
        return [shown for shown in tuple(self.rules.shown) if not chat or shown.chat == chat]

    def replies(self, said: Said) -> list[Shown]:
        """The bot's messages that reply to one of somebody's, and are finished."""
        return [shown for shown in self.shown() if shown.to == said.msgid and shown.finished]

    def until(self, look: Callable[[], Found], patience: float = 10.0) -> Found:
        """Looks until there is something to be seen, and returns it; what was seen last when there is not."""
        deadline = time.monotonic() + patience
        while not (found := look()) and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN)
        return found

    def _event(self, user: str, chat: str, kind: str, fields: dict[str, Any]) -> Said:
        event = {"msgtype": "event", "create_time": int(time.time()), "event": {"eventtype": kind} | fields}
        return self._hand_out("aibot_event_callback", user, "" if chat == user else chat, event)

    def _hand_out(self, cmd: str, user: str, group: str, body: dict[str, Any]) -> Said:
        place = {"chatid": group, "chattype": "group"} if group else {"chattype": "single"}
        whole = {"msgid": self._new("msg"), "aibotid": self.bot_id} | place | {"from": {"userid": user}} | body
        said = Said(whole["msgid"], self._new("req"), group or user, user)
        self._soon(self._first, cmd, said, whole)
        return said

    def _first(self, cmd: str, said: Said, body: dict[str, Any]) -> None:
        if cmd == "aibot_msg_callback":
            self._said[said.msgid] = body
        self._deliver(cmd, said.req_id, body)


@pytest.fixture
def wecom() -> Iterator[WecomServer]:
    """A WeCom of a test's own."""
    with WecomServer() as server:
        yield server
