"""Marked text as messages of Telegram: HTML in which only the marks mean anything, in parts that Telegram takes.

What Telegram makes of a text by itself (github.com/tdlib/td, MessageEntity.cpp and misc.cpp): it drops some characters, then turns @names,
/commands, #tags, $TAGS, addresses and four numbers with dots between them (8.1.2.1) into links, which in a group may ping or mislead. Here
a word joiner, which has no width, stands after the character that would begin such a link: it reads as before, and nothing is found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Literal

from bot.runs import Run

MOST_UNITS = 4096  # UTF-16 code units of a message, without its tags
MOST_ENTITIES = 100  # further ones are ignored

_JOINER = "\u2060"
_LIVE = re.compile(r"[@#]|\.(?=[^\W\d])|/(?=[A-Za-z0-9_])|:(?=/)|\$(?=[A-Z]|1INCH)")
_FOUR_NUMBERS = re.compile(r"\d+(?:\.\d+){3,}")
_CONTROL = {code: " " for code in range(32) if chr(code) not in "\n\r"} | {0x7F: " "}
_DROPPED = [0x0D, 0x030A, 0x0333, 0x033F, *range(0x2028, 0x202F)]  # as Telegram does, so that it happens before joiners are set
_DIRECTION = [0x061C, 0x200E, 0x200F, *range(0x2066, 0x206A)]  # could show the words that follow in another order
_CLEANED = {**_CONTROL, **dict.fromkeys([*_DROPPED, *_DIRECTION]), **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}
_NOTHING = {"Zs", "Zl", "Zp", "Cc", "Cf"}  # categories of what shows nothing; a character that Python does not know yet is none of them
_BORDERS = (re.compile(r"\n"), re.compile(r"[。！？!?]+[”’」』）)]*|\.(?=\s)"), re.compile(r"[；;，,、：:]|\s"))
_LINK = re.compile(r"https?://[^\x00-\x20\x7f-\U0010ffff\"'<>\\^`{|}]+")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Runs in a row. A `quote` is a quotation that unfolds when one taps it; `gap` stands between the paragraph and the one above."""

    runs: tuple[Run, ...]
    quote: bool = False
    gap: Literal["\n", "\n\n"] = "\n\n"

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    @property
    def html(self) -> str:
        inner = "".join(_html(run) for run in self.runs)
        return f"<blockquote expandable>{inner}</blockquote>" if self.quote else inner

    @property
    def entities(self) -> int:
        return self.quote + sum(len(_tags(run)) for run in self.runs)


@dataclass(frozen=True, slots=True)
class Part:
    """A message: `html` for parse mode HTML, and the same words as `plain` text for when Telegram refuses that."""

    html: str
    plain: str


