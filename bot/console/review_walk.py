"""Walking through the review list: one key a decision, one figure a clause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import typer
from rich.console import Console
from rich.text import Text

from bot.console.review_view import judged, show_candidates, show_item
from bot.review.deciding import Deciding, NotDecided, clause_in
from bot.review.decisions import DISMISSED, REFUSE, RIGHT, WRONG
from bot.review.items import Item
from retrieval.clause import Clause

_KEYS = "1–9 应引这一条　/ 按词找　c 写条款号　r 回答没错　n 拒答是对的　d 略过　s 下一个　q 退出"
_VERDICTS = {"r": RIGHT, "n": REFUSE, "d": DISMISSED}
_ENDS = ("q", "\x03", "\x04", "")


class Walk:
    """Shows items one after the other and asks what is to be made of each. `candidates` are the clauses found for an item, `found` those for
    words.
    """

    def __init__(
        self,
        console: Console,
        deciding: Deciding,
        names: Mapping[str, str],
        candidates: Callable[[Item], Sequence[Clause]],
        found: Callable[[str], Sequence[Clause]],
    ) -> None:
        self._console = console
        self._deciding = deciding
        self._names = names
        self._candidates = candidates
        self._found = found

    def through(self, items: Sequence[Item]) -> int:
        """Walk through the items until the end or until somebody has enough. Returns how many were decided."""
        done = 0
        for at, item in enumerate(items, start=1):
            self._console.rule(f"{at}/{len(items)}", style="dim", align="left")
            candidates = self._candidates(item)
            show_item(self._console, item, self._names, candidates)
            decided = self._ask(item, list(candidates))
            if decided is None:
                break
            done += decided
        return done

    def _ask(self, item: Item, candidates: list[Clause]) -> bool | None:
        """What is to be made of an item: whether it was decided, None where somebody has enough."""
        while True:
            key = self._key(_KEYS)
            try:
                if key in _ENDS:
                    return None
                if key == "s":
                    return False
                if key in _VERDICTS:
                    return self._decide(item, _VERDICTS[key])
                if key == "/" and (words := self._words("找什么")):
                    candidates = list(self._found(words))
                    show_candidates(self._console, candidates, f"按“{words}”找到的条款")
                elif key == "c" and (written := self._words("条款，例如 lexiang#2.2.3")):
                    return self._teach_or_measure(item, clause_in(written))
                elif key.isdigit() and 0 < int(key) <= len(candidates):
                    return self._teach_or_measure(item, candidates[int(key) - 1].ref)
            except NotDecided as error:
                self._console.print(Text(str(error), style="yellow"))

    def _teach_or_measure(self, item: Item, clause: tuple[str, str]) -> bool:
        """Decide for a clause, and whether the bot is told."""
        self._deciding.clause(*clause)
        key = self._key(f"{clause[0]}#{clause[1]}：回车 只记下，以后可作评测题　l 以后这样问就按它答")
        return self._decide(item, WRONG, [clause], likely=key == "l")

    def _decide(self, item: Item, verdict: str, clauses: Sequence[tuple[str, str]] = (), *, likely: bool = False) -> bool:
        decision = self._deciding.decide(item, verdict, clauses, likely=likely)
        self._console.print(Text(f"✓ {judged(decision, self._names)}", style="green"))
        return True

    def _key(self, said: str) -> str:
        self._console.print(Text(said, style="dim"), soft_wrap=True)
        try:
            return str(typer.getchar()).lower()
        except (KeyboardInterrupt, EOFError):
            return "q"

    def _words(self, said: str) -> str:
        try:
            return self._console.input(Text(f"{said} › ", style="bold")).strip()
        except (KeyboardInterrupt, EOFError):
            return ""
