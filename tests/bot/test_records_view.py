"""What was answered, as the terminal shows it: a list, one whole, and `wenyue answers` as people run it."""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import replace
from datetime import UTC, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from answering.answer import Answer, Choice, Citation, Reason, Statement, Status, Withheld
from bot.console.records_view import REASONS, moment, show_record, show_records
from bot.place import Place
from bot.record import Record
from bot.records import Records
from retrieval.clause import Clause, Hit, Kind
from tests.bot.test_cli import Wenyue
from tests.bot.test_cli import home as home
from tests.bot.test_cli import wenyue as wenyue

_NAMES = {"qidian": "企点", "lexiang": "乐享"}
_NOW = datetime.datetime(2025, 3, 1, 12, tzinfo=UTC)
_REFUND = "企点开通几天内可以无条件退款？"


def _clause(number: str, agreement: str = "qidian") -> Clause:
    return Clause(agreement, number, number, 1, Kind.CLAUSE, 2, None, "", "开通七日内可以退款。", False, f"《协议》{number}")


_ANSWER = Answer(
    "a1",
    "[b]几天内[/b]可以退款",
    Status.ANSWERED,
    (Statement("七日内可以退款[dim]。", (0, 1)),),
    (
        Citation(_clause("4.7"), "开通七日内可以退款。", "权利义务 > 退款", "您可以："),
        Citation(_clause("4.9"), "可以退款"),
        Citation(_clause("3.1", "lexiang"), "可以退款"),
    ),
    retrieved=tuple(Hit(_clause(f"9.{at}"), 1 - at / 20) for at in range(15)),
    withheld=(Withheld("三十日内都可以。", Reason.FIGURE_NOT_IN_CLAUSE), Withheld("都行。", Reason.NO_CITATION)),
    notice="用得不少了。",
    model="deepseek:deepseek-chat",
    prompt_version="p1p2p3",
    tokens={"prompt": 4812, "completion": 140},
    latency_ms=1234.5,
    first_ms=456.0,
    understood_as="企点：几天内可以退款",
    confidence=0.913,
    threshold=0.7,
)


def _record(answer: Answer = _ANSWER, place: Place | None = None, **more: Any) -> Record:
    place = place or Place("telegram", "-100123", "7", "[red]ann")
    record = Record("1m7zmx05thh0", _NOW, place, answer.question, answer.status.value, "lib1/p1p2p3/deepseek/w1", None, answer.to_json())
    return replace(record, **more)


def _shown(show: Any, what: Any, width: int = 100) -> str:
    console = Console(file=StringIO(), width=width, highlight=False, color_system=None)
    show(console, what, _NAMES)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_the_list_tells_when_where_what_with_which_clauses_and_by_whom() -> None:
    shown = _shown(show_records, [_record(), _record(replace(_ANSWER, status=Status.NOT_COVERED, citations=(), withheld=()))])
    for part in (
        f"{_NOW.astimezone():%m-%d %H:%M}", "1m7zmx05thh0", "[b]几天内[/b]可以退款", "telegram:-100123", "有依据", "deepseek-chat",
        "企点 4.7、4.9", "乐享 3.1", "2 句未显示", "1234", "未写到", "—",
    ):  # fmt: skip
        assert part in shown, part


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_list_fits_the_terminal_and_cuts_no_id(width: int) -> None:
    long = replace(_ANSWER, question="很长的问题" * 60, model="openai:some/very-long-name-of-a-model-2025-01-01")
    lines = _shown(show_records, [_record(long)] * 3, width).splitlines()
    assert sum("1m7zmx05thh0" in line for line in lines) == 3
    assert all(len(line) <= width for line in lines)
    assert len(lines) <= 3 * 5 + 5


