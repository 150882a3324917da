"""A small chat service on loopback that speaks OpenAI's API, streams, and misbehaves as told."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

import pytest

_PIECE = 4  # characters a chunk


@dataclass(frozen=True)
class Request:
    """What was asked, with what key, and when."""

    model: str
    body: dict[str, Any]
    headers: dict[str, str]
    at: float

    @property
    def key(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


class Exchange:
    """One request being answered."""

    def __init__(self, handler: BaseHTTPRequestHandler, request: Request, left: Event) -> None:
        self._handler = handler
        self.request = request
        self._left = left

    def send(self, status: int, said: Any, headers: dict[str, str] | None = None, kind: str = "application/json") -> None:
        data = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self._handler.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})}.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()
        self._handler.wfile.write(data)

    def begin(self) -> None:
        """Begin a stream of events, in HTTP's chunks."""
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", "text/event-stream")
        self._handler.send_header("Transfer-Encoding", "chunked")
        self._handler.end_headers()

    def write(self, text: str) -> None:
        data = text.encode()
        self._handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self._handler.wfile.flush()

    def event(self, row: dict[str, Any]) -> None:
        stamp = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": self.request.model}
        self.write(f"data: {json.dumps(stamp | row)}\n\n")

    def delta(self, text: str, finish: str | None = None) -> None:
        self.event({"choices": [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}]})

    def end(self) -> None:
        self.write("data: [DONE]\n\n")
        self._handler.wfile.write(b"0\r\n\r\n")

    def wait(self, seconds: float, *, alive: bool = False) -> None:
        """Send nothing, or if `alive` what keeps a connection alive, until the time is over or who asked has left."""
        connection = self._handler.connection
        until = time.monotonic() + seconds
        connection.settimeout(0.02)
        while time.monotonic() < until:
            try:
                gone = connection.recv(1) == b""
            except TimeoutError:
                gone = False
            except OSError:
                gone = True
            if gone:
                self._left.set()
                raise ConnectionResetError
            if alive:
                self.write(": still here\n\n")

    def drop(self) -> None:
        """Cut the connection off, in the middle of whatever it is."""
        self._handler.close_connection = True
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.connection.close()
        raise ConnectionResetError


Act = Callable[[Exchange], None]


def says(text: str, *, prompt: int = 100, written: int = 10, cached: int = 0, finish: str | None = "stop", delay: float = 0.0) -> Act:
    """Streams a reply, `delay` seconds before each chunk, its usage at the end where `prompt` is not 0."""

    def act(exchange: Exchange) -> None:
        exchange.begin()
        for at in range(0, len(text), _PIECE):
            if delay:
                exchange.wait(delay)
            exchange.delta(text[at : at + _PIECE])
        exchange.delta("", finish)
        if prompt and exchange.request.body.get("stream_options", {}).get("include_usage"):
            exchange.event({"choices": [], "usage": _usage(prompt, written, cached)})
        exchange.end()

    return act


def says_whole(text: str) -> Act:
    """Answers in one piece, asked for a stream or not: a stream then has no event."""

    def act(exchange: Exchange) -> None:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        exchange.send(
            200, {"id": "1", "object": "chat.completion", "created": 1, "model": "any", "choices": [choice], "usage": _usage(9, 8, 0)}
        )

    return act


def refuses(status: int, *, message: str | None = None, code: str | None = None, **headers: str) -> Act:
    """Refuses with a status; as services do, it repeats what it was sent. `retry_after="2"` is a header."""

    def act(exchange: Exchange) -> None:
        said = message or f"no: {exchange.request.body['messages'][-1]['content']} {exchange.request.key}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        exchange.send(status, {"error": {"message": said, "type": "error", "code": code}}, sent)

    return act


def hangs(after: str = "", *, alive: bool = False, seconds: float = 20.0) -> Act:
    """Says nothing for ever, after some words or before the first byte; `alive` sends what keeps a connection alive."""

    def act(exchange: Exchange) -> None:
        if after or alive:
            exchange.begin()
        if after:
            exchange.delta(after)
        exchange.wait(seconds, alive=alive)

    return act


def breaks(after: str = "") -> Act:
    """Dies after some words, or before the first byte."""

    def act(exchange: Exchange) -> None:
        if after:
            exchange.begin()
            exchange.delta(after)
        exchange.drop()

    return act


def writes(*events: str) -> Act:
    """Sends these bytes as a stream."""

    def act(exchange: Exchange) -> None:
        exchange.begin()
        for event in events:
            exchange.write(event)
        exchange.end()

    return act


def _usage(prompt: int, written: int, cached: int) -> dict[str, Any]:
    told = {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}
    return told | {"prompt_tokens_details": {"cached_tokens": cached}}


class ChatServer:
    """Acts by the name of the model: `acts[model]`, one a request and the last one for ever; `says("好")` where there is none.

    `left` is set when who asked hung up while the server was not done.
    """

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.acts: defaultdict[str, list[Act]] = defaultdict(lambda: [says("好")])
        self.left = Event()
        self._lock = Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(str(body["model"]), body, headers, time.monotonic())
                exchange = Exchange(self, request, server.left)
                with suppress(ConnectionError, ValueError):  # who asked has left, or was thrown out
                    if self.path == "/v1/chat/completions":
                        server.act_for(request)(exchange)
                    else:
                        exchange.send(404, {"error": {"message": "no such path"}})

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def asked(self, model: str) -> list[Request]:
        return [request for request in self.requests if request.model == model]

    def act_for(self, request: Request) -> Act:
        with self._lock:
            self.requests.append(request)
            acts = self.acts[request.model]
            return acts.pop(0) if len(acts) > 1 else acts[0]

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def chat_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """A running service, which `openai:…` names."""
    server = ChatServer()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    yield server
    server.stop()
