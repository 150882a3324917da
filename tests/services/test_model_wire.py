"""The whole answerer over the wire: the real LangChain model against a server that speaks OpenAI's API and misbehaves on demand.

What the server answers is chosen by the name of the model, see replies/. How answers grow is tested in test_streaming_wire.py.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from answering.acts import Acts
from answering.answer import Answer, Reason, Status
from answering.answerer import Answerer
from answering.chain import load_chain
from answering.checks import is_verbatim
from answering.confidence import Confidence
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search

if TYPE_CHECKING:
    from tests.services.conftest import ModelServer

_HERE = Path(__file__).parent
_PATIENCE = 30.0  # seconds a model may take, where a test is not about time
_QUESTION = "企点开通几天内可以无条件退款？"
_KEY = "sk-very-secret"
_ACTS = Acts.load()


Ask = Callable[..., Answer]


@pytest.fixture
def ask(shipped: Library, shipped_index: Index, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks the refund question of a model of the server, or of one at another address."""

    def of(model: str, *, seconds: float = _PATIENCE, url: str = model_server.url) -> Answer:
        monkeypatch.setenv("OPENAI_API_KEY", _KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
        wired = load_chain(f"openai:{model}", seconds, os.environ)
        return Answerer(shipped, Search(shipped_index, Ranking.load(), Lexicon.load()), Confidence.load(), _ACTS, wired).answer(_QUESTION)

    return of


def _is_quoted_instead(answer: Answer) -> bool:
    """Whether the answer is made of the clauses' own words, with a notice why, and cites the clause that answers."""
    verbatim = all(is_verbatim(s.text, answer.citations[s.citations[0]].clause.text) for s in answer.statements)
    cited = answer.citations[0].clause.ref if answer.citations else None
    return (answer.status, answer.model, cited) == (Status.ANSWERED, "extractive", ("qidian", "4.7")) and bool(answer.notice) and verbatim


def test_a_good_reply_is_answered_with_checked_clause_numbers_and_its_usage_counted(ask: Ask) -> None:
    answer = ask("good")
    assert answer.status is Status.ANSWERED
    assert answer.text == ("在开通服务 7 个自然日内，您有权要求终止合作并要求全额无息退还。（《腾讯企业级产品及服务直销协议》4.7）")
    assert (answer.model, answer.tokens) == ("openai:good", {"prompt": 812, "completion": 23})
    assert (answer.notice, answer.withheld) == ("", ())


def test_of_a_reply_that_is_invented_in_part_only_the_rest_is_shown(ask: Ask) -> None:
    answer = ask("partly-invented")
    assert [answer.citations[at].clause.id for statement in answer.statements for at in statement.citations] == ["4.7"]
    assert [withheld.reason for withheld in answer.withheld] == [Reason.FIGURE_NOT_IN_CLAUSE, Reason.UNKNOWN_HANDLE]
    assert "3 倍" not in answer.text
    assert answer.tokens == {"prompt": 2 * 812, "completion": 2 * 51}  # it was asked once more for what had failed


def test_a_reply_with_an_invented_handle_is_withheld_and_the_clause_quoted(ask: Ask) -> None:
    answer = ask("invented")
    assert [withheld.reason for withheld in answer.withheld] == [Reason.UNKNOWN_HANDLE]
    assert _is_quoted_instead(answer)


def test_a_refusal_of_the_model_is_a_refusal(ask: Ask) -> None:
    answer = ask("refusing")
    assert (answer.status, answer.statements, answer.citations) == (Status.NOT_COVERED, (), ())
    assert (answer.model, answer.tokens) == ("openai:refusing", {"prompt": 812, "completion": 3})


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("limited", "限流"),
        ("broken", "500"),
        ("locked", "密钥"),
        ("unknown", "404"),
        ("empty", "没有回答任何内容"),
        ("blank", "没有回答任何内容"),
        ("malformed", "出错"),
        ("dropped", "连不上"),
        ("cut", "连不上"),
    ],
)
def test_a_model_that_fails_is_told_of_and_the_clause_quoted(model: str, said: str, ask: Ask) -> None:
    answer = ask(model)
    assert said in answer.notice
    assert f"openai:{model}" in answer.notice
    assert _is_quoted_instead(answer)
    assert _KEY not in json.dumps(answer.to_json(), ensure_ascii=False)


