"""The derived indexes of one library version: built aside, checked by checksum, swapped in whole, rebuilt when damaged.

    <home>/index/<version>/   words/  vectors/  lsa/ or probe.npy  manifest.json

The version is a hash of what the index was built from, so an index of another library is never opened; the manifest holds
the checksum of every file and is written last, so neither is a half-built or a damaged one. It also tells the embeddings: an index of others is replaced when that is asked for, not by a question.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
from filelock import FileLock, Timeout

from retrieval.clause import Clause, Kind
from retrieval.embeddings import Embeddings, LocalEmbeddings
from retrieval.errors import EmbeddingsError, RetrievalError, StorageError
from retrieval.kept_vectors import KeptVectors
from retrieval.lexical import LexicalIndex
from retrieval.likely import LikelyQuestion
from retrieval.links import Links
from retrieval.manifest import built_with, damage_of, refuse_others, write_manifest
from retrieval.named_embeddings import NamedEmbeddings
from retrieval.vectors import VectorIndex

INDEX_FORMAT = "3"  # raise it when the same library would be indexed differently
_BUILD_TIMEOUT = 900.0  # seconds to wait for another process that is building
_WAITING = 2.0
_PROBE = "probe.npy"


class Progress(Protocol):
    """What a caller shows while an index is built."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


def silent(step: str, done: int, total: int) -> None:
    pass


class Source(Protocol):
    """What an index is built from: a library, or anything that has clauses."""

    @property
    def version(self) -> str: ...

    def clauses(self) -> list[Clause]: ...

    def likely(self) -> dict[tuple[str, str], list[LikelyQuestion]]: ...


class Index:
    """The opened indexes and the clauses they speak of, `clauses[position]`."""

    def __init__(self, folder: Path, library: Source, embeddings: NamedEmbeddings | None = None, *, chroma: str | None = None) -> None:
        self.version = folder.name
        self.links = Links(library.clauses())
        self.clauses = searchable(library)
        self.likely = library.likely()
        self.lexical = LexicalIndex(folder / "words")
        self.vectors = VectorIndex(folder / "vectors", embeddings or LocalEmbeddings(folder / "lsa"), server=chroma, version=self.version)

    def close(self) -> None:
        self.vectors.close()


def searchable(library: Source) -> list[Clause]:
    """The clauses that can answer something: those with text of their own, signatures left out."""
    return [clause for clause in library.clauses() if clause.text and clause.kind is not Kind.CLOSING]


def index_version(library: Source, embeddings: str = LocalEmbeddings.name) -> str:
    """The name of the folder of the index of a library with the embeddings of that name."""
    return hashlib.sha256(f"{INDEX_FORMAT}\n{library.version}\n{embeddings}".encode()).hexdigest()[:16]


def open_index(
    home: Path,
    library: Source,
    embeddings: NamedEmbeddings | None = None,
    *,
    chroma: str | None = None,
    progress: Progress = silent,
    tell: Callable[[str], None] = lambda message: None,
) -> Index:
    """Open the index of this library, building it first where there is none or where it is damaged.

    No `embeddings` means the local ones, fitted on the library. `chroma` is the address of a Chroma server that processes share; its
    vectors are put there, and without it each process has its own. `tell` gets one sentence when something had to be mended.
    Raises StorageError, EmbeddingsError, and OtherEmbeddings where the index that is there was built with others.
    """
    name = embeddings.name if embeddings else LocalEmbeddings.name
    folder = home / "index" / index_version(library, name)
    damage = damage_of(folder)
    if damage is not None:
        if folder.exists():
            tell(f"索引已损坏（{damage}），正在重建。")
        else:
            refuse_others(built_with(home), name)
        build_index(home, library, embeddings, progress=progress, tell=tell)
    try:
        return Index(folder, library, embeddings, chroma=chroma)
    except (OSError, ValueError) as error:  # Tantivy tells of files it cannot read or lock by ValueError
        raise StorageError(f"cannot open the index in {folder}: {str(error).splitlines()[0]}") from error