def test_one_is_shown_whole() -> None:
    shown = _shown(show_record, _record())
    for part in (
        "1m7zmx05thh0", "telegram:-100123", "[red]ann", "7", "[b]几天内[/b]可以退款", "企点：几天内可以退款", "有依据",
        "七日内可以退款[dim]。（《协议》4.7、《协议》4.9）", "用得不少了。", "《协议》4.7　权利义务 > 退款", "您可以：", "“开通七日内可以退款。”",
        "三十日内都可以。　（数字不在条款里）", "都行。　（没有引用条款）", "前 10 条", "1.000  企点 9.0", "0.550  企点 9.9",
        "deepseek:deepseek-chat", "输入 4,812，输出 140 token", "1234 毫秒", "第一句在 456 毫秒", "0.91", "0.70", "p1p2p3", "lib1/p1p2p3/deepseek/w1",
    ):  # fmt: skip
        assert part in shown, part
    assert "企点 9.10" not in shown


def test_one_that_was_served_again_says_from_which() -> None:
    assert "1m7zmw000000" in _shown(show_record, _record(served_from="1m7zmw000000"))
    assert "不久前答过" in _shown(show_records, [_record(served_from="1m7zmw000000")])


def test_what_there_is_not_has_no_heading() -> None:
    refused = Answer("a", "问", Status.OUT_OF_SCOPE, message="这不是协议条款的问题。")
    shown = _shown(show_record, _record(refused, Place("terminal")))
    for heading in ("依据", "未显示", "找到的条款", "提示 ", "提问者", "话题", "理解为", "把握", "来自"):
        assert heading not in shown.replace("有依据", "").replace("提示词", ""), heading
    choices = (Choice("qidian", "《直销协议》", "企点：退款"),)
    assert "《直销协议》" in _shown(show_record, _record(replace(refused, status=Status.CLARIFY, choices=choices)))


def test_every_reason_is_told_in_words() -> None:
    assert set(REASONS) == set(Reason)
    assert len(set(REASONS.values())) == len(REASONS)


def test_a_reason_that_is_known_no_longer_is_shown_as_it_was_kept() -> None:
    row = _ANSWER.to_json()
    row["withheld"] = [{"text": "甲", "reason": "bad_mood"}]
    assert "（bad_mood）" in _shown(show_record, replace(_record(), answer=row))


@pytest.mark.parametrize(
    ("text", "before"),
    [("30m", timedelta(minutes=30)), ("12h", timedelta(hours=12)), ("2d", timedelta(days=2)), (" 1w ", timedelta(weeks=1))],
)
def test_a_span_is_taken_back_from_now(text: str, before: timedelta) -> None:
    assert moment(text, _NOW) == _NOW - before


def test_a_date_begins_where_the_machine_is_and_a_time_with_a_zone_is_that() -> None:
    assert moment("2025-02-28", _NOW) == datetime.datetime(2025, 2, 28).astimezone()
    assert moment("2025-02-28T08:00+08:00", _NOW) == datetime.datetime(2025, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "2", "d", "-2d", "2y", "yesterday", "999999w", "2025-13-01"])
def test_what_is_no_time_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(text))) as failed:
        moment(text, _NOW)
    assert "2025-03-01" in str(failed.value)


def _own(tmp_path: Path) -> dict[str, str]:
    """The variables for records of a test's own, beside the index that all share."""
    return {"WENYUE_DATABASE": f"sqlite:///{tmp_path / 'own.db'}", "LOGNAME": "ann"}


def test_what_ask_answered_can_be_listed_and_shown(wenyue: Wenyue, tmp_path: Path) -> None:
    own = _own(tmp_path)
    (asked,) = wenyue("ask", _REFUND, "--json", **own).rows()
    wenyue("ask", "企点一年多少钱", **own)
    rows = wenyue("answers", "--json", **own).rows()
    assert [(row["question"], row["channel"], row["asker"]) for row in rows] == [
        ("企点一年多少钱", "terminal", "ann"),
        (_REFUND, "terminal", "ann"),
    ]
    assert rows[1]["answer"] | {"contact": None} == asked
    listed = wenyue("answers", **own)
    assert (listed.status, listed.err) == (0, "")
    assert "企点 4.7、4.9" in listed.out
    assert "\x1b" not in listed.out
    whole = wenyue("answers", rows[1]["id"], **own)
    assert (whole.status, whole.err) == (0, "")
    assert "《腾讯企业级产品及服务直销协议》4.7" in whole.out
    assert wenyue("answers", rows[1]["id"][:11], "--json", **own).rows() == [rows[1]]


