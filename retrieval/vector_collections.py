"""The vectors of one built index as collections on a Chroma server, that all who have the same vectors share.

    wenyue-<version of the index>-<hash of the vectors>-clauses, …-questions

A server can lose what it has, and who writes to it can be killed. So a collection counts only when it says that it is complete, when it has
as many vectors as the index, and when vectors of the index find themselves in it: of another model, or of a damaged file, they do not.
Two machines may make vectors of one library that are not the same to the last bit: then each takes what the other has put there, if its own
find themselves in it, and puts its own beside it where they do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from retrieval.exact import ExactVectors

NEIGHBOURS = 200  # looked at for a question; of a small library all are, so that two builds of it answer alike
ALL = 2000
PREFIX = "wenyue-"
LISTED = 1000
_UNUSED = timedelta(days=7)  # without anybody who uses it a collection is removed
_BATCH = 250  # vectors sent at once: with 4,096 dimensions some 10 MB
_SAMPLES = 16  # vectors that must find themselves
_FOUND = 0.75  # of them at least: an index of very many vectors misses a few
_ITSELF = 1e-3  # cosine distance
_IN_MEMORY = 50_000  # vectors up to which Chroma keeps its log alone: a kill while it writes its index files can damage them
_NEVER = 1_000_000


class Incomplete(Exception):
    """A collection that was filled does not hold what was put into it."""


class VectorCollections:
    """The collections of the vectors `exact`, by name, of an index of this version. Everything raises what Chroma's client and httpx do."""

    def __init__(self, client: Any, version: str, model: str, exact: Mapping[str, ExactVectors]) -> None:
        self._client = client
        self._version = version
        self._model = model
        self._exact = exact

    def sound(self) -> dict[str, Any]:
        """The collections that hold these vectors; those that do not are absent."""
        listed = sorted(self._client.list_collections(limit=LISTED), key=lambda collection: str(collection.name))
        found: dict[str, Any] = {}
        for name, exact in self._exact.items():
            for collection in listed:
                ours = collection.name.startswith(f"{PREFIX}{self._version}-") and collection.name.endswith(f"-{name}")
                if ours and name not in found and _is_sound(collection, exact):
                    found[name] = collection
        return found

    def fill(self, name: str, go_on: Callable[[], bool]) -> None:
        """Put the vectors of this name on the server, as far as they are not there, while it may `go_on`.

        Several may do so at once: ids and vectors are the same. Raises Incomplete.
        """
        exact = self._exact[name]
        called = f"{PREFIX}{self._version}-{_print(exact)}-{name}"
        settings = {"space": "cosine", "ef_search": max(NEIGHBOURS, min(len(exact), ALL)), "num_threads": 1}
        if len(exact) <= _IN_MEMORY:
            settings["sync_threshold"] = _NEVER
        about = {"model": self._model, "dimensions": exact.dimensions, "used": _today().isoformat()}
        for collection in self._client.list_collections(limit=LISTED):
            if collection.name == called and _said(collection, "complete"):  # and it is not sound, or nobody would fill it
                self._remove(collection)
        collection = self._client.get_or_create_collection(
            called, embedding_function=None, configuration={"hnsw": settings}, metadata=about | {"complete": False}
        )
        for start in range(0, len(exact), _BATCH):
            if not go_on():
                return
            positions, vectors = exact.rows(start, start + _BATCH)
            ids = [str(position) for position in positions]
            there = set(collection.get(ids=ids, include=[])["ids"])  # who is put there again costs ten times as much
            missing = [at for at, each in enumerate(ids) if each not in there]
            if missing:
                collection.add(ids=[ids[at] for at in missing], embeddings=np.array(vectors[missing]))
        if _is_whole(collection, exact):
            collection.modify(metadata=about | {"complete": True})
        else:
            self._remove(collection)
            raise Incomplete

    def keep(self, used: Collection[Any]) -> None:
        """Tell that these collections are used today, and remove those that nobody has used for a week, of whichever version."""
        today = _today()
        for collection in self._client.list_collections(limit=LISTED):
            last = _said(collection, "used")
            if collection.id in {each.id for each in used}:
                if last != today.isoformat():
                    collection.modify(metadata=dict(collection.metadata) | {"used": today.isoformat()})
            elif collection.name.startswith(PREFIX) and isinstance(last, str) and last < (today - _UNUSED).isoformat():
                self._remove(collection)

    def _remove(self, collection: Any) -> None:
        """Remove this collection, and not another one that has its name by now."""
        from chromadb.errors import NotFoundError

        try:
            if self._client.get_collection(collection.name, embedding_function=None).id == collection.id:
                self._client.delete_collection(collection.name)
        except NotFoundError:  # somebody else has removed it
            pass


def _is_sound(collection: Any, exact: ExactVectors) -> bool:
    return bool(_said(collection, "complete")) and _is_whole(collection, exact)


def _is_whole(collection: Any, exact: ExactVectors) -> bool:
    """Whether a collection has as many vectors as the index, and these."""
    if collection.count() != len(exact):
        return False
    rows = np.linspace(0, len(exact) - 1, min(_SAMPLES, len(exact))).astype(int).tolist()
    samples = np.concatenate([exact.rows(row, row + 1)[1] for row in rows])
    samples = samples[np.linalg.norm(samples, axis=1) > 0.5]  # a vector of noughts finds nothing
    if not len(samples):
        return True
    found = collection.query(query_embeddings=samples, n_results=1, include=["distances"])["distances"]
    near = sum(1 for distances in found if distances and distances[0] < _ITSELF)
    return near >= _FOUND * len(samples)


def _said(collection: Any, name: str) -> Any:
    return (collection.metadata or {}).get(name)


def _print(exact: ExactVectors) -> str:
    """What two sets of vectors have in common only if they are the same to the last bit."""
    hashed = hashlib.sha256()
    for start in range(0, len(exact), _BATCH):
        positions, vectors = exact.rows(start, start + _BATCH)
        hashed.update(np.array(positions).tobytes() + np.ascontiguousarray(vectors).tobytes())
    return hashed.hexdigest()[:8]


def _today() -> date:
    return datetime.now(UTC).date()
