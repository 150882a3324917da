from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.collection import Collection
from benchmarks.report import markdown
from benchmarks.scale import app

_PROJECT = Path(__file__).parents[2]
_WHO = ["渔船", "茶园", "桥梁", "隧道", "矿山", "剧院", "图书馆", "邮局", "马场", "果园"]
_WHAT = ["登记", "许可", "检疫", "纳税", "验收", "停业", "转让"]
_FIGURES = {
    "indexed", "index_s", "index_cpu_s", "index_peak_mb", "disk_mb", "open_s", "p50_ms", "p95_ms", "p50_cpu_ms", "p95_cpu_ms",
    "one_p50_ms", "one_p95_ms", "one_p50_cpu_ms", "one_p95_cpu_ms", "serve_mb", "recall_10", "recall_10_hits",
}  # fmt: skip


@pytest.fixture
def statutes(tmp_path: Path) -> Path:
    """Seventy laws of ten articles each, and a question that a single article answers for each of ten."""
    articles = [
        {
            "id": len(_WHO) * law + at,
            "title": f"{_WHO[law % 10]}{_WHAT[law // 10]}法",
            "article": f"第{at + 1}条",
            "section": "",
            "text": f"{_WHO[law % 10]}的第{law}种{_WHAT[law // 10]}，由{_WHO[at]}主管部门办理。",
        }
        for law in range(70)
        for at in range(10)
    ]
    folder = tmp_path / "statutes"
    folder.mkdir()
    with gzip.open(folder / "corpus.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(article, ensure_ascii=False) + "\n" for article in articles)
    asked = [{"id": law, "text": f"{_WHO[law]}登记找哪个{_WHO[3]}部门", "gold": [law * 10 + 3]} for law in range(10)]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in asked), encoding="utf-8")
    return folder


def test_a_library_is_measured_and_the_figures_are_written(statutes: Path, tmp_path: Path) -> None:
    written = [tmp_path / "results.json", tmp_path / "results.md"]
    command = [sys.executable, "-m", "benchmarks.scale", "--statutes", str(statutes), "--sizes", "700", "--questions", "5", "--runs", "1"]
    run = subprocess.run(
        [*command, *(f"--out={path}" for path in written)], cwd=_PROJECT, capture_output=True, text=True, timeout=110, check=False
    )
    assert run.returncode == 0, run.stderr
    results = json.loads(written[0].read_text(encoding="utf-8"))
    ours = next(row for row in results["rows"] if row["method"] == "wenyue")
    assert ours["clauses"] == ours["indexed"] == 700
    assert set(ours) >= _FIGURES
    assert all(ours[name] > 0 for name in _FIGURES)
    assert ours["p50_ms"] <= ours["p95_ms"]
    assert ours["recall_10"] == 1.0
    page = written[1].read_text(encoding="utf-8")
    assert page == markdown(results)
    assert f"| 700 | WenYue | 700 | {ours['index_s']:.1f} |" in page


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--sizes", "700,many"], "'700,many' is no list of numbers such as 700,10000"),
        (["--sizes", "0"], "'0' is no list of numbers"),
        (["--out", "results.txt"], "results.txt is neither .json nor .md"),
    ],
)
def test_what_cannot_be_measured_is_told_before_anything_is(statutes: Path, arguments: list[str], told: str) -> None:
    run = CliRunner().invoke(app, ["--statutes", str(statutes), *arguments], env={"COLUMNS": "200"})
    assert run.exit_code == 2
    assert told in run.stderr


def test_a_folder_without_statutes_is_told_in_one_sentence(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["--statutes", str(tmp_path)])
    assert run.exit_code == 1
    assert run.stdout == ""


def test_a_library_larger_than_the_statutes_has_them_again_as_other_laws(statutes: Path) -> None:
    collection = Collection(statutes, 1500)
    clauses = collection.clauses()
    assert collection.articles == 700
    assert len({clause.ref for clause in clauses}) == len({clause.heading for clause in clauses}) == 1500
    assert len({clause.id for clause in clauses}) == 1500
    assert [clause.text for clause in clauses[700:1400]] == [clause.text for clause in clauses[:700]]
    assert len({clause.agreement for clause in clauses[:700]}) == 70
    assert len({clause.agreement for clause in clauses}) == 70 + 70 + 10
    assert Collection(statutes, 700).version != collection.version == Collection(statutes, 1500).version


def test_the_same_questions_are_asked_each_of_the_law_that_answers_it(statutes: Path) -> None:
    collection = Collection(statutes, 700)
    asked = collection.questions(6)
    assert asked == collection.questions(6)
    assert len({question.place for question in asked}) == 6
    assert [question.place for question in collection.questions()] == list(range(10))
    of = {clause.id: clause.agreement for clause in collection.clauses()}
    assert all(question.agreement == of[name] for question in asked for name in question.gold)
    assert {question.agreement for question in Collection(statutes, 5).questions()} == {
        clauses.agreement for clauses in collection.clauses()[:5]
    }
