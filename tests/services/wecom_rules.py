"""What WeCom lets a bot do: https://developer.work.weixin.qq.com/document/path/101463, and the errcodes that others have met.

Where the document is silent or contradicts itself the stricter reading holds: refreshes of a stream count as messages, a stream that is
finished or older than six minutes cannot be written, cards beside a stream and pictures in one are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.services.wecom_shown import Shown

OK = (0, "ok")
WRONG_SECRET = (853000, "invalid bot_id or secret")
TOO_OFTEN = (45009, "api freq out of limit")
UNKNOWN_REQUEST = (846605, "invalid req_id")
STREAM_EXPIRED = (846608, "stream message update expired (>6 minutes), cannot update")
NOT_SUBSCRIBED = (846609, "aibot websocket not subscribed")
_WRONG_TYPE = (40008, "invalid message type")
_WRONG_BUTTONS = (40016, "invalid button size")
_WRONG_PARAMETER = (40058, "invalid Request Parameter")

_STREAM, _EVENT, _REQUEST = 360.0, 5.0, 86400.0  # seconds for which a stream, an event and a message can be replied to
_TEXT = 20480  # bytes of UTF-8
_FEEDBACK = 256
_KEY = 1024
_CARDS = ("text_notice", "news_notice", "button_interaction", "vote_interaction", "multiple_interaction")
_TASK = re.compile(r"[0-9A-Za-z_\-@]{1,128}")

Answer = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Request:
    """A callback that the bot may reply to. `event` is empty for a message."""

    msgid: str
    chat: str
    event: str
    task: str
    at: float
    line: int


@dataclass(slots=True)
class _Stream:
    req_id: str
    began: float
    shown: Shown


class Rules:
    """What was shown, and what may be shown next. `now` is in seconds; `keeps_requests`: whether a callback outlives its connection."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.minute, self.hour = 30, 1000
        self.keeps_requests = True
        self.shown: list[Shown] = []
        self.answered: set[str] = set()  # msgids
        self._now = now
        self._requests: dict[str, _Request] = {}
        self._streams: dict[str, _Stream] = {}
        self._cards: dict[str, Shown] = {}
        self._counted: dict[str, list[float]] = {}
        self._met: set[str] = set()  # chats in which somebody has spoken
        self._done: set[str] = set()  # req_ids of events that were replied to

    def open(self, req_id: str, body: Mapping[str, Any], line: int) -> None:
        """A callback is handed out: from now on it can be replied to."""
        chat = body.get("chatid") or body["from"]["userid"]
        event = body.get("event", {})
        task = event.get("template_card_event", {}).get("task_id", "")
        self._requests[req_id] = _Request(body["msgid"], chat, event.get("eventtype", ""), task, self._now(), line)
        if not event:
            self._met.add(chat)

    def judge(self, cmd: str, req_id: str, body: Mapping[str, Any], line: int) -> Answer:
        """Do what a frame of the bot asks for, if it may be done."""
        if cmd == "aibot_send_msg":
            return self._push(body)
        request = self._requests.get(req_id)
        if request is None or (request.line != line and not self.keeps_requests):
            return UNKNOWN_REQUEST
        if cmd == "aibot_respond_msg" and not request.event:
            answer = UNKNOWN_REQUEST if self._now() - request.at > _REQUEST else self._reply(request, req_id, body)
        elif cmd == "aibot_respond_welcome_msg" and self._is_open(request, req_id, "enter_chat"):
            answer = self._welcome(request, body)
        elif cmd == "aibot_respond_update_msg" and self._is_open(request, req_id, "template_card_event"):
            answer = self._update(request, body)
        else:
            return UNKNOWN_REQUEST
        if answer == OK:
            self.answered.add(request.msgid)
            self._done.add(req_id)
        return answer

    def _is_open(self, request: _Request, req_id: str, event: str) -> bool:
        return request.event == event and self._now() - request.at <= _EVENT and req_id not in self._done

    def _reply(self, request: _Request, req_id: str, body: Mapping[str, Any]) -> Answer:
        if body.get("msgtype") == "template_card":
            return self._show_card(request.chat, body, request.msgid)
        if body.get("msgtype") != "stream":
            return _WRONG_TYPE
        stream = body.get("stream")
        if not isinstance(stream, Mapping) or not _is_stream(stream):
            return _WRONG_PARAMETER
        known = self._streams.get(stream["id"])
        if known is None:
            return self._begin(request, req_id, stream)
        if known.req_id != req_id or stream.get("feedback", {}).get("id", known.shown.feedback) != known.shown.feedback:
            return _WRONG_PARAMETER
        if known.shown.finished or self._now() - known.began > _STREAM:
            return STREAM_EXPIRED
        if not self._has_room(request.chat):
            return TOO_OFTEN
        known.shown.text, known.shown.finished = stream["content"], stream["finish"]
        known.shown.updates += 1
        return OK

    def _begin(self, request: _Request, req_id: str, stream: Mapping[str, Any]) -> Answer:
        if not self._has_room(request.chat):
            return TOO_OFTEN
        feedback = stream.get("feedback", {}).get("id", "")
        shown = Shown(request.chat, "stream", stream["content"], request.msgid, stream["id"], stream["finish"], feedback)
        self._streams[stream["id"]] = _Stream(req_id, self._now(), shown)
        self.shown.append(shown)
        return OK

    def _welcome(self, request: _Request, body: Mapping[str, Any]) -> Answer:
        if body.get("msgtype") == "template_card":
            return self._show_card(request.chat, body, request.msgid)
        text = _text_in(body, "text")
        if text is None:
            return _WRONG_TYPE
        return self._show(Shown(request.chat, "text", text, request.msgid))

    def _update(self, request: _Request, body: Mapping[str, Any]) -> Answer:
        card = body.get("template_card")
        if body.get("response_type") != "update_template_card" or not isinstance(card, dict) or card.get("task_id") != request.task:
            return _WRONG_PARAMETER
        wrong = _wrong_with(card)
        if wrong is None:
            shown = self._cards[request.task]
            shown.card, shown.updates = card, shown.updates + 1
        return wrong or OK

    def _push(self, body: Mapping[str, Any]) -> Answer:
        chat = body.get("chatid")
        if not isinstance(chat, str) or chat not in self._met or body.get("chat_type") not in (None, 1, 2):
            return _WRONG_PARAMETER
        if body.get("msgtype") == "template_card":
            return self._show_card(chat, body, "")
        text = _text_in(body, "markdown")
        if text is None:
            return _WRONG_TYPE
        return self._show(Shown(chat, "markdown", text))

    def _show_card(self, chat: str, body: Mapping[str, Any], to: str) -> Answer:
        card = body.get("template_card")
        if not isinstance(card, dict):
            return _WRONG_PARAMETER
        task = card.get("task_id", "")
        wrong = _WRONG_PARAMETER if task in self._cards else _wrong_with(card)
        if wrong:
            return wrong
        shown = Shown(chat, "template_card", card.get("main_title", {}).get("title", ""), to, card=card)
        answer = self._show(shown)
        if answer == OK and task:
            self._cards[task] = shown
        return answer

    def _show(self, shown: Shown) -> Answer:
        if len(shown.text.encode()) > _TEXT:
            return _WRONG_PARAMETER
        if not self._has_room(shown.chat):
            return TOO_OFTEN
        self.shown.append(shown)
        return OK

    def _has_room(self, chat: str) -> bool:
        """Whether one more message may be shown in a chat; it is counted if so."""
        now, counted = self._now(), self._counted.setdefault(chat, [])
        if _since(counted, now - 60) >= self.minute or _since(counted, now - 3600) >= self.hour:
            return False
        counted.append(now)
        return True


