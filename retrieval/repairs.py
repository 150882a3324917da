"""What a source prints in the wrong place or twice, mended where the evidence is in the text: title, contents, displaced headings."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.furniture import Furniture
from retrieval.numbering import Number, Style
from retrieval.paragraphs import Paragraph


def _furniture(paragraph: Paragraph, reason: str) -> list[Furniture]:
    return [Furniture(line.number, line.text, reason) for line in paragraph.lines]


def without_title(paragraphs: list[Paragraph], title: str) -> tuple[list[Paragraph], list[Furniture]]:
    """Take out a line near the beginning that only prints the title."""
    for index, paragraph in enumerate(paragraphs[:5]):
        if paragraph.number is None and paragraph.text == title:
            return paragraphs[:index] + paragraphs[index + 1 :], _furniture(paragraph, "title")
    return paragraphs, []


def without_contents(paragraphs: list[Paragraph]) -> tuple[list[Paragraph], list[Furniture]]:
    """Take out a contents list: a run of bare numbered headings, nearly all of whose numbers are printed again later."""
    index = 0
    while index < len(paragraphs):
        end = index
        while end < len(paragraphs) and (number := paragraphs[end].number) and not number.style.is_item and paragraphs[end].is_heading:
            end += 1
        run = paragraphs[index:end]
        later = {_key(paragraph.number) for paragraph in paragraphs[end:] if paragraph.number}
        # The last heading of the run may be the first of the body.
        if run and (first := _restart(run)) is not None:
            run, end = run[:first], index + first
            later |= {_key(paragraph.number) for paragraph in paragraphs[end:] if paragraph.number}
        if len(run) >= 3 and sum(_key(paragraph.number) in later for paragraph in run) >= 0.8 * len(run):
            return paragraphs[:index] + paragraphs[end:], [entry for part in run for entry in _furniture(part, "contents")]
        index = max(end, index + 1)
    return paragraphs, []


def _restart(run: Sequence[Paragraph]) -> int | None:
    """Where a run of headings begins to repeat its own numbers."""
    seen: set[tuple[Style, tuple[int, ...]]] = set()
    for index, paragraph in enumerate(run):
        key = _key(paragraph.number)
        if key in seen:
            return index
        seen.add(key)
    return None


def _key(number: Number | None) -> tuple[Style, tuple[int, ...]]:
    assert number is not None
    return (number.style, number.path)


def pair_displaced_definitions(paragraphs: list[Paragraph], repairs: list[str]) -> None:
    """Give headings that stand after their texts their texts back.

    Extraction from PDF can print a page's paragraphs first and their run of numbered headings after them. The
    evidence: two or more sibling headings in sequence with nothing under any of them, preceded (article headings
    apart) by at least as many unnumbered paragraphs that begin in the middle of a sentence of definition, as many as there
    are headings.
    """
    index = 0
    while index < len(paragraphs):
        run = _bare_run(paragraphs, index)
        if len(run) < 2:
            index += 1
            continue
        end = index + len(run)
        before = index
        while before > 0 and (number := paragraphs[before - 1].number) and number.style.is_top:
            before -= 1
        texts: list[Paragraph] = []
        while before - len(texts) > 0 and len(texts) < len(run):
            candidate = paragraphs[before - len(texts) - 1]
            if candidate.number is not None or candidate.row or candidate.annex or candidate.is_heading:
                break
            texts.insert(0, candidate)
        if len(texts) == len(run):
            for heading, text in zip(run, texts, strict=True):
                heading.lines.extend(text.lines)
                heading.text, heading.row = f"{heading.text}\n{text.text}", False
            del paragraphs[before - len(texts) : before]
            end -= len(texts)
            numbers = [paragraph.number.printed for paragraph in run if paragraph.number]
            repairs.append(f"headings {numbers[0]} to {numbers[-1]} joined with the {len(run)} texts printed before them")
        index = end


def _bare_run(paragraphs: Sequence[Paragraph], start: int) -> list[Paragraph]:
    """Consecutive sibling headings from `start` on that have neither text nor children after the last of them."""
    run: list[Paragraph] = []
    for paragraph in paragraphs[start:]:
        number = paragraph.number
        if number is None or number.style is not Style.DOTTED or not paragraph.is_heading:
            break
        if run and run[-1].number and number.path != (*run[-1].number.path[:-1], run[-1].number.path[-1] + 1):
            break
        run.append(paragraph)
    after = paragraphs[start + len(run)] if start + len(run) < len(paragraphs) else None
    if run and after is not None:
        last = run[-1].number
        deeper = after.number is not None and last is not None and after.number.path[: len(last.path)] == last.path
        has_child = deeper or (after.number is not None and after.number.style.is_item)
        if has_child:
            run.pop()
    return run
