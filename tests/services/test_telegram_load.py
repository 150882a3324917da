"""The Telegram bot under load, and killed while it answers."""

from __future__ import annotations

import signal

from tests.services.telegram_bot import PATIENCE, Bot
from tests.services.telegram_bot import admin as admin
from tests.services.telegram_bot import anna as anna
from tests.services.telegram_bot import bot as bot
from tests.services.telegram_bot import group as group
from tests.services.telegram_shown import Chat, User
from tests.services.telegram_wire import telegram_server as telegram_server
from tests.services.telegram_world import TelegramWorld
from tests.services.telegram_world import telegram_world as telegram_world

_REFUND = "企点开通几天内可以无条件退款？"


def test_fifty_questions_at_once_get_fifty_answers(telegram_world: TelegramWorld, bot: Bot, group: Chat) -> None:
    people = [telegram_world.user(f"同事{at}") for at in range(10)]
    asked = [telegram_world.say(people[at % 10], group, f"企点开通第{at + 1}天可以无条件退款吗？", mention=True) for at in range(50)]
    telegram_world.until(lambda: all(any(m.buttons for m in telegram_world.replies(each)) for each in asked), 250)
    assert [len(telegram_world.replies(each)) for each in asked] == [1] * 50


def test_what_a_killed_bot_left_is_answered_by_the_next_and_only_once(
    telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat
) -> None:
    telegram_world.hang("editMessageText", performed=False, times=2)
    asked = [telegram_world.say(anna, group, question, mention=True) for question in (_REFUND, "企点打官司去哪")]
    telegram_world.until(lambda: len(telegram_world.calls("editMessageText")) >= 2, PATIENCE)
    bot.stop(signal.SIGKILL)
    bot.start()
    telegram_world.until(lambda: all(any(m.buttons for m in telegram_world.replies(each)) for each in asked), 150)
    assert [len(telegram_world.replies(each)) for each in asked] == [1, 1]  # in the place of what the killed one had begun with
