"""What becomes of the facts of an agreement when a person confirms some, and when its next version comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from retrieval.clause import Agreement, Clause
from retrieval.errors import AgreementRefused
from retrieval.facts import RELATIONS, Fact, FactKind, still_said, with_facts
from retrieval.proposals import facts_read
from retrieval.versions import Kept, Version


def confirmed(version: Version, facts: Iterable[Fact], kept: Kept) -> Version:
    """The newest version of an agreement with these facts taken into what is known of it.

    Raises AgreementRefused where the catalog says what is known of it, or where a name is another's.
    """
    if version.shipped:
        raise AgreementRefused(f"《{version.agreement.title}》（{version.key}）是自带的协议，它的资料写在目录里，不用确认")
    facts = list(facts)
    for other in kept.agreements.values():
        names = {name.lower() for name in (*other.names, other.title)}
        for fact in facts:
            if fact.kind is FactKind.NAME and other.key != version.key and fact.value.lower() in names:
                raise AgreementRefused(f"“{fact.value}”已是《{other.title}》（{other.key}）的叫法，不能再用")
    return replace(version, agreement=with_facts(version.agreement, facts))


def carried(
    agreement: Agreement, confirmed: Sequence[Fact], before: Sequence[Clause], after: Sequence[Clause], others: Sequence[Agreement]
) -> tuple[Agreement, list[Fact]]:
    """What is known of an agreement in its next version, whose clauses are `after`, and which of the `confirmed` facts hold for it.

    Of what the text says about other agreements only that counts which counted before and which it still says; the rest waits to be
    confirmed.
    """
    read = facts_read(agreement, after, others)
    counted = agreement.relations
    if counted is None:
        counted = _relations(facts_read(agreement, before, others))
    now = set(_relations(read))
    return replace(agreement, signed=None, relations=tuple(one for one in counted if one in now)), still_said(confirmed, read)


def _relations(facts: Iterable[Fact]) -> tuple[tuple[str, str, str], ...]:
    return tuple((fact.source, fact.kind.value, fact.value) for fact in facts if fact.kind in RELATIONS)
