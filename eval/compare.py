"""Two runs side by side: the cases that changed, and whether the difference of a metric is more than chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from eval.names import MAIN, naming
from eval.results import CaseResult, Results

_RESAMPLES = 2000
_SEED = 20260101

FULLY_CITED = "fully_cited"  # citation_recall == 1: every clause that had to be cited was


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric, new minus old, over the `n` common cases it speaks of in both runs; shares of one, not percent.

    `low` and `high` bound the paired bootstrap 95 % interval of the mean difference; `p` is McNemar's exact p, for metrics that
    are a yes or no in each case.
    """

    name: str
    title: str
    less: bool
    n: int
    old: float
    new: float
    mean: float
    low: float
    high: float
    p: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """A common case that came out otherwise. `turn` is better, worse, or sideways where it is neither."""

    old: CaseResult
    new: CaseResult
    turn: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two runs say together. `rewritten` are ids in both whose question or expectation is not the same any more."""

    common: int
    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    rewritten: tuple[str, ...]


def compare(old: Results, new: Results) -> Comparison:
    """The new run held against the old one, over the cases that both asked and judged alike."""
    before, after = ({case.id: case for case in run.cases} for run in (old, new))
    shared = [(before[id], after[id]) for id in after if id in before]
    pairs = [(a, b) for a, b in shared if _asked(a) == _asked(b)]
    changes = [Change(a, b, turn) for a, b in pairs if (turn := _turn(a, b))]
    return Comparison(
        common=len(pairs),
        differences=tuple(found for name, value in _metrics().items() if (found := _difference(name, value, pairs))),
        changes=tuple(changes),
        only_old=tuple(id for id in before if id not in after),
        only_new=tuple(id for id in after if id not in before),
        rewritten=tuple(a.id for a, b in shared if _asked(a) != _asked(b)),
    )


def _asked(case: CaseResult) -> tuple[object, ...]:
    return (case.question, case.history, case.expect, case.gold, case.also_ok)


def _metrics() -> Mapping[str, Callable[[CaseResult], float | None]]:
    def stored(name: str) -> Callable[[CaseResult], float | None]:
        return lambda case: case.values.get(name)

    def fully_cited(case: CaseResult) -> float | None:
        recall = case.values.get("citation_recall")
        return None if recall is None else float(recall == 1.0)

    return {name: stored(name) for name in MAIN} | {FULLY_CITED: fully_cited}


def _difference(
    name: str, value: Callable[[CaseResult], float | None], pairs: Sequence[tuple[CaseResult, CaseResult]]
) -> Difference | None:
    both = [(a, b) for old, new in pairs if (a := value(old)) is not None and (b := value(new)) is not None]
    if not both:
        return None
    title, less = ("应引全引", False) if name == FULLY_CITED else (naming(name).title, naming(name).less)
    olds, news = np.array([a for a, _ in both]), np.array([b for _, b in both])
    low, high = bootstrap(news - olds)
    p = None
    if name in (FULLY_CITED, "false_answer", "over_refusal"):
        p = mcnemar(sum(a > b for a, b in both), sum(a < b for a, b in both))
    return Difference(name, title, less, len(both), float(olds.mean()), float(news.mean()), float((news - olds).mean()), low, high, p)


def bootstrap(differences: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    """The paired percentile bootstrap 95 % interval of the mean of differences, 2,000 resamples from a fixed seed.

    Efron & Tibshirani, An Introduction to the Bootstrap (1993), ch. 13; paired over test items as in Koehn, "Statistical
    Significance Tests for Machine Translation Evaluation" (EMNLP 2004).
    """
    random = np.random.default_rng(_SEED)
    means = differences[random.integers(0, len(differences), (_RESAMPLES, len(differences)))].mean(axis=1)
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))


def mcnemar(lost: int, won: int) -> float:
    """The exact two-sided p of McNemar's test: the binomial test of the discordant pairs against one half.

    McNemar, "Note on the sampling error of the difference between correlated proportions or percentages", Psychometrika 12
    (1947); the exact conditional form as in Fagerland, Lydersen & Laake, BMC Medical Research Methodology 13:91 (2013).
    """
    n = lost + won
    tail: int = sum(comb(n, k) for k in range(min(lost, won) + 1))
    return min(1.0, float(2 * tail / 2**n))


def _turn(old: CaseResult, new: CaseResult) -> str:
    """Whether a case got better or worse; empty where nothing changed.

    A crash is the worst; then citation recall decides, where that is equal citation precision (nothing cited is nothing cited
    wrongly), where that is equal whether it was answered, refused or asked back as expected.
    """
    before, after = _standing(old), _standing(new)
    if after != before:
        return "better" if after > before else "worse"
    return "sideways" if _kind(old.status) != _kind(new.status) else ""


def _standing(case: CaseResult) -> tuple[bool, float, float, bool]:
    recall, precision = case.values.get("citation_recall"), case.values.get("citation_precision")
    return (case.status != "error", 0.0 if recall is None else recall, 1.0 if precision is None else precision, not case.missed)


def _kind(status: str) -> str:
    """The status, both ways to refuse being one."""
    return "refused" if status in ("not_covered", "out_of_scope") else status
