from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from retrieval.clause import Clause, Kind
from retrieval.features import FEATURES, LIKELY_SIGNALS, SIGNALS, TEXT_FEATURES, Features
from retrieval.index import Index
from retrieval.lexical import LexicalIndex
from retrieval.lexicon import Lexicon
from retrieval.likely import LikelyQuestion
from retrieval.links import Links
from retrieval.ranking import Ranking
from retrieval.search import Search


def _clause(number: str, text: str, heading: str = "", parent: str | None = None) -> Clause:
    return Clause("cloud", number, number, 1, Kind.CLAUSE, 1, parent, heading, text, False, f"《云协议》{number}")


_FEES = _clause("1", "", "费用")
_REFUND = _clause("1.1", "您应当在三十个自然日内完成支付，逾期的，按百分之五计收违约金。退款转回原账户。", parent="1")
_INVOICE = _clause("1.2", "甲方开具发票。", "发票", "1")
_CLAUSES = [_FEES, _REFUND, _INVOICE]
_LIKELY = {_INVOICE.ref: [LikelyQuestion("lay", "报销单据"), LikelyQuestion("lay", "凭证领取")]}


@pytest.fixture
def lexical(tmp_path: Path) -> LexicalIndex:
    LexicalIndex.build(tmp_path / "words", _CLAUSES, Links(_CLAUSES), _LIKELY)
    return LexicalIndex(tmp_path / "words")


@pytest.fixture
def features(lexical: LexicalIndex) -> Features:
    return Features(lexical)


def _of(features: Features, question: str, clause: Clause, signals: Mapping[str, float] | None = None) -> dict[str, float]:
    (values,) = features.of(features.weights(question), [_CLAUSES.index(clause)], [signals or {}])
    return dict(zip(FEATURES, values, strict=True))


def test_every_value_is_in_0_to_1(shipped_index: Index) -> None:
    """Of clauses found, and of clauses asked for in their own words or in those of a likely question, where shares are highest."""
    search = Search(shipped_index, Ranking.load(), Lexicon.load())
    features = Features(shipped_index.lexical)
    rows: list[Sequence[float]] = []
    for position in range(0, len(shipped_index.clauses), 29):
        clause = shipped_index.clauses[position]
        likely = [question.text for question in shipped_index.likely.get(clause.ref, ())][:2]
        for question in [clause.text, *likely, "退款", "谁赔", "的", "", "？"]:
            rows += features.of(features.weights(question), [position], [{}])
            rows += [hit.features for hit in search.find(question)]
    assert len(rows) > 500
    # A share is a sum over a sum: its last bit may be wrong.
    assert all(-1e-12 <= value <= 1 + 1e-12 for row in rows for value in row)
    assert all(max(column) > 0.5 for column in zip(*rows, strict=True))


def test_coverage_is_the_idf_weighted_share_of_the_bigrams_of_a_question(features: Features, lexical: LexicalIndex) -> None:
    weights = {pair: lexical.idf(pair) for pair in ("退款", "款发", "发票")}
    assert features.weights("退款发票") == pytest.approx(weights)
    total = sum(weights.values())
    assert _of(features, "退款发票", _REFUND)["text_coverage"] == pytest.approx(weights["退款"] / total)
    assert _of(features, "退款发票", _INVOICE)["text_coverage"] == pytest.approx(weights["发票"] / total)
    assert _of(features, "退款发票", _INVOICE)["context_coverage"] == pytest.approx(weights["发票"] / total)


def test_context_is_the_headings_above(features: Features) -> None:
    assert _of(features, "费用", _REFUND)["text_coverage"] == 0
    assert _of(features, "费用", _REFUND)["context_coverage"] == 1
    assert _of(features, "费用", _REFUND)["all_coverage"] == 1


def test_the_nearest_likely_question_counts_and_all_of_them_cover(features: Features) -> None:
    same = _of(features, "报销单据？", _INVOICE)
    assert (same["nearest_question"], same["likely_coverage"], same["text_coverage"]) == pytest.approx((1, 1, 0))
    assert same["question_coverage"] == pytest.approx(1)
    both = _of(features, "报销单据，凭证领取", _INVOICE)
    assert both["likely_coverage"] == pytest.approx(1)
    assert both["nearest_question"] == pytest.approx(2 / 3)  # 2·3 / (6 + 3) bigrams, all as rare as each other
    assert both["question_coverage"] == pytest.approx(1 / 2)  # one of them speaks of three of the six
    mixed = _of(features, "发票，凭证", _INVOICE)
    assert mixed["text_coverage"] + mixed["likely_coverage"] == pytest.approx(mixed["all_coverage"]) == pytest.approx(1)


