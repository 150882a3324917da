"""The words around an answer, in the language of the question: what its parts are called, counts, dates, the disclaimer."""

from __future__ import annotations

from pathlib import Path

from answering.answer import Language
from answering.wording import Wording

AROUND = Wording(Path(__file__).with_name("wording.toml"))


def say(key: str, language: Language, /, **holes: object) -> str:
    """A sentence or a heading around an answer; see answering.wording.Wording.say."""
    return AROUND.say(key, language, **holes)
