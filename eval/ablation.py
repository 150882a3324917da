"""What each ingredient of retrieval is worth: the same questions, asked with it taken away (eval/variants.py).

Asked are the questions that have an answer and are searched for, in the way people ask them: of an Answerer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from answering.acts import Acts
from answering.answer import Answer
from answering.answerer import Answerer
from answering.confidence import Confidence, Logistic
from answering.question import understand
from eval.compare import bootstrap
from eval.metrics import KS, Judge
from eval.questions import EvalCase
from eval.variants import Variant
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.search import Search

FIRST = "first@1"  # whether the first clause found is one that answers
METRICS = (f"recall@{KS[0]}", FIRST, *(f"recall@{k}" for k in KS[1:]), "mrr")
_NEVER = Logistic({}, 0.0, 2.0)  # nothing is ever sure enough: no time is spent on answers, what was found is told
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean of a metric, by how much it differs from the whole's, and the paired bootstrap 95 % interval of that difference."""

    value: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Row:
    """One variant; `figures` by the name of the questions, then by METRICS."""

    name: str
    title: str
    figures: Mapping[str, Mapping[str, Figure]]


@dataclass(frozen=True, slots=True)
class Ablation:
    """The rows, the whole first. For each name of questions `asked` counts those that were searched for, and `left_out` those that
    have an answer and need no search: a number asked for outright, which of two agreements prevails.
    """

    rows: tuple[Row, ...]
    asked: Mapping[str, int]
    left_out: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    library: Library,
    variants: Sequence[Variant],
    questions: Mapping[str, Sequence[EvalCase]],
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> Ablation:
    """Ask the questions, given by name, of every variant; the first is the whole. `tick` is told how many are done of how many."""
    with_answer = {name: [case for case in cases if case.expect == "answer"] for name, cases in questions.items()}
    first = _Asker(library, variants[0])
    searched = {name: [case for case in cases if first.searches(case)] for name, cases in with_answer.items()}
    total = len(variants) * sum(map(len, searched.values()))
    done = 0
    rows: list[Row] = []
    whole: dict[str, Values] = {}
    for variant in variants:
        found: dict[str, Values] = {}
        asker = _Asker(library, variant)
        for name, cases in searched.items():
            measured = []
            for case in cases:
                measured.append(asker.values(case))
                done += 1
                tick(done, total)
            found[name] = np.array(measured).reshape(-1, len(METRICS))
        whole = whole or found
        rows.append(Row(variant.name, variant.title, {name: _figures(found[name], whole[name]) for name in questions}))
    asked = {name: len(cases) for name, cases in searched.items()}
    return Ablation(tuple(rows), asked, {name: len(cases) - asked[name] for name, cases in with_answer.items()})


class _Asker:
    """Asks one variant."""

    def __init__(self, library: Library, variant: Variant) -> None:
        self._library = library
        self._variant = variant
        self._judge = Judge(library)
        self._acts = Acts.load()
        self._answerers: dict[Lexicon, Answerer] = {}

    def searches(self, case: EvalCase) -> bool:
        """Whether the clauses that an answer is made from are searched for, not looked up."""
        asked = understand(case.question, case.history, self._library.agreements)
        return not asked.numbers and all(hit.features for hit in self.answer(case).retrieved)

    def answer(self, case: EvalCase) -> Answer:
        lexicon = self._variant.lexicon(frozenset(gold.agreement for gold in case.gold))
        if lexicon not in self._answerers:
            search = Search(self._variant.index, self._variant.ranking, lexicon)
            self._answerers[lexicon] = Answerer(self._library, search, Confidence(_NEVER, _NEVER), self._acts)
        return self._answerers[lexicon].answer(case.question, case.history, question_id=case.id)

    def values(self, case: EvalCase) -> list[float]:
        """Of METRICS."""
        values = dict(self._judge.score(case, self.answer(case).to_json()).values)
        values[FIRST] = float(values["mrr"] == 1.0)
        return [values[name] or 0.0 for name in METRICS]


def _figures(values: Values, whole: Values) -> dict[str, Figure]:
    if not len(values):
        return {}
    differences = values - whole
    return {
        name: Figure(float(values[:, at].mean()), float(differences[:, at].mean()), *bootstrap(differences[:, at]))
        for at, name in enumerate(METRICS)
    }
