"""The clauses a model is shown: numbered handles, whole clauses within a token budget."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from retrieval.clause import Clause
from retrieval.links import Links

_ENCODING = "o200k_base"
_ENCODINGS = Path(__file__).parent / "encodings"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One clause as shown: its handle (`C1`), what introduces it, and why it is shown where it was not found for the question."""

    handle: str
    clause: Clause
    path: str
    lead_in: str
    why: str = ""

    @property
    def text(self) -> str:
        """Everything a statement about this clause may rest on."""
        return "\n".join(part for part in (self.path, self.lead_in, self.clause.content) if part)

    def shown(self) -> str:
        """How the model sees it."""
        lines = [f"[{self.handle}] {self.clause.label}" + (f"（{self.path}）" if self.path else "")]
        if self.why:
            lines.append(f"附上：{self.why}")
        if self.lead_in:
            lines.append(f"引导语：{self.lead_in}")
        return "\n".join([*lines, self.clause.content])


def exhibit(clauses: Sequence[Clause], links: Links, brought: Mapping[Clause, str] = MappingProxyType({})) -> list[Exhibit]:
    """The clauses with handles C1, C2, … in the order given, then those brought along, each with why."""
    return [
        Exhibit(f"C{at}", clause, " > ".join(links.heading_path(clause)), links.lead_in(clause), brought.get(clause, ""))
        for at, clause in enumerate([*clauses, *brought], start=1)
    ]


def within_budget(exhibits: Sequence[Exhibit], budget: int, count: Callable[[str], int]) -> list[Exhibit]:
    """The exhibits that fit into `budget` tokens, best first; a clause is in whole or out whole."""
    kept: list[Exhibit] = []
    used = 0
    for shown in exhibits:
        cost = count(shown.shown()) + 2  # the blank line between two
        if used + cost <= budget:
            kept.append(shown)
            used += cost
    return kept


def count_tokens(text: str) -> int:
    """Tokens of a text in OpenAI's o200k_base, exact for their models and a fair bound for others. Needs no network."""
    return len(_encoding().encode(text, disallowed_special=()))


@cache
def _encoding():  # type: ignore[no-untyped-def]
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(_ENCODINGS))
    import tiktoken

    return tiktoken.get_encoding(_ENCODING)
