"""`wenyue` with embeddings by name, over the wire: a small agreement, and a service whose vectors mean something."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from tests.vector_server import VectorServer

_TEXT = """停车协议
第一条 收费
1.1 停车每小时收费 5 元，每日最高收费 40 元。
1.2 车辆离场后，您可以在 30 个自然日内申请开具停车费发票。
第二条 责任
2.1 您应当锁好车门，贵重物品丢失由您自行承担责任。
"""
_CATALOG = '[parking]\ntitle = "停车协议"\nnames = ["停车"]\nparties = ["您"]\nfile = "parking.txt"\nsource = "测试"\n'
_NAME = "openai:bigrams"
_KEY = "sk-very-secret"
_QUESTION = "停车费发票几天内可以申请？"


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vector_server: VectorServer) -> dict[str, str]:
    """A machine with one small agreement and nothing built, set up for the service. Returns the settings."""
    folder = tmp_path / "agreements"
    folder.mkdir()
    (folder / "parking.txt").write_text(_TEXT, encoding="utf-8")
    (folder / "catalog.toml").write_text(_CATALOG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    settings = {
        "WENYUE_AGREEMENTS": str(folder),
        "WENYUE_HOME": str(tmp_path / "home"),
        "WENYUE_EMBEDDINGS": _NAME,
        "WENYUE_EMBEDDINGS_BASE_URL": vector_server.url,
        "WENYUE_EMBEDDINGS_API_KEY": _KEY,
        "WENYUE_EMBEDDINGS_TIMEOUT": "10",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    _wenyue("clauses")  # the agreement has been read and that been told
    return settings


def _wenyue(*arguments: str) -> Result:
    done = CliRunner().invoke(app, arguments)
    assert _KEY not in done.output
    return done


def _ask() -> dict[str, Any]:
    done = _wenyue("ask", _QUESTION, "--json")
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def _refusal(*arguments: str) -> str:
    done = _wenyue(*arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("错误：")
    return line


def _found() -> dict[str, tuple[str, str]]:
    """What the doctor found, by subject."""
    findings = json.loads(_wenyue("doctor", "--json").stdout)["findings"]
    return {finding["subject"]: (finding["state"], finding["said"]) for finding in findings}


def _ids_found(query: str) -> list[str]:
    return [hit["id"] for hit in json.loads(_wenyue("search", query, "--json").stdout)["hits"]]


def test_index_search_and_ask_with_a_service(vector_server: VectorServer) -> None:
    done = _wenyue("index")
    assert (done.exit_code, done.stdout) == (0, "")
    assert {request.key for request in vector_server.requests} == {_KEY}
    assert _ids_found("贵重物品丢了")[0] == "2.1"
    assert vector_server.requests[-1].body["input"] == ["贵重物品丢了"]
    assert _ask()["retrieved"][0]["id"] == "1.2"


def test_the_first_question_builds_what_is_not_there() -> None:
    assert _ask()["retrieved"][0]["id"] == "1.2"


@pytest.mark.parametrize("command", [["ask", _QUESTION], ["search", _QUESTION], ["ask", _QUESTION, "--json"]])
def test_a_question_is_refused_where_the_index_has_other_embeddings_and_the_command_mends_it(
    command: list[str], monkeypatch: pytest.MonkeyPatch, vector_server: VectorServer
) -> None:
    monkeypatch.delenv("WENYUE_EMBEDDINGS")
    assert _wenyue("index").exit_code == 0
    monkeypatch.setenv("WENYUE_EMBEDDINGS", _NAME)
    refusal = _refusal(*command)
    for named in ("lsa", _NAME, "wenyue index"):
        assert named in refusal
    assert _QUESTION not in refusal
    assert vector_server.requests == []
    assert _found()["索引"] == ("wrong", refusal.removeprefix("错误："))
    assert _wenyue("index").exit_code == 0
    assert _wenyue(*command).exit_code == 0
    assert _found()["索引"][0] == "good"
    monkeypatch.delenv("WENYUE_EMBEDDINGS")
    assert "lsa" in _refusal(*command)


def test_a_model_is_not_loaded_for_a_question_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading it may be a download of gigabytes, which `wenyue index` is there for."""
    _wenyue("index")
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)  # as where it is not installed
    monkeypatch.delenv("WENYUE_EMBEDDINGS_BASE_URL")
    monkeypatch.setenv("WENYUE_EMBEDDINGS", "sentence-transformers:BAAI/bge-m3")
    assert "wenyue index" in _refusal("ask", _QUESTION)
    assert "pip install" in _refusal("index")


def test_vectors_of_another_length_are_refused_and_the_command_mends_it(vector_server: VectorServer) -> None:
    _wenyue("index")
    vector_server.dimensions = 384
    refusal = _refusal("ask", _QUESTION)
    for named in ("512 维", _NAME, "384 维", "wenyue index"):
        assert named in refusal
    assert _wenyue("index").exit_code == 0
    assert _ask()["retrieved"][0]["id"] == "1.2"


def test_a_dead_service_is_logged_once_and_the_question_is_answered_by_its_words(
    settings: dict[str, str], vector_server: VectorServer, tmp_path: Path
) -> None:
    _wenyue("index")
    vector_server.stop()
    done = subprocess.run(
        [Path(sys.executable).with_name("wenyue"), "ask", _QUESTION, "--json"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["retrieved"][0]["id"] == "1.2"
    (line,) = done.stderr.splitlines()
    assert f"连不上向量模型 {_NAME} 的服务" in line
    assert "发票" not in line
    assert _KEY not in line


@pytest.mark.parametrize(("fault", "says"), [(401, "密钥"), ("nan", "NaN"), ("zero", "全是零")])
def test_a_build_with_a_service_that_fails_is_told_in_one_sentence(fault: int | str, says: str, vector_server: VectorServer) -> None:
    vector_server.fault = fault
    assert says in _refusal("index")
    assert says in _refusal("ask", _QUESTION)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WENYUE_EMBEDDINGS", "bge-m3", "provider:model"),
        ("WENYUE_EMBEDDINGS", "nobody:bge-m3", "nobody"),
        ("WENYUE_EMBEDDINGS_BASE_URL", "localhost:11434", "http://"),
        ("WENYUE_EMBEDDINGS_TIMEOUT", "soon", "soon"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_by_name(name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    refusal = _refusal("ask", _QUESTION)
    assert name in refusal
    assert says in refusal


def test_the_doctor_tries_the_embeddings(vector_server: VectorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _found()["向量"][0] == "good"
    assert _found()["向量"][1].startswith(f"{_NAME} 给出 512 维，用时 ")
    _wenyue("index")
    assert _found()["索引"][0] == "good"
    vector_server.salt = "another"
    assert _found()["索引"][0] == "wrong"
    assert "wenyue index" in _found()["索引"][1]
    vector_server.stop()
    assert _found()["向量"] == ("wrong", f"连不上向量模型 {_NAME} 的服务；请检查它是否在运行，以及 WENYUE_EMBEDDINGS_BASE_URL")
    assert _wenyue("doctor").exit_code == 1
    monkeypatch.setenv("WENYUE_EMBEDDINGS", "bge-m3")
    assert _found()["向量"][0] == "wrong"
    assert _found()["协议"][0] == "good"
