"""The character bigrams of every clause as numbers in files: what a question and many clauses have in common is reckoned in one go."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from retrieval.rows import Positions, Rows, RowsWriter, mapped
from retrieval.words import STOP_WORDS, normalise

_FIRST_CHINESE = 0x3400
_KINDS = {"text": "I", "context": "I", "asked": "I", "questions": "I", "letters": "B"}
Numbers = npt.NDArray[np.float64]
Present = npt.NDArray[np.bool_]


def gram_number(gram: str) -> int:
    """A bigram as a number below 2**32: Chinese ones by their code points, no two alike; others by a hash below all of these."""
    first = ord(gram[0])
    if first >= _FIRST_CHINESE:
        return first << 16 | (ord(gram[1]) if len(gram) > 1 else 0)
    return crc32(gram.encode()) % (_FIRST_CHINESE << 16)


def letters_of(text: str) -> bytes:
    """A text in its one spelling without white space and punctuation, encoded."""
    return "".join(char for char in normalise(text) if char.isalnum()).encode()


class GramsWriter:
    """Collects clause by clause what Grams tells of."""

    def __init__(self) -> None:
        self._rows = {name: RowsWriter(kind) for name, kind in _KINDS.items()}
        self._spelled: dict[int, str] = {}  # the bigrams of likely questions

    def add(self, text: str, text_bigrams: Iterable[str], context_bigrams: Iterable[str], questions: Iterable[Iterable[str]]) -> None:
        """A clause's text and its bigrams, those of what travels with it, and those of each of its likely questions."""
        self._rows["text"].add(_numbers(text_bigrams))
        self._rows["context"].add(_numbers(context_bigrams))
        self._rows["letters"].add(letters_of(text))
        first = len(self._rows["questions"])
        for question in questions:
            pairs = {pair for pair in question if pair not in STOP_WORDS}
            self._rows["questions"].add(_numbers(pairs))
            self._spelled.update((gram_number(pair), pair) for pair in pairs)
        self._rows["asked"].add(range(first, len(self._rows["questions"])))

    def write(self, folder: Path, weight: Callable[[str], float]) -> None:
        """`weight` tells how much a bigram counts. Raises OSError."""
        folder.mkdir(parents=True)
        for name, rows in self._rows.items():
            rows.write(folder, name)
        questions = Rows(folder, "questions")
        numbers, owners = questions.of(np.arange(len(questions)))
        known = np.array(sorted(self._spelled), dtype=np.uint32)
        weights = np.array([weight(self._spelled[int(number)]) for number in known], dtype=np.float64)
        sums = np.bincount(owners, weights=weights[np.searchsorted(known, numbers)], minlength=len(questions))
        np.save(folder / "question_weights.npy", sums)


@dataclass(frozen=True, slots=True)
class Common:
    """What each of some clauses has in common with a question, all in [0, 1].

    Shares of the question's weight that stand in the clause's text, its context, its likely questions, all of these together, and
    in the one likely question that has the most of it; and the likeness (weighted Dice) of the likely question that is most alike.
    """

    text: Numbers
    context: Numbers
    likely: Numbers
    all: Numbers
    most: Numbers
    nearest: Numbers


class Grams:
    """What a GramsWriter wrote. Raises OSError, ValueError."""

    def __init__(self, folder: Path) -> None:
        self._rows = {name: Rows(folder, name) for name in _KINDS}
        self._question_weights = mapped(folder / "question_weights.npy")
        self._with_context = True

    def without_context(self) -> Grams:
        """The same, but clauses have no context: to measure what it is worth."""
        part = copy.copy(self)
        part._with_context = False
        return part

    def common(self, asked: Mapping[str, float], positions: Positions) -> Common:
        """What bigrams, each with a weight, have in common with the clauses at these positions."""
        numbers = np.array([gram_number(pair) for pair in asked], dtype=np.uint32)
        order = np.argsort(numbers)
        numbers, weights = numbers[order], np.array(list(asked.values()), dtype=np.float64)[order]
        text = _present(self._rows["text"], positions, numbers)
        context = _present(self._rows["context"], positions, numbers) & self._with_context
        questions, owners = self._rows["asked"].of(positions)
        each = _present(self._rows["questions"], questions.astype(np.int64), numbers)
        likely = np.zeros_like(text)
        np.logical_or.at(likely, owners, each)
        total = sum(asked.values()) or 1.0
        most, nearest = np.zeros(len(positions)), np.zeros(len(positions))
        shared = _weigh(each, weights)
        np.maximum.at(most, owners, shared / total)
        np.maximum.at(nearest, owners, 2 * shared / (total + self._question_weights[questions]))

        def share(present: Present) -> Numbers:
            return _weigh(present, weights) / total

        return Common(share(text), share(context), share(likely), share(text | context | likely), most, nearest)

    def has_letters(self, position: int, letters: bytes) -> bool:
        """Whether a piece of letters (`letters_of`) stands in the text of the clause at a position."""
        return letters in self._rows["letters"].row(position).tobytes()


def _present(rows: Rows, wanted: Positions, numbers: npt.NDArray[np.uint32]) -> Present:
    """Which of the sorted `numbers` each row has, shape (rows, numbers)."""
    present = np.zeros((len(wanted), len(numbers)), dtype=bool)
    if len(numbers):
        values, places = rows.of(wanted)
        at = np.minimum(np.searchsorted(numbers, values), len(numbers) - 1)
        found = numbers[at] == values
        present[places[found], at[found]] = True
    return present


def _weigh(present: Present, weights: Numbers) -> Numbers:
    """The sum of the weights of each row. Not a product of matrices, whose last bit depends on how many rows there are."""
    summed: Numbers = np.where(present, weights, 0.0).sum(axis=1)
    return summed


def _numbers(grams: Iterable[str]) -> list[int]:
    return sorted({gram_number(gram) for gram in grams})
