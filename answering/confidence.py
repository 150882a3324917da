"""How likely the best clause found does answer the question: a logistic model, with weights anybody can read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from answering.asking import gives_kind, wanted_kind
from retrieval.clause import Hit
from retrieval.features import FEATURES

WEIGHTS = Path(__file__).with_name("confidence.json")
INPUTS = (
    "score",
    "margin",
    "text_coverage",
    "likely_coverage",
    "nearest_question",
    "all_coverage",
    "known_share",
    "agreement",
    "length",
    "kind_given",
    "kind_missing",
)


_VOTERS = ("likely_words", "likely_bigrams", "likely_vectors", "question_words", "question_bigrams", "vectors")
_LONG = 40  # letters; longer questions cover no less for it


def inputs(question: str, hits: Sequence[Hit], known_share: float) -> list[float]:
    """The values of INPUTS for the best of the hits of a question (at least one).

    `agreement` is the share of the signals that put the best hit first; `length` lets a long question, of which any clause
    covers less, be as sure as a short one.
    """
    hit, rival = hits[0], hits[1] if len(hits) > 1 else None
    of = dict(zip(FEATURES, hit.features, strict=True))
    votes = sum(of[name] >= 1.0 for name in _VOTERS)
    kind = wanted_kind(question)
    given = kind is not None and gives_kind(kind, hit.clause.content)
    return [
        hit.score,
        hit.score - (rival.score if rival else 0.0),
        of["text_coverage"],
        of["likely_coverage"],
        of["nearest_question"],
        of["all_coverage"],
        known_share,
        votes / len(_VOTERS),
        min(1.0, sum(char.isalnum() for char in question) / _LONG),
        float(given),
        float(kind is not None and not given),
    ]


@dataclass(frozen=True, slots=True)
class Confidence:
    """The probability that a hit answers, and the one from which on an answer is given. Learned from `dev` by eval/learn.py."""

    weights: Mapping[str, float]
    intercept: float
    threshold: float

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Confidence:
        data = json.loads(path.read_text(encoding="utf-8"))
        if set(data["weights"]) != set(INPUTS):
            raise ValueError(f"{path.name} has weights for other inputs than {', '.join(INPUTS)}; learn them again")
        return cls(data["weights"], float(data["intercept"]), float(data["threshold"]))

    def of(self, values: Sequence[float]) -> float:
        """The probability for the values of INPUTS."""
        logit = self.intercept + sum(self.weights[name] * value for name, value in zip(INPUTS, values, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
