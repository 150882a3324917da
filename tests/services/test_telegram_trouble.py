"""The Telegram world does as Telegram does when something goes wrong, and delivers updates as it: by long polls and by a webhook."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from telegram import Update
from telegram.error import BadRequest, Conflict, NetworkError, RetryAfter, TimedOut

from tests.services.telegram_echo import Bot, Echo
from tests.services.telegram_echo import anna as anna
from tests.services.telegram_echo import call as call
from tests.services.telegram_echo import durations as durations
from tests.services.telegram_echo import echo as echo
from tests.services.telegram_echo import group as group
from tests.services.telegram_shown import Chat, User
from tests.services.telegram_wire import knock
from tests.services.telegram_world import TelegramWorld
from tests.services.telegram_world import telegram_server as telegram_server
from tests.services.telegram_world import telegram_world as telegram_world

_Hook = tuple[str, list[dict[str, str]]]


# --- what goes wrong ------------------------------------------------------------------------------------------------------------


def test_a_flood_is_waited_out_by_the_rate_limiter(telegram_world: TelegramWorld, group: Chat, call: Any) -> None:
    telegram_world.flood("sendMessage", 1, times=2, chat=group)
    began = time.monotonic()
    call(lambda bot: bot.send_message(group.id, "好"), retries=2)
    assert time.monotonic() - began >= 2
    assert [each.status for each in telegram_world.calls("sendMessage")] == [429, 429, 200]
    assert len(telegram_world.messages()) == 1
    telegram_world.flood("sendMessage", 35)
    with pytest.raises(RetryAfter) as refused:
        call(lambda bot: bot.send_message(group.id, "好"))
    assert refused.value.retry_after == timedelta(seconds=35)


def test_a_group_bears_so_many_messages_in_a_time(telegram_world: TelegramWorld, group: Chat, call: Any) -> None:
    other = telegram_world.group("采购群")
    telegram_world.limit(group, 3, 1.0)

    async def send(bot: Bot) -> None:
        await asyncio.gather(*[bot.send_message(group.id, str(number)) for number in range(5)])
        await bot.send_message(other.id, "别的群不受限")

    call(send, retries=3)
    assert sorted(message.text for message in telegram_world.messages(group)) == ["0", "1", "2", "3", "4"]
    assert 429 in [each.status for each in telegram_world.calls("sendMessage")]


def test_a_message_was_sent_though_its_sender_waited_in_vain(telegram_world: TelegramWorld, group: Chat, call: Any) -> None:
    telegram_world.hang("sendMessage")
    with pytest.raises(TimedOut):
        call(lambda bot: bot.send_message(group.id, "送到了"))
    telegram_world.hang("sendMessage", performed=False)
    with pytest.raises(TimedOut):
        call(lambda bot: bot.send_message(group.id, "没送到"))
    telegram_world.drop("sendMessage")
    with pytest.raises(NetworkError):
        call(lambda bot: bot.send_message(group.id, "也送到了"))
    assert [message.text for message in telegram_world.messages()] == ["送到了", "也送到了"]
    assert [(each.status, each.result is None) for each in telegram_world.calls("sendMessage")] == [(0, False), (0, True), (0, False)]


def test_refusals_are_in_the_words_they_were_given(telegram_world: TelegramWorld, group: Chat, call: Any) -> None:
    other = telegram_world.group("采购群")
    telegram_world.refuse("sendMessage", 500, "Internal Server Error", chat=group)
    telegram_world.refuse("getUpdates", 403, "Forbidden")
    call(lambda bot: bot.send_message(other.id, "好"))
    with pytest.raises(NetworkError, match="Internal Server Error"):
        call(lambda bot: bot.send_message(group.id, "好"))
    call(lambda bot: bot.send_message(group.id, "好"))
    assert [each.status for each in telegram_world.calls("sendMessage")] == [200, 500, 200]


def test_a_conflict_is_told_and_polling_goes_on(telegram_world: TelegramWorld, echo: Echo, anna: User, group: Chat) -> None:
    telegram_world.conflict()
    telegram_world.until(lambda: any(isinstance(error, Conflict) for error in echo.errors), 20)
    asked = telegram_world.say(anna, group, "还在吗", mention=True)
    telegram_world.until(lambda: telegram_world.replies(asked), 20)


def test_of_two_that_poll_the_earlier_hears_of_a_conflict(telegram_world: TelegramWorld, call: Any) -> None:
    with Echo(telegram_world).polling() as earlier:
        telegram_world.until(lambda: telegram_world.calls("getUpdates"))
        assert call(lambda bot: bot.get_updates(timeout=1, read_timeout=5)) == ()
        telegram_world.until(lambda: any(isinstance(error, Conflict) for error in earlier.errors))


def test_fifty_questions_at_once_are_answered_once_each(telegram_world: TelegramWorld, anna: User, group: Chat) -> None:
    asked = [telegram_world.say(anna, group, f"第 {number} 问", mention=True) for number in range(50)]
    with Echo(telegram_world).polling():
        telegram_world.until(lambda: len(telegram_world.messages(group)) >= 50, 30)
    assert sorted(message.reply_to or 0 for message in telegram_world.messages(group)) == [each.id for each in asked]


# --- updates -------------------------------------------------------------------------------------------------------------------


def test_the_same_update_can_come_twice(telegram_world: TelegramWorld, echo: Echo, anna: User, group: Chat) -> None:
    asked = telegram_world.say(anna, group, "几天？", mention=True)
    telegram_world.until(lambda: telegram_world.replies(asked))
    telegram_world.duplicate(asked)
    telegram_world.until(lambda: len(telegram_world.replies(asked)) == 2)  # this bot does not mind what it has seen
    assert [update.update_id for update in echo.updates] == [asked.update, asked.update]
    later = telegram_world.say(anna, group, "还有呢？", mention=True)
    telegram_world.until(lambda: telegram_world.replies(later))
    assert telegram_world.pending() == []


def test_an_update_stays_until_it_is_confirmed(telegram_world: TelegramWorld, anna: User, group: Chat, call: Any) -> None:
    said = [telegram_world.say(anna, group, text) for text in ("一", "二", "三")]
    first, second, third = [each.update for each in said]
    assert first
    assert second
    assert [update.update_id for update in call(lambda bot: bot.get_updates(timeout=0))] == [first, second, third]
    assert [update.update_id for update in call(lambda bot: bot.get_updates(offset=second, limit=1))] == [second]
    assert telegram_world.pending() == [second, third]


def test_a_poll_waits_for_an_update(telegram_world: TelegramWorld, anna: User, group: Chat, call: Any) -> None:
    async def poll(bot: Bot) -> float:
        waiting = asyncio.create_task(bot.get_updates(timeout=5, read_timeout=10))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        said = await asyncio.to_thread(telegram_world.say, anna, group, "好")
        began = time.monotonic()
        assert [update.update_id for update in await waiting] == [said.update]
        return time.monotonic() - began

    assert call(poll) < 2


def test_only_the_kinds_asked_for_come(telegram_world: TelegramWorld, anna: User, group: Chat, call: Any) -> None:
    call(lambda bot: bot.get_updates(timeout=0, allowed_updates=["message"]))
    said = telegram_world.say(anna, group, "几天退")
    telegram_world.edit(said, "几天退款")
    assert telegram_world.pending() == [said.update]


# --- webhook ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def hook() -> Iterator[_Hook]:
    """An address that takes updates with the right secret only, and what it took."""
    taken: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            right = self.headers["X-Telegram-Bot-Api-Secret-Token"] == "right-secret"
            if right:
                taken.append({"type": self.headers["Content-Type"], "body": body.decode()})
            self.send_response(200 if right else 403)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/telegram", taken
    server.shutdown()
    server.server_close()


def test_a_webhook_is_given_the_secret(telegram_world: TelegramWorld, hook: _Hook, anna: User, group: Chat, call: Any) -> None:
    address, taken = hook
    before = telegram_world.say(anna, group, "之前")
    telegram_world.proxy("https://bot.example.com/telegram", address)
    call(lambda bot: bot.set_webhook("https://bot.example.com/telegram", secret_token="right-secret"))
    after = telegram_world.say(anna, group, "之后")
    telegram_world.until(lambda: telegram_world.pending() == [])
    assert sorted(delivery.update for delivery in telegram_world.deliveries()) == [before.update, after.update]
    assert all(each["type"] == "application/json" for each in taken)
    updates = [Update.de_json(json.loads(each["body"])) for each in taken]
    assert {update.message.text for update in updates if update.message} == {"之前", "之后"}
    with pytest.raises(Conflict, match="webhook is active"):
        call(lambda bot: bot.get_updates())
    call(lambda bot: bot.delete_webhook())
    call(lambda bot: bot.get_updates())


@pytest.mark.parametrize("secret", ["wrong-secret", None])
def test_a_webhook_that_refuses_is_tried_again_and_the_update_stays(
    telegram_world: TelegramWorld, hook: _Hook, anna: User, group: Chat, call: Any, secret: str | None
) -> None:
    address, taken = hook
    call(lambda bot: bot.set_webhook(address, secret_token=secret))
    said = telegram_world.say(anna, group, "在吗")
    telegram_world.until(lambda: len(telegram_world.deliveries()) == 3)
    assert {(delivery.update, delivery.status) for delivery in telegram_world.deliveries()} == {(said.update, 403)}
    assert telegram_world.pending() == [said.update]
    assert taken == []


@pytest.mark.parametrize(("secret", "status"), [("right-secret", 200), ("wrong-secret", 403), (None, 403)])
def test_a_stranger_knocks_at_a_webhook(
    telegram_world: TelegramWorld, hook: _Hook, anna: User, group: Chat, secret: str | None, status: int
) -> None:
    address, taken = hook
    said = telegram_world.say(anna, group, "在吗")
    assert knock(address, {"update_id": said.update, "message": said.message}, secret) == status
    assert [Update.de_json(json.loads(each["body"])).update_id for each in taken] == [said.update] * (status == 200)


@pytest.mark.parametrize(("url", "secret", "words"), [("https://a.example", "含 空格", "unallowed"), ("http://a.example", "s", "https")])
def test_a_webhook_that_telegram_would_not_take_is_refused(call: Any, url: str, secret: str, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        call(lambda bot: bot.set_webhook(url, secret_token=secret))
