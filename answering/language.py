"""Which language a question is asked in."""

from __future__ import annotations

import re

from answering.answer import Language
from retrieval.words import STOP_WORDS, to_simplified

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]{2,}|\bI\b")
_QUOTED = re.compile(r"《[^》]*》|“[^”]*”|「[^」]*」|『[^』]*』|https?://\S+|\S+@\S+")
# What holds a Chinese sentence together and stands in no name of a product or agreement.
_PARTICLES = re.compile("[吗嗎呢吧么麼的了是能怎什几幾哪谁誰我你您请請在把被给給没沒不]")
_ENGLISH_WORDS = frozenset(word for word in STOP_WORDS if word.isascii())
_SHARED = "後於徵夥"  # traditional, though in GB 2312
_EITHER = "着"  # written in both, though not in Big5


def language_of(question: str) -> Language:
    """The language of a question; simplified Chinese where it cannot be told: a number, a name, another language than these.

    English has two words or more; a word alone may be the name of a product. Names, and what is quoted, do not decide where a
    sentence stands around them: `乐享的 SLA` is Chinese, `What is 企业微信会话内容存档?` English.
    """
    plain = _QUOTED.sub(" ", question)
    if not _CHINESE.search(plain) and not _LATIN.search(plain):
        plain = question
    if _is_english(plain):
        return Language.ENGLISH
    leaning = _leaning(plain) or _leaning(question)
    return Language.TRADITIONAL if leaning > 0 else Language.SIMPLIFIED


def _is_english(text: str) -> bool:
    found = _LATIN.findall(text)
    holding = sum(word.lower() in _ENGLISH_WORDS for word in found)
    words = found if holding else [word for word in found if not word.isupper()]  # SLA, API: names in any language
    if len(words) < 2 or not (holding or any(word.islower() or word.istitle() for word in words)):
        return False
    chinese = len(_CHINESE.findall(text))
    return not chinese or (not _PARTICLES.search(text) and (holding > 1 or (holding > 0 and chinese <= len(words))))


def _leaning(text: str) -> int:
    """How many more of its characters are traditional alone (GB 2312 has few of them) than simplified alone (Big5 has none of them)."""
    characters: list[str] = [character for character in _CHINESE.findall(text) if character not in _EITHER]
    unknown = [character for character in characters if character in _SHARED or not _encodes(character, "gb2312")]
    traditional = sum(to_simplified(character) != character for character in unknown)
    return traditional - sum(not _encodes(character, "big5") for character in characters if character not in unknown)


def _encodes(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
