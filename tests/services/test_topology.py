"""WenYue as a company runs it: Postgres, a Chroma server and two replicas of the page, as docker-compose.yml has them, here as processes.

The tests go from one to the next: each leaves everything running.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.settings import PROJECT
from bot.votes import Counts, Votes
from retrieval.index import Index
from tests.chroma_process import ChromaProcess
from tests.postgres_process import PostgresProcess
from tests.postgres_process import postgres as postgres
from tests.web_server import Server

_TOKEN = "a-token-of-the-tests"
_QUESTIONS = ["企点开通几天内可以无条件退款？", "逾期付款要承担什么责任？", "账号可以转让给别人吗？", "发生争议由哪里的法院管辖？"]
_PATIENCE = 60.0  # seconds for what a busy machine has to do


class Replica:
    """One `wenyue serve` with a data folder of its own; it keeps its port when it is started again."""

    def __init__(self, home: Path, settings: dict[str, str]) -> None:
        home.mkdir(parents=True, exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.server = Server(home, settings)
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self.server.start("--port", str(self._port))
        self.until(lambda told: told["status"] == "ready")

    def ask(self, question: str, asker: str = "") -> dict[str, Any]:
        """An answer; to somebody who has not asked before unless it is said to whom."""
        status, answer = self.send("/api/ask", {"question": question, "asker": asker or uuid.uuid4().hex})
        assert status == 200, answer
        return dict(answer)

    def ready(self) -> tuple[int, dict[str, Any]]:
        """What /readyz tells; (0, {}) where nobody answers."""
        try:
            return self.send("/readyz")
        except urllib.error.URLError:
            return 0, {}

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until /readyz tells what is wanted."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            told = self.ready()[1]
            if told and wanted(told):
                return told
            assert time.monotonic() < deadline, (told, self.server.log)
            time.sleep(0.1)

    def send(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {_TOKEN}"}
        data = json.dumps(body).encode() if body is not None else None
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{self.url}{path}", data, headers), timeout=_PATIENCE) as response:
                return response.status, json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaProcess]:
    process = ChromaProcess(tmp_path_factory.mktemp("topology") / "chroma")
    process.start()
    yield process
    process.kill()


@pytest.fixture(scope="module")
def settings(postgres: PostgresProcess, chroma: ChromaProcess) -> dict[str, str]:
    """What all processes are told."""
    return {
        "WENYUE_DATABASE": f"{postgres.url}postgres",
        "WENYUE_CHROMA": chroma.url,
        "WENYUE_SERVE_TOKEN": _TOKEN,
        "WENYUE_CACHE_MINUTES": "0",
        "WENYUE_CHAT_MINUTE": "1000",
        "WENYUE_ASKER_MINUTE": "1000",
        "WENYUE_ASKER_DAY": "1000",
    }


@pytest.fixture(scope="module")
def replicas(
    settings: dict[str, str], shipped_index: Index, built_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Replica, Replica]]:
    """Two replicas that began at once on an empty database and an empty Chroma."""
    folder = tmp_path_factory.mktemp("replicas")
    made = tuple(Replica(folder / name, settings) for name in ("one", "two"))
    for replica in made:
        shutil.copytree(built_home / "index" / shipped_index.version, replica.server.home / "index" / shipped_index.version)
    try:
        with ThreadPoolExecutor() as threads:
            list(threads.map(Replica.start, made))
        yield made[0], made[1]
    finally:
        for replica in made:
            replica.server.kill()


def _wenyue(settings: dict[str, str], home: Path, *arguments: str) -> str:
    """What a command prints, run by an administrator beside the replicas."""
    run = subprocess.run(
        [Path(sys.executable).with_name("wenyue"), *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "WENYUE_HOME": str(home), "LANG": "C.UTF-8", **settings},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def _said(answer: dict[str, Any]) -> tuple[Any, ...]:
    return answer["status"], answer["text"], answer["citations"], [(each["agreement"], each["id"]) for each in answer["retrieved"]]


def test_replicas_are_ready_and_use_the_chroma_server(replicas: tuple[Replica, Replica], chroma: ChromaProcess) -> None:
    for replica in replicas:
        assert replica.until(lambda told: not told["degraded"]) == {"status": "ready", "unready": [], "degraded": []}
    with chroma.client() as client:
        assert len(client.list_collections()) == 2


def test_replicas_give_the_same_answers(replicas: tuple[Replica, Replica]) -> None:
    for question in _QUESTIONS:
        first, second = (_said(replica.ask(question)) for replica in replicas)
        assert first == second
    assert first[0] == "answered"


def test_what_one_replica_answered_is_known_to_all(replicas: tuple[Replica, Replica], settings: dict[str, str], tmp_path: Path) -> None:
    asked = [replica.ask(_QUESTIONS[0], asker)["record"] for replica, asker in zip(replicas, ("bob", "carol"), strict=True)]
    assert len(set(asked)) == 2
    listed = [json.loads(line) for line in _wenyue(settings, tmp_path, "answers", "--json", "-n", "100").splitlines()]
    assert set(asked) <= {record["id"] for record in listed}


def test_a_vote_at_one_replica_is_one_with_the_vote_at_the_other(replicas: tuple[Replica, Replica], postgres: PostgresProcess) -> None:
    one, two = replicas
    record = one.ask(_QUESTIONS[1])["record"]
    assert two.send("/api/votes", {"record": record, "asker": "dave", "verdict": "down", "reason": "太长"})[0] == 204
    assert one.send("/api/votes", {"record": record, "asker": "dave", "verdict": "up"})[0] == 204
    with closing(Votes(f"{postgres.url}postgres")) as votes:
        assert votes.of(record) == Counts(up=1, down=0)


def test_the_other_replica_answers_when_one_is_killed_and_it_comes_back(replicas: tuple[Replica, Replica]) -> None:
    one, two = replicas
    before = [_said(one.ask(question)) for question in _QUESTIONS]
    one.server.kill()
    assert one.ready() == (0, {})
    assert [_said(two.ask(question)) for question in _QUESTIONS] == before
    one.start()
    assert [_said(one.ask(question)) for question in _QUESTIONS] == before


@pytest.mark.parametrize("keeps_data", [True, False])
def test_without_chroma_the_answers_are_the_same_and_it_is_said(
    keeps_data: bool, replicas: tuple[Replica, Replica], chroma: ChromaProcess
) -> None:
    before = [[_said(replica.ask(question)) for question in _QUESTIONS] for replica in replicas]
    for replica in replicas:
        replica.until(lambda told: not told["degraded"])
    chroma.kill()
    try:
        assert [[_said(replica.ask(question)) for question in _QUESTIONS] for replica in replicas] == before
        for replica in replicas:
            assert replica.until(lambda told: told["degraded"]) == {"status": "ready", "unready": [], "degraded": ["chroma"]}
            assert replica.ready()[0] == 200
        if not keeps_data:
            chroma.lose_data()
    finally:
        chroma.start()
    for replica in replicas:
        replica.until(lambda told: not told["degraded"])
    assert [[_said(replica.ask(question)) for question in _QUESTIONS] for replica in replicas] == before
    for replica in replicas:
        assert not any(question in replica.server.log for question in _QUESTIONS)


def test_without_postgres_no_replica_is_ready_and_with_it_all_are_again(
    replicas: tuple[Replica, Replica], postgres: PostgresProcess, settings: dict[str, str], tmp_path: Path
) -> None:
    record = replicas[0].ask(_QUESTIONS[2])["record"]
    postgres.kill()
    try:
        for replica in replicas:
            assert replica.ready() == (503, {"status": "unready", "unready": ["database"], "degraded": []})
    finally:
        postgres.start()
    for replica in replicas:
        replica.until(lambda told: told["status"] == "ready")
        assert replica.ask(_QUESTIONS[2])["status"] == "answered"
    assert record in _wenyue(settings, tmp_path, "answers", record, "--json")


def test_doctor_tells_of_the_chroma_server(
    replicas: tuple[Replica, Replica], settings: dict[str, str], tmp_path: Path, shipped_index: Index, built_home: Path
) -> None:
    shutil.copytree(built_home / "index" / shipped_index.version, tmp_path / "index" / shipped_index.version)
    replicas[0].until(lambda told: not told["degraded"])
    findings = {each["subject"]: each for each in json.loads(_wenyue(settings, tmp_path, "doctor", "--json"))["findings"]}
    assert findings["Chroma 服务"]["state"] == "good"
    assert str(len(shipped_index.clauses) + len(shipped_index.likely)) in findings["Chroma 服务"]["said"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    run = subprocess.run(
        [Path(sys.executable).with_name("wenyue"), "doctor", "--json"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "WENYUE_HOME": str(tmp_path), **settings, "WENYUE_CHROMA": nowhere},
        cwd=PROJECT / "docs",
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
    )
    assert run.returncode == 1
    findings = {each["subject"]: each for each in json.loads(run.stdout)["findings"]}
    assert findings["Chroma 服务"]["state"] == "wrong"
    assert nowhere in findings["Chroma 服务"]["said"]
