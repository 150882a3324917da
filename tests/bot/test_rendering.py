from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from answering.answer import Answer, Choice, Citation, Defined, Reason, Referred, Statement, Status, Withheld
from bot.rendering import show_agreements, show_answer, show_clauses, show_hits
from retrieval.clause import Clause, Hit, Kind
from retrieval.library import Library


def _console(*, colours: bool = False) -> Console:
    return Console(file=StringIO(), width=100, force_terminal=colours, color_system="standard" if colours else None, highlight=False)


def _shown(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def _clause(text: str = "开通七日内可以退款。发票另寄。") -> Clause:
    return Clause("qidian", "4.7", "4.7", 1, Kind.CLAUSE, 2, "第四条", "", text, False, "《直销协议》4.7")


def _answered(statement: str = "可以退款。", **more: object) -> Answer:
    citation = Citation(_clause(), "开通七日内可以退款。", "腾讯权利义务", "您应当：")
    return Answer("a", "问", Status.ANSWERED, (Statement(statement, (0,)),), (citation,), **more)  # type: ignore[arg-type]


def test_an_answer_shows_its_statement_its_clause_number_and_the_whole_clause() -> None:
    console = _console()
    show_answer(console, _answered())
    shown = _shown(console)
    assert "有条款依据" in shown
    assert "可以退款。　《直销协议》4.7" in shown
    for part in ("依据", "腾讯权利义务", "您应当：", "开通七日内可以退款。发票另寄。"):
        assert part in shown


def test_the_quoted_words_stand_out_in_the_clause() -> None:
    console = _console(colours=True)
    show_answer(console, _answered())
    bold = "\x1b[1m"
    assert f"{bold}开通七日内可以退款。" in _shown(console)
    assert f"{bold}发票另寄。" not in _shown(console)


def test_what_may_be_asked_next_stands_at_the_end_a_line_each() -> None:
    console = _console()
    show_answer(console, _answered(notice="注意", suggestions=("企点：发票几天开出？", "企点：" + "很长" * 60)))
    assert _shown(console).splitlines()[-3:] == ["还可以问：", "  企点：发票几天开出？", "  企点：" + "很长" * 60]


def test_an_answer_after_which_nothing_is_offered_says_nothing_of_it() -> None:
    console = _console()
    show_answer(console, _answered())
    assert "还可以问" not in _shown(console)


def _helped(**helps: object) -> list[str]:
    """The lines beneath the cited clauses of an answer that cites one clause twice over."""
    console = Console(file=StringIO(), width=300, color_system=None)
    citation = Citation(_clause(), "开通七日内可以退款。", **helps)  # type: ignore[arg-type]
    show_answer(console, Answer("a", "问", Status.ANSWERED, (Statement("可以退款。", (0, 1)),), (citation, citation)))
    return [line.strip() for line in _shown(console).splitlines() if line.strip().startswith(("提到", "定义"))]


def test_what_helps_to_read_a_clause_stands_beneath_it_once() -> None:
    other = replace(_clause("甲" * 40), id="7.2.3", label="《直销协议》7.2.3")
    defined = Defined("最终用户", replace(other, label="《直销协议》1.3"), "“最终用户”是指受邀加入的个人。")
    assert _helped(refers=(Referred(other),), defines=(defined,), unheld=("甲协议", "乙规则")) == [
        f"提到：《直销协议》7.2.3：{'甲' * 30}…",
        "提到：《甲协议》《乙规则》（未收录）",
        "定义：“最终用户”《直销协议》1.3：“最终用户”是指受邀加入的个人。",
    ]


def test_a_clause_referred_to_is_not_shown_without_what_forbids_it() -> None:
    item = replace(_clause("转让账号；"), label="《直销协议》7.2（1）")
    assert _helped(refers=(Referred(item, "您不得从事下列行为："),)) == ["提到：《直销协议》7.2（1）：您不得从事下列行为：转让账号；"]


def test_of_a_definition_that_comes_after_what_it_names_the_end_is_shown() -> None:
    sentence = f"{'您应当阅读并遵守' * 3}《企业微信协议》（ https://example.com/eula）（以下简称“通用协议”），请审慎阅读。"
    assert _helped(defines=(Defined("通用协议", _clause(), sentence),)) == [
        "定义：“通用协议”《直销协议》4.7：…遵守您应当阅读并遵守《企业微信协议》（以下简称“通用协议”）…"
    ]


def test_without_a_terminal_nothing_but_text_is_written() -> None:
    console = _console()
    show_answer(console, _answered(withheld=(Withheld("丙", Reason.NO_CITATION),), notice="模型限流"))
    assert "\x1b" not in _shown(console)


def test_statements_withheld_are_counted_and_not_shown() -> None:
    console = _console()
    show_answer(console, _answered(withheld=(Withheld("赔偿三倍", Reason.FIGURE_NOT_IN_CLAUSE), Withheld("乙", Reason.NO_CITATION))))
    assert "另有 2 句未通过核对" in _shown(console)
    assert "赔偿三倍" not in _shown(console)


def test_how_a_follow_up_was_understood_is_shown_only_where_it_was_one() -> None:
    console = _console()
    show_answer(console, _answered(understood_as="乐享[几天]能退款"))
    assert "（按“乐享[几天]能退款”理解）" in _shown(console)
    plain = _console()
    show_answer(plain, _answered())
    assert "理解" not in _shown(plain)


def test_a_notice_is_shown() -> None:
    console = _console()
    show_answer(console, _answered(notice="模型限流；以下直接摘自条款。"))
    assert "模型限流；以下直接摘自条款。" in _shown(console)


@pytest.mark.parametrize(
    ("status", "named"), [(Status.NOT_COVERED, "协议未写到"), (Status.OUT_OF_SCOPE, "不在协议范围内"), (Status.ERROR, "出错")]
)
def test_a_refusal_says_so_and_shows_no_grounds(status: Status, named: str) -> None:
    console = _console()
    show_answer(console, Answer("a", "问", status, message="没有写到。", related=(_clause(),)))
    shown = _shown(console)
    assert named in shown
    assert "没有写到。" in shown
    assert "可能相关：《直销协议》4.7" in shown
    assert "依据" not in shown


def test_choices_are_shown_with_a_question_to_copy() -> None:
    console = _console()
    show_answer(console, Answer("a", "4.7", Status.CLARIFY, message="哪一份？", choices=(Choice("qidian", "《直销协议》", "企点：4.7"),)))
    assert "· 《直销协议》　例如问：企点：4.7" in _shown(console)


@pytest.mark.parametrize("text", ["[bold]粗[/bold]", "没有收尾[/x]", "[link=http://x]点我[/link]", "见[C1]", "\\[red]"])
def test_brackets_in_an_answer_are_shown_as_they_are(text: str) -> None:
    console = _console()
    show_answer(console, _answered(text))
    assert text in _shown(console)


def test_hits_are_numbered_with_their_label_score_and_beginning() -> None:
    console = _console()
    show_hits(console, [Hit(_clause(), 0.913), Hit(_clause("长" * 200), 0.5)])
    shown = _shown(console)
    assert "1" in shown
    assert "《直销协议》4.7" in shown
    assert "0.91" in shown
    assert 20 < shown.count("长") < 200
    assert "…" in shown


def test_no_hits_are_told() -> None:
    console = _console()
    show_hits(console, [])
    assert _shown(console) == "没有找到相关条款。\n"


def test_agreements_are_listed_with_the_titles_of_those_they_supplement(shipped: Library) -> None:
    console = _console()
    counts = {agreement.key: at for at, agreement in enumerate(shipped.agreements, start=101)}
    show_agreements(console, shipped.agreements, counts)
    shown = _shown(console)
    assert all(agreement.key in shown for agreement in shipped.agreements)
    assert all(str(count) in shown for count in counts.values())
    assert "2022-10-18" in shown


@pytest.mark.parametrize("key", ["qidian", "wework", "lexiang", "archive", "weka"])
def test_the_tree_of_an_agreement_has_every_clause_of_it(key: str, shipped: Library) -> None:
    console = Console(file=StringIO(), width=10_000, color_system=None)
    clauses = shipped.clauses([key])
    show_clauses(console, shipped.agreement(key), clauses)
    lines = _shown(console).splitlines()
    assert shipped.agreement(key).title in lines[0]
    shown = [line.lstrip("│├└─ ").split(" ")[0] for line in lines[1:]]
    numbers = [clause.id.rpartition("/")[2] for clause in clauses]
    assert [number for number in shown if number in set(numbers)] == numbers
