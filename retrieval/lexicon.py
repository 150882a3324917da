"""Everyday words -> the words that agreements print: 退钱 -> 退款, 退还. General data; nothing here knows one agreement.

Files of one form stand in `everyday/`: `written.tsv` by hand, `agreements.tsv` and `statutes.tsv` learned by
eval/translations.py from pairs of a question and the text that answers it (Berger & Lafferty, Information retrieval as
statistical translation, 1999). A line is an everyday word, a tab, and what agreements print for it, with a weight where it is known:

    退钱	退款=2.7 退还=1.9
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path

from retrieval.errors import StorageError
from retrieval.words import known_words, normalise

EVERYDAY = Path(__file__).with_name("everyday")
AGREEMENTS, STATUTES = "agreements.tsv", "statutes.tsv"  # the files that are learned
_UNWEIGHED = 0.5  # of a pair without a weight; those learned have weights of 0.1 to 4
_MOST = 30  # printed words that a question is widened by


class Lexicon:
    """`entries` give for each everyday word what agreements print for it, as in the files."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._entries = entries

    @classmethod
    def load(cls, folder: Path = EVERYDAY, *, without: Collection[str] = ()) -> Lexicon:
        """All files of a folder together, but for those named in `without`. Raises StorageError for a file or a line that cannot be read."""
        lexicon = cls({})
        for path in sorted(folder.glob("*.tsv")):
            if path.name in without:
                continue
            try:
                lexicon = lexicon.widened(path.read_text(encoding="utf-8").splitlines())
            except (OSError, ValueError) as error:
                raise StorageError(f"cannot read the lexicon {path}: {error}") from error
        return lexicon

    def widened(self, lines: Iterable[str]) -> Lexicon:
        """This lexicon and further lines in the form of the files. Raises ValueError for a line that has another form."""
        entries = dict(self._entries)
        for line in lines:
            if not line or line[0] == "#":
                continue
            word, tab, printed = line.partition("\t")
            if not (word and tab and printed):
                raise ValueError(f"expected an everyday word, a tab and printed words, not {line!r}")
            entries[word] = f"{entries[word]} {printed}" if word in entries else printed
        return Lexicon(entries)

    @cached_property
    def version(self) -> str:
        """Changes with the entries."""
        return hashlib.sha256(repr(self._entries).encode()).hexdigest()[:12]

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(self._entries)

    def printed(self, question: str) -> dict[str, float]:
        """What agreements may print for the words of a question, with weights above 0, higher for a surer translation.

        At most 30, the surest first; words that the question has itself are not among them.
        """
        plain = normalise(question)
        found: dict[str, float] = defaultdict(float)
        for word in dict.fromkeys(known_words(question, self._words)):
            best: dict[str, float] = {}
            for entry in self._entries[word].split():
                printed, _, weight = entry.partition("=")
                if printed not in plain:
                    best[printed] = max(best.get(printed, 0.0), float(weight or _UNWEIGHED))
            for printed, value in best.items():
                found[printed] += value
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST])
