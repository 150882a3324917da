"""An update counts as taken in once what it asks is written down, and comes again until it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from telegram import Update

from bot.telegram import intake as telegram_intake
from bot.telegram.intake import Intake

_UPDATE = Update(7)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_intake, "_SOON", 0.2)
    monkeypatch.setattr(telegram_intake, "_AGAIN", 0.01)


def _intake(handle: Callable[[Intake, Update], Awaitable[None]]) -> Intake:
    intake = Intake()
    intake.handle = lambda update: handle(intake, update)
    return intake


def test_what_is_written_down_is_taken_though_its_answer_takes_long() -> None:
    async def run() -> None:
        answered = asyncio.Event()

        async def handle(intake: Intake, update: Update) -> None:
            intake.wrote(update, True)
            await answered.wait()

        assert await _intake(handle).take(_UPDATE) is True
        answered.set()

    asyncio.run(run())


def test_what_asks_nothing_is_taken_once_it_was_looked_at() -> None:
    async def handle(_intake: Intake, _update: Update) -> None:
        """Says nothing of having written anything."""

    async def run() -> None:
        assert await _intake(handle).take(_UPDATE) is True

    asyncio.run(run())


@pytest.mark.parametrize("hangs", [False, True])
def test_what_cannot_be_written_down_comes_again_until_it_is(hangs: bool) -> None:
    tries: list[int] = []

    async def handle(intake: Intake, update: Update) -> None:
        tries.append(update.update_id)
        if len(tries) < 3:
            if hangs:
                await asyncio.sleep(60)
            intake.wrote(update, False)
            return
        intake.wrote(update, True)

    async def run() -> None:
        await asyncio.wait_for(_intake(handle).queue.put(_UPDATE), 10)

    asyncio.run(run())
    assert tries == [7, 7, 7]


def test_who_is_stopped_before_an_update_is_written_down_does_not_get_to_confirm_it() -> None:
    async def handle(intake: Intake, update: Update) -> None:
        intake.wrote(update, False)

    async def run() -> None:
        putting = asyncio.create_task(_intake(handle).queue.put(_UPDATE))
        await asyncio.sleep(0.1)
        assert not putting.done()
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting

    asyncio.run(run())


def test_the_sign_that_the_end_has_come_is_queued() -> None:
    async def run() -> None:
        intake = Intake()
        await intake.queue.put("end")
        assert intake.queue.get_nowait() == "end"

    asyncio.run(run())
