"""Dense search: vectors of clauses and of their likely questions, in Chroma.

A local Chroma folder that two processes open, or that a kill hits while it is written, can be lost for good. So a built
folder is never opened where it lies: every process opens a private copy, and the built one stays as its checksums say.
Questions of some agreements alone are searched exactly, see retrieval/exact.py.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from retrieval.clause import Clause
from retrieval.embeddings import Embeddings, Vectors
from retrieval.errors import EmbeddingsError, OtherEmbeddings
from retrieval.exact import ExactVectors, ExactWriter
from retrieval.lexical import Ranked
from retrieval.likely import LikelyQuestion
from retrieval.manifest import refuse_others

_TEXTS, _QUESTIONS = "clauses", "questions"
_CHROMA = "chroma"
_PREFIX = "wenyue-vectors-"
_NEIGHBOURS = 200  # looked at for a question; of a small library all are, so that two builds of it answer alike
_ALL = 2000
_BATCH = 1000  # clauses given to Chroma at once
_BLOCK = 16  # clauses embedded at once, each with its likely questions
_PAUSE = 60.0  # seconds without vectors after the embeddings failed, so that not every question waits for a service that is down
_SETTLING = 60.0  # seconds in which a new copy may not have taken its lock yet

_log = logging.getLogger(__name__)


class VectorIndex:
    """An opened private copy of the vectors of one library."""

    def __init__(self, folder: Path, embeddings: Embeddings) -> None:
        """Raises OtherEmbeddings where the vectors are of another model."""
        _sweep()
        self._copy = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = FileLock(self._copy / "in-use.lock")
        self._lock.acquire(timeout=0)
        shutil.copytree(folder / _CHROMA, self._copy / _CHROMA)
        self._client = _client(self._copy / _CHROMA)
        self._collections = {name: self._client.get_collection(name, embedding_function=None) for name in (_TEXTS, _QUESTIONS)}
        self._exact = {name: ExactVectors(folder, name) for name, collection in self._collections.items() if collection.count()}
        self._embeddings = embeddings
        self._resumes = 0.0
        of = self._collections[_TEXTS].metadata
        self._dimensions = int(of["dimensions"])
        try:
            refuse_others([of["model"]], embeddings.name)
        except OtherEmbeddings:
            self.close()
            raise

    @staticmethod
    def build(
        folder: Path,
        clauses: Sequence[Clause],
        texts: Sequence[str],
        likely: Mapping[tuple[str, str], Sequence[LikelyQuestion]],
        embeddings: Embeddings,
        *,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        """Write two vectors a clause into a folder: of its text, and the mean of its likely questions'. `tick` is called once a clause.

        Raises EmbeddingsError.
        """
        folder.mkdir(parents=True)
        of_each = {_TEXTS: range(len(clauses)), _QUESTIONS: [at for at, clause in enumerate(clauses) if likely.get(clause.ref)]}
        with ExitStack() as opened:
            client = opened.enter_context(closing(_client(folder / _CHROMA)))
            collections = {
                name: client.create_collection(
                    name,
                    embedding_function=None,
                    configuration={"hnsw": {"space": "cosine", "ef_search": max(_NEIGHBOURS, min(len(clauses), _ALL)), "num_threads": 1}},
                    metadata={"model": embeddings.name, "dimensions": embeddings.dimensions},
                )
                for name in (_TEXTS, _QUESTIONS)
            }
            exact = {
                name: opened.enter_context(
                    ExactWriter(folder, name, positions, [clauses[at].agreement for at in positions], embeddings.dimensions)
                )
                for name, positions in of_each.items()
            }
            for start in range(0, len(clauses), _BATCH):
                vectors: dict[str, list[tuple[int, Any]]] = {_TEXTS: [], _QUESTIONS: []}
                batch = range(start, min(start + _BATCH, len(clauses)))
                for block in (batch[at : at + _BLOCK] for at in range(0, len(batch), _BLOCK)):
                    asked = {position: likely.get(clauses[position].ref, ()) for position in block}
                    wanted = [texts[position] for position in block] + [question.text for each in asked.values() for question in each]
                    found = iter(embeddings.embed_all(wanted))
                    vectors[_TEXTS] += [(position, next(found)) for position in block]
                    for position, questions in asked.items():
                        if questions:
                            vectors[_QUESTIONS].append((position, np.mean([next(found) for _ in questions], axis=0)))
                        tick()
                for name, rows in vectors.items():
                    if rows:
                        collections[name].add(
                            ids=[str(position) for position, _ in rows],
                            embeddings=[vector.tolist() for _, vector in rows],
                        )
                        exact[name].add(np.stack([vector for _, vector in rows]))

    def search(self, question: str, agreements: Collection[str], limit: int) -> dict[str, Ranked]:
        """The nearest clauses by cosine similarity, by their texts and by their likely questions.

        None where the embeddings fail: the other signals find clauses, too. Raises OtherEmbeddings where the embeddings give vectors of
        another length than the index has.
        """
        vector = self._vector(question)
        if vector is None or not vector.any():
            return {"vectors": [], "likely_vectors": []}
        return {
            "vectors": self._nearest(_TEXTS, vector, agreements, limit),
            "likely_vectors": self._nearest(_QUESTIONS, vector, agreements, limit),
        }

    def _vector(self, question: str) -> Vectors | None:
        if not question.strip() or time.monotonic() < self._resumes:
            return None
        try:
            vector = self._embeddings.embed(question)
        except EmbeddingsError as error:
            self._resumes = time.monotonic() + _PAUSE
            _log.warning("%s。接下来 %.0f 秒只按词语查找。", error, _PAUSE)
            return None
        if len(vector) != self._dimensions:
            raise OtherEmbeddings(
                f"索引里的向量是 {self._dimensions} 维，而 {self._embeddings.name} 现在给出 {len(vector)} 维；请运行 wenyue index 重建"
            )
        return vector

    def _nearest(self, name: str, vector: Vectors, agreements: Collection[str], limit: int) -> Ranked:
        if name not in self._exact:
            return []
        if agreements:
            return self._exact[name].nearest(vector, agreements, limit)
        found = self._collections[name].query(query_embeddings=[vector.tolist()], n_results=limit, include=["distances"])
        distances = (found["distances"] or [[]])[0]
        ranked = [(int(position), round(1.0 - distance, 6)) for position, distance in zip(found["ids"][0], distances, strict=True)]
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
