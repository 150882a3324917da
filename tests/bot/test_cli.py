"""The console script as people run it: in a process of its own, over the shipped agreements."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.settings import PROJECT
from retrieval.index import Index
from retrieval.library import Library

_SCRIPT = Path(sys.executable).with_name("wenyue")
_QUESTION = "企点开通几天内可以无条件退款？"
_SMALL = """停车协议
第一条 收费
1.1 停车每小时收费 5 元，每日最高收费 40 元。
1.2 车辆离场后，您可以在 30 个自然日内申请开具停车费发票。
第二条 责任
2.1 您应当锁好车门，贵重物品丢失由您自行承担责任。
"""
_CATALOG = '[parking]\ntitle = "停车协议"\nnames = ["停车"]\nparties = ["您"]\nfile = "parking.txt"\nsource = "测试"\n'


@dataclass(frozen=True)
class Run:
    """What a run left behind."""

    status: int
    out: str
    err: str

    def rows(self) -> list[Any]:
        """Standard output as JSON, one value a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Wenyue = Callable[..., Run]


@pytest.fixture(scope="session")
def home(shipped_index: Index, built_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the index of the shipped agreements, as `wenyue index` leaves it, without the wait for a second one."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(built_home / "index" / shipped_index.version, home / "index" / shipped_index.version)
    Library(f"sqlite:///{home / 'library.db'}").sync(PROJECT / "agreements" / "catalog.toml")
    return home


@pytest.fixture
def wenyue(home: Path, tmp_path: Path) -> Wenyue:
    """Runs `wenyue` with arguments, standard input and variables; nothing else of the environment reaches it."""

    def run(*arguments: str, typed: str = "", **variables: str) -> Run:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "COLUMNS": "400",
            "WENYUE_HOME": str(home),
            **variables,
        }
        done = subprocess.run(
            [_SCRIPT, *arguments],
            input=typed.encode("utf-8", "surrogateescape"),
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            timeout=100,
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def small(tmp_path: Path) -> dict[str, str]:
    """The variables for a fresh machine with one small agreement."""
    folder = tmp_path / "agreements"
    folder.mkdir()
    (folder / "parking.txt").write_text(_SMALL, encoding="utf-8")
    (folder / "catalog.toml").write_text(_CATALOG, encoding="utf-8")
    return {"WENYUE_AGREEMENTS": str(folder), "WENYUE_HOME": str(tmp_path / "data" / "wenyue")}


def _fails_plainly(run: Run, status: int, *named: str) -> None:
    """One sentence on standard error that names what is wrong, nothing on standard output, no traceback."""
    assert run.status == status
    assert run.out == ""
    assert "Traceback" not in run.err
    assert len(run.err.strip().splitlines()) == 1
    assert run.err.startswith("错误：")
    for name in named:
        assert name in run.err


def test_ask_shows_the_answer_and_the_clause(wenyue: Wenyue) -> None:
    run = wenyue("ask", _QUESTION)
    assert (run.status, run.err) == (0, "")
    assert "7 个自然日" in run.out
    assert "《腾讯企业级产品及服务直销协议》4.7" in run.out
    assert "\x1b" not in run.out


def test_ask_json_is_one_line_and_the_answer_of_the_answerer(wenyue: Wenyue) -> None:
    run = wenyue("ask", _QUESTION, "--json")
    assert (run.status, run.err) == (0, "")
    (row,) = run.rows()
    assert (row["status"], row["question"], row["model"]) == ("answered", _QUESTION, "extractive")
    assert [citation["id"] for citation in row["citations"]] == ["4.7", "4.9"]


def test_control_characters_are_taken_out_and_only_the_agreements_named_are_searched(wenyue: Wenyue) -> None:
    run = wenyue("ask", "账号可以\x1b[31m转让\x07吗？", "-a", "weka", "--agreement", "lexiang", "--json")
    assert run.status == 0
    (row,) = run.rows()
    assert row["question"] == "账号可以[31m转让吗？"
    assert {hit["agreement"] for hit in row["retrieved"]} == {"weka", "lexiang"}


def test_ask_offers_questions_that_are_answered_when_they_are_asked(wenyue: Wenyue) -> None:
    offered = wenyue("ask", _QUESTION).out.partition("还可以问：\n")[2].splitlines()
    assert len(offered) == 3
    (row,) = wenyue("ask", offered[0].strip(), "--json").rows()
    assert row["status"] == "answered"
    assert len(row["suggestions"]) == 3


def test_ask_without_a_question_is_wrong_use_and_shows_some_that_can_be_asked(wenyue: Wenyue) -> None:
    run = wenyue("ask", "--json")
    assert (run.status, run.out) == (2, "")
    head, *examples = run.err.splitlines()
    assert head == "请写出问题，例如："
    assert len(examples) == 5
    assert all(example.startswith('  wenyue ask "') for example in examples)
    assert wenyue("ask").err == run.err


def test_without_a_question_an_unknown_agreement_is_still_wrong(wenyue: Wenyue) -> None:
    _fails_plainly(wenyue("ask", "-a", "feishu"), 2, "'feishu'", "qidian")


def test_a_machine_whose_agreements_have_no_likely_questions_asks_for_one_all_the_same(wenyue: Wenyue, small: dict[str, str]) -> None:
    run = wenyue("ask", **small)
    assert (run.status, run.out) == (2, "")
    assert run.err.splitlines()[-1] == "请写出问题。"


def test_chat_greets_with_questions_that_can_be_asked(wenyue: Wenyue) -> None:
    run = wenyue("chat", "-a", "weka", typed="/quit")
    assert run.status == 0
    assert [line.startswith("  微卡：") for line in run.out.partition("例如：\n")[2].splitlines()[:5]] == [True] * 5


def test_a_refusal_is_an_answer_and_no_failure(wenyue: Wenyue) -> None:
    run = wenyue("ask", "企点 4.19", "--json")
    assert run.status == 0
    assert (run.rows()[0]["status"], run.rows()[0]["citations"]) == ("not_covered", [])


def test_on_a_fresh_machine_the_first_question_sets_everything_up(wenyue: Wenyue, small: dict[str, str]) -> None:
    run = wenyue("ask", "停车发票几天内可以开？", "--json", **small)
    assert run.status == 0
    (row,) = run.rows()
    assert (row["retrieved"][0]["agreement"], row["retrieved"][0]["id"]) == ("parking", "1.2")
    assert "停车协议" in run.err


def test_index_builds_once(wenyue: Wenyue, small: dict[str, str]) -> None:
    first = wenyue("index", **small)
    assert (first.status, first.out) == (0, "")
    (manifest,) = (Path(small["WENYUE_HOME"]) / "index").glob("*/manifest.json")
    assert str(manifest.parent) in first.err
    built = manifest.stat().st_mtime_ns
    assert wenyue("index", **small).status == 0
    assert manifest.stat().st_mtime_ns == built


def test_search_json_has_the_form_of_the_contract(wenyue: Wenyue) -> None:
    run = wenyue("search", "开通几天内可以退款", "-k", "3", "--agreement", "qidian", "--json")
    assert (run.status, run.err) == (0, "")
    (row,) = run.rows()
    assert row["query"] == "开通几天内可以退款"
    assert len(row["hits"]) == 3
    assert all(set(hit) >= {"agreement", "id", "label", "score", "text"} for hit in row["hits"])
    assert {hit["agreement"] for hit in row["hits"]} == {"qidian"}
    assert [hit["score"] for hit in row["hits"]] == sorted((hit["score"] for hit in row["hits"]), reverse=True)


def test_clauses_json_is_one_clause_a_line_in_reading_order(wenyue: Wenyue, shipped: Library) -> None:
    run = wenyue("clauses", "--json")
    assert run.status == 0
    rows = run.rows()
    assert [(row["agreement"], row["id"]) for row in rows] == [clause.ref for clause in shipped.clauses()]
    keys = {"agreement", "id", "number", "occurrence", "kind", "level", "parent", "heading", "text", "annex", "label"}
    assert all(set(row) >= keys for row in rows)
    (second,) = [row for row in rows if (row["agreement"], row["id"]) == ("lexiang", "2.2.3#2")]
    assert second["text"].startswith("最终用户将通过")
    assert second | {"text": ""} == {
        "agreement": "lexiang", "id": "2.2.3#2", "number": "2.2.3", "occurrence": 2, "kind": "clause", "level": 3, "parent": "2.2",
        "heading": "", "text": "", "annex": False, "label": "《腾讯乐享服务协议》2.2.3（第二处）",
    }  # fmt: skip


def test_clauses_of_some_agreements_are_only_theirs(wenyue: Wenyue) -> None:
    rows = wenyue("clauses", "archive", "qidian", "--json").rows()
    assert {row["agreement"] for row in rows} == {"archive", "qidian"}


def test_clauses_shows_a_tree(wenyue: Wenyue) -> None:
    run = wenyue("clauses", "qidian")
    assert (run.status, run.err) == (0, "")
    assert "4.7" in run.out


@pytest.mark.parametrize("arguments", [["agreements"], ["agreements", "list"]])
def test_agreements_lists_all(arguments: list[str], wenyue: Wenyue) -> None:
    run = wenyue(*arguments)
    assert (run.status, run.err) == (0, "")
    for key in ("qidian", "wework", "lexiang", "archive", "weka"):
        assert key in run.out


def test_doctor_finds_a_machine_in_order(wenyue: Wenyue) -> None:
    run = wenyue("doctor", "--json")
    assert (run.status, run.err) == (0, "")
    states = {finding["subject"]: finding["state"] for finding in run.rows()[0]["findings"]}
    assert states["数据目录"] == states["协议"] == states["索引"] == states["模型"] == "good"


def test_doctor_says_what_is_wrong_and_fails(wenyue: Wenyue, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = wenyue("doctor", WENYUE_HOME=str(tmp_path / "file" / "home"))
    assert run.status == 1
    assert "不对" in run.out
    assert "WENYUE_HOME" in run.out


def test_chat_keeps_the_conversation_until_it_is_told_to_forget(wenyue: Wenyue) -> None:
    lines = [_QUESTION, "", "那发票什么时候开？", "？？？", "退" * 2000, "/new", "4.6.1 写了什么", "/quit", "企点 4.4"]
    run = wenyue("chat", typed="\n".join(lines))
    assert (run.status, run.err) == (0, "")
    answers = run.out.split("●")[1:]
    assert len(answers) == 3
    assert "《腾讯企业级产品及服务直销协议》4.7" in answers[0]
    assert "《腾讯企业级产品及服务直销协议》" in answers[1]
    assert "问题是空的" in answers[1]
    assert "2000 个字" in answers[1]
    assert "请问您问的是哪一份协议" in answers[2]


def test_chat_ends_with_its_input(wenyue: Wenyue) -> None:
    run = wenyue("chat", "-a", "qidian", typed="4.4")
    assert (run.status, run.err) == (0, "")
    assert "《腾讯企业级产品及服务直销协议》4.4" in run.out


@pytest.mark.parametrize(("question", "named"), [("", "问题是空的"), ("退款" * 5000, "10000 个字")])
def test_a_question_that_cannot_be_taken_fails(question: str, named: str, wenyue: Wenyue) -> None:
    run = wenyue("ask", question, "--json")
    _fails_plainly(run, 1, named)
    assert "退款" not in run.err


def test_a_query_of_nothing_but_control_characters_fails(wenyue: Wenyue) -> None:
    _fails_plainly(wenyue("search", "\x1b\x07"), 1, "问题是空的")


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "怎么退款", "--agreement", "feishu"],
        ["search", "退款", "-a", "feishu"],
        ["clauses", "feishu", "--json"],
        ["chat", "-a", "feishu"],
    ],
)
def test_an_unknown_agreement_is_wrong_use(arguments: list[str], wenyue: Wenyue) -> None:
    run = wenyue(*arguments)
    _fails_plainly(run, 2, "'feishu'", "qidian", "weka")
    assert "退款" not in run.err


