"""What runs: two replicas of `wenyue serve` behind nginx, with a Postgres, a Chroma server and a chat model, each a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from bot.settings import PROJECT
from tests.chroma_process import ChromaProcess
from tests.postgres_process import PostgresProcess

_PATIENCE = 60.0  # seconds a process may take to start or to end on a busy machine
_MODEL = """
import sys, time
from tests.reading_model import ReadingModel
model = ReadingModel(delay=0.02, piece=16, port=int(sys.argv[1]))
while True:
    time.sleep(1)
    del model.requests[:]
"""
_NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream replicas {{ server 127.0.0.1:{first} max_fails=1 fail_timeout=1s; server 127.0.0.1:{second} max_fails=1 fail_timeout=1s; }}
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://replicas; proxy_connect_timeout 2s; proxy_read_timeout 60s; }} }}
}}
"""


class Program:
    """A process on a port of its own, that can be killed and started again. It counts as started when `ready` says so."""

    def __init__(
        self, name: str, command: list[str | Path], folder: Path, environment: Mapping[str, str], ready: Callable[[], bool]
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = command
        self._environment = environment
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, cwd=self.log.parent, stdout=log, stderr=log)
        deadline = time.monotonic() + _PATIENCE
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{self.name} did not start:\n{self.log.read_text(encoding='utf-8')[-3000:]}")
            time.sleep(0.1)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE)

    @property
    def memory(self) -> float:
        """Resident megabytes; 0 where it does not run."""
        with suppress(OSError, AttributeError):
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1])  # type: ignore[union-attr]
            return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        return 0.0


class Fleet:
    """All of it; `url` is where nginx takes what is meant for the bots."""

    def __init__(self, folder: Path, index: Path, settings: Mapping[str, str]) -> None:
        self._folder = folder
        ports = _free_ports(4)
        self.url = f"http://127.0.0.1:{ports[0]}"
        self.postgres = PostgresProcess()
        self.postgres.start()
        self.database = self.postgres.create("load")
        self.chroma = ChromaProcess(folder / "chroma")
        model = f"http://127.0.0.1:{ports[3]}/v1"
        python = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), "HOME": str(folder)}
        self.model = Program("model", [sys.executable, "-c", _MODEL, str(ports[3])], folder, python, lambda: _answers(model))
        shared = {
            "WENYUE_DATABASE": self.database, "WENYUE_CHROMA": self.chroma.url, "WENYUE_MODEL": "openai:reader",
            "OPENAI_BASE_URL": model, "OPENAI_API_KEY": "none", "WENYUE_MODEL_TIMEOUT": "20",
        }  # fmt: skip
        self.replicas = []
        for at, port in enumerate(ports[1:3], 1):
            home = folder / f"home{at}"
            shutil.copytree(index, home / "index" / index.name)
            command: list[str | Path] = [Path(sys.executable).with_name("wenyue"), "serve", "--port", str(port)]
            own = python | shared | dict(settings) | {"WENYUE_HOME": str(home)}
            ready = f"http://127.0.0.1:{port}/readyz"
            self.replicas.append(Program(f"replica {at}", command, folder, own, lambda address=ready: _answers(address, 200)))  # type: ignore[misc]
        configuration = folder / "nginx.conf"
        configuration.write_text(_NGINX.format(folder=folder, port=ports[0], first=ports[1], second=ports[2]), encoding="utf-8")
        self.nginx = Program("nginx", [_nginx(), "-c", configuration, "-p", folder], folder, python, lambda: _answers(self.url))

    def start(self) -> None:
        self.chroma.start()
        for program in (self.model, *self.replicas, self.nginx):
            program.start()

    def close(self) -> None:
        for program in (self.nginx, *self.replicas, self.model):
            with suppress(subprocess.TimeoutExpired):
                program.kill()
        self.chroma.kill()
        self.postgres.close()


def _answers(url: str, status: int = 0) -> bool:
    """Whether there is an answer at an address, with this status where one is given."""
    try:
        found = httpx.get(url, timeout=2).status_code
    except httpx.HTTPError:
        return False
    return status in (0, found)


def _free_ports(count: int) -> list[int]:
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in servers]
    for server in servers:
        server.close()
    return ports


def _nginx() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        pytest.fail("nginx is not installed; on Debian: apt-get install nginx-light")
    return found
