"""What chat channels show answers with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.form import Cited, Pointed
from retrieval.clause import Agreement


@dataclass(frozen=True, slots=True)
class Look:
    """The agreements as they are called, and the address of a clause on the page, if there is a page."""

    agreements: Callable[[], Iterable[Agreement]]
    link: Callable[[Cited | Pointed], str | None] | None = None