def test_answers_are_filtered(wenyue: Wenyue, tmp_path: Path) -> None:
    own = _own(tmp_path)
    for question in (_REFUND, "企点一年多少钱"):
        wenyue("ask", question, **own)
    for filters, questions in (
        (("--status", "not_covered"), ["企点一年多少钱"]),
        (("--contains", "无条件"), [_REFUND]),
        (("--since", "1h", "-n", "1"), ["企点一年多少钱"]),
        (("--chat", "telegram"), []),
        (("--chat", "terminal", "--contains", "钱"), ["企点一年多少钱"]),
    ):
        assert [row["question"] for row in wenyue("answers", *filters, "--json", **own).rows()] == questions, filters
    assert wenyue("answers", "--chat", "telegram", **own).err == "没有这样的回答。\n"


@pytest.mark.parametrize(
    ("arguments", "status", "named"),
    [(("zzz",), 1, "'zzz'"), (("--since", "soon"), 2, "'soon'"), (("--status", "good"), 2, "good"), (("-n", "0"), 2, "-n")],
)
def test_what_cannot_be_shown_is_told_without_a_traceback(
    arguments: tuple[str, ...], status: int, named: str, wenyue: Wenyue, tmp_path: Path
) -> None:
    run = wenyue("answers", *arguments, **_own(tmp_path))
    assert (run.status, run.out) == (status, "")
    assert named in run.err
    assert "Traceback" not in run.err


def test_a_chat_goes_on_where_it_ended_and_ask_is_no_part_of_it(wenyue: Wenyue, tmp_path: Path) -> None:
    own = _own(tmp_path)
    wenyue("ask", "乐享怎么注册账号？", **own)
    assert "接着之前的对话" not in wenyue("chat", typed=f"{_REFUND}\n", **own).out
    assert "接着之前的对话" in wenyue("chat", typed="那发票什么时候开？\n", **own).out
    (row,) = wenyue("answers", "-n", "1", "--json", **own).rows()
    assert {hit["agreement"] for hit in row["answer"]["retrieved"]} == {"qidian"}
    assert "接着之前的对话" in wenyue("chat", typed="/new\n", **own).out
    assert "接着之前的对话" not in wenyue("chat", **own).out
    assert len(wenyue("answers", "--json", **own).rows()) == 3


def test_with_no_days_nobody_s_words_are_written_and_the_chat_remembers_all_the_same(wenyue: Wenyue, tmp_path: Path) -> None:
    own = _own(tmp_path) | {"WENYUE_KEEP_DAYS": "0"}
    run = wenyue("chat", typed=f"{_REFUND}\n那发票什么时候开？\n", **own)
    assert "企点：那发票什么时候开？" in run.out
    assert _REFUND.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("own.db*"))
    assert "WENYUE_KEEP_DAYS" in wenyue("answers", **own).err


def test_an_answer_that_cannot_be_kept_is_shown_and_one_line_says_so(wenyue: Wenyue, tmp_path: Path) -> None:
    own = _own(tmp_path)
    assert wenyue("agreements", **own).status == 0
    records = Records(own["WENYUE_DATABASE"])
    records.begin(Place("terminal"))
    with records._engine.begin() as connection:
        connection.exec_driver_sql("CREATE TRIGGER full BEFORE INSERT ON answer BEGIN SELECT RAISE(ABORT, 'no more room'); END")
    records.close()
    run = wenyue("ask", _REFUND, "--json", **own)
    assert run.status == 0
    assert json.loads(run.out)["status"] == "answered"
    assert len(run.err.splitlines()) == 1
    assert "没有记下" in run.err
    assert "退款" not in run.err
