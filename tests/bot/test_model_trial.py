"""`wenyue doctor` puts the configured models to work, over the wire."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from answering.prices import Price
from answering.spending import Limits, Spending
from bot.cli import app
from bot.doctor import Finding, examine
from bot.settings import load_settings
from tests.chat_server import ChatServer, hangs, refuses, says, says_whole

_TEXT = "停车协议\n第一条 收费\n1.1 停车每小时收费 5 元。\n"
_CATALOG = '[parking]\ntitle = "停车协议"\nnames = ["停车"]\nparties = ["您"]\nfile = "parking.txt"\nsource = "测试"\n'
_GOOD = "停车每小时收费 5 元[C1]。"


@pytest.fixture(autouse=True)
def _parking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chat_server: ChatServer) -> None:
    """A machine with one small agreement and the model `openai:good`."""
    (tmp_path / "parking.txt").write_text(_TEXT, encoding="utf-8")
    (tmp_path / "catalog.toml").write_text(_CATALOG, encoding="utf-8")
    monkeypatch.setenv("WENYUE_AGREEMENTS", str(tmp_path))
    monkeypatch.setenv("WENYUE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WENYUE_MODEL", "openai:good")
    monkeypatch.setenv("WENYUE_MODEL_TIMEOUT", "10")
    monkeypatch.chdir(tmp_path)
    chat_server.acts["good"] = [says(_GOOD, prompt=700, written=12, cached=640)]


def _of(subject: str) -> list[Finding]:
    return [finding for finding in examine(load_settings()) if finding.subject == subject]


def test_a_model_that_does_its_work_is_good_and_told_what_it_supports(chat_server: ChatServer) -> None:
    (found,) = _of("模型")
    assert found.state == "good"
    assert found.said.startswith("openai:good 能回答，首字 ")
    assert found.said.endswith("流式；报告用量（输入 700，其中缓存 640，输出 12）；按格式写条款代号")
    (request,) = chat_server.requests
    assert "停车每小时收费 5 元" in request.body["messages"][1]["content"]
    assert _of("用量") == _of("追踪") == []


@pytest.mark.parametrize(
    ("act", "says_what"),
    [
        (says_whole(_GOOD), "不是流式，答案一次给出"),
        (says(_GOOD, prompt=0), "不报告用量，用量按估计记"),
    ],
)
def test_what_a_model_does_not_support_is_told(act: object, says_what: str, chat_server: ChatServer) -> None:
    chat_server.acts["good"] = [act]  # type: ignore[list-item]
    (found,) = _of("模型")
    assert says_what in found.said


@pytest.mark.parametrize("reply", ["停车每小时收费 5 元。", "停车每小时收费 5 元（1.1）。", "NOT_COVERED"])
def test_a_model_that_does_not_cite_as_told_is_noted(reply: str, chat_server: ChatServer) -> None:
    chat_server.acts["good"] = [says(reply)]
    (found,) = _of("模型")
    assert found.state == "note"
    assert "没有按格式写条款代号" in found.said


def test_a_server_of_one_s_own_that_reads_only_a_part_is_noted_with_what_to_do(
    chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUE_MODEL", "ollama:qwen3:8b")
    monkeypatch.setenv("WENYUE_MODEL_BASE_URL", chat_server.url)
    chat_server.acts["qwen3:8b"] = [says(_GOOD, prompt=4096)]
    (found,) = _of("模型")
    assert found.state == "note"
    assert "它只读了 4096" in found.said
    assert "OLLAMA_CONTEXT_LENGTH" in found.said
    chat_server.acts["qwen3:8b"] = [says(_GOOD, prompt=6800)]
    (found,) = _of("模型")
    assert found.state == "good"
    sent = chat_server.requests[-1].body["messages"][1]["content"]
    assert sent.count("《停车协议》") > 50


def test_each_model_of_a_chain_is_tried_and_one_that_fails_is_wrong_beside_those_that_do_not(
    chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUE_MODEL", "openai:locked,openai:good,openai:mute")
    monkeypatch.setenv("WENYUE_MODEL_TIMEOUT", "0.5")
    chat_server.acts |= {"locked": [refuses(401)], "mute": [hangs()]}
    run = CliRunner().invoke(app, ["doctor", "--json"])
    found = [finding for finding in json.loads(run.stdout)["findings"] if finding["subject"] == "模型"]
    assert [finding["state"] for finding in found] == ["wrong", "good", "wrong"]
    assert found[0]["said"] == "模型 openai:locked 的服务拒绝了密钥（HTTP 401），请检查 OPENAI_API_KEY"
    assert found[2]["said"] == "模型 openai:mute 在 0.5 秒内没有回答"
    assert run.exit_code == 1
    assert [request.model for request in chat_server.requests] == ["locked", "good", "mute"]
    assert "sk-very-secret" not in run.output


@pytest.mark.parametrize(
    ("names", "prices", "says_what"),
    [
        ("deepseek:deepseek-chat", "", "请设置 DEEPSEEK_API_KEY"),
        ("openai:good,kimi:kimi-latest", "", "请设置 MOONSHOT_API_KEY"),
        ("good", "", "provider:model"),
        ("openai:good", "openai:good=cheap", "WENYUE_PRICES 里的"),
    ],
)
def test_a_setting_that_cannot_be_used_is_wrong_and_nothing_is_asked(
    names: str, prices: str, says_what: str, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUE_MODEL", names)
    monkeypatch.setenv("WENYUE_PRICES", prices)
    (found, *_more) = _of("模型")
    assert found.state == "wrong"
    assert says_what in found.said
    assert chat_server.requests == []


def test_what_today_has_cost_is_told_with_its_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_DAILY_TOKENS", "2000")
    monkeypatch.setenv("WENYUE_DAILY_MONEY", "1.5")
    monkeypatch.setenv("WENYUE_CHAT_DAILY_TOKENS", "500")
    monkeypatch.setenv("WENYUE_PRICES", "openai:good=2/8")
    (found,) = _of("用量")
    assert (found.state, found.said) == ("good", "今天已用 0 token，上限 2,000；花费 0.0000，上限 1.5；每个会话上限 500 token")
    spending = Spending(f"sqlite:///{tmp_path / 'home' / 'library.db'}", Limits(), {"openai:good": Price(2, 8, 2)})
    spending.settle(spending.reserve("openai:good", "team", 10), 1500, 500)
    spending.close()
    (found,) = _of("用量")
    assert found.state == "note"
    assert found.said.startswith("今天已用 2,000 token，上限 2,000；花费 0.0070，")


def test_a_limit_in_money_needs_the_price_of_every_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_MODEL", "openai:good,openai:other")
    monkeypatch.setenv("WENYUE_DAILY_MONEY", "1.5")
    monkeypatch.setenv("WENYUE_PRICES", "openai:good=2/8")
    (found,) = _of("用量")
    assert found.state == "wrong"
    assert "不知道 openai:other 的价格" in found.said


def test_tracing_that_is_asked_for_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_TRACING", "on")
    (found,) = _of("追踪")
    assert found.state == "note"
    assert "LangSmith" in found.said
