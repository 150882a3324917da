"""Precedence: which agreement supplements which, and which one prevails where two differ, as the texts themselves say."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from retrieval.clause import Agreement, Clause
from retrieval.sentences import sentence_spans
from retrieval.titles import Mention, Titles

# In the sentences looked at, every document is one letter: the agreement itself, or the document of that place.
_SELF, _FIRST, _LAST = "\ue000", "\ue100", "\ue8ff"
_LETTERS = re.compile(f"[{_SELF}-{_LAST}]")
_OWN_NAME = re.compile(
    r"本(?:(?:补充|服务|使用|许可)?(?:协议|合同|规则|声明|政策|规范|指引|办法)|(?:服务|使用|许可)条款)(?!的?(?:附[件录]|[\u4e00-\u9fff]{1,3}版本))"
)
_DOCUMENT = f"[{_FIRST}-{_LAST}]"
_ANY = f"[{_SELF}{_FIRST}-{_LAST}]"
_ASIDE = r"(?:\s*[（(][^（）()]*[）)])*"
_DOCUMENTS = rf"{_DOCUMENT}{_ASIDE}(?:\s*(?:[、，,/]|以及|和|及|与|或)?\s*{_DOCUMENT}{_ASIDE})*"
_SUPPLEMENTS = re.compile(
    rf"(?P<this>{_ANY})[^，。；不非]{{0,6}}?(?:视为|作为|构成|属于|是|系|为)\s*对?(?P<those>{_DOCUMENTS}|{_SELF})[^，。；]{{0,8}}?补充(?![资材说])"
)
_PART_OF = re.compile(
    rf"(?P<this>{_SELF})[^，。；不非]{{0,6}}?(?:视为|作为|构成|属于|是|系|为)\s*(?P<those>{_DOCUMENTS})[^，。；]{{0,12}}?(?:组成部分|一部分)"
)
_FALLS_BACK = re.compile(rf"(?P<this>{_SELF})?未尽事宜[，,]?[^，。；]{{0,8}}?(?P<those>{_DOCUMENTS})")
_DIFFER = re.compile("冲突|不一致|不相一致|抵触|矛盾|不同|相悖|出入|歧义|不符")
_WINS = re.compile(
    rf"(?:以|按照?|依照?)\s*(?P<those>{_SELF}|{_DOCUMENTS}){_ASIDE}(?:[中的之]?(?:相关|具体)?(?:规定|约定|内容|条款|条文))?(?:为准|执行|优先)"
)
_GOES_FIRST = re.compile(
    rf"(?P<one>{_ANY}){_ASIDE}(?:的?(?:规定|约定|条款|内容))?(?:的?(?:法律)?效力)?(?:应当?|将)?(?:优先适用|(?P<than>优先于|高于)(?P<those>[^，。；]*))"
)
_EXCEPTED = re.compile(r"除[^，。；]*?外[，,]?|[，,]?但[^。；]*除外")
_REFERS_BACK = re.compile("上述|前述|以上|该等|此等")
_REFERS_TO_ANY = re.compile("任何|其他|其它|相关")


class Relation(StrEnum):
    """What a text says of its agreement and another."""

    SUPPLEMENTS = "supplement_of"
    PREVAILS = "prevails_over"
    FALLS_BACK = "falls_back_on"


_SAID = {Relation.SUPPLEMENTS: "是{}的补充协议", Relation.PREVAILS: "与{}不一致时优先", Relation.FALLS_BACK: "未尽事宜适用{}"}


@dataclass(frozen=True, slots=True)
class Edge:
    """`source` supplements, prevails over or falls back on `target`: keys of agreements we hold, titles of others.

    `clause` (`Clause.ref`) and `sentence` are where it is read from; the clause need not be one of the source.
    """

    source: str
    relation: Relation
    target: str
    clause: tuple[str, str]
    sentence: str


@dataclass(frozen=True, slots=True)
class Precedence:
    """What the texts say of each other."""

    edges: tuple[Edge, ...]
    titles: dict[str, str] = field(default_factory=dict)

    def chain(self, winner: str, other: str) -> tuple[Edge, ...]:
        """The fewest statements from which it follows that `winner` prevails over `other`; empty where it does not.

        What prevails over an agreement prevails over what that one prevails over; what only supplements it takes part in its rank
        against others, but is not said to prevail over it. So the last statement is always one of prevailing.
        """
        paths: list[tuple[Edge, ...]] = [()]
        seen = {winner}
        while paths:
            longer: list[tuple[Edge, ...]] = []
            for path in paths:
                here = path[-1].target if path else winner
                for edge in self.edges:
                    if edge.source == here and edge.relation is Relation.PREVAILS and edge.target == other:
                        return (*path, edge)
                    if edge.source == here and edge.relation is not Relation.FALLS_BACK and edge.target not in seen:
                        longer.append((*path, edge))
            seen |= {path[-1].target for path in longer}
            paths = longer
        return ()

    def prevailing(self, a: str, b: str) -> tuple[str, tuple[str, str]] | None:
        """Which of two agreements (keys or titles) prevails, and the clause that says so; the first clause where it takes several.

        None where the texts do not say, or say both.
        """
        forth, back = self.chain(a, b), self.chain(b, a)
        if bool(forth) == bool(back):
            return None
        return (a, forth[0].clause) if forth else (b, back[0].clause)

    def text(self) -> str:
        """One line a statement: 《甲协议》与《乙协议》不一致时优先（《甲协议》1.3.1：“本协议与上述内容存在冲突的，以本协议为准。”）."""
        return "\n".join(
            f"{self._title(edge.source)}{_SAID[edge.relation].format(self._title(edge.target))}"
            f"（{self._title(edge.clause[0])}{edge.clause[1]}：“{edge.sentence}”）"
            for edge in self.edges
        )

    def _title(self, name: str) -> str:
        return f"《{self.titles.get(name, name)}》"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What the catalog and the texts, or two texts, do not say alike. `clause` is where the text says it."""

    agreement: str
    other: str
    said: str
    clause: tuple[str, str] | None = None


