"""What the text of an agreement says about it, for a person to confirm: nothing of it counts before."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from retrieval.clause import Agreement, Clause
from retrieval.dates_said import dates_said
from retrieval.definitions import Definition, definitions, is_everyday
from retrieval.facts import Fact, FactKind
from retrieval.names_said import names_said
from retrieval.parties_said import parties_said
from retrieval.precedence import precedence

_LONGEST_TERM = 20
_OF_THIS = re.compile(r"^本(?:法|条例|规定|办法|协议|合同|政策|条款|章程)(?:所称的?|中的?)")
# Words that begin a sentence which only looks like a definition, or that are no noun.
_NO_TERM = re.compile(r"^(?:本|前款|前述|上述|该|其|而|即|如|若|当|在|对|因|适用|同意|用户同意|您所|你所|你的|您的|我们的)|的$|[《》<>{}]")


def facts_read(agreement: Agreement, clauses: Sequence[Clause], others: Sequence[Agreement]) -> list[Fact]:
    """What a text says: names, parties, dates, relations to other agreements, terms, in this order and each once.

    `clauses` are the agreement's own; `others` are the agreements of the library beside it. Names and dates that are known already are
    read as well; see `proposed`.
    """
    others = [other for other in others if other.key != agreement.key]
    parties = parties_said(clauses)
    taken = {name.lower() for other in others for name in (*other.names, other.title)}
    plain = replace(agreement, names=(agreement.title,))
    bare = [fact.value for fact in parties] + list(agreement.parties)
    found = [
        *names_said(plain, clauses, bare, taken),
        *parties,
        *dates_said(clauses),
        *_relations(agreement, clauses, others),
        *_terms(definitions(clauses)),
    ]
    return list({fact.said: fact for fact in reversed(found)}.values())[::-1]


def proposed(agreement: Agreement, read: Sequence[Fact], confirmed: Collection[Fact]) -> list[Fact]:
    """What was read and is not known of the agreement yet. A date that somebody gave goes before one that is read."""
    names = {name.lower() for name in agreement.names}
    dates = {FactKind.SIGNED: agreement.signed, FactKind.UPDATED: agreement.updated, FactKind.EFFECTIVE: agreement.effective}
    known = {fact.said for fact in confirmed}
    known |= {(FactKind.PARTY, "", party) for party in agreement.parties}
    known |= {(FactKind(relation), source, target) for source, relation, target in agreement.relations or ()}
    return [
        fact
        for fact in read
        if fact.said not in known
        and not (fact.kind is FactKind.NAME and fact.value.lower() in names)
        and not (fact.kind is FactKind.PARTY and agreement.parties)
        and dates.get(fact.kind) is None
    ]


def _relations(agreement: Agreement, clauses: Sequence[Clause], others: Sequence[Agreement]) -> Iterator[Fact]:
    own = replace(agreement, relations=None)
    found = precedence(clauses, [own, *others])

    def title(name: str) -> str:
        return "" if name == agreement.key else found.titles.get(name, name)

    for edge in found.edges:
        yield Fact(FactKind(edge.relation.value), title(edge.target), edge.clause[1], edge.sentence, title(edge.source))


def _terms(found: Sequence[Definition]) -> Iterator[Fact]:
    for definition in found:
        term = _OF_THIS.sub("", definition.term)
        if 2 <= len(term) <= _LONGEST_TERM and not is_everyday(term) and not _NO_TERM.search(term):
            yield Fact(FactKind.TERM, term, definition.clause[1], definition.sentence)
