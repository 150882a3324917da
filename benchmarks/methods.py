"""What is measured: WenYue's own search, and what people would else take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.collection import Asked, Collection
from eval.bench import Statutes, searches_of
from retrieval.embeddings import LocalEmbeddings
from retrieval.index import Progress, build_index, open_index
from retrieval.lexicon import Lexicon
from retrieval.ranking import Ranking
from retrieval.search import Search
from retrieval.words import words

Find = Callable[[Asked, bool], list[list[str]]]
"""A question, and whether it is asked of its agreement alone -> the ids of the clauses of each of ten hits, the best first."""
_HITS = 10
_BATCH = 1000


class Method(Protocol):
    """`folder` is where the methods of one library keep what they built, each in a folder of its own."""

    title: str
    needs: str  # a package that benchmarks/requirements.txt names; empty where WenYue's own are enough

    def build(self, folder: Path, collection: Collection, progress: Progress) -> int:
        """Index the collection; returns how many things were indexed."""
        ...

    def opened(self, folder: Path, collection: Collection, *, unseen: bool) -> AbstractContextManager[Find]:
        """A context in which there is a Find; with `unseen`, one that has learned nothing from the question it is asked."""
        ...


class WenYue:
    title, needs = "WenYue", ""

    def build(self, folder: Path, collection: Collection, progress: Progress) -> int:
        build_index(folder / "wenyue", collection, progress=progress)
        return len(collection.clauses())

    @contextmanager
    def opened(self, folder: Path, collection: Collection, *, unseen: bool) -> Iterator[Find]:
        index = open_index(folder / "wenyue", collection)
        ranking = Ranking.load()
        searches = searches_of(index, Statutes(collection.folder), ranking) if unseen else [Search(index, ranking, Lexicon.load())]

        def find(asked: Asked, alone: bool) -> list[list[str]]:
            search = searches[asked.place % len(searches)]
            return [[hit.clause.id] for hit in search.find(asked.text, [asked.agreement] if alone else (), _HITS)]

        try:
            yield find
        finally:
            index.close()


class Bm25s:
    """bm25s as it comes, over the same words."""

    title, needs = "bm25s", "bm25s"

    def build(self, folder: Path, collection: Collection, progress: Progress) -> int:
        import bm25s

        clauses = collection.clauses()
        tokens = []
        for done, clause in enumerate(clauses, start=1):
            tokens.append(words(clause.content))
            progress("words", done, len(clauses))
        model = bm25s.BM25()
        model.index(tokens, show_progress=False)
        model.save(folder / "bm25s")
        return len(clauses)

    @contextmanager
    def opened(self, folder: Path, collection: Collection, *, unseen: bool) -> Iterator[Find]:
        import bm25s

        model = bm25s.BM25.load(folder / "bm25s")
        clauses = collection.clauses()
        keys = {key: at for at, key in enumerate(dict.fromkeys(clause.agreement for clause in clauses))}
        agreements = np.array([keys[clause.agreement] for clause in clauses])

        def find(asked: Asked, alone: bool) -> list[list[str]]:
            mask = (agreements == keys[asked.agreement]).astype(np.float32) if alone else None
            found, scores = model.retrieve([words(asked.text)], k=min(_HITS, len(clauses)), show_progress=False, weight_mask=mask)
            return [[clauses[at].id] for at, score in zip(found[0], scores[0], strict=True) if score > 0]

        yield find


class LangChain:
    """What a tutorial has: each law split by the recursive splitter, its chunks in Chroma; vectors are WenYue's own, fitted before."""

    title, needs = "LangChain + Chroma", "langchain_text_splitters"

    def build(self, folder: Path, collection: Collection, progress: Progress) -> int:
        chunks = list(_chunks(collection))
        store = _store(folder)
        for start in range(0, len(chunks), _BATCH):
            batch = chunks[start : start + _BATCH]
            store.add_texts(
                [text for text, _, _ in batch], [{"agreement": key, "clauses": json.dumps(held)} for _, key, held in batch],
                ids=[str(start + at) for at in range(len(batch))],
            )  # fmt: skip
            progress("chunks", start + len(batch), len(chunks))
        return len(chunks)

    @contextmanager
    def opened(self, folder: Path, collection: Collection, *, unseen: bool) -> Iterator[Find]:
        store = _store(folder)

        def find(asked: Asked, alone: bool) -> list[list[str]]:
            found = store.similarity_search(asked.text, k=_HITS, filter={"agreement": asked.agreement} if alone else None)
            return [json.loads(document.metadata["clauses"]) for document in found]

        yield find


def _chunks(collection: Collection) -> Iterator[tuple[str, str, list[str]]]:
    """Pieces of the laws: text, agreement, and the ids of the clauses the piece has text of."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=500, chunk_overlap=50, add_start_index=True)
    for key, law in groupby(collection.clauses(), key=lambda clause: clause.agreement):
        clauses = list(law)
        ends = np.cumsum([len(clause.content) + 1 for clause in clauses])
        for document in splitter.create_documents(["\n".join(clause.content for clause in clauses)]):
            start = document.metadata["start_index"]
            first, last = np.searchsorted(ends, [start, start + len(document.page_content) - 1], side="right")
            yield document.page_content, key, [clause.id for clause in clauses[first : last + 1]]


def _store(folder: Path) -> Any:
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

    class Vectors(Embeddings):
        def __init__(self, model: LocalEmbeddings) -> None:
            self._model = model

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            vectors: list[list[float]] = self._model.embed_all(texts).tolist()
            return vectors

        def embed_query(self, text: str) -> list[float]:
            vector: list[float] = self._model.embed(text).tolist()
            return vector

    (model,) = (folder / "wenyue" / "index").glob("*/lsa")
    return Chroma("laws", Vectors(LocalEmbeddings(model)), persist_directory=str(folder / "langchain"))


METHODS: dict[str, Method] = {"wenyue": WenYue(), "bm25s": Bm25s(), "langchain": LangChain()}


def installed() -> list[str]:
    """The methods that can be run here."""
    return [name for name, method in METHODS.items() if not method.needs or find_spec(method.needs)]
