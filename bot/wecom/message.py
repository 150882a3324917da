"""What somebody asked in WeCom, from the JSON that a callback or the long connection brings.

https://developer.work.weixin.qq.com/document/path/100719. The name by which the bot was called is left in the text, and nothing says where:
it is found by the names that the bot is known to have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from bot.message import Message
from bot.place import Place

CHANNEL = "wecom"

_SPACE = r"[\s\u200b\u2060\ufeff]"  # U+2005 and U+00A0, which clients put behind a name, are among \s
_HAN = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# A name ends where no letter or digit follows it but a Chinese character; `-2`, `.com` and `·木` would be more of it.
_END = rf"(?=$|\W|[{_HAN}])(?![-.'’][A-Za-z0-9_]|[·・]\w)"
_LEFT_BEHIND = "，,、：:；;"  # what stood between the bot's name and the question


def message_of(body: Mapping[str, Any], names: Sequence[str]) -> Message | None:
    """The question in a message, without the bot's own mention; None for what is none: a picture, a file, a refresh, an event.

    `names` are all that the bot is called by. A message of only its mention has the text "". Nothing that stands in `body` raises anything.
    """
    private = body.get("chattype") == "single"
    asker = _at(body, "from", "userid")
    chat = asker if private else _at(body, "chatid")
    id_ = _at(body, "msgid")
    text = _said(body, private)
    if text is None or not asker or not chat or not id_:
        return None
    quote = body.get("quote")
    quoted = _said(quote, True) if isinstance(quote, Mapping) else None
    return Message(Place(CHANNEL, chat, "", asker), id_, without_mention(text, names), (quoted or "").strip(), private)


def without_mention(text: str, names: Sequence[str]) -> str:
    """A text without the mentions of these names; those of other people stay."""
    mention = _mention(tuple(names))
    if mention is None or not mention.search(text):
        return text.strip()
    return mention.sub(_gap, text).strip().lstrip(_LEFT_BEHIND).strip()


def _said(part: Mapping[str, Any], voice: bool) -> str | None:
    """The words of a message or of a quoted one; None where it is of a kind that has none."""
    kind = part.get("msgtype")
    if kind == "text" or (kind == "voice" and voice):
        return _at(part, str(kind), "content")
    if kind != "mixed":
        return None
    mixed = part.get("mixed")
    items = mixed.get("msg_item") if isinstance(mixed, Mapping) else None
    if not isinstance(items, list):
        return None
    said = [_at(item, "text", "content") for item in items if isinstance(item, Mapping) and item.get("msgtype") == "text"]
    return "\n".join(text for text in said if text is not None)


def _at(part: Mapping[str, Any], *path: str) -> str | None:
    """The text that stands under these keys; None where there is none."""
    found: Any = part
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else None


@cache
def _mention(names: tuple[str, ...]) -> re.Pattern[str] | None:
    """What mentions one of the names, and the space behind it; where a name begins another, the longer one is tried first."""
    known = sorted({name.strip().lstrip("@＠").strip() for name in names} - {""}, key=len, reverse=True)
    if not known:
        return None
    written = "|".join(rf"{_SPACE}+".join(re.escape(word) for word in name.split()) for name in known)
    return re.compile(rf"[@＠](?:{written}){_END}{_SPACE}*", re.IGNORECASE)


def _gap(mention: re.Match[str]) -> str:
    """What a mention leaves: a space where two words would run together."""
    around = mention.string[: mention.start()][-1:], mention.string[mention.end() :][:1]
    return " " if all(character.isascii() and character.isalnum() for character in around) else ""
