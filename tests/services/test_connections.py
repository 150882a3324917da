"""No telemetry: real commands under `strace`, which sees every connection of every process and thread, whatever library makes it.

Where strace is not installed these tests fail: none is left out.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from bot.access import Access
from tests.services.telegram_bot import answer_to
from tests.services.telegram_wire import telegram_server as telegram_server
from tests.services.telegram_world import TelegramWorld
from tests.services.telegram_world import telegram_world as telegram_world

_SCRIPT = Path(sys.executable).with_name("wenyue")
_REFUND = "企点开通几天内可以无条件退款？"
_PATIENCE = 180.0  # seconds for a process that is watched on a busy machine
_CALL = re.compile(r"(?:connect|sendto|sendmsg|sendmmsg)\(")
_FAMILY = re.compile(r"sa_family=(\w+)")
_ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
_PORT = re.compile(r"sin6?_port=htons\((\d+)\)")
_NOWHERE = ("AF_UNIX", "AF_NETLINK", "AF_UNSPEC")  # inside this machine's kernel
_DNS = 53


@dataclass(frozen=True)
class Watched:
    """A process that is watched: what strace writes of it, and what it says."""

    process: subprocess.Popen[bytes]
    trace: Path
    log: Path

    def said(self, pattern: str) -> re.Match[str]:
        """Wait for something that it says."""
        deadline = time.monotonic() + _PATIENCE
        while not (found := re.search(pattern, self.log.read_text(encoding="utf-8"))):
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{pattern!r} was not said:\n{self.log.read_text(encoding='utf-8')}")
            time.sleep(0.1)
        return found

    @property
    def reached(self) -> set[tuple[str, int]]:
        """The internet addresses and ports that were connected to or sent to, and ("unknown", 0) for a family nobody knows."""
        found: set[tuple[str, int]] = set()
        for line in self.trace.read_text(encoding="utf-8", errors="replace").splitlines():
            if not _CALL.search(line):
                continue
            family, address, port = _FAMILY.search(line), _ADDRESS.search(line), _PORT.search(line)
            if address:
                found.add((address[1] or address[2], int(port[1]) if port else 0))
            elif family and family[1] not in _NOWHERE:
                found.add(("unknown", 0))
        return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that nothing was done in yet: whoever comes first builds the index."""
    return tmp_path_factory.mktemp("watched") / "home"


@contextmanager
def _watched(home: Path, *command: str | Path, **settings: str) -> Iterator[Watched]:
    if shutil.which("strace") is None:
        pytest.fail("strace is not there; install Debian's package of that name")
    home.mkdir(exist_ok=True)
    stamp = time.monotonic_ns()
    trace, log = home.parent / f"trace-{stamp}", home.parent / f"log-{stamp}"
    strace = ["strace", "-f", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(trace)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "WENYUE_HOME": str(home)} | settings
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*strace, *map(str, command)], env=environment, cwd=home, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield Watched(process, trace, log)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def test_the_guard_sees_a_connection_and_a_look_up_of_a_name(home: Path) -> None:
    """The control: were these not seen, the tests below would prove nothing. 192.0.2.1 is nobody's (RFC 5737)."""
    away = """
import socket, threading
def connect():
    with socket.socket() as tcp:
        tcp.settimeout(0.2)
        tcp.connect_ex(("192.0.2.1", 443))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
        try:
            udp.sendto(b"x", ("2001:db8::1", 53))
        except OSError:
            pass
thread = threading.Thread(target=connect)
thread.start()
thread.join()
"""
    with _watched(home, sys.executable, "-c", away) as watched:
        assert watched.process.wait(_PATIENCE) == 0
    assert watched.reached == {("192.0.2.1", 443), ("2001:db8::1", _DNS)}


def test_an_answer_in_the_terminal_with_its_index_built_anew_connects_to_nobody(home: Path) -> None:
    with _watched(home, _SCRIPT, "ask", _REFUND) as watched:
        assert watched.process.wait(_PATIENCE) == 0
    assert "4.7" in watched.log.read_text(encoding="utf-8")
    assert list((home / "index").iterdir())
    assert watched.reached == set()


def test_the_page_that_answers_connects_to_nobody(home: Path) -> None:
    with _watched(home, _SCRIPT, "serve", "--port", "0") as watched:
        url = watched.said(r"(http://127\.0\.0\.1:\d+)/")[1]
        answer = httpx.post(f"{url}/api/ask", json={"question": _REFUND}, timeout=_PATIENCE, trust_env=False)
        assert answer.json()["citations"][0]["id"] == "4.7"
        assert httpx.get(url, timeout=_PATIENCE, trust_env=False).status_code == 200
    assert watched.reached == set()


def test_the_bot_in_telegram_connects_to_telegram_alone(home: Path, telegram_world: TelegramWorld) -> None:
    group, anna = telegram_world.group("法务群"), telegram_world.user("安娜", "anna")
    home.mkdir(exist_ok=True)
    access = Access(f"sqlite:///{home / 'library.db'}", ())
    access.allow("telegram", "chat", str(group.id), by="test")
    access.close()
    settings = {"WENYUE_TELEGRAM_TOKEN": telegram_world.token, "WENYUE_TELEGRAM_API": telegram_world.base_url}
    with _watched(home, _SCRIPT, "telegram", **settings) as watched:
        watched.said("takes questions")
        assert "4.7" in answer_to(telegram_world, telegram_world.say(anna, group, _REFUND, mention=True)).text
    port = urlsplit(telegram_world.base_url).port
    assert watched.reached == {("127.0.0.1", port)}
