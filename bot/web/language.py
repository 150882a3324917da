"""The language of the page: what the browser asks for, of the three there are."""

from __future__ import annotations

from answering.answer import Language

_TRADITIONAL = ("tw", "hk", "mo", "hant")


def accepted_language(header: str) -> Language:
    """The language of an Accept-Language header (RFC 9110, 12.5.4) that there are words in; simplified Chinese where it names none."""
    wanted: list[tuple[float, int, Language]] = []
    for at, part in enumerate(header.lower()[:500].split(",")):
        tag, _, quality = part.strip().partition(";")
        first, *rest = tag.strip().split("-")
        if first not in ("zh", "en"):
            continue
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        language = Language.ENGLISH if first == "en" else Language.SIMPLIFIED
        if first == "zh" and "hans" not in rest and any(part in _TRADITIONAL for part in rest):
            language = Language.TRADITIONAL
        if weight > 0:
            wanted.append((-weight, at, language))
    return min(wanted)[2] if wanted else Language.SIMPLIFIED