@pytest.mark.parametrize("arguments", [["answer"], ["ask", "退款", "--nope"], ["search", "退款", "-k", "0"]])
def test_wrong_use_says_how_to_use_it(arguments: list[str], wenyue: Wenyue) -> None:
    run = wenyue(*arguments)
    assert run.status == 2
    assert "Usage: wenyue" in run.err + run.out
    assert "Traceback" not in run.err


def test_a_missing_agreements_folder_fails(wenyue: Wenyue, small: dict[str, str]) -> None:
    small["WENYUE_AGREEMENTS"] += "-elsewhere"
    _fails_plainly(wenyue("ask", _QUESTION, **small), 1, small["WENYUE_AGREEMENTS"])


@pytest.mark.parametrize(
    ("catalog", "named"),
    [
        (b"[parking", "catalog.toml"),
        (_CATALOG.encode() + b'colour = "red"\n', "[parking]: unknown key 'colour'"),
        (_CATALOG.replace("parking.txt", "none.txt").encode(), "none.txt"),
    ],
)
def test_a_catalog_that_cannot_be_used_fails(catalog: bytes, named: str, wenyue: Wenyue, small: dict[str, str]) -> None:
    (Path(small["WENYUE_AGREEMENTS"]) / "catalog.toml").write_bytes(catalog)
    _fails_plainly(wenyue("clauses", "--json", **small), 1, named)


