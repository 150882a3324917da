"""How the Telegram bot behaves where chats are not as simple as a question and an answer: who asks, what is pressed, what Telegram does."""

from __future__ import annotations

import signal
import time

from tests.services.telegram_bot import PATIENCE, Bot, answer_to
from tests.services.telegram_bot import admin as admin
from tests.services.telegram_bot import anna as anna
from tests.services.telegram_bot import bot as bot
from tests.services.telegram_bot import group as group
from tests.services.telegram_shown import ANONYMOUS_ADMINISTRATOR, Chat, User
from tests.services.telegram_wire import telegram_server as telegram_server
from tests.services.telegram_world import TelegramWorld
from tests.services.telegram_world import telegram_world as telegram_world

_REFUND = "企点开通几天内可以无条件退款？"


def test_who_hides_behind_the_group_may_ask_and_not_rule(telegram_world: TelegramWorld, bot: Bot, group: Chat) -> None:
    assert "7 个自然日" in answer_to(telegram_world, telegram_world.say(ANONYMOUS_ADMINISTRATOR, group, _REFUND, mention=True)).text
    ruled = telegram_world.say(ANONYMOUS_ADMINISTRATOR, group, "/deny")
    (told,) = telegram_world.until(lambda: telegram_world.replies(ruled), PATIENCE)
    assert "管理员" in told.text
    assert "7 个自然日" in answer_to(telegram_world, telegram_world.say(ANONYMOUS_ADMINISTRATOR, group, _REFUND, mention=True)).text


def test_posts_of_channels_and_edits_of_questions_are_nobody_s_question(
    telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat
) -> None:
    telegram_world.post(telegram_world.channel("公告"), _REFUND)
    asked = telegram_world.say(anna, group, _REFUND, mention=True)
    shown = answer_to(telegram_world, asked)
    telegram_world.edit(asked, f"@{telegram_world.username} 乐享几天退款？")
    assert "13." in answer_to(telegram_world, telegram_world.say(anna, group, "乐享打官司去哪", mention=True)).text
    assert telegram_world.replies(asked) == [shown]
    assert len(telegram_world.messages()) == 2


def test_each_who_presses_a_question_is_answered_and_a_forged_press_is_not(
    telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat
) -> None:
    shown = answer_to(telegram_world, telegram_world.say(anna, group, _REFUND, mention=True))
    question = next(button for button in shown.buttons if button.data.startswith("q:"))
    boris, other = telegram_world.user("鲍里斯"), telegram_world.group("别的群")
    for user in (anna, boris, anna):
        telegram_world.press(user, question)
    telegram_world.until(lambda: len([m for m in telegram_world.messages(group) if m.buttons]) == 3, PATIENCE)
    telegram_world.say(anna, other, "你好", mention=True)
    (notice,) = telegram_world.until(lambda: telegram_world.messages(other), PATIENCE)
    data = question.data.split(":")
    for forged in (question.data, "v:zzzzzzzzzzzz:up", f"v:{data[1]}:sideways", f"q:{data[1]}:99", "x", f"c:{data[1]}:-1"):
        message = {
            "message_id": notice.id,
            "date": 1,
            "chat": other.json,
            "from": {"id": 1, "is_bot": True, "first_name": "x"},
            "text": "x",
        }
        query = {"id": f"9{len(forged)}", "from": anna.json, "chat_instance": "1", "data": forged, "message": message}
        telegram_world.send("callback_query", query)
    answer_to(telegram_world, telegram_world.say(anna, group, "企点打官司去哪", mention=True))
    assert telegram_world.messages(other) == [notice]
    assert len(telegram_world.messages(group)) == 4


def test_an_edit_that_telegram_carried_out_and_did_not_answer_is_not_a_second_answer(
    telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat
) -> None:
    telegram_world.hang("editMessageText", performed=True)
    asked = telegram_world.say(anna, group, _REFUND, mention=True)
    shown = answer_to(telegram_world, asked)
    later = telegram_world.until(lambda: telegram_world.calls("editMessageText")[1:], PATIENCE)
    assert "not modified" in (later[0].description or "")
    assert telegram_world.replies(asked) == [telegram_world.now(shown)]


def test_a_server_that_fails_and_a_flood_are_waited_for(telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat) -> None:
    telegram_world.refuse("editMessageText", 502, "Bad Gateway", times=2)
    assert "7 个自然日" in answer_to(telegram_world, telegram_world.say(anna, group, _REFUND, mention=True)).text
    telegram_world.flood("sendMessage", 1, times=4)
    before = time.time()
    shown = answer_to(telegram_world, telegram_world.say(anna, group, "企点打官司去哪", mention=True))
    assert "11.4" in shown.text
    assert shown.at - before > 3


def test_another_process_with_the_same_token_is_told_of_and_outlasted(
    telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat
) -> None:
    telegram_world.conflict(times=2)
    assert "7 个自然日" in answer_to(telegram_world, telegram_world.say(anna, group, _REFUND, mention=True)).text
    assert "another process takes the updates" in bot.log.read_text(encoding="utf-8")


def test_too_fast_is_said_once_and_the_group_is_not_held_up(telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat) -> None:
    bot.stop()
    bot.start(WENYUE_ASKER_MINUTE="2")
    for _ in range(6):
        telegram_world.say(anna, group, _REFUND, mention=True)
    boris = telegram_world.user("鲍里斯")
    answer_to(telegram_world, telegram_world.say(boris, group, "企点打官司去哪", mention=True))
    telegram_world.until(lambda: len(telegram_world.messages(group)) == 4, PATIENCE)
    assert len([m for m in telegram_world.messages(group) if "太快" in m.text]) == 1
    assert len([m for m in telegram_world.messages(group) if "7 个自然日" in m.text]) == 2


def test_a_wrong_token_is_one_sentence(telegram_world: TelegramWorld, bot: Bot) -> None:
    bot.stop(signal.SIGTERM)
    assert bot.fails(WENYUE_TELEGRAM_TOKEN="1234567:AAnot-the-token-of-any-bot-in-the-world-00") == 1
    last = bot.log.read_text(encoding="utf-8").strip().splitlines()[-1]
    assert "WENYUE_TELEGRAM_TOKEN" in last
    assert "BotFather" in last
