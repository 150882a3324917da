"""The WeCom bot under load, and killed while it answers."""

from __future__ import annotations

import signal

from tests.services.wecom_bot import PATIENCE, Bot
from tests.services.wecom_bot import bot as bot
from tests.services.wecom_server import WecomServer
from tests.services.wecom_server import wecom as wecom

_GROUP = "法务群"
_REFUND = "企点开通几天内可以无条件退款？"


def test_fifty_questions_in_a_group_get_fifty_answers(wecom: WecomServer, bot: Bot) -> None:
    asked = [wecom.say(f"p{at % 10}", f"企点开通第{at + 1}天可以无条件退款吗？", group=_GROUP) for at in range(50)]
    wecom.until(lambda: all(wecom.replies(each) for each in asked), 200)
    assert [len(wecom.replies(each)) for each in asked] == [1] * 50


def test_what_a_killed_bot_left_is_answered_by_the_next_and_only_once(wecom: WecomServer, bot: Bot) -> None:
    wecom.lose(performed=False, times=100)
    asked = [wecom.say("anna", question, group=_GROUP) for question in (_REFUND, "企点打官司去哪")]
    wecom.until(lambda: len(wecom.frames("aibot_respond_msg")) >= 2, PATIENCE)
    bot.stop(signal.SIGKILL)
    wecom.mend()
    bot.start()
    wecom.until(lambda: all(wecom.replies(each) for each in asked), 150)
    assert [len(wecom.replies(each)) for each in asked] == [1, 1]
