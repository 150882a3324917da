"""Where the sentences of a clause begin and end, so that what is read from one can be quoted verbatim."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[^。！？\n]+[。！？]*[”’」』）)】]*|[。！？]+")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The sentences of a text as spans, in order, outer white space left out.

    A bracket after a full stop belongs to the sentence before it: 与其他软件互通等服务。（简称“本服务”）。
    """
    spans: list[tuple[int, int]] = []
    for found in _SENTENCE.finditer(text):
        start = found.start() + len(found.group()) - len(found.group().lstrip())
        end = found.start() + len(found.group().rstrip())
        if start >= end:
            continue
        goes_on = spans and "\n" not in text[spans[-1][1] : start] and text[start] in "（(。"
        if goes_on:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def sentence_at(text: str, position: int) -> str:
    """The sentence of `text` in which a position lies; empty where it lies in none."""
    return next((text[start:end] for start, end in sentence_spans(text) if start <= position < end), "")
