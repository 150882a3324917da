"""The numbers that a browser shows: markers of list items, and counters of style sheets (CSS Lists 3)."""

from __future__ import annotations

import re
from typing import Any

from retrieval.html_styles import Declarations, StyleSheets
from retrieval.number_formats import formatted

_TYPES = {"1": "decimal", "a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}
_FORMATS = {
    "decimal": "decimal",
    "decimal-leading-zero": "decimalZero",
    "lower-alpha": "lowerLetter",
    "lower-latin": "lowerLetter",
    "upper-alpha": "upperLetter",
    "upper-latin": "upperLetter",
    "lower-roman": "lowerRoman",
    "upper-roman": "upperRoman",
    "cjk-decimal": "ideographDigital",
    "cjk-ideographic": "chineseCountingThousand",
    "simp-chinese-informal": "chineseCountingThousand",
    "trad-chinese-informal": "chineseCountingThousand",
    "simp-chinese-formal": "chineseLegalSimplified",
    "trad-chinese-formal": "ideographLegalTraditional",
    "cjk-heavenly-stem": "ideographTraditional",
    "cjk-earthly-branch": "ideographZodiac",
}
_CONTENT = re.compile(
    r"\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'"
    r"|(?P<kind>counters?)\(\s*(?P<name>[\w-]+)\s*(?:,\s*(?:\"(?P<between>[^\"]*)\"|'(?P<between2>[^']*)'))?\s*(?:,\s*(?P<style>[\w-]+)\s*)?\)"
)
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")
_MOST = 10**6  # of a number in a list


def item_number(value: int, style: str) -> str:
    """A number as a list style prints it."""
    return formatted(value, _FORMATS.get(style, "decimal")) or str(value)


class Lists:
    """The ordered lists that are open around an element. Call `open_list`, `item` and `close_list` in the order of the page."""

    def __init__(self) -> None:
        self._open: list[tuple[int, int, str] | None] = []  # the next number, the step, the style; None for a list of bullets

    def open_list(self, element: Any, said: Declarations) -> None:
        """Begin an ol, ul or menu. `said` is what the style sheets say of it."""
        style = said.get("list-style-type")
        if element.tag != "ol" and (style is None or style not in _FORMATS):
            self._open.append(None)
            return
        style = style or _TYPES.get(element.get("type", ""), "decimal")
        backwards = element.get("reversed") is not None
        first = _whole(element.get("start"))
        if first is None:
            first = sum(1 for _ in element.iterchildren("li")) if backwards else 1
        self._open.append((first, -1 if backwards else 1, style))

    def close_list(self) -> None:
        self._open.pop()

    def item(self, element: Any, said: Declarations) -> str | None:
        """What is shown before a list item; the empty string for nothing, None for a bullet."""
        if not self._open:
            return None
        current = self._open[-1]
        style = said.get("list-style-type") or _TYPES.get(element.get("type", ""))
        if current is None:
            return "" if style == "none" else None
        number, step, usual = current
        own = _whole(element.get("value"))
        number = number if own is None else own
        self._open[-1] = (number + step, step, usual)
        style = style or usual
        if style == "none":
            return ""
        if style in ("disc", "circle", "square"):
            return None
        return item_number(number, style) + ("、" if style.startswith(("cjk", "simp", "trad")) else ". ")


class Counters:
    """The counters of style sheets, each in the scope of the element that began it."""

    def __init__(self, sheets: StyleSheets) -> None:
        self._sheets = sheets
        self._counters: dict[str, list[list[int]]] = {}  # depth at which it was begun, and value; the innermost last

    def enter(self, element: Any, said: Declarations, depth: int) -> str:
        """Count an element; returns what is shown before its text."""
        before = self._sheets.of(element, "before")
        marker = self._sheets.of(element, "marker") if element.tag == "li" else {}
        for declarations in (said, before):
            self._apply(declarations, depth)
        return "".join(self._content(each.get("content", "")) for each in (before, marker))

    def leave(self, depth: int) -> None:
        """An element ends: so do the counters that were begun within it."""
        for values in self._counters.values():
            while values and values[-1][0] > depth:
                values.pop()

    def _apply(self, declarations: Declarations, depth: int) -> None:
        for name, value in _named(declarations.get("counter-reset", ""), 0):
            values = self._counters.setdefault(name, [])
            if values and values[-1][0] == depth:
                values[-1][1] = value
            else:
                values.append([depth, value])
        for name, value in _named(declarations.get("counter-increment", ""), 1):
            values = self._counters.setdefault(name, [])
            if not values:
                values.append([depth, 0])
            values[-1][1] += value

    def _content(self, content: str) -> str:
        shown = ""
        for found in _CONTENT.finditer(content[:500]):
            if found["kind"]:
                values = [value for _, value in self._counters.get(found["name"], [])] or [0]
                style = found["style"] or "decimal"
                between = found["between"] or found["between2"] or ""
                shown += between.join(item_number(value, style) for value in (values if found["kind"] == "counters" else values[-1:]))
            else:
                text = found["double"] or found["single"] or ""
                shown += _ESCAPE.sub(lambda code: chr(min(int(code[1], 16), 0x10FFFF)), text)
        return shown


def _named(value: str, usual: int) -> list[tuple[str, int]]:
    """`section 2 item` -> section 2, item `usual`."""
    pairs = re.findall(r"([a-z_][\w-]*)(?:\s+(-?\d{1,6}))?", value)
    return [(name, int(number) if number else usual) for name, number in pairs if name != "none"]


def _whole(value: str | None) -> int | None:
    found = re.match(r"\s*(-?\d{1,7})", value or "")
    return max(-_MOST, min(int(found[1]), _MOST)) if found else None
