"""Which clauses of one agreement a written number means."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice, takewhile
from operator import itemgetter

from retrieval.addresses import Address, Step, Unit, mark_value
from retrieval.clause import Clause, Kind
from retrieval.links import Links
from retrieval.numbering import printed_numbers

_UNITS = "条章编节目分"  # the last characters of 第一条, 第一部分 and the like
_DOTTED = re.compile(r"\d+(?:\.\d+)+")
_ANNEX = re.compile(r"附[件录](?P<value>.*)")
_QUOTED = re.compile(r"(?=([“\"「『][^“”\"「」『』]+[”\"」』]))")


class Places:
    """The clauses of one agreement by their numbers.

    A number printed twice means both clauses. In an annex a number is the annex's own where it has it, else the body's.
    """

    def __init__(self, clauses: Iterable[Clause]) -> None:
        self.clauses = list(clauses)
        self.links = Links(self.clauses)
        self._paths = {clause.id: path_of(clause) for clause in self.clauses}
        self._parts: dict[str | None, list[Clause]] = {}
        self._by_path: dict[tuple[str | None, tuple[int | str, ...]], list[Clause]] = {}
        self._styles: dict[str | None, str] = {}  # of the first article of each part
        self._positions: dict[str, int] = {}  # in their parts
        self._kin: dict[tuple[str | None, Kind, bool], list[Clause]] = {}
        self._rank: dict[str, int] = {}  # among their kin
        for clause in self.clauses:
            part = part_of(clause)
            kin = self._kin.setdefault((clause.parent, clause.kind, clause.annex), [])
            self._rank.setdefault(clause.id, len(kin))
            kin.append(clause)
            self._positions.setdefault(clause.id, len(self._parts.setdefault(part, [])))
            self._parts[part].append(clause)
            self._by_path.setdefault((part, self._paths[clause.id]), []).append(clause)
            if clause.kind is Kind.ARTICLE:
                self._styles.setdefault(part, _style(clause))

    def find(self, address: Address, annex: str | None, around: Sequence[Clause] = ()) -> tuple[list[Clause], bool]:
        """The clauses an address means, and whether all of it is there. `annex` is where it is looked for (None: the body);
        `around` are the clauses, the nearest first, in one of which a mere 第二款 or 第（三）项 counts."""
        first, *inner = address.steps
        if first.is_relative:
            here = next((within for clause in around if (within := self._within(clause, first))), [])
        else:
            here = self._numbered(first, annex)
        for step in inner:
            if step.is_relative:
                here = [within for clause in here for within in self._within(clause, step)]
            elif here:  # 第五条第5.3条, 第四章第二条: the number says it all, unless each chapter begins anew
                below = [under for clause in here for child in self._below(clause) for under in self.links.subtree(child)]
                named = self._numbered(step, annex)
                here = [clause for clause in named if clause in below] or named
        if address.until is None or not here:
            return here, bool(here)
        return self._through(here, address.until)

    def annexes(self, value: int | str | None) -> list[Clause]:
        """The annexes of a number, all of them where none is given."""
        return [clause for clause in self._kin.get((None, Kind.ANNEX, True), ()) if value in (None, _annex_value(clause))]

    def headed(self, heading: str, annex: str | None) -> list[Clause]:
        """The clauses that have this heading; of one within another only the outer."""
        named = self._headed.get((annex, heading), []) if heading else []
        highest = min((clause.level for clause in named), default=0)
        return [clause for clause in named if clause.level == highest]

    def part(self, annex: str | None) -> list[Clause]:
        """The clauses of an annex, or of the body."""
        return self._parts.get(annex, [])

    def earlier(self, clause: Clause) -> list[Clause]:
        """The clauses of the same rank before this one, under the same parent, the nearest last."""
        return self._kin[clause.parent, clause.kind, clause.annex][: self._rank[clause.id]]

    def headed_before(self, clause: Clause, words: str) -> str:
        """The longest heading, of more than two characters, of an earlier clause of the same part that the words begin with; empty
        where there is none."""
        part = part_of(clause)
        for size in range(min(len(words), self._longest_heading), 2, -1):
            if (known := self._headed.get((part, words[:size]))) and self._positions[known[0].id] < self._positions[clause.id]:
                return words[:size]
        return ""

    def quoted_before(self, clause: Clause, term: str, at: int) -> Clause | None:
        """The clause before this one, of the same part, where a term last stood in quotes; None where it did so in this clause before `at`."""
        quoted = self._quoted.get((part_of(clause), term), [])
        here = bisect_left(quoted, self._positions[clause.id], key=itemgetter(0))
        if here < len(quoted) and quoted[here][1].id == clause.id and quoted[here][2] + len(term) <= at:
            return None
        return quoted[here - 1][1] if here else None

    @cached_property
    def _headed(self) -> dict[tuple[str | None, str], list[Clause]]:
        found: dict[tuple[str | None, str], list[Clause]] = {}
        for part, clauses in self._parts.items():
            for clause in clauses:
                if clause.heading:
                    found.setdefault((part, clean_heading(clause.heading)), []).append(clause)
        return found

    @cached_property
    def _longest_heading(self) -> int:
        return max((len(heading) for _, heading in self._headed), default=0)

    @cached_property
    def _quoted(self) -> dict[tuple[str | None, str], list[tuple[int, Clause, int]]]:
        """Where each term first stands in quotes in each clause of a part, by the position of the clause."""
        found: dict[tuple[str | None, str], list[tuple[int, Clause, int]]] = {}
        for part, clauses in self._parts.items():
            for position, clause in enumerate(clauses):
                for term in _QUOTED.finditer(clause.text):
                    places = found.setdefault((part, term[1]), [])
                    if not places or places[-1][0] != position:
                        places.append((position, clause, term.start()))
        return found

    def _numbered(self, step: Step, annex: str | None) -> list[Clause]:
        found = [clause for clause in self._by_path.get((annex, step.path), ()) if self._is(clause, step)]
        for style in (str(step.unit), self._styles.get(annex, "")):  # 第一条, or 一、, not the 1. of a list that also looks like an article
            if chosen := [clause for clause in found if clause.kind is Kind.ARTICLE and _style(clause) == style]:
                return chosen
        return found

    def _is(self, clause: Clause, step: Step) -> bool:
        if clause.kind is Kind.ITEM:
            return False
        printed = clause.number[-1:] if clause.kind is Kind.ARTICLE else ""
        return step.unit is Unit.NONE or printed not in _UNITS or printed == step.unit

    def _within(self, clause: Clause, step: Step) -> list[Clause]:
        """The 款 or 项 of a clause: a clause or item under it, or one of its own paragraphs, which has no clause of its own."""
        value = step.path[0]
        below = self._below(clause)
        items = [child for child in below if child.kind is Kind.ITEM]
        numbered = [child for child in below if child.kind not in (Kind.ITEM, Kind.TABLE)]
        # 1. and 2. right under an article are its 款; after a sentence of its own they are the 项 of that.
        paragraphs = items if clause.kind is Kind.ARTICLE and not clause.text else []
        for group in (items, numbered) if step.unit is Unit.ITEM else (numbered, paragraphs):
            if found := [child for child in group if (path := self._paths[child.id]) and path[-1] == value]:
                return found
        if step.unit is Unit.ITEM:
            deeper = [child for child in self.links.subtree(clause) if child.kind is Kind.ITEM and self._paths[child.id] == (value,)]
            return deeper if len(deeper) == 1 else []
        own = clause.text.count("\n") + 1 if clause.text else 0
        return [clause] if not numbered and isinstance(value, int) and value <= own else []

    def _below(self, clause: Clause) -> list[Clause]:
        """What stands under a clause; under an article without clauses of its own also the articles of another style that follow it,
        as 第一条 under 第一章, or 1. and 2. under 第一条."""
        children = self.links.children(clause)
        if clause.kind is not Kind.ARTICLE or any(child.kind is not Kind.ITEM for child in children):
            return children
        if not clause.number or clause.number.isdigit():
            return children
        return [*children, *takewhile(lambda other: _style(other) != _style(clause), self._following(clause))]

    def _following(self, clause: Clause) -> Iterator[Clause]:
        """The clauses of the same rank after this one, under the same parent."""
        kin = self._kin[clause.parent, clause.kind, clause.annex]
        part = part_of(clause)
        return (other for other in islice(kin, self._rank[clause.id] + 1, None) if part_of(other) == part)

    def _through(self, first: Sequence[Clause], last: Step) -> tuple[list[Clause], bool]:
        """The clauses from `first` to the one that ends with `last`, its siblings, and whether both ends are there."""
        begin = self._paths[first[0].id]
        end = last.path if len(last.path) == len(begin) else (*begin[:-1], *last.path[-1:])
        part = part_of(first[0])
        kin = [clause for clause in self._kin[first[0].parent, first[0].kind, first[0].annex] if part_of(clause) == part]
        if first[0].kind is Kind.ARTICLE:
            # Articles count on over the chapters that hold them, unless each chapter begins anew.
            if not any(self._paths[clause.id] == end for clause in kin):
                kin = [clause for clause in self.part(part) if clause.kind is Kind.ARTICLE]
            kin = [clause for clause in kin if clause.number[-1:] == first[0].number[-1:] or not clause.number.startswith("第")]
        low, high = begin[-1], end[-1]
        if begin[:-1] != end[:-1] or type(low) is not type(high):
            return list(first), False
        between = [clause for clause in kin if (path := self._paths[clause.id]) and _lies(low, path[-1], high)]
        return between, any(self._paths[clause.id] == end for clause in between)


def _lies(low: int | str, value: int | str, high: int | str) -> bool:
    if isinstance(low, int) and isinstance(value, int) and isinstance(high, int):
        return low <= value <= high
    return isinstance(low, str) and isinstance(value, str) and isinstance(high, str) and low <= value <= high


def _style(article: Clause) -> str:
    return article.number[-1:] if article.number[-1:] in tuple(_UNITS) else "1" if article.number.isdigit() else "一"


def part_of(clause: Clause) -> str | None:
    """The annex a clause stands in, the annex itself included; None in the body."""
    return re.split("[/#]", clause.id)[0] if clause.annex else None


def path_of(clause: Clause) -> tuple[int | str, ...]:
    """The value of a clause's number as addresses write it; empty where it has none."""
    number = clause.number
    if clause.kind is Kind.ITEM:
        mark = number.strip("（()） ")
        return (mark_value(mark),) if re.fullmatch(r"\d{1,3}|[a-zA-Z]|[〇零一二三四五六七八九十百]+", mark) else ()
    if _DOTTED.fullmatch(number):
        return tuple(int(part) for part in number.split("."))
    if clause.kind in (Kind.ANNEX, Kind.PREAMBLE, Kind.CLOSING, Kind.TABLE):
        return ()
    article = next(iter(printed_numbers(number)), None)
    return article.path if article else ()


def clean_heading(heading: str) -> str:
    """A heading without brackets, white space and the colon after it."""
    return re.sub(r"[\s【】]|[：:]$", "", heading)


def _annex_value(clause: Clause) -> int | str | None:
    written = _ANNEX.match(clause.number)
    return mark_value(written["value"]) if written and written["value"] else None
