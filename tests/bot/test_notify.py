"""`wenyue notify`: the group's webhook robot tells of new versions, once, and of the evaluation's result."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from retrieval.library import Library
from tests.bot.test_wecom_robot import _Server
from tests.bot.test_wecom_robot import server as server

_FIRST = "云盘服务协议\n1. 费用\n1.1 开通后7天内可以退款。\n1.2 每月五日前付款。\n"


@pytest.fixture(autouse=True)
def _settings(server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "agreements").mkdir()
    (tmp_path / "agreements" / "catalog.toml").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WENYUE_AGREEMENTS", str(tmp_path / "agreements"))
    monkeypatch.setenv("WENYUE_WECOM_ROBOT_KEY", "693a91f6-7a1b-4bc4-97a0-0ec2e1fa5aaa")
    monkeypatch.setenv("WENYUE_WECOM_ROBOT_URL", server.url)
    _write(tmp_path, _FIRST)
    _library(tmp_path).add(tmp_path / "yunpan.txt", key="yunpan")


def _library(home: Path) -> Library:
    return Library(f"sqlite:///{home / 'library.db'}")


def _write(home: Path, text: str) -> None:
    (home / "yunpan.txt").write_text(text, encoding="utf-8")


def _notify(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["notify", *arguments])
    return done.exit_code, done.output


def test_a_new_version_is_told_once_and_again_where_it_did_not_arrive(server: _Server, tmp_path: Path) -> None:
    assert "没有新的版本" in _notify()[1]
    _write(tmp_path, _FIRST.replace("7天", "15天"))
    _library(tmp_path).update("yunpan", tmp_path / "yunpan.txt")
    server.answer = (200, '{"errcode":93000,"errmsg":"invalid webhook url"}')
    status, said = _notify()
    assert status == 1
    assert "WENYUE_WECOM_ROBOT_KEY" in said
    server.answer = (200, '{"errcode":0,"errmsg":"ok"}')
    assert _notify()[0] == 0
    assert "15天" in server.contents[-1]
    sent = len(server.contents)
    assert "没有新的版本" in _notify()[1]
    assert len(server.contents) == sent


def test_without_a_robot_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WENYUE_WECOM_ROBOT_KEY")
    status, said = _notify()
    assert status == 1
    assert "WENYUE_WECOM_ROBOT_KEY" in said


def test_a_report_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    status, said = _notify("--report", str(tmp_path))
    assert status == 1
    assert "results.json" in said
    assert "Traceback" not in said
