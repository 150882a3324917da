from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from answering.answer import Answer, Citation, Language, Statement, Status
from bot.console.answer_view import show_answer
from bot.form import form_of
from tests.shown_answers import AGREEMENTS, FEES, INVOICE, quoted, refused, told, unclear

_QUOTED = """\
● 有条款依据
  车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月
  租车辆除外。（《停车场服务协议》1.2）

  您不得从事下列行为：将车位转租给他人；
  （《停车场服务协议》1.3（2））

依据
  《停车场服务协议》　2022-10-18 更新
    1.2　收费 > 发票
      停车每小时收费 5 元，每日最高收费 40 元。车辆离场后，
      您可以在……费发票，但月租车辆除外。逾期不予补开。
      提到《发票管理规则》（未收录）
      定义“月租车辆”见 2.1：是指按月支付费用的车辆
    1.3（2）　责任

以上摘自协议条款，不构成法律意见。

还可以问：
  停车：忘了开发票怎么办？
  停车：月租怎么退？
  停车：车位可以借给朋友吗？
"""
_QUOTED_TRADITIONAL = """\
● 有條款依據
  车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月
  租车辆除外。（《停车场服务协议》1.2）

  您不得从事下列行为：将车位转租给他人；
  （《停车场服务协议》1.3（2））

依據
  《停车场服务协议》　2022-10-18 更新
    1.2　收费 > 发票
      停车每小时收费 5 元，每日最高收费 40 元。车辆离场后，
      您可以在……费发票，但月租车辆除外。逾期不予补开。
      提到《发票管理规则》（未收錄）
      定義「月租车辆」見 2.1：是指按月支付费用的车辆
    1.3（2）　责任

以上摘自協議條款，不構成法律意見。

還可以問：
  停车：忘了开发票怎么办？
  停车：月租怎么退？
  停车：车位可以借给朋友吗？
"""
_QUOTED_ENGLISH = """\
● The agreements say
  Quoted in the original Chinese.
  车辆离场后，您可以在 30 个自然日内申请开具停车费发票，但月
  租车辆除外。 (《停车场服务协议》1.2)

  您不得从事下列行为：将车位转租给他人；
  (《停车场服务协议》1.3（2）)

Sources
  《停车场服务协议》　updated 2022-10-18
    1.2　收费 > 发票
      停车每小时收费 5 元，每日最高收费 40 元。车辆离场后，
      您可以在……费发票，但月租车辆除外。逾期不予补开。
      refers to 《发票管理规则》 (not held here)
      “月租车辆” is defined in 2.1: 是指按月支付费用的车辆
    1.3（2）　责任

Quoted from the agreements; not legal advice.

You may also ask:
  停车：忘了开发票怎么办？
  停车：月租怎么退？
  停车：车位可以借给朋友吗？
"""
_TOLD = """\
● 有条款依据
  按“停车的发票和线缆呢”理解
  发票要在离场后 30 天内申请；月租车辆不能申请。
  （《停车场服务协议》1.2）
  车位不能转租，充电线缆要自己准备。
  （《停车场服务协议》1.3（2）、《充电桩使用协议》7.1）

依据
  《停车场服务协议》　2022-10-18 更新
    1.2　收费 > 发票
      停车每小时收费 5 元，每日最高收费 40 元。车辆离场后，
      您可以在 30 个自然日内申请开具停车费发票，但月租车辆除
      外。逾期不予补开。
      提到 1.3（2）：您不得从事下列行为：将车位转租给他人；
    1.3（2）　责任
      您不得从事下列行为：
      将车位转租给他人；
  《充电桩使用协议》
    7.1
      充电线缆由用户自备。

另有 1 句未通过核对，没有显示。
模型限流。

以上依据协议条款，不构成法律意见。
"""
_REFUSED = """\
● 協議未寫到
  没有写到。
  可能相關：
    · 《停车场服务协议》1.2　发票
    · 《充电桩使用协议》7.1

還可以問：
  停车：几点关门？
"""
_UNCLEAR = """\
● Please choose an agreement
  哪一份？
    · 《停车场服务协议》 for example: 停车：多少钱？
    · 《充电桩使用协议》 for example: 充电：多少钱？
"""


