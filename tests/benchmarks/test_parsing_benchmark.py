from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from benchmarks.parsing import SPOILED, RoundTrips, app, document, markdown, round_trips
from tests.retrieval.agreement_generator import DIALECTS


def test_a_document_is_the_same_for_the_same_seed() -> None:
    dialect = DIALECTS[0]
    assert document(dialect, ("wrapped",), 3) == document(dialect, ("wrapped",), 3)
    assert document(dialect, ("wrapped",), 3) != document(dialect, ("wrapped",), 4)


def test_every_dialect_and_dirt_is_tried_and_what_fails_is_named() -> None:
    result = RoundTrips()
    result.tried.update({("第一条 1.1", "clean"): 2, ("第一条 1.1", "paged"): 2})
    result.same.update({("第一条 1.1", "clean"): 2, ("第一条 1.1", "paged"): 1})
    result.failed["第一条 1.1|paged"] = [7]
    told = markdown(result)
    assert "3 trees identical (75.00%)" in told
    assert "| paged | 1/2 | 50.0% |" in told
    assert "- `第一条 1.1|paged`: seeds 7" in told


def test_the_command_writes_what_it_measured(tmp_path: Path) -> None:
    out = tmp_path / "parsing.json"
    result = CliRunner().invoke(app, ["--documents", "1", "--most", "4", "--out", str(out)])
    assert result.exit_code == 0, result.output
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["documents"] == len(DIALECTS) * len(SPOILED)
    assert told["share"] > 0.97


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--out", str(tmp_path / "parsing.txt")])
    assert result.exit_code == 2
    assert "neither .json nor .md" in result.output
    assert round_trips(0).share == 0
