"""What is measured of one answer, and of many. Every case stays in its denominator; a crash is counted apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np

from eval.questions import EvalCase, Gold, squeezed
from eval.refusal import refusals
from retrieval.clause import Clause
from retrieval.library import Library
from retrieval.words import bigrams, normalise

KS = (1, 3, 5, 10)
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Score:
    """One case measured. A metric that says nothing about the case is None and leaves the case out of its mean."""

    case: EvalCase
    row: Mapping[str, Any]
    values: Mapping[str, float | None]
    missed: str  # "", retrieval, selection, verification, refusal, false_answer, clarify, crash


class Judge:
    """Scores rows (the public form of an answer) against cases, with the clauses at hand."""

    def __init__(self, library: Library) -> None:
        self._clauses: dict[tuple[str, str], Clause] = {clause.ref: clause for clause in library.clauses()}

    def score(self, case: EvalCase, row: Mapping[str, Any]) -> Score:
        crashed = row["status"] == "error"
        cited = [(c["agreement"], c["id"]) for c in row.get("citations", ())]
        values: dict[str, float | None] = {"crash": float(crashed)}
        values |= self._retrieval(case, row)
        values |= self._citations(case, row, cited)
        values |= _refusals(case, str(row["status"]))
        values["answer_points"] = self._points(case, row) if case.expect == "answer" and case.answer_points else None
        values["model_failed"] = float(bool(row.get("model_failed")))
        told = row.get("prompt_version") and row["status"] == "answered"  # a model was asked
        values["fallback"] = float(row.get("model") == "extractive") if told else None
        values["latency_ms"] = float(row.get("latency_ms") or 0.0) if not crashed else None
        tokens = row.get("tokens") or {}
        values["tokens"] = float(tokens.get("prompt", 0) + tokens.get("completion", 0))
        return Score(case, row, values, self._why_missed(case, row, values))

    def holds(self, ref: tuple[str, str], gold: Gold) -> bool:
        """Whether a clause is the gold one: it is of that agreement and its own text holds the anchor."""
        clause = self._clauses.get(ref)
        return clause is not None and clause.agreement == gold.agreement and squeezed(gold.anchor) in squeezed(clause.content)

    def _near(self, ref: tuple[str, str], gold: Gold) -> bool:
        """Whether a clause is the gold one, its parent or its child."""
        if self.holds(ref, gold):
            return True
        clause, right = self._clauses.get(ref), self._clauses.get((gold.agreement, gold.clause))
        if clause is None or right is None or clause.agreement != right.agreement:
            return False
        return clause.id == right.parent or clause.parent == right.id

    def _retrieval(self, case: EvalCase, row: Mapping[str, Any]) -> dict[str, float | None]:
        """recall@k, MRR and nDCG@10 over clauses (Manning, Raghavan & Schütze, ch. 8), for questions that have an answer.

        recall@k: share of the required gold clauses among the first k; where any one suffices, whether one is. MRR: one over the
        rank of the first gold clause among those kept, 0 where there is none.
        """
        names = [*(f"recall@{k}" for k in KS), "mrr", "ndcg@10"]
        if case.expect != "answer":
            return dict.fromkeys(names)
        ranked = [(hit["agreement"], hit["id"]) for hit in row.get("retrieved", ())]
        ranks = [next((rank for rank, ref in enumerate(ranked, 1) if self.holds(ref, gold)), None) for gold in _wanted(case)]
        found = [rank for rank in ranks if rank is not None]
        any_suffices = not any(gold.required for gold in case.gold)
        values: dict[str, float | None] = {}
        for k in KS:
            within = sum(rank <= k for rank in found)
            values[f"recall@{k}"] = float(within > 0) if any_suffices else within / len(ranks)
        values["mrr"] = 1 / min(found) if found else 0.0
        gains = sorted(found)[: 1 if any_suffices else None]
        ideal = sum(1 / log2(rank + 1) for rank in range(1, (1 if any_suffices else len(ranks)) + 1))
        # Two gold anchors of one clause share its rank: what is gained there cannot exceed the ideal.
        values["ndcg@10"] = min(1.0, sum(1 / log2(rank + 1) for rank in gains if rank <= 10) / ideal)
        return values

    def _citations(self, case: EvalCase, row: Mapping[str, Any], cited: Sequence[tuple[str, str]]) -> dict[str, float | None]:
        """Citation recall and precision as in ALCE (Gao et al., 2023), with clauses for passages and gold for entailment.

        recall: share of the required gold clauses that are cited (whether one is, where any suffices); a question that should
        have been answered and was not counts 0. precision: share of the citations that are gold, clauses in `also_ok` left
        out; a false answer counts 0. `…_near` accepts the parent or a child of the gold clause.
        """
        values: dict[str, float | None] = {
            "fabricated": float(sum(ref not in self._clauses for ref in cited)),
            "quotes_not_verbatim": float(sum(not self._verbatim(c) for c in row.get("citations", ()))),
        }
        for suffix, fits in (("", self.holds), ("_near", self._near)):
            recall: float | None = None
            if case.expect == "answer":
                found = [any(fits(ref, gold) for ref in cited) for gold in _wanted(case)]
                recall = float(any(found)) if not any(gold.required for gold in case.gold) else sum(found) / len(found)
            counted = [ref for ref in cited if ref not in case.also_ok or any(fits(ref, gold) for gold in case.gold)]
            right = sum(any(fits(ref, gold) for gold in case.gold) for ref in counted)
            values[f"citation_recall{suffix}"] = recall
            values[f"citation_precision{suffix}"] = right / len(counted) if counted else None
        return values

    def _verbatim(self, citation: Mapping[str, Any]) -> bool:
        clause = self._clauses.get((citation["agreement"], citation["id"]))
        quote = re.sub(r"\s", "", str(citation["quote"]))
        return clause is not None and bool(quote) and quote in re.sub(r"\s", "", clause.content)

    def _points(self, case: EvalCase, row: Mapping[str, Any]) -> float:
        """Share of the answer points borne by the answer: two thirds of a point's bigrams and all of its figures stand in it."""
        if row["status"] != "answered":
            return 0.0
        said = str(row.get("text", "")) + "\n" + "\n".join(str(c["quote"]) for c in row.get("citations", ()))
        there, digits = set(bigrams(said)), set(re.findall(r"\d+", normalise(said)))
        borne = 0
        for point in case.answer_points:
            wanted = bigrams(point)
            share = sum(pair in there for pair in wanted) / len(wanted) if wanted else 1.0
            borne += share >= 2 / 3 and set(re.findall(r"\d+", normalise(point))) <= digits
        return borne / len(case.answer_points)

    def _why_missed(self, case: EvalCase, row: Mapping[str, Any], values: Mapping[str, float | None]) -> str:
        if values["crash"]:
            return "crash"
        if case.expect == "clarify":
            return "" if row["status"] == "clarify" else "clarify"
        if case.expect == "refuse":
            return "false_answer" if row["status"] == "answered" else ""
        if values["citation_recall"] == 1.0:
            return ""
        if (values["recall@10"] or 0.0) < 1.0:
            return "retrieval"
        if row["status"] != "answered":
            return "refusal" if not row.get("withheld") else "verification"
        return "verification" if row.get("withheld") else "selection"


