"""How the Telegram bot behaves where chats are not as simple as a question and an answer: growing answers, topics, chats that change."""

from __future__ import annotations

import signal
import time
from itertools import pairwise

import pytest

from tests.services.conftest import ModelServer
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


@pytest.fixture
def slow_bot(bot: Bot, model_server: ModelServer) -> Bot:
    """The bot with a model that writes two sentences in some twenty seconds."""
    bot.stop()
    bot.start(WENYUE_MODEL="openai:leisurely", OPENAI_API_KEY="sk-secret-of-ours", OPENAI_BASE_URL=f"{model_server.url}/v1")
    return bot


def test_in_a_group_an_answer_grows_by_few_edits_in_its_topic(
    telegram_world: TelegramWorld, slow_bot: Bot, anna: User, admin: User
) -> None:
    forum = telegram_world.group("合同", forum=True)
    topic = telegram_world.topic(forum, "采购", anna)
    telegram_world.say(admin, forum, "/allow", topic=topic)
    telegram_world.until(lambda: [m for m in telegram_world.messages(forum) if "已允许" in m.text], PATIENCE)
    shown = answer_to(telegram_world, telegram_world.say(anna, forum, _REFUND, mention=True, topic=topic))
    assert shown.topic == topic
    texts = [version.text for version in shown.versions]
    assert "查阅" in texts[0]
    assert 3 <= len(texts) <= 6
    assert all(later.at - earlier.at > 3.5 for earlier, later in pairwise(shown.versions[:-1]))
    assert all("逐句核对" in text for text in texts[1:-1])
    assert "7 个自然日" in texts[1]
    assert "除外" not in texts[1]  # the second sentence has not passed its checks yet
    assert "除外" in texts[-1]


def test_in_private_an_answer_grows_as_a_draft_and_comes_as_one_message(telegram_world: TelegramWorld, slow_bot: Bot, admin: User) -> None:
    shown = answer_to(telegram_world, telegram_world.say(admin, admin.private, _REFUND))
    drafts = [draft.text for draft in telegram_world.drafts(admin)]
    assert "查阅" in drafts[0]
    assert any("7 个自然日" in draft and "除外" not in draft for draft in drafts)
    assert telegram_world.messages(admin.private) == [shown]
    assert len(shown.versions) == 1


def test_a_bot_that_is_stopped_ends_the_answer_it_is_at(telegram_world: TelegramWorld, slow_bot: Bot, anna: User, group: Chat) -> None:
    asked = telegram_world.say(anna, group, _REFUND, mention=True)
    telegram_world.until(lambda: telegram_world.replies(asked), PATIENCE)
    assert slow_bot.stop() == 0
    (shown,) = telegram_world.replies(asked)
    assert "除外" in shown.text
    assert shown.buttons


def test_a_group_that_becomes_a_supergroup_keeps_what_it_may_and_gets_its_answer(
    telegram_world: TelegramWorld, slow_bot: Bot, anna: User, admin: User
) -> None:
    small = telegram_world.group("小群", small=True)
    telegram_world.say(admin, small, "/allow")
    telegram_world.until(lambda: [m for m in telegram_world.messages(small) if "已允许" in m.text], PATIENCE)
    asked = telegram_world.say(anna, small, _REFUND, mention=True)
    telegram_world.until(lambda: telegram_world.replies(asked), PATIENCE)
    grown = telegram_world.migrate(small, admin)
    (shown,) = telegram_world.until(lambda: [m for m in telegram_world.messages(grown) if m.buttons], PATIENCE)
    assert "7 个自然日" in shown.text
    assert "4.7" in answer_to(telegram_world, telegram_world.say(anna, grown, "/clause 企点 4.7")).text


def test_thrown_out_in_the_middle_of_an_answer_it_goes_on_elsewhere(
    telegram_world: TelegramWorld, slow_bot: Bot, anna: User, admin: User, group: Chat
) -> None:
    asked = telegram_world.say(anna, group, _REFUND, mention=True)
    telegram_world.until(lambda: telegram_world.replies(asked), PATIENCE)
    telegram_world.kick(group, admin)
    assert "7 个自然日" in answer_to(telegram_world, telegram_world.say(admin, admin.private, _REFUND)).text
    telegram_world.invite(group, admin)
    assert "7 个自然日" in answer_to(telegram_world, telegram_world.say(anna, group, _REFUND, mention=True)).text
    assert slow_bot.stop() == 0
    assert "ERROR" not in slow_bot.log.read_text(encoding="utf-8")


def test_who_blocks_the_bot_is_not_a_failure(telegram_world: TelegramWorld, slow_bot: Bot, admin: User) -> None:
    telegram_world.say(admin, admin.private, _REFUND)
    telegram_world.until(lambda: telegram_world.drafts(admin), PATIENCE)
    telegram_world.block(admin)
    assert slow_bot.stop() == 0
    assert telegram_world.messages(admin.private) == []
    assert "ERROR" not in slow_bot.log.read_text(encoding="utf-8")


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
