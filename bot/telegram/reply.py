"""An answer being shown in Telegram: a placeholder that grows by few edits, then the whole of it with its buttons.

Limits that Telegram does not publish are kept by a wide margin: 20 calls a minute in a group, edits at least 4 s apart.
"""

from __future__ import annotations

import asyncio
import logging
import time

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from answering.answer import Answer, Status
from answering.language import language_of
from bot.contacts import Contact
from bot.look import Look
from bot.message import Message, Undeliverable
from bot.presses import REASONS, choice_data, hand_data, question_data, reason_data, vote_data
from bot.runs import Run, asks
from bot.telegram.markup import Paragraph, parts_of
from bot.telegram.text import Part, growing, html_of
from bot.wording import say

_APART = 4.0  # seconds between two edits in a group
_APART_PRIVATE = 1.0
_EDITS = 4  # of a growing answer in a group; the last is not among them
_GROWING = 3500  # UTF-16 units of an answer while it grows
_PATIENCE = 1800.0  # seconds for which what must arrive is tried
_AGAIN = 2.0  # seconds before the second try where Telegram says nothing of when; then twice as many each time
_AT_MOST = 60.0
_BUTTON = 60  # characters on a button
_CLOSED = ("chat not found", "not enough rights", "topic_closed", "have no rights", "chat_write_forbidden", "user is deactivated")
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_log = logging.getLogger(__name__)


class TelegramReply:
    """The `Reply` to one message of a chat. `handle` is the id of the placeholder."""

    def __init__(self, bot: Bot, message: Message, look: Look) -> None:
        self._bot = bot
        self._chat = int(message.place.chat)
        self._thread = int(message.place.thread) if message.place.thread else None
        self._to = int(message.id.partition(".")[0] or 0)  # of a button that was pressed: the message that it stands under; 0: none
        self._asked = message.text
        self._private = message.private
        self._look = look
        self._placeholder = int(message.handle) if message.handle else None
        self._shown = ""
        self._edits = 0
        self._edited = float("-inf")

    @property
    def handle(self) -> str:
        return str(self._placeholder or "")

    async def begin(self) -> None:
        if self._placeholder is not None:
            return
        await self._bot.send_chat_action(self._chat, ChatAction.TYPING, message_thread_id=self._thread)
        looking = say("looking", language_of(self._asked))
        if self._private:
            await self._bot.send_message_draft(self._chat, self._to, looking)
        else:
            self._placeholder = await self._send(looking, None, None)
        self._edited = time.monotonic()

    async def grow(self, answer: Answer) -> None:
        now = time.monotonic()
        apart = _APART_PRIVATE if self._private else _APART
        text = growing(self._look.form(answer), _GROWING)
        if now - self._edited < apart or (self._edits >= _EDITS and not self._private) or text == self._shown:
            return
        self._edited, self._edits, self._shown = now, self._edits + 1, text
        if self._private:
            await self._bot.send_message_draft(self._chat, self._to, text, parse_mode=ParseMode.HTML)
        elif self._placeholder is not None:
            await self._edit(self._placeholder, text, ParseMode.HTML, None)

    async def finish(self, answer: Answer, record: str | None) -> None:
        form = await asyncio.to_thread(self._look.form, answer)
        parts = html_of(form, self._look.link, buttons=record is not None)
        await self._show(parts, keyboard(answer, record, contact=form.contact))

    async def say(self, text: str, *, quoting: bool = False, calling: Contact | None = None) -> None:
        runs = tuple(asks(text, calling)) or (Run(text),)
        await self._show(parts_of([Paragraph(runs)]) if quoting or calling else [Part("", text)], None)

    async def _show(self, parts: list[Part], buttons: InlineKeyboardMarkup | None) -> None:
        for at, part in enumerate(parts):
            await self._deliver(part, self._placeholder if at == 0 else None, buttons if at == len(parts) - 1 else None)

    async def _deliver(self, part: Part, place: int | None, buttons: InlineKeyboardMarkup | None) -> None:
        """Show a part, in the place of a message or as a new one; as plain text where Telegram takes its HTML for none.

        What Telegram refuses for now is tried again, for half an hour. A new message of which nobody knows whether it arrived is not.
        """
        mode: str | None = ParseMode.HTML if part.html else None
        ending, again = time.monotonic() + _PATIENCE, _AGAIN
        while True:
            try:
                text = part.html if mode else part.plain
                await (self._send(text, mode, buttons) if place is None else self._edit(place, text, mode, buttons))
                return
            except RetryAfter as error:
                wait = _seconds(error)
            except ChatMigrated as error:  # ids of messages are counted anew there
                self._chat, self._thread, place, wait = error.new_chat_id, None, None, 0.0
            except Forbidden as error:
                raise Undeliverable(str(error)) from error
            except BadRequest as error:
                said = str(error).lower()
                if "not modified" in said:
                    return
                if any(words in said for words in _CLOSED):
                    raise Undeliverable(str(error)) from error
                if "parse entities" in said and mode:
                    mode = None
                elif "thread not found" in said and self._thread:
                    self._thread = None
                elif place is not None:
                    place = None  # the placeholder is gone, or can no longer be edited
                else:
                    raise
                wait = 0.0
            except NetworkError as error:
                if place is None and _may_have_arrived(error):
                    _log.warning("Telegram did not say whether a message of an answer arrived; it is not sent twice")
                    return
                wait, again = again, min(2 * again, _AT_MOST)
            if time.monotonic() + wait > ending:
                raise TelegramError("Telegram could not be reached for half an hour")
            await asyncio.sleep(wait)

    async def _send(self, text: str, mode: str | None, buttons: InlineKeyboardMarkup | None) -> int:
        sent = await self._bot.send_message(
            self._chat,
            text,
            parse_mode=mode,
            reply_markup=buttons,
            message_thread_id=self._thread,
            link_preview_options=_NO_PREVIEW,
            reply_parameters=ReplyParameters(self._to, allow_sending_without_reply=True) if self._to else None,
        )
        return sent.message_id

    async def _edit(self, place: int, text: str, mode: str | None, buttons: InlineKeyboardMarkup | None) -> None:
        await self._bot.edit_message_text(text, self._chat, place, parse_mode=mode, reply_markup=buttons, link_preview_options=_NO_PREVIEW)


