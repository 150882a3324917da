"""The label of a clause and its two parts: 《腾讯乐享服务协议》 and 2.2.3."""

from __future__ import annotations

from collections.abc import Mapping

from retrieval.clause import Agreement, Clause


def parts_of(label: str) -> tuple[str, str]:
    """The title in its brackets, and the place."""
    title, bracket, place = label.rpartition("》")
    return title + bracket, place


def short_label(clause: Clause, agreements: Mapping[str, Agreement]) -> str:
    """The label with what people call the agreement: 《乐享》2.2.3; the label itself where `agreements` does not have it."""
    agreement = agreements.get(clause.agreement)
    return f"《{agreement.names[0]}》{parts_of(clause.label)[1]}" if agreement else clause.label
