"""What an answer says in words of its own, in the language of the question: sentences as data, with {named} holes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from answering.answer import Language

Sentences = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentences of one TOML file: a table a key, in it a text for every Language, each with the same {named} holes.

    The file is read once, when the first sentence is needed.
    """

    file: Path

    def say(self, key: str, language: Language, /, **holes: object) -> str:
        """The sentence of a key with its holes filled. Raises KeyError for a key or a hole that is not there."""
        return self.sentences[key][language].format(**holes)

    @property
    def sentences(self) -> Sentences:
        return _read(self.file)


@cache
def _read(file: Path) -> Sentences:
    tables: Sentences = tomllib.loads(file.read_text(encoding="utf-8"))
    return tables


MESSAGES = Wording(Path(__file__).with_name("wording.toml"))


def say(key: str, language: Language, /, **holes: object) -> str:
    """A sentence of a message or a notice; see Wording.say."""
    return MESSAGES.say(key, language, **holes)


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that is not yet in a language: the key and what fills its holes, which may be such sentences too."""

    key: str
    holes: Mapping[str, object]

    def text(self, language: Language) -> str:
        filled = {name: value.text(language) if isinstance(value, Said) else value for name, value in self.holes.items()}
        return say(self.key, language, **filled)


def said(key: str, /, **holes: object) -> Said:
    """A sentence to be said once it is known in which language."""
    return Said(key, holes)


def listed(things: Iterable[str], language: Language) -> str:
    """Things beside each other: 甲、乙."""
    return say("comma", language).join(things)


def sentence_of(clauses: Iterable[str], language: Language) -> str:
    """Clauses without stops as one sentence with its stop; empty where there is none."""
    said = say("semicolon", language).join(clauses)
    return said[:1].upper() + said[1:] + say("stop", language) if said else ""
