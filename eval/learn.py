"""Learn the ranking and the confidence from the `train` and `dev` questions, and write their weights where the rooms read them.

    wenyue eval --learn

Ranking: logistic regression on differences between right and wrong clauses of one question (pairwise, as in RankNet, Burges et
al., 2005, with a linear scorer). Confidence: logistic regression on whether the best clause answers. Both are small enough to
be read; `test` is never looked at.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from answering import confidence
from answering.asking import is_elsewhere, is_order
from answering.question import Question, understand
from eval.metrics import Judge
from eval.questions import EvalCase
from retrieval import ranking
from retrieval.features import FEATURES, TEXT_FEATURES
from retrieval.index import Index
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search

_REGULARISATION = 0.01  # strong: 200 questions can move a weight, not invent one
_RIVALS = 15
_REFUSALS = 0.16  # the share of questions people ask that the agreements do not answer, whatever the learning set holds
_ONES = tuple(1.0 for _ in FEATURES)
Matrix = npt.NDArray[np.float64]


def learn_ranking(library: Library, index: Index, cases: Sequence[EvalCase]) -> Ranking:
    """Weights that put right clauses before wrong ones, with likely questions and without.

    A weight that would be negative is 0 and the others are learned again.
    """
    search = Search(index, Ranking(_ONES, _ONES))
    judge = Judge(library)
    differences: list[Matrix] = []
    for case, asked in _single(library, cases):
        hits = search.find(asked.search_text, asked.agreements, 40)
        right = np.array([any(judge.holds(hit.clause.ref, gold) for gold in case.gold) for hit in hits], dtype=bool)
        wrong = np.array([not good and hit.clause.ref not in case.also_ok for hit, good in zip(hits, right, strict=True)], dtype=bool)
        features = np.array([hit.features for hit in hits]).reshape(-1, len(FEATURES))
        differences += [good - features[wrong][:_RIVALS] for good in features[right] if wrong.any()]
    stacked = np.vstack(differences)
    everything = np.ones(len(FEATURES), dtype=bool)
    return Ranking(_fit(stacked, everything), _fit(stacked, np.array([name in TEXT_FEATURES for name in FEATURES])))


def _fit(differences: Matrix, allowed: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    kept = allowed.copy()
    while True:
        both = np.vstack([differences[:, kept], -differences[:, kept]])
        labels = np.r_[np.ones(len(differences)), np.zeros(len(differences))]
        fitted = LogisticRegression(C=_REGULARISATION, fit_intercept=False, max_iter=2000).fit(both, labels).coef_[0]
        if (fitted >= 0).all():
            break
        kept[np.flatnonzero(kept)[fitted < 0]] = False
    weights = np.zeros(len(FEATURES))
    weights[kept] = fitted
    return tuple(float(round(weight, 4)) for weight in weights)


def learn_confidence(library: Library, index: Index, learned: Ranking, cases: Sequence[EvalCase]) -> tuple[LogisticRegression, float]:
    """The model of whether the best clause answers, and the threshold with the best balance of both errors, cross-validated."""
    search = Search(index, learned)
    judge = Judge(library)
    rows: list[list[float]] = []
    labels: list[bool] = []
    refusals: list[bool] = []
    for case, asked in _single(library, cases, expects=("answer", "refuse")):
        hits = search.find(asked.search_text, asked.agreements, 10)
        if not hits or is_order(asked.text) or (not asked.agreements and is_elsewhere(asked.text)):
            continue
        best = hits[0]
        right = best.clause.ref in case.also_ok or any(judge.holds(best.clause.ref, gold) for gold in case.gold)
        rows.append(confidence.inputs(asked.search_text, hits, search.known_share(asked.search_text)))
        labels.append(case.expect == "answer" and right)
        refusals.append(case.expect == "refuse")
    values, truth, refuse = np.array(rows), np.array(labels), np.array(refusals)
    weights = np.where(refuse, _REFUSALS / refuse.mean(), (1 - _REFUSALS) / (~refuse).mean())
    predicted = np.zeros(len(truth))
    for learnt, held in StratifiedKFold(10, shuffle=True, random_state=0).split(values, truth):
        fold = LogisticRegression(C=10.0, max_iter=5000).fit(values[learnt], truth[learnt], weights[learnt])
        predicted[held] = fold.predict_proba(values[held])[:, 1]
    thresholds = np.arange(0.3, 0.9, 0.01)
    # A false answer is worse than no answer: it counts three times.
    costs = [
        (weights * (3.0 * (refuse & (predicted >= t)) + (~refuse & (predicted >= t) & ~truth) + (~refuse & (predicted < t)))).sum()
        for t in thresholds
    ]
    return LogisticRegression(C=10.0, max_iter=5000).fit(values, truth, weights), float(thresholds[int(np.argmin(costs))])


def _single(library: Library, cases: Sequence[EvalCase], expects: Sequence[str] = ("answer",)) -> list[tuple[EvalCase, Question]]:
    """Cases that one clause answers, understood as the bot does; numbers asked for outright are looked up, not ranked."""
    found = []
    for case in cases:
        asked = understand(case.question, case.history, library.agreements, question_id=case.id)
        if case.expect in expects and not asked.numbers and len(asked.agreements) < 2:
            found.append((case, asked))
    return found


def write(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def learn(library: Library, index: Index, cases: Sequence[EvalCase]) -> None:
    """Learn both from `cases` and write the weights where retrieval and answering read them."""
    learned = learn_ranking(library, index, cases)
    bare = {name: weight for name, weight in zip(FEATURES, learned.bare, strict=True) if name in TEXT_FEATURES}
    write(ranking.WEIGHTS, {"learned_from": "train and dev", "weights": dict(zip(FEATURES, learned.weights, strict=True)), "bare": bare})
    model, threshold = learn_confidence(library, index, learned, cases)
    weights = {name: round(float(value), 4) for name, value in zip(confidence.INPUTS, model.coef_[0], strict=True)}
    write(
        confidence.WEIGHTS,
        {
            "learned_from": "train and dev",
            "weights": weights,
            "intercept": round(float(model.intercept_[0]), 4),
            "threshold": round(threshold, 2),
        },
    )
