"""The Telegram world does as Telegram does: what people say and press, what a bot may send, chats that change.

Tried with a small bot of python-telegram-bot; what goes wrong, and how updates come, is in test_telegram_trouble.py.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest
from telegram import BotCommand, BotCommandScopeAllGroupChats, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from tests.services.telegram_echo import PRESS, Echo
from tests.services.telegram_echo import anna as anna
from tests.services.telegram_echo import call as call
from tests.services.telegram_echo import durations as durations
from tests.services.telegram_echo import echo as echo
from tests.services.telegram_echo import group as group
from tests.services.telegram_shown import ANONYMOUS_ADMINISTRATOR, Chat, Shown, User
from tests.services.telegram_world import TelegramWorld
from tests.services.telegram_world import telegram_server as telegram_server
from tests.services.telegram_world import telegram_world as telegram_world

# --- what people say ---------------------------------------------------------------------------------------------------


def test_a_mention_in_a_group_is_answered_as_a_reply(telegram_world: TelegramWorld, echo: Echo, anna: User, group: Chat) -> None:
    telegram_world.say(anna, group, "几天可以退款？")
    asked = telegram_world.say(anna, group, "几天可以退款？", mention=True)
    (answer,) = telegram_world.until(lambda: telegram_world.replies(asked))
    assert answer.text == f"你说：@{telegram_world.username} 几天可以退款？"
    assert answer.pings == [f"@{telegram_world.username}"]
    assert telegram_world.messages(group) == [answer]
    assert [(sign.action, sign.chat) for sign in telegram_world.actions()] == [("typing", group.id)]
    (first, message) = [update.message for update in echo.updates]
    assert first
    assert message
    assert (message.chat.type, message.chat.title) == ("supergroup", "法务群")
    assert message.from_user
    assert (message.from_user.full_name, message.from_user.is_bot) == ("安娜", False)
    assert abs(message.date.timestamp() - time.time()) < 5


@pytest.mark.parametrize("text", ["@WenYueTestBot几天退款", "请问@WenYueTestBot 几天退款", "/ask几天退款"])
def test_beside_a_chinese_character_nothing_is_a_mention_or_a_command(
    telegram_world: TelegramWorld, anna: User, group: Chat, text: str
) -> None:
    assert "entities" not in telegram_world.say(anna, group, text).message


def test_a_reply_a_command_and_a_private_message_reach_the_bot(telegram_world: TelegramWorld, echo: Echo, anna: User, group: Chat) -> None:
    asked = telegram_world.say(anna, group, f"/ask@{telegram_world.username} 企点 退款")
    (answer,) = telegram_world.until(lambda: telegram_world.replies(asked))
    assert answer.text == "你问：企点 退款"
    more = telegram_world.say(anna, group, "那微信呢？", reply_to=answer, quote="企点")
    telegram_world.until(lambda: telegram_world.replies(more))
    message = echo.updates[-1].message
    assert message
    assert message.reply_to_message
    assert message.reply_to_message.from_user
    assert message.reply_to_message.from_user.id == echo.app.bot.id
    assert message.quote
    assert (message.quote.text, message.quote.position) == ("企点", 3)
    assert (message.message_thread_id, message.is_topic_message) == (asked.id, None)  # a thread of replies is no topic
    alone = telegram_world.say(anna, anna.private, "你好")
    (greeting,) = telegram_world.until(lambda: telegram_world.replies(alone))
    assert (greeting.chat, greeting.text) == (anna.id, "你说：你好")


def test_message_ids_are_counted_in_each_supergroup_alone(telegram_world: TelegramWorld, anna: User, group: Chat) -> None:
    other = telegram_world.group("采购群")
    assert telegram_world.say(anna, group, "一").id == telegram_world.say(anna, other, "二").id == 2


def test_an_edited_message_an_anonymous_one_and_a_post_are_told_apart(
    telegram_world: TelegramWorld, echo: Echo, anna: User, group: Chat
) -> None:
    said = telegram_world.say(anna, group, "几天退")
    telegram_world.edit(said, "几天退款")
    telegram_world.say(ANONYMOUS_ADMINISTRATOR, group, "大家好")
    telegram_world.post(telegram_world.channel("公告"), "今日放假")
    telegram_world.until(lambda: len(echo.updates) == 4)
    updates = sorted(echo.updates, key=lambda update: update.update_id)
    edited, hidden, post = updates[1].edited_message, updates[2].message, updates[3].channel_post
    assert edited
    assert (edited.message_id, edited.text) == (said.id, "几天退款")
    assert hidden
    assert hidden.sender_chat
    assert hidden.sender_chat.id == group.id
    assert post
    assert (post.chat.type, post.from_user, post.text) == ("channel", None, "今日放假")


def test_a_photo_comes_with_its_caption(telegram_world: TelegramWorld, echo: Echo, anna: User, group: Chat) -> None:
    photo = {"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}
    telegram_world.say(anna, group, fields={"photo": [photo], "caption": "这条怎么办？"})
    telegram_world.until(lambda: echo.updates)
    message = echo.updates[0].message
    assert message
    assert (message.text, message.caption, len(message.photo)) == (None, "这条怎么办？", 1)


def test_a_reply_stays_in_its_topic(telegram_world: TelegramWorld, echo: Echo, anna: User) -> None:
    forum = telegram_world.group("合同", forum=True)
    topic = telegram_world.topic(forum, "采购", anna)
    asked = telegram_world.say(anna, forum, "几天？", mention=True, topic=topic)
    (answer,) = telegram_world.until(lambda: telegram_world.replies(asked))
    assert (answer.topic, answer.reply_to) == (topic, asked.id)
    message = echo.updates[0].message
    assert message
    assert (message.is_topic_message, message.message_thread_id) == (True, topic)
    assert message.reply_to_message  # as Telegram has it: everything in a topic replies to what opened it
    assert message.reply_to_message.forum_topic_created
    general = telegram_world.say(anna, forum, "几天？", mention=True)
    (answer,) = telegram_world.until(lambda: telegram_world.replies(general))
    assert answer.topic is None
    assert telegram_world.messages(forum, topic=topic) == telegram_world.replies(asked)


def test_a_reply_goes_to_the_topic_of_its_question_where_none_is_named(telegram_world: TelegramWorld, anna: User, call: Any) -> None:
    forum = telegram_world.group("合同", forum=True)
    asked = telegram_world.say(anna, forum, "几天？", topic=telegram_world.topic(forum, "采购", anna))
    call(lambda bot: bot.send_message(forum.id, "7 天", reply_to_message_id=asked.id))
    call(lambda bot: bot.send_message(forum.id, "不回复谁"))
    assert [message.topic for message in telegram_world.messages(forum)] == [asked.message["message_thread_id"], None]


def test_a_topic_that_is_not_there_is_refused(telegram_world: TelegramWorld, call: Any, anna: User, group: Chat) -> None:
    forum = telegram_world.group("合同", forum=True)
    for thread in (1, 99):
        with pytest.raises(BadRequest, match="thread not found"):
            call(lambda bot, thread=thread: bot.send_message(forum.id, "好", message_thread_id=thread))
    call(lambda bot: bot.send_message(group.id, "好", message_thread_id=99))  # a group without topics does not mind
    assert [message.topic for message in telegram_world.messages()] == [None]


# --- buttons and edits ----------------------------------------------------------------------------------------------------


def _reads(world: TelegramWorld, message: Shown, text: str) -> bool:
    return world.now(message).text == text


def test_a_press_edits_the_message_and_is_answered(telegram_world: TelegramWorld, echo: Echo, anna: User, group: Chat) -> None:
    boris = telegram_world.user("鲍里斯")
    asked = telegram_world.say(anna, group, "好吗", mention=True)
    (answer,) = telegram_world.until(lambda: telegram_world.replies(asked))
    for user, text in ((anna, "赞 1 次"), (boris, "赞 2 次")):
        press = telegram_world.press(user, telegram_world.now(answer).button("👍"))
        telegram_world.until(partial(_reads, telegram_world, answer, text))
        (said,) = telegram_world.answers(press)
        assert (said.text, said.alert) == ("谢谢", False)
    answer = telegram_world.now(answer)
    assert [version.text for version in answer.versions] == [f"你说：@{telegram_world.username} 好吗", "赞 1 次", "赞 2 次"]
    assert [version.buttons for version in answer.versions] == [("👍",), ("👍 1",), ("👍 2",)]
    assert answer.at < answer.edits[0].at < answer.edits[1].at <= time.time()
    query = echo.updates[-1].callback_query
    assert query
    assert (query.from_user.id, query.chat_instance) == (boris.id, str(group.id))
    assert query.message
    assert query.message.message_id == answer.id


def test_a_forged_press_and_one_under_a_deleted_message_come_through(
    telegram_world: TelegramWorld, echo: Echo, anna: User, group: Chat
) -> None:
    asked = telegram_world.say(anna, group, "好吗", mention=True)
    (answer,) = telegram_world.until(lambda: telegram_world.replies(asked))
    telegram_world.press(anna, answer.button("👍"), data="up:41")
    telegram_world.until(lambda: telegram_world.now(answer).text == "赞 42 次")
    telegram_world.erase(answer)
    press = telegram_world.press(anna, telegram_world.now(answer).button("👍"))
    telegram_world.until(lambda: telegram_world.answers(press))
    query = echo.updates[-1].callback_query
    assert query
    assert query.message
    assert not query.message.is_accessible
    assert telegram_world.messages(group) == []


@pytest.mark.parametrize("data", ["长" * 22, "a" * 65])
def test_the_data_of_a_button_has_64_bytes_at_most(group: Chat, call: Any, data: str) -> None:
    button = InlineKeyboardMarkup([[InlineKeyboardButton("好", callback_data=data)]])
    with pytest.raises(BadRequest, match="Button_data_invalid"):
        call(lambda bot: bot.send_message(group.id, "好", reply_markup=button))


def test_edits_are_refused_as_telegram_refuses_them(telegram_world: TelegramWorld, anna: User, group: Chat, call: Any) -> None:
    sent = call(lambda bot: bot.send_message(group.id, "<b>好</b> 的", parse_mode="HTML", reply_markup=PRESS))
    said = telegram_world.say(anna, group, "好")
    refused = {
        "Message is not modified": lambda bot: bot.edit_message_text(
            "<strong>好</strong> 的", group.id, sent.message_id, parse_mode="HTML", reply_markup=PRESS
        ),
        "Message to edit not found": lambda bot: bot.edit_message_text("好", group.id, 99),
        "Message can't be edited": lambda bot: bot.edit_message_text("好", group.id, said.id),
        "Message_too_long": lambda bot: bot.edit_message_text("好" * 4097, group.id, sent.message_id),
    }
    for words, edit in refused.items():
        with pytest.raises(BadRequest, match=words):
            call(edit)
    call(lambda bot: bot.edit_message_text("<b>好</b> 的", group.id, sent.message_id, parse_mode="HTML"))
    (message,) = telegram_world.messages(group)
    assert (message.text, message.marked("bold"), message.buttons, len(message.edits)) == ("好 的", ["好"], (), 1)


def test_a_query_is_answered_once(telegram_world: TelegramWorld, anna: User, group: Chat, call: Any) -> None:
    call(lambda bot: bot.send_message(group.id, "好", reply_markup=PRESS))
    press = telegram_world.press(anna, telegram_world.messages(group)[0].button("👍"))
    call(lambda bot: bot.answer_callback_query(press.id, "谢谢", show_alert=True))
    assert telegram_world.answers(press)[0].alert
    for query in (press.id, "1"):
        with pytest.raises(BadRequest, match="Query is too old"):
            call(lambda bot, query=query: bot.answer_callback_query(query))


# --- what the bot sends -----------------------------------------------------------------------------------------------------


def test_what_is_sent_is_kept_word_for_word(telegram_world: TelegramWorld, anna: User, group: Chat, call: Any) -> None:
    asked = telegram_world.say(anna, group, "企点几天退款？")
    no_preview = LinkPreviewOptions(is_disabled=True)
    html = '见 <a href="https://example.com/4.7">4.7</a>：<blockquote expandable>在 <b>7 个</b> 自然日内 😀</blockquote>'
    call(
        lambda bot: bot.send_message(
            group.id,
            html,
            parse_mode="HTML",
            link_preview_options=no_preview,
            disable_notification=True,
            reply_parameters={"message_id": asked.id, "quote": "几天退款"},
        )
    )
    (message,) = telegram_world.replies(asked)
    assert message.text == "见 4.7：在 7 个 自然日内 😀"
    assert message.links == [("4.7", "https://example.com/4.7")]
    assert message.marked("expandable_blockquote") == ["在 7 个 自然日内 😀"]
    assert message.marked("bold") == ["7 个"]
    assert message.quote == "几天退款"
    assert message.sent["text"] == html
    assert message.sent["link_preview_options"] == {"is_disabled": True}
    assert message.sent["disable_notification"] is True


def test_a_reply_to_nothing_is_refused_unless_it_may_lack(telegram_world: TelegramWorld, anna: User, group: Chat, call: Any) -> None:
    asked = telegram_world.say(anna, group, "几天？")
    telegram_world.erase(asked)
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        call(lambda bot: bot.send_message(group.id, "好", reply_to_message_id=asked.id))
    call(lambda bot: bot.send_message(group.id, "好", reply_to_message_id=asked.id, allow_sending_without_reply=True))
    assert [message.reply_to for message in telegram_world.messages()] == [None]
    asked = telegram_world.say(anna, group, "几天？")
    with pytest.raises(BadRequest, match="Quote_text_invalid"):
        call(lambda bot: bot.send_message(group.id, "好", reply_parameters={"message_id": asked.id, "quote": "几年"}))


def test_a_text_has_4096_units_at_most_after_parsing(telegram_world: TelegramWorld, group: Chat, call: Any) -> None:
    call(lambda bot: bot.send_message(group.id, f"<b>{'😀' * 2048}</b>", parse_mode="HTML"))
    with pytest.raises(BadRequest, match="Message is too long"):
        call(lambda bot: bot.send_message(group.id, "😀" * 2048 + "x"))
    with pytest.raises(BadRequest, match="Text is too long"):  # what is sent has 32 KiB at most before parsing
        call(lambda bot: bot.send_message(group.id, "<b>好</b>" * 3300, parse_mode="HTML"))
    assert [len(message.text) for message in telegram_world.messages()] == [2048]


def test_formatting_beyond_a_hundred_entities_is_lost(telegram_world: TelegramWorld, group: Chat, call: Any) -> None:
    call(lambda bot: bot.send_message(group.id, "<b>好</b>，" * 101, parse_mode="HTML"))
    assert len(telegram_world.messages()[0].marked("bold")) == 100


def test_drafts_are_for_private_chats(telegram_world: TelegramWorld, anna: User, group: Chat, call: Any) -> None:
    telegram_world.say(anna, anna.private, "/start")
    call(lambda bot: bot.send_message_draft(anna.id, 7, "在 <b>7</b>", parse_mode="HTML"))
    assert [(draft.draft, draft.text, len(draft.entities)) for draft in telegram_world.drafts(anna)] == [(7, "在 7", 1)]
    with pytest.raises(BadRequest, match="Textdraft_peer_invalid"):
        call(lambda bot: bot.send_message_draft(group.id, 7, "在"))
    assert telegram_world.messages() == []


def test_commands_are_registered_by_scope_and_language(telegram_world: TelegramWorld, call: Any) -> None:
    call(lambda bot: bot.set_my_commands([BotCommand("ask", "提问")], BotCommandScopeAllGroupChats()))
    call(lambda bot: bot.set_my_commands([BotCommand("ask", "Ask")], BotCommandScopeAllGroupChats(), "en"))
    call(lambda bot: bot.set_my_commands([("help", "帮助")]))
    assert telegram_world.commands("all_group_chats") == {"ask": "提问"}
    assert telegram_world.commands("all_group_chats", "en") == {"ask": "Ask"}
    assert telegram_world.commands() == {"help": "帮助"}
    assert telegram_world.commands("all_private_chats") == {}
    with pytest.raises(BadRequest, match="Bot_command_invalid"):
        call(lambda bot: bot.set_my_commands([("提问", "提问")]))


def test_members_are_known(telegram_world: TelegramWorld, anna: User, call: Any) -> None:
    boris = telegram_world.user("鲍里斯")
    group = telegram_world.group("法务群", admins=[anna])
    for user, status in ((anna, "administrator"), (boris, "member")):
        assert call(lambda bot, user=user: bot.get_chat_member(group.id, user.id)).status == status
    assert call(lambda bot: bot.get_chat(group.id)).title == "法务群"
    with pytest.raises(BadRequest, match="Chat not found"):
        call(lambda bot: bot.send_message(-1009, "好"))
    with pytest.raises(Forbidden, match="can't initiate conversation"):
        call(lambda bot: bot.send_message(boris.id, "好"))


def test_a_wrong_token_and_an_unknown_method_are_refused(call: Any) -> None:
    with pytest.raises(InvalidToken):
        call(lambda bot: bot.get_me(), token="7061234567:AAanother-token-of-no-bot-in-the-world-0")
    with pytest.raises(TelegramError, match="not found"):
        call(lambda bot: bot.do_api_request("sendRichMessage"))


# --- chats that change --------------------------------------------------------------------------------------------------------


def test_who_is_kicked_or_blocked_is_told_and_refused(
    telegram_world: TelegramWorld, echo: Echo, anna: User, group: Chat, call: Any
) -> None:
    telegram_world.say(anna, anna.private, "你好")
    telegram_world.until(lambda: telegram_world.messages(anna.private))
    small = telegram_world.group("小群", small=True)
    telegram_world.block(anna)
    telegram_world.kick(group, anna)
    telegram_world.kick(small, anna)
    assert telegram_world.say(anna, group, "有人吗", mention=True).update is None
    said = {anna.id: "blocked by the user", group.id: "kicked from the supergroup chat", small.id: "kicked from the group chat"}
    for chat, words in said.items():
        with pytest.raises(Forbidden, match=words):
            call(lambda bot, chat=chat: bot.send_message(chat, "好"))
    telegram_world.until(lambda: len(echo.updates) == 4)
    changes = [update.my_chat_member for update in echo.updates[1:]]
    assert {(each.chat.id, each.old_chat_member.status, each.new_chat_member.status) for each in changes if each} == {
        (chat, "member", "kicked") for chat in said
    }
    telegram_world.invite(group, anna)
    call(lambda bot: bot.send_message(group.id, "我回来了"))
    call(lambda bot: bot.leave_chat(group.id))
    with pytest.raises(Forbidden, match="not a member of the supergroup chat"):
        call(lambda bot: bot.send_message(group.id, "好"))


def test_a_small_group_becomes_a_supergroup_with_another_id(telegram_world: TelegramWorld, echo: Echo, anna: User, call: Any) -> None:
    small = telegram_world.group("小群", small=True)
    grown = telegram_world.migrate(small, anna)
    assert (small.kind, grown.kind) == ("group", "supergroup")
    telegram_world.until(lambda: len(echo.updates) == 2)
    messages = {update.message.chat_id: update.message for update in echo.updates if update.message}
    assert (messages[small.id].migrate_to_chat_id, messages[grown.id].migrate_from_chat_id) == (grown.id, small.id)
    with pytest.raises(ChatMigrated) as refused:
        call(lambda bot: bot.send_message(small.id, "好"))
    assert refused.value.new_chat_id == grown.id
    call(lambda bot: bot.send_message(grown.id, "好"))
