"""A library of two small agreements, and a run over it in which a case is missed for every reason there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from eval.metrics import Judge, Score, slices, summarise
from eval.questions import EvalCase, Gold
from eval.results import Facts, Results, from_json, to_json
from retrieval.library import Library

_CLOUD = """云协议

一、服务
1.1 您应当在开通前完成实名认证，并保证资料真实。
1.2 服务开通后 7 个自然日内可以申请全额退款。
1.2.1 退款申请须由管理员在后台提交。
1.2.2 退款在 15 个工作日内退回原账户。
二、责任
2.1 因不可抗力造成的中断，双方均不承担责任。
"""
_PHONE = """话费协议

一、费用
1.1 套餐费用按月收取，已收取的费用不予退还。
1.2 号码停机满 90 日后可以被收回。
"""

Ref = tuple[str, str]
REFUND = Gold("cloud", "1.2", "自然日内可以申请全额退款", True)
FORCE = Gold("cloud", "2.1", "双方均不承担责任", True)

MakeCase = Callable[..., EvalCase]
MakeRow = Callable[..., dict[str, Any]]


@pytest.fixture
def library(make_library: Callable[[Mapping[str, str]], Library]) -> Library:
    return make_library({"cloud": _CLOUD, "phone": _PHONE})


@pytest.fixture
def judge(library: Library) -> Judge:
    return Judge(library)


@pytest.fixture
def make_case() -> MakeCase:
    """A question whose answer is the refund clause, unless told otherwise."""
    plain = EvalCase("q", "几天内能退款？", "zh", "direct", "answer", (), ("cloud",), (REFUND,), frozenset(), (), "")

    def make(**changes: Any) -> EvalCase:
        if changes.get("expect", "answer") != "answer":
            changes.setdefault("gold", ())
        return replace(plain, **changes)

    return make


@pytest.fixture
def make_row(library: Library) -> MakeRow:
    """An answer in its public form: answered where clauses are cited, refused where none is."""
    clauses = {clause.ref: clause for clause in library.clauses()}

    def cite(ref: Ref) -> dict[str, str]:
        clause = clauses[ref]
        return {"agreement": ref[0], "id": ref[1], "number": clause.number, "label": clause.label, "quote": clause.text}

    def make(cited: list[Ref] = [], retrieved: list[Ref] = [], **changes: Any) -> dict[str, Any]:  # noqa: B006
        citations = [cite(ref) for ref in cited]
        text = "\n".join(f"{citation['quote']}（{citation['label']}）" for citation in citations)
        row = {
            "status": "answered" if cited else "not_covered",
            "text": text or "现有协议里没有写到这一点。",
            "statements": [{"text": citation["quote"], "citations": [at]} for at, citation in enumerate(citations)],
            "citations": citations,
            "retrieved": [{"agreement": agreement, "id": id, "score": 0.5} for agreement, id in retrieved],
            "withheld": [],
            "confidence": 0.9 if cited else 0.4,
            "threshold": 0.7,
            "tokens": {"prompt": 0, "completion": 0},
            "latency_ms": 10.0,
        }
        return row | changes

    return make


@pytest.fixture
def scores(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> list[Score]:
    """One case that came out right, then one missed for each reason, its id the reason."""
    withheld = [{"text": "30 日内可退。", "reason": "figure_not_in_clause"}]
    refund, force, real = ("cloud", "1.2"), ("cloud", "2.1"), ("cloud", "1.1")
    answered = [
        (make_case(id="right"), make_row([refund], [refund, real])),
        (make_case(id="retrieval", style="typo", agreements=()), make_row([real], [real])),
        (make_case(id="selection", gold=(REFUND, FORCE), style="multi_clause"), make_row([refund], [refund, real, force])),
        (make_case(id="verification", style="number"), make_row([], [real, refund], withheld=withheld)),
        (make_case(id="refusal", lang="en", agreements=("cloud", "phone")), make_row([], [real, force, force, refund])),
        (make_case(id="false_answer", expect="refuse", style="unanswerable", agreements=("phone",)), make_row([("phone", "1.2")])),
        (make_case(id="clarify", expect="clarify", style="ambiguous_number", agreements=()), make_row([real])),
        (make_case(id="crash"), {"status": "error", "error": "TypeError: 坏了"}),
    ]
    return [judge.score(case, row) for case, row in answered]


@pytest.fixture
def facts() -> Facts:
    return Facts("extractive", "p1", "l1", "2026-01-05", ("dev.jsonl",))


@pytest.fixture
def results(scores: list[Score], facts: Facts) -> Results:
    return from_json(to_json(scores, summarise(scores), slices(scores), facts))
