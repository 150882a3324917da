"""What Telegram makes of a message in parse mode HTML: its text, its entities, and the links it finds by itself. Stricter than Telegram."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "tg-spoiler", "blockquote", "a"}
_CHARACTERS = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"'}
_TOKEN = re.compile(r"<(?P<close>/)?(?P<tag>[a-z-]+)(?P<rest>[^<>]*)>|(?P<escaped>&[^;&<>]*;)|(?P<text>[^<>&]+)")
_HREF = re.compile(r' href="(https?://[^"<>\s]+)"')
_DROPPED = re.compile("[\r\u2028-\u202e\u030a\u0333\u033f]")  # from every text, before links are looked for
_FOUND = (
    r"(?<!\w)@[A-Za-z0-9_]{2}",  # a name
    r"(?<![\w/<>])/[A-Za-z0-9_]",  # a command
    r"(?<!\w)#\w",  # a tag
    r"(?<![\w$])\$(?:[A-Z]|1INCH)",
    r"[A-Za-z]:/",  # whatever the scheme
    r"[^\s\u2000-\u200b\u200e-\u200f\u2016-\u206f]\.[^\W\d]",  # whatever the domain
    r"(?<![\d.])\d+(?:\.\d+){3}(?!\.?\d)",  # an address of four numbers
)


class NotTelegramHtml(Exception):
    """Telegram would refuse it, or take it for something else than it says."""


@dataclass(frozen=True)
class Entity:
    """A stretch of the text, its ends in characters, and where it leads if it does."""

    tag: str
    text: str
    address: str = ""


@dataclass(frozen=True)
class Read:
    """A message as it is shown: its text and its entities, in the order in which they end."""

    text: str
    entities: tuple[Entity, ...]

    def of(self, tag: str) -> list[str]:
        """The texts of all entities with a tag."""
        return [entity.text for entity in self.entities if entity.tag == tag]

    @property
    def units(self) -> int:
        return sum(2 if char > "\uffff" else 1 for char in self.text)


def read(html: str) -> Read:
    """What is shown of a message. Raises NotTelegramHtml."""
    text, place = "", 0
    stack: list[tuple[str, int, str]] = []
    entities: list[Entity] = []
    while place < len(html):
        token = _TOKEN.match(html, place)
        if token is None:
            raise NotTelegramHtml(f"a bare {html[place]} in {html[place - 20 : place + 20]!r}")
        place = token.end()
        if token["text"]:
            text += token["text"]
        elif token["escaped"]:
            if token["escaped"] not in _CHARACTERS:
                raise NotTelegramHtml(token["escaped"])
            text += _CHARACTERS[token["escaped"]]
        elif token["close"]:
            if not stack or stack[-1][0] != token["tag"] or token["rest"]:
                raise NotTelegramHtml(f"{token[0]} closes {stack}")
            tag, start, address = stack.pop()
            entities.append(Entity(tag, text[start:], address))
        else:
            stack.append((token["tag"], len(text), _address(token["tag"], token["rest"], [tag for tag, _, _ in stack])))
    if stack:
        raise NotTelegramHtml(f"not closed: {stack}")
    if text != text.strip() or not text:
        raise NotTelegramHtml("white space at an end, which Telegram takes away")
    text.encode()  # what cannot be sent
    return Read(text, tuple(entities))


def _address(tag: str, rest: str, around: list[str]) -> str:
    """The address that a tag leads to, if any, where it may stand."""
    if tag not in _TAGS or tag in around or {"code", "pre"} & {*around} or (tag in {"code", "pre"} and {*around} - {"blockquote"}):
        raise NotTelegramHtml(f"{tag} in {around}")
    if tag == "blockquote" and around:
        raise NotTelegramHtml(f"{tag} in {around}")
    if tag == "a" and (href := _HREF.fullmatch(rest)):
        return href[1].replace("&amp;", "&")
    if rest != (" expandable" if tag == "blockquote" else ""):
        raise NotTelegramHtml(f"<{tag}{rest}>")
    return ""


def found_links(text: str) -> list[str]:
    """What Telegram may turn into a link by itself, and more."""
    text = _DROPPED.sub("", text)
    return [found[0] for pattern in _FOUND for found in re.finditer(pattern, text)]
