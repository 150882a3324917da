"""How a question is asked: what kind of figure it wants, its several parts, and orders to the bot that are no question."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from retrieval.words import normalise

_PATTERNS = Path(__file__).with_name("asking.toml")
_PART = re.compile(r"(?<=[？?])|[！!。；;\n]+")
_SHORTEST_PART = 5  # letters; less is the tail of another part


@dataclass(frozen=True, slots=True)
class _Patterns:
    interrogative: re.Pattern[str]
    orders: re.Pattern[str]
    elsewhere: re.Pattern[str]
    prevails: tuple[re.Pattern[str], re.Pattern[str]]
    kinds: dict[str, tuple[re.Pattern[str], re.Pattern[str]]]


@cache
def _patterns() -> _Patterns:
    data = tomllib.loads(_PATTERNS.read_text(encoding="utf-8"))

    def any_of(patterns: list[str]) -> re.Pattern[str]:
        return re.compile("|".join(patterns))

    # A Latin name is a word of its own: `line` is a product, `online` is not.
    elsewhere = [rf"\b{name}\b" if name.isascii() and name.isalpha() else name for name in data["other_products"]]
    elsewhere += data["other_matters"]
    prevails = (any_of(data["prevails"]), any_of(data["differ"]))
    kinds = {kind: (any_of(forms["asks"]), any_of(forms["gives"])) for kind, forms in data["kinds"].items()}
    return _Patterns(any_of(data["interrogative"]), any_of(data["orders"]), any_of(elsewhere), prevails, kinds)


def wanted_kind(question: str) -> str | None:
    """The kind of figure a question asks for (price, duration, rate, count, contact); None where it asks for none."""
    plain = normalise(question)
    return next((kind for kind, (asks, _) in _patterns().kinds.items() if asks.search(plain)), None)


def gives_kind(kind: str, text: str) -> bool:
    """Whether a text has what an answer of that kind needs."""
    return bool(_patterns().kinds[kind][1].search(normalise(text)))


def parts_of(question: str) -> list[str]:
    """The questions that one message asks, each with the statements that come before it; one part for a single question."""
    parts: list[str] = []
    before = ""
    for piece in (piece.strip() for piece in _PART.split(question)):
        if not piece:
            continue
        before = f"{before} {piece}".strip()
        asks = piece.endswith(("？", "?")) or bool(_patterns().interrogative.search(normalise(piece)))
        if asks and sum(char.isalnum() for char in before) >= _SHORTEST_PART:
            parts.append(before)
            before = ""
    if before and parts:
        parts[-1] = f"{parts[-1]} {before}"
    return parts or [question]


def is_order(text: str) -> bool:
    """Whether a message orders the bot about (to drop its rules, play a part, write something) instead of asking of agreements."""
    return bool(_patterns().orders.search(normalise(text)))


def is_elsewhere(text: str) -> bool:
    """Whether a message names another company's product or a matter that no service agreement speaks of."""
    return bool(_patterns().elsewhere.search(normalise(text)))


def asks_which_prevails(text: str) -> bool:
    """Whether a message asks which of two agreements counts where they differ."""
    plain = normalise(text)
    return all(pattern.search(plain) for pattern in _patterns().prevails)
