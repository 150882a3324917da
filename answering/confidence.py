"""How likely the best clause found does answer the question: a logistic model, with weights anybody can read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from answering.asking import gives_kind, wanted_kind
from retrieval.clause import Hit
from retrieval.errors import StorageError
from retrieval.features import FEATURES

WEIGHTS = Path(__file__).with_name("confidence.json")
INPUTS = (
    "score",
    "margin",
    "text_coverage",
    "likely_coverage",
    "nearest_question",
    "question_coverage",
    "all_coverage",
    "known_share",
    "agreement",
    "length",
    "kind_given",
    "kind_missing",
)
# What there is to go by of a clause that has no likely questions.
BARE_INPUTS = tuple(name for name in INPUTS if name not in ("likely_coverage", "nearest_question", "question_coverage"))
_VOTERS = ("likely_words", "likely_bigrams", "likely_vectors", "question_words", "question_bigrams", "vectors")
_BARE_VOTERS = ("words", "bigrams", "printed", "vectors")
_LONG = 40  # letters; longer questions cover no less for it


def inputs(question: str, hits: Sequence[Hit], known_share: float, *, bare: bool = False) -> dict[str, float]:
    """The values of INPUTS for the best of the hits of a question (at least one); of BARE_INPUTS where it has no likely questions.

    `agreement` is the share of the signals that put the best hit first; `length` lets a long question, of which any clause
    covers less, be as sure as a short one.
    """
    hit, rival = hits[0], hits[1] if len(hits) > 1 else None
    of = dict(zip(FEATURES, hit.features, strict=True))
    voters = _BARE_VOTERS if bare else _VOTERS
    kind = wanted_kind(question)
    given = kind is not None and gives_kind(kind, hit.clause.content)
    values = {
        **of,
        "score": hit.score,
        "margin": hit.score - (rival.score if rival else 0.0),
        "known_share": known_share,
        "agreement": sum(of[name] >= 1.0 for name in voters) / len(voters),
        "length": min(1.0, sum(char.isalnum() for char in question) / _LONG),
        "kind_given": float(given),
        "kind_missing": float(kind is not None and not given),
    }
    return {name: values[name] for name in (BARE_INPUTS if bare else INPUTS)}


@dataclass(frozen=True, slots=True)
class Logistic:
    """The probability that a hit answers, from the inputs that have a weight, and the one from which on an answer is given."""

    weights: Mapping[str, float]
    intercept: float
    threshold: float

    def of(self, values: Mapping[str, float]) -> float:
        logit = self.intercept + sum(weight * values[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


@dataclass(frozen=True, slots=True)
class Sureness:
    """How likely the best clause answers, and how likely it must be; both in [0, 1]."""

    value: float
    threshold: float

    @property
    def holds(self) -> bool:
        return self.value >= self.threshold


@dataclass(frozen=True, slots=True)
class Confidence:
    """Two models, learned by eval/learn.py: for clauses that have likely questions, and for those that have none (`bare`)."""

    known: Logistic
    bare: Logistic

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Confidence:
        """Raises StorageError where the file does not give a weight for every input and no other."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            known, bare = (
                Logistic({str(k): float(v) for k, v in part["weights"].items()}, float(part["intercept"]), float(part["threshold"]))
                for part in (data["known"], data["bare"])
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(f"{path.name} holds no weights of a confidence ({error!r}); learn them again") from error
        if set(known.weights) != set(INPUTS) or set(bare.weights) != set(BARE_INPUTS):
            raise StorageError(f"{path.name} has weights for other inputs than {', '.join(INPUTS)}; learn them again")
        return cls(known, bare)

    def of(self, question: str, hits: Sequence[Hit], known_share: float, *, bare: bool) -> Sureness:
        """How sure it is that the best of the hits of a question answers it; where nothing was found, not at all."""
        model = self.bare if bare else self.known
        return Sureness(model.of(inputs(question, hits, known_share, bare=bare)) if hits else 0.0, model.threshold)
