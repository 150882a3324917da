"""What every test stands on: no network, a clean environment, the shipped agreements and their index, small libraries at will."""

from __future__ import annotations

import ipaddress
import multiprocessing
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies

from retrieval.index import Index, open_index
from retrieval.library import Library
from tests.chat_server import chat_server as chat_server
from tests.vector_server import vector_server as vector_server

_AGREEMENTS = Path(__file__).parent.parent / "agreements"
_OURS_AND_VENDORS = ("WENYUE_", "OPENAI_", "LANGSMITH", "LANGCHAIN_")
_attempts: list[str] = []

# Other processes are forked from a server that has the slow imports behind it: a fresh interpreter would need two seconds each.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    ["pytest", "chromadb", "jieba", "sklearn.decomposition", "sklearn.feature_extraction.text", "retrieval.index"]
)


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse every connection that leaves the machine, and every look-up of a name that is not its own.

    An audit hook sees connect, connect_ex, getaddrinfo and their kin below anything that a library or a pytest plugin
    puts in their place, and cannot be taken off again. What it refused is also remembered, see `network_attempts`.
    """
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        sock, address = arguments
        if sock.family in (socket.AF_INET, socket.AF_INET6) and address and not _is_here(str(address[0])):
            _refuse(f"connect to {address[0]} port {address[1]}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
        name = host.decode() if isinstance(host, bytes) else host
        if name and not _is_address(name) and not _is_here(name):
            _refuse(f"look up {name}")


def _refuse(what: str) -> None:
    _attempts.append(what)
    raise AssertionError(f"a test tried to {what}; tests run without a network")


sys.addaudithook(_guard)


def _is_here(host: str) -> bool:
    if _is_address(host):
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


@pytest.fixture(scope="session", autouse=True)
def _characters() -> None:
    """Hypothesis makes its tables of characters where it finds none, which takes a second or two; not in the middle of a test."""
    strategies.text().validate()


@pytest.fixture(autouse=True)
def network_attempts() -> Iterator[list[str]]:
    """What was refused so far; a test that ends with an attempt in it fails, even if the code under test caught the error."""
    _attempts.clear()
    yield _attempts
    if _attempts:
        pytest.fail(f"tried to {' and to '.join(_attempts)}; tests run without a network")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches a test; the data folder is the test's own."""
    for name in [name for name in os.environ if name.startswith(_OURS_AND_VENDORS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WENYUE_HOME", str(tmp_path))


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The agreements that ship with the project, read into a database of their own. Not to be changed."""
    library = Library(f"sqlite:///{tmp_path_factory.mktemp('shipped') / 'library.db'}")
    library.sync(_AGREEMENTS / "catalog.toml")
    return library


@pytest.fixture(scope="session")
def built_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder that `shipped_index` is built in, once for all processes that run tests. Not to be changed."""
    run = tmp_path_factory.getbasetemp()
    return (run.parent if "PYTEST_XDIST_WORKER" in os.environ else run) / "shipped-index"


@pytest.fixture(scope="session")
def shipped_index(shipped: Library, built_home: Path) -> Iterator[Index]:
    """The opened index of the shipped agreements."""
    index = open_index(built_home, shipped)
    yield index
    index.close()


@pytest.fixture
def make_library(tmp_path: Path) -> Callable[[Mapping[str, str]], Library]:
    """Makes a library of texts by key: its catalog and texts in `agreements/` under tmp_path, its database beside them.

    Called again, it changes the same library: texts that are no longer named are gone.
    """
    folder = tmp_path / "agreements"
    library = Library(f"sqlite:///{tmp_path / 'library.db'}")

    def make(texts: Mapping[str, str]) -> Library:
        folder.mkdir(exist_ok=True)
        for key, text in texts.items():
            (folder / f"{key}.txt").write_text(text, encoding="utf-8")
        (folder / "catalog.toml").write_text("\n".join(_table(key) for key in texts), encoding="utf-8")
        library.sync(folder / "catalog.toml")
        return library

    return make


def _table(key: str) -> str:
    return f'[{key}]\ntitle = "{key}协议"\nnames = ["{key}"]\nparties = ["甲方"]\nfile = "{key}.txt"\nsource = "测试"\n'


@pytest.fixture
def start_process() -> Iterator[Callable[..., BaseProcess]]:
    """Starts a function of a test module in a process of its own; what still runs when the test ends is killed."""
    started: list[BaseProcess] = []

    def start(function: Callable[..., object], *arguments: object) -> BaseProcess:
        process = _PROCESSES.Process(target=function, args=arguments)
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.join(10)


@pytest.fixture
def together() -> Callable[..., list[Any]]:
    """Runs a function of a test module in several processes that begin at one moment, once for each tuple of arguments.

    Returns what each of them returned; an error of one is raised here.
    """

    def run(function: Callable[..., object], arguments: Sequence[tuple[object, ...]]) -> list[Any]:
        barrier = _PROCESSES.Barrier(len(arguments))
        with ProcessPoolExecutor(len(arguments), _PROCESSES, initializer=barrier.wait, initargs=(60,)) as pool:
            return [running.result() for running in [pool.submit(function, *each) for each in arguments]]

    return run
