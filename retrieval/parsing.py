"""Lines -> the logical clause tree of an agreement, whatever order the source prints it in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from retrieval.clause import Clause, Kind
from retrieval.furniture import Furniture
from retrieval.numbering import Number, Style
from retrieval.paragraphs import Paragraph, split_paragraphs
from retrieval.reading import Line
from retrieval.repairs import pair_displaced_definitions, without_contents, without_title

PARSER_VERSION = "2"  # raise it when the same text gives another tree: stored trees are then made anew

_PREAMBLE_HEADING = re.compile(r"(?:首部|导言|前言|序言|引言|首部及导言|总述)")
_DEFINITIONS = re.compile(r"(?:名词|术语)?(?:定义|解释|释义)(?:[与和及](?:定义|解释|释义))?")
_ORDINALS = "零一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed agreement: clauses in logical reading order, what was left out, and what was mended on which evidence."""

    clauses: tuple[Clause, ...]
    furniture: tuple[Furniture, ...]
    repairs: tuple[str, ...]


@dataclass(slots=True)
class _Node:
    kind: Kind
    number: Number | None
    printed: str
    heading: str = ""
    texts: list[str] = field(default_factory=list)
    children: list[_Node] = field(default_factory=list)
    parent: _Node | None = None

    def add(self, child: _Node) -> _Node:
        child.parent = self
        self.children.append(child)
        return child


def parse(lines: Sequence[Line], *, agreement: str, title: str) -> Parsed:
    """The clause tree of one agreement. `title` makes the labels; a line that only prints it is furniture."""
    paragraphs, furniture = split_paragraphs(lines)
    repairs: list[str] = []
    paragraphs, titles = without_title(paragraphs, title)
    paragraphs, contents = without_contents(paragraphs)
    pair_displaced_definitions(paragraphs, repairs)
    root = _tree(paragraphs, repairs)
    clauses = tuple(_flatten(root, agreement, title))
    return Parsed(clauses, tuple(sorted([*furniture, *titles, *contents], key=lambda item: item.line)), tuple(repairs))


def _tree(paragraphs: Sequence[Paragraph], repairs: list[str]) -> _Node:
    root = _Node(Kind.PREAMBLE, None, "")
    builder = _Builder(root)
    for paragraph in paragraphs:
        builder.place(paragraph)
    builder.finish(repairs)
    return root


class _Builder:
    """Places paragraphs in the tree by their numbers; printed order only decides what the numbers leave open."""

    def __init__(self, root: _Node) -> None:
        self.root = root
        self.top = root  # the document or the annex that is being read
        self.articles: dict[int, _Node] = {}
        self.dotted: dict[tuple[int, ...], _Node] = {}
        self.latest: _Node | None = None  # the last numbered clause; unnumbered text belongs to it
        self.lists: list[tuple[Style, _Node]] = []
        self.base: _Node | None = None  # what the open list of items hangs under

    def place(self, paragraph: Paragraph) -> None:
        if paragraph.annex is not None:
            node = _Node(Kind.ANNEX, None, paragraph.annex, heading=paragraph.text)
            self.top = self.root.add(node)
            self.articles, self.dotted, self.lists = {}, {}, []
            self.latest = self.base = node
        elif paragraph.number is None:
            self._continue(paragraph)
        elif paragraph.number.style.is_item or (paragraph.number.style is Style.SINGLE and self._has_articles()):
            self._item(paragraph, paragraph.number)
        else:
            self._numbered(paragraph, paragraph.number)

    def _continue(self, paragraph: Paragraph) -> None:
        owner = self.latest
        if owner is None:
            owner = self.latest = self.base = self.root.add(_Node(Kind.PREAMBLE, None, "前言"))
        if paragraph.row:
            table = owner.children[-1] if owner.children and owner.children[-1].kind is Kind.TABLE else None
            table = table or owner.add(_Node(Kind.TABLE, None, "表"))
            table.texts.append(paragraph.text)
        elif not owner.heading and _heads(owner, paragraph):
            owner.heading = paragraph.text.strip("【】")
        else:
            owner.texts.append(paragraph.text)

    def _numbered(self, paragraph: Paragraph, number: Number) -> None:
        path = number.path
        if number.style.is_top or number.style is Style.SINGLE:
            node = _Node(Kind.ARTICLE, number, number.canonical)
            self.top.add(node)
            self.articles.setdefault(path[0], node)
            self.dotted.setdefault(path, node)
        else:
            node = _Node(Kind.CLAUSE, number, number.canonical)
            self.top.add(node)  # re-hung by finish(), when every article is known
            self.dotted.setdefault(path, node)
        _fill(node, paragraph)
        self.latest = self.base = node
        self.lists = []

    def _has_articles(self) -> bool:
        """Whether this part prints 第一条 or 一、: a plain 1. then counts inside of an article."""
        return any(node.number is not None and node.number.style.is_top for node in self.articles.values())

    def _item(self, paragraph: Paragraph, number: Number) -> None:
        styles = [style for style, _ in self.lists]
        if number.style in styles:
            depth = styles.index(number.style)
            owner = self.lists[depth][1].parent or self.top
            self.lists = self.lists[:depth]
        else:
            owner = self.lists[-1][1] if self.lists else (self.base or self.top)
        printed = f"（{number.canonical}）" if number.style is Style.SINGLE else number.canonical
        node = owner.add(_Node(Kind.ITEM, number, printed))
        node.texts.append(paragraph.text)
        self.lists.append((number.style, node))
        self.latest = node

    def finish(self, repairs: list[str]) -> None:
        for top in [self.root, *(node for node in self.root.children if node.kind is Kind.ANNEX)]:
            moved = _rehang(top)
            if moved:
                repairs.append(f"{moved} article headings moved back before their clauses")
            _mark_closing(top)
            _name(top)


