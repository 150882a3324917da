"""Dense search: vectors of clauses and of their likely questions, in Chroma: in a private copy of the built folder, or on a server.

Questions of some agreements alone are searched exactly, see retrieval/exact.py, and all others where the server does not tell.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.clause import Clause
from retrieval.embeddings import Embeddings, Vectors
from retrieval.errors import EmbeddingsError, OtherEmbeddings
from retrieval.exact import ExactVectors, ExactWriter
from retrieval.lexical import Ranked
from retrieval.likely import LikelyQuestion
from retrieval.manifest import refuse_others
from retrieval.vector_collections import ALL, NEIGHBOURS
from retrieval.vector_copy import CHROMA, VectorCopy, local_client
from retrieval.vector_server import VectorServer

_TEXTS, _QUESTIONS = "clauses", "questions"
_BATCH = 1000  # clauses given to Chroma at once
_BLOCK = 16  # clauses embedded at once, each with its likely questions
_PAUSE = 60.0  # seconds without vectors after the embeddings failed, so that not every question waits for a service that is down

_log = logging.getLogger(__name__)


class VectorIndex:
    """The opened vectors of one library."""

    def __init__(self, folder: Path, embeddings: Embeddings, *, server: str | None = None, version: str = "") -> None:
        """`server`: the address of a Chroma server that has, or is given, the vectors of the index of this version.

        Raises OtherEmbeddings where the vectors are of another model.
        """
        exact = {name: ExactVectors(folder, name) for name in (_TEXTS, _QUESTIONS)}
        self._dimensions = exact[_TEXTS].dimensions
        self._exact = {name: vectors for name, vectors in exact.items() if len(vectors)}
        self._embeddings = embeddings
        self._resumes = 0.0
        self._chroma: VectorCopy | VectorServer
        if server is not None:
            self._chroma = VectorServer(server, version, embeddings.name, self._exact)
            return
        self._chroma = VectorCopy(folder, (_TEXTS, _QUESTIONS))
        try:
            refuse_others([self._chroma.model(_TEXTS)], embeddings.name)
        except OtherEmbeddings:
            self.close()
            raise

    @property
    def degraded(self) -> bool:
        """Whether a server that should be asked is not; the answers are the same."""
        return self._chroma.degraded

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
            client = opened.enter_context(closing(local_client(folder / CHROMA)))
            collections = {
                name: client.create_collection(
                    name,
                    embedding_function=None,
                    configuration={"hnsw": {"space": "cosine", "ef_search": max(NEIGHBOURS, min(len(clauses), ALL)), "num_threads": 1}},
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
        found = self._chroma.nearest(name, vector, limit)
        return self._exact[name].nearest(vector, None, limit) if found is None else found

    def close(self) -> None:
        """Give back the private copy, or the connections to the server."""
        self._chroma.close()
