"""The Telegram bot while an answer grows: in groups and in private, stopped, thrown out, moved to another chat."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.services.conftest import ModelServer
from tests.services.telegram_bot import PATIENCE, Bot, answer_to
from tests.services.telegram_bot import admin as admin
from tests.services.telegram_bot import anna as anna
from tests.services.telegram_bot import bot as bot
from tests.services.telegram_bot import group as group
from tests.services.telegram_shown import Chat, User
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