def _heads(owner: _Node, paragraph: Paragraph) -> bool:
    """Whether an unnumbered paragraph is the heading of the preamble or the annex it stands in."""
    if owner.kind is Kind.PREAMBLE:
        return bool(_PREAMBLE_HEADING.fullmatch(paragraph.text.strip("【】")))
    return owner.kind is Kind.ANNEX and not owner.texts and paragraph.is_heading


def _name(node: _Node) -> None:
    """Tell headings and definitions by what stands under them: `12.1 完整协议：` above its text, terms under 名词解释."""
    for child in node.children:
        if child.kind is Kind.CLAUSE and not child.heading and len(child.texts) > 1 and len(child.texts[0]) <= 12:
            if child.texts[0].endswith(("：", ":")):
                child.heading = child.texts.pop(0)
        if child.kind is Kind.CLAUSE and node.kind is Kind.ARTICLE and _DEFINITIONS.fullmatch(node.heading):
            child.kind = Kind.DEFINITION
        _name(child)


def _fill(node: _Node, paragraph: Paragraph) -> None:
    heading, _, text = paragraph.text.partition("\n")
    if text:
        node.kind, node.heading, node.texts = Kind.DEFINITION, heading, [text]
    elif paragraph.is_heading:
        node.heading = paragraph.text[1:-1] if paragraph.text.startswith("【") else paragraph.text
    elif paragraph.text:
        node.texts.append(paragraph.text)


def _rehang(top: _Node) -> int:
    """Hang every dotted clause under its parent by number, articles in order of their numbers. Returns how many articles moved."""
    nodes = [node for node in top.children if node.number is not None]
    others = [node for node in top.children if node.number is None]
    articles = [node for node in nodes if node.kind is Kind.ARTICLE]
    by_index = {node.number.path[0]: node for node in reversed(articles) if node.number}
    by_path: dict[tuple[int, ...], _Node] = {}
    placed: list[_Node] = []
    moved: set[int] = set()
    for node in nodes:
        assert node.number is not None
        path = node.number.path
        if node.kind is Kind.ARTICLE:
            if id(node) not in moved:
                placed.append(node)
            continue
        parent = next((by_path[path[:cut]] for cut in range(len(path) - 1, 1, -1) if path[:cut] in by_path), None)
        parent = parent or by_index.get(path[0])
        if parent is not None:
            if parent.kind is Kind.ARTICLE and parent not in placed:
                moved.add(id(parent))
                placed.append(parent)
            node.parent = parent
            siblings = parent.children
            siblings.append(node)
        else:
            placed.append(node)
        by_path.setdefault(path, node)
    first = [node for node in others if node.kind is Kind.PREAMBLE]
    top.children = [*first, *placed, *(node for node in others if node not in first)]
    return len(moved)


def _mark_closing(top: _Node) -> None:
    """The signature under the last clause, a short unpunctuated line after a finished sentence, is a closing of its own."""
    last = next((node for node in reversed(top.children) if node.kind is not Kind.ANNEX), None)
    while last is not None and last.children:
        last = last.children[-1]
    if last is None or len(last.texts) < 2 or not last.texts[-2].endswith(("。", "）", ")", "！")):
        return
    line = last.texts[-1]
    if len(line) <= 40 and not any(mark in line for mark in "。；，："):
        closing = _Node(Kind.CLOSING, None, "落款", texts=[last.texts.pop()])
        position = next((i for i, node in enumerate(top.children) if node.kind is Kind.ANNEX), len(top.children))
        closing.parent = top
        top.children.insert(position, closing)


def _flatten(root: _Node, agreement: str, title: str) -> list[Clause]:
    clauses: list[Clause] = []
    used: Counter[str] = Counter()

    def walk(node: _Node, parent: Clause | None, annex: str | None) -> None:
        annex = node.printed if node.kind is Kind.ANNEX else annex
        place = _place(node, parent)
        base = f"{annex}/{place}" if annex and node.kind is not Kind.ANNEX and not place.startswith(f"{annex}/") else place
        used[base] += 1
        occurrence = used[base]
        shown = base.replace("/", " ", 1) if annex else base
        clause = Clause(
            agreement=agreement,
            id=base if occurrence == 1 else f"{base}#{occurrence}",
            number=node.number.printed if node.number else node.printed,
            occurrence=occurrence,
            kind=node.kind,
            level=parent.level + 1 if parent else 1,
            parent=parent.id if parent else None,
            heading=node.heading,
            text="\n".join(node.texts),
            annex=annex is not None,
            label=f"《{title}》{shown}" + (f"（第{_ordinal(occurrence)}处）" if occurrence > 1 else ""),
        )
        clauses.append(clause)
        for child in node.children:
            walk(child, clause, annex)

    for node in root.children:
        walk(node, None, None)
    return clauses


def _place(node: _Node, parent: Clause | None) -> str:
    """The id of a node before it is made unique: items and tables under their clause, everything else by its number."""
    if node.kind in (Kind.ITEM, Kind.TABLE) and parent is not None:
        return f"{parent.id}{node.printed}"
    return node.printed


def _ordinal(number: int) -> str:
    return _ORDINALS[number] if number <= 10 else str(number)
