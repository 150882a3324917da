"""Dotted clauses are hung under their parents by their numbers, wherever a source prints the headings of their articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from retrieval.clause import Kind
from retrieval.node import Node


def holders(root: Node) -> list[Node]:
    """The nodes under which dotted clauses wait to be hung under their articles, each after those above it."""
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        if any(child.kind is Kind.CLAUSE or child.kind is Kind.DEFINITION for child in node.children):
            found.append(node)
        waiting += [child for child in node.children if child.kind in (Kind.ARTICLE, Kind.ANNEX)]
    return found


def rehang(top: Node) -> int:
    """Hang every dotted clause under its parent by number, articles in order of their numbers. Returns how many articles moved."""
    nodes = [node for node in top.children if node.number is not None and node.kind is not Kind.ITEM]
    kept = {id(node) for node in nodes}
    others = [node for node in top.children if id(node) not in kept]
    placed: list[Node] = []
    moved = sum(_hang(run, placed) for run in _runs(nodes))
    first = [node for node in others if node.kind is not Kind.ANNEX]
    top.children = [*first, *placed, *(node for node in others if node.kind is Kind.ANNEX)]
    return moved


def _runs(nodes: Sequence[Node]) -> Iterable[list[Node]]:
    """Nodes in stretches in which articles and clauses are not numbered from the beginning again."""
    run: list[Node] = []
    article = clause = 0
    for node in nodes:
        assert node.number is not None
        value = node.number.path[0]
        again = article > 1 and value == 1 if node.kind is Kind.ARTICLE else not article and clause > 1 and node.number.path == (1, 1)
        if again:
            yield run
            run, article, clause = [], 0, 0
        if node.kind is Kind.ARTICLE:
            article = value
        else:
            clause = value
        run.append(node)
    yield run


def _hang(nodes: Sequence[Node], placed: list[Node]) -> int:
    articles = [node for node in nodes if node.kind is Kind.ARTICLE and node.number]
    usual = Counter(node.number.style for node in articles if node.number).most_common(1)
    by_index: dict[int, Node] = {}
    for node in sorted(articles, key=lambda node: node.number is not None and node.number.style is not usual[0][0]):
        if node.number:
            by_index.setdefault(node.number.path[0], node)
    by_path: dict[tuple[int, ...], Node] = {}
    done: set[int] = set()
    moved = 0
    for node in nodes:
        assert node.number is not None
        path = node.number.path
        if node.kind is Kind.ARTICLE:
            if id(node) not in done:
                done.add(id(node))
                placed.append(node)
            continue
        parent = next((by_path[path[:cut]] for cut in range(len(path) - 1, 1, -1) if path[:cut] in by_path), None)
        parent = parent or by_index.get(path[0])
        if parent is not None:
            if parent.kind is Kind.ARTICLE and id(parent) not in done:
                moved += 1
                done.add(id(parent))
                placed.append(parent)
            parent.add(node)
        else:
            placed.append(node)
        by_path.setdefault(path, node)
    return moved
