"""Lines -> the logical clause tree of an agreement, whatever order the source prints it in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.clause import Clause
from retrieval.contents import contents_of
from retrieval.furniture import Furniture, find_furniture
from retrieval.headed import mark_headed
from retrieval.labels import clauses_of
from retrieval.line import Line
from retrieval.mended import Repair
from retrieval.paragraphs import split_paragraphs
from retrieval.repairs import pair_torn_headings, without_title
from retrieval.tree import tree
from retrieval.unfolding import unfolded

PARSER_VERSION = "4"  # raise it when the same text gives another tree: stored trees are then made anew


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed agreement: clauses in logical reading order, what was left out, and what was mended on which evidence."""

    clauses: tuple[Clause, ...]
    furniture: tuple[Furniture, ...]
    repairs: tuple[Repair, ...]


def parse(lines: Sequence[Line], *, agreement: str, title: str) -> Parsed:
    """The clause tree of one agreement. `title` makes the labels; a line that only prints it is furniture."""
    lines, run_on = unfolded(lines)
    left_out = find_furniture(lines)
    for index in contents_of(lines, left_out):
        left_out[index] = Furniture(lines[index].number, lines[index].text, "contents")
    paragraphs, uncounted = split_paragraphs(lines, left_out)
    paragraphs, titles = without_title(paragraphs, title)
    torn = pair_torn_headings(paragraphs)
    titles += mark_headed(paragraphs)
    root, late = tree(paragraphs)
    furniture = sorted([*left_out.values(), *titles], key=lambda entry: entry.line)
    return Parsed(tuple(clauses_of(root, agreement, title)), tuple(furniture), (*run_on, *uncounted, *torn, *late))
