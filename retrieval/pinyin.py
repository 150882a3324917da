"""Chinese as it sounds: syllables without tones, so that a wrong character of the right sound, or pinyin typed for it, still matches."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import pairwise

from retrieval.words import normalise

_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z]{4,}")
_LONGEST_SYLLABLE = 6
_LONG_NAME = 3  # characters


def pinyin_pairs(text: str) -> list[str]:
    """Overlapping pairs of syllables of a text: `tui_kuan` for 退款, 腿款 and tuikuan alike.

    Latin words that are no pinyin are left out.
    """
    runs: list[list[str]] = []
    for run in _RUN.findall(normalise(text)):
        syllables = _spoken(run) if run[0] >= "\u3400" else _syllables(run)
        if syllables:
            runs.append(syllables)
    return [f"{first}_{second}" for run in runs for first, second in pairwise(run)]


def sounding_like(text: str, name: str) -> list[tuple[int, int]]:
    """Where a text has something that sounds like a Chinese name and is not written like it: spans of the text.

    Pinyin typed for the name (`hui hua cundang`), or wrong characters of the right sounds; the latter only for names of three
    characters and more, because of two there are too many that mean something else (起点 is not 企点).
    """
    if len(name) < 2 or not re.fullmatch(r"[\u3400-\u9fff]+", name):
        return []
    sounds = _spoken(name)
    typed = r"\s*".join(re.escape(sound).replace("u", "[uv]") if sound[0] in "ln" else re.escape(sound) for sound in sounds)
    found = [match.span() for match in re.finditer(rf"(?<![a-z]){typed}(?![a-z])", text.lower())]
    if len(name) >= _LONG_NAME:
        for run in re.finditer(r"[\u3400-\u9fff]+", text):
            spoken = _spoken(run.group())
            places = range(len(spoken) - len(sounds) + 1) if len(spoken) == len(run.group()) else range(0)
            found += [(run.start() + at, run.start() + at + len(name)) for at in places if spoken[at : at + len(sounds)] == sounds]
    return [span for span in found if text[slice(*span)] != name]


@lru_cache(maxsize=1000)
def _spoken(run: str) -> list[str]:
    from pypinyin import lazy_pinyin

    return [syllable.replace("v", "u") for syllable in lazy_pinyin(run)]


def _syllables(word: str) -> list[str]:
    """A Latin word as the fewest syllables, huihua -> hui, hua; empty where it is not made of syllables."""
    known = _inventory()
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for start in range(len(word)):
        before = best[start]
        if before is None:
            continue
        for end in range(start + 1, min(start + _LONGEST_SYLLABLE, len(word)) + 1):
            current = best[end]
            if word[start:end] in known and (current is None or len(before) + 1 < len(current)):
                best[end] = [*before, word[start:end]]
    return [syllable.replace("v", "u") for syllable in best[-1] or []]


@cache
def _inventory() -> frozenset[str]:
    """Every syllable of standard Chinese, without tones."""
    from pypinyin.pinyin_dict import pinyin_dict

    spoken = (syllable for value in pinyin_dict.values() for syllable in value.split(","))
    plain = {"".join(char for char in unicodedata.normalize("NFD", syllable) if not unicodedata.combining(char)) for syllable in spoken}
    known = {syllable for syllable in plain if re.fullmatch(r"[a-z]+", syllable) and (len(syllable) > 1 or syllable in "aeo")}
    return frozenset(known | {"lv", "lve", "nv", "nve"})  # as ü is typed
