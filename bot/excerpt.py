"""The part of a clause that is worth showing around the words quoted from it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WHOLE = 160  # characters; a shorter clause is shown whole, unless it was quoted above
_BESIDE = 40  # before and after the quoted words
_ENDS = 12  # of quoted words that are shown again
_STOPS = (re.compile(r"[。；;！？\n]"), re.compile(r"[，,：:]"))
_FIGURE = r"[A-Za-z0-9][A-Za-z0-9 .,%-]*"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a clause; `quoted` marks the words that are quoted."""

    text: str
    quoted: bool = False


def place_of(quote: str, text: str) -> tuple[int, int]:
    """Where a quote begins and ends in a text, white space apart; (0, 0) where it does not stand in it."""
    if quote and (start := text.find(quote)) >= 0:
        return start, start + len(quote)
    letters = re.sub(r"\s", "", quote)
    found = re.search(r"\s*".join(map(re.escape, letters)), text) if letters else None
    return found.span() if found else (0, 0)


def marked(text: str, quote: tuple[int, int]) -> tuple[Span, ...]:
    """All of a text with the words at `quote` marked."""
    start, end = quote
    return _spans(Span(text[:start]), Span(text[start:end], quoted=True), Span(text[end:]))


def excerpt(text: str, quote: tuple[int, int], *, repeated: bool) -> tuple[Span, ...]:
    """The quoted words with what stands next to them; "…" where words are left out.

    `repeated` tells that the quoted words were shown before: then only their ends are, and nothing at all where they are the whole text.
    """
    start, end = quote
    if repeated and not (text[:start] + text[end:]).strip():
        return ()
    if len(text) <= _WHOLE and not repeated:
        return marked(text, quote)
    quoted = text[start:end]
    if repeated and len(quoted) > 3 * _ENDS:
        first, last = re.sub(rf"{_FIGURE}$", "", quoted[:_ENDS]), re.sub(rf"^{_FIGURE}", "", quoted[-_ENDS:])
        quoted = f"{first.rstrip()}……{last}"
    return _spans(Span(_end_of(text[:start])), Span(_line(quoted), quoted=True), Span(_beginning_of(text[end:])))


def _end_of(before: str) -> str:
    """The last words before a quote, from where a sentence begins if one does."""
    if len(before) <= _BESIDE:
        return _line(before)
    tail = before[-_BESIDE:]
    found = (stop.end() for stops in _STOPS for stop in stops.finditer(tail[:-1]))
    return "…" + _line(tail[next(found, 0) :]).lstrip()


def _beginning_of(after: str) -> str:
    """The first words after a quote, to where a sentence ends if one does."""
    if len(after) <= _BESIDE:
        return _line(after)
    head = after[:_BESIDE]
    found = (max((stop.end() for stop in stops.finditer(head, 1)), default=0) for stops in _STOPS)
    return _line(head[: next(filter(None, found), _BESIDE)]).rstrip() + "…"


def _line(text: str) -> str:
    return re.sub(r"\s*\n\s*", "　", text)


def _spans(*spans: Span) -> tuple[Span, ...]:
    return tuple(span for span in spans if span.text)
