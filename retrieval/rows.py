"""Rows of numbers of any length, kept in files and read where they lie: a library of any size costs the memory of what is read."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]


class RowsWriter:
    """Collects rows; `kind` is an array typecode, "I" for numbers below 2**32 and "B" for bytes."""

    def __init__(self, kind: str) -> None:
        self._values = array(kind)
        self._starts = array("q", [0])

    def __len__(self) -> int:
        return len(self._starts) - 1

    def add(self, row: Iterable[int]) -> None:
        self._values.extend(row)
        self._starts.append(len(self._values))

    def write(self, folder: Path, name: str) -> None:
        """Raises OSError."""
        np.save(folder / f"{name}.npy", np.asarray(self._values))
        np.save(folder / f"{name}-starts.npy", np.asarray(self._starts))


class Rows:
    """What a RowsWriter wrote. Raises OSError, ValueError."""

    def __init__(self, folder: Path, name: str) -> None:
        self._values = mapped(folder / f"{name}.npy")
        self._starts = mapped(folder / f"{name}-starts.npy")

    def __len__(self) -> int:
        return len(self._starts) - 1

    def row(self, at: int) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = self._values[self._starts[at] : self._starts[at + 1]]
        return found

    def of(self, wanted: Positions) -> tuple[npt.NDArray[Any], Positions]:
        """The values of some rows, one row after the other, and for each value the place in `wanted` of its row."""
        starts = self._starts[wanted]
        lengths = self._starts[wanted + 1] - starts
        places = np.repeat(np.arange(len(wanted)), lengths)
        before = np.cumsum(lengths) - lengths
        return self._values[np.arange(len(places)) + (starts - before)[places]], places


def mapped(path: Path) -> npt.NDArray[Any]:
    """An array whose pages are read from its file when they are needed."""
    return np.asarray(np.load(path, mmap_mode="r"))