def _since(times: Iterable[float], then: float) -> int:
    return sum(time > then for time in times)


def _is_stream(stream: Mapping[str, Any]) -> bool:
    feedback = stream.get("feedback", {})
    return (
        isinstance(stream.get("id"), str)
        and bool(stream["id"])
        and isinstance(stream.get("content"), str)
        and isinstance(stream.get("finish"), bool)
        and len(stream["content"].encode()) <= _TEXT
        and isinstance(feedback, Mapping)
        and len(str(feedback.get("id", "")).encode()) <= _FEEDBACK
        and "msg_item" not in stream
    )


def _text_in(body: Mapping[str, Any], kind: str) -> str | None:
    held = body.get(kind)
    if body.get("msgtype") != kind or not isinstance(held, Mapping) or not isinstance(held.get("content"), str):
        return None
    return str(held["content"])


def _wrong_with(card: Mapping[str, Any]) -> Answer | None:
    task, buttons = card.get("task_id", ""), card.get("button_list", [])
    if card.get("card_type") not in _CARDS or not isinstance(task, str) or (task and not _TASK.fullmatch(task)):
        return _WRONG_PARAMETER
    if card["card_type"] == "button_interaction" and (not task or not card.get("main_title")):
        return _WRONG_PARAMETER
    if not isinstance(buttons, list) or len(buttons) > 6 or (card["card_type"] == "button_interaction" and not buttons):
        return _WRONG_BUTTONS
    if any(not button.get("text") or len(button.get("key", "").encode()) > _KEY for button in buttons):
        return _WRONG_BUTTONS
    return None
