"""What is read of Markdown for WeCom: by CommonMark with tables and struck words, and by clients that know less of Markdown than that."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

JOINER = "\u2060"
_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_LINK = re.compile(r"\[([^\[\]]*)\]\((https?://[!-~]+?)\)")
_MARKED = re.compile(rf"(\*\*?){JOINER}([^*]*){JOINER}\1")
_SIGNS = re.compile(r"[\\`*\[\]<>|~$]|(?<![0-9A-Za-z\u2060_])_|_(?![0-9A-Za-z\u2060_])")
_TWINS = {ord(sign) + 0xFEE0: sign for sign in "\\`*_[]<>|~$"}
_LIVE = (
    r"@[^\s\u2060]",  # whoever is meant
    r":[A-Za-z/]",  # whatever the scheme
    r"//",
    r"(?i)www\.[^\s\u2060]",
    r"\.[^\W\d]",  # whatever the domain
    r"(?<![\d.])\d+(?:\.\d+){3}",  # an address of four numbers
    r"&(?:#|[A-Za-z])",
)


class NotOurs(Exception):
    """Something means what nobody here has meant."""


@dataclass(frozen=True)
class Mark:
    """A stretch of the text that is strong, em or a (a link, with its address)."""

    tag: str
    text: str
    address: str = ""


@dataclass(frozen=True)
class Read:
    """A message as it is shown: its paragraphs, those of each quotation, and what is marked in them."""

    paragraphs: tuple[str, ...]
    quotes: tuple[str, ...]
    marks: tuple[Mark, ...]

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs)

    def of(self, tag: str) -> list[str]:
        """The texts of all marks of a kind, joiners taken out."""
        return [mark.text.replace(JOINER, "") for mark in self.marks if mark.tag == tag]


def read(markdown: str) -> Read:
    """What is shown of a message. Raises NotOurs for anything but paragraphs, quotations, bold and slanted words, links and broken lines."""
    paragraphs: list[str] = []
    quotes: list[list[str]] = []
    marks: list[Mark] = []
    within = 0
    for token in _PARSER.parse(markdown):
        if token.type == "blockquote_open":
            if within:
                raise NotOurs("a quotation in a quotation")
            within += 1
            quotes.append([])
        elif token.type == "blockquote_close":
            within -= 1
        elif token.type == "inline":
            text = _inline(token.children or [], marks)
            paragraphs.append(text)
            if within:
                quotes[-1].append(text)
        elif token.type not in ("paragraph_open", "paragraph_close"):
            raise NotOurs(f"{token.type} in {markdown!r}")
    _check_source(markdown)
    for found in _LIVE:
        if live := re.search(found, "\n".join(paragraphs)):
            raise NotOurs(f"{live[0]!r} leads somewhere")
    return Read(tuple(paragraphs), tuple("\n".join(quote) for quote in quotes), tuple(marks))


def shown(text: str) -> str:
    """What one sees of a text, full-width signs taken for the others: without white space and what has no width."""
    text = re.sub("[\ud800-\udfff]", "\ufffd", text).translate(_TWINS)
    return "".join(char for char in text if unicodedata.category(char) not in ("Zs", "Zl", "Zp", "Cc", "Cf"))


def _inline(tokens: list[Token], marks: list[Mark]) -> str:
    text = ""
    opened: list[tuple[str, int, str]] = []
    for token in tokens:
        if token.type == "text":
            text += token.content
        elif token.type == "hardbreak":
            text += "\n"
        elif token.type in ("strong_open", "em_open", "link_open"):
            opened.append((token.tag, len(text), str(token.attrGet("href") or "")))
        elif token.type in ("strong_close", "em_close", "link_close"):
            tag, start, address = opened.pop()
            marks.append(Mark(tag, text[start:], address))
        else:
            raise NotOurs(f"{token.type} in {[one.content for one in tokens]}")
    return text


def _check_source(markdown: str) -> None:
    """Nothing is left that anybody could take for a sign when our own are taken out, however roughly they look for it."""
    left = re.sub("^> ", "", markdown, flags=re.MULTILINE)
    left = _MARKED.sub(r"\2", _LINK.sub(r"\1", left))
    if sign := _SIGNS.search(left):
        raise NotOurs(f"{sign[0]!r} in {left!r}")