def precedence(clauses: Iterable[Clause], agreements: Sequence[Agreement]) -> Precedence:
    """What the clauses of a library say of which agreement goes before which."""
    clauses = list(clauses)
    titles = Titles(agreements, clauses)
    edges: dict[tuple[str, Relation, str, tuple[str, str]], Edge] = {}
    above: tuple[str, ...] = ()
    place: tuple[str, str | None] | None = None
    for clause in clauses:
        if (clause.agreement, clause.parent) != place:
            above, place = (), (clause.agreement, clause.parent)
        said, above = _edges(clause, titles.mentions(clause), above)
        for edge in said:
            edges.setdefault((edge.source, edge.relation, edge.target, edge.clause), edge)
    return Precedence(tuple(_in_effect(edges.values(), agreements, titles)), {agreement.key: agreement.title for agreement in agreements})


def _in_effect(edges: Iterable[Edge], agreements: Sequence[Agreement], titles: Titles) -> Iterator[Edge]:
    """The statements that count: of a text that nobody has looked through only those that somebody confirmed."""
    confirmed = {
        agreement.key: {
            (
                titles.name(source, agreement.key) if source else agreement.key,
                relation,
                titles.name(target, agreement.key) if target else agreement.key,
            )
            for source, relation, target in agreement.relations
        }
        for agreement in agreements
        if agreement.relations is not None
    }
    for edge in edges:
        known = confirmed.get(edge.clause[0])
        if known is None or (edge.source, edge.relation.value, edge.target) in known:
            yield edge