def _shown(answer: Answer, *, width: int = 60, colours: bool = False, full: bool = False) -> str:
    file = StringIO()
    console = Console(file=file, width=width, force_terminal=colours, color_system="standard" if colours else None, highlight=False)
    show_answer(console, form_of(answer, AGREEMENTS), full=full)
    return file.getvalue()


def _quoting(statement: str) -> Answer:
    return Answer("a", "问", Status.ANSWERED, (Statement(statement, (0,)),), (Citation(FEES, INVOICE),))


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (quoted(), _QUOTED),
        (quoted(Language.TRADITIONAL), _QUOTED_TRADITIONAL),
        (quoted(Language.ENGLISH), _QUOTED_ENGLISH),
        (told(), _TOLD),
        (refused(Language.TRADITIONAL), _REFUSED),
        (unclear(Language.ENGLISH), _UNCLEAR),
    ],
    ids=["quoted", "quoted-traditional", "quoted-english", "told", "refused-traditional", "unclear-english"],
)
def test_an_answer_as_it_is_seen(answer: Answer, shown: str) -> None:
    assert _shown(answer) == shown


def test_in_full_every_cited_clause_is_there_with_what_introduces_it() -> None:
    shown = "".join(_shown(quoted(), full=True).split())
    assert "".join(FEES.text.split()) in shown
    assert shown.count("将车位转租给他人；") == 2
    assert shown.count("您不得从事下列行为：") == 2


def test_the_quoted_words_stand_out_in_the_clause() -> None:
    shown = _shown(_quoting("发票三十天内开。"), width=200, colours=True)
    assert f"\x1b[1m{INVOICE[:20]}" in shown
    assert "\x1b[2m停车每小时收费" in shown
    assert "\x1b[2m逾期不予补开。" in shown


def test_a_label_stands_out_and_is_not_broken() -> None:
    assert "\x1b[1;36m《停车场服务协议》1.2" in _shown(_quoting("发票三十天内开，" * 2), width=50, colours=True)


def test_without_a_terminal_nothing_but_text_is_written_and_no_line_ends_in_blanks() -> None:
    shown = _shown(told())
    assert "\x1b" not in shown
    assert all(line == line.rstrip() for line in shown.splitlines())


def test_statements_withheld_are_counted_and_not_shown() -> None:
    assert "另有 1 句未通过核对" in _shown(told())
    assert "丙" not in _shown(told())


def test_what_may_be_asked_next_stands_at_the_end_each_on_one_line() -> None:
    answer = replace(quoted(), suggestions=("企点：发票几天开出？", "企点：" + "很长" * 60))
    assert _shown(answer).splitlines()[-3:] == ["还可以问：", "  企点：发票几天开出？", "  企点：" + "很长" * 60]


@pytest.mark.parametrize(
    ("status", "named"), [(Status.NOT_COVERED, "协议未写到"), (Status.OUT_OF_SCOPE, "不在协议范围内"), (Status.ERROR, "出错")]
)
def test_a_refusal_says_so_and_shows_no_grounds(status: Status, named: str) -> None:
    shown = _shown(replace(refused(), status=status))
    assert shown.startswith(f"● {named}\n  没有写到。\n")
    assert "依据" not in shown
    assert "法律意见" not in shown


@pytest.mark.parametrize("text", ["[bold]粗[/bold]", "没有收尾[/x]", "[link=http://x]点我[/link]", "见[C1]", "\\[red]"])
def test_brackets_in_an_answer_are_shown_as_they_are(text: str) -> None:
    assert text in _shown(_quoting(text))
