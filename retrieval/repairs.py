"""What a source prints in the wrong place, mended where the evidence is in the text: titles, headings torn from their texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.furniture import Furniture
from retrieval.mended import Mended, Repair
from retrieval.paragraphs import Paragraph
from retrieval.styles import Style

__all__ = ["Mended", "Repair", "pair_torn_headings", "without_title"]

_BEGUN = re.compile(r"(?:是|指|系|均指|意指|即|means?\b|refers?\b|shall\s+mean\b)")  # a sentence of definition without its subject


def without_title(paragraphs: list[Paragraph], title: str) -> tuple[list[Paragraph], list[Furniture]]:
    """Take out the lines near the beginning that only print the title."""
    titles = [paragraph for paragraph in paragraphs[:5] if paragraph.place is None and paragraph.text == title]
    left_out = [Furniture(line.number, line.text, "title") for paragraph in titles for line in paragraph.lines]
    return [paragraph for paragraph in paragraphs if paragraph not in titles], left_out


def pair_torn_headings(paragraphs: list[Paragraph]) -> list[Repair]:
    """Give headings that stand after their texts their texts back.

    Extraction from PDF can print a page's paragraphs first and their run of numbered headings after them. The
    evidence: two or more sibling headings in sequence with nothing under any of them, preceded (article headings
    apart) by at least as many unnumbered paragraphs, of which the nearest, as many as there are headings, begin mostly in the
    middle of a sentence of definition.
    """
    repairs: list[Repair] = []
    index = 0
    while index < len(paragraphs):
        run = _bare_run(paragraphs, index)
        if len(run) < 2:
            index += max(1, len(run))
            continue
        end = index + len(run)
        before = index
        while before > 0 and (number := paragraphs[before - 1].number) and number.style.rank < Style.SINGLE.rank:
            before -= 1
        texts: list[Paragraph] = []
        while before - len(texts) > 0 and len(texts) < len(run):
            candidate = paragraphs[before - len(texts) - 1]
            if candidate.place is not None or candidate.row or candidate.is_heading:
                break
            texts.append(candidate)
        if len(texts) == len(run) and sum(bool(_BEGUN.match(text.text)) for text in texts) * 2 >= len(run):
            for heading, text in zip(run, reversed(texts), strict=True):
                heading.lines.extend(text.lines)
                heading.text, heading.row = f"{heading.text}\n{text.text}", False
            del paragraphs[before - len(texts) : before]
            end -= len(texts)
            numbers = [paragraph.number.printed for paragraph in run if paragraph.number]
            evidence = f"headings {numbers[0]} to {numbers[-1]} joined with the {len(run)} texts printed before them"
            repairs.append(Repair(Mended.TORN, len(run), evidence))
        index = end
    return repairs


def _bare_run(paragraphs: Sequence[Paragraph], start: int) -> list[Paragraph]:
    """Consecutive sibling headings from `start` on that have neither text nor children after the last of them."""
    run: list[Paragraph] = []
    for at in range(start, len(paragraphs)):
        number = paragraphs[at].number
        if number is None or number.style is not Style.DOTTED or not paragraphs[at].is_heading:
            break
        if run and run[-1].number and number.path != (*run[-1].number.path[:-1], run[-1].number.path[-1] + 1):
            break
        run.append(paragraphs[at])
    after = paragraphs[start + len(run)] if start + len(run) < len(paragraphs) else None
    if run and after is not None:
        last = run[-1].number
        deeper = after.number is not None and last is not None and after.number.path[: len(last.path)] == last.path
        has_child = deeper or (after.number is not None and after.number.style.is_item)
        if has_child:
            run.pop()
    return run