@pytest.mark.parametrize("model", ["silent", "dripping"])
def test_a_reply_that_never_comes_or_never_ends_is_waited_for_as_long_as_configured(model: str, ask: Ask) -> None:
    ask("good")  # LangChain is imported by now
    started = time.monotonic()
    answer = ask(model, seconds=1.5)
    assert 1.5 <= time.monotonic() - started < 3
    assert "1.5 秒" in answer.notice
    assert _is_quoted_instead(answer)


def test_a_closed_port_is_told_of_and_the_clause_quoted(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    answer = ask("good", url=f"http://127.0.0.1:{port}")
    assert "连不上" in answer.notice
    assert _is_quoted_instead(answer)


@pytest.mark.parametrize(("model", "times"), [("locked", 1), ("limited", 1), ("broken", 3), ("dropped", 3)])
def test_only_what_may_pass_in_time_is_asked_again(model: str, times: int, ask: Ask, model_server: ModelServer) -> None:
    before = len(model_server.requests(model))
    ask(model)
    assert len(model_server.requests(model)) == before + times


def test_the_request_is_the_prompt_and_the_clauses_found(ask: Ask, model_server: ModelServer, shipped: Library) -> None:
    ask("good")
    request = model_server.requests("good")[-1]
    system, user = request["messages"]
    refund = next(clause for clause in shipped.clauses(["qidian"]) if clause.id == "4.7")
    assert (system["role"], system["content"]) == ("system", _ACTS.answer.system)
    assert user["role"] == "user"
    assert f"[C1] {refund.label}（腾讯权利义务）\n{refund.text}" in user["content"]
    assert f"<问题>\n{_QUESTION}\n</问题>" in user["content"]
    assert request["temperature"] == 0


# Writes down every connection and look-up of the process, before anything else is imported.
_WITNESS = """
import os, sys

def _write_down(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        where = arguments[1][:2]
    elif event == "socket.getaddrinfo":
        where = arguments[:2]
    else:
        return
    with open(os.environ["WITNESS"], "a") as file:
        file.write(f"{where[0]} {where[1]}\\n")

sys.addaudithook(_write_down)
"""


@dataclass(frozen=True)
class Run:
    """One `wenyue ask` of the model `good`, with what it sent and where."""

    row: dict[str, Any]
    request: dict[str, Any]
    contacted: set[str]


@pytest.fixture
def run(model_server: ModelServer, shipped_index: Index, built_home: Path, tmp_path: Path) -> Callable[[str], Run]:
    """Runs the console script in a process of its own, on a machine that is set up to send traces to a tracing service."""
    home = tmp_path / "home"
    built = built_home / "index" / shipped_index.version
    shutil.copytree(built, home / "index" / shipped_index.version)
    Library(f"sqlite:///{home / 'library.db'}").sync(_HERE.parent.parent / "agreements" / "catalog.toml")
    (tmp_path / "witness").mkdir()
    (tmp_path / "witness" / "sitecustomize.py").write_text(_WITNESS, encoding="utf-8")

    def of(seed: str) -> Run:
        witness = tmp_path / f"witness-{seed}"
        witness.touch()
        done = subprocess.run(
            [Path(sys.executable).with_name("wenyue"), "ask", _QUESTION, "--json"],
            env={
                "PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", "PYTHONHASHSEED": seed,
                "PYTHONPATH": str(tmp_path / "witness"), "WITNESS": str(witness), "WENYUE_HOME": str(home), "WENYUE_CACHE_MINUTES": "0",
                "WENYUE_MODEL": "openai:good", "OPENAI_API_KEY": _KEY, "OPENAI_BASE_URL": f"{model_server.url}/v1",
                "LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_API_KEY": "lsv2-secret",
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return Run(json.loads(done.stdout), model_server.requests("good")[-1], set(witness.read_text(encoding="utf-8").splitlines()))

    return of


def test_two_runs_send_the_same_byte_for_byte_and_get_the_same_answer(run: Callable[[str], Run]) -> None:
    first, second = run("1"), run("2")
    assert json.dumps(first.request, ensure_ascii=False).encode() == json.dumps(second.request, ensure_ascii=False).encode()
    times = {"latency_ms": 0, "first_ms": 0}
    assert first.row | times == second.row | times
    assert first.row["model"] == "openai:good"


def test_no_other_host_is_contacted_even_where_tracing_is_switched_on(run: Callable[[str], Run], model_server: ModelServer) -> None:
    host, _, port = model_server.url.removeprefix("http://").partition(":")
    assert run("1").contacted == {f"{host} {port}"}