def disagreements(found: Precedence, agreements: Sequence[Agreement]) -> list[Disagreement]:
    """Where the `supplements` of the catalog and the texts differ, and where texts contradict each other."""
    titles = Titles(agreements, ())
    wrong: list[Disagreement] = []
    for agreement in agreements:
        said = [edge for edge in found.edges if edge.source == agreement.key and edge.relation is not Relation.PREVAILS]
        listed = [other if other in found.titles else titles.name(other) for other in agreement.supplements]
        spoken = {edge.target for edge in said}
        wrong += [Disagreement(agreement.key, other, "目录说是其补充协议，文本没有这样说") for other in listed if other not in spoken]
        wrong += [
            Disagreement(agreement.key, edge.target, "文本说是其补充协议，目录没有列出", edge.clause)
            for edge in said
            if edge.relation is Relation.SUPPLEMENTS and edge.target not in listed
        ]
    first = {(edge.source, edge.target): edge for edge in reversed(found.edges) if edge.relation is Relation.PREVAILS}
    for (source, target), edge in first.items():
        if (target, source) in first and source < target:
            wrong.append(Disagreement(source, target, "两处文本各说一方优先", edge.clause))
    return wrong


def _edges(clause: Clause, mentions: Sequence[Mention], above: tuple[str, ...]) -> tuple[list[Edge], tuple[str, ...]]:
    """The statements of one clause, and the documents that 上述内容 would mean after it.

    Those are the documents of the nearest sentence that names any; `above` are those before the clause. 任何协议 means at least
    those which the clause itself has named.
    """

    def names(letter: str) -> tuple[str, ...]:
        return (clause.agreement,) if letter == _SELF else mentions[ord(letter) - ord(_FIRST)].targets

    edges: list[Edge] = []
    named: tuple[str, ...] = ()
    letters_of: dict[tuple[str, ...], str] = {}
    for at, mention in enumerate(mentions):
        letters_of.setdefault(mention.targets, chr(min(ord(_FIRST) + at, ord(_LAST) + 1)))
    text = _LETTERS.sub(" ", clause.text)  # PDF extraction leaves such characters behind for symbols
    starts = [mention.start for mention in mentions]
    for start, end in sentence_spans(clause.text):
        within = mentions[bisect_left(starts, start) : bisect_left(starts, end)]
        said = _lettered(clause, text, start, end, within, letters_of)
        for source, relation, letters in _statements(said):
            targets: Sequence[str] = [name for letter in letters for name in names(letter)]
            if not targets and _REFERS_BACK.search(said):
                targets = named or above
            elif not targets and _REFERS_TO_ANY.search(said):
                targets = named
            edges += [
                Edge(one, relation, other, clause.ref, clause.text[start:end])
                for one in names(source)
                for other in dict.fromkeys(targets)
                if other != one
            ]
        named = tuple(name for letter in re.findall(_DOCUMENT, said) for name in names(letter)) or named
    return edges, named or above


def _lettered(clause: Clause, text: str, start: int, end: int, mentions: Sequence[Mention], letters: Mapping[tuple[str, ...], str]) -> str:
    """A sentence with every document in it as one letter; annexes, being no other agreements, are left out."""
    said, at = "", start
    for mention in mentions:
        if mention.end <= end:
            letter = _SELF if mention.targets == (clause.agreement,) else letters[mention.targets]
            said += _OWN_NAME.sub(_SELF, text[at : mention.start]) + ("" if mention.annexes else letter)
            at = mention.end
    return said + _OWN_NAME.sub(_SELF, text[at:end])


def _statements(said: str) -> Iterator[tuple[str, Relation, list[str]]]:
    """What a sentence says: of which document, what, and of which others. No others: the sentence does not name them."""
    said = _EXCEPTED.sub("", said)
    for form, relation in ((_SUPPLEMENTS, Relation.SUPPLEMENTS), (_PART_OF, Relation.SUPPLEMENTS), (_FALLS_BACK, Relation.FALLS_BACK)):
        for found in form.finditer(said):
            yield found["this"] or _SELF, relation, re.findall(_ANY, found["those"])
    if wins := _WINS.search(said) if _DIFFER.search(said) else None:
        winners = re.findall(_ANY, wins["those"])
        for winner in winners:
            yield winner, Relation.PREVAILS, [letter for letter in re.findall(_ANY, said) if letter not in winners]
    elif first := _GOES_FIRST.search(said):
        those = first["those"] if first["than"] else said
        yield first["one"], Relation.PREVAILS, [letter for letter in re.findall(_ANY, those) if letter != first["one"]]
