"""Dense search: vectors of clauses and of their likely questions, in Chroma.

A local Chroma folder that two processes open, or that a kill hits while it is written, can be lost for good. So a built
folder is never opened where it lies: every process opens a private copy, and the built one stays as its checksums say.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from retrieval.clause import Clause
from retrieval.embeddings import LocalEmbeddings
from retrieval.lexical import Ranked
from retrieval.likely import LikelyQuestion

_TEXTS, _QUESTIONS = "clauses", "questions"
_PREFIX = "wenyue-vectors-"
_BATCH = 1000
_SETTLING = 60.0  # seconds in which a new copy may not have taken its lock yet


class VectorIndex:
    """An opened private copy of the vectors of one library."""

    def __init__(self, folder: Path, embeddings: LocalEmbeddings) -> None:
        _sweep()
        self._copy = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = FileLock(self._copy / "in-use.lock")
        self._lock.acquire(timeout=0)
        shutil.copytree(folder, self._copy / "chroma")
        self._client = _client(self._copy / "chroma")
        self._collections = {name: self._client.get_collection(name, embedding_function=None) for name in (_TEXTS, _QUESTIONS)}
        self._embeddings = embeddings

    @staticmethod
    def build(
        folder: Path,
        clauses: Sequence[Clause],
        texts: Sequence[str],
        likely: Mapping[tuple[str, str], Sequence[LikelyQuestion]],
        embeddings: LocalEmbeddings,
        *,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        """Write two vectors a clause into a folder: of its text, and the mean of its likely questions'. `tick` is called once a clause."""
        client = _client(folder)
        collections = {
            name: client.create_collection(
                name,
                embedding_function=None,
                configuration={"hnsw": {"space": "cosine", "ef_search": 200}},
                metadata={"model": embeddings.name, "dimensions": embeddings.dimensions},
            )
            for name in (_TEXTS, _QUESTIONS)
        }
        for start in range(0, len(clauses), _BATCH):
            vectors: dict[str, list[tuple[int, Any]]] = {_TEXTS: [], _QUESTIONS: []}
            for position, clause in enumerate(clauses[start : start + _BATCH], start=start):
                vectors[_TEXTS].append((position, embeddings.embed(texts[position])))
                if asked := likely.get(clause.ref):
                    mean = np.mean([embeddings.embed(question.text) for question in asked], axis=0)
                    vectors[_QUESTIONS].append((position, mean))
                tick()
            for name, rows in vectors.items():
                if rows:
                    collections[name].add(
                        ids=[str(position) for position, _ in rows],
                        embeddings=[vector.tolist() for _, vector in rows],
                        metadatas=[{"agreement": clauses[position].agreement} for position, _ in rows],
                    )
        client.close()

    def search(self, question: str, agreements: Collection[str], limit: int) -> dict[str, Ranked]:
        """The nearest clauses by cosine similarity, by their texts and by their likely questions."""
        vector = self._embeddings.embed(question)
        if not vector.any():
            return {"vectors": [], "likely_vectors": []}
        return {
            "vectors": self._nearest(_TEXTS, vector.tolist(), agreements, limit),
            "likely_vectors": self._nearest(_QUESTIONS, vector.tolist(), agreements, limit),
        }

    def _nearest(self, name: str, vector: list[float], agreements: Collection[str], limit: int) -> Ranked:
        found = self._collections[name].query(
            query_embeddings=[vector],
            n_results=limit,
            where={"agreement": {"$in": sorted(agreements)}} if agreements else None,
            include=["distances"],
        )
        distances = (found["distances"] or [[]])[0]
        ranked = [(int(position), 1.0 - distance) for position, distance in zip(found["ids"][0], distances, strict=True)]
        return sorted(ranked, key=lambda pair: (-pair[1], pair[0]))

    def close(self) -> None:
        """Give the private copy back."""
        self._client.close()
        self._lock.release()
        shutil.rmtree(self._copy, ignore_errors=True)


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))


def _sweep() -> None:
    """Remove the private copies of processes that were killed: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime < _SETTLING:
                continue
            lock = FileLock(folder / "in-use.lock")
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)
