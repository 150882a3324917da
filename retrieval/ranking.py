"""The learned ranking: a weighted sum of features, with weights anybody can read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import StorageError
from retrieval.features import FEATURES

WEIGHTS = Path(__file__).with_name("ranking.json")


@dataclass(frozen=True, slots=True)
class Ranking:
    """Weights in the order of FEATURES. They are learned from the `dev` questions (eval/learn.py), none is below zero."""

    weights: tuple[float, ...]

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Ranking:
        """Raises StorageError where the file does not give a weight for every feature and no other."""
        weights: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))["weights"]
        if set(weights) != set(FEATURES):
            raise StorageError(f"{path.name} has weights for other features than {', '.join(FEATURES)}; learn them again")
        return cls(tuple(float(weights[name]) for name in FEATURES))

    def score(self, features: Sequence[float]) -> float:
        """In [0, 1]: a clause that is best by every feature has 1."""
        return sum(weight * value for weight, value in zip(self.weights, features, strict=True)) / sum(self.weights)
