"""`wenyue enrich` over a small agreement, the model alone replaced by a script."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import ClassVar

import pytest
from typer.testing import CliRunner, Result

from answering.errors import ModelError
from answering.models import Completion
from bot.cli import app
from bot.wiring import Wired
from tests.scripted import SaysAtOnce

_TEXT = "第一条 收费\n1.1 停车每小时收费 5 元。\n1.2 车辆离场后，您可以申请开具发票。\n"
_CATALOG = '[parking]\ntitle = "停车协议"\nnames = ["停车"]\nparties = ["您"]\nfile = "parking.txt"\nsource = "测试"\n'
_WRITTEN = {
    "1.1": ["泊位咋算钱", "停半天贵不贵", "放一晚要付几块", "计时标准"],
    "1.2": ["报销用的单据咋拿", "走了补票", "怎么要凭证", "票据"],
}


class _Scripted(SaysAtOnce):
    fails: ClassVar[bool] = False

    name = "scripted"

    def complete(self, system: str, user: str, *, chat: str = "") -> Completion:
        if self.fails:
            raise ModelError("连不上模型")
        shown = re.findall(r"^\[(C\d+)\] 《停车协议》([\d.]+)", user, re.M)
        rows = [{"handle": handle, "questions": [{"voice": "lay", "text": text} for text in _WRITTEN[number]]} for handle, number in shown]
        return Completion("\n".join(map(json.dumps, rows)), 1_000_000, 500_000)


@pytest.fixture(autouse=True)
def _parking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parking.txt").write_text(_TEXT, encoding="utf-8")
    (tmp_path / "catalog.toml").write_text(_CATALOG, encoding="utf-8")
    monkeypatch.setenv("WENYUE_AGREEMENTS", str(tmp_path))
    monkeypatch.setattr(Wired, "model", lambda wired, times=1: _Scripted() if wired.settings.model else None)
    monkeypatch.chdir(tmp_path)


def _wenyue(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def _best(question: str) -> str | None:
    hits = json.loads(_wenyue("search", question, "--json").stdout)["hits"]
    return str(hits[0]["id"]) if hits else None


def test_the_questions_are_kept_found_by_and_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _best("怎么要凭证") != "1.2"
    monkeypatch.setenv("WENYUE_MODEL", "openai:scripted")
    done = _wenyue("enrich", "--prices", "2", "8")
    assert done.exit_code == 0, done.output
    assert re.search(r"问过的条款 +2\b", done.stdout)
    assert re.search(r"留下的问题 +8\b", done.stdout)
    assert re.search(r"花费 +6\.0000\b", done.stdout)
    assert len((tmp_path / "enriched" / "parking.questions.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    assert _best("怎么要凭证") == "1.2"
    monkeypatch.delenv("WENYUE_MODEL")
    again = _wenyue("enrich")
    assert again.exit_code == 0, again.output
    assert re.search(r"问过的条款 +0\b", again.stdout)


def test_doctor_and_the_other_commands_see_one_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_MODEL", "openai:scripted")
    _wenyue("enrich")
    findings = {finding["subject"]: finding for finding in json.loads(_wenyue("doctor", "--json").stdout)["findings"]}
    assert findings["可能的问题"]["said"] == "共 8 个，每条都有"
    assert findings["索引"]["state"] == "good"


def test_a_model_that_fails_is_told_and_the_work_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_MODEL", "openai:scripted")
    monkeypatch.setattr(_Scripted, "fails", True)
    done = _wenyue("enrich")
    assert done.exit_code == 1
    assert "连不上模型" in done.stderr.replace("\n", "")
    assert re.search(r"仍没有问题的条款 +2，例如 《停车协议》1\.1", done.stdout)


def test_no_model_and_an_unknown_key_are_told() -> None:
    done = _wenyue("enrich")
    assert (done.exit_code, "WENYUE_MODEL" in done.stderr) == (1, True)
    assert _wenyue("enrich", "garage").exit_code == 2
