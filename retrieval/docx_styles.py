"""The paragraph styles of a .docx file, as far as they say what a paragraph is and how it is numbered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from retrieval.docx_package import W


@dataclass(frozen=True, slots=True)
class Numbered:
    """What one `w:numPr` says: a list and a level in it; None for what it leaves open. List 0 means none."""

    list_id: int | None
    level: int | None


@dataclass(frozen=True, slots=True)
class Style:
    """One paragraph style: its id, its name in lower case, what it says about numbering, and whether its text is hidden."""

    id: str
    name: str
    based_on: str | None
    numbered: Numbered | None
    outline: int | None
    hidden: bool


class Styles:
    """The styles of a document by id. A style that is not there is one that says nothing."""

    def __init__(self, root: Any) -> None:
        self._styles: dict[str, Style] = {}
        self.list_styles: dict[str, int] = {}  # the list that a numbering style stands for
        self._default = ""
        for element in root.iter(f"{W}style") if root is not None else ():
            properties = element.find(f"{W}pPr")
            numbered = numbered_of(properties)
            style_id = element.get(f"{W}styleId", "")
            if element.get(f"{W}type") == "numbering":
                if numbered is not None and numbered.list_id is not None:
                    self.list_styles[style_id] = numbered.list_id
            elif element.get(f"{W}type", "paragraph") == "paragraph":
                outline = integer(properties, "outlineLvl")
                name, based_on = value_of(element, "name") or "", value_of(element, "basedOn")
                hidden = is_on(element.find(f"{W}rPr"), "vanish")
                self._styles[style_id] = Style(style_id, name.lower(), based_on, numbered, outline, hidden)
                if element.get(f"{W}default") in ("1", "true", "on"):
                    self._default = style_id

    def chain(self, style_id: str | None) -> list[Style]:
        """A paragraph's style and those it is based on, the nearest first; None is the default style."""
        found: list[Style] = []
        wanted: str | None = style_id if style_id in self._styles else self._default
        while wanted in self._styles and len(found) < 20 and self._styles[wanted] not in found:
            found.append(self._styles[wanted])
            wanted = found[-1].based_on
        return found


def outline_level(chain: list[Style], properties: Any) -> int | None:
    """The heading level of a paragraph from 0, by its own word or its style's; None for body text."""
    own = integer(properties, "outlineLvl")
    for style in chain:
        if own is not None:
            break
        heading = re.fullmatch(r"(?:heading|标题) (\d)", style.name)
        own = style.outline if style.outline is not None else int(heading[1]) - 1 if heading else None
    return own if own is not None and 0 <= own < 9 else None


def numbered_of(properties: Any) -> Numbered | None:
    """The `w:numPr` of a `w:pPr`; None where it has none."""
    element = properties.find(f"{W}numPr") if properties is not None else None
    return None if element is None else Numbered(integer(element, "numId"), integer(element, "ilvl"))


def value_of(element: Any, child: str) -> str | None:
    """`w:val` of a child element; None where either is missing."""
    found = element.find(f"{W}{child}") if element is not None else None
    value: str | None = found.get(f"{W}val") if found is not None else None
    return value


def integer(element: Any, child: str) -> int | None:
    """`w:val` of a child element as a number; None where it is none."""
    value = value_of(element, child)
    return int(value) if value is not None and re.fullmatch(r"-?\d{1,9}", value) else None


def is_on(element: Any, child: str) -> bool:
    """Whether a child element switches something on: it is there and does not say otherwise."""
    found = element.find(f"{W}{child}") if element is not None else None
    return found is not None and found.get(f"{W}val") not in ("0", "false", "off", "none")
