"""A built Chroma folder, searched by a private copy of it.

A local Chroma folder that two processes open, or that a kill hits while it is written, can be lost for good. So a built
folder is never opened where it lies: every process opens a private copy, and the built one stays as its checksums say.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from retrieval.embeddings import Vectors
from retrieval.lexical import Ranked

CHROMA = "chroma"  # the folder in a built index
_PREFIX = "wenyue-vectors-"
_SETTLING = 60.0  # seconds in which a new copy may not have taken its lock yet


class VectorCopy:
    """An opened private copy of a built folder."""

    degraded = False  # nothing stands between it and its vectors

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        """Raises OSError."""
        _sweep()
        self._copy = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = FileLock(self._copy / "in-use.lock")
        self._lock.acquire(timeout=0)
        shutil.copytree(folder / CHROMA, self._copy / CHROMA)
        self._client = local_client(self._copy / CHROMA)
        self._collections = {name: self._client.get_collection(name, embedding_function=None) for name in names}

    def model(self, name: str) -> str:
        """The name of the embeddings that the vectors come from."""
        return str(self._collections[name].metadata["model"])

    def nearest(self, name: str, vector: Vectors, limit: int) -> Ranked:
        """Positions and cosine similarities of the nearest vectors of a collection, the nearest first."""
        found = self._collections[name].query(query_embeddings=[vector.tolist()], n_results=limit, include=["distances"])
        return ranked(found)

    def close(self) -> None:
        """Give the private copy back."""
        self._client.close()
        self._lock.release()
        shutil.rmtree(self._copy, ignore_errors=True)


def local_client(folder: Path) -> Any:
    """Chroma over a folder that no other process opens."""
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))


def ranked(found: Any) -> Ranked:
    """What Chroma found for one vector, the nearest first, of equally near ones the first position."""
    distances = (found["distances"] or [[]])[0]
    pairs = [(int(position), round(1.0 - distance, 6)) for position, distance in zip(found["ids"][0], distances, strict=True)]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


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