def test_a_bare_clause_has_nothing_of_likely_questions(features: Features) -> None:
    bare = _of(features, "退款", _REFUND, {"words": 1.0, "vectors": 0.5})
    assert {name: value for name, value in bare.items() if value} == {
        "words": 1.0, "vectors": 0.5, "text_coverage": 1.0, "all_coverage": 1.0,
    }  # fmt: skip
    assert (bare["likely_coverage"], bare["nearest_question"], bare["question_coverage"]) == (0, 0, 0)


def test_signals_stand_as_they_are_given_and_those_not_given_are_nought(features: Features) -> None:
    given = {name: at / len(SIGNALS) for at, name in enumerate(SIGNALS)}
    values = _of(features, "退款", _INVOICE, given)
    assert {name: values[name] for name in SIGNALS} == given
    assert not any(_of(features, "无关", _INVOICE).values())


def test_features_of_texts_are_features_and_none_speaks_of_likely_questions() -> None:
    assert len(set(FEATURES)) == len(FEATURES)
    assert set(TEXT_FEATURES) < set(FEATURES)
    assert not set(TEXT_FEATURES) & {*LIKELY_SIGNALS, "likely_coverage", "nearest_question", "question_coverage", "all_coverage"}


def test_many_clauses_have_the_values_that_each_has_alone(shipped_index: Index) -> None:
    features = Features(shipped_index.lexical)
    positions = list(range(0, len(shipped_index.clauses), 7))
    for question in ("买错了能退钱吗，多久到账", "API 的 appid 被盗", "的", ""):
        asked = features.weights(question)
        alone = [features.of(asked, [position], [{}])[0] for position in positions]
        assert features.of(asked, positions, [{}] * len(positions)) == alone
    assert features.of(features.weights("退款"), [], []) == []


def test_words_that_only_say_how_it_is_asked_do_not_count(features: Features) -> None:
    assert set(features.weights("请问，如何退款？")) == {"何退", "退款"}
    assert features.weights("请问，如何？") == features.weights("") == {}
    assert not any(_of(features, "请问，如何？", _REFUND).values())


@pytest.mark.parametrize(
    "quoted",
    [
        "您应当在三十个自然日内完成支付，逾期的，按百分之五计收违约金。",
        "您應當在三十個自然日內完成支付",
        "你应当在30个自然日内完成支付",
        "应当在３０个自然日内，完成支付；逾期的",
        "  完成支付\n逾期的 按5%计收违约金 ",
        "“计收违约金。退款转回原帐户”",
    ],
)
def test_a_quotation_is_recognised_in_any_spelling(features: Features, quoted: str) -> None:
    assert features.quotes(quoted, _CLAUSES.index(_REFUND))
    assert not features.quotes(quoted, _CLAUSES.index(_INVOICE))


@pytest.mark.parametrize(
    "question", ["您应当在三十个自然日内付清", "您应当在七个自然日内完成支付", "退款转回原账户", "", "，。，。，。，。，。，。"]
)
def test_other_words_other_figures_and_a_few_words_are_no_quotation(features: Features, question: str) -> None:
    assert not features.quotes(question, _CLAUSES.index(_REFUND))


def test_ten_letters_in_a_row_are_a_quotation_and_nine_are_not(features: Features) -> None:
    assert features.quotes("违约金。退款转回原账户", _CLAUSES.index(_REFUND))
    assert features.quotes("约金。退款转回原账户。", _CLAUSES.index(_REFUND)) is False


def test_a_quotation_has_the_highest_score_and_one_with_a_word_changed_has_not(shipped_index: Index) -> None:
    search = Search(shipped_index, Ranking.load(), Lexicon.load())
    quoted, altered = search.find("開通企業級產品服務７個自然日內")[0], search.find("開通企業級產品服務７個工作日內")[0]
    assert (quoted.clause.ref, quoted.score) == (("qidian", "4.7"), 1.0)
    assert altered.score < 1.0
