"""One vote a person and answer, whichever button is pressed however often."""

from __future__ import annotations

import datetime
import logging
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from bot.votes import Counts, Votes
from retrieval.errors import StorageError


class _Clock:
    def __init__(self) -> None:
        self.now = datetime.datetime(2025, 3, 1, 1, 30, tzinfo=UTC)

    def __call__(self) -> datetime.datetime:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "library.db"


@pytest.fixture
def votes(database: Path, clock: _Clock) -> Iterator[Votes]:
    votes = Votes(f"sqlite:///{database}", clock)
    yield votes
    votes.close()


def _reasons(database: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute("SELECT asker, reason FROM vote ORDER BY asker").fetchall()
    finally:
        connection.close()


def test_votes_are_counted_one_a_person_and_the_last_counts(votes: Votes) -> None:
    assert votes.of("r1") == Counts(0, 0)
    votes.cast("r1", "telegram", "ann", "up")
    votes.cast("r1", "telegram", "ann", "up")
    votes.cast("r1", "telegram", "bob", "down", "引错了")
    votes.cast("r1", "wecom", "ann", "up")
    votes.cast("r2", "telegram", "ann", "down")
    assert votes.of("r1") == Counts(up=2, down=1)
    votes.cast("r1", "telegram", "ann", "down")
    assert votes.of("r1") == Counts(up=1, down=2)
    assert votes.of("r2") == Counts(down=1)


def test_a_reason_stays_until_another_is_given_or_the_vote_is_another(votes: Votes, database: Path) -> None:
    votes.cast("r", "telegram", "ann", "down", "引错了")
    votes.cast("r", "telegram", "ann", "down")
    assert _reasons(database) == [("ann", "引错了")]
    votes.cast("r", "telegram", "ann", "down", "过\0时\ud83d")
    assert _reasons(database) == [("ann", "过时?")]
    votes.cast("r", "telegram", "ann", "up")
    assert _reasons(database) == [("ann", "")]


@pytest.mark.parametrize("verdict", ["", "UP", "up ", "maybe"])
def test_what_is_neither_up_nor_down_is_no_vote(verdict: str, votes: Votes) -> None:
    with pytest.raises(ValueError, match="up or down"):
        votes.cast("r", "telegram", "ann", verdict)
    assert votes.of("r") == Counts()


def test_all_votes_of_an_asker_are_forgotten_to_the_last_byte(votes: Votes, database: Path) -> None:
    for record in ("r1", "r2"):
        votes.cast(record, "telegram", "ann", "down", f"机密{record}")
    votes.cast("r1", "telegram", "bob", "up")
    votes.cast("r1", "wecom", "ann", "up")
    assert votes.forget("telegram", "ann") == 2
    assert (votes.of("r1"), votes.of("r2")) == (Counts(up=2), Counts())
    written = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    assert "机密".encode() not in written


def test_votes_that_are_too_old_are_deleted(votes: Votes, clock: _Clock) -> None:
    votes.cast("r1", "telegram", "ann", "up")
    clock.now += timedelta(days=30)
    votes.cast("r2", "telegram", "ann", "up")
    assert votes.expire(timedelta(days=30)) == 0
    clock.now += timedelta(seconds=1)
    assert votes.expire(timedelta(days=30)) == 1
    assert (votes.of("r1"), votes.of("r2")) == (Counts(), Counts(up=1))


def _vote_often(url: str, asker: str) -> None:
    votes = Votes(url)
    for at in range(60):
        votes.cast("r", "telegram", asker, "down" if at % 2 else "up")
    votes.close()


def test_processes_that_vote_for_the_same_people_leave_one_vote_each(
    votes: Votes, database: Path, together: Callable[..., list[None]]
) -> None:
    together(_vote_often, [(f"sqlite:///{database}", asker) for asker in ("ann", "ann", "bob")])
    assert votes.of("r") == Counts(down=2)


def test_a_database_that_fails_is_told_of_and_nothing_repeated(votes: Votes, database: Path, caplog: pytest.LogCaptureFixture) -> None:
    database.write_text("not a database, but long enough to look at" * 10, encoding="utf-8")
    doings: list[Callable[[], object]] = [
        lambda: votes.cast("r", "telegram", "ann", "down", "机密"),
        lambda: votes.of("r"),
        lambda: votes.forget("telegram", "ann"),
        lambda: votes.expire(timedelta(days=1)),
    ]
    with caplog.at_level(logging.DEBUG):
        for doing in doings:
            with pytest.raises(StorageError, match="评价用不了，请检查数据库"):
                doing()
    assert "机密" not in caplog.text


def test_nobody_s_reason_is_logged(votes: Votes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "sqlalchemy")
    votes.cast("r", "web", "机密的人", "down", "机密的原因")
    votes.forget("web", "机密的人")
    assert caplog.records
    assert "机密" not in caplog.text
