"""The notice of what is kept: once for a person in private and for a group, in their language, with what is answered, and never lost."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable
from datetime import UTC, timedelta

import pytest

from bot.access import Access
from bot.desk import Desk
from bot.inbox import Inbox
from bot.message import Message
from bot.place import Place
from bot.privacy.notices import Notices
from tests.bot.test_desk import _REFUND, Shown, _message
from tests.bot.test_desk import access as access
from tests.bot.test_desk import inbox as inbox
from tests.bot.test_desk import make_desk as make_desk
from tests.bot.test_desk import url as url

_NOTICE = "/privacy 看说明"


def _asked(make_desk: Callable[..., Desk], *messages: Message, shown: Shown | None = None) -> Shown:
    shown = shown or Shown()

    async def ask() -> None:
        desk = make_desk()
        for message in messages:
            await desk.take(message, shown)

    asyncio.run(ask())
    return shown


def _with(shown: Shown, notice: str = _NOTICE) -> list[bool]:
    return [notice in answer.notice for answer in shown.answers]


def test_the_first_answer_in_a_group_carries_the_notice_and_no_other_whoever_asks(make_desk: Callable[..., Desk]) -> None:
    shown = _asked(make_desk, _message("1"), _message("2"), _message("3", asker="8"))
    assert _with(shown) == [True, False, False]
    assert "保留 180 天" in shown.answers[0].notice
    assert "/forgetme" in shown.answers[0].notice


def test_each_person_in_private_has_it_once_and_a_group_besides(make_desk: Callable[..., Desk], access: Access) -> None:
    for user in ("7", "8"):
        access.allow("telegram", "user", user)
    private = [_message(str(at), chat=user, asker=user, private=True) for at, user in enumerate("7788")]
    assert _with(_asked(make_desk, *private, _message("9"))) == [True, False, True, False, True]


def test_it_is_in_the_asker_s_language(make_desk: Callable[..., Desk], access: Access) -> None:
    access.allow("telegram", "chat", "-200")
    english = _asked(make_desk, _message("1", "Can we get a refund within 7 days?"))
    assert _with(english, "/privacy tells more") == [True]
    traditional = _asked(make_desk, _message("1", "企點開通幾天內可以無條件退款？", chat="-200"))
    assert _with(traditional, "立即刪除") == [True]


def test_a_command_that_answers_carries_it_too_and_one_that_asks_nothing_does_not_use_it_up(make_desk: Callable[..., Desk]) -> None:
    shown = _asked(make_desk, _message("1", "/help"), _message("2", "/privacy"), _message("3", "/new"), _message("4", "/new"))
    assert [_NOTICE in said for said in shown.said] == [False, False, True, False]


def test_it_is_not_repeated_to_who_has_everything_forgotten_again_and_again(make_desk: Callable[..., Desk]) -> None:
    messages = [_message(str(at), text) for at, text in enumerate([_REFUND, "/forgetme"] * 3)]
    assert _with(_asked(make_desk, *messages)) == [True, False, False]


def test_where_the_first_answer_could_not_be_shown_the_next_one_has_it(make_desk: Callable[..., Desk]) -> None:
    shown = _asked(make_desk, _message("1"), _message("2"), _message("3"), shown=Shown(failures=1))
    assert _with(shown) == [True, False]


def test_what_a_process_left_before_it_was_shown_comes_with_it(make_desk: Callable[..., Desk], url: str) -> None:
    gone, other = Inbox(url), Notices(url)
    gone.claim(_message("1"))
    assert other.due(_message("1"))  # and then it was killed
    gone.leave()
    gone.close()
    other.close()
    assert _with(_asked(make_desk, _message("2"))) == [False]  # the message that was left has it
    reply = Shown()

    async def resume() -> None:
        desk = make_desk()
        watching = asyncio.create_task(desk.watch(lambda _message: reply, "telegram"))
        await reply.ended.wait()
        await asyncio.sleep(0.2)
        watching.cancel()
        await desk.close(5)

    asyncio.run(asyncio.wait_for(resume(), 20))
    assert _with(reply) == [True]
    assert _with(_asked(make_desk, _message("3"))) == [False]


def test_many_at_once_are_told_once(make_desk: Callable[..., Desk]) -> None:
    shown = Shown()

    async def ask() -> None:
        desks = [make_desk(), make_desk()]
        await asyncio.gather(*(desks[at % 2].take(_message(str(at), asker=str(at)), shown) for at in range(8)))

    asyncio.run(ask())
    assert sum(_with(shown)) == 1


def _race(url: str, at: int) -> bool:
    notices = Notices(url)
    try:
        return notices.due(Message(Place("telegram", "-100", "", "7"), str(at), ""))
    finally:
        notices.close()


def test_of_processes_that_race_one_has_it(url: str, together: Callable[..., list[bool]]) -> None:
    assert sum(together(_race, [(url, at) for at in range(4)])) == 1


def test_a_message_that_never_comes_back_keeps_it_for_half_an_hour(url: str) -> None:
    now = [datetime.datetime.now(UTC)]
    notices = Notices(url, lambda: now[0])
    first, second = (Message(Place("wecom", "g", "", "a"), id_, "") for id_ in "12")
    assert notices.due(first)
    now[0] += timedelta(minutes=29)
    assert not notices.due(second)
    now[0] += timedelta(minutes=2)
    assert notices.due(second)
    notices.shown(first)  # which is too late to count
    notices.shown(second)
    now[0] += timedelta(days=29)
    assert not notices.due(first)
    notices.close()


def test_a_database_that_fails_costs_no_answer(make_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    from retrieval.errors import StorageError

    def fail(*_: object) -> bool:
        raise StorageError("告知登记用不了")

    monkeypatch.setattr(Notices, "due", fail)
    assert _with(_asked(make_desk, _message("1"))) == [False]


def test_an_answer_is_kept_without_its_notice(make_desk: Callable[..., Desk], url: str) -> None:
    from bot.records import Records

    _asked(make_desk, _message("1"))
    records = Records(url)
    (record,) = records.listing()
    assert record.answer["notice"] == ""
    records.close()
