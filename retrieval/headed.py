"""Texts whose only structure is their headings: which paragraphs are those headings, and how deep each stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from retrieval.furniture import Furniture
from retrieval.openings import Role
from retrieval.paragraphs import Paragraph
from retrieval.styles import Style

_FEWEST = 2
_LONGEST = 60  # characters
_LONGEST_ID = 48


def mark_headed(paragraphs: list[Paragraph]) -> list[Furniture]:
    """Mark the headings of a text that has no other structure by their `depth`; returns what turns out to be its title.

    Such a text numbers nothing but lists, which begin anew under each heading, and those are items then. Most of its headings have a
    text below them. A heading above all others, at the beginning, is the title.
    """
    headings = [paragraph for paragraph in paragraphs if _is_heading(paragraph)]
    if len(headings) < _FEWEST or not _lists_only(paragraphs):
        return []
    titles = headings[:1] if paragraphs[0] is headings[0] and _is_alone(headings) else []
    headings = headings[len(titles) :]
    bare = sum(_is_heading(one) and _is_bare(one, after) for one, after in zip_longest(paragraphs, paragraphs[1:]))
    if len(headings) < _FEWEST or 2 * bare > len(headings):
        return []
    for paragraph in headings:
        paragraph.depth = _depth(paragraph)
    for paragraph in paragraphs:
        if (place := paragraph.place) and place.number is not None and place.role is not Role.ITEM:
            paragraph.place = replace(place, role=Role.ITEM, depth=0, opens=False)
    paragraphs[:] = [paragraph for paragraph in paragraphs if paragraph not in titles]
    return [Furniture(line.number, line.text, "title") for paragraph in titles for line in paragraph.lines]


def id_of_heading(heading: str) -> str:
    """A heading as an id: without white space and the characters that mean something in ids, not too long."""
    return re.sub(r"[#~/]", "", re.sub(r"\s+", "-", heading.strip()))[:_LONGEST_ID] or "节"


def _is_heading(paragraph: Paragraph) -> bool:
    return paragraph.place is None and not paragraph.row and paragraph.lines[0].heading and 0 < len(paragraph.text) <= _LONGEST


def _depth(paragraph: Paragraph) -> int:
    return paragraph.lines[0].depth or 1


def _is_alone(headings: Sequence[Paragraph]) -> bool:
    """Whether the first heading stands above all others."""
    return all(_depth(heading) > _depth(headings[0]) for heading in headings[1:])


def _is_bare(heading: Paragraph, after: Paragraph | None) -> bool:
    """Whether nothing stands below a heading: the next of its rank, or the end, follows at once."""
    return after is None or (_is_heading(after) and _depth(after) <= _depth(heading))


def _lists_only(paragraphs: Sequence[Paragraph]) -> bool:
    """Whether all numbers are those of lists that do not go on below the next heading."""
    fresh = True
    for paragraph in paragraphs:
        if _is_heading(paragraph):
            fresh = True
        elif number := paragraph.number:
            is_list = number.style.is_item or number.style is Style.SINGLE
            if not is_list or paragraph.lines[0].heading or (fresh and number.path != (1,)):
                return False
            fresh = False
    return True
