from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import exp
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answering.confidence import BARE_INPUTS, INPUTS, WEIGHTS, Confidence, Logistic, Sureness, inputs
from retrieval.clause import Clause, Hit, Kind
from retrieval.errors import StorageError
from retrieval.features import FEATURES
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.ranking import Ranking
from retrieval.search import Search

_CLAUSE = Clause("cloud", "1.2", "1.2", 1, Kind.CLAUSE, 2, "1", "", "您可以申请全额退款。", False, "《云协议》1.2")
_SHARES = st.floats(0, 1)


def _hit(score: float, text: str = "您可以申请全额退款。", **features: float) -> Hit:
    return Hit(replace(_CLAUSE, text=text), score, features=tuple(features.get(name, 0.0) for name in FEATURES))


def _model(weights: Mapping[str, float], intercept: float = -2.0, threshold: float = 0.5) -> dict[str, Any]:
    return {"weights": dict(weights), "intercept": intercept, "threshold": threshold}


def _write(path: Path, known: object, bare: object) -> Path:
    path.write_text(json.dumps({"known": known, "bare": bare}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def shipped_confidence() -> Confidence:
    return Confidence.load()


@pytest.fixture(params=["known", "bare"])
def model(request: pytest.FixtureRequest, shipped_confidence: Confidence) -> Logistic:
    """Each of the two that ship."""
    found: Logistic = getattr(shipped_confidence, request.param)
    return found


def test_the_inputs_are_those_of_the_best_hit() -> None:
    shares = {"text_coverage": 0.1, "likely_coverage": 0.2, "nearest_question": 0.3, "question_coverage": 0.35, "all_coverage": 0.4}
    best = _hit(0.8, "您可以申请全额退款。", vectors=1.0, question_words=1.0, **shares)
    hits = [best, _hit(0.5, text_coverage=0.9), _hit(0.4)]
    expected = shares | {
        "score": 0.8, "margin": pytest.approx(0.3), "known_share": 0.7, "agreement": pytest.approx(2 / 6), "length": 5 / 40,
        "kind_given": 0.0, "kind_missing": 0.0,
    }  # fmt: skip
    named = inputs("退款，可以吗？", hits, 0.7)
    assert named == expected
    assert tuple(named) == INPUTS


def test_of_a_bare_clause_nothing_is_said_of_likely_questions_and_other_signals_agree() -> None:
    best = _hit(0.8, text_coverage=0.1, all_coverage=0.1, printed=1.0, vectors=1.0, words=0.9)
    named = inputs("退款，可以吗？", [best, _hit(0.5)], 0.7, bare=True)
    assert named == {
        "score": 0.8, "margin": pytest.approx(0.3), "text_coverage": 0.1, "all_coverage": 0.1, "known_share": 0.7,
        "agreement": pytest.approx(2 / 4), "length": 5 / 40, "kind_given": 0.0, "kind_missing": 0.0,
    }  # fmt: skip
    assert tuple(named) == BARE_INPUTS
    assert set(INPUTS) - set(BARE_INPUTS) == {"likely_coverage", "nearest_question", "question_coverage"}


def test_the_only_hit_leads_by_its_whole_score_and_no_question_is_longer_than_long() -> None:
    assert inputs("退款", [_hit(0.6)], 1.0)["margin"] == 0.6
    assert inputs("退" * 400, [_hit(0.6)], 1.0)["length"] == 1.0


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
    for bare in (False, True):
        named = inputs(question, [_hit(0.8, text)], 1.0, bare=bare)
        assert (named["kind_given"], named["kind_missing"]) == given_and_missing


@pytest.mark.parametrize("bare", [False, True])
def test_a_clause_without_the_figure_asked_for_is_surely_less_likely_to_answer(shipped_confidence: Confidence, bare: bool) -> None:
    model = shipped_confidence.bare if bare else shipped_confidence.known
    features = dict.fromkeys(("text_coverage", "likely_coverage", "nearest_question", "question_coverage", "all_coverage", "vectors"), 0.7)
    for score in (0.2, 0.5, 0.8, 1.0):
        missing = inputs("几天内可以退款", [_hit(score, "您可以申请全额退款。", **features)], 1.0, bare=bare)
        given = inputs("几天内可以退款", [_hit(score, "7 天内您可以申请全额退款。", **features)], 1.0, bare=bare)
        assert model.of(missing) < model.of(given)


@given(values=st.dictionaries(st.sampled_from(INPUTS), _SHARES), more=_SHARES)
def test_a_higher_score_is_never_less_likely_to_answer(values: dict[str, float], more: float) -> None:
    """A higher score of the best hit is a greater margin, too."""
    confidence = Confidence.load()
    for model in (confidence.known, confidence.bare):

        def sure(score: float, model: Logistic = model) -> float:
            return model.of(dict.fromkeys(INPUTS, 0.0) | values | {"score": score, "margin": score})

        low, high = sorted((values.get("score", 0.0), more))
        assert sure(low) <= sure(high)
        assert sure(0.0) < sure(1.0)


@given(values=st.lists(st.floats(-1e9, 1e9), min_size=len(INPUTS), max_size=len(INPUTS)))
def test_a_probability_is_between_0_and_1_whatever_the_values(values: list[float]) -> None:
    confidence = Confidence.load()
    for model in (confidence.known, confidence.bare):
        assert 0 < model.of(dict(zip(INPUTS, values, strict=True))) < 1


def test_the_probability_is_that_of_the_logistic_model(tmp_path: Path) -> None:
    known = _model({name: at / 10 for name, at in zip(INPUTS, range(20), strict=False)})
    bare = _model(dict.fromkeys(BARE_INPUTS, 1.0), 0.0, 0.9)
    read = Confidence.load(_write(tmp_path / "mine.json", known, bare))
    assert (read.known.intercept, read.known.threshold) == (-2.0, 0.5)
    assert read.known.of(dict.fromkeys(INPUTS, 0.0)) == pytest.approx(1 / (1 + exp(2)))
    assert read.known.of(dict.fromkeys(INPUTS, 1.0)) == pytest.approx(1 / (1 + exp(2 - 6.6)))
    assert (read.bare.intercept, read.bare.threshold) == (0.0, 0.9)
    assert read.bare.of(dict.fromkeys(BARE_INPUTS, 0.5)) == pytest.approx(1 / (1 + exp(-len(BARE_INPUTS) / 2)))
    with pytest.raises(KeyError):
        read.known.of({"score": 1.0})


def test_from_the_threshold_on_an_answer_is_given() -> None:
    values = {"score": 1.0}
    for threshold, holds in ((0.7, True), (1 / (1 + exp(-1)), True), (0.74, False)):
        model = Logistic({"score": 2.0}, -1.0, threshold)
        assert model.of(values) == pytest.approx(0.7311, abs=1e-4)
        assert Sureness(model.of(values), model.threshold).holds is holds


def test_each_model_judges_the_hits_it_was_learned_for() -> None:
    """The one holds whenever the best hit leads, the other when its text covers the question, whatever else there is."""
    confidence = Confidence(Logistic({"margin": 20.0}, -10.0, 0.5), Logistic({"text_coverage": 20.0}, -10.0, 0.5))
    leading, covering = [_hit(0.9), _hit(0.1)], [_hit(0.9, text_coverage=1.0), _hit(0.9)]
    assert [confidence.of("退款", hits, 1.0, bare=False).holds for hits in (leading, covering)] == [True, False]
    assert [confidence.of("退款", hits, 1.0, bare=True).holds for hits in (leading, covering)] == [False, True]


def test_the_order_of_the_weights_in_the_file_does_not_matter(tmp_path: Path, shipped_confidence: Confidence) -> None:
    data = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    for part in data.values():
        part["weights"] = dict(reversed(part["weights"].items()))
    turned = Confidence.load(_write(tmp_path / "turned.json", data["known"], data["bare"]))
    values = dict(zip(INPUTS, [at / 20 for at in range(len(INPUTS))], strict=True))
    assert turned.known.of(values) == pytest.approx(shipped_confidence.known.of(values))
    assert turned.bare.of(values) == pytest.approx(shipped_confidence.bare.of(values))


def _weights_of(names: Sequence[str]) -> dict[str, Any]:
    return _model(dict.fromkeys(names, 1.0))


@pytest.mark.parametrize("part", ["known", "bare"])
@pytest.mark.parametrize("change", ["missing", "unknown", "other", "none"])
def test_a_file_with_other_inputs_is_refused(tmp_path: Path, part: str, change: str) -> None:
    names = {"known": INPUTS, "bare": BARE_INPUTS}
    mine = {"missing": names[part][1:], "unknown": (*names[part], "mood"), "other": (*names[part][1:], "scores"), "none": ()}[change]
    data = {name: _weights_of(mine if name == part else of) for name, of in names.items()}
    with pytest.raises(StorageError, match=r"mine\.json has weights for other inputs than score, margin"):
        Confidence.load(_write(tmp_path / "mine.json", data["known"], data["bare"]))


def test_the_weights_of_bare_clauses_do_not_pass_for_the_others(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="other inputs"):
        Confidence.load(_write(tmp_path / "turned.json", _weights_of(BARE_INPUTS), _weights_of(INPUTS)))


@pytest.mark.parametrize("wrong", ["nothing", "no JSON", "a list", "one model only", "no threshold", "a word for a weight"])
def test_a_file_without_two_models_is_refused(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "mine.json"
    known, bare = _weights_of(INPUTS), _weights_of(BARE_INPUTS)
    if wrong == "no JSON":
        path.write_text("{", encoding="utf-8")
    elif wrong == "a list":
        path.write_text("[]", encoding="utf-8")
    elif wrong == "one model only":
        path.write_text(json.dumps(known), encoding="utf-8")
    elif wrong == "no threshold":
        _write(path, known, {name: value for name, value in bare.items() if name != "threshold"})
    elif wrong == "a word for a weight":
        _write(path, known | {"weights": dict.fromkeys(INPUTS, "much")}, bare)
    with pytest.raises(StorageError, match=r"mine\.json holds no weights of a confidence"):
        Confidence.load(path)


def test_the_thresholds_that_ship_part_a_question_of_the_agreements_from_one_that_is_not(
    shipped_index: Index, shipped_confidence: Confidence
) -> None:
    search = Search(shipped_index, Ranking.load(), Lexicon.load())

    def sure(question: str) -> bool:
        return shipped_confidence.of(question, search.find(question), search.known_share(question), bare=False).holds

    assert sure("企点开通几天内可以无条件退款？")
    assert not sure("你们公司食堂今天中午有什么菜")


def test_a_threshold_that_ships_is_a_probability_that_can_be_reached_and_missed(model: Logistic) -> None:
    assert 0 < model.threshold < 1
    assert model.of(dict.fromkeys(INPUTS, 0.0)) < model.threshold
    best = {name: float(weight > 0) for name, weight in model.weights.items()}
    assert model.of(best) >= model.threshold
