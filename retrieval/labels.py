"""What clauses are called: ids that scripts and indexes keep, labels that people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.clause import Clause, Kind
from retrieval.node import Node
from retrieval.styles import Style

_ORDINALS = "零一二三四五六七八九十"


@dataclass(slots=True)
class _Named:
    """A node with its place: `base` is its id before it is made unique, `around` the numbers of the articles that hold it."""

    node: Node
    base: str
    occurrence: int
    annex: str | None
    parent: _Named | None
    around: str
    clause: Clause | None = None

    @property
    def id(self) -> str:
        return self.base if self.occurrence == 1 else f"{self.base}#{self.occurrence}"


def clauses_of(root: Node, agreement: str, title: str) -> Iterator[Clause]:
    """The clauses of a tree in reading order, each with its id and label.

    A number printed again where another article holds it (第一节 of each chapter) is told apart by that in its label, any other by
    which of them it is; the id counts them in either case.
    """
    named = list(_walk(root))
    again: dict[str, list[str]] = {}
    for one in named:
        again.setdefault(one.base, []).append(one.around)
    apart = {base for base, places in again.items() if len(places) > 1 and len(set(places)) == len(places)}
    for one in named:
        one.clause = _clause(one, agreement, title, one.base in apart)
        yield one.clause


def _walk(root: Node) -> Iterator[_Named]:
    used: Counter[str] = Counter()
    waiting: list[tuple[Node, _Named | None]] = [(child, None) for child in reversed(root.children)]
    while waiting:
        node, parent = waiting.pop()
        annex = node.printed if node.kind is Kind.ANNEX else parent.annex if parent else None
        belongs = node.kind in (Kind.ITEM, Kind.TABLE) and parent is not None
        place = f"{_holder(node, parent).id}{node.printed}" if belongs and parent else node.printed
        base = f"{annex}/{place}" if annex and node.kind is not Kind.ANNEX and not place.startswith(f"{annex}/") else place
        used[base] += 1
        one = _Named(node, base, used[base], annex, parent, _around(node, parent))
        yield one
        waiting += [(child, one) for child in reversed(node.children)]


def _holder(node: Node, parent: _Named) -> _Named:
    """What the id of an item begins with: 1.3.1 under the item 1.3 of （1） says by itself where it stands in （1）."""
    while _is_dotted(node) and _is_dotted(parent.node) and parent.parent is not None and parent.node.kind is Kind.ITEM:
        parent = parent.parent
    return parent


def _is_dotted(node: Node) -> bool:
    return node.number is not None and node.number.style is Style.DOTTED


def _around(node: Node, parent: _Named | None) -> str:
    """The numbers of the articles that hold a node, but for the article that its own number names."""
    if parent is None or node.number is None or node.kind is Kind.ITEM or parent.node.kind is not Kind.ARTICLE:
        return parent.around if parent and node.number is not None and node.kind is not Kind.ITEM else ""
    number = parent.node.number
    if node.kind is not Kind.ARTICLE and number and number.path[0] == node.number.path[0]:
        return parent.around
    return _after(parent.around, parent.node.printed)


def _after(before: str, printed: str) -> str:
    """Two numbers one after the other, as people write them: 第一章第二节, 二、1.1, Article I Section 2."""
    if not before:
        return printed
    if before[-1] in "一二三四五六七八九十百" and "第" not in before:
        return f"{before}、{printed}"
    return f"{before} {printed}" if printed[:1].isascii() else before + printed


def _clause(one: _Named, agreement: str, title: str, apart: bool) -> Clause:
    node, parent = one.node, one.parent.clause if one.parent else None
    shown = one.base.replace("/", " ", 1) if one.annex else one.base
    if apart and one.around:
        printed = _after(one.around, node.printed)
        label = f"《{title}》{one.annex} {printed}" if one.annex else f"《{title}》{printed}"
    elif node.kind in (Kind.ITEM, Kind.TABLE) and parent is not None and parent.kind is not Kind.ANNEX:
        holder = _holder(node, one.parent).clause if one.parent else None
        label = (holder or parent).label + node.printed
    elif _is_headed(node):
        within = f"{one.annex} " if one.annex else ""
        label = f"《{title}》{within}“{node.heading.replace('《', '〈').replace('》', '〉')}”一节"
    else:
        label = f"《{title}》{shown}"
    if one.occurrence > 1 and not (apart and one.around):
        label += f"（第{_ordinal(one.occurrence)}处）"
    return Clause(
        agreement=agreement,
        id=one.id,
        number=node.number.printed if node.number else "" if _is_headed(node) else node.printed,
        occurrence=one.occurrence,
        kind=node.kind,
        level=parent.level + 1 if parent else 1,
        parent=parent.id if parent else None,
        heading=node.heading,
        text="\n".join(node.texts),
        annex=one.annex is not None,
        label=label,
    )


def _is_headed(node: Node) -> bool:
    """Whether a heading without a number makes the clause."""
    return node.kind is Kind.CLAUSE and node.number is None


def _ordinal(number: int) -> str:
    return _ORDINALS[number] if number <= 10 else str(number)
