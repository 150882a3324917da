"""A list number as Word prints it: 3 -> 三, iii, C, ③. The names are those of ECMA-376-1, 17.18.59 (ST_NumberFormat)."""

from __future__ import annotations

from collections.abc import Callable

_DIGITS = "零一二三四五六七八九"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"),
          (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_ONES = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
         "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth"}


def formatted(value: int, name: str) -> str | None:
    """The number as the format prints it, the empty string for one without number; None for a format that is not known."""
    form = _FORMATS.get(name)
    if form is None:
        return None
    return form(value) if value > 0 or name in _WITH_ZERO else str(value)


def roman(value: int) -> str:
    """4 -> iv. Numbers from 4,000 on are left in digits."""
    if value >= 4000:
        return str(value)
    text = ""
    for worth, letters in _ROMAN:
        text += letters * (value // worth)
        value %= worth
    return text


def letters(value: int) -> str:
    """1 -> a, 26 -> z, 27 -> aa, 28 -> bb: Word repeats the letter."""
    return chr(ord("a") + (value - 1) % 26) * min((value - 1) // 26 + 1, 30)


def chinese(value: int, digits: str = _DIGITS, units: str = "十百千", *, one_ten: bool = False) -> str:
    """12 -> 十二, 105 -> 一百零五; with `one_ten` 12 -> 一十二. Numbers from 10,000 on are left in digits."""
    if value >= 10_000:
        return str(value)
    text, zero = "", False
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if digit == 0:
            zero = bool(text)
            continue
        text += (digits[0] if zero else "") + digits[digit] + (units[place - 1] if place else "")
        zero = False
    return text[1:] if 10 <= value < 20 and not one_ten else text


def _positional(value: int, zero: str) -> str:
    return "".join(zero if digit == "0" else _DIGITS[int(digit)] for digit in str(value))


def _from(first: str, last: int) -> Callable[[int], str]:
    """Characters that follow each other in Unicode, and digits where they end."""
    return lambda value: chr(ord(first) + value - 1) if value <= last else str(value)


def _one_of(characters: str) -> Callable[[int], str]:
    return lambda value: characters[value - 1] if value <= len(characters) else str(value)


def _in_words(value: int) -> str:
    if value >= 100:
        return str(value)
    words = _ONES[value] if value < 20 else "-".join(filter(None, (_TENS[value // 10], _ONES[value % 10])))
    return words.capitalize()


def _ordinal_words(value: int) -> str:
    head, dash, last = _in_words(value).lower().rpartition("-")
    last = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return (head + dash + last).capitalize()


def _ordinal(value: int) -> str:
    teen = value % 100 in (11, 12, 13)
    return f"{value}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(value % 10, 'th')}"


def _simple(value: int) -> str:
    return chinese(value) if value < 100 else _positional(value, "○")


_FORMATS: dict[str, Callable[[int], str]] = {
    "none": lambda value: "",
    "bullet": lambda value: "",
    "decimal": str,
    "decimalHalfWidth": str,
    "decimalZero": lambda value: f"{value:02d}",
    "decimalFullWidth": lambda value: str(value).translate({ord("0") + digit: ord("０") + digit for digit in range(10)}),
    "upperRoman": lambda value: roman(value).upper(),
    "lowerRoman": roman,
    "upperLetter": lambda value: letters(value).upper(),
    "lowerLetter": letters,
    "ordinal": _ordinal,
    "cardinalText": _in_words,
    "ordinalText": _ordinal_words,
    "numberInDash": lambda value: f"- {value} -",
    "chineseCounting": _simple,
    "taiwaneseCounting": _simple,
    "chineseCountingThousand": chinese,
    "taiwaneseCountingThousand": chinese,
    "japaneseCounting": lambda value: chinese(value, "〇" + _DIGITS[1:]),
    "ideographDigital": lambda value: _positional(value, "〇"),
    "taiwaneseDigital": lambda value: _positional(value, "○"),
    "japaneseDigitalTenThousand": lambda value: _positional(value, "〇"),
    "chineseLegalSimplified": lambda value: chinese(value, "零壹贰叁肆伍陆柒捌玖", "拾佰仟", one_ten=True),
    "ideographLegalTraditional": lambda value: chinese(value, "零壹貳參肆伍陸柒捌玖", "拾佰仟", one_ten=True),
    "ideographTraditional": _one_of("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _one_of("子丑寅卯辰巳午未申酉戌亥"),
    "ideographEnclosedCircle": _from("㈠", 10),
    "decimalEnclosedCircle": _from("①", 20),
    "decimalEnclosedCircleChinese": _from("①", 20),
    "decimalEnclosedFullstop": _from("⒈", 20),
    "decimalEnclosedParen": _from("⑴", 20),
}
_FORMATS["decimalFullWidth2"] = _FORMATS["decimalFullWidth"]
_WITH_ZERO = ("none", "bullet", "decimal", "decimalHalfWidth", "decimalZero", "decimalFullWidth", "decimalFullWidth2")
