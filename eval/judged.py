"""What a judging model says of the statements that were shown: the share of them that their clauses support.

Statement-level entailment as in ALCE (Gao et al., 2023) and RAGAS faithfulness (Es et al., 2024), with a chat model for the NLI model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from answering.errors import ModelError
from answering.evidence import exhibit
from answering.proof import Judging
from eval.errors import EvalError
from eval.metrics import Score
from retrieval.clause import Clause
from retrieval.library import Library
from retrieval.links import Links


def judged(
    scores: Sequence[Score], library: Library, judge: Judging, *, parallel: int = 4, tick: Callable[[], None] = lambda: None
) -> list[Score]:
    """The scores with `supported`: of each answered case, the share of its statements that the judge finds supported by what they cite.

    Raises EvalError where the judge fails: a statement that was not judged is neither.
    """
    clauses, links = {clause.ref: clause for clause in library.clauses()}, Links(library.clauses())

    def share(score: Score) -> float | None:
        said = score.row.get("statements") or ()
        verdicts = [
            _supported(judge, statement["text"], _cited(score, statement["citations"], clauses), links, score) for statement in said
        ]
        return sum(verdicts) / len(verdicts) if verdicts else None

    done: list[Score] = []
    with ThreadPoolExecutor(parallel) as pool:
        try:
            for score, value in zip(scores, pool.map(share, scores), strict=True):
                done.append(replace(score, values={**score.values, "supported": value}))
                tick()
        except ModelError as error:
            pool.shutdown(cancel_futures=True)
            raise EvalError(f"评判没有做完：{error}") from error
    return done


def _cited(score: Score, places: Sequence[int], clauses: dict[tuple[str, str], Clause]) -> list[Clause]:
    citations = [score.row["citations"][at] for at in places]
    return [clauses[citation["agreement"], citation["id"]] for citation in citations if (citation["agreement"], citation["id"]) in clauses]


def _supported(judge: Judging, sentence: str, cited: Sequence[Clause], links: Links, score: Score) -> bool:
    return judge.supports(sentence, exhibit(cited, links), score.case.question).supported
