"""A printed page as pieces of text with their places, and the lines that they make."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text in one line without gaps. Places are in points from the lower left corner of the upright page; `size` is the
    height of its letters; `spaced` whether the file has a space before it."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    spaced: bool = False


@dataclass(frozen=True, slots=True)
class Printed:
    """One printed line of a page, or one row of a table. `column` is the same for lines that stand in one column of their page."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    row: bool = False
    column: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was read: its lines in reading order, and what about it people should know.

    `apart` is text printed across the page; `recognised` how sure a recognition was of its lines, 0 to 1, empty for a text layer;
    `problem` is `scanned` for a page that is a picture and was not recognised, `layer` for one whose text somebody else's
    recognition put behind a picture.
    """

    number: int
    width: float
    height: float
    lines: tuple[Printed, ...]
    apart: tuple[str, ...] = ()
    recognised: tuple[float, ...] = ()
    problem: str = ""
