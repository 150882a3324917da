"""What WeCom tells besides messages: that somebody opened the chat, what people think of an answer, and what they pressed.

https://developer.work.weixin.qq.com/document/path/101027. The same by callback and by the long connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from answering.answer import Language
from bot.message import Message
from bot.place import Place
from bot.presses import Handing, Press, Presses
from bot.records import RecordsError
from bot.stores import Stores
from bot.wecom.cards import taken
from bot.wecom.message import CHANNEL
from bot.wording import say

_WRONG = {1: "question", 2: "missing", 3: "clause", 4: "clause"}  # WeCom's reasons, as the buttons of other channels have them
_REASON = 500  # characters of what somebody writes


class WecomEvents:
    """What each event leads to. Everything raises StorageError where the database fails."""

    def __init__(self, stores: Stores, presses: Presses) -> None:
        self._stores = stores
        self._presses = presses

    async def welcome(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """What to say to somebody who opens the chat for the first time on a day; None for another event."""
        if _kind(body) != "enter_chat":
            return None
        place = place_of(body)
        permitted = await asyncio.to_thread(self._stores.access.may_ask, place, True)
        text = say("command_about", Language.SIMPLIFIED)
        if permitted is None:
            text = say("desk_denied_private", Language.SIMPLIFIED, asker=place.asker, chat=place.chat)
        return {"msgtype": "text", "text": {"content": text}}

    async def opinion(self, body: Mapping[str, Any]) -> None:
        """Keep what somebody thinks of an answer, if they may ask there."""
        if _kind(body) == "feedback_event":
            await asyncio.to_thread(self._vote, body)

    async def pressed(self, body: Mapping[str, Any]) -> tuple[dict[str, Any] | None, Message | None]:
        """The card as it is after a press, and what is asked by it; None for what leads to nothing."""
        event = _table(_table(body.get("event")).get("template_card_event"))
        data, task = event.get("event_key"), event.get("task_id")
        place = place_of(body)
        if not isinstance(data, str) or not isinstance(task, str) or not place.asker:
            return None, None
        led = await asyncio.to_thread(self._presses.take, Press(place, task, data, _is_private(body)))
        if isinstance(led, Handing):
            said = say("handed", led.language, name=led.contact.name)
            return {"response_type": "update_template_card", "userids": [place.asker], "template_card": taken(task, said)}, led.message
        if not isinstance(led, Message):
            return None, None
        # each who presses has a card of their own to see changed
        return {"response_type": "update_template_card", "userids": [place.asker], "template_card": taken(task, led.text)}, led

    def _vote(self, body: Mapping[str, Any]) -> None:
        opinion, place = _table(_table(body.get("event")).get("feedback_event")), place_of(body)
        id_, kind = opinion.get("id"), opinion.get("type")
        record = self._stores.votes.record_of(CHANNEL, id_) if isinstance(id_, str) else None
        if record is None or not place.asker or self._stores.access.may_ask(place, _is_private(body)) is None:
            return
        if not self._is_of(record, place):
            return
        if kind == 3:
            self._stores.votes.withdraw(record, CHANNEL, place.asker)
        elif kind in (1, 2):
            given = opinion.get("inaccurate_reason_list")
            reasons = [_WRONG[each] for each in given if each in _WRONG] if isinstance(given, list) else []
            written = opinion.get("content")
            words = [*dict.fromkeys(reasons), *([written[:_REASON]] if isinstance(written, str) and written else [])]
            self._stores.votes.cast(record, CHANNEL, place.asker, "up" if kind == 1 else "down", " ".join(words) if kind == 2 else "")

    def _is_of(self, record: str, place: Place) -> bool:
        """Whether an answer was given in the chat that an opinion comes from."""
        try:
            given = self._stores.records.get(record).place
        except RecordsError:
            return False
        return (given.channel, given.chat) == (place.channel, place.chat)


def place_of(body: Mapping[str, Any]) -> Place:
    """Where an event happened, and by whom."""
    asker = _table(body.get("from")).get("userid")
    asker = asker if isinstance(asker, str) else ""
    chat = body.get("chatid")
    return Place(CHANNEL, asker if _is_private(body) or not isinstance(chat, str) else chat, "", asker)


def _is_private(body: Mapping[str, Any]) -> bool:
    return body.get("chattype") == "single" or not body.get("chatid")


def _kind(body: Mapping[str, Any]) -> object:
    return _table(body.get("event")).get("eventtype")


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
