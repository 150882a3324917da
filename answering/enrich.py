"""Likely questions for clauses that have none, written by a chat model: asked for in batches, validated, kept batch by batch.

A run that is killed loses the batches that were under way; the next one asks only about clauses that have no questions yet, or
whose wording has changed since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

from filelock import FileLock, Timeout

from answering.enriched import SUFFIX, Enriched, Find
from answering.errors import ModelError
from answering.evidence import Exhibit, count_tokens, exhibit
from answering.models import ChatModel
from answering.written import Sieve, rows_of
from prompts.prompt import Prompt
from retrieval.clause import Clause
from retrieval.errors import StorageError
from retrieval.links import Links

_TOGETHER = 8  # clauses a batch
_BUDGET = 3000  # tokens of clauses a batch; what is written about them is about twice as long
_ENOUGH = 4  # questions with which a clause is not asked about again
_GIVE_UP = 3  # batches that fail in a row end the run: the model is gone; one alone may only have been refused

NO_MODEL = "没有设置模型，写不了问题；请用 WENYUE_MODEL 指定，例如 WENYUE_MODEL=openai:gpt-4.1-mini"


@dataclass(frozen=True, slots=True)
class Enrichment:
    """What a run did.

    `dropped` counts questions by the reason they were not kept for. `missing` are clauses that still have no question, left for
    the next run. `failure` is the sentence with which the model last failed for good, None where it never did. `cost` is in the
    currency of the prices, None without prices.
    """

    clauses: int
    kept: int
    dropped: Mapping[str, int]
    missing: tuple[Clause, ...]
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    failure: str | None


def enrich(
    clauses: Sequence[Clause],
    links: Links,
    model: ChatModel | None,
    prompt: Prompt,
    folder: Path,
    *,
    parallel: int = 4,
    tick: Callable[[], None] = lambda: None,
    find: Find | None = None,
    prices: tuple[float, float] | None = None,
) -> Enrichment:
    """Write questions for those of `clauses` that have none in `folder`; `tick` is called once a clause.

    `find` is called only when everything is written, and must search an index that holds what is in `folder`: a question of the
    folder for which it ranks another clause of the same agreement above its own is dropped. An index without these questions would
    find what is asked in a clause's own words and drop what is asked in people's. `prices` are for a million tokens, in and out.

    Raises ModelError where there is no model to ask, and StorageError where the folder cannot be used or another process is writing
    in it. A model that fails is no error, it is told in the result.
    """
    with _alone(folder):
        keys = {clause.agreement for clause in clauses} | {path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}")}
        files = {key: Enriched(folder, key, links) for key in sorted(keys)}
        wanted = [clause for clause in clauses if clause.id not in files[clause.agreement].rows]
        if wanted and model is None:
            raise ModelError(NO_MODEL)
        for _ in range(len(clauses) - len(wanted)):
            tick()
        written = _write_all(wanted, links, model, prompt, files, parallel, tick) if model else []
        dropped = sum((part.dropped for part in written), Counter[str]())
        if find is not None:
            dropped["found_elsewhere"] += sum(file.check(find) for file in files.values())
        tokens = sum(part.prompt_tokens for part in written), sum(part.completion_tokens for part in written)
        return Enrichment(
            len(wanted),
            sum(len(files[clause.agreement].rows.get(clause.id, ())) for clause in wanted),
            dict(+dropped),
            tuple(clause for clause in wanted if clause.id not in files[clause.agreement].rows),
            *tokens,
            sum(price * count for price, count in zip(prices, tokens, strict=True)) / 1e6 if prices else None,
            next((part.failure for part in reversed(written) if part.failure), None),
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process writes in a folder at a time; another would pay for the same questions and lose them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "writing.lock")
        lock.acquire(timeout=0)
    except Timeout as error:
        raise StorageError(f"another process is writing questions in {folder}; try again when it is done") from error
    except OSError as error:
        raise StorageError(
            f"cannot write in {folder}: {error.strerror or error}; set WENYUE_HOME to a folder that can be written"
        ) from error
    try:
        yield
    finally:
        lock.release()


@dataclass(frozen=True, slots=True)
class _Written:
    """What became of one batch."""

    clauses: int
    dropped: Counter[str]
    prompt_tokens: int
    completion_tokens: int
    failure: str | None


def _write_all(
    wanted: Sequence[Clause],
    links: Links,
    model: ChatModel,
    prompt: Prompt,
    files: Mapping[str, Enriched],
    parallel: int,
    tick: Callable[[], None],
) -> list[_Written]:
    """Every batch asked for and kept by the thread that asked, so that an interrupt loses none that was answered."""
    stop, counting = Event(), Lock()
    failures = 0

    def write(batch: Sequence[Exhibit]) -> _Written:
        nonlocal failures
        part = _write(batch, model, prompt, files[batch[0].clause.agreement], stop)
        with counting:
            failures = failures + 1 if part.failure else 0
            if failures == _GIVE_UP:
                stop.set()
        return part

    pool = ThreadPoolExecutor(parallel)
    futures = [pool.submit(write, batch) for batch in _batches(wanted, links)]
    try:
        for future in as_completed(futures):
            for _ in range(future.result().clauses):
                tick()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
    return [future.result() for future in futures]


def _batches(clauses: Iterable[Clause], links: Links) -> list[list[Exhibit]]:
    """Neighbours together, so that the model can tell one from the other; never clauses of two agreements."""
    batches: list[list[Clause]] = []
    used = 0
    for clause in clauses:
        cost = count_tokens(exhibit([clause], links)[0].shown())
        last = batches[-1] if batches else []
        if not last or last[0].agreement != clause.agreement or len(last) == _TOGETHER or used + cost > _BUDGET:
            batches.append([])
            used = 0
        batches[-1].append(clause)
        used += cost
    return [exhibit(batch, links) for batch in batches]


def _write(batch: Sequence[Exhibit], model: ChatModel, prompt: Prompt, file: Enriched, stop: Event) -> _Written:
    """Ask for a batch, once more for the clauses about which too little came, and keep what is good; nothing once `stop` is set."""
    sieves = {shown.handle: Sieve(shown.clause) for shown in batch}
    dropped: Counter[str] = Counter()
    prompt_tokens = completion_tokens = 0
    failure = None
    for _ in range(2):
        asked = [shown for shown in batch if len(sieves[shown.handle].kept) < _ENOUGH]
        if not asked or stop.is_set():
            break
        try:
            completion = model.complete(*prompt.fill(clauses="\n\n".join(shown.shown() for shown in asked)))
        except ModelError as error:
            failure = str(error)
            break
        prompt_tokens += completion.prompt_tokens
        completion_tokens += completion.completion_tokens
        for handle, entries in rows_of(completion.text):
            if handle in sieves:
                sieves[handle].take(entries)
            else:
                dropped["unknown_clause"] += len(entries)
    dropped["duplicate"] += file.add({shown.clause.id: sieves[shown.handle].kept for shown in batch})
    dropped = sum((sieve.dropped for sieve in sieves.values()), dropped)
    return _Written(len(batch), dropped, prompt_tokens, completion_tokens, failure)
