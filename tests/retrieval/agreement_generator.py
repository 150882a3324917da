"""Random agreements: a clause tree in one of several dialects, and the lines that print it. Says itself what the tree is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.retrieval.agreement_words import CHINESE, ENGLISH, Words, cjk, roman

TITLE = "云服务合作协议"


@dataclass(frozen=True)
class Form:
    """One level of a dialect: how number `n` is printed, what follows it, and how it is named in ids.

    `kind` is what the clause is told to be. `dotted`: the number goes on from the one above (4.2 under 4). `goes_on`: numbers do not
    begin again under the next parent. `headed`: what share of the clauses has a heading and no text.
    """

    kind: str
    printed: Callable[[int], str]
    named: Callable[[int], str]
    after: str = ""
    dotted: bool = False
    goes_on: bool = False
    headed: float = 0.0


@dataclass
class Made:
    """A clause of a made agreement. `number` is its value in its list; `parts` the values of a dotted number."""

    form: Form | None
    kind: str
    printed: str
    named: str
    after: str = ""
    heading: str = ""
    paragraphs: list[str] = field(default_factory=list)
    children: list[Made] = field(default_factory=list)
    parts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Dialect:
    """How one family of agreements numbers its clauses, the outermost level first, and the lists that may hang under any clause."""

    name: str
    words: Words
    levels: tuple[Form, ...]
    lists: tuple[Form, ...]
    annex: tuple[Form, ...] = ()
    annexes: str = ""  # how they are called


def _ordinal(unit: str, goes_on: bool = False, headed: float = 1.0) -> Form:
    return Form("article", lambda n: f"第{cjk(n)}{unit}", lambda n: f"第{cjk(n)}{unit}", " ", goes_on=goes_on, headed=headed)


def _item(mark: Callable[[int], str], opening: str, closing: str, after: str = "") -> Form:
    named = (lambda n: mark(n)) if not opening and not closing else (lambda n: f"（{mark(n)}）")
    return Form("item", lambda n: f"{opening}{mark(n)}{closing}", named, after)


def _letter(n: int) -> str:
    return chr(ord("a") + n - 1)


_DOTTED = Form("clause", str, str, " ", dotted=True, headed=0.2)
_DEEPER = Form("clause", str, str, " ", dotted=True)
_SINGLE = Form("article", str, str, ". ", headed=1.0)
_BARE = Form("article", str, str, " ", headed=1.0)
_ENUMERATED = Form("article", cjk, cjk, "、", headed=1.0)
_BRACKETED = _item(str, "（", "）")
_HALF = _item(str, "", ")", " ")
_CJK_ITEM = _item(cjk, "（", "）")
_CIRCLED = _item(lambda n: "①②③④⑤⑥⑦⑧⑨⑩"[n - 1], "", "")
_LETTERED = _item(_letter, "(", ")", " ")
_ROMAN_ITEM = _item(roman, "(", ")", " ")
_CAPITAL_ITEM = _item(lambda n: _letter(n).upper(), "(", ")", " ")
_SINGLE_ITEM = Form("item", str, lambda n: f"（{n}）", ". ")
_LETTER_DOT = Form("item", _letter, lambda n: f"（{_letter(n)}）", ". ")


def _word(word: str, mark: Callable[[int], str], after: str = ". ", headed: float = 1.0, goes_on: bool = False) -> Form:
    return Form("article", lambda n: f"{word} {mark(n)}", lambda n: f"{word} {mark(n)}", after, headed=headed, goes_on=goes_on)


_CAPITAL = Form("article", lambda n: _letter(n).upper(), lambda n: _letter(n).upper(), ". ", headed=1.0)
_ROMAN = Form("article", lambda n: roman(n).upper(), lambda n: roman(n).upper(), ". ", headed=1.0)

DIALECTS: tuple[Dialect, ...] = (
    Dialect("第一条 1.1", CHINESE, (_ordinal("条"), _DOTTED, _DEEPER), (_BRACKETED, _CIRCLED), (_SINGLE, _DEEPER), "附件"),
    Dialect("一、 1.1", CHINESE, (_ENUMERATED, _DOTTED, _DEEPER, _DEEPER), (_HALF, _LETTERED), (_SINGLE, _DEEPER), "附件"),
    Dialect("1. 1.1", CHINESE, (_SINGLE, _DOTTED, _DEEPER), (_BRACKETED, _LETTERED), (_ENUMERATED, _DOTTED), "附录"),
    Dialect("1 1.1", CHINESE, (_BARE, _DOTTED, _DEEPER), (_LETTERED, _HALF), (_BARE, _DEEPER), "附件"),
    Dialect("第一章 第一条", CHINESE, (_ordinal("章"), _ordinal("条", goes_on=True, headed=0.0)), (_CJK_ITEM, _SINGLE_ITEM, _BRACKETED)),
    Dialect(
        "第一编 第一章 第一节 第一条",
        CHINESE,
        (_ordinal("编"), _ordinal("章"), _ordinal("节"), _ordinal("条", goes_on=True, headed=0.0)),
        (_CJK_ITEM,),
    ),
    Dialect("第一部分 第一条", CHINESE, (_ordinal("部分"), _ordinal("条", headed=0.5)), (_BRACKETED,), (_SINGLE, _DEEPER), "附件"),
    Dialect("一、（一）1.（1）①", CHINESE, (_ENUMERATED,), (_CJK_ITEM, _SINGLE_ITEM, _BRACKETED, _CIRCLED), (_ENUMERATED,), "附件"),
    Dialect("第一条 1.", CHINESE, (_ordinal("条", headed=0.6),), (_SINGLE_ITEM, _BRACKETED), (_ordinal("条"),), "附件"),
    Dialect("1.1 alone", CHINESE, (Form("", str, str, dotted=True), _DEEPER, _DEEPER), (_BRACKETED,)),
    Dialect(
        "Article I, Section 1.01",
        ENGLISH,
        (_word("ARTICLE", lambda n: roman(n).upper(), " "), _DOTTED),
        (_LETTERED, _ROMAN_ITEM, _CAPITAL_ITEM),
    ),
    Dialect("1. 1.1 (a) (i)", ENGLISH, (_SINGLE, _DOTTED, _DEEPER), (_LETTERED, _ROMAN_ITEM), (_SINGLE, _DEEPER), "Schedule"),
    Dialect("A. 1. a.", ENGLISH, (_CAPITAL,), (_SINGLE_ITEM, _LETTER_DOT)),
    Dialect(
        "I. A. 1.",
        ENGLISH,
        (_ROMAN,),
        (Form("item", lambda n: _letter(n).upper(), lambda n: f"（{_letter(n).upper()}）", ". "), _SINGLE_ITEM),
    ),
    Dialect("Section 1", ENGLISH, (_word("Section", str, headed=0.5),), (_LETTERED, _ROMAN_ITEM), (_SINGLE, _DEEPER), "Exhibit"),
)


def made_agreement(random: Random, dialect: Dialect, most: int = 9) -> list[Made]:
    """The clauses of a random agreement, the outermost ones, in reading order; no list is longer than `most`, from 4."""
    found: list[Made] = []
    words = dialect.words
    if random.random() < 0.7:
        found.append(Made(None, "preamble", "前言", "前言", paragraphs=[words.sentence(random) for _ in range(random.randint(1, 3))]))
    found += _Grower(random, dialect, dialect.levels, most).grown()
    if dialect.annexes and random.random() < 0.5:
        for at in range(1, random.randint(1, 3) + 1):
            found.append(_annex(random, dialect, at, most))
    return found


def _annex(random: Random, dialect: Dialect, at: int, most: int) -> Made:
    words = dialect.words
    latin = dialect.annexes.isascii()
    name = f"{dialect.annexes} {at}" if latin else f"{dialect.annexes}{cjk(at)}"
    annex = Made(None, "annex", name, name, " – " if latin else "：", heading=words.heading(random))
    if random.random() < 0.4:
        annex.paragraphs.append(words.sentence(random))
    annex.children = _Grower(random, dialect, dialect.annex, most).grown()
    return annex


class _Grower:
    """Grows the clauses of one part in the levels given."""

    def __init__(self, random: Random, dialect: Dialect, levels: Sequence[Form], most: int) -> None:
        self.random, self.dialect, self.levels, self.most = random, dialect, levels, most
        self.words = dialect.words
        self.last: Counter[int] = Counter()  # of the levels that go on

    def grown(self) -> list[Made]:
        return self._level(0, ())

    def _level(self, depth: int, above: tuple[int, ...]) -> list[Made]:
        form = self.levels[depth]
        deepest = depth + 1 == len(self.levels)
        count = self.random.randint(3, self.most) if depth == 0 else self.random.randint(2, min(6, self.most))
        if form.goes_on or (form.printed(1).startswith("第") and depth + 1 < len(self.levels) and depth):
            count = self.random.randint(2, min(5, self.most - 1))
        found: list[Made] = []
        for n in range(1, count + 1):
            value = n
            if form.goes_on:
                self.last[depth] += 1
                value = self.last[depth]
            parts = (*above, value)
            if form.kind == "":  # the first part of 1.1 is not printed by itself
                found += self._level(depth + 1, parts)
                continue
            printed, named = (".".join(map(str, parts)),) * 2 if form.dotted else (form.printed(value), form.named(value))
            made = Made(form, form.kind, printed, named, form.after, parts=parts)
            self._fill(made, deepest)
            if not deepest and (made.heading or self.random.random() < 0.3):
                counted = parts if form.dotted or self.levels[depth + 1].dotted else ()
                made.children = self._level(depth + 1, counted if form.dotted else (value,))
            elif made.paragraphs and self.random.random() < (0.3 if len(self.levels) > 1 else 0.6):
                made.paragraphs[-1] = self.words.leading(self.random)
                made.children = self._list(0)
            if made.heading == self.words.defining and form.kind == "article":
                for child in made.children:
                    child.kind = "definition" if child.kind == "clause" else child.kind
            found.append(made)
        return found

    def _fill(self, made: Made, deepest: bool) -> None:
        assert made.form is not None
        if self.random.random() < made.form.headed:
            made.heading = self.words.heading(self.random)
        if not made.heading or (deepest and made.form.kind == "article"):
            made.paragraphs = [self.words.sentence(self.random) for _ in range(self.random.choice((1, 1, 1, 2)))]

    def _list(self, depth: int) -> list[Made]:
        form = self.dialect.lists[depth]
        count = self.random.randint(2, min(6, self.most))
        found: list[Made] = []
        for n in range(1, count + 1):
            made = Made(form, "item", form.printed(n), form.named(n), form.after)
            made.paragraphs = [self.words.item(self.random, n == count)]
            if depth + 1 < len(self.dialect.lists) and self.random.random() < 0.2:
                made.paragraphs = [self.words.leading(self.random)]
                made.children = self._list(depth + 1)
            found.append(made)
        return found


def expected(clauses: Sequence[Made]) -> list[tuple[str, str | None, str, str, str]]:
    """What a parser should find: id, parent, kind, heading and text of every clause, without white space in the last two."""
    used: Counter[str] = Counter()
    found: list[tuple[str, str | None, str, str, str]] = []

    def walk(made: Made, parent: str | None, annex: str) -> None:
        place = f"{parent}{made.named}" if made.kind == "item" and parent else made.named
        base = f"{annex}/{place}" if annex and not place.startswith(f"{annex}/") else place
        used[base] += 1
        own = base if used[base] == 1 else f"{base}#{used[base]}"
        found.append((own, parent, made.kind, _plain(made.heading), _plain("".join(made.paragraphs))))
        for child in made.children:
            walk(child, own, made.named if made.kind == "annex" else annex)

    for made in clauses:
        walk(made, None, "")
    return found


def _plain(text: str) -> str:
    return "".join(text.split())


def every(clauses: Sequence[Made]) -> Iterator[Made]:
    """All clauses in reading order."""
    for made in clauses:
        yield made
        yield from every(made.children)
