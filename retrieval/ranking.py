"""The learned ranking: a weighted sum of features, with weights anybody can read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import StorageError
from retrieval.features import FEATURES, TEXT_FEATURES

WEIGHTS = Path(__file__).with_name("ranking.json")


@dataclass(frozen=True, slots=True)
class Ranking:
    """Weights in the order of FEATURES, none below zero, learned from the `dev` questions (eval/learn.py).

    `bare` are the weights for clauses that have no likely questions: only the features of texts count there.
    """

    weights: tuple[float, ...]
    bare: tuple[float, ...]

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Ranking:
        """Raises StorageError where the file does not give a weight for every feature and no other."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            weights = {str(name): float(weight) for name, weight in data["weights"].items()}
            bare = {str(name): float(weight) for name, weight in data["bare"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(f"{path.name} holds no weights of a ranking ({error!r}); learn them again") from error
        if min([*weights.values(), *bare.values()], default=0.0) < 0:
            raise StorageError(f"{path.name} has a weight below zero; learn them again")
        if set(weights) != set(FEATURES) or set(bare) != set(TEXT_FEATURES):
            raise StorageError(f"{path.name} has weights for other features than {', '.join(FEATURES)}; learn them again")
        return cls(tuple(float(weights[name]) for name in FEATURES), tuple(float(bare.get(name, 0.0)) for name in FEATURES))

    def score(self, features: Sequence[float], *, bare: bool) -> float:
        """In [0, 1]: a clause that is best by every feature has 1."""
        weights = self.bare if bare else self.weights
        return sum(weight * value for weight, value in zip(weights, features, strict=True)) / sum(weights)