@pytest.mark.parametrize(
    ("model", "named"),
    [("deepseek-chat", "openai:deepseek-chat"), ("openai:gpt-4o", "OPENAI_API_KEY")],
)
def test_a_model_that_cannot_be_had_fails(model: str, named: str, wenyue: Wenyue) -> None:
    run = wenyue("ask", _QUESTION, WENYUE_MODEL=model)
    _fails_plainly(run, 1, "WENYUE_MODEL", named)
    assert "退款" not in run.err


@pytest.mark.parametrize("seconds", ["soon", "-5"])
def test_a_timeout_that_cannot_be_used_fails(seconds: str, wenyue: Wenyue) -> None:
    _fails_plainly(wenyue("ask", _QUESTION, WENYUE_MODEL_TIMEOUT=seconds), 1, "WENYUE_MODEL_TIMEOUT", seconds)


@pytest.mark.parametrize("command", [["ask", _QUESTION], ["clauses"]])
def test_a_home_that_cannot_be_written_fails(command: list[str], wenyue: Wenyue, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    _fails_plainly(wenyue(*command, WENYUE_HOME=str(tmp_path / "file" / "home")), 1, "WENYUE_HOME", str(tmp_path / "file"))


def test_a_broken_env_file_fails_and_its_secrets_stay_in_it(wenyue: Wenyue, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WENYUE_MODEL=openai:x\nOPENAI_API_KEY sk-very-secret\n", encoding="utf-8")
    run = wenyue("ask", _QUESTION)
    _fails_plainly(run, 1, ".env", "line 2")
    assert "sk-very-secret" not in run.err


def test_the_env_file_of_the_working_folder_is_read(wenyue: Wenyue, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WENYUE_MODEL_TIMEOUT=soon\n", encoding="utf-8")
    _fails_plainly(wenyue("clauses"), 1, "WENYUE_MODEL_TIMEOUT")


def test_a_database_that_cannot_be_reached_fails_without_its_password(wenyue: Wenyue) -> None:
    run = wenyue("ask", _QUESTION, WENYUE_DATABASE=f"postgresql+psycopg://wenyue:hush-hush@127.0.0.1:{_closed_port()}/wenyue")
    _fails_plainly(run, 1, "127.0.0.1")
    assert "hush-hush" not in run.err


def test_a_model_that_cannot_be_reached_is_told_of_and_the_clause_quoted(wenyue: Wenyue) -> None:
    run = wenyue(
        "ask",
        _QUESTION,
        "--json",
        WENYUE_MODEL="openai:gpt-4o",
        OPENAI_API_KEY="sk-very-secret",
        OPENAI_BASE_URL=f"http://127.0.0.1:{_closed_port()}/v1",
    )
    assert (run.status, run.err) == (0, "")
    (row,) = run.rows()
    assert row["status"] == "answered"
    assert "连不上模型 openai:gpt-4o" in row["notice"]
    assert "sk-very-secret" not in run.out


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
