"""The statutes as a library of any size: an agreement a law, and new editions of the laws once every law is in it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path

from eval.bench import Statutes
from retrieval.clause import Clause
from retrieval.likely import LikelyQuestion

_SEED = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A lay question and its place in the benchmark, the articles that answer it, and the agreement it may be asked of alone."""

    place: int
    text: str
    gold: frozenset[str]
    agreement: str


class Collection:
    """The first `size` articles; what `open_index` needs of a library. Raises eval.questions.QuestionsError."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        statutes = Statutes(folder)
        self.articles = len(statutes.clauses())  # from this size on every article that answers a question is there
        self._clauses = list(islice(_editions(statutes.clauses()), size))
        self._queries = statutes.queries

    @property
    def version(self) -> str:
        return hashlib.sha256("\0".join(f"{clause.ref} {clause.content}" for clause in self._clauses).encode()).hexdigest()

    def clauses(self) -> list[Clause]:
        return self._clauses

    def likely(self) -> dict[tuple[str, str], list[LikelyQuestion]]:
        return {}

    def questions(self, most: int | None = None) -> list[Asked]:
        """`most` of the questions, always the same ones in the same order; all of them where no number is given.

        Each may be asked of the law that answers it where that is there, else of any law.
        """
        drawn = random.Random(_SEED)  # noqa: S311
        places = range(len(self._queries)) if most is None else drawn.sample(range(len(self._queries)), min(most, len(self._queries)))
        law_of = {clause.id: clause.agreement for clause in self._clauses}
        laws = sorted(set(law_of.values()))
        asked = []
        for place in places:
            query = self._queries[place]
            law = next((law_of[name] for name in sorted(query.gold) if name in law_of), None)
            asked.append(Asked(place, query.text, query.gold, law or drawn.choice(laws)))
        return asked


def _editions(articles: list[Clause]) -> Iterator[Clause]:
    """The articles, then all of them again as those of a second edition, and so on; no two have one id or one heading."""
    keys: dict[str, str] = {}
    for edition in count(1):
        for article in articles:
            law = article.heading.removesuffix(f" {article.number}")
            key = f"{keys.setdefault(law, f'law-{len(keys):04}')}-{edition}"
            if edition == 1:
                yield replace(article, agreement=key)
            else:
                yield replace(article, agreement=key, id=f"{article.id}-{edition}", heading=f"{law}（第{edition}版） {article.number}")
