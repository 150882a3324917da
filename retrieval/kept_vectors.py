"""The vectors that a model gave, kept by the hash of their text: a build asks for what is new only, and an interrupted one goes on.

    <home>/vectors.db

Holds vectors and hashes, no texts. After a build it holds what that build used, so nothing is kept of a text that is gone.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from retrieval.embeddings import Vectors
from retrieval.errors import StorageError
from retrieval.named_embeddings import BATCH, NamedEmbeddings

_TABLE = "CREATE TABLE IF NOT EXISTS vectors (model TEXT, text BLOB, vector BLOB, PRIMARY KEY (model, text)) WITHOUT ROWID"
_PROBE = b""  # in place of a text's hash: the probe of the model that gave the vectors


class KeptVectors:
    """Embeddings that give what is kept and ask the model for the rest, which is kept as soon as it is there."""

    def __init__(self, embeddings: NamedEmbeddings, path: Path) -> None:
        """Raises StorageError, and EmbeddingsError where the model cannot be asked."""
        self.name = embeddings.name
        self.dimensions = embeddings.dimensions
        self._embeddings = embeddings
        self._path = path
        self._used: set[bytes] = {_PROBE}
        with self._told():
            self._database = _opened(path)
            probe = self._kept([_PROBE]).get(_PROBE)
            if probe is None or not embeddings.is_model_of(probe):  # another model goes by the same name now
                self._database.execute("DELETE FROM vectors WHERE model = ?", (self.name,))
                self._keep([(_PROBE, embeddings.probe)])

    def embed(self, text: str) -> Vectors:
        """See NamedEmbeddings. Nothing is kept."""
        return self._embeddings.embed(text)

    def embed_all(self, texts: Sequence[str]) -> Vectors:
        """See NamedEmbeddings. Raises StorageError, too."""
        hashes = [hashlib.sha256(text.encode()).digest() for text in texts]
        self._used.update(hashes)
        with self._told():
            known = self._kept(hashes)
            missing = {key: text for key, text in zip(hashes, texts, strict=True) if key not in known}
            wanted = list(missing)
            for start in range(0, len(wanted), BATCH):
                keys = wanted[start : start + BATCH]
                new = list(zip(keys, self._embeddings.embed_all([missing[key] for key in keys]), strict=True))
                self._keep(new)
                known.update(new)
        return np.stack([known[key] for key in hashes]) if hashes else np.zeros((0, self.dimensions), dtype=np.float32)

    def forget_unused(self) -> None:
        """Keep only what was asked for since this was opened."""
        with self._told(), self._database as changing:
            changing.execute("CREATE TEMP TABLE used (text BLOB PRIMARY KEY)")
            changing.executemany("INSERT INTO used VALUES (?)", [(key,) for key in self._used])
            changing.execute("DELETE FROM vectors WHERE model != ? OR text NOT IN (SELECT text FROM used)", (self.name,))

    def close(self) -> None:
        self._database.close()

    def _kept(self, hashes: Sequence[bytes]) -> dict[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}
        for key in hashes:
            row = self._database.execute("SELECT vector FROM vectors WHERE model = ? AND text = ?", (self.name, key)).fetchone()
            if row is not None:
                found[key] = np.frombuffer(row[0], dtype="<f4").astype(np.float32)
        return found

    def _keep(self, vectors: Sequence[tuple[bytes, Vectors]]) -> None:
        with self._database as changing:
            rows = [(self.name, key, vector.astype("<f4").tobytes()) for key, vector in vectors]
            changing.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(f"cannot keep vectors in {self._path}: {error}; make room there, or delete the file") from error


def _opened(path: Path) -> sqlite3.Connection:
    """The database in that file; a damaged one is begun anew, for all of it can be had again."""
    database = sqlite3.connect(path)
    try:
        database.execute(_TABLE)
        (state,) = database.execute("PRAGMA quick_check").fetchone()
        if state == "ok":
            return database
    except sqlite3.OperationalError:  # it is locked, or the disk is full
        database.close()
        raise
    except sqlite3.DatabaseError:
        pass
    database.close()
    path.unlink()
    database = sqlite3.connect(path)
    database.execute(_TABLE)
    return database
