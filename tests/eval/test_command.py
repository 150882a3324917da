"""`wenyue eval` over a small agreement: five questions, asked of its whole text and of one that has none of its clauses."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from eval.results import load_results
from tests.chat_server import ChatServer, Exchange, says

_WHOLE = """停车协议
第一条 收费
1.1 停车每小时收费 5 元，每日最高收费 40 元。
1.2 车辆离场后，您可以在 30 个自然日内申请开具停车费发票。
第二条 责任
2.1 您应当锁好车门，贵重物品丢失由您自行承担责任。
2.2 停车场不保管车内物品。
"""
_GUTTED = "停车协议\n第九条 其他\n9.1 本协议自公布之日起生效。\n"
_CATALOG = '[parking]\ntitle = "停车协议"\nnames = ["停车"]\nparties = ["您"]\nfile = "parking.txt"\nsource = "测试"\n'
_ANCHORS = {"1.1": "停车每小时收费", "1.2": "申请开具停车费发票", "2.1": "贵重物品丢失由您", "2.2": "不保管车内物品"}
_FILES = ("results.json", "junit.xml", "index.html", "summary.md")

Wenyue = Callable[..., Result]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def wenyue(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wenyue:
    """Runs `wenyue eval` over the whole agreement, or over the gutted one; each has a data folder that the tests share."""

    def run(*arguments: object, gutted: bool = False) -> Result:
        folder = home / ("gutted" if gutted else "whole")
        folder.mkdir(exist_ok=True)
        (folder / "parking.txt").write_text(_GUTTED if gutted else _WHOLE, encoding="utf-8")
        (folder / "catalog.toml").write_text(_CATALOG, encoding="utf-8")
        monkeypatch.setenv("WENYUE_HOME", str(folder))
        monkeypatch.setenv("WENYUE_AGREEMENTS", str(folder))
        return CliRunner().invoke(app, ["eval", *map(str, arguments)])

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return run


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """A clause asked for by its number, four times, and a number that is in neither text."""
    rows: list[dict[str, Any]] = [
        {
            "id": f"Q{number}", "question": f"停车 {number} 写了什么", "style": "direct", "agreement": "parking", "expect": "answer",
            "gold": [{"agreement": "parking", "clause": number, "anchor": anchor, "required": True}],
        }
        for number, anchor in _ANCHORS.items()
    ]  # fmt: skip
    rows.append({"id": "Q1.9", "question": "停车 1.9 写了什么", "style": "unanswerable", "agreement": "parking", "expect": "refuse"})
    path = tmp_path / "five.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _fails_plainly(run: Result, *named: str) -> None:
    assert run.exit_code == 1
    assert run.stdout == ""
    assert run.stderr.lstrip().startswith("错误：")
    for name in named:
        assert name in run.stderr.replace("\n", "")


def test_every_question_is_asked_and_the_figures_are_shown(wenyue: Wenyue, questions: Path) -> None:
    run = wenyue("--questions", questions)
    assert run.exit_code == 0, run.output
    shown = {line.split()[0]: line for line in run.stdout.splitlines() if line.strip()}
    assert "100.0%" in shown["引用召回"]
    assert "0.0%" in shown["误答率"]
    assert "问题集" not in run.stdout


def test_answers_are_kept_one_a_line_in_the_order_of_the_questions_and_not_asked_again(
    wenyue: Wenyue, questions: Path, tmp_path: Path
) -> None:
    answers = tmp_path / "out" / "answers.jsonl"
    assert wenyue("--questions", questions, "--answers", answers).exit_code == 0
    rows = _rows(answers)
    assert [row["id"] for row in rows] == ["Q1.1", "Q1.2", "Q2.1", "Q2.2", "Q1.9"]
    assert [row["status"] for row in rows] == ["answered"] * 4 + ["not_covered"]
    assert [[cited["id"] for cited in row["citations"]] for row in rows] == [["1.1"], ["1.2"], ["2.1"], ["2.2"], []]
    kept = answers.read_bytes()  # with the milliseconds each answer took
    assert wenyue("--questions", questions, "--answers", answers).exit_code == 0
    assert answers.read_bytes() == kept


def test_answers_of_another_text_are_not_taken_for_answers_of_this_one(wenyue: Wenyue, questions: Path, tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    wenyue("--questions", questions, "--answers", answers)
    wenyue("--questions", questions, "--answers", answers, gutted=True)
    assert {row["status"] for row in _rows(answers)} == {"not_covered"}


def test_a_report_is_four_files_about_the_same_run(wenyue: Wenyue, questions: Path, tmp_path: Path) -> None:
    report = tmp_path / "out" / "report"
    assert wenyue("--questions", questions, "--report", report).exit_code == 0
    assert sorted(path.name for path in report.iterdir()) == sorted(_FILES)
    found = load_results(report / "results.json")
    assert [case.id for case in found.cases] == ["Q1.1", "Q1.2", "Q2.1", "Q2.2", "Q1.9"]
    assert (found.facts.model, found.facts.questions) == ("extractive", ("five.jsonl",))
    assert found.summary["citation_recall"].value == 1.0
    tests = ET.parse(report / "junit.xml").getroot().iter("testcase")
    assert len(list(tests)) == 5
    assert "5 道题，没答好的 0 道" in (report / "index.html").read_text(encoding="utf-8")
    assert "引用召回" in (report / "summary.md").read_text(encoding="utf-8")


def test_a_run_that_meets_the_gate_passes(wenyue: Wenyue, questions: Path) -> None:
    wenyue("--questions", questions)  # so that no answer pays for the building of the index
    run = wenyue("--questions", questions, "--gate")
    assert run.exit_code == 0, run.output
    assert "门槛全部达到" in run.stdout


def test_a_run_of_refusals_fails_at_the_gate_and_says_at_what(wenyue: Wenyue, questions: Path, tmp_path: Path) -> None:
    run = wenyue("--questions", questions, "--gate", "--report", tmp_path / "report", gutted=True)
    assert run.exit_code == 1
    breaches = [line for line in run.stdout.splitlines() if line.startswith("✗")]
    assert {line.split("：")[0] for line in breaches} >= {"✗ [all] recall@5", "✗ [all] citation_recall", "✗ [all] over_refusal"}
    assert not any("false_answer" in line or "fabricated" in line for line in breaches)
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == sorted(_FILES)
    assert "over_refusal" in (tmp_path / "report" / "summary.md").read_text(encoding="utf-8")
    assert "停车 1.1 写了什么" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")


def test_the_same_run_does_not_fail_where_no_gate_is_asked_for(wenyue: Wenyue, questions: Path) -> None:
    run = wenyue("--questions", questions, gutted=True)
    assert run.exit_code == 0
    assert "✗" not in run.stdout
    assert "问题集：Q1.1: parking has no clause 1.1" in run.stdout


def test_json_is_one_line_of_facts_and_summary_and_breaches_go_elsewhere(wenyue: Wenyue, questions: Path) -> None:
    run = wenyue("--questions", questions, "--json", "--gate", gutted=True)
    assert run.exit_code == 1
    (line,) = run.stdout.splitlines()
    data = json.loads(line)
    assert data["facts"]["questions"] == ["five.jsonl"]
    assert data["summary"]["over_refusal"] | {"low": 0, "high": 0} == {"value": 1.0, "n": 4, "low": 0, "high": 0}
    assert data["summary"]["false_answer"]["value"] == 0.0
    assert "✗ [all] citation_recall" in run.stderr


def test_two_results_are_compared(wenyue: Wenyue, questions: Path, tmp_path: Path) -> None:
    for name in ("whole", "gutted"):
        wenyue("--questions", questions, "--report", tmp_path / name, gutted=name == "gutted")
    run = wenyue("--compare", tmp_path / "whole" / "results.json", tmp_path / "gutted" / "results.json")
    assert (run.exit_code, run.stderr) == (0, "")
    assert "两次都问到的 5 题" in run.stdout
    assert "变坏 4" in run.stdout
    assert "变好" not in run.stdout
    back = wenyue("--compare", tmp_path / "gutted" / "results.json", tmp_path / "whole" / "results.json")
    assert "变好 4" in back.stdout


def test_what_cannot_be_used_fails_in_one_sentence(wenyue: Wenyue, questions: Path, tmp_path: Path) -> None:
    none = tmp_path / "none"
    _fails_plainly(wenyue("--questions", none), f"cannot read the questions {none}")
    _fails_plainly(wenyue("--compare", none, questions), f"cannot read the results {none}")
    _fails_plainly(wenyue("--compare", questions, questions), "is not the result of a run")
    _fails_plainly(wenyue("--bench", none), f"{none} does not hold the benchmark")


def test_the_ablation_asks_with_every_ingredient_taken_away(wenyue: Wenyue, questions: Path, tmp_path: Path) -> None:
    searched = json.loads(questions.read_text(encoding="utf-8").splitlines()[1]) | {"question": "离场后怎么开发票"}
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text(questions.read_text(encoding="utf-8") + json.dumps(searched | {"id": "searched"}), encoding="utf-8")
    run = wenyue("--ablation", "--questions", mixed)
    assert run.exit_code == 0, run.output
    assert "mixed：查找的 1 题；另有 4 题有答案而不用查找" in run.stdout
    as_json = wenyue("--ablation", "--questions", mixed, "--json")
    (line,) = as_json.stdout.splitlines()
    rows = {row["name"]: row["figures"]["mixed"] for row in json.loads(line)["rows"]}
    assert rows["whole"]["first@1"] == {"value": 1.0, "difference": 0.0, "low": 0.0, "high": 0.0}
    assert rows["likely questions"]["recall@10"]["value"] == 0.0  # this agreement has none
    _fails_plainly(wenyue("--ablation", "--questions", tmp_path / "none"), "cannot read the questions")


def test_a_judge_says_of_every_sentence_shown_whether_its_clauses_support_it(
    wenyue: Wenyue, questions: Path, chat_server: ChatServer, tmp_path: Path
) -> None:
    def judges(exchange: Exchange) -> None:
        sentence = exchange.request.body["messages"][1]["content"].partition("<句子>")[2]
        says("支持" if "车" in sentence and "贵重" not in sentence else "不支持")(exchange)

    chat_server.acts["judge"] = [judges]
    run = wenyue("--questions", questions, "--judge", "openai:judge", "--report", tmp_path / "report")
    assert run.exit_code == 0, run.output
    found = load_results(tmp_path / "report" / "results.json").summary["supported"]
    assert (found.value, found.n) == (0.75, 4)
    assert len(chat_server.asked("judge")) == 4
    assert "75.0%" in next(line for line in run.stdout.splitlines() if "评判有据" in line)


def test_a_judge_that_fails_ends_the_run_in_one_sentence(wenyue: Wenyue, questions: Path, chat_server: ChatServer) -> None:
    chat_server.acts["judge"] = [says("也许")]
    _fails_plainly(wenyue("--questions", questions, "--judge", "openai:judge"), "评判没有做完", "openai:judge")
