"""WeCom's response address on loopback: it keeps what is posted to it and answers as told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest


@dataclass(frozen=True)
class Posted:
    """One POST."""

    path: str
    body: dict[str, Any]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # of the standard five, a burst would find no place


class ResponseServer:
    """Runs from when it is made until it is closed. What it was told to answer, it answers from then on."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self._said: tuple[int, str, Mapping[str, str], float] = (200, '{"errcode":0,"errmsg":"ok"}', {}, 0.0)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.posted.append(Posted(self.path, body))
                status, said, headers, pause = server._said
                self.send_response(status)
                for name, value in {"Content-Length": str(len(said.encode())), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(OSError):
                    for piece in said if pause else [said]:
                        self.wfile.write(piece.encode())
                        self.wfile.flush()
                        time.sleep(pause)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._http = _Server(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def answer(self, status: int, said: str = "", headers: Mapping[str, str] | None = None, pause: float = 0.0) -> None:
        """What every POST is answered from now on, with so many seconds after each character."""
        self._said = (status, said, headers or {}, pause)

    def close(self) -> None:
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()


@pytest.fixture
def response_server() -> Iterator[ResponseServer]:
    server = ResponseServer()
    yield server
    server.close()
