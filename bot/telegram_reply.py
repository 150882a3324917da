"""An answer being shown in Telegram: a placeholder that grows by few edits, then the whole of it with its buttons.

Limits that Telegram does not publish are kept by a wide margin: 20 calls a minute in a group, edits at least 4 s apart.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, RetryAfter, TelegramError, TimedOut

from answering.answer import Answer, Status
from answering.language import language_of
from bot.form import form_of
from bot.message import Message
from bot.telegram_text import Link, Part, growing, html_of
from bot.wording import say
from retrieval.clause import Agreement, Hit

_APART = 4.0  # seconds between two edits in a group
_APART_PRIVATE = 1.0
_EDITS = 4  # of a growing answer in a group; the last is not among them
_GROWING = 3500  # UTF-16 units of an answer while it grows
_TRIES = 4  # of what must arrive
_PATIENCE = 60.0  # seconds to wait because Telegram asks to, at most
_BUTTON = 60  # characters on a button
_WRONG = {
    "clause": "telegram_wrong_clause",
    "question": "telegram_wrong_question",
    "missing": "telegram_wrong_missing",
    "unclear": "telegram_wrong_unclear",
}  # what may be wrong with an answer, and how the button says it
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What answers are shown with: the agreements as they are called, the address of a clause on the page, if there is a page, and how
    clauses are searched for: words, the agreements to search, how many.
    """

    agreements: Callable[[], Iterable[Agreement]]
    find: Callable[[str, Collection[str], int], Sequence[Hit]]
    link: Link | None = None


class TelegramReply:
    """The `Reply` to one message of a chat."""

    def __init__(self, bot: Bot, message: Message, look: Look) -> None:
        self._bot = bot
        self._chat = int(message.place.chat)
        self._thread = int(message.place.thread) if message.place.thread else None
        self._to = int(message.id.partition(".")[0])  # of a button that was pressed: the message that it stands under
        self._asked = message.text
        self._private = message.private
        self._look = look
        self._placeholder: int | None = None
        self._shown = ""
        self._edits = 0
        self._edited = float("-inf")

    async def begin(self) -> None:
        await self._bot.send_chat_action(self._chat, ChatAction.TYPING, message_thread_id=self._thread)
        if not self._private:
            sent = await self._send(say("telegram_looking", language_of(self._asked)), None, None)
            self._placeholder = sent
            self._edited = time.monotonic()

    async def grow(self, answer: Answer) -> None:
        now = time.monotonic()
        apart = _APART_PRIVATE if self._private else _APART
        text = growing(form_of(answer, self._look.agreements()), _GROWING)
        if now - self._edited < apart or (self._edits >= _EDITS and not self._private) or text == self._shown:
            return
        self._edited, self._edits, self._shown = now, self._edits + 1, text
        if self._private:
            await self._bot.send_message_draft(self._chat, self._to, text, parse_mode=ParseMode.HTML)
        elif self._placeholder is not None:
            await self._edit(self._placeholder, text, ParseMode.HTML, None)

    async def finish(self, answer: Answer, record: str | None) -> None:
        parts = html_of(form_of(answer, self._look.agreements()), self._look.link, buttons=record is not None)
        buttons = keyboard(answer, record)
        for at, part in enumerate(parts):
            await self._deliver(part, self._placeholder if at == 0 else None, buttons if at == len(parts) - 1 else None)

    async def say(self, text: str) -> None:
        await self._deliver(Part("", text), self._placeholder, None)

    async def _deliver(self, part: Part, place: int | None, buttons: InlineKeyboardMarkup | None) -> None:
        """Show a part, in the place of a message or as a new one; as plain text where Telegram takes its HTML for none."""
        mode: str | None = ParseMode.HTML if part.html else None
        for _ in range(_TRIES):
            text = part.html if mode else part.plain
            try:
                if place is not None:
                    await self._edit(place, text, mode, buttons)
                else:
                    await self._send(text, mode, buttons)
                return
            except RetryAfter as error:
                await asyncio.sleep(min(_PATIENCE, _seconds(error)))
            except TimedOut:
                if place is None:
                    _log.warning("Telegram did not say whether a message of an answer arrived; it is not sent twice")
                    return
            except BadRequest as error:
                said = str(error).lower()
                if "not modified" in said:
                    return
                if "parse entities" in said and mode:
                    mode = None
                elif place is not None:
                    place = None  # the placeholder is gone, or can no longer be edited
                else:
                    raise
        raise TelegramError("a part of an answer could not be delivered")

    async def _send(self, text: str, mode: str | None, buttons: InlineKeyboardMarkup | None) -> int:
        sent = await self._bot.send_message(
            self._chat,
            text,
            parse_mode=mode,
            reply_markup=buttons,
            message_thread_id=self._thread,
            link_preview_options=_NO_PREVIEW,
            reply_parameters=ReplyParameters(self._to, allow_sending_without_reply=True),
        )
        return sent.message_id

    async def _edit(self, place: int, text: str, mode: str | None, buttons: InlineKeyboardMarkup | None) -> None:
        await self._bot.edit_message_text(text, self._chat, place, parse_mode=mode, reply_markup=buttons, link_preview_options=_NO_PREVIEW)


def keyboard(answer: Answer, record: str | None, verdict: str = "") -> InlineKeyboardMarkup | None:
    """The buttons beneath an answer: choices and further questions, one a row, then the votes, the one that was cast standing out.

    None where the answer was not kept: a button carries nothing but the id of the record and a place in it.
    """
    if record is None:
        return None
    rows = [_row(f"c:{record}:{at}", choice.label) for at, choice in enumerate(answer.choices)]
    rows += [_row(f"q:{record}:{at}", question) for at, question in enumerate(answer.suggestions)]
    if answer.status is Status.ANSWERED or answer.status is Status.NOT_COVERED:
        marks = {"up": "👍", "down": "👎"}
        votes = [(f"✓ {mark}" if verdict == name else mark, name) for name, mark in marks.items()]
        rows.append([InlineKeyboardButton(mark, callback_data=f"v:{record}:{name}") for mark, name in votes])
    return InlineKeyboardMarkup(rows) if rows else None


def reasons(answer: Answer, record: str) -> InlineKeyboardMarkup:
    """The buttons that ask why an answer was no good."""
    buttons = [InlineKeyboardButton(say(key, answer.language), callback_data=f"w:{record}:{why}") for why, key in _WRONG.items()]
    return InlineKeyboardMarkup([buttons[:2], buttons[2:]])


def _row(data: str, text: str) -> list[InlineKeyboardButton]:
    return [InlineKeyboardButton(text if len(text) <= _BUTTON else f"{text[: _BUTTON - 1]}…", callback_data=data)]


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return after.total_seconds() if hasattr(after, "total_seconds") else float(after)
