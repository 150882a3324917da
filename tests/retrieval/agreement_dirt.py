"""Made agreements as files hold them: printed clean, or wrapped, paginated, with a contents list, with full-width digits and the like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from random import Random

from tests.retrieval.agreement_generator import TITLE, Dialect, Made, every

DIRT = ("wrapped", "paged", "wide", "unspaced", "gaps", "contents", "references", "twice", "jumps", "markdown", "alone")
_CLOSING_MARKS = "，。；：、）》”！？,.;:)"
_WIDE = str.maketrans({**{chr(0x30 + n): chr(0xFF10 + n) for n in range(10)}, ".": "．"})


def spoil(random: Random, clauses: Sequence[Made], dirt: Sequence[str]) -> None:
    """Number some clauses wrongly, as sources do: the same number twice, or one left out."""
    lists = [made.children for made in every(clauses) if len(made.children) > 2]
    lists = [children for children in lists if all(_is_leaf(child) for child in children)]
    if "twice" in dirt and lists:
        children = random.choice(lists)
        at = random.randrange(1, len(children))
        children[at].printed, children[at].named = children[at - 1].printed, children[at - 1].named
        lists.remove(children)
    if "jumps" in dirt and lists:
        children = random.choice(lists)
        del children[random.randrange(1, len(children) - 1)]


def _is_leaf(made: Made) -> bool:
    return not made.children and made.kind in ("clause", "definition") and len(made.parts) > 1


def printed(random: Random, dialect: Dialect, clauses: Sequence[Made], dirt: Sequence[str]) -> str:
    """The text of a file that prints the clauses."""
    blocks = [_block(random, made, dirt) for made in every(clauses)]
    if "markdown" in dirt:
        blocks = [[_marked(made, lines[0]), *lines[1:]] for made, lines in zip(every(clauses), blocks, strict=True)]
    lines = [line for block in blocks for line in block]
    if "references" in dirt:
        lines = [part for line in lines for part in _broken_at_references(random, line)]
    if "contents" in dirt:
        lines = [*_contents(random, clauses), *lines]
    lines = [TITLE, *lines]
    latin = bool(dialect.words.gap)
    if "wrapped" in dirt or "paged" in dirt:
        width = random.randint(60, 100) / 2 if latin else random.randint(26, 48)
        wrapped = [_wrapped(random, line, width, latin, "references" in dirt) for line in lines]
        between = random.choice(("", "between paragraphs", "everywhere"))
        if "paged" in dirt:
            return _paged(random, wrapped, between, latin)
        if between == "everywhere":
            return "\n\n".join(part for parts in wrapped for part in parts) + "\n"
        return ("\n\n" if between else "\n").join("\n".join(parts) for parts in wrapped) + "\n"
    if "gaps" in dirt:
        return "".join(line + "\n" * random.choice((1, 2, 2, 3, 5)) for line in lines)
    return random.choice(("\n", "\n\n")).join(lines) + "\n"


def _block(random: Random, made: Made, dirt: Sequence[str]) -> list[str]:
    number, after = made.printed, made.after
    if made.kind == "preamble":
        return list(made.paragraphs)
    if "wide" in dirt and made.kind != "annex":
        number = number.translate(_WIDE)
        after = after.replace(".", "．")
    if "unspaced" in dirt and made.kind != "annex" and not re.search("[A-Za-z]", number + (made.heading or "".join(made.paragraphs))[:1]):
        after = after.rstrip() if after.strip() or number[:1] in "第0123456789" else after
    first, *rest = [text for text in [made.heading, *made.paragraphs] if text] or [""]
    if "alone" in dirt and made.kind in ("article", "clause", "definition") and not after.strip() and made.heading:
        return [number, first, *rest]
    return [f"{number}{after}{first}".rstrip(), *rest]


def _marked(made: Made, line: str) -> str:
    if made.kind in ("article", "annex") and made.heading:
        return f"## {line}"
    if made.kind == "item":
        return f"- {line}"
    return f"**{line}**" if made.heading else line


_REFERENCE = re.compile(r"(?<=[照但为用据、 ])(?=第[\d一二三四五六七八九十]+[条章]|\d+\.\d|Section \d|Article \d)")


def _broken_at_references(random: Random, line: str) -> list[str]:
    """A line, sometimes broken right before a clause that it speaks of."""
    places = [found.start() for found in _REFERENCE.finditer(line) if found.start() > 8]
    if not places or random.random() < 0.5:
        return [line]
    at = random.choice(places)
    return [line[:at].rstrip(), line[at:]]


def _contents(random: Random, clauses: Sequence[Made]) -> list[str]:
    page, lines = 1, []
    leader = random.choice(("……", "..........", " ", ""))
    for made in every(clauses):
        page += random.choice((0, 0, 1))
        if made.kind in ("article", "annex") and made.heading:
            entry = f"{made.printed}{made.after}{made.heading}"
            lines.append(f"{entry}{leader}{page}" if leader else entry)
    if len(lines) < 3:
        return []
    return [*random.choice((["目录"], ["目　录"], [])), *lines]


def _wrapped(random: Random, line: str, width: float, latin: bool, at_references: bool) -> list[str]:
    """A paragraph broken at a width in full-width characters; sometimes so that a reference begins a line."""
    pieces = re.findall(r"\S+\s*", line) if latin else list(line)
    lines: list[str] = [""]
    room, place = width, 0
    for piece in pieces:
        size = sum(1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.5 for char in piece.rstrip())
        early = at_references and place and _REFERENCE.match(line, place) and room < width * 0.1
        if (room < size and piece not in _CLOSING_MARKS and lines[-1]) or early:
            lines.append("")
            room = width
        lines[-1] += piece
        room -= size + 0.5 * (len(piece) - len(piece.rstrip()))
        place += len(piece)
    return [part.strip() for part in lines if part.strip()]


def _paged(random: Random, paragraphs: Sequence[Sequence[str]], between: str, latin: bool) -> str:
    """Lines on pages, each with a header, a footer or both."""
    height = random.randint(25, 45)
    header = random.choice(("", TITLE, "某某科技有限公司 机密", "Confidential"))
    footers = ("第 {n} 页 共 {of} 页", "- {n} -", "{n}", "{n}/{of}", "第{n}页", "Page {n} of {of}")
    footer = random.choice(footers[1:] if latin else footers)
    rows: list[str] = []
    for parts in paragraphs:
        for part in parts:
            rows += [part, ""] if between == "everywhere" else [part]
        if between == "between paragraphs":
            rows.append("")
    pages = [rows[at : at + height] for at in range(0, len(rows), height)]
    if len(pages) == 1:  # nothing tells the header of one page from its text
        return "\n".join(rows) + "\n"
    printed_pages = []
    for n, page in enumerate(pages, start=1):
        top = [header, ""] if header else []
        printed_pages.append("\n".join([*top, *page, "", footer.format(n=n, of=len(pages))]))
    return "\n".join(printed_pages) + "\n"
