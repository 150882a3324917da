from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from answering.breaker import FAILURES, Breaker


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Model:
    """A breaker, and calls through it that end as told."""

    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.breaker = Breaker(self.clock)

    def call(self, alive: bool | None) -> bool:
        """Whether the call was let through."""
        permit = self.breaker.admit()
        if permit is not None:
            self.breaker.settle(permit, alive)
        return permit is not None


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def dead(model: Model) -> Model:
    for _ in range(FAILURES):
        assert model.call(alive=False)
    return model


def test_only_failures_in_a_row_open_it(model: Model) -> None:
    for _ in range(3):
        for _ in range(FAILURES - 1):
            assert model.call(alive=False)
        assert model.call(alive=True)
    assert model.breaker.remaining == 0


def test_calls_that_say_nothing_of_the_model_neither_open_nor_close_it(model: Model) -> None:
    for _ in range(2 * FAILURES):
        assert model.call(alive=None)
    for _ in range(FAILURES):
        assert model.call(alive=False)
        model.call(alive=None)
    assert not model.call(alive=True)


def test_open_it_lets_nothing_through_until_the_pause_is_over(dead: Model) -> None:
    assert (dead.call(alive=True), dead.breaker.remaining) == (False, 30)
    dead.clock.now = 29.9
    assert not dead.call(alive=True)
    dead.clock.now = 30
    assert dead.call(alive=True)
    assert all(dead.call(alive=True) for _ in range(3))


def test_after_the_pause_one_call_at_a_time_tries(dead: Model) -> None:
    dead.clock.now = 30
    trial = dead.breaker.admit()
    assert trial is not None
    assert dead.breaker.admit() is None
    dead.breaker.settle(trial, None)  # given up by who asked: the next one may try
    assert dead.call(alive=True)


def test_each_trial_that_fails_doubles_the_pause_up_to_five_minutes_and_one_that_succeeds_shortens_it(dead: Model) -> None:
    pauses = []
    for _ in range(6):
        dead.clock.now += dead.breaker.remaining
        assert dead.call(alive=False)
        pauses.append(dead.breaker.remaining)
    assert pauses == [60, 120, 240, 300, 300, 300]
    dead.clock.now += 300
    assert dead.call(alive=True)
    for _ in range(FAILURES):
        assert dead.call(alive=False)
    assert dead.breaker.remaining == 30


def test_calls_from_before_it_opened_neither_lengthen_the_pause_nor_close_it(model: Model) -> None:
    late = [model.breaker.admit() for _ in range(3)]
    for _ in range(FAILURES):
        model.call(alive=False)
    for permit, alive in zip(late, (False, True, None), strict=True):
        assert permit is not None
        model.breaker.settle(permit, alive)
    assert model.breaker.remaining == 30


def test_a_model_rests_as_long_as_its_vendor_asks_within_reason(model: Model) -> None:
    model.breaker.rest(12)
    assert not model.call(alive=True)
    model.clock.now = 12
    assert model.call(alive=True)
    model.breaker.rest(86_400)
    assert model.breaker.remaining == 300


def test_of_many_threads_one_tries() -> None:
    model = Model()
    for _ in range(FAILURES):
        model.call(alive=False)
    model.clock.now = 30
    barrier = threading.Barrier(16)
    admitted = []

    def ask() -> None:
        barrier.wait()
        if model.breaker.admit():
            admitted.append(1)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == 1
