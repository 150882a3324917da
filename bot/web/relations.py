"""What agreements say of each other, in sentences for people, each with the clause it is read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from answering.answer import Language
from bot.links import clause_path
from bot.wording import say
from retrieval.clause import Agreement
from retrieval.precedence import Edge, Relation

_HOLE = "\ue000"
_OWN = {Relation.PREVAILS: "page_prevails", Relation.SUPPLEMENTS: "page_supplements", Relation.FALLS_BACK: "page_falls_back"}
_THEIRS = {Relation.PREVAILS: "page_yields", Relation.SUPPLEMENTS: "page_supplemented", Relation.FALLS_BACK: "page_fallen_back_on"}


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence about an agreement and `others`, names with addresses, which stand between `before` and `after`; and where it is read."""

    before: str
    others: tuple[tuple[str, str], ...]
    after: str
    place: str
    href: str
    sentence: str


def relations_of(key: str, edges: Iterable[Edge], held: Mapping[str, Agreement], language: Language) -> list[Told]:
    """What the texts say of an agreement and others, what it says of itself first."""
    grouped: dict[tuple[bool, Relation, tuple[str, str]], list[Edge]] = {}
    for edge in edges:
        if key in (edge.source, edge.target):
            grouped.setdefault((edge.source != key, edge.relation, edge.clause), []).append(edge)
    told: list[Told] = []
    for (theirs, relation, clause), said in sorted(grouped.items(), key=lambda item: item[0][0]):
        names = [edge.source if theirs else edge.target for edge in said]
        others = tuple((f"《{held[name].title}》", clause_path(name)) if name in held else (f"《{name}》", "") for name in names)
        before, _, after = say((_THEIRS if theirs else _OWN)[relation], language, others=_HOLE).partition(_HOLE)
        place = clause[1] if clause[0] == key else f"《{held[clause[0]].names[0]}》{clause[1]}"
        told.append(Told(before, others, after, place, clause_path(*clause), said[0].sentence))
    return told
