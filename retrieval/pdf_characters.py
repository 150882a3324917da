"""The characters of a PDF page with their places, as PDFium gives them -> pieces of text."""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from retrieval.page import Run

# A gap of so many heights of letters ends a piece. Characters of another font may fill it, which the file prints later; what is
# left of it is decided on when the whole line is known.
_BREAK = 0.2
_SLANT = 0.1  # radians
# Radicals, compatibility characters and ligatures stand in files for the letters that they look like: ⼀ for 一, ﬁ for fi.
_LIKENESSES = frozenset(map(chr, (*range(0x2E80, 0x2FE0), *range(0xF900, 0xFB00), *range(0xFB00, 0xFB07))))
MAX_CHARACTERS = 200_000  # of a page: a full one has two thousand


@dataclass(frozen=True, slots=True)
class Character:
    """One visible character of an upright page."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    spaced: bool  # a space that was typed, none that the library infers


@dataclass(frozen=True, slots=True)
class Characters:
    """The characters of a page in the order of the file; `slanted` is the text of those printed across the page, `unknown` how
    many have no meaning in the file, only a shape."""

    upright: list[Character]
    slanted: str
    unknown: int


class Upright:
    """Turns the places of a page, which may be stored lying on its side, to those of the page as it is read: `turned` clockwise."""

    def __init__(self, page: Any, turned: int) -> None:
        left, bottom, right, top = page.get_cropbox()
        self.turned = turned % 360
        self._left, self._bottom, self._width, self._height = left, bottom, right - left, top - bottom
        lying = self.turned in (90, 270)
        self.width, self.height = (self._height, self._width) if lying else (self._width, self._height)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A point of the stored page on the page that is read."""
        x, y = x - self._left, y - self._bottom
        if self.turned == 90:
            return y, self._width - x
        if self.turned == 180:
            return self._width - x, self._height - y
        return (self._height - y, x) if self.turned == 270 else (x, y)


def characters_of(page: Any) -> tuple[Characters, Upright]:
    """The characters of a page of a PDF. A page most of whose text is printed sideways is turned until it can be read."""
    text_page = page.get_textpage()
    try:
        count = min(text_page.count_chars(), MAX_CHARACTERS)
        upright = Upright(page, page.get_rotation())
        found = _characters(text_page.raw, count, upright)
        if len(found.slanted) > len(found.upright):
            angles = Counter(round(math.degrees(pdfium.FPDFText_GetCharAngle(text_page.raw, at)) / 90) % 4 for at in range(count))
            upright = Upright(page, -90 * angles.most_common(1)[0][0])
            found = _characters(text_page.raw, count, upright)
        return found, upright
    finally:
        text_page.close()


def _characters(raw: Any, count: int, upright: Upright) -> Characters:
    found: list[Character] = []
    slanted: list[str] = []
    unknown = 0
    spaced = False
    box, x, y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    turned = math.radians(upright.turned)
    for at in range(count):
        code = pdfium.FPDFText_GetUnicode(raw, at)
        text = "-" if code == 2 else chr(code) if 0 < code < 0x110000 else "\ufffd"  # 2: a hyphen at the end of a line
        if text in _LIKENESSES:
            text = unicodedata.normalize("NFKC", text)
        if text.isspace():
            spaced = spaced or (text not in "\r\n" and not pdfium.FPDFText_IsGenerated(raw, at))
            continue
        pdfium.FPDFText_GetLooseCharBox(raw, at, box)
        pdfium.FPDFText_GetCharOrigin(raw, at, x, y)
        # What has no Unicode value, or one of the private ones, is a shape that nobody can read.
        if text == "\ufffd" or unicodedata.category(text) in ("Co", "Cn", "Cs"):
            unknown += 1
            continue
        angle = (pdfium.FPDFText_GetCharAngle(raw, at) + turned) % (2 * math.pi)
        if _SLANT < angle < 2 * math.pi - _SLANT:
            slanted.append(text)
            continue
        one, other = upright.point(box.left, box.bottom), upright.point(box.right, box.top)
        _, baseline = upright.point(x.value, y.value)
        left, right = sorted((one[0], other[0]))
        found.append(Character(text, left, right, baseline, abs(other[1] - one[1]) or 1.0, spaced))
        spaced = False
    return Characters(found, "".join(slanted), unknown)


def runs_of(characters: Iterable[Character]) -> Iterator[Run]:
    """Pieces of text: characters that follow each other on one line."""
    run: list[Character] = []
    for character in characters:
        if run and not _follows(run[-1], character):
            yield _run(run)
            run = []
        # Bold type is sometimes printed as the same character twice, a hair apart.
        if not (run and run[-1].text == character.text and abs(run[-1].left - character.left) < 0.1 * character.size):
            run.append(character)
    if run:
        yield _run(run)


def _follows(last: Character, character: Character) -> bool:
    size = max(last.size, character.size)
    level = abs(last.baseline - character.baseline) < 0.15 * size and min(last.size, character.size) > 0.7 * size
    return level and not character.spaced and -0.5 * size < character.left - last.right < _BREAK * size


def _run(characters: list[Character]) -> Run:
    first = characters[0]
    text = "".join(character.text for character in characters)
    sizes = sorted(character.size for character in characters)
    return Run(text, first.left, max(each.right for each in characters), first.baseline, sizes[len(sizes) // 2], first.spaced)
