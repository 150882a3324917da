"""Exact search among vectors, read from a file: of some agreements, or of all.

Chroma finds the nearest of all vectors quickly, but looks at every one of them when only those of some agreements are wanted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from itertools import groupby
from pathlib import Path
from types import TracebackType

import numpy as np

from retrieval.embeddings import Vectors
from retrieval.rows import mapped


class ExactWriter:
    """Writes one vector a position, in the order of the positions; `agreements` has the agreement of each. Raises OSError."""

    def __init__(self, folder: Path, name: str, positions: Sequence[int], agreements: Sequence[str], dimensions: int) -> None:
        runs: dict[str, list[tuple[int, int]]] = {}
        start = 0
        for agreement, run in groupby(agreements):
            end = start + len(list(run))
            runs.setdefault(agreement, []).append((start, end))
            start = end
        (folder / f"{name}-agreements.json").write_text(json.dumps(runs, ensure_ascii=False), encoding="utf-8")
        np.save(folder / f"{name}-positions.npy", np.array(positions, dtype=np.int64))
        self._file = (folder / f"{name}.npy").open("wb")
        header = {"descr": "<f4", "fortran_order": False, "shape": (len(positions), dimensions)}
        np.lib.format.write_array_header_1_0(self._file, header)

    def __enter__(self) -> ExactWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def add(self, vectors: Vectors) -> None:
        """The next vectors, shape (n, dimensions)."""
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        self._file.write((vectors / np.where(lengths, lengths, 1)).astype("<f4").tobytes())


class ExactVectors:
    """What an ExactWriter wrote. Raises OSError, ValueError."""

    def __init__(self, folder: Path, name: str) -> None:
        self._vectors, self._positions = mapped(folder / f"{name}.npy"), mapped(folder / f"{name}-positions.npy")
        self._runs: dict[str, list[tuple[int, int]]] = json.loads((folder / f"{name}-agreements.json").read_text(encoding="utf-8"))

    def __len__(self) -> int:
        return len(self._positions)

    @property
    def dimensions(self) -> int:
        return int(self._vectors.shape[1])

    def rows(self, start: int, end: int) -> tuple[list[int], Vectors]:
        """The positions of some rows and their vectors, shape (n, dimensions), each of unit length or noughts."""
        return self._positions[start:end].tolist(), self._vectors[start:end]

    def nearest(self, vector: Vectors, agreements: Collection[str] | None, limit: int) -> list[tuple[int, float]]:
        """Positions and cosine similarities of the nearest vectors of these agreements, or of all, to one of unit length, the nearest first."""
        runs = [(0, len(self))] if agreements is None else sorted(run for key in set(agreements) for run in self._runs.get(key, ()))
        if not runs:
            return []
        rows = np.concatenate([np.arange(start, end) for start, end in runs])
        scores = np.concatenate([self._vectors[start:end] @ vector for start, end in runs])
        best = np.argpartition(-scores, limit)[:limit] if len(scores) > limit else np.arange(len(scores))
        found = zip(self._positions[rows[best]].tolist(), scores[best].tolist(), strict=True)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))
