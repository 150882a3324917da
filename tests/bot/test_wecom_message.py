"""What was asked in WeCom, whichever way somebody called the bot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.message import Message
from bot.place import Place
from bot.wecom.message import message_of, without_mention
from tests.wecom_sender import question

_NAMES = ("问约", "Robot", "Robot A", "Wen Yue Bot")
_SINGLE: dict[str, Any] = {"chattype": "single", "chatid": None}


def _text(said: str, names: tuple[str, ...] = _NAMES) -> str:
    message = message_of(question(said), names)
    assert message is not None
    return message.text


def test_a_question_in_a_group_is_that_of_its_asker_there() -> None:
    assert message_of(question("@问约 几天能退"), _NAMES) == Message(Place("wecom", "CHAT", "", "ann"), "MSG1", "几天能退")


def test_a_question_in_a_single_chat_stands_in_the_chat_of_its_asker() -> None:
    said = message_of(question("几天能退", **_SINGLE), _NAMES)
    assert said == Message(Place("wecom", "ann", "", "ann"), "MSG1", "几天能退", private=True)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("@问约 几天能退", "几天能退"),
        ("  @问约 几天能退", "几天能退"),
        ("@问约\u2005几天能退", "几天能退"),
        ("@问约\u00a0几天能退", "几天能退"),
        ("@问约\u3000\u200b几天能退", "几天能退"),
        ("@问约\n几天能退\n要什么材料", "几天能退\n要什么材料"),
        ("＠问约 几天能退", "几天能退"),
        ("@问约几天能退", "几天能退"),
        ("@Robot企点几天能退", "企点几天能退"),
        ("@问约，几天能退？", "几天能退？"),
        ("@Robot: how many days?", "how many days?"),
        ("@robot how many days", "how many days"),
        ("@ROBOT a how many days", "how many days"),
        ("@Robot A how many days", "how many days"),
        ("@Robot Apples are what?", "Apples are what?"),
        ("@Wen Yue Bot 几天能退", "几天能退"),
        ("@wen\u00a0yue  bot\u2005几天能退", "几天能退"),
        ("@Wen Yue Bot几天能退", "几天能退"),
        ("请问 @问约 几天能退", "请问 几天能退"),
        ("请问@问约 几天能退", "请问几天能退"),
        ("please @Robot tell me", "please tell me"),
        ("please@Robot tell me", "please tell me"),
        ("几天能退 @问约", "几天能退"),
        ("几天能退@问约", "几天能退"),
        ("@问约 @Robot A 几天能退", "几天能退"),
        ("@问约 问问 @张三 说的对吗", "问问 @张三 说的对吗"),
        ("@张三 @问约 说的对吗", "@张三 说的对吗"),
        ("@问约 👍🏽能退吗", "👍🏽能退吗"),
        ("@问约👍🏽能退吗", "👍🏽能退吗"),
        ("@问约", ""),
        (" ＠Wen Yue Bot\u2005", ""),
        ("@问约，", ""),
    ],
)
def test_the_bot_s_own_mention_is_taken_out(said: str, text: str) -> None:
    assert _text(said) == text


@pytest.mark.parametrize(
    "said",
    [
        "@Roberto 几天能退",
        "@Robots 几天能退",
        "@Robot2 几天能退",
        "@Robot_x 几天能退",
        "@Robot-2 几天能退",
        "@Robot.cn 几天能退",
        "写信到 help@robot.com 行吗",
        "@Robot·张 几天能退",
        "@Wen Yue 几天能退",
        "@WenYueBot 几天能退",
        "@ 问约 几天能退",
        "问约 几天能退",
        "@所有人 几天能退",
    ],
)
def test_what_mentions_somebody_else_stays(said: str) -> None:
    assert _text(said) == said


def test_a_name_may_be_written_with_its_sign_and_be_empty_or_no_name() -> None:
    assert _text("@问约 几天能退", ("@问约", " ", "")) == "几天能退"
    assert _text("@问约 几天能退", ()) == "@问约 几天能退"
    assert _text("@A.*+(b) 几天能退", ("A.*+(b)",)) == "几天能退"


def test_a_longer_name_is_not_cut_by_a_shorter_one_wherever_it_stands_in_the_list() -> None:
    for names in (("问约", "问约助手"), ("问约助手", "问约")):
        assert _text("@问约助手 几天能退", names) == "几天能退"
        assert _text("@问约 几天能退", names) == "几天能退"


def test_the_texts_of_a_mixed_message_are_one() -> None:
    items = [
        {"msgtype": "text", "text": {"content": "@问约 这张图"}},
        {"msgtype": "image", "image": {"url": "https://x"}},
        {"msgtype": "text", "text": {"content": "说的几天"}},
        "不是一项",
        {"msgtype": "text"},
    ]
    message = message_of(question(msgtype="mixed", mixed={"msg_item": items}), _NAMES)
    assert message is not None
    assert message.text == "这张图\n说的几天"
    only = message_of(question(msgtype="mixed", mixed={"msg_item": [items[1]]}), _NAMES)
    assert only is not None
    assert only.text == ""


def test_what_was_spoken_counts_in_a_single_chat() -> None:
    spoken: dict[str, Any] = {"msgtype": "voice", "voice": {"content": "几天能退"}}
    said = message_of(question(**_SINGLE, **spoken), _NAMES)
    assert said is not None
    assert (said.text, said.private) == ("几天能退", True)
    assert message_of(question(**spoken), _NAMES) is None


@pytest.mark.parametrize(
    ("quote", "quoted"),
    [
        ({"msgtype": "text", "text": {"content": " 开通七日内可退 "}}, "开通七日内可退"),
        ({"msgtype": "text", "text": {"content": "@张三 看看 @问约"}}, "@张三 看看 @问约"),
        ({"msgtype": "voice", "voice": {"content": "七日内"}}, "七日内"),
        (
            {"msgtype": "mixed", "mixed": {"msg_item": [{"msgtype": "image"}, {"msgtype": "text", "text": {"content": "七日内"}}]}},
            "七日内",
        ),
        ({"msgtype": "image", "image": {"url": "https://x"}}, ""),
        ({"msgtype": "file", "file": {"url": "https://x"}}, ""),
        ({"msgtype": "text"}, ""),
        ("开通七日内", ""),
        (None, ""),
    ],
)
def test_what_is_quoted_are_its_words(quote: object, quoted: str) -> None:
    message = message_of(question(quote=quote), _NAMES)
    assert message is not None
    assert message.quoted == quoted
    assert message.text == "企点几天内可以退款"


@pytest.mark.parametrize(
    "body",
    [
        question(msgtype="image", image={"url": "https://x"}),
        question(msgtype="file", file={"url": "https://x"}),
        question(msgtype="video", video={"url": "https://x"}),
        question(msgtype="stream", stream={"id": "S"}),
        question(msgtype="event", event={"eventtype": "enter_chat"}),
        question(msgtype="location"),
        question(msgtype=None),
        question(msgtype=["text"]),
        question() | {"text": None},
        question() | {"text": {"content": 5}},
        question(msgtype="mixed", mixed={"msg_item": "x"}),
        question(msgtype="mixed", mixed=None),
        question(msgid=""),
        question(chatid=""),
        question(chatid=7),
        question() | {"from": {}},
        question() | {"from": "ann"},
        {},
    ],
)
def test_what_is_no_question_is_none(body: dict[str, Any]) -> None:
    assert message_of(body, _NAMES) is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_KEYS = ("msgid", "chatid", "chattype", "from", "msgtype", "text", "mixed", "voice", "quote", "stream")


@given(st.dictionaries(st.sampled_from(_KEYS), _json | st.sampled_from(["single", "text", "mixed", "voice"])))
def test_nothing_that_comes_raises_anything(body: dict[str, Any]) -> None:
    message_of(body, _NAMES)
    message_of(question() | body, _NAMES)


@given(st.text(st.sampled_from("@＠问约Robot A张\u2005\u00a0，.-"), max_size=30))
@example("@问约@问约 @Robot")
def test_taking_a_name_out_leaves_all_other_words(said: str) -> None:
    left = without_mention(said, _NAMES)
    kept = [character for character in left if character not in " \u2005\u00a0"]
    rest = iter(said)
    assert all(character in rest for character in kept)  # in this order
    assert left == left.strip()
