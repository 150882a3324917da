"""The clause tree of an agreement, built from its paragraphs in whatever order the source prints them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from retrieval.annexes import Annex
from retrieval.candidate import Place
from retrieval.clause import Kind
from retrieval.hanging import holders, rehang
from retrieval.headed import id_of_heading
from retrieval.mended import Mended, Repair
from retrieval.node import Node
from retrieval.numbering import Number
from retrieval.openings import Role
from retrieval.paragraphs import Paragraph
from retrieval.styles import Style

_PREAMBLE_HEADING = re.compile(r"(?:首部|导言|前言|序言|引言|首部及导言|总述)")
_DEFINITIONS = re.compile(
    r"(?:名词|术语)?(?:定义|解释|释义)(?:[与和及](?:定义|解释|释义))?|[Dd]efinitions(?:\s+and\s+[Ii]nterpretation)?|DEFINITIONS"
)


def tree(paragraphs: Iterable[Paragraph]) -> tuple[Node, list[Repair]]:
    """The root of the clause tree, which is no clause itself, and what was mended."""
    builder = _Builder()
    for paragraph in paragraphs:
        builder.place(paragraph)
    return builder.root, builder.finish()


@dataclass(slots=True)
class _Level:
    style: Style
    node: Node
    open: bool = True


class _Builder:
    """Puts every paragraph where its place in the outline says; dotted clauses are hung by their numbers when all are known."""

    def __init__(self) -> None:
        self.root = Node(Kind.PREAMBLE, None, "")
        self.top = self.root  # the document or the annex that is being read
        self.levels: list[_Level] = []
        self.lists: list[Node] = []
        self.headings: list[tuple[int, Node]] = []  # those without numbers that are open, each with its depth
        self.dotted_items: dict[tuple[int, tuple[int, ...]], Node] = {}
        self.base: Node | None = None  # what the open lists of items hang under
        self.latest: Node | None = None  # the last clause; unnumbered text belongs to it

    def place(self, paragraph: Paragraph) -> None:
        place = paragraph.place
        if paragraph.depth:
            self._heading(paragraph)
        elif place is None:
            self._continue(paragraph)
        elif place.annex is not None:
            self._annex(place.annex)
        elif place.number is not None:
            if place.role is Role.LEVEL:
                node = self._level(place, place.number)
            elif place.role is Role.CLAUSE:
                node = self._above(place.depth).add(Node(Kind.CLAUSE, place.number, place.number.canonical))
            else:
                self._item(place, place.number, paragraph.text)
                return
            _fill(node, paragraph)
            self.latest = self.base = node
            self.lists = []

    def _heading(self, paragraph: Paragraph) -> None:
        """A clause of a heading without a number, under the last heading that is less deep."""
        while self.headings and self.headings[-1][0] >= paragraph.depth:
            self.headings.pop()
        above = self.headings[-1][1] if self.headings else self.top
        node = above.add(Node(Kind.CLAUSE, None, id_of_heading(paragraph.text), heading=paragraph.text))
        self.headings.append((paragraph.depth, node))
        self.latest = self.base = node
        self.lists = []

    def _annex(self, annex: Annex) -> None:
        self.top = self.root.add(Node(Kind.ANNEX, None, annex.printed, heading=annex.title))
        self.levels, self.lists, self.headings = [], [], []
        self.latest = self.base = self.top

    def _above(self, depth: int) -> Node:
        """The node that holds what stands at a depth of the levels."""
        return next((level.node for level in reversed(self.levels[: max(depth, 0)]) if level.open), self.top)

    def _level(self, place: Place, number: Number) -> Node:
        node = self._above(place.depth).add(Node(Kind.ARTICLE, number, number.canonical))
        if place.opens:
            self.levels.insert(place.depth, _Level(number.style, node))
        else:
            self.levels[place.depth] = _Level(number.style, node)
        for level in self.levels[place.depth + 1 :]:
            level.open = False
        return node

    def _item(self, place: Place, number: Number, text: str) -> None:
        depth = min(place.depth, len(self.lists))
        owner = self.lists[depth - 1] if depth else self.base or self.top
        if number.style is Style.DOTTED:
            owner = self._dotted_owner(depth, number.path) or owner
        node = owner.add(Node(Kind.ITEM, number, number.as_item, texts=[text]))
        if number.style is Style.DOTTED:
            self.dotted_items[depth, number.path] = node
        self.lists[depth:] = [node]
        self.latest = node

    def _dotted_owner(self, depth: int, path: tuple[int, ...]) -> Node | None:
        known = (self.dotted_items.get((depth, path[:cut])) for cut in range(len(path) - 1, 1, -1))
        return next((node for node in known if node is not None and node.parent in self.lists), None)

    def _continue(self, paragraph: Paragraph) -> None:
        owner = self.latest
        if owner is None:
            owner = self.latest = self.base = self.root.add(Node(Kind.PREAMBLE, None, "前言"))
        if paragraph.row:
            table = owner.children[-1] if owner.children and owner.children[-1].kind is Kind.TABLE else None
            table = table or owner.add(Node(Kind.TABLE, None, "表"))
            table.texts.append(paragraph.text)
        elif not owner.heading and _heads(owner, paragraph):
            owner.heading = paragraph.text.strip("【】")
        else:
            owner.texts.append(paragraph.text)

    def finish(self) -> list[Repair]:
        late = sum(rehang(top) for top in holders(self.root))
        for top in [self.root, *(node for node in self.root.children if node.kind is Kind.ANNEX)]:
            _mark_closing(top)
        _name(self.root)
        return [Repair(Mended.LATE, late, f"{late} article headings moved back before their clauses")] if late else []


def _fill(node: Node, paragraph: Paragraph) -> None:
    heading, _, text = paragraph.text.partition("\n")
    if text:
        node.kind, node.heading, node.texts = Kind.DEFINITION, heading, [text]
    elif paragraph.is_heading:
        node.heading = paragraph.text[1:-1] if paragraph.text.startswith("【") else paragraph.text
    elif paragraph.text:
        node.texts.append(paragraph.text)


def _heads(owner: Node, paragraph: Paragraph) -> bool:
    """Whether an unnumbered paragraph is the heading of what it stands in: the preamble, an annex, or a number alone on its line."""
    if owner.kind is Kind.PREAMBLE:
        return bool(_PREAMBLE_HEADING.fullmatch(paragraph.text.strip("【】")))
    if owner.kind is Kind.ANNEX or (owner.number is not None and owner.kind is not Kind.ITEM and not owner.number.rest):
        return not owner.texts and not owner.children and paragraph.is_heading
    return False


def _mark_closing(top: Node) -> None:
    """The signature under the last clause, a short unpunctuated line after a finished sentence, is a closing of its own."""
    last = next((node for node in reversed(top.children) if node.kind is not Kind.ANNEX), None)
    while last is not None and last.children:
        last = last.children[-1]
    if last is None or len(last.texts) < 2 or not last.texts[-2].endswith(("。", "）", ")", "！")):
        return
    line = last.texts[-1]
    if len(line) <= 40 and not any(mark in line for mark in "。；，："):
        closing = Node(Kind.CLOSING, None, "落款", texts=[last.texts.pop()], parent=top)
        position = next((i for i, node in enumerate(top.children) if node.kind is Kind.ANNEX), len(top.children))
        top.children.insert(position, closing)


def _name(root: Node) -> None:
    """Tell headings and definitions by what stands under them: `12.1 完整协议：` above its text, terms under 名词解释."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for child in node.children:
            if child.kind is Kind.CLAUSE and not child.heading and len(child.texts) > 1 and len(child.texts[0]) <= 12:
                if child.texts[0].endswith(("：", ":")):
                    child.heading = child.texts.pop(0)
            if child.kind is Kind.CLAUSE and node.kind is Kind.ARTICLE and _DEFINITIONS.fullmatch(node.heading):
                child.kind = Kind.DEFINITION
        waiting += node.children