def _wanted(case: EvalCase) -> list[Gold]:
    """The gold that must be found: the required clauses, or all of them where any one suffices."""
    return [gold for gold in case.gold if gold.required] or list(case.gold)


def _refusals(case: EvalCase, status: str) -> dict[str, float | None]:
    """Refusal both ways: answered what the agreements do not say; left unanswered what they do; asked back where due."""
    refused = status in ("not_covered", "out_of_scope", "clarify")
    return {
        "false_answer": float(status == "answered") if case.expect == "refuse" else None,
        "over_refusal": float(refused) if case.expect == "answer" else None,
        "clarified": float(status == "clarify") if case.expect == "clarify" else None,
    }


# Metrics that are summed over the cases; the others are means over the cases they say something about.
SUMMED = frozenset({"fabricated", "quotes_not_verbatim", "crash", "model_failed"})


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric over many cases: value, number of cases it speaks of, and the bootstrap 95 % interval of the mean."""

    name: str
    value: float
    n: int
    low: float | None = None
    high: float | None = None


def summarise(scores: Sequence[Score]) -> dict[str, Measured]:
    """Every metric over the scores; latency as p50 and p95 in milliseconds, and how well confidence parts what has an answer from
    what has none, where rows tell it. Deterministic.
    """
    measured: dict[str, Measured] = {}
    names = list(dict.fromkeys(name for score in scores for name in score.values))
    for name in names:
        values = np.array([value for score in scores if (value := score.values.get(name)) is not None])
        if name == "latency_ms":
            for percent in (50, 95):
                value = float(np.percentile(values, percent)) if len(values) else 0.0
                measured[f"latency_p{percent}_ms"] = Measured(f"latency_p{percent}_ms", value, len(values))
        elif name in SUMMED:
            measured[name] = Measured(name, float(values.sum()), len(values))
        elif len(values):
            measured[name] = Measured(name, float(values.mean()), len(values), *_interval(values))
    if found := refusals((score.case.expect, score.row) for score in scores):
        value, low, high = found.auc()
        measured["refusal_auc"] = Measured("refusal_auc", value, found.n, low, high)
    return measured


def _interval(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    """The percentile bootstrap (Efron & Tibshirani, 1993) of a mean, 1,000 resamples from a fixed seed."""
    random = np.random.default_rng(20260101)
    means = values[random.integers(0, len(values), (_RESAMPLES, len(values)))].mean(axis=1)
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))


def slices(scores: Sequence[Score]) -> dict[str, dict[str, list[Score]]]:
    """The scores by what one may want to look at apart: agreement named, style, language, expectation."""
    keys: Mapping[str, Callable[[EvalCase], str]] = {
        "agreement": lambda case: "+".join(case.agreements) or "none named",
        "style": lambda case: case.style,
        "language": lambda case: case.lang,
        "expect": lambda case: case.expect,
    }
    found: dict[str, dict[str, list[Score]]] = {}
    for name, key in keys.items():
        groups: dict[str, list[Score]] = {}
        for score in scores:
            label = key(score.case)
            groups.setdefault("several named" if name == "agreement" and "+" in label else label, []).append(score)
        found[name] = dict(sorted(groups.items()))
    return found
