from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from bot.console.rendering import show_agreements, show_clauses, show_hits
from retrieval.clause import Clause, Hit, Kind
from retrieval.library import Library


def _console() -> Console:
    return Console(file=StringIO(), width=100, color_system=None, highlight=False)


def _shown(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def _clause(text: str = "开通七日内可以退款。发票另寄。") -> Clause:
    return Clause("qidian", "4.7", "4.7", 1, Kind.CLAUSE, 2, "第四条", "", text, False, "《直销协议》4.7")


def test_hits_are_numbered_with_their_label_score_and_beginning() -> None:
    console = _console()
    show_hits(console, [Hit(_clause(), 0.913), Hit(_clause("长" * 200), 0.5)])
    shown = _shown(console)
    assert "1" in shown
    assert "《直销协议》4.7" in shown
    assert "0.91" in shown
    assert 20 < shown.count("长") < 200
    assert "…" in shown


def test_no_hits_are_told() -> None:
    console = _console()
    show_hits(console, [])
    assert _shown(console) == "没有找到相关条款。\n"


def test_agreements_are_listed_with_the_titles_of_those_they_supplement(shipped: Library) -> None:
    console = _console()
    counts = {agreement.key: at for at, agreement in enumerate(shipped.agreements, start=101)}
    show_agreements(console, shipped.agreements, counts)
    shown = _shown(console)
    assert all(agreement.key in shown for agreement in shipped.agreements)
    assert all(str(count) in shown for count in counts.values())
    assert "2022-10-18" in shown


@pytest.mark.parametrize("key", ["qidian", "wework", "lexiang", "archive", "weka"])
def test_the_tree_of_an_agreement_has_every_clause_of_it(key: str, shipped: Library) -> None:
    console = Console(file=StringIO(), width=10_000, color_system=None)
    clauses = shipped.clauses([key])
    show_clauses(console, shipped.agreement(key), clauses)
    lines = _shown(console).splitlines()
    assert shipped.agreement(key).title in lines[0]
    shown = [line.lstrip("│├└─ ").split(" ")[0] for line in lines[1:]]
    numbers = [clause.id.rpartition("/")[2] for clause in clauses]
    assert [number for number in shown if number in set(numbers)] == numbers
