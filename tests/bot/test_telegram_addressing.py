"""What in a Telegram chat is addressed to the bot. Messages are made from JSON as Telegram sends it."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Message as Sent
from telegram import User

from bot.place import Place
from bot.telegram.addressing import addressed, message_of, place_of, quoted_in

_BOT = User(666, "问约", is_bot=True, username="WenYueBot")
_ANN = {"id": 7, "is_bot": False, "first_name": "安"}
_GROUP = {"id": -100, "type": "supergroup", "title": "法务群"}


def _sent(text: str, *, group: bool = True, sender: dict[str, Any] = _ANN, **more: Any) -> Sent:
    chat = _GROUP if group else {"id": 7, "type": "private"}
    sent = Sent.de_json({"message_id": 5, "date": 1, "chat": chat, "from": sender, "text": text, **more}, None)
    assert sent is not None
    return sent


def _mention(text: str, name: str = "@WenYueBot") -> dict[str, Any]:
    start = len(text[: text.index(name)].encode("utf-16-le")) // 2
    return {"type": "mention", "offset": start, "length": len(name)}


def test_talk_in_a_group_is_nobody_s_business() -> None:
    assert addressed(_sent("今天吃什么"), _BOT) is None
    assert addressed(_sent("WenYueBot 是谁"), _BOT) is None  # a name without an entity is talk
    assert addressed(_sent("@WenYueBot 几天能退"), _BOT) is None


@pytest.mark.parametrize("text", ["@WenYueBot 几天能退", "几天能退 @WenYueBot", "@wenyuebot 几天能退"])
def test_a_mention_is_taken_out_of_what_is_asked(text: str) -> None:
    name = next(word for word in text.split() if word.startswith("@"))
    assert addressed(_sent(text, entities=[_mention(text, name)]), _BOT) == "几天能退"


def test_a_name_or_command_that_chinese_stands_at_counts_though_telegram_marks_none() -> None:
    assert addressed(_sent("@WenYueBot企点几天能退"), _BOT) == "企点几天能退"
    assert addressed(_sent("/ask企点几天能退"), _BOT) == "/ask 企点几天能退"
    assert addressed(_sent("/ask@WenYueBot企点几天能退"), _BOT) == "/ask 企点几天能退"
    assert addressed(_sent("@WenYueBots企点几天能退"), _BOT) is None


def test_a_command_counts_where_it_names_the_bot_or_none_and_where_there_is_such_a_command() -> None:
    assert addressed(_sent("/clause 乐享 4.6.1"), _BOT) == "/clause 乐享 4.6.1"
    assert addressed(_sent("/HELP@wenyuebot"), _BOT) == "/HELP"
    assert addressed(_sent("/help@OtherBot"), _BOT) is None
    assert addressed(_sent("/weather 北京"), _BOT) is None
    assert addressed(_sent("见 /help"), _BOT) is None


def test_places_are_counted_as_telegram_does_in_utf_16() -> None:
    text = "👍🏽🎉 @WenYueBot 几天能退"
    assert addressed(_sent(text, entities=[_mention(text)]), _BOT) == "👍🏽🎉  几天能退"


def test_the_mention_of_somebody_else_stays_and_addresses_nobody() -> None:
    text = "@Other 几天能退"
    assert addressed(_sent(text, entities=[_mention(text, "@Other")]), _BOT) is None
    both = "@WenYueBot 问问 @Other 说的对吗"
    assert addressed(_sent(both, entities=[_mention(both), _mention(both, "@Other")]), _BOT) == "问问 @Other 说的对吗"


def test_a_mention_without_a_user_name_counts_by_the_user_it_links() -> None:
    ours = {"type": "text_mention", "offset": 0, "length": 2, "user": {"id": 666, "is_bot": True, "first_name": "问约"}}
    theirs = ours | {"user": {"id": 8, "is_bot": False, "first_name": "别人"}}
    assert addressed(_sent("问约 几天能退", entities=[ours]), _BOT) == "几天能退"
    assert addressed(_sent("问约 几天能退", entities=[theirs]), _BOT) is None


def test_an_answer_to_the_bot_and_a_private_chat_are_addressed_to_it() -> None:
    said = {"message_id": 4, "date": 1, "chat": _GROUP, "from": {"id": 666, "is_bot": True, "first_name": "问约"}, "text": "可以"}
    assert addressed(_sent("那乐享呢", reply_to_message=said), _BOT) == "那乐享呢"
    assert addressed(_sent("那乐享呢", reply_to_message=said | {"from": _ANN}), _BOT) is None
    assert addressed(_sent("几天能退", group=False), _BOT) == "几天能退"


def test_what_another_bot_says_is_not_answered() -> None:
    robot = {"id": 9, "is_bot": True, "first_name": "机器"}
    assert addressed(_sent("几天能退", group=False, sender=robot), _BOT) is None


def test_the_words_of_a_picture_count_like_those_of_a_message() -> None:
    sent = Sent.de_json(
        {"message_id": 5, "date": 1, "chat": _GROUP, "from": _ANN, "caption": "@WenYueBot 这个能退吗", "caption_entities": [_mention("@WenYueBot 这个能退吗")]},
        None,
    )  # fmt: skip
    assert sent is not None
    assert addressed(sent, _BOT) == "这个能退吗"


def test_what_is_quoted_are_the_words_of_others_never_the_bot_s_own() -> None:
    theirs = {
        "message_id": 4,
        "date": 1,
        "chat": _GROUP,
        "from": {"id": 8, "is_bot": False, "first_name": "别人"},
        "text": "买错了能退钱吗？我刚买的。",
    }
    ours = theirs | {"from": {"id": 666, "is_bot": True, "first_name": "问约"}}
    assert quoted_in(_sent("怎么说", reply_to_message=theirs)) == "买错了能退钱吗？我刚买的。"
    assert quoted_in(_sent("怎么说", reply_to_message=theirs, quote={"text": "能退钱吗", "position": 3})) == "能退钱吗"
    assert quoted_in(_sent("怎么说", reply_to_message=ours)) == quoted_in(_sent("怎么说")) == ""


def test_a_place_has_its_topic_and_who_writes_for_a_group_is_the_group() -> None:
    assert place_of(_sent("几天能退")) == Place("telegram", "-100", "", "7")
    assert place_of(_sent("几天能退", message_thread_id=3, is_topic_message=True)) == Place("telegram", "-100", "3", "7")
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    hidden = _sent("几天能退", sender_chat=_GROUP, sender=anonymous)
    assert place_of(hidden).asker == "chat:-100"
    assert message_of(hidden, "几天能退").private is False
