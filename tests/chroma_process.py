"""`chroma run` as a process on loopback, that can be killed and started again, with its data and without."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from retrieval.vector_server import connected

_COMMAND = Path(sys.executable).with_name("chroma")
_PATIENCE = 30.0  # seconds a server may take to start


class ChromaProcess:
    """The process; it keeps its address when it is started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        data, log = self._folder / "data", self._folder / "log"
        data.mkdir(parents=True, exist_ok=True)
        arguments: list[str | Path] = [_COMMAND, "run", "--path", data, "--host", "127.0.0.1", "--port", str(self._port)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder)}
        with log.open("ab") as output:
            self._process = subprocess.Popen(arguments, cwd=self._folder, env=environment, stdout=output, stderr=output)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/api/v2/heartbeat", timeout=1).is_success:
                    return
            time.sleep(0.05)
        pytest.fail(f"Chroma did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")

    def client(self) -> AbstractContextManager[Any]:
        """Chroma's own client of the server."""
        return connected(self.url, httpx.Timeout(30))

    def signal(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)

    def kill(self) -> None:
        """End it as a power cut would, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_PATIENCE)
            self._process = None

    def lose_data(self) -> None:
        """Remove what it has kept; it must not run."""
        assert self._process is None
        shutil.rmtree(self._folder / "data")


@pytest.fixture
def chroma(tmp_path: Path) -> Iterator[ChromaProcess]:
    """A Chroma server without data."""
    process = ChromaProcess(tmp_path / "chroma")
    process.start()
    yield process
    process.kill()
