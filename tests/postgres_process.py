"""A Postgres on loopback, thrown away in the end, that can be killed and started again.

Postgres refuses to run as root: then it runs as Debian's user postgres, in a folder that user can reach.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

_STARTING = 30.0  # seconds the cluster may take to start


class PostgresProcess:
    """The cluster; it keeps its address when it is started again. Where Postgres is not installed the test fails."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="wenyue-postgres-"))
        if self._user:
            shutil.chown(self._folder, self._user, self._user)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", self._data, "-U", "wenyue", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    @property
    def url(self) -> str:
        """The start of the URLs of its databases, to which the name of one is appended."""
        return f"postgresql+psycopg://wenyue@127.0.0.1:{self._port}/"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run([self._programs / program, *arguments], user=self._user, cwd=self._folder, check=True, capture_output=True)

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        log = self._folder / "log"
        settings = ("listen_addresses=127.0.0.1", f"port={self._port}", f"unix_socket_directories={self._folder}", "fsync=off")
        arguments = [str(part) for setting in settings for part in ("-c", setting)]
        deadline = time.monotonic() + _STARTING
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:  # what was killed may not have gone altogether
                with log.open("ab") as output:
                    command: list[str | Path] = [self._programs / "postgres", "-D", self._data, *arguments]
                    self._process = subprocess.Popen(
                        command, user=self._user, cwd=self._folder, stdout=output, stderr=output, start_new_session=True
                    )
            with suppress(psycopg.OperationalError):
                self.connection("postgres").close()
                return
            time.sleep(0.1)
        pytest.fail(f"Postgres did not start: {log.read_text(encoding='utf-8')}")

    def connection(self, database: str) -> psycopg.Connection:
        """A connection of one's own to a database."""
        return psycopg.connect(host="127.0.0.1", port=self._port, user="wenyue", dbname=database, autocommit=True, connect_timeout=2)

    def create(self, database: str) -> str:
        """A new database; its URL."""
        with self.connection("postgres") as connection:
            connection.execute(f"CREATE DATABASE {database}".encode())
        return self.url + database

    def kill(self) -> None:
        """End it and all its sessions as a power cut would, if it runs."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(_STARTING)
            self._process = None

    def close(self) -> None:
        """End it in order and remove what it kept."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # "fast": sessions are ended
            self._process.wait(_STARTING)
        shutil.rmtree(self._folder, ignore_errors=True)


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresProcess]:
    """A running cluster."""
    process = PostgresProcess()
    try:
        process.start()
        yield process
    finally:
        process.close()


def _programs() -> Path:
    """The folder of the newest Postgres of Debian, or of the one on the path."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not installed and on_path is None:
        pytest.fail("Postgres is not installed; on Debian: apt-get install postgresql")
    return installed[-1].parent if installed else Path(str(on_path)).parent