def keyboard(
    answer: Answer, record: str | None, verdict: str = "", contact: Contact | None = None, *, handed: bool = False
) -> InlineKeyboardMarkup | None:
    """The buttons beneath an answer: choices and further questions, one a row, whom the question may be handed to, or that it was, then the
    votes, the one that was cast standing out.

    None where the answer was not kept: a button carries nothing but the id of the record and a place in it.
    """
    if record is None:
        return None
    rows = [[_button(choice.label, choice_data(record, at))] for at, choice in enumerate(answer.choices)]
    rows += [[_button(question, question_data(record, at))] for at, question in enumerate(answer.suggestions)]
    if contact is not None:
        said = say("handed" if handed else "hand", answer.language, name=contact.name)
        rows.append([_button(f"✓ {said}" if handed else said, hand_data(record))])
    if answer.status is Status.ANSWERED or answer.status is Status.NOT_COVERED:
        marks = {"up": "👍", "down": "👎"}
        rows.append([_button(f"✓ {mark}" if verdict == name else mark, vote_data(record, name)) for name, mark in marks.items()])
    return InlineKeyboardMarkup(rows) if rows else None


def reasons(answer: Answer, record: str) -> InlineKeyboardMarkup:
    """The buttons that ask why an answer was no good."""
    buttons = [_button(say(f"wrong_{why}", answer.language), reason_data(record, why)) for why in REASONS]
    return InlineKeyboardMarkup([buttons[:2], buttons[2:]])


def _button(text: str, data: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(text if len(text) <= _BUTTON else f"{text[: _BUTTON - 1]}…", callback_data=data)


def _may_have_arrived(error: NetworkError) -> bool:
    """Whether a request that failed may have been carried out: not where Telegram answered that it failed, or was not reached at all."""
    said = str(error)
    if isinstance(error, TimedOut):
        return "Pool timeout" not in said
    return said.startswith("httpx.") and not said.startswith("httpx.ConnectError")


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return after.total_seconds() if hasattr(after, "total_seconds") else float(after)
