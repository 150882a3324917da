"""The nearest vectors from a Chroma server that several processes share.

A server can be down, slow, empty, or no Chroma at all. No question waits for it twice: who asks gets None and looks elsewhere, while a thread
of its own looks after the server, fills it where it lacks the vectors, and takes it into use again when it is sound.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

import httpx

from retrieval.embeddings import Vectors
from retrieval.exact import ExactVectors
from retrieval.lexical import Ranked
from retrieval.vector_collections import LISTED, PREFIX, Incomplete, VectorCollections
from retrieval.vector_copy import ranked

_TOLD = {"/heartbeat": "nanosecond heartbeat", "/auth/identity": "tenant"}  # what any Chroma tells
_ASKING = httpx.Timeout(2.0, connect=1.0)  # seconds a question may wait; one takes some 10 ms
_FILLING = httpx.Timeout(60.0, connect=5.0)
_OPENING = 5.0  # seconds to wait at first, so that a single question is answered from the server, too
_LOOKING = 10.0  # seconds between two looks at a server that answers: whether it still has as many vectors
_LOOKS = 30  # after so many whether it still has these vectors
_PAUSE = 1.0  # seconds before a server that failed is looked at again; twice as long each time
_LONGEST = 60.0
_WARNING = 600.0  # seconds between two warnings

_log = logging.getLogger(__name__)


class NoChroma(Exception):
    """What answers at an address is no Chroma server."""


class ServerUnusable(Exception):
    """A server cannot be used; the message says which, and what kind of error it was."""


@dataclass(frozen=True, slots=True)
class State:
    """What a server has of an index."""

    complete: bool
    text: str


class VectorServer:
    """The vectors of one index on the server at `address`, http(s)://…; `exact` are the index's own, by the name of their collection."""

    def __init__(self, address: str, version: str, model: str, exact: Mapping[str, ExactVectors]) -> None:
        self._address = address
        self._version, self._model, self._exact = version, model, exact
        self._collections: dict[str, Any] | None = None
        self._connection, self._client = ExitStack(), None
        self._closing, self._failed, self._settled = Event(), Event(), Event()
        self._warned = float("-inf")
        self._told = False
        self._keeper = Thread(target=self._keep, name="wenyue-chroma", daemon=True)
        self._keeper.start()
        self._settled.wait(_OPENING)

    @property
    def degraded(self) -> bool:
        """Whether the server cannot be used just now."""
        return self._collections is None

    def nearest(self, name: str, vector: Vectors, limit: int) -> Ranked | None:
        """Positions and cosine similarities of the nearest vectors of a collection, the nearest first; None where the server does not tell."""
        collections = self._collections
        if collections is None:
            return None
        try:
            found = ranked(collections[name].query(query_embeddings=[vector.tolist()], n_results=limit, include=["distances"]))
            if len(found) != min(limit, len(self._exact[name])):
                raise ValueError("too few")
        except Exception as error:  # Chroma's client raises whatever its JSON or its HTTP library does
            if self._collections is collections:
                self._collections = None
                self._warn(error)
                self._failed.set()
            return None
        return found

    def close(self) -> None:
        """Leave the server alone. What is being filled stays incomplete, and is gone on with by whoever comes next."""
        self._closing.set()
        self._failed.set()
        self._keeper.join(_OPENING)
        self._connection.close()

    def _keep(self) -> None:
        pause = _PAUSE
        while not self._closing.is_set():
            try:
                self._collections = self._opened()
                self._settled.set()
                self._tell_of_return()
                for _ in range(_LOOKS):
                    if self._failed.wait(_LOOKING):
                        break
                    self._look()
                else:
                    pause = _PAUSE
                    continue
            except Exception as error:
                self._collections = None
                self._settled.set()
                if not self._closing.is_set():
                    self._warn(error)
            self._failed.clear()
            self._closing.wait(pause)
            pause = min(2 * pause, _LONGEST)

    def _look(self) -> None:
        """Whether the server has as many vectors as it should. Raises Incomplete, and anything."""
        for name, collection in (self._collections or {}).items():
            if collection.count() != len(self._exact[name]):
                raise Incomplete

    def _opened(self) -> dict[str, Any]:
        """The sound collections, filled where they were not. Raises anything."""
        if self._collections is None:
            self._connection.close()
            self._client = self._connection.enter_context(connected(self._address, _ASKING))
        asking = VectorCollections(self._client, self._version, self._model, self._exact)
        found = asking.sound()
        if missing := sorted(self._exact.keys() - found.keys()):
            self._collections = None
            self._settled.set()  # who asks meanwhile need not wait for it
            self._fill(missing)
            found = asking.sound()
            if self._exact.keys() - found.keys():
                raise Incomplete
        with suppress(Exception):  # what is not tidied today is tidied tomorrow
            asking.keep(found.values())
        return found

    def _fill(self, names: Sequence[str]) -> None:
        with connected(self._address, _FILLING) as client:
            collections = VectorCollections(client, self._version, self._model, self._exact)
            for name in names:
                collections.fill(name, lambda: not self._closing.is_set())

    def _warn(self, error: Exception) -> None:
        """Nothing of the error is told but its kind: its words may hold anything."""
        if time.monotonic() >= self._warned + _WARNING:
            self._warned = time.monotonic()
            self._told = True
            _log.warning(
                "Chroma 服务 %s 用不了（%s）；答案照常，由本机的向量查找，过一会儿再试。", shown(self._address), type(error).__name__
            )

    def _tell_of_return(self) -> None:
        if self._told:
            self._told = False
            _log.info("Chroma 服务 %s 又能用了。", shown(self._address))


