from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import log2
from typing import Any

import pytest

from eval.metrics import Judge, Score, slices, summarise
from eval.questions import EvalCase, Gold

_REFUND = Gold("cloud", "1.2", "自然日内可以申请全额退款", True)
_FORCE = Gold("cloud", "2.1", "双方均不承担责任", True)
_SIX = [("cloud", "1.1"), ("cloud", "1.2"), ("phone", "1.1"), ("phone", "1.2"), ("cloud", "1.2.1"), ("cloud", "2.1")]

MakeCase = Callable[..., EvalCase]
MakeRow = Callable[..., dict[str, Any]]


def _optional(*golds: Gold) -> tuple[Gold, ...]:
    return tuple(replace(gold, required=False) for gold in golds)


def test_recall_at_k_is_the_share_of_required_clauses_among_the_first_k(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> None:
    values = judge.score(make_case(gold=(_REFUND, _FORCE)), make_row([], _SIX)).values  # at ranks 2 and 6
    assert [values[f"recall@{k}"] for k in (1, 3, 5, 10)] == [0.0, 0.5, 0.5, 1.0]
    assert values["mrr"] == 0.5
    assert values["ndcg@10"] == pytest.approx((1 / log2(3) + 1 / log2(7)) / (1 + 1 / log2(3)))


def test_where_any_clause_suffices_the_first_one_found_is_full_recall(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> None:
    values = judge.score(make_case(gold=_optional(_REFUND, _FORCE)), make_row([], _SIX)).values
    assert [values[f"recall@{k}"] for k in (1, 3, 5, 10)] == [0.0, 1.0, 1.0, 1.0]
    assert values["ndcg@10"] == pytest.approx(1 / log2(3))


def test_an_optional_clause_beside_a_required_one_need_not_be_found(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> None:
    gold = (_REFUND, *_optional(_FORCE))
    values = judge.score(make_case(gold=gold), make_row([("cloud", "1.2")], [("cloud", "1.2")])).values
    assert (values["recall@1"], values["citation_recall"], values["citation_precision"]) == (1.0, 1.0, 1.0)
    both = judge.score(make_case(gold=gold), make_row([("cloud", "1.2"), ("cloud", "2.1")])).values
    assert both["citation_precision"] == 1.0


def test_nothing_found_is_zero_not_left_out(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> None:
    values = judge.score(make_case(), make_row()).values
    assert (values["recall@10"], values["mrr"], values["ndcg@10"], values["citation_recall"]) == (0.0, 0.0, 0.0, 0.0)
    assert values["citation_precision"] is None


def test_retrieval_says_nothing_of_a_question_without_an_answer(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> None:
    values = judge.score(make_case(expect="refuse"), make_row([], _SIX)).values
    assert [values[name] for name in ("recall@1", "mrr", "ndcg@10", "citation_recall", "over_refusal")] == [None] * 5


@pytest.mark.parametrize(
    ("anchor", "ref", "holds"),
    [
        ("自然日内可以申请全额退款", ("cloud", "1.2"), True),
        ("7 个自 然日\n内可以|申请", ("cloud", "1.2"), True),  # white space and table bars do not count
        ("自然日内可以申请全额退款", ("cloud", "1.2.1"), False),
        ("已收取的费用不予退还", ("phone", "1.1"), False),  # the words are there, but the gold is of another agreement
        ("自然日内可以申请全额退款", ("cloud", "9.9"), False),
    ],
)
def test_the_anchor_decides_which_clause_is_meant(judge: Judge, anchor: str, ref: tuple[str, str], holds: bool) -> None:
    assert judge.holds(ref, Gold("cloud", "1.2", anchor, True)) is holds


def test_citation_recall_and_precision(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> None:
    row = make_row([("cloud", "1.2"), ("cloud", "1.1"), ("phone", "1.1")])
    values = judge.score(make_case(gold=(_REFUND, _FORCE)), row).values
    assert values["citation_recall"] == 1 / 2
    assert values["citation_precision"] == pytest.approx(1 / 3)


def test_clauses_that_are_also_ok_count_neither_way(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> None:
    case = make_case(also_ok=frozenset({("cloud", "1.1"), ("cloud", "1.2")}))
    assert judge.score(case, make_row([("cloud", "1.2"), ("cloud", "1.1")])).values["citation_precision"] == 1.0
    assert judge.score(case, make_row([("cloud", "1.1")])).values["citation_precision"] is None
    assert judge.score(case, make_row([("cloud", "1.1")])).values["citation_recall"] == 0.0


@pytest.mark.parametrize(
    ("gold", "cited", "near"),
    [
        (_REFUND, "1.2.1", 1.0),  # a child of the gold clause
        (Gold("cloud", "1.2.1", "退款申请须由管理员在后台", True), "1.2", 1.0),  # its parent
        (Gold("cloud", "1.2.1", "退款申请须由管理员在后台", True), "1.2.2", 0.0),  # a sibling
    ],
)
def test_near_accepts_parent_and_child_and_no_more(
    judge: Judge, make_case: MakeCase, make_row: MakeRow, gold: Gold, cited: str, near: float
) -> None:
    values = judge.score(make_case(gold=(gold,)), make_row([("cloud", cited)])).values
    assert (values["citation_recall"], values["citation_precision"]) == (0.0, 0.0)
    assert (values["citation_recall_near"], values["citation_precision_near"]) == (near, near)


def test_a_false_answer_is_counted_and_has_no_precision(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> None:
    wrong = judge.score(make_case(expect="refuse"), make_row([("phone", "1.1")])).values
    assert (wrong["false_answer"], wrong["citation_precision"]) == (1.0, 0.0)
    right = judge.score(make_case(expect="refuse"), make_row()).values
    assert (right["false_answer"], right["citation_precision"]) == (0.0, None)


@pytest.mark.parametrize(("status", "over"), [("answered", 0.0), ("not_covered", 1.0), ("out_of_scope", 1.0), ("clarify", 1.0)])
def test_what_is_written_but_not_answered_is_an_over_refusal(
    judge: Judge, make_case: MakeCase, make_row: MakeRow, status: str, over: float
) -> None:
    assert judge.score(make_case(), make_row(status=status)).values["over_refusal"] == over


def test_a_citation_of_no_clause_is_fabricated(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> None:
    row = make_row([("cloud", "1.2"), ("cloud", "1.1")])
    row["citations"][1]["id"] = "8.8"
    values = judge.score(make_case(), row).values
    assert (values["fabricated"], values["quotes_not_verbatim"]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("quote", "wrong"),
    [("服务开通后7个自然日内", 0.0), ("服务开通后 7 个\n自然日内", 0.0), ("服务开通后 8 个自然日内", 1.0), (" ", 1.0)],
)
def test_a_quote_is_verbatim_but_for_white_space(judge: Judge, make_case: MakeCase, make_row: MakeRow, quote: str, wrong: float) -> None:
    row = make_row([("cloud", "1.2")])
    row["citations"][0]["quote"] = quote
    assert judge.score(make_case(), row).values["quotes_not_verbatim"] == wrong


@pytest.mark.parametrize(
    ("points", "share"),
    [
        (("7个自然日内可申请全额退款",), 1.0),
        (("8个自然日内可申请全额退款",), 0.0),  # the figure is not in the answer
        (("七个自然日内可申请全额退款", "退款由管理员在后台提交申请"), 0.5),
    ],
)
def test_an_answer_point_is_borne_by_its_words_and_all_of_its_figures(
    judge: Judge, make_case: MakeCase, make_row: MakeRow, points: tuple[str, ...], share: float
) -> None:
    assert judge.score(make_case(answer_points=points), make_row([("cloud", "1.2")])).values["answer_points"] == share


def test_a_crash_stays_in_the_denominators_and_has_no_latency(judge: Judge, make_case: MakeCase) -> None:
    score = judge.score(make_case(), {"status": "error", "error": "ValueError: x"})
    assert (score.missed, score.values["crash"]) == ("crash", 1.0)
    assert (score.values["citation_recall"], score.values["recall@5"], score.values["over_refusal"]) == (0.0, 0.0, 0.0)
    assert score.values["latency_ms"] is None


def test_every_case_is_missed_for_the_reason_it_was_made_for(scores: list[Score]) -> None:
    assert [score.missed for score in scores] == ["", *(score.case.id for score in scores[1:])]


def test_means_leave_out_the_cases_a_metric_says_nothing_of(scores: list[Score]) -> None:
    summary = summarise(scores)
    expected = {
        "citation_recall": ((1 + 0 + 0.5 + 0 + 0 + 0) / 6, 6),
        "citation_precision": ((1 + 0 + 1 + 0 + 0) / 5, 5),
        "recall@1": ((1 + 0 + 0.5 + 0 + 0 + 0) / 6, 6),
        "false_answer": (1.0, 1),
        "over_refusal": (2 / 6, 6),
        "clarified": (0.0, 1),
    }
    assert {name: summary[name].value for name in expected} == pytest.approx({name: value for name, (value, _) in expected.items()})
    assert {name: summary[name].n for name in expected} == {name: n for name, (_, n) in expected.items()}
    assert "answer_points" not in summary  # no case has any


def test_promises_are_summed_over_all_cases(scores: list[Score]) -> None:
    summary = summarise(scores)
    assert (summary["crash"].value, summary["crash"].n, summary["crash"].low) == (1.0, 8, None)
    assert (summary["fabricated"].value, summary["fabricated"].n) == (0.0, 8)


def test_latency_is_told_as_percentiles(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> None:
    scores = [judge.score(make_case(id=str(at)), make_row(latency_ms=float(at))) for at in range(101)]
    summary = summarise(scores)
    assert (summary["latency_p50_ms"].value, summary["latency_p95_ms"].value, summary["latency_p95_ms"].n) == (50.0, 95.0, 101)


def test_the_interval_is_the_same_every_time_and_about_right(judge: Judge, make_case: MakeCase, make_row: MakeRow) -> None:
    right, wrong = make_row([("cloud", "1.2")]), make_row([("cloud", "1.1")])
    scores = [judge.score(make_case(id=str(at)), right if at % 2 else wrong) for at in range(100)]
    recall = summarise(scores)["citation_recall"]
    assert recall == summarise(scores)["citation_recall"]
    assert recall.value == 0.5
    assert recall.low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.02)  # the normal approximation
    assert recall.high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.02)


def test_slices_hold_every_case_once(scores: list[Score]) -> None:
    found = slices(scores)
    assert {name: sum(map(len, parts.values())) for name, parts in found.items()} == dict.fromkeys(
        ("agreement", "style", "language", "expect"), len(scores)
    )
    assert {label: len(part) for label, part in found["agreement"].items()} == {
        "cloud": 4, "none named": 2, "phone": 1, "several named": 1,
    }  # fmt: skip
    assert [score.case.id for score in found["language"]["en"]] == ["refusal"]