def utf16(text: str) -> int:
    """How many UTF-16 code units a text has, which is what Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parts_of(paragraphs: Iterable[Paragraph], most: int = MOST_UNITS) -> list[Part]:
    """The paragraphs in as few messages as they go into, each at most `most` units, at least 2, and 100 entities.

    A paragraph that is too long for a message is cut where a line, a sentence or a part of one ends. Nothing but white space is lost.
    """
    waiting = [_inert(paragraph) for paragraph in paragraphs][::-1]
    parts: list[list[Paragraph]] = []
    units = entities = 0  # that the last part has room for
    while waiting:
        next_one = waiting.pop()
        if _blank(next_one.text):
            continue
        length = utf16(next_one.text)
        between = len(next_one.gap) if parts else 0
        if parts and length + between <= units and next_one.entities <= entities:
            parts[-1].append(next_one)
        elif length <= most and next_one.entities <= MOST_ENTITIES:
            parts.append([next_one])
            units, entities, between = most, MOST_ENTITIES, 0
        else:
            if not parts or units - between < most / 2 or entities < MOST_ENTITIES / 2:
                parts.append([])
                units, entities, between = most, MOST_ENTITIES, 0
            next_one, rest = _cut(next_one, units - between, entities)
            waiting.append(rest)
            if _blank(next_one.text):
                continue
            parts[-1].append(next_one)
            length = utf16(next_one.text)
        units, entities = units - length - between, entities - next_one.entities
    return [_part(part) for part in parts if part]


def _part(paragraphs: Sequence[Paragraph]) -> Part:
    first, *rest = paragraphs
    html = first.html + "".join(paragraph.gap + paragraph.html for paragraph in rest)
    return Part(html, first.text + "".join(paragraph.gap + paragraph.text for paragraph in rest))


def _tags(run: Run) -> list[tuple[str, str]]:
    """The names of the tags around a run, each with what opens it."""
    called = run.calls is not None and run.calls.way == "telegram"
    link = f"tg://user?id={run.calls.address}" if run.calls and called else run.link
    leads = called or _LINK.fullmatch(link)
    return [("a", f'a href="{escape(link)}"')] * bool(leads) + [(run.mark, run.mark)] * bool(run.mark)


def _html(run: Run) -> str:
    opened = "".join(f"<{opening}>" for _, opening in _tags(run))
    closed = "".join(f"</{name}>" for name, _ in reversed(_tags(run)))
    return opened + escape(run.text, quote=False) + closed


def _inert(paragraph: Paragraph) -> Paragraph:
    """The paragraph with nothing in it that Telegram would make a link of by itself, or drop, or cannot be sent."""
    runs = [replace(run, text=run.text.translate(_CLEANED)) for run in paragraph.runs]
    whole = "".join(run.text for run in runs)
    live = {found.end() for found in _LIVE.finditer(whole)}
    live.update(found.start() + at for found in _FOUR_NUMBERS.finditer(whole) for at, char in enumerate(found[0], 1) if char == ".")
    done: list[Run] = []
    start = 0
    for run in runs:
        text = "".join(char + _JOINER * (at in live) for at, char in enumerate(run.text, start + 1))
        done.append(replace(run, text=text))
        start += len(run.text)
    return _stripped(replace(paragraph, runs=tuple(done)))


def _stripped(paragraph: Paragraph) -> Paragraph:
    text = paragraph.text
    return replace(paragraph, runs=tuple(_between(paragraph.runs, len(text) - len(text.lstrip()), len(text.rstrip()))))


def _blank(text: str) -> bool:
    """Whether a text shows nothing; Telegram refuses a message of that."""
    return all(unicodedata.category(char) in _NOTHING or char in "\u2800\ufffc" for char in text)


def _cut(paragraph: Paragraph, units: int, entities: int) -> tuple[Paragraph, Paragraph]:
    """The beginning of a paragraph that fits, and the rest."""
    text = paragraph.text
    at = _place(text, _most(paragraph, units, entities))
    head, tail = (replace(paragraph, runs=tuple(_between(paragraph.runs, *ends))) for ends in ((0, at), (at, len(text))))
    return _stripped(head), _stripped(tail)


def _most(paragraph: Paragraph, units: int, entities: int) -> int:
    """How many characters from the beginning fit."""
    entities -= paragraph.quote
    count = 0
    for run in paragraph.runs:
        entities -= len(_tags(run))
        if entities < 0:
            break
        for char in run.text:
            units -= 1 + (char > "\uffff")
            if units < 0:
                return count
            count += 1
    return count


def _place(text: str, most: int) -> int:
    """The best place to cut a text at, `most` or before it, not within what is drawn as one character if that can be."""
    for border in _BORDERS:
        ends = [found.end() for found in border.finditer(text, most // 2, most)]
        if ends:
            return ends[-1]
    places = range(most, max(most // 2, most - 40), -1)
    return next((at for at in places if not (_joins(text[at]) or text[at - 1] == "\u200d")), most)


def _joins(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf") or "\U0001f3fb" <= char <= "\U0001f3ff"


def _between(runs: Iterable[Run], first: int, last: int) -> Iterator[Run]:
    """What of the runs stands between two places of their text."""
    start = 0
    for run in runs:
        piece = run.text[max(first - start, 0) : max(last - start, 0)]
        if piece:
            yield replace(run, text=piece)
        start += len(run.text)