def build_index(
    home: Path,
    library: Source,
    embeddings: NamedEmbeddings | None = None,
    *,
    force: bool = False,
    progress: Progress = silent,
    tell: Callable[[str], None] = lambda message: None,
) -> Path:
    """Build the index of this library unless a sound one is there, and remove those of other versions.

    One process builds at a time; others wait for it. A build that fails or is killed leaves the old index untouched, and the vectors
    that a named model has given are kept. Raises StorageError, EmbeddingsError.
    """
    root = home / "index"
    folder = root / index_version(library, embeddings.name if embeddings else LocalEmbeddings.name)
    with _build_lock(root, tell):
        if not force and damage_of(folder) is None and (embeddings is None or speaks_for(folder, embeddings)):
            return folder
        _remove_leftovers(root)
        aside = root / f".building-{os.getpid()}"
        try:
            _write(aside, library, progress, embeddings, home)
            if folder.exists():
                folder.rename(root / f".replaced-{os.getpid()}")
            aside.rename(folder)
        except Exception as error:
            shutil.rmtree(aside, ignore_errors=True)
            if isinstance(error, EmbeddingsError):
                raise EmbeddingsError(f"{error}。算好的向量都留着，再运行 wenyue index 会接着做") from error
            if isinstance(error, RetrievalError):
                raise
            if isinstance(error, OSError):
                raise StorageError(f"cannot write the index in {root}: {error.strerror or error}") from error
            if type(error).__module__.partition(".")[0] in ("chromadb", "builtins"):  # tantivy raises ValueError
                raise StorageError(f"cannot write the index in {root}: {str(error).splitlines()[0]}") from error
            raise
        for other in root.iterdir():
            if other.is_dir() and other != folder:
                shutil.rmtree(other, ignore_errors=True)
    return folder


def speaks_for(folder: Path, embeddings: NamedEmbeddings) -> bool:
    """Whether the model is the one that a built index got its vectors from: a service may have another by the same name now.

    Asks the model. Raises EmbeddingsError.
    """
    return embeddings.is_model_of(np.load(folder / _PROBE))


def _write(folder: Path, library: Source, progress: Progress, named: NamedEmbeddings | None, home: Path) -> None:
    clauses = searchable(library)
    if not clauses:
        raise StorageError("there is no clause to index: the catalog lists no agreement with numbered text")
    links = Links(library.clauses())
    folder.mkdir(parents=True)

    def ticker(step: str) -> Callable[[], None]:
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            progress(step, done, len(clauses))

        return tick

    likely = library.likely()
    LexicalIndex.build(folder / "words", clauses, links, likely, tick=ticker("词语索引"))
    texts = ["\n".join([*links.heading_path(clause), links.lead_in(clause), clause.text]) for clause in clauses]
    tick = ticker("向量索引")
    embeddings: Embeddings
    if named:
        with closing(KeptVectors(named, home / "vectors.db")) as kept:
            VectorIndex.build(folder / "vectors", clauses, texts, likely, kept, tick=tick)
            kept.forget_unused()
        np.save(folder / _PROBE, named.probe)
        embeddings = named
    else:
        LocalEmbeddings.fit(folder / "lsa", [*texts, *(question.text for asked in likely.values() for question in asked)])
        embeddings = LocalEmbeddings(folder / "lsa")
        VectorIndex.build(folder / "vectors", clauses, texts, likely, embeddings, tick=tick)
    write_manifest(folder, len(clauses), embeddings)


@contextmanager
def _build_lock(root: Path, tell: Callable[[str], None]) -> Iterator[None]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / "build.lock")
        try:
            lock.acquire(timeout=_WAITING)
        except Timeout:
            tell("另一个进程正在建立索引，等它完成……")
            lock.acquire(timeout=_BUILD_TIMEOUT)
    except Timeout as error:
        raise StorageError(f"another process has been building the index in {root} for {_BUILD_TIMEOUT:.0f} s; try again later") from error
    except OSError as error:
        raise StorageError(f"cannot write in {root}: {error.strerror or error}; set WENYUE_HOME to a folder that can be written") from error
    try:
        yield
    finally:
        lock.release()


def _remove_leftovers(root: Path) -> None:
    """Remove what killed builds left behind; the lock is held, so none of them is alive."""
    for pattern in (".building-*", ".replaced-*"):
        for folder in root.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)
