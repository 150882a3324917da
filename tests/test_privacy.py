"""PRIVACY.md speaks the truth: its quotations are the agreements', its tables are the database's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.cli import app
from bot.privacy.holdings import HOLDINGS
from retrieval.library import Library

_TEXT = (Path(__file__).parents[1] / "PRIVACY.md").read_text(encoding="utf-8")
_NAMED = {"企业微信": "wework", "会话存档": "archive"}
_DUTY = re.compile(r"^\*\*[^*]+\*\* (?P<agreement>\S+) (?P<clauses>[\d., ]+)\n\n(?P<quotes>(?:> .+\n\n)+)", re.MULTILINE)


def _duties() -> list[tuple[str, str, str]]:
    """Each quotation: agreement, clause and words."""
    found = []
    for duty in _DUTY.finditer(_TEXT):
        clauses, quotes = duty["clauses"].split(", "), re.findall(r"^> (.+)$", duty["quotes"], re.MULTILINE)
        found += [(_NAMED[duty["agreement"]], clause, quote) for clause, quote in zip(clauses, quotes, strict=True)]
    return found


def test_every_duty_of_the_agreements_that_is_named_is_quoted_as_it_is_printed(shipped: Library) -> None:
    duties = _duties()
    assert [(agreement, clause) for agreement, clause, _ in duties] == [
        ("wework", "7.3.5.1"), ("archive", "4.2.2"), ("wework", "7.3.5.2"), ("wework", "7.3.5.5"), ("wework", "7.3.5.3"),
        ("wework", "7.3.5.4"), ("archive", "4.2.6"), ("archive", "4.2.7"),
    ]  # fmt: skip
    assert len(duties) == len(re.findall(r"^> ", _TEXT, re.MULTILINE))
    texts = {(clause.agreement, clause.id): clause.text for clause in shipped.clauses(["wework", "archive"])}
    assert [(agreement, clause) for agreement, clause, quote in duties if quote not in texts[agreement, clause]] == []


def test_the_table_names_every_table_that_holds_something_of_people_and_no_other() -> None:
    rows = re.findall(r"^\|[^|]+\|([^|]+)\|[^|]+\|$", _TEXT, re.MULTILINE)[2:]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted({holding.table.name for holding in HOLDINGS})


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`?wenyue (\w+)", _TEXT))))
def test_every_command_that_is_named_is_there(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        app([command, "--help"])
    assert capsys.readouterr().out


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", _TEXT)
    assert named
    assert [path for path in named if not (Path(__file__).parents[1] / path).is_file()] == []
