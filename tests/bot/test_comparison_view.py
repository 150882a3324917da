"""Two versions of an agreement beside each other: in the terminal, as a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import StringIO

import pytest
from rich.console import Console

from bot.compared import Compared
from bot.comparison_page import page_of
from bot.console.comparison_view import shortened, show_comparison
from retrieval.clause import Agreement, Clause
from retrieval.comparison import Change, compare
from retrieval.differences import Piece, Sort
from retrieval.parsing import parse
from retrieval.reading import lines_of
from retrieval.versions import Version

_OLD = """第一条 收费
1.1 停车每小时收费 5 元，每日最高收费 40 元。
1.2 您可以在 30 个自然日内申请开具停车费发票。
第二条 责任
2.1 您应当锁好车门，贵重物品丢失由您自行承担责任。
"""
_NEW = """第一条 收费
1.1 停车每小时收费 5 元，每日最高收费 50 元。
第二条 充电
2.1 充电桩由您自行操作。
第三条 责任
3.1 您应当锁好车门，贵重物品丢失由您自行承担责任。
"""


def _clauses(text: str) -> Sequence[Clause]:
    return parse(lines_of(text), agreement="parking", title="停车协议").clauses


def _version(number: int, title: str = "停车协议", effective: str | None = None) -> Version:
    agreement = Agreement("parking", title, ("停车",), (), f"{number}.txt", "测试", effective=effective, version=number)
    return Version(agreement, "0" * 64, False, datetime(2025, 3, 1, tzinfo=UTC), "1")


def _compared(old: str = _OLD, new: str = _NEW, title: str = "停车协议") -> Compared:
    return Compared(_version(1, title), _version(2, title, "2025-03-01"), compare(_clauses(old), _clauses(new)))


def _shown(compared: Compared, *, colours: bool = False, width: int = 100) -> str:
    file = StringIO()
    console = Console(file=file, width=width, force_terminal=colours, color_system="standard" if colours else None, highlight=False)
    show_comparison(console, compared)
    return file.getvalue()


def test_the_terminal_shows_each_change_under_its_number() -> None:
    assert [line.rstrip() for line in _shown(_compared()).splitlines()] == [
        "《停车协议》第 1 版 → 第 2 版（2025-03-01 生效）",
        "修改 1 条，新增 2 条，删除 1 条，改号 2 条；1 条未变",
        "[-删去的-] {+加上的+}",
        "",
        "修改　1.1　收费",
        "  停车每小时收费 5 元，每日最高收费 [-40 元-]{+50 元+}。",
        "",
        "删除　1.2　收费",
        "  [-您可以在 30 个自然日内申请开具停车费发票。-]",
        "",
        "新增　第二条",
        "  {+充电+}",
        "",
        "新增　2.1　充电",
        "  {+充电桩由您自行操作。+}",
        "",
        "改号　第二条 → 第三条、2.1 → 3.1（文字未变）",
    ]


def test_where_there_are_colours_what_is_gone_is_struck_out_in_red_and_what_came_is_green() -> None:
    shown = _shown(_compared(), colours=True)
    assert "\x1b[9;31m40 元\x1b[0m\x1b[32m50 元\x1b[0m" in shown
    assert "[-" not in shown
    assert "{+" not in shown


def test_versions_that_say_the_same_are_told_to() -> None:
    assert _shown(_compared(_OLD, _OLD)).splitlines()[1:] == ["条款没有变化；5 条未变"]


@pytest.mark.parametrize("width", [20, 40, 80])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    console = Console(width=width)
    assert all(console.measure(line).maximum <= width for line in _shown(_compared(), width=width).splitlines())


def test_of_what_stays_only_so_much_is_shown_as_stands_beside_a_change() -> None:
    long = "甲" * 100
    pieces = [Piece(Sort.SAME, long), Piece(Sort.REMOVED, "乙"), Piece(Sort.SAME, long), Piece(Sort.ADDED, long), Piece(Sort.SAME, "丙丁")]
    assert [piece.text for piece in shortened(pieces)] == [
        "……" + "甲" * 40,
        "乙",
        "甲" * 40 + "……" + "甲" * 40,
        long,
        "丙丁",
    ]


def test_many_clauses_that_only_have_other_numbers_are_not_all_named() -> None:
    old = "第一条 收费\n" + "\n".join(f"1.{at} 第 {at} 种车辆的收费标准另行公布。" for at in range(1, 31))
    new = old.replace("第一条", "第二条").replace("\n1.", "\n2.")
    shown = _shown(_compared(old, f"第一条 定义\n{new}"))
    line = shown[shown.index("改号　") :].replace("\n", "")
    assert "1.5 → 2.5" in line
    assert "1.25" not in line
    assert "……等 31 条（文字未变）" in line


class _Page(HTMLParser):
    """What a page says: its text, the marked words, its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.marked: dict[str, list[str]] = {"del": [], "ins": []}
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta",):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.text += data
        if self._open and self._open[-1] in self.marked:
            self.marked[self._open[-1]].append(data)


def test_the_page_marks_what_is_gone_and_what_came() -> None:
    page = _Page(page_of(_compared()))
    assert page.marked == {
        "del": ["40 元", "您可以在 30 个自然日内申请开具停车费发票。"],
        "ins": ["50 元", "充电", "充电桩由您自行操作。"],
    }
    assert "第 1 版 → 第 2 版（2025-03-01 生效）" in page.text
    assert "改号　第二条 → 第三条、2.1 → 3.1（文字未变）" in page.text


def test_the_page_holds_every_clause_what_stayed_folded_away() -> None:
    page = page_of(_compared(_OLD, _OLD.replace("40 元", "50 元")))
    assert "1.2–2.1：3 条未变" in page
    assert "您应当锁好车门" in _Page(page).text
    assert page.index("<details>") < page.index("收费")


def test_the_page_asks_the_network_for_nothing_and_runs_nothing() -> None:
    page = page_of(_compared())
    assert "default-src 'none'" in page
    assert not re.search(r"src=|href=|url\(|@import|<script|https?:", page)
    assert 'name="viewport"' in page
    assert "prefers-color-scheme: dark" in page


def test_nothing_an_agreement_says_can_act_in_the_page() -> None:
    evil = "<script>alert(1)</script>&\"'<img src=x onerror=alert(1)>"
    old, new = _OLD.replace("停车每小时", evil), _NEW.replace("停车每小时", f"{evil}{evil}").replace("充电\n", f"{evil}\n")
    page = _Page(page_of(_compared(old, new, title=f"$title {evil}")))
    assert set(page.tags) <= {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "p", "ul", "li", "b", "article", "h2", "i", "div", "del", "ins", "details",
        "summary",
    }  # fmt: skip
    assert evil in page.text
    assert f"《$title {evil}》" in page.text


def test_two_versions_without_a_clause_make_a_page_too() -> None:
    assert "两个版本都没有条款" in page_of(_compared("", ""))


def test_every_sort_of_change_has_its_name_and_its_colour() -> None:
    page = page_of(_compared())
    for change in Change:
        assert change is Change.UNCHANGED or f".{change.value}" in page
