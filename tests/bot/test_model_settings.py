"""Chains and limits from the settings to the answer: `wenyue ask` with a model that is a server on loopback."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import answering.chain
from answering.vendors import vendors
from bot.cli import app
from bot.settings import PROJECT, SettingsError, load_settings
from tests.chat_server import ChatServer, Exchange, breaks, refuses, says

_TEXT = "停车协议\n第一条 收费\n1.1 停车每小时收费 5 元。\n1.2 车辆离场后，您可以申请开具发票。\n"
_CATALOG = '[parking]\ntitle = "停车协议"\nnames = ["停车"]\nparties = ["您"]\nfile = "parking.txt"\nsource = "测试"\n'
_QUESTION = "停车每小时收费多少？"


@pytest.fixture(autouse=True)
def _parking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parking.txt").write_text(_TEXT, encoding="utf-8")
    (tmp_path / "catalog.toml").write_text(_CATALOG, encoding="utf-8")
    monkeypatch.setenv("WENYUE_AGREEMENTS", str(tmp_path))
    monkeypatch.setattr(answering.chain, "_PAUSES", (0.02, 0.02))
    monkeypatch.chdir(tmp_path)


def _writes(exchange: Exchange) -> None:
    """Cites the clause by the handle under which it was shown."""
    shown = re.search(r"^\[(C\d+)\] 《停车协议》1\.1", exchange.request.body["messages"][1]["content"], re.M)
    assert shown
    says(f"停车每小时收费 5 元[{shown.group(1)}]。", prompt=900, written=20)(exchange)


def _ask(question: str = _QUESTION) -> dict[str, Any]:
    run = CliRunner().invoke(app, ["ask", question, "--json"])
    assert run.exit_code == 0, run.output
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


def test_the_second_model_of_a_list_answers_when_the_first_is_down(chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_MODEL", "openai:down,openai:good")
    chat_server.acts |= {"down": [refuses(503)], "good": [_writes]}
    answer = _ask()
    assert (answer["status"], answer["statements"][0]["text"]) == ("answered", "停车每小时收费 5 元。")
    assert answer["tokens"] == {"prompt": 900, "completion": 20}
    assert [request.model for request in chat_server.requests] == ["down", "down", "down", "good"]


def test_when_all_are_down_the_clause_is_quoted(chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_MODEL", "openai:down,openai:gone")
    chat_server.acts |= {"down": [refuses(503)], "gone": [breaks()]}
    answer = _ask()
    assert (answer["status"], answer["model"], answer["citations"][0]["id"]) == ("answered", "extractive", "1.1")
    assert "停车每小时收费 5 元" in answer["text"]


@pytest.mark.parametrize(
    ("limit", "value"), [("WENYUE_DAILY_TOKENS", "2000"), ("WENYUE_CHAT_DAILY_TOKENS", "2000"), ("WENYUE_DAILY_MONEY", "0.009")]
)
def test_past_the_limit_of_the_day_clauses_are_quoted_and_no_model_is_asked(
    limit: str, value: str, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUE_MODEL", "openai:good")
    monkeypatch.setenv("WENYUE_PRICES", "openai:good=2/8")
    monkeypatch.setenv(limit, value)
    monkeypatch.setenv("WENYUE_CACHE_MINUTES", "0")
    chat_server.acts["good"] = [_writes]
    models = [_ask()["model"] for _ in range(3)]  # each a new start of the program
    assert models == ["openai:good", "extractive", "extractive"]
    assert len(chat_server.requests) == 1


@pytest.mark.parametrize(("names", "says_what"), [("deepseek:deepseek-chat", "DEEPSEEK_API_KEY"), ("gpt-4o", "provider:model")])
def test_a_model_that_cannot_be_had_is_one_sentence(names: str, says_what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_MODEL", names)
    run = CliRunner().invoke(app, ["ask", _QUESTION])
    assert (run.exit_code, run.stdout) == (1, "")
    assert says_what in run.stderr
    assert "Traceback" not in run.stderr


def test_the_settings_of_models_are_read(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path / "none")
    assert (settings.daily_tokens, settings.chat_daily_tokens, settings.daily_money) == (None, None, None)
    assert (settings.model_base_url, settings.prices, settings.tracing) == (None, "", False)
    environment = {
        "WENYUE_MODEL_BASE_URL": "http://gpu:8000/v1", "WENYUE_DAILY_TOKENS": "2000000", "WENYUE_CHAT_DAILY_TOKENS": "5e4",
        "WENYUE_DAILY_MONEY": "12.5", "WENYUE_PRICES": "a:b=1/2", "WENYUE_TRACING": "On",
    }  # fmt: skip
    settings = load_settings(environment, tmp_path / "none")
    assert (settings.daily_tokens, settings.chat_daily_tokens, settings.daily_money) == (2_000_000, 50_000, 12.5)
    assert (settings.model_base_url, settings.prices, settings.tracing) == ("http://gpu:8000/v1", "a:b=1/2", True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WENYUE_DAILY_TOKENS", "0"), ("WENYUE_DAILY_TOKENS", "many"), ("WENYUE_CHAT_DAILY_TOKENS", "-5"), ("WENYUE_DAILY_MONEY", "0"),
        ("WENYUE_DAILY_MONEY", "12元"), ("WENYUE_TRACING", "perhaps"), ("WENYUE_MODEL_BASE_URL", "gpu:8000"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_refused_by_name(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"{name}.*{value}"):
        load_settings({name: value}, tmp_path / "none")


def test_the_example_file_names_every_setting_and_key_of_models() -> None:
    example = (PROJECT / ".env.example").read_text(encoding="utf-8")
    names = {line.lstrip("# ").partition("=")[0] for line in example.splitlines() if "=" in line}
    parts = ("MODEL_BASE_URL", "MODEL_TIMEOUT", "DAILY_TOKENS", "CHAT_DAILY_TOKENS", "DAILY_MONEY", "PRICES", "TRACING")
    assert {f"WENYUE_{part}" for part in parts} <= names
    assert all(vendor.key in example for vendor in vendors().values())
