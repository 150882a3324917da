"""The real answerer over the shipped agreements, with a model or without."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from answering.acts import Acts
from answering.answerer import Answerer
from answering.confidence import Confidence
from answering.models import ChatModel
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search


@pytest.fixture(scope="session")
def make_answerer(shipped: Library, shipped_index: Index) -> Callable[[ChatModel | None], Answerer]:
    """Makes an answerer that asks this model, or quotes where it is None."""
    search = Search(shipped_index, Ranking.load(), Lexicon.load())
    acts = Acts.load()

    def make(model: ChatModel | None = None) -> Answerer:
        return Answerer(shipped, search, Confidence.load(), acts, model)

    return make


@pytest.fixture(scope="session")
def answerer(make_answerer: Callable[[ChatModel | None], Answerer]) -> Answerer:
    """The default: no model, the clauses are quoted."""
    return make_answerer(None)
