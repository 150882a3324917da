from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import exp
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answering.confidence import INPUTS, WEIGHTS, Confidence, inputs
from retrieval.clause import Clause, Hit, Kind
from retrieval.features import FEATURES
from retrieval.index import Index
from retrieval.ranking import Ranking
from retrieval.search import Search

_CLAUSE = Clause("cloud", "1.2", "1.2", 1, Kind.CLAUSE, 2, "1", "", "您可以申请全额退款。", False, "《云协议》1.2")
_SHARES = st.floats(0, 1)


def _hit(score: float, text: str = "您可以申请全额退款。", **features: float) -> Hit:
    return Hit(replace(_CLAUSE, text=text), score, features=tuple(features.get(name, 0.0) for name in FEATURES))


def _named(question: str, hits: Sequence[Hit], known_share: float = 1.0) -> dict[str, float]:
    return dict(zip(INPUTS, inputs(question, hits, known_share), strict=True))


def _write(path: Path, weights: Mapping[str, float]) -> Path:
    path.write_text(json.dumps({"weights": weights, "intercept": -2.0, "threshold": 0.5}), encoding="utf-8")
    return path


def test_the_inputs_are_those_of_the_best_hit() -> None:
    best = _hit(0.8, text_coverage=0.1, likely_coverage=0.2, nearest_question=0.3, all_coverage=0.4, vectors=1.0, question_words=1.0)
    named = _named("退款，可以吗？", [best, _hit(0.5, text_coverage=0.9), _hit(0.4)], 0.7)
    assert named == {
        "score": 0.8, "margin": pytest.approx(0.3), "text_coverage": 0.1, "likely_coverage": 0.2, "nearest_question": 0.3,
        "all_coverage": 0.4, "known_share": 0.7, "agreement": pytest.approx(2 / 6), "length": 5 / 40, "kind_given": 0.0,
        "kind_missing": 0.0,
    }  # fmt: skip


def test_the_only_hit_leads_by_its_whole_score_and_no_question_is_longer_than_long() -> None:
    assert _named("退款", [_hit(0.6)])["margin"] == 0.6
    assert _named("退" * 400, [_hit(0.6)])["length"] == 1.0


@pytest.mark.parametrize(
    ("question", "text", "given_and_missing"),
    [
        ("几天内可以退款", "开通后 7 个自然日内可以退款。", (1, 0)),
        ("几天内可以退款", "开通后七个自然日内可以退款。", (1, 0)),
        ("几天内可以退款", "您可以申请全额退款。", (0, 1)),
        ("可以退款吗", "您可以申请全额退款。", (0, 0)),
        ("可以退款吗", "开通后 7 个自然日内可以退款。", (0, 0)),
    ],
)
def test_a_figure_asked_for_is_given_or_missing(question: str, text: str, given_and_missing: tuple[int, int]) -> None:
    named = _named(question, [_hit(0.8, text)])
    assert (named["kind_given"], named["kind_missing"]) == given_and_missing


def test_a_clause_without_the_figure_asked_for_is_surely_less_likely_to_answer() -> None:
    confidence = Confidence.load()
    features = dict.fromkeys(("text_coverage", "likely_coverage", "nearest_question", "all_coverage", "vectors"), 0.7)
    for score in (0.2, 0.5, 0.8, 1.0):
        missing = confidence.of(inputs("几天内可以退款", [_hit(score, "您可以申请全额退款。", **features)], 1.0))
        given = confidence.of(inputs("几天内可以退款", [_hit(score, "7 天内您可以申请全额退款。", **features)], 1.0))
        assert missing < given


@given(values=st.lists(_SHARES, min_size=len(INPUTS), max_size=len(INPUTS)), more=_SHARES)
def test_a_higher_score_is_never_less_likely_to_answer(values: list[float], more: float) -> None:
    confidence = Confidence.load()
    low, high = sorted((values[0], more))
    assert confidence.of([low, *values[1:]]) <= confidence.of([high, *values[1:]])
    assert confidence.of([0.0, *values[1:]]) < confidence.of([1.0, *values[1:]])


@given(values=st.lists(st.floats(-1e9, 1e9), min_size=len(INPUTS), max_size=len(INPUTS)))
def test_a_probability_is_between_0_and_1_whatever_the_values(values: list[float]) -> None:
    assert 0 < Confidence.load().of(values) < 1


def test_the_probability_is_that_of_the_logistic_model(tmp_path: Path) -> None:
    confidence = Confidence.load(_write(tmp_path / "mine.json", {name: at / 10 for name, at in zip(INPUTS, range(20), strict=False)}))
    assert (confidence.intercept, confidence.threshold) == (-2.0, 0.5)
    assert confidence.of([0.0] * len(INPUTS)) == pytest.approx(1 / (1 + exp(2)))
    assert confidence.of([1.0] * len(INPUTS)) == pytest.approx(1 / (1 + exp(2 - 5.5)))
    with pytest.raises(ValueError, match="shorter"):
        confidence.of([1.0])


def test_the_order_of_the_weights_in_the_file_does_not_matter(tmp_path: Path) -> None:
    data = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    turned = dict(reversed(data["weights"].items()))
    (tmp_path / "turned.json").write_text(json.dumps(data | {"weights": turned}), encoding="utf-8")
    values = [at / 20 for at in range(len(INPUTS))]
    assert Confidence.load(tmp_path / "turned.json").of(values) == pytest.approx(Confidence.load().of(values))


@pytest.mark.parametrize("other", [INPUTS[1:], (*INPUTS, "mood"), (*INPUTS[1:], "scores"), ()])
def test_a_file_with_other_inputs_is_refused(tmp_path: Path, other: Sequence[str]) -> None:
    path = _write(tmp_path / "mine.json", dict.fromkeys(other, 1.0))
    with pytest.raises(ValueError, match=r"mine\.json has weights for other inputs than score, margin"):
        Confidence.load(path)


def test_the_threshold_that_ships_parts_a_question_of_the_agreements_from_one_that_is_not(shipped_index: Index) -> None:
    confidence = Confidence.load()
    search = Search(shipped_index, Ranking.load())

    def sure(question: str) -> bool:
        return confidence.of(inputs(question, search.find(question), search.known_share(question))) >= confidence.threshold

    assert 0 < confidence.threshold < 1
    assert sure("企点开通几天内可以无条件退款？")
    assert not sure("你们公司食堂今天中午有什么菜")
