from __future__ import annotations

from answering.limits import limit_of
from retrieval.clause import Clause, Hit, Kind
from retrieval.library import Library


def _clause(number: str, text: str, *, parent: str = "四", agreement: str = "x", kind: Kind = Kind.CLAUSE) -> Clause:
    return Clause(agreement, number, number, 1, kind, 2, parent, "", text, False, f"《某协议》{number}")


_GRANT = _clause("4.7", "开通七日内，您有权要求退款。")
_DENIAL = _clause("4.9", "增值服务一经购买，您无权要求退款。")
_QUESTION = "几天内可以退款"


def _limit(*hits: tuple[Clause, float], question: str = _QUESTION, printed: tuple[str, ...] = ()) -> Clause | None:
    return limit_of(question, [Hit(clause, score) for clause, score in hits], printed)


def test_the_clause_beside_that_denies_what_the_best_one_grants_is_the_limit() -> None:
    assert _limit((_GRANT, 0.9), (_DENIAL, 0.6)) == _DENIAL


def test_it_is_found_among_other_hits() -> None:
    assert _limit((_GRANT, 0.9), (_clause("4.8", "发票另行邮寄。"), 0.8), (_DENIAL, 0.6)) == _DENIAL


def test_the_shipped_refund_clause_has_its_limit(shipped: Library) -> None:
    clauses = {clause.id: clause for clause in shipped.clauses(["qidian"])}
    assert _limit((clauses["4.7"], 0.9), (clauses["4.8"], 0.8), (clauses["4.9"], 0.5)) == clauses["4.9"]


def test_no_hits_have_no_limit() -> None:
    assert limit_of(_QUESTION, [], ()) is None


def test_a_clause_that_grants_nothing_has_no_limit() -> None:
    assert _limit((_clause("4.7", "退款按月结算。"), 0.9), (_DENIAL, 0.6)) is None


def test_a_clause_that_denies_itself_has_no_limit() -> None:
    assert _limit((_clause("4.7", "续费不予退款，您可以续用。"), 0.9), (_DENIAL, 0.6)) is None


def test_a_clause_far_behind_is_no_limit() -> None:
    assert _limit((_GRANT, 0.9), (_DENIAL, 0.26)) is None
    assert _limit((_GRANT, 0.9), (_DENIAL, 0.28)) == _DENIAL


def test_a_clause_elsewhere_is_no_limit() -> None:
    for elsewhere in (
        _clause("5.1", _DENIAL.text, parent="五"),
        _clause("4.9", _DENIAL.text, agreement="y"),
        _clause("4.9", _DENIAL.text, kind=Kind.DEFINITION),
    ):
        assert _limit((_GRANT, 0.9), (elsewhere, 0.6)) is None


def test_a_clause_that_denies_something_else_than_is_asked_is_no_limit() -> None:
    assert _limit((_GRANT, 0.9), (_clause("4.9", "您无权转让账号。"), 0.6)) is None


def test_a_clause_that_also_grants_is_no_limit() -> None:
    assert _limit((_GRANT, 0.9), (_clause("4.8", "三十日后无权要求退款，但可以换购。"), 0.6)) is None


def test_a_denial_in_the_words_that_agreements_print_for_the_question_is_a_limit() -> None:
    assert _limit((_GRANT, 0.9), (_DENIAL, 0.6), question="买错了把钱要回来行吗") is None
    assert _limit((_GRANT, 0.9), (_DENIAL, 0.6), question="买错了把钱要回来行吗", printed=("退款",)) == _DENIAL
