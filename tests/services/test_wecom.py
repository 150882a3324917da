"""The WeCom bot as people meet it: `wenyue wecom` in a process of its own, on the long connection of a WeCom on loopback."""

from __future__ import annotations

import re
import time

from tests.services.wecom_bot import PATIENCE, Bot
from tests.services.wecom_bot import bot as bot
from tests.services.wecom_server import WecomServer
from tests.services.wecom_server import wecom as wecom
from tests.services.wecom_shown import Said, Shown

_GROUP = "法务群"
_REFUND = "企点开通几天内可以无条件退款？"


def _answer(wecom: WecomServer, said: Said) -> Shown:
    replies = wecom.until(lambda: wecom.replies(said), PATIENCE)
    assert len(replies) == 1
    return replies[0]


def test_a_mention_in_a_group_is_answered_in_its_stream_with_its_clause(wecom: WecomServer, bot: Bot) -> None:
    asked = time.monotonic()
    shown = _answer(wecom, wecom.say("anna", _REFUND, group=_GROUP))
    assert "7 个自然日" in shown.text
    assert re.search(r"《企点》4\.7", shown.text)
    assert shown.feedback
    first = wecom.frames("aibot_respond_msg")[0]
    assert "查阅" in first.body["stream"]["content"]
    assert first.at - asked < 3


def test_in_private_one_must_be_allowed_and_is_welcomed(wecom: WecomServer, bot: Bot) -> None:
    wecom.enter("bob")
    (welcome,) = wecom.until(lambda: wecom.shown("bob"), PATIENCE)
    assert "bob" in welcome.text
    assert "bob" in _answer(wecom, wecom.say("bob", _REFUND)).text
    assert "已允许" in _answer(wecom, wecom.say("boss", "/allow user:bob")).text
    assert "7 个自然日" in _answer(wecom, wecom.say("bob", _REFUND)).text


def test_follow_ups_quotes_and_commands(wecom: WecomServer, bot: Bot) -> None:
    _answer(wecom, wecom.say("anna", "企点打官司去哪", group=_GROUP))
    assert "《乐享》13" in _answer(wecom, wecom.say("anna", "那乐享呢？", group=_GROUP)).text
    quote = {"msgtype": "text", "text": {"content": _REFUND}}
    assert "7 个自然日" in _answer(wecom, wecom.say("anna", "", group=_GROUP, quote=quote)).text
    for command, part in {
        "帮助": "/whoami",
        "/协议": "乐享",
        "/search 发票": "发票",
        "/whoami": "anna",
        "/条款 乐享 4.6.1": "4.6.1",
    }.items():
        assert part in _answer(wecom, wecom.say("anna", command, group=_GROUP)).text


def test_opinions_are_kept_and_a_press_asks(wecom: WecomServer, bot: Bot) -> None:
    shown = _answer(wecom, wecom.say("anna", _REFUND, group=_GROUP))
    wecom.rate("anna", shown, 2, (3,), "引错了")
    card = wecom.until(lambda: [each for each in wecom.shown(_GROUP) if each.card], PATIENCE)[0]
    button = card.card["button_list"][0]
    wecom.press("bob", card, button["key"])
    pushed = wecom.until(lambda: [each for each in wecom.shown(_GROUP) if each.kind == "markdown"], PATIENCE)
    assert "《企点》" in pushed[0].text
    assert wecom.frames("aibot_respond_update_msg")[0].code == 0
    assert "24 小时内问了 2 个" in _answer(wecom, wecom.say("boss", "/status", group=_GROUP)).text


def test_a_message_that_comes_again_is_answered_once(wecom: WecomServer, bot: Bot) -> None:
    said = wecom.say("anna", _REFUND, group=_GROUP)
    wecom.again(said)
    _answer(wecom, said)
    wecom.again(said)
    _answer(wecom, wecom.say("anna", "企点打官司去哪", group=_GROUP))
    assert len(wecom.replies(said)) == 1


def test_through_broken_connections_nothing_is_lost_or_doubled(wecom: WecomServer, bot: Bot) -> None:
    asked: list[Said] = []
    for at, break_off in enumerate([lambda: wecom.close(1000), lambda: wecom.close(1001), lambda: wecom.close(1008), wecom.abort]):
        asked += [wecom.say("anna", f"企点开通第{at + 1}天可以退款吗", group=_GROUP), wecom.say("bob", "乐享打官司去哪", group="采购群")]
        break_off()
        wecom.until(lambda asked=asked: all(wecom.replies(each) for each in asked), PATIENCE)  # type: ignore[misc]
    assert [len(wecom.replies(each)) for each in asked] == [1] * 8


def test_of_two_processes_one_holds_the_connection_and_the_other_takes_over(wecom: WecomServer, bot: Bot) -> None:
    second = bot.spawn()
    try:
        wecom.until(lambda: "standing by" in bot.log.read_text(encoding="utf-8"), PATIENCE)
        assert "7 个自然日" in _answer(wecom, wecom.say("anna", _REFUND, group=_GROUP)).text
        assert len(wecom.lines) == 1
        assert bot.stop() == 0
        wecom.until(lambda: len(wecom.lines) == 2 and wecom.is_connected, PATIENCE)
        assert "11.4" in _answer(wecom, wecom.say("anna", "企点打官司去哪", group=_GROUP)).text
    finally:
        second.terminate()
        second.wait(PATIENCE)


def test_a_wrong_secret_is_one_sentence(wecom: WecomServer, bot: Bot) -> None:
    bot.stop()
    process = bot.spawn(WENYUE_WECOM_SECRET="not-the-secret")
    assert process.wait(PATIENCE) == 1
    assert "WENYUE_WECOM_SECRET" in bot.log.read_text(encoding="utf-8").strip().splitlines()[-1]
