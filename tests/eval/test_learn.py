"""Learning from some sixty of the `dev` questions over the shipped agreements. Nothing is written beside the code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from answering import confidence
from answering.confidence import INPUTS, Confidence, inputs
from answering.question import understand
from eval.command import LEARNED_FROM, learn_weights
from eval.learn import learn_confidence, learn_ranking
from eval.metrics import Judge
from eval.questions import QUESTIONS, EvalCase, load_questions
from retrieval import ranking
from retrieval.features import FEATURES, TEXT_FEATURES
from retrieval.index import Index
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search

_DEV = QUESTIONS / "dev.jsonl"
Sure = tuple[LogisticRegression, float]
_EQUAL = Ranking((1.0,) * len(FEATURES), (1.0,) * len(FEATURES))


@pytest.fixture(scope="module")
def cases() -> list[EvalCase]:
    """A part of `dev`, in its order: every fourth question that has an answer, every second to be refused."""
    every = load_questions([_DEV])
    some = [*[case for case in every if case.expect == "answer"][::4], *[case for case in every if case.expect == "refuse"][::2]]
    return sorted(some, key=every.index)


@pytest.fixture(scope="module")
def learned(shipped: Library, shipped_index: Index, cases: list[EvalCase]) -> Ranking:
    return learn_ranking(shipped, shipped_index, cases)


@pytest.fixture(scope="module")
def sure(shipped: Library, shipped_index: Index, learned: Ranking, cases: list[EvalCase]) -> Sure:
    """The model of confidence and its threshold."""
    return learn_confidence(shipped, shipped_index, learned, cases)


def _reciprocal_rank(library: Library, search: Search, cases: list[EvalCase]) -> float:
    """The mean over the cases that have one answer, reckoned apart from the code under test."""
    judge = Judge(library)
    found = []
    for case in cases:
        asked = understand(case.question, case.history, library.agreements)
        if case.expect == "answer" and len(case.gold) == 1:
            hits = search.find(asked.search_text, asked.agreements)
            found.append(next((1 / rank for rank, hit in enumerate(hits, 1) if judge.holds(hit.clause.ref, case.gold[0])), 0.0))
    assert len(found) > 20
    return float(np.mean(found))


def test_no_weight_is_negative_and_bare_clauses_have_weights_of_texts_only(learned: Ranking) -> None:
    assert len(learned.weights) == len(learned.bare) == len(FEATURES)
    for weights in (learned.weights, learned.bare):
        assert min(weights) >= 0 < max(weights)
    assert all(weight == 0 for name, weight in zip(FEATURES, learned.bare, strict=True) if name not in TEXT_FEATURES)
    assert sum(weight > 0 for weight in learned.weights) > len(FEATURES) / 2


def test_the_weights_put_right_clauses_further_up_than_equal_ones_do(
    learned: Ranking, shipped: Library, shipped_index: Index, cases: list[EvalCase]
) -> None:
    equal, better = (_reciprocal_rank(shipped, Search(shipped_index, weights), cases) for weights in (_EQUAL, learned))
    assert better > equal


def test_right_and_wrong_told_the_other_way_round_teach_something_else(
    learned: Ranking, shipped: Library, shipped_index: Index, cases: list[EvalCase]
) -> None:
    """Weights come from the gold: with the gold of the case before, what looked right is wrong."""
    answers = [case for case in cases if case.expect == "answer"]
    shifted = [_with_gold(case, before) for case, before in zip(answers, [answers[-1], *answers], strict=False)]
    misled = learn_ranking(shipped, shipped_index, shifted)
    assert min(misled.weights) >= 0
    assert max(misled.weights) < max(learned.weights) / 2


def _with_gold(case: EvalCase, other: EvalCase) -> EvalCase:
    return EvalCase(**{name: getattr(case, name) for name in EvalCase.__slots__} | {"gold": other.gold, "also_ok": frozenset()})


def test_questions_that_are_to_be_refused_change_no_ranking(
    learned: Ranking, shipped: Library, shipped_index: Index, cases: list[EvalCase]
) -> None:
    assert learn_ranking(shipped, shipped_index, [case for case in cases if case.expect == "answer"]) == learned


def test_confidence_is_higher_where_the_best_clause_answers(
    learned: Ranking, sure: Sure, shipped: Library, shipped_index: Index, cases: list[EvalCase]
) -> None:
    model, threshold = sure
    search, judge = Search(shipped_index, learned), Judge(shipped)
    told: dict[bool, list[float]] = {True: [], False: []}
    for case in cases:
        hits = search.find(case.question)
        values = inputs(case.question, hits, search.known_share(case.question))
        right = any(judge.holds(hits[0].clause.ref, gold) for gold in case.gold)
        told[right].append(float(model.predict_proba([values])[0, 1]))
    assert min(map(len, told.values())) >= 15
    assert np.mean(told[True]) > np.mean(told[False]) + 0.05
    assert 0.3 <= threshold < 0.9


@pytest.mark.parametrize("chance", [1, 2, 3])
def test_chance_has_no_part_in_the_threshold(
    learned: Ranking, sure: Sure, shipped: Library, shipped_index: Index, cases: list[EvalCase], chance: int
) -> None:
    np.random.seed(chance)
    assert learn_confidence(shipped, shipped_index, learned, cases)[1] == sure[1]


def test_learning_again_from_a_file_writes_the_same_weights_and_leaves_those_of_the_project_alone(
    learned: Ranking,
    sure: Sure,
    shipped: Library,
    shipped_index: Index,
    cases: list[EvalCase],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rooms = [ranking.WEIGHTS, confidence.WEIGHTS]
    before = [path.read_bytes() for path in rooms]
    monkeypatch.setattr(ranking, "WEIGHTS", tmp_path / "ranking.json")
    monkeypatch.setattr(confidence, "WEIGHTS", tmp_path / "confidence.json")
    lines = {json.loads(line)["id"]: line for line in _DEV.read_text(encoding="utf-8").splitlines()}
    (tmp_path / "some.jsonl").write_text("\n".join(lines[case.id] for case in cases), encoding="utf-8")
    learn_weights(shipped, shipped_index, [tmp_path / "some.jsonl"])
    assert Ranking.load(tmp_path / "ranking.json") == learned
    model, threshold = sure
    read = Confidence.load(tmp_path / "confidence.json")
    assert [read.weights[name] for name in INPUTS] == [round(float(weight), 4) for weight in model.coef_[0]]
    assert (read.intercept, read.threshold) == (round(float(model.intercept_[0]), 4), round(threshold, 2))
    assert [path.read_bytes() for path in rooms] == before


def test_what_is_tested_with_is_not_learned_from() -> None:
    """Neither the file nor, under another id, a question of it."""
    learned_from = {case.question for case in load_questions(LEARNED_FROM)}
    tested = {case.question for case in load_questions([QUESTIONS / "test.jsonl"])}
    assert len(tested) > 100
    assert not learned_from & tested
