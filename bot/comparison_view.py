"""What changed between two versions of an agreement, in the terminal and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.agreements_view import named
from bot.labels import parts_of
from bot.wrapping import Wrapped
from retrieval.clause import Clause
from retrieval.comparison import Change, ClauseChange, Comparison
from retrieval.differences import Piece, Sort
from retrieval.links import Links
from retrieval.versions import Version

SAID = {
    Change.CHANGED: "修改",
    Change.ADDED: "新增",
    Change.REMOVED: "删除",
    Change.RENUMBERED: "改号",
    Change.MOVED: "移动",
    Change.UNCHANGED: "未变",
}
_COLOURS = {
    Change.CHANGED: "yellow",
    Change.ADDED: "green",
    Change.REMOVED: "red",
    Change.RENUMBERED: "cyan",
    Change.MOVED: "magenta",
    Change.UNCHANGED: "dim",
}
_STYLES = {Sort.SAME: "", Sort.REMOVED: "red strike", Sort.ADDED: "green"}
_MARKS = {Sort.SAME: ("", ""), Sort.REMOVED: ("[-", "-]"), Sort.ADDED: ("{+", "+}")}  # as of wdiff, where there are no colours
_LISTED = 12  # clauses of a group that are named
_BESIDE = 40  # characters shown before and after a change


@dataclass(frozen=True)
class Compared:
    """Two versions of an agreement, and what changed between them."""

    old: Version
    new: Version
    comparison: Comparison

    def above(self, change: ClauseChange) -> str:
        """The headings under which a clause stands, or stood: 服务费用 > 退款."""
        clause = change.clause
        links = self._now if change.new else self._before
        return " > ".join(found.heading for found in links.parents(clause) if found.heading)

    @cached_property
    def _now(self) -> Links:
        return Links(change.new for change in self.comparison.changes if change.new)

    @cached_property
    def _before(self) -> Links:
        return Links(change.old for change in self.comparison.changes if change.old)

    def to_json(self) -> dict[str, Any]:
        """For machines: every change that is one, in the order of the new version."""
        return {
            "agreement": self.new.key,
            "title": self.new.agreement.title,
            "old": _version(self.old),
            "new": _version(self.new),
            "counts": {change.value: count for change, count in self.comparison.counts.items()},
            "changes": [
                {
                    "change": change.change.value,
                    "old": _clause(change.old),
                    "new": _clause(change.new),
                    "pieces": [{"sort": piece.sort.value, "text": piece.text} for piece in change.pieces],
                }
                for change in self.comparison.differing
            ],
        }


def counted(comparison: Comparison) -> str:
    """修改 2 条，新增 1 条."""
    counts = comparison.counts
    told = [f"{said} {counts[change]} 条" for change, said in SAID.items() if counts[change] and change is not Change.UNCHANGED]
    return "，".join(told) or "条款没有变化"


def places(change: ClauseChange) -> str:
    """Where the clause stands, or stood: 4.7; 4.7 → 4.8 where the number is another."""
    found = dict.fromkeys(parts_of(clause.label)[1] for clause in (change.old, change.new) if clause)
    return " → ".join(found)


def together(changes: Sequence[ClauseChange]) -> Iterator[list[ClauseChange]]:
    """The changes in order, those beside each other together that only gave clauses other numbers or places."""
    group: list[ClauseChange] = []
    for change in changes:
        if group and not (change.change is group[-1].change and _only_placed(change) and _only_placed(group[-1])):
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def spanned(group: Sequence[ClauseChange]) -> str:
    """Where the clauses of a group stand: 4.7 → 4.8、4.9 → 4.10（文字未变）."""
    shown = "、".join(places(change) for change in group[:_LISTED])
    rest = f"……等 {len(group)} 条" if len(group) > _LISTED else ""
    return shown + rest + ("（文字未变）" if _only_placed(group[0]) else "")


def show_comparison(console: Console, compared: Compared) -> None:
    """What changed, clause by clause: red and struck out what is gone, green what has come; in marks where there are no colours."""
    title = compared.new.agreement.title
    _print(console, Text.assemble((f"《{title}》", "bold"), f"{named(compared.old)} → {named(compared.new)}"))
    _print(console, Text(f"{counted(compared.comparison)}；{compared.comparison.counts[Change.UNCHANGED]} 条未变"))
    plain = console.color_system is None
    if plain and compared.comparison.differing:
        _print(console, Text("[-删去的-] {+加上的+}", style="dim"))
    for group in together(compared.comparison.differing):
        console.print()
        first = group[0]
        head = Text.assemble((SAID[first.change], f"bold {_COLOURS[first.change]}"), f"　{spanned(group)}")
        _print(console, head.append(f"　{compared.above(first)}", style="dim"))
        if not _only_placed(first):
            _print(console, _worded(shortened(first.pieces), plain=plain), 2)


def shortened(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with only so much of what stays as stands beside a change."""
    found: list[Piece] = []
    for at, piece in enumerate(pieces):
        text = piece.text
        before = text[:_BESIDE] if at else ""
        after = text[-_BESIDE:] if at + 1 < len(pieces) else ""
        if piece.sort is Sort.SAME and len(before) + len(after) + 2 < len(text):
            text = f"{before}……{after}"
        found.append(Piece(piece.sort, text))
    return found


def _only_placed(change: ClauseChange) -> bool:
    return change.change in (Change.RENUMBERED, Change.MOVED) and not change.is_reworded


def _worded(pieces: Sequence[Piece], *, plain: bool) -> Text:
    found = Text()
    for piece in pieces:
        first, last = _MARKS[piece.sort] if plain else ("", "")
        found.append(f"{first}{piece.text}{last}", style=_STYLES[piece.sort])
    return found


def _print(console: Console, text: Text, indent: int = 0) -> None:
    console.print(Wrapped(text, indent))


def _version(version: Version) -> dict[str, Any]:
    at = version.added_at.isoformat()
    return {"version": version.number, "effective": version.agreement.effective, "updated": version.agreement.updated, "added_at": at}


def _clause(clause: Clause | None) -> dict[str, str] | None:
    return {"id": clause.id, "number": clause.number, "label": clause.label} if clause else None
