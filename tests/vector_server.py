"""A small OpenAI-compatible embeddings service on loopback whose vectors mean something: hashed character bigrams."""

from __future__ import annotations

import json
import math
import socket
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest


@dataclass(frozen=True)
class Request:
    """What was asked, and with what key."""

    path: str
    key: str
    body: dict[str, Any]


class VectorServer:
    """Answers as told: `dimensions`, `salt` (another salt, another model) and `fault` may be changed at any time.

    A fault is an HTTP status, or what is wrong with the vectors: `nan`, `null`, `infinite`, `zero`, `few`, `ragged`, `empty`, `words`,
    `none`, `html`, `silent`, `dripping`. `fails_after` is how many requests are answered before the fault shows; `delay` is in seconds.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.dimensions, self.salt = 512, ""
        self.fault: int | str | None = None
        self.fails_after = 0
        self.delay = 0.0
        self._port = 0
        self._connections: list[socket.socket] = []
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def texts(self) -> list[str]:
        """Every text it was asked for, in order."""
        return [text for request in self.requests for text in request.body["input"]]

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def start(self) -> None:
        """Begin to answer; after `stop`, at the same address."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                server._connections.append(self.connection)

            def finish(self) -> None:
                super().finish()
                with suppress(ValueError):  # it was stopped
                    server._connections.remove(self.connection)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                key = (self.headers["Authorization"] or "").removeprefix("Bearer ")
                server.requests.append(Request(self.path, key, body))
                with suppress(ConnectionError):  # who asked does not wait any longer
                    server._answer(self, body["input"])

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._http.daemon_threads = True
        self._port = self._http.server_address[1]
        Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Be dead: nobody listens any more, and what was connected is cut off."""
        self._http.shutdown()
        self._http.server_close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._connections.clear()

    def vector(self, text: str) -> list[float]:
        letters = "".join(char for char in text if char.isalnum())
        counts = Counter(zlib.crc32(f"{self.salt}{letters[at : at + 2]}".encode()) % self.dimensions for at in range(len(letters)))
        return [math.sqrt(counts[column]) * 3.0 for column in range(self.dimensions)]

    def _answer(self, handler: BaseHTTPRequestHandler, texts: list[str]) -> None:
        fault = self.fault if len(self.requests) > self.fails_after else None
        time.sleep(self.delay)
        if isinstance(fault, int):
            # As services do, it repeats what it was sent.
            said = {"error": {"message": f"no: {texts[0]} {handler.headers['Authorization']}", "type": "error"}}
            _send(handler, fault, json.dumps(said))
        elif fault == "html":
            _send(handler, 200, "<html>a proxy</html>", "text/html")
        elif fault == "silent":
            time.sleep(5)
        elif fault == "dripping":
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            for _ in range(50):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.1)
        else:
            vectors = _spoilt([self.vector(text) for text in texts], fault)
            rows = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
            _send(
                handler, 200, json.dumps({"object": "list", "model": "any", "data": rows, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
            )


def _spoilt(vectors: list[Any], fault: str | None) -> list[Any]:
    first = vectors[0]
    match fault:
        case "nan":
            return [[math.nan, *first[1:]], *vectors[1:]]
        case "null":
            return [[None] * len(first), *vectors[1:]]
        case "infinite":
            return [[1e300, *first[1:]], *vectors[1:]]
        case "zero":
            return [[0.0] * len(first), *vectors[1:]]
        case "few":
            return vectors[:-1]
        case "none":
            return []
        case "ragged":
            return [first[:-1], *vectors[1:]]
        case "empty":
            return [[] for _ in vectors]
        case "words":
            return [["many", "words"] for _ in vectors]
    return vectors


def _send(handler: BaseHTTPRequestHandler, status: int, text: str, kind: str = "application/json") -> None:
    data = text.encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


@pytest.fixture
def vector_server() -> Iterator[VectorServer]:
    """A running service that has been asked nothing yet."""
    server = VectorServer()
    yield server
    server.stop()
