"""The values of numerals that clauses are numbered with: 一百零三, xiv, aa, Two."""

from __future__ import annotations

import re

CJK_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {c: i for i, c in enumerate("零壹贰叁肆伍陆柒捌玖")} | {"两": 2, "○": 0}
_CJK_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
CJK = f"[{''.join([*CJK_DIGITS, *_CJK_UNITS])}]+"
WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()
_ROMAN = re.compile(r"(?=[ivxlc])c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def cjk_value(numeral: str) -> int:
    """十一 -> 11, 二十 -> 20, 一百零三 -> 103. Only what clause numbers use; raises ValueError otherwise."""
    total, digit = 0, 0
    for char in numeral:
        if char in CJK_DIGITS:
            # 二〇 and 一二 are read digit by digit, 一百零三 is not.
            digit = digit * 10 + CJK_DIGITS[char]
        elif char in _CJK_UNITS:
            total, digit = total + (digit or 1) * _CJK_UNITS[char], 0
        else:
            raise ValueError(f"not a Chinese numeral: {numeral!r}")
    return total + digit


def roman_value(numeral: str) -> int | None:
    """xiv -> 14, in either case; None for what is no Roman numeral below 400."""
    numeral = numeral.lower()
    if not _ROMAN.fullmatch(numeral):
        return None
    digits = [_ROMAN_DIGITS[char] for char in numeral]
    return sum(-digit if digit < after else digit for digit, after in zip(digits, [*digits[1:], 0], strict=True))


def letter_value(letters: str) -> int | None:
    """a -> 1, z -> 26, aa -> 27, bb -> 28, in either case; None for anything else."""
    letters = letters.lower()
    if not re.fullmatch(r"[a-z]{1,3}", letters) or len(set(letters)) > 1:
        return None
    return 26 * (len(letters) - 1) + ord(letters[0]) - ord("a") + 1


def word_value(word: str) -> int | None:
    """Two -> 2; None for what is no number word up to fifteen."""
    word = word.lower()
    return WORDS.index(word) + 1 if word in WORDS else None
