"""What changed between two versions of an agreement, in the words and groups in which every medium shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.labels import parts_of
from retrieval.clause import Clause
from retrieval.comparison import Change, ClauseChange, Comparison
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
_LISTED = 12  # clauses of a group that are named


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
        if group and not (change.change is group[-1].change and only_placed(change) and only_placed(group[-1])):
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def spanned(group: Sequence[ClauseChange]) -> str:
    """Where the clauses of a group stand: 4.7 → 4.8、4.9 → 4.10（文字未变）."""
    shown = "、".join(places(change) for change in group[:_LISTED])
    rest = f"……等 {len(group)} 条" if len(group) > _LISTED else ""
    return shown + rest + ("（文字未变）" if only_placed(group[0]) else "")


def only_placed(change: ClauseChange) -> bool:
    """Whether only the number or the place of a clause is another, not its words."""
    return change.change in (Change.RENUMBERED, Change.MOVED) and not change.is_reworded


def _version(version: Version) -> dict[str, Any]:
    at = version.added_at.isoformat()
    return {"version": version.number, "effective": version.agreement.effective, "updated": version.agreement.updated, "added_at": at}


def _clause(clause: Clause | None) -> dict[str, str] | None:
    return {"id": clause.id, "number": clause.number, "label": clause.label} if clause else None
