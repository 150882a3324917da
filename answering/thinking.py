"""What a model thinks aloud before it answers, as local servers pass it on: `<think>…</think>` at the beginning of the reply."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

_OPEN, _CLOSE = "<think>", "</think>"
R = TypeVar("R")


def without_thinking(pieces: Generator[str, None, R]) -> Generator[str, None, R]:
    """The pieces of the answer proper; the blanks before it are gone too. A tag may be cut anywhere between two pieces."""
    held = ""
    began = False
    try:
        while True:
            piece = next(pieces)
            if began:
                yield piece
                continue
            held = _answer(held + piece)
            if held and not _OPEN.startswith(held) and not held.startswith(_OPEN):
                began = True
                yield held
    except StopIteration as end:
        if not began and held and not held.startswith(_OPEN):
            yield held
        return end.value  # type: ignore[no-any-return]
    finally:
        pieces.close()


def _answer(text: str) -> str:
    """The text after its thinking, as far as that can be told."""
    text = text.lstrip()
    return text.partition(_CLOSE)[2].lstrip() if text.startswith(_OPEN) and _CLOSE in text else text
