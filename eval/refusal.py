"""Whether the confidence of the best clause parts the questions that have an answer from those that have none.

Below a threshold nothing is answered, so every threshold has two errors: questions without an answer that it lets through, and
questions with one that it stops. The curve of both is the ROC, drawn as errors (Martin et al., The DET curve, Eurospeech 1997).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_RESAMPLES = 1000
_SEED = 20260101
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Errors:
    """Both errors, in [0, 1]: of the questions without an answer those let through, of those with one the ones stopped."""

    false_answers: float
    over_refusals: float


@dataclass(frozen=True, slots=True)
class Refusals:
    """The confidences of questions with an answer and of those without, each beside the threshold it was held against.

    Both are arrays of pairs (confidence, threshold) and not empty. `left_out` counts the questions that something else decided:
    a number looked up, an order refused.
    """

    answerable: Values
    unanswerable: Values
    left_out: int

    @property
    def n(self) -> int:
        return len(self.answerable) + len(self.unanswerable)

    @property
    def threshold(self) -> float | None:
        """The one threshold there was; None where there were several, as clauses without likely questions have their own."""
        found = {float(value) for value in (*self.answerable[:, 1], *self.unanswerable[:, 1])}
        return found.pop() if len(found) == 1 else None

    @property
    def chosen(self) -> Errors:
        """The errors at the thresholds that were there."""
        return self._errors(self.unanswerable[:, 1], self.answerable[:, 1])

    def at(self, threshold: float) -> Errors:
        return self._errors(threshold, threshold)

    def _errors(self, let_through: Values | float, stopped: Values | float) -> Errors:
        return Errors(float((self.unanswerable[:, 0] >= let_through).mean()), float((self.answerable[:, 0] < stopped).mean()))

    def curve(self) -> list[Errors]:
        """The errors at every threshold that makes a difference, from one that stops nothing to one that stops everything."""
        seen = sorted({float(value) for value in (*self.answerable[:, 0], *self.unanswerable[:, 0])})
        return [self.at(threshold) for threshold in (*seen, float("inf"))]

    def auc(self) -> tuple[float, float, float]:
        """The chance that a question with an answer has the higher confidence (a tie is half a win), and its 95 % interval.

        The percentile bootstrap, both kinds of questions drawn anew, 1,000 times from a fixed seed (Efron & Tibshirani, 1993).
        """
        gap = self.answerable[:, :1] - self.unanswerable[:, 0]
        wins = (gap > 0) + 0.5 * (gap == 0)
        random = np.random.default_rng(_SEED)
        drawn = [[random.integers(0, size, size) for size in wins.shape] for _ in range(_RESAMPLES)]
        means = [wins[np.ix_(rows, columns)].mean() for rows, columns in drawn]
        return float(wins.mean()), float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))


def refusals(asked: Iterable[tuple[str, Mapping[str, Any]]]) -> Refusals | None:
    """From what was expected of questions and the rows of their answers; None where no confidence of one of the two kinds is told."""
    told: dict[str, list[tuple[float, float]]] = {"answer": [], "refuse": []}
    left_out = 0
    for expect, row in asked:
        if expect not in told:
            continue
        sure, threshold = row.get("confidence"), row.get("threshold")
        if sure is None or threshold is None:
            left_out += 1
        else:
            told[expect].append((float(sure), float(threshold)))
    if not all(told.values()):
        return None
    return Refusals(np.array(told["answer"]), np.array(told["refuse"]), left_out)
