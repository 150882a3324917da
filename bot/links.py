"""Where a clause stands on the page: the one address that every channel leads to, `/agreements/lexiang?q=…#2.2.3~2`."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from bot.excerpt import place_of
from bot.form import Cited, Pointed

_ENDS = 8  # characters at each end of a quote, which find it again
_GAP = "…"


def anchor_of(clause_id: str) -> str:
    """The id of a clause as a fragment has it: `#` written `~`, which no id has."""
    return clause_id.replace("#", "~")


def clause_path(agreement: str, clause_id: str = "", *, marking: str = "", find: str = "") -> str:
    """The path of an agreement, or of a clause in it, percent-encoded.

    `marking` says which words are to be marked, see `marking_of`; `find` is what the agreement is to be searched for.
    """
    query = urlencode({name: value for name, value in (("q", marking), ("find", find)) if value}, quote_via=quote)
    fragment = f"#{quote(anchor_of(clause_id), safe='/~')}" if clause_id else ""
    return f"/agreements/{quote(agreement, safe='')}{'?' if query else ''}{query}{fragment}"


def path_of(pointed: Cited | Pointed) -> str:
    """The path of a clause that an answer cites, with what it quotes of it, or points at."""
    quoted = "".join(span.text for span in pointed.text if span.quoted) if isinstance(pointed, Cited) else ""
    return clause_path(pointed.agreement, pointed.id, marking=marking_of(quoted))


def marking_of(words: str) -> str:
    """A quote as an address carries it: whole, or only its two ends where that is shorter."""
    words = " ".join(words.split())
    return words if len(words) <= 2 * _ENDS + 2 else f"{words[:_ENDS]}{_GAP}{words[-_ENDS:]}"


def marked_place(marking: str, text: str) -> tuple[int, int]:
    """Where the words that a marking was made of stand in a text; (0, 0) where they do not."""
    first, gap, last = marking.partition(_GAP)
    start, end = place_of(first, text)
    if not gap or not last or end == 0:
        return start, end
    length = place_of(last, text[end:])
    return (start, end + length[1]) if length[1] else (0, 0)
