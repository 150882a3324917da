"""Automatic numbering of a .docx file -> the numbers people see (ECMA-376-1, 17.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from retrieval.docx_package import MC, W
from retrieval.docx_styles import Numbered, Style, Styles, integer, is_on, value_of
from retrieval.number_formats import formatted

_LEVELS = 9
_CUSTOM = {"001, 002, 003, ...": 3, "0001, 0002, 0003, ...": 4, "00001, 00002, 00003, ...": 5}


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list. `text` is its pattern, %1 the number of the first level; `restart` the level (from 1) that begins it
    anew, 0 for none, None for every higher one; `style` the paragraph style that is numbered by it."""

    start: int = 1
    form: str = "decimal"
    text: str = ""
    restart: int | None = None
    suffix: str = "tab"
    style: str | None = None
    legal: bool = False  # every number in it in plain digits
    padded: int = 0


@dataclass(frozen=True, slots=True)
class Label:
    """What stands before a paragraph: a number and what separates it from the text, or a bullet."""

    text: str
    bullet: bool = False


@dataclass(slots=True)
class Story:
    """How far the lists have counted in one story: the body, or the text boxes, which count for themselves."""

    counters: dict[int, list[int | None]] = field(default_factory=dict)
    begun: set[tuple[int, int]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Instance:
    """A list as paragraphs name it: the abstract list whose levels it has and with whose other instances it counts on together,
    levels of its own, and where its first paragraph begins anew."""

    abstract: int
    levels: dict[int, Level]
    starts: dict[int, int]


class Numbering:
    """The lists of a document. Ask `label` for every paragraph of a story once, in their order: it counts."""

    def __init__(self, root: Any, styles: Styles) -> None:
        self.unknown: set[str] = set()  # formats that were printed as plain digits
        elements = list(root.iter(f"{W}abstractNum")) if root is not None else []
        lists = {_id(element, "abstractNumId"): dict(_level(level) for level in element.iter(f"{W}lvl")) for element in elements}
        same = _same_lists(elements, root, styles) if root is not None else {}
        self._instances: dict[int, _Instance] = {}
        for element in root.iter(f"{W}num") if root is not None else ():
            self._add(element, lists, same)

    def _add(self, element: Any, lists: dict[int, dict[int, Level]], same: dict[int, int]) -> None:
        named = integer(element, "abstractNumId")
        abstract = same.get(named, named) if named is not None else None
        if abstract is None or abstract not in lists:
            return
        levels, starts = dict(lists[abstract]), {}
        for override in element.iter(f"{W}lvlOverride"):
            at = _id(override, "ilvl")
            if (start := integer(override, "startOverride")) is not None:
                starts[at] = start
            if (own := override.find(f"{W}lvl")) is not None:
                levels[at] = _level(own)[1]
        self._instances[_id(element, "numId")] = _Instance(abstract, levels, starts)

    def label(self, numbered: Numbered | None, chain: list[Style], story: Story) -> Label | None:
        """The label of the next paragraph, by its own `w:numPr` and its styles; None for one that is not numbered."""
        place = self._place(numbered, chain)
        if place is None:
            return None
        list_id, at = place
        instance = self._instances[list_id]
        level = instance.levels.get(at)
        if level is None:
            return None
        counters = story.counters.setdefault(instance.abstract, [None] * _LEVELS)
        value = counters[at]
        if at in instance.starts and (list_id, at) not in story.begun:
            value = instance.starts[at] - 1
        counters[at] = level.start if value is None else value + 1
        story.begun.add((list_id, at))
        for above in range(at):
            if counters[above] is None:  # never printed, and yet part of the number below it
                counters[above] = instance.starts.get(above, instance.levels.get(above, Level()).start)
                story.begun.add((list_id, above))
        for below in range(at + 1, _LEVELS):
            restart = instance.levels.get(below, Level()).restart
            if restart is None or at < restart:
                counters[below] = None
        if level.form == "bullet":
            return Label("", bullet=True)
        return Label(self._printed(level, instance.levels, counters)) if level.text else None

    def _place(self, numbered: Numbered | None, chain: list[Style]) -> tuple[int, int] | None:
        """The list and the level of a paragraph, each by its own word, then by its styles'."""
        said = [numbered, *(style.numbered for style in chain)]
        list_id = next((each.list_id for each in said if each is not None and each.list_id is not None), None)
        instance = self._instances.get(list_id) if list_id is not None else None
        if list_id is None or instance is None:
            return None
        at = numbered.level if numbered else None
        if at is None:
            linked = {level.style: depth for depth, level in instance.levels.items() if level.style}
            at = next((linked[style.id] for style in chain if style.id in linked), None)
        if at is None:
            at = next((each.level for each in said if each is not None and each.level is not None), 0)
        return (list_id, at) if 0 <= at < _LEVELS else None

    def _printed(self, level: Level, levels: dict[int, Level], counters: list[int | None]) -> str:
        def number(found: re.Match[str]) -> str:
            shown = levels.get(int(found[1]) - 1, Level())
            value = counters[int(found[1]) - 1]
            if value is None:
                return ""
            if shown.padded:
                return f"{value:0{shown.padded}d}"
            text = formatted(value, "decimal" if level.legal and shown.form != "none" else shown.form)
            if text is None:
                self.unknown.add(shown.form)
                text = str(value)
            return text

        text = re.sub(r"%([1-9])", number, level.text)
        return text if level.suffix == "nothing" else f"{text} "


def _same_lists(elements: list[Any], root: Any, styles: Styles) -> dict[int, int]:
    """Lists that only point to a numbering style, and the list that the style stands for."""
    by_style = {style: _id(element, "abstractNumId") for element in elements if (style := value_of(element, "styleLink")) is not None}
    of_instance = {_id(element, "numId"): integer(element, "abstractNumId") for element in root.iter(f"{W}num")}
    same: dict[int, int] = {}
    for element in elements:
        if (style := value_of(element, "numStyleLink")) is not None:
            target = by_style.get(style, of_instance.get(styles.list_styles.get(style, -1)))
            if target is not None:
                same[_id(element, "abstractNumId")] = target
    return same


def _id(element: Any, name: str) -> int:
    value = element.get(f"{W}{name}", "")
    return int(value) if re.fullmatch(r"\d{1,9}", value) else -1


def _level(element: Any) -> tuple[int, Level]:
    form, padded = value_of(element, "numFmt") or "decimal", 0
    # A format of its own is written twice: as it is meant, and for readers that do not know it.
    for choice in element.iterfind(f"{MC}AlternateContent/{MC}Choice"):
        custom = choice.find(f"{W}numFmt")
        if custom is not None and custom.get(f"{W}val") == "custom":
            form, padded = "decimal", _CUSTOM.get(custom.get(f"{W}format", ""), 0)
    restart = integer(element, "lvlRestart")
    start = integer(element, "start")
    return _id(element, "ilvl"), Level(
        0 if start is None else start,
        form,
        value_of(element, "lvlText") or "",
        restart,
        value_of(element, "suff") or "tab",
        value_of(element, "pStyle"),
        is_on(element, "isLgl"),
        padded,
    )
