from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.doctor import Finding, examine
from bot.privacy.keys import new_key
from bot.records import Records
from bot.settings import load_settings
from retrieval.index import build_index
from retrieval.library import Library

_TEXT = """停车协议
第一条 收费
1.1 停车每小时收费 5 元，逾期按第 2.1 条处理。
第二条 责任
2.1 贵重物品丢失由您自行承担责任。
"""
_CATALOG = '[parking]\ntitle = "停车协议"\nnames = ["停车"]\nparties = ["您"]\nfile = "parking.txt"\nsource = "测试"\n'


@pytest.fixture(autouse=True)
def _parking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with one small agreement, and nothing done yet."""
    _write(tmp_path, _TEXT)
    monkeypatch.setenv("WENYUE_AGREEMENTS", str(tmp_path))
    monkeypatch.setenv("WENYUE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def _write(folder: Path, text: str) -> None:
    (folder / "parking.txt").write_text(text, encoding="utf-8")
    (folder / "catalog.toml").write_text(_CATALOG, encoding="utf-8")


def _doctor(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["doctor", *arguments])


def _found() -> dict[str, Finding]:
    """The findings by subject, the last one where there are several."""
    return {finding.subject: finding for finding in examine(load_settings())}


def _index(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    library = Library(f"sqlite:///{tmp_path / 'home' / 'library.db'}")
    library.sync(tmp_path / "catalog.toml")
    return build_index(tmp_path / "home", library)


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_fresh_machine_is_in_order_and_told_what_is_not_there_yet(tmp_path: Path) -> None:
    found = _found()
    assert {subject: finding.state for subject, finding in found.items()} == {
        "版本": "good", "数据目录": "good", "协议": "good", "条款引用": "good", "可能的问题": "note", "索引": "note", "向量": "good",
        "模型": "good", "重排": "good", "隐私": "note",
    }  # fmt: skip
    assert "没有加密" in found["隐私"].said
    assert found["数据目录"].said == str(tmp_path / "home")
    assert found["协议"].said.startswith("1 份协议，")
    assert "2 条没有，例如 《停车协议》1.1" in found["可能的问题"].said
    assert "wenyue index" in found["索引"].said
    assert "WENYUE_MODEL" in found["模型"].said
    assert "WENYUE_EMBEDDINGS" in found["向量"].said
    assert [path.name for path in (tmp_path / "home").iterdir() if not path.name.startswith("library.db")] == []


def test_notes_are_no_failure_and_json_says_what_the_table_says() -> None:
    shown, told = _doctor(), _doctor("--json")
    assert (shown.exit_code, told.exit_code, shown.stderr, told.stderr) == (0, 0, "", "")
    findings = json.loads(told.stdout)["findings"]
    lines = shown.stdout.splitlines()
    assert len(findings) == len(lines) == 10
    marks = {"good": "好", "note": "注意", "wrong": "不对"}
    for finding, line in zip(findings, lines, strict=True):
        assert line.split(maxsplit=1)[0] == marks[finding["state"]]
        assert finding["subject"] in line
        assert finding["said"] in line


@pytest.mark.parametrize("beneath", ["", "home"])
def test_a_home_that_cannot_be_written_is_wrong_and_nothing_else_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beneath: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WENYUE_HOME", str(tmp_path / "file" / beneath))
    found = _found()
    assert list(found) == ["版本", "数据目录"]
    assert found["数据目录"].state == "wrong"
    assert str(tmp_path / "file") in found["数据目录"].said
    assert "请用 WENYUE_HOME" in found["数据目录"].said
    assert _doctor().exit_code == 1


def test_a_sound_index_is_good_and_a_damaged_one_noted_with_the_file(tmp_path: Path) -> None:
    folder = _index(tmp_path)
    assert _found()["索引"] == Finding("索引", "good", str(folder))
    damaged = folder / "words" / "vocabulary.json"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    noted = _found()["索引"]
    assert noted.state == "note"
    assert "words/vocabulary.json 与建立时不同" in noted.said
    assert "wenyue index" in noted.said
    damaged.unlink()
    assert "words/vocabulary.json 无法读取" in _found()["索引"].said
    (folder / "manifest.json").unlink()
    assert "没有清单" in _found()["索引"].said
    assert _doctor().exit_code == 0


def test_the_index_of_another_text_is_not_taken_for_that_of_this_one(tmp_path: Path) -> None:
    _index(tmp_path)
    _write(tmp_path, _TEXT.replace("5 元", "6 元"))
    assert "还没有建立" in _found()["索引"].said


def test_references_to_clauses_that_do_not_exist_are_noted_with_where_they_stand(tmp_path: Path) -> None:
    _write(tmp_path, _TEXT + "2.2 退费按本协议第 8.4 条办理，发票按第 1.1 条办理。\n")
    lost = [finding for finding in examine(load_settings()) if finding.subject == "条款引用"]
    assert [(finding.state, finding.said) for finding in lost] == [("note", "《停车协议》2.2 提到“本协议第 8.4 条”，parking 里没有")]
    assert _doctor().exit_code == 0


def test_no_more_than_five_references_are_told(tmp_path: Path) -> None:
    _write(tmp_path, _TEXT + "".join(f"2.{at} 费用按本协议第 9.{at} 条办理。\n" for at in range(2, 10)))
    assert sum(finding.subject == "条款引用" for finding in examine(load_settings())) == 5


@pytest.mark.parametrize(
    ("catalog", "says"),
    [("", "目录里没有协议"), ("parking = 1", "[parking] must be a table"), (_CATALOG.replace("parking.txt", "none.txt"), "none.txt")],
)
def test_a_catalog_that_holds_nothing_or_cannot_be_used_is_wrong(tmp_path: Path, catalog: str, says: str) -> None:
    (tmp_path / "catalog.toml").write_text(catalog, encoding="utf-8")
    wrong = [finding for finding in examine(load_settings()) if finding.state == "wrong"]
    assert [finding.subject for finding in wrong] == ["协议"]
    assert says in wrong[0].said
    run = _doctor()
    assert run.exit_code == 1
    assert wrong[0].said in run.stdout  # with the [parking] that a terminal might take for markup


def test_a_model_that_cannot_be_reached_is_wrong_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_MODEL", "openai:gpt-4o")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{_closed_port()}/v1")
    run = _doctor("--json")
    assert (run.exit_code, run.stderr) == (1, "")
    (wrong,) = [finding for finding in json.loads(run.stdout)["findings"] if finding["state"] == "wrong"]
    assert wrong == {"subject": "模型", "state": "wrong", "said": "连不上模型 openai:gpt-4o 的服务，请检查网络与地址设置"}
    assert "sk-very-secret" not in run.output


def test_the_re_ranker_that_is_configured_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "WENYUE_RERANKER" in _found()["重排"].said
    monkeypatch.setenv("WENYUE_MODEL", "openai:gpt-4o")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{_closed_port()}/v1")
    monkeypatch.setenv("WENYUE_RERANKER", "model")
    assert _found()["重排"] == Finding("重排", "good", "找到的条款由 openai:gpt-4o 重排")


@pytest.mark.parametrize(
    ("reranker", "says"), [("model", "WENYUE_MODEL 没有设置"), ("bge", "'bge' 不认识"), ("sentence-transformers:./none", "./none")]
)
def test_a_re_ranker_that_cannot_be_had_is_wrong(monkeypatch: pytest.MonkeyPatch, reranker: str, says: str) -> None:
    monkeypatch.setenv("WENYUE_RERANKER", reranker)
    found = _found()
    assert (found["重排"].state, found["模型"].state) == ("wrong", "good")
    assert says in found["重排"].said
    assert "\n" not in found["重排"].said


@pytest.mark.parametrize(("model", "says"), [("gpt-4o", "openai:gpt-4o"), ("openai:gpt-4o", "OPENAI_API_KEY")])
def test_a_model_that_cannot_be_had_is_wrong_and_the_rest_is_still_looked_at(
    monkeypatch: pytest.MonkeyPatch, model: str, says: str
) -> None:
    monkeypatch.setenv("WENYUE_MODEL", model)
    found = _found()
    assert (found["模型"].state, found["协议"].state) == ("wrong", "good")
    assert says in found["模型"].said
    assert "\n" not in found["模型"].said


def test_it_says_whether_words_are_sealed_and_whether_the_key_is_the_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_KEY", new_key())
    monkeypatch.setenv("WENYUE_KEEP_DAYS", "30")
    _found()  # which makes the data folder
    records = Records(load_settings().database)
    records.listing()
    records.close()
    found = _found()["隐私"]
    assert (found.state, found.said) == ("good", "记下的话保留 30 天，用 WENYUE_KEY 加密")
    monkeypatch.setenv("WENYUE_KEY", new_key())
    found = _found()["隐私"]
    assert found.state == "wrong"
    assert "WENYUE_KEY" in found.said
