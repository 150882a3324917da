"""No chat of WeCom is sent more than it bears, what must be sent has its place, and nobody waits without need."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wecom.pace import Pace


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def pace(clock: _Clock) -> Pace:
    return Pace(clock)


def test_thirty_go_at_once_and_the_next_when_a_minute_has_passed(pace: Pace, clock: _Clock) -> None:
    assert [pace.book("g") for _ in range(30)] == [0.0] * 30
    assert pace.book("g") == pytest.approx(61.2)
    clock.now += 61
    assert pace.book("g") == pytest.approx(0.2)
    clock.now += 0.2
    assert [pace.book("g") for _ in range(28)] == [0.0] * 28
    assert pace.book("g") == pytest.approx(61.2)


def test_every_chat_has_a_pace_of_its_own(pace: Pace) -> None:
    for _ in range(30):
        pace.book("g")
    assert pace.book("h") == 0.0


def test_fifty_that_come_together_go_in_the_order_in_which_they_came(pace: Pace) -> None:
    booked = [pace.book("g") for _ in range(100)]
    assert booked == sorted(booked)
    assert [round(seconds, 1) for seconds in booked] == [0.0] * 30 + [61.2] * 30 + [122.4] * 30 + [183.6] * 10


def test_a_thousand_go_in_an_hour(pace: Pace, clock: _Clock) -> None:
    for _ in range(1000):
        clock.now += pace.book("g")
    assert clock.now == pytest.approx(1000 + 33 * 61.2)
    assert pace.book("g") == pytest.approx(3672 - 33 * 61.2)


def test_what_can_be_left_out_leaves_ten_places_of_a_minute(pace: Pace, clock: _Clock) -> None:
    assert [pace.spare("g") for _ in range(21)] == [True] * 20 + [False]
    assert [pace.book("g") for _ in range(10)] == [0.0] * 10
    assert pace.book("g") > 0
    clock.now += 61.3
    assert [pace.spare("g") for _ in range(20)] == [True] * 19 + [False]  # one was booked
    assert pace.book("g") == 0.0


def test_what_can_be_left_out_does_not_go_before_what_waits(pace: Pace, clock: _Clock) -> None:
    for _ in range(31):
        pace.book("g")
    clock.now += 61.1
    assert not pace.spare("g")
    clock.now += 0.2
    assert pace.spare("g")


def test_what_can_be_left_out_leaves_a_third_of_an_hour(clock: _Clock) -> None:
    pace = Pace(clock, ((30, 60.0), (90, 3600.0)))
    sent = 0
    for _ in range(100):
        sent += pace.spare("g")
        clock.now += 10
    assert sent == 60
    assert [pace.book("g") for _ in range(30)] == [0.0] * 30
    assert pace.book("g") > 1000


def test_a_chat_that_is_held_takes_nothing_for_so_long(pace: Pace, clock: _Clock) -> None:
    pace.hold("g", 10)
    assert not pace.spare("g")
    assert pace.book("g") == 10.0
    assert pace.book("h") == 0.0
    clock.now += 10
    assert pace.book("g") == 0.0


def test_chats_that_are_silent_for_an_hour_are_forgotten(pace: Pace, clock: _Clock) -> None:
    for number in range(1000):
        pace.book(str(number))
    pace.hold("7", 100)
    clock.now += 3000
    for _ in range(30):
        pace.book("7")
    clock.now += 700
    pace.book("another")
    assert set(pace._times) == {"7", "another"}
    assert set(pace._held) == {"7"}


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=200))
def test_whatever_comes_no_window_holds_too_much(steps: list[tuple[float, bool]]) -> None:
    clock = _Clock()
    pace, sent = Pace(clock, ((5, 10.0), (20, 100.0))), list[float]()
    for passed, must in steps:
        clock.now += passed
        if must:
            sent.append(clock.now + pace.book("g"))
        elif pace.spare("g"):
            sent.append(clock.now)
    assert sent == sorted(sent)
    for most, seconds in ((5, 10.0), (20, 100.0)):
        assert all(later - earlier >= seconds for earlier, later in zip(sent, sent[most:], strict=False))
