"""What travels with a clause: the headings above it and the sentence that introduces its list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from retrieval.clause import Clause

_INTRODUCES = ("：", ":")


class Links:
    """Ways from one clause to others of the same library."""

    def __init__(self, clauses: Iterable[Clause]) -> None:
        self._by_ref: Mapping[tuple[str, str], Clause] = {clause.ref: clause for clause in clauses}
        self._children: dict[tuple[str, str], list[Clause]] = {}
        for clause in self._by_ref.values():
            if clause.parent is not None:
                self._children.setdefault((clause.agreement, clause.parent), []).append(clause)

    def clause(self, agreement: str, clause_id: str) -> Clause | None:
        return self._by_ref.get((agreement, clause_id))

    def parents(self, clause: Clause) -> list[Clause]:
        """The clauses above, the article first."""
        above: list[Clause] = []
        parent = clause.parent
        while parent is not None and (found := self.clause(clause.agreement, parent)):
            above.insert(0, found)
            parent = found.parent
        return above

    def children(self, clause: Clause) -> list[Clause]:
        return self._children.get(clause.ref, [])

    def subtree(self, clause: Clause) -> list[Clause]:
        """The clause and everything under it, in reading order."""
        return [clause, *(found for child in self.children(clause) for found in self.subtree(child))]

    def siblings(self, clause: Clause) -> list[Clause]:
        if clause.parent is None:
            return []
        return [other for other in self._children.get((clause.agreement, clause.parent), []) if other.ref != clause.ref]

    def heading_path(self, clause: Clause) -> list[str]:
        """The headings above and of the clause itself, 腾讯权利义务 > …."""
        return [found.heading for found in [*self.parents(clause), clause] if found.heading]

    def lead_in(self, clause: Clause) -> str:
        """What introduces the list in which the clause stands: 您不得从事下列行为：. Empty where nothing does.

        A list's item read without it turns a prohibition into a permission, so whoever shows or checks the item
        takes this along.
        """
        parts: list[str] = []
        for above in self.parents(clause):
            last = above.text.rsplit("\n", 1)[-1]
            if last.endswith(_INTRODUCES):
                parts.append(last)
        return "".join(parts)
