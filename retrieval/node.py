"""A clause while the tree is being built."""

from __future__ import annotations

from dataclasses import dataclass, field

from retrieval.clause import Kind
from retrieval.numbering import Number


@dataclass(slots=True)
class Node:
    """One clause while the tree is being built. `printed` names it in its id."""

    kind: Kind
    number: Number | None
    printed: str
    heading: str = ""
    texts: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    parent: Node | None = None

    def add(self, child: Node) -> Node:
        child.parent = self
        self.children.append(child)
        return child
