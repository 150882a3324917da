"""Annexes: what the line that begins one looks like (附件二：服务水平, Schedule 1 – Fees, Exhibit A)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval.line import width
from retrieval.numerals import CJK, cjk_value, letter_value, roman_value

_LONGEST = 40.0  # full-width characters; an annex's heading is no longer
_BEGINS = re.compile(r"附|[AaSsEe][a-zA-Z]{4}")
_CHINESE = re.compile(rf"(?P<printed>(?P<word>附\s*[件录表])\s*(?P<value>(?:{CJK})|\d{{1,2}}|[A-Z](?![A-Za-z]))?)(?P<rest>.*)")
_TITLED = re.compile(r"\s*[：:]\s*(?P<title>.*)")
_LOOSELY_TITLED = re.compile(r"(?:\s+|\s*[-–—、.．]\s*|(?=[《（(【]))(?P<title>[^，。；！？：:;]{1,30})")
_SPOKEN = re.compile(r"所|中|规定|约定|的|和|与|及|或|是|为|应|将|[一二三四五六七八九十\d]")
_ENGLISH = re.compile(
    r"(?P<printed>(?P<word>Annex|ANNEX|Annexure|ANNEXURE|Appendix|APPENDIX|Schedule|SCHEDULE|Exhibit|EXHIBIT|Attachment|ATTACHMENT|Addendum|ADDENDUM)"
    r"(?:\s+(?P<value>\d{1,2}|[A-Z](?:-?\d{1,2})?|[IVX]{1,5}))?)(?P<mark>\s*[.:：—–-]+)?(?:\s+(?P<title>.*))?"
)
_LOWER_WORDS = re.compile(r"(?:of|is|are|shall|and|or|to|will|may|has|have|in|for|attached|hereto|hereof|sets?|contains?|as|by)\b|[,;)]")


@dataclass(frozen=True, slots=True)
class Annex:
    """The beginning of an annex: `printed` names it (附件二, Schedule 1), `word` is what it is called, `value` its number, 0 for none.

    `certain`: nothing stands on the line but it and a title after a colon.
    """

    printed: str
    word: str
    value: int
    title: str
    certain: bool


def annex_at(line: str) -> Annex | None:
    """The annex that a line begins; None where it begins none."""
    if not _BEGINS.match(line) or len(line) > 2 * _LONGEST or width(line) > _LONGEST:
        return None
    if found := _CHINESE.fullmatch(line):
        rest, value = found["rest"], found["value"]
        titled = _TITLED.fullmatch(rest) if rest else None
        loose = None if titled or not rest or _SPOKEN.match(rest.strip()) else _LOOSELY_TITLED.fullmatch(rest)
        if rest and not titled and not (loose and value):
            return None
        title = (titled or loose or {"title": ""})["title"]
        return Annex(re.sub(r"\s", "", found["printed"]), re.sub(r"\s", "", found["word"]), _value(value), title, not loose)
    if found := _ENGLISH.fullmatch(line):
        title = found["title"] or ""
        if _LOWER_WORDS.match(title) or (not found["value"] and title) or title.endswith((".", ",", ";")):
            return None
        certain = not title or bool(found["mark"]) or title[:1].isupper()
        printed = re.sub(r"\s+", " ", found["printed"])
        return Annex(printed, found["word"].lower(), _value(found["value"]), title, certain and bool(found["value"]))
    return None


def _value(written: str | None) -> int:
    if not written:
        return 0
    if written.isdigit():
        return int(written)
    if not written.isascii():
        return cjk_value(written)
    if len(written) == 1:
        return letter_value(written) or 0
    return roman_value(written) or letter_value(written[0]) or 0
