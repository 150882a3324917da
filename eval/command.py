"""What `wenyue eval` does, for bot/cli.py to call with the rooms wired."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from answering.answerer import Answerer
from answering.proof import Judging
from eval import ablation, amounts, bench, compare, gate, junit, learn, markdown, mutants, page, results, table, truths, variants, verdicts
from eval.errors import EvalError
from eval.judged import judged
from eval.metrics import slices, summarise
from eval.questions import QUESTIONS, load_questions, problems
from eval.run import run_cases
from retrieval.index import Index, Progress, index_version, open_index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.links import Links
from retrieval.ranking import Ranking

DEFAULT = (QUESTIONS / "test.jsonl",)
ABLATED_ON = (QUESTIONS / "dev.jsonl", QUESTIONS / "test.jsonl")
LEARNED_FROM = (QUESTIONS / "train.jsonl", QUESTIONS / "dev.jsonl")


@dataclass(frozen=True, slots=True)
class Run:
    """One run over questions: who answers, what is asked (`test` where nothing is named), where results go, and who judges, if anybody."""

    answerer: Answerer
    library: Library
    questions: tuple[Path, ...]
    answers: Path | None
    report: Path | None
    parallel: int
    date: str
    judge: Judging | None = None


def evaluate(console: Console, run: Run, progress: Progress, *, held_to_gate: bool, as_json: bool) -> bool:
    """Ask, measure, show and write; returns whether the gate is met (true where it is not asked for). Raises EvalError."""
    paths = run.questions or DEFAULT
    cases = load_questions(paths)
    wrong = problems(cases, run.library)
    _check_places(run, paths)
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        progress("提问", done, len(cases))

    scores = run_cases(
        run.answerer, run.library, cases, answers=run.answers, fingerprint=run.answerer.fingerprint, parallel=run.parallel, tick=tick
    )
    if run.judge:
        judged_so_far = 0

        def judged_one() -> None:
            nonlocal judged_so_far
            judged_so_far += 1
            progress("评判", judged_so_far, len(cases))

        scores = judged(scores, run.library, run.judge, parallel=run.parallel, tick=judged_one)
    facts = results.Facts(
        model=run.answerer.model_name,
        prompt_version=run.answerer.prompt_version,
        library_version=run.library.version,
        date=run.date,
        questions=tuple(path.name for path in paths),
    )
    data = results.to_json(scores, summarise(scores), slices(scores), facts)
    found = results.from_json(data)
    breaches = gate.check(found.summary, slices=found.slices) if held_to_gate else None
    if run.report:
        (run.report / "results.json").write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
        (run.report / "junit.xml").write_text(junit.junit(found), encoding="utf-8")
        (run.report / "index.html").write_text(page.page(found, run.library), encoding="utf-8")
        (run.report / "summary.md").write_text(markdown.markdown(found, breaches), encoding="utf-8")
    if as_json:
        console.file.write(json.dumps({"facts": data["facts"], "summary": data["summary"]}, ensure_ascii=False) + "\n")
    else:
        table.show_results(console, found)
        for problem in wrong:
            console.print(f"问题集：{problem}", style="yellow", markup=False)
    if breaches is not None:
        table.show_breaches(Console(stderr=True) if as_json else console, breaches)
    return not breaches


def _check_places(run: Run, paths: Sequence[Path]) -> None:
    """Refuse places that cannot be written before any question is asked."""
    if run.answers and run.answers.resolve() in {path.resolve() for path in paths}:
        raise EvalError(f"--answers {run.answers} is the file of the questions; name another one")
    for folder in (run.answers.parent if run.answers else None, run.report):
        try:
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EvalError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    if run.answers and run.answers.is_dir():
        raise EvalError(f"--answers {run.answers} is a folder; name a file")


def show_comparison(console: Console, old: Path, new: Path) -> None:
    """What changed from one run to another, case by case. Raises ResultsError."""
    table.show_comparison(console, compare.compare(results.load_results(old), results.load_results(new)))


def measure_verifier(console: Console, library: Library, *, as_json: bool) -> None:
    """Wrong statements made from right ones: how many the checks catch, and how many right ones they withhold."""
    links = Links(library.clauses())
    right = [*truths.verbatim_truths(library, links), *truths.paraphrase_truths(library, links), *amounts.converted_truths(library, links)]
    found = verdicts.measure(mutants.make_mutants(library, links), right, truths.Table(library, links))
    if as_json:
        console.file.write(json.dumps(found.to_json(), ensure_ascii=False) + "\n")
    else:
        console.print(verdicts.table_of(found))


def measure_ingredients(
    console: Console, library: Library, index: Index, home: Path, questions: Sequence[Path], progress: Progress, *, as_json: bool
) -> None:
    """What each ingredient of retrieval is worth over each file, `dev` and `test` where none is named; files of one name are one.

    The index without likely questions is built in `home`. Raises EvalError.
    """
    if index.version != index_version(library):
        raise EvalError("the ablation is measured with the vectors that come with WenYue; unset WENYUE_EMBEDDINGS")
    paths = questions or ABLATED_ON
    names = dict.fromkeys(path.stem for path in paths)
    asked = {name: load_questions([path for path in paths if path.stem == name]) for name in names}
    with closing(open_index(home / "unasked", learn.Unasked(library), progress=progress)) as unasked:
        tried = variants.variants(library, index, unasked, Ranking.load(), Lexicon.load())
        found = ablation.measure(library, tried, asked, lambda done, total: progress("提问", done, total))
    if as_json:
        console.file.write(json.dumps(found.to_json(), ensure_ascii=False) + "\n")
    else:
        table.show_ablation(console, found)


def learn_weights(library: Library, index: Index, home: Path, questions: Sequence[Path], statutes: Path | None, progress: Progress) -> None:
    """Learn lexicon, ranking and confidence, from `train` and `dev` where no file is named. Raises EvalError."""
    learn.learn(library, index, home, load_questions(questions or LEARNED_FROM), statutes, progress)


def run_bench(console: Console, folder: Path, home: Path, progress: Progress) -> None:
    """Retrieval against the statutes benchmark, beside plain BM25 in the same run. Raises QuestionsError."""
    rows, seconds = bench.run_bench(folder, home / "bench", Ranking.load(), progress=progress, tick=lambda d, t: progress("检索", d, t))
    shown = RichTable(title=f"法条题集　建立索引 {seconds:.0f} 秒")
    for column in ("方法", "R@5", "R@10", "R@100", "MRR@10", "p50 ms", "p95 ms"):
        shown.add_column(column, justify="left" if column == "方法" else "right")
    for row in rows:
        shares = [f"{value:.3f}" for value in (*row.recall.values(), row.mrr)]
        shown.add_row(row.method, *shares, f"{row.p50_ms:.1f}", f"{row.p95_ms:.1f}")
    console.print(shown)
