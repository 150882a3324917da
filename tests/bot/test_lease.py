"""One process at a time holds a lease, and whoever dies with it does not keep it."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from itertools import pairwise
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from bot.lease import Lease
from retrieval.errors import StorageError

_SECOND = timedelta(seconds=1)

Opening = Callable[..., Lease]


class _Clock:
    def __init__(self) -> None:
        self.now = datetime.datetime(2025, 3, 1, 9, 30, tzinfo=datetime.timezone(timedelta(hours=8)))

    def __call__(self) -> datetime.datetime:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'library.db'}"


@pytest.fixture
def process(url: str, clock: _Clock) -> Iterator[Opening]:
    """Opens the lease, as often as a process would be started."""
    opened: list[Lease] = []

    def start(name: str = "wecom") -> Lease:
        opened.append(Lease(url, name, clock))
        return opened[-1]

    yield start
    for lease in opened:
        lease.close()


def test_a_lease_is_taken_by_one(process: Opening) -> None:
    first, second = process(), process()
    assert first.take() is True
    assert second.take() is False
    assert first.take() is True
    assert first.renew() is True
    assert second.renew() is False


def test_leases_of_other_names_are_others(process: Opening) -> None:
    assert process("wecom").take() is True
    assert process("watch").take() is True


def test_a_lease_that_is_left_can_be_taken_at_once(process: Opening) -> None:
    first, second = process(), process()
    first.take()
    second.leave()  # which it does not hold
    assert second.take() is False
    first.leave()
    assert first.renew() is False
    assert second.take() is True
    assert first.take() is False


def test_a_lease_that_is_not_renewed_for_thirty_seconds_is_free(process: Opening, clock: _Clock) -> None:
    first, second, third = process(), process(), process()
    first.take()
    clock.now += 29 * _SECOND
    assert first.renew() is True
    clock.now += 30 * _SECOND
    assert second.take() is False
    clock.now += _SECOND
    assert second.take() is True
    assert (first.renew(), first.take(), third.take()) == (False, False, False)
    first.leave()
    assert second.renew() is True


def test_a_lease_that_nobody_wanted_can_still_be_renewed(process: Opening, clock: _Clock) -> None:
    first, second = process(), process()
    first.take()
    clock.now += 100 * _SECOND
    assert first.renew() is True
    assert second.take() is False


def test_nobody_renews_what_was_never_taken(process: Opening) -> None:
    assert process().renew() is False


def _take_often(url: str) -> list[tuple[float, float]]:
    """Take and leave for a while; returns from when to when it was held for certain."""
    lease, held, until = Lease(url, "wecom"), [], time.monotonic() + 1.5
    while time.monotonic() < until:
        if lease.take():
            since = time.monotonic()
            time.sleep(0.002)
            held.append((since, time.monotonic()))
            lease.leave()
    lease.close()
    return held


def test_of_processes_that_race_one_at_a_time_holds_it(together: Callable[..., list[list[tuple[float, float]]]], url: str) -> None:
    each = together(_take_often, [(url,)] * 4)
    held = sorted(span for spans in each for span in spans)
    assert len(held) > 20
    assert all(ended <= begun for (_, ended), (begun, _) in pairwise(held))


def _take_and_hang(url: str, flag: str) -> None:
    assert Lease(url, "wecom").take()
    Path(flag).touch()
    time.sleep(60)


def test_a_process_that_is_killed_loses_it_after_thirty_seconds(
    start_process: Callable[..., BaseProcess], url: str, tmp_path: Path
) -> None:
    flag = tmp_path / "taken"
    dying = start_process(_take_and_hang, url, str(flag))
    while not flag.exists():
        time.sleep(0.01)
    dying.kill()
    dying.join(10)
    ahead = timedelta()
    heir = Lease(url, "wecom", lambda: datetime.datetime.now(UTC) + ahead)
    assert heir.take() is False
    ahead = timedelta(seconds=31)
    assert heir.take() is True
    heir.close()


def test_a_database_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    lease = Lease(f"sqlite:///{tmp_path / 'no' / 'folder' / 'library.db'}", "wecom")
    for what in (lease.take, lease.renew, lease.leave):
        with pytest.raises(StorageError, match="轮值登记用不了"):
            what()
    lease.close()