@contextmanager
def connected(address: str, timeout: httpx.Timeout) -> Iterator[Any]:
    """A client of the Chroma server at an address. Raises NoChroma, and what Chroma's client and httpx do."""
    import chromadb
    from chromadb.config import Settings

    url = address.rstrip("/")
    with httpx.Client(base_url=f"{url}/api/v2", timeout=timeout) as caller:  # Chroma's own waits for ever while it is made
        try:
            alive = all(caller.get(path).raise_for_status().json()[field] for path, field in _TOLD.items())
        except (httpx.HTTPStatusError, ValueError, LookupError, TypeError) as error:
            raise NoChroma from error
    if not alive:
        raise NoChroma
    client: Any = chromadb.HttpClient(host=url, settings=Settings(anonymized_telemetry=False))
    # nothing public sets how long its sessions wait, and close() leaves them open
    sessions: list[httpx.Client] = [each._server._session for each in (client, client._admin_client)]
    for session in sessions:
        session.timeout = timeout
    try:
        yield client
    finally:
        client.close()
        for session in sessions:
            session.close()


def shown(address: str) -> str:
    """An address as it may be told: without a name and a password."""
    url = httpx.URL(address)
    return f"{url.scheme}://{url.host}" + (f":{url.port}" if url.port else "")


def state_of(address: str, version: str) -> State:
    """What the server at an address has of the index of a version. Raises ServerUnusable."""
    try:
        with connected(address, _FILLING) as client:
            ours = [each for each in client.list_collections(limit=LISTED) if each.name.startswith(f"{PREFIX}{version}-")]
            complete = [each for each in ours if (each.metadata or {}).get("complete")]
            counted = sum(each.count() for each in ours)
    except Exception as error:
        kind = "那里不是 Chroma" if isinstance(error, NoChroma) else type(error).__name__
        raise ServerUnusable(f"{shown(address)} 用不了（{kind}）") from error
    if complete and len(complete) == len(ours):
        return State(True, f"{shown(address)} 有这个索引的 {counted} 个向量")
    return State(False, f"{shown(address)} 还没有这个索引的全部向量（{counted} 个）；运行着的进程会填上，在那之前由本机的向量查找")
