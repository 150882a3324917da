"""`wenyue serve` as a process of its own, on a port that was free."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from bot.settings import PROJECT
from retrieval.index import Index
from retrieval.library import Library

_COMMAND = [sys.executable, "-c", "import typer; from bot.console.serving import serve; typer.run(serve)", "--port", "0"]
_PATIENCE = 60.0  # seconds for a server that begins or ends on a busy machine


class Server:
    """The process; `url` is where it is served, once it was started."""

    def __init__(self, home: Path, settings: Mapping[str, str]) -> None:
        self.home = home
        self.url = ""
        self._log = home / "log"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(PROJECT),
            "WENYUE_HOME": str(home),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *arguments: str) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([*_COMMAND, *arguments], env=self._environment, cwd=self.home, stderr=log)
        deadline = time.monotonic() + _PATIENCE
        while not (found := re.search(r"http://\S+(?=/)", self.log)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the server did not start:\n{self.log}")
            time.sleep(0.02)
        self.url = found.group()

    def fails(self, *arguments: str) -> tuple[int, str]:
        """Start a server that cannot run; its exit status and what it says."""
        done = subprocess.run([*_COMMAND, *arguments], env=self._environment, cwd=self.home, capture_output=True, timeout=_PATIENCE)
        return done.returncode, done.stderr.decode()

    def signal(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)

    def wait(self) -> int:
        """The exit status, once it has ended."""
        assert self._process is not None
        return self._process.wait(_PATIENCE)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End it whatever it does, if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(_PATIENCE)


def server_in(home: Path, index: Path, settings: Mapping[str, str]) -> Server:
    """A server with a data folder of its own that has the shipped agreements and this index of them."""
    shutil.copytree(index, home / "index" / index.name)
    library = Library(f"sqlite:///{home / 'library.db'}")
    library.sync(PROJECT / "agreements" / "catalog.toml")
    library.close()
    return Server(home, settings)


@pytest.fixture
def make_server(shipped_index: Index, built_home: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes a server over the shipped agreements, with settings by name; what still runs when the test ends is killed."""
    made: list[Server] = []

    def make(**settings: str) -> Server:
        made.append(server_in(tmp_path / f"home{len(made)}", built_home / "index" / shipped_index.version, settings))
        return made[-1]

    yield make
    for server in made:
        server.kill()
