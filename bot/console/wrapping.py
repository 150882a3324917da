"""Chinese text in lines: rich breaks at spaces, and Chinese has none but around figures and Latin words, where it then breaks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

_ATOM = re.compile(
    r"https?://[!-~]+|\d[\d.,]* (?=[\u3400-\u9fff])[\u3400-\u9fff]|[A-Za-z0-9][A-Za-z0-9._%/@&=+#'’-]*[A-Za-z0-9%]|\n|[^\S\n]+|."
)
_WIDEST = 100  # columns; the eye loses its line in wider ones
_NEVER_FIRST = "，。；：、？！）》”’」』】…％·,.;:?!)]}%"
_NEVER_LAST = "（《“‘「『【([{"


class Wrapped:
    """A text in lines as wide as the console, 100 columns at most, after `indent` columns on the left.

    Lines break between any two Chinese characters, never within a word or a figure, nor so that a line would begin with a closing mark
    or end with an opening one; nor within the spans of `whole` where they fit a line.
    """

    def __init__(self, text: Text, indent: int = 0, whole: Collection[tuple[int, int]] = ()) -> None:
        self._text = text
        self._indent = indent
        self._whole = whole

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(2, min(options.max_width, _WIDEST) - self._indent)
        for line in self._text.divide(_line_starts(self._text.plain, width, self._whole)):
            line.rstrip()
            yield Text.assemble(" " * self._indent, line, no_wrap=True, overflow="ignore")


def _line_starts(text: str, width: int, whole: Collection[tuple[int, int]]) -> list[int]:
    """Where in the text each line but the first begins."""
    starts: list[int] = []
    used = 0
    for start, end in _parted(_units(text, whole), text, width):
        unit = text[start:end]
        if unit == "\n":
            starts.append(end)
            used = 0
            continue
        if used and used + cell_len(unit.rstrip()) > width:
            starts.append(start)
            used = 0
        used += cell_len(unit)
    return starts


def _units(text: str, whole: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pieces of a text between which a line may break."""
    units: list[tuple[int, int]] = []
    for atom in _ATOM.finditer(text):
        start, end = atom.span()
        if units and atom.group() != "\n" and text[units[-1][0]] != "\n":
            within = any(first < start < last for first, last in whole)
            if within or text[start] in _NEVER_FIRST or text[units[-1][1] - 1] in _NEVER_LAST:
                units[-1] = (units[-1][0], end)
                continue
        units.append((start, end))
    return units


def _parted(units: Iterable[tuple[int, int]], text: str, width: int) -> Iterator[tuple[int, int]]:
    """The units, those that are too wide for any line in single characters."""
    for start, end in units:
        if cell_len(text[start:end].rstrip()) > width:
            yield from ((at, at + 1) for at in range(start, end))
        else:
            yield start, end
