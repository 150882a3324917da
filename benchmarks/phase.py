"""One phase of one method in a process of its own, so that time and memory are its own: `python -m benchmarks.phase`.

Writes JSON lines: {"step", "done", "total"} while it goes on, {"result": {…}} at its end.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.collection import Asked, Collection
from benchmarks.methods import METHODS, Find

_MB = 1024 * 1024
_TELL_EVERY = 0.2  # seconds
_FIRST = Asked(0, "公司", frozenset(), "")  # what is loaded with the first question belongs to opening


def index(method: str, folder: Path, collection: Collection) -> dict[str, Any]:
    """Seconds to index, by the clock and of CPUs, peak memory of the process, and what it left on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    before = _disk(folder)
    started, worked = time.perf_counter(), time.process_time()
    indexed = METHODS[method].build(folder, collection, _progress())
    return {
        "indexed": indexed,
        "index_s": time.perf_counter() - started,
        "index_cpu_s": time.process_time() - worked,
        "index_peak_mb": _peak(),
        "disk_mb": _disk(folder) - before,
    }


def serve(method: str, folder: Path, collection: Collection, questions: int) -> dict[str, Any]:
    """Seconds to open, milliseconds a question, alone and asked of one agreement, and memory after all of them."""
    asked = collection.questions(questions)
    started = time.perf_counter()
    with METHODS[method].opened(folder, collection, unseen=False) as find:
        find(_FIRST, False)
        opened = time.perf_counter() - started
        everywhere = _times(find, asked, "search", alone=False)
        in_one = _times(find, asked, "search in one agreement", alone=True)
        return {"open_s": opened, **_percentiles("", everywhere), **_percentiles("one_", in_one), "serve_mb": _resident()}


def recall(method: str, folder: Path, collection: Collection) -> dict[str, Any]:
    """Of the articles that answer, the share among the first ten found, and the share in the first ten hits whatever these hold."""
    asked, progress = collection.questions(), _progress()
    articles: list[float] = []
    hits: list[float] = []
    with METHODS[method].opened(folder, collection, unseen=True) as find:
        for question in asked:
            found = [name for hit in find(question, False) for name in hit]
            articles.append(len(question.gold.intersection(list(dict.fromkeys(found))[:10])) / len(question.gold))
            hits.append(len(question.gold.intersection(found)) / len(question.gold))
            progress("recall", len(hits), len(asked))
    return {"recall_10": float(np.mean(articles)), "recall_10_hits": float(np.mean(hits))}


def _times(find: Find, asked: Sequence[Asked], step: str, *, alone: bool) -> list[tuple[float, float]]:
    """Milliseconds of every question, by the clock and of CPUs: the second are nearly the same on a machine that is busy."""
    progress = _progress()
    times: list[tuple[float, float]] = []
    for question in asked:
        started, worked = time.perf_counter(), time.process_time()
        find(question, alone)
        times.append(((time.perf_counter() - started) * 1000, (time.process_time() - worked) * 1000))
        progress(step, len(times), len(asked))
    return times


def _percentiles(prefix: str, times: Sequence[tuple[float, float]]) -> dict[str, float]:
    found = {}
    for percent in (50, 95):
        found[f"{prefix}p{percent}_ms"], found[f"{prefix}p{percent}_cpu_ms"] = np.percentile(times, percent, axis=0).tolist()
    return found


def _progress() -> Any:
    told = 0.0

    def progress(step: str, done: int, total: int) -> None:
        nonlocal told
        if done == total or time.monotonic() - told > _TELL_EVERY:
            told = time.monotonic()
            _write({"step": step, "done": done, "total": total})

    return progress


def _write(row: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


def _peak() -> float:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / _MB if sys.platform == "darwin" else most / 1024


def _resident() -> float:
    """Memory now, with the mapped files that are in use; where the system does not tell, the peak."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return _peak()
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB


def _disk(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / _MB


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("phase", choices=["index", "serve", "recall"])
    parser.add_argument("method", choices=list(METHODS))
    parser.add_argument("statutes", type=Path)
    parser.add_argument("size", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=int, default=300)
    arguments = parser.parse_args()
    collection = Collection(arguments.statutes, arguments.size)
    if arguments.phase == "index":
        result = index(arguments.method, arguments.folder, collection)
    elif arguments.phase == "recall":
        result = recall(arguments.method, arguments.folder, collection)
    else:
        result = serve(arguments.method, arguments.folder, collection, arguments.questions)
    _write({"result": result})


if __name__ == "__main__":
    main()
