"""The Telegram bot as people meet it: `wenyue telegram` in a process of its own, against a server that is not ours."""

from __future__ import annotations

import re
import socket

from tests.services.telegram_bot import PATIENCE, Bot, answer_to
from tests.services.telegram_bot import admin as admin
from tests.services.telegram_bot import anna as anna
from tests.services.telegram_bot import bot as bot
from tests.services.telegram_bot import group as group
from tests.services.telegram_shown import Chat, User
from tests.services.telegram_wire import knock
from tests.services.telegram_wire import telegram_server as telegram_server
from tests.services.telegram_world import TelegramWorld
from tests.services.telegram_world import telegram_world as telegram_world

_REFUND = "企点开通几天内可以无条件退款？"


def test_a_mention_in_a_group_is_answered_as_a_reply_with_its_clause(
    telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat
) -> None:
    asked = telegram_world.say(anna, group, _REFUND, mention=True)
    shown = answer_to(telegram_world, asked)
    assert "7 个自然日" in shown.text
    assert re.search(r"《[^》]+》4\.7", shown.text)
    assert len(telegram_world.replies(asked)) == 1
    assert telegram_world.actions(group)[0].action == "typing"
    first = shown.versions[0]
    assert "查阅" in first.text  # the placeholder, at once
    assert first.at - asked.message["date"] < 5
    assert "👍" in shown.button("👍").text


def test_talk_that_is_not_addressed_to_it_is_left_alone(telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat) -> None:
    talk = telegram_world.say(anna, group, "企点开通几天内可以退款来着？")
    asked = telegram_world.say(anna, group, _REFUND, mention=True)
    answer_to(telegram_world, asked)
    assert telegram_world.replies(talk) == []


def test_a_follow_up_by_reply_is_understood(telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat) -> None:
    first = answer_to(telegram_world, telegram_world.say(anna, group, "企点打官司去哪", mention=True))
    shown = answer_to(telegram_world, telegram_world.say(anna, group, "那乐享呢？", reply_to=first))
    assert "乐享" in shown.text
    assert "13." in shown.text


def test_a_group_that_may_not_ask_is_told_so_once_with_its_id(telegram_world: TelegramWorld, bot: Bot, anna: User, admin: User) -> None:
    other = telegram_world.group("别的群")
    asked = telegram_world.say(anna, other, _REFUND, mention=True)
    (told,) = telegram_world.until(lambda: telegram_world.replies(asked), PATIENCE)
    assert str(other.id) in told.text
    again = telegram_world.say(anna, other, _REFUND, mention=True)
    telegram_world.say(admin, other, "/allow")
    telegram_world.until(lambda: [m for m in telegram_world.messages(other) if "已允许" in m.text], PATIENCE)
    assert telegram_world.replies(again) == []
    assert "7 个自然日" in answer_to(telegram_world, telegram_world.say(anna, other, _REFUND, mention=True)).text


def test_votes_and_further_questions(telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat) -> None:
    shown = answer_to(telegram_world, telegram_world.say(anna, group, _REFUND, mention=True))
    press = telegram_world.press(anna, shown.button("👎"))
    telegram_world.until(lambda: telegram_world.answers(press), PATIENCE)
    wrong = telegram_world.until(lambda: [b for b in telegram_world.now(shown).buttons if "条款引错" in b.text], PATIENCE)
    telegram_world.press(anna, wrong[0])
    telegram_world.until(lambda: [b for b in telegram_world.now(shown).buttons if "✓" in b.text], PATIENCE)
    before = len(telegram_world.messages(group))
    question = next(button for button in shown.buttons if button.data.startswith("q:"))
    telegram_world.press(anna, question)
    telegram_world.until(lambda: len([m for m in telegram_world.messages(group) if m.buttons]) > before, PATIENCE)


def test_the_same_update_twice_is_answered_once(telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat) -> None:
    asked = telegram_world.say(anna, group, _REFUND, mention=True)
    telegram_world.duplicate(asked)
    answer_to(telegram_world, asked)
    later = telegram_world.say(anna, group, "企点打官司去哪", mention=True)
    answer_to(telegram_world, later)
    assert len(telegram_world.replies(asked)) == 1


def test_a_flood_is_waited_for_and_the_answer_arrives(telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat) -> None:
    telegram_world.flood("editMessageText", 2, times=2)
    assert "7 个自然日" in answer_to(telegram_world, telegram_world.say(anna, group, _REFUND, mention=True)).text


def test_html_that_is_refused_is_sent_as_plain_text(telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat) -> None:
    telegram_world.refuse("editMessageText", 400, "Bad Request: can't parse entities: unsupported start tag", times=1)
    shown = answer_to(telegram_world, telegram_world.say(anna, group, _REFUND, mention=True))
    assert "7 个自然日" in shown.text
    assert not shown.entities


def test_a_private_chat_commands_and_what_is_logged(telegram_world: TelegramWorld, bot: Bot, anna: User, admin: User, group: Chat) -> None:
    asked = telegram_world.say(anna, anna.private, _REFUND)
    (told,) = telegram_world.until(lambda: telegram_world.replies(asked), PATIENCE)
    assert str(anna.id) in told.text
    telegram_world.say(admin, admin.private, f"/allow {anna.id}")
    telegram_world.until(lambda: [m for m in telegram_world.messages(admin.private) if "已允许" in m.text], PATIENCE)
    assert "7 个自然日" in answer_to(telegram_world, telegram_world.say(anna, anna.private, _REFUND)).text
    for command, part in {
        "/clause 乐享 4.6.1": "4.6.1",
        "/agreements": "《腾讯乐享服务协议》",
        "/search 发票": "发票",
        "/sources": "4.6.1",
        "/whoami": str(anna.id),
        "/privacy": "180",
        "/help": "/ask",
        "/new": "新对话",
        "/forgetme": "已删除",
        "/status": "管理员",
    }.items():
        said = telegram_world.say(anna, anna.private, command)
        telegram_world.until(lambda said=said, part=part: [m for m in telegram_world.replies(said) if part in m.text], PATIENCE)  # type: ignore[misc]
    assert bot.stop() == 0
    log = bot.log.read_text(encoding="utf-8")
    assert telegram_world.token not in log
    assert "退款" not in log
    assert "Traceback" not in log


def test_the_commands_are_registered_in_two_languages(telegram_world: TelegramWorld, bot: Bot) -> None:
    assert "问一个问题" in telegram_world.commands("all_group_chats")["ask"]
    assert "ask a question" in telegram_world.commands("all_private_chats", "en")["ask"]
    assert "allow" not in telegram_world.commands("all_group_chats")


def test_by_webhook_only_telegram_is_heard(telegram_world: TelegramWorld, bot: Bot, anna: User, group: Chat) -> None:
    bot.stop()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/telegram"
    telegram_world.proxy("https://bot.example/telegram", address)
    bot.start(
        WENYUE_TELEGRAM_WEBHOOK="https://bot.example/telegram", WENYUE_TELEGRAM_SECRET="a-secret-of-ours", WENYUE_TELEGRAM_PORT=str(port)
    )
    asked = telegram_world.say(anna, group, _REFUND, mention=True)
    assert "7 个自然日" in answer_to(telegram_world, asked).text
    update = {"update_id": 999_999, "message": asked.message | {"message_id": 777}}
    assert [knock(address, update, secret) for secret in ("wrong", None)] == [403, 403]
    assert len(telegram_world.messages(group)) == 1
