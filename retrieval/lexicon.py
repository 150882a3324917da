"""Everyday words -> the words that agreements print: 退钱 -> 退款, 退还. General data; nothing here knows one agreement.

Files of one form stand in `everyday/`: `written.tsv` by hand, `agreements.tsv` and `statutes.tsv` learned by
eval/translations.py from pairs of a question and the text that answers it (Berger & Lafferty, Information retrieval as
statistical translation, 1999). A line is an everyday word, a tab, and what agreements print for it, with a weight where it is known:

    退钱	退款=2.7 退还=1.9

An everyday word stands as `known_words` finds it in a question: 什价 for 啥价, refund for refunds. Several words, apart by spaces,
are met by a question that has each of them, wherever it stands: delet data by "delete all of my data", 赔 3 倍 by 三倍赔偿.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path

from retrieval.errors import StorageError
from retrieval.words import known_words, normalise

EVERYDAY = Path(__file__).with_name("everyday")
AGREEMENTS, STATUTES = "agreements.tsv", "statutes.tsv"  # the files that are learned
_UNWEIGHED = 0.5  # of a pair without a weight; more than half of those learned weigh more
# Anything but a printed word, `=` and a plain number above 0. Loading looks for this alone, and a weight is read when a question has
# its word: to read all 64,000 pairs of the files at each start would take twice as long, and three times the memory.
_NO_WEIGHT = re.compile(r"=(?!(?<=\S=)(?=[0.]*[1-9])\d+(?:\.\d+)?(?!\S))")
_MOST = 30  # printed words that a question is widened by


class Lexicon:
    """`entries` give for each everyday word what agreements print for it, as in the files; `widened` refuses what these may not have."""

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
        """This lexicon and further lines in the form of the files. Raises ValueError for a line that has another form, or a weight
        that is no number above 0.
        """
        entries = dict(self._entries)
        for line in lines:
            if not line or line[0] == "#":
                continue
            word, tab, printed = line.partition("\t")
            if not (word.strip() and tab and printed.strip()):
                raise ValueError(f"expected an everyday word, a tab and printed words, not {line!r}")
            if _NO_WEIGHT.search(printed):
                raise ValueError(f"expected printed words, each alone or with a weight above 0 as in 退款=2.7, not {line!r}")
            entries[word] = f"{entries[word]} {printed}" if word in entries else printed
        return Lexicon(entries)

    @cached_property
    def version(self) -> str:
        """Changes with the entries."""
        return hashlib.sha256(repr(self._entries).encode()).hexdigest()[:12]

    @cached_property
    def _phrases(self) -> dict[str, frozenset[str]]:
        return {entry: frozenset(entry.split()) for entry in self._entries if " " in entry}

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(self._entries).union(*self._phrases.values())

    def printed(self, question: str) -> dict[str, float]:
        """What agreements may print for the words of a question, with weights above 0, higher for a surer translation.

        At most 30, the surest first; words that the question has itself are not among them.
        """
        plain = normalise(question)
        found: dict[str, float] = defaultdict(float)
        words = dict.fromkeys(known_words(question, self._words))
        phrases = (phrase for phrase, parts in self._phrases.items() if parts <= words.keys())
        for entry in (*(word for word in words if word in self._entries), *phrases):
            best: dict[str, float] = {}
            for pair in self._entries[entry].split():
                printed, _, weight = pair.partition("=")
                if printed not in plain:
                    best[printed] = max(best.get(printed, 0.0), float(weight or _UNWEIGHED))
            for printed, value in best.items():
                found[printed] += value
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST])
