"""What of the messages in a Telegram chat is addressed to the bot, and the Message it is.

Telegram counts entities in UTF-16 code units: https://core.telegram.org/api/entities.
"""

from __future__ import annotations

import re

from telegram import Message as Sent
from telegram import MessageEntity, User
from telegram.constants import ChatType

from bot.commands import command_in
from bot.message import Message
from bot.place import Place

CHANNEL = "telegram"
_COMMAND = re.compile(r"/(?P<name>[A-Za-z]+)(?:@(?P<bot>[A-Za-z0-9_]+))?(?=\s|$|[\u3400-\u9fff])")


def place_of(sent: Sent) -> Place:
    """Where a message stands. Whoever writes for a group or a channel is that: the user Telegram gives then is nobody's."""
    sender = f"chat:{sent.sender_chat.id}" if sent.sender_chat else str(sent.from_user.id) if sent.from_user else ""
    thread = str(sent.message_thread_id) if sent.is_topic_message and sent.message_thread_id else ""
    return Place(CHANNEL, str(sent.chat_id), thread, sender)


def message_of(sent: Sent, text: str) -> Message:
    locale = (sent.from_user.language_code if sent.from_user else None) or ""
    return Message(place_of(sent), str(sent.message_id), text, quoted_in(sent), sent.chat.type == ChatType.PRIVATE, locale=locale)


def addressed(sent: Sent, bot: User) -> str | None:
    """What a message says to the bot, without its name; None where it is not addressed to it.

    It is in a private chat, where it mentions the bot, where it answers one of its messages, and where it begins with a command that names
    the bot or none; such a message begins with `/name`.
    """
    text = sent.text or sent.caption
    if text is None or (sent.from_user and sent.from_user.is_bot and not sent.sender_chat):
        return None
    own = (bot.username or "").lower()
    command = _COMMAND.match(text)
    if command is not None and command_in(f"/{command['name']}") is not None:
        return f"/{command['name']} {text[command.end() :].strip()}".strip() if (command["bot"] or own).lower() == own else None
    mentions = [entity for entity in (sent.entities or sent.caption_entities or ()) if _is_of(entity, text, bot)]
    joined = re.match(rf"@{re.escape(own)}(?=[\u3400-\u9fff])", text, re.IGNORECASE)
    if joined:  # for Telegram a Chinese character that stands at a name is a part of it, and the name nobody's
        return text[joined.end() :].strip()
    answers = (
        sent.reply_to_message is not None and sent.reply_to_message.from_user is not None and sent.reply_to_message.from_user.id == bot.id
    )
    if sent.chat.type != ChatType.PRIVATE and not mentions and not answers:
        return None
    units = text.encode("utf-16-le")
    for entity in sorted(mentions, key=lambda entity: -entity.offset):
        units = units[: 2 * entity.offset] + units[2 * (entity.offset + entity.length) :]
    return units.decode("utf-16-le", "replace").strip()


def quoted_in(sent: Sent) -> str:
    """The words that a message quotes, or of the message it answers; none of the bot's own."""
    original = sent.reply_to_message
    if original is not None and original.from_user is not None and original.from_user.is_bot:
        return ""
    if sent.quote is not None:
        return sent.quote.text
    return (original.text or original.caption or "") if original is not None and not original.forum_topic_created else ""


def _is_of(entity: MessageEntity, text: str, bot: User) -> bool:
    """Whether an entity mentions the bot."""
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == bot.id
    if entity.type != MessageEntity.MENTION:
        return False
    units = text.encode("utf-16-le")[2 * entity.offset : 2 * (entity.offset + entity.length)]
    return units.decode("utf-16-le", "replace").lower() == f"@{bot.username}".lower()
