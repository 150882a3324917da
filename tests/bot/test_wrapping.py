from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from bot.console.wrapping import Wrapped

_LETTERS = "条款乐享协议a7 ，。（）《》“”.%\n　"


def _lines(text: str, width: int, indent: int = 0, whole: tuple[tuple[int, int], ...] = ()) -> list[str]:
    console = Console(file=StringIO(), width=width, color_system=None)
    console.print(Wrapped(Text(text), indent, whole))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


def test_chinese_breaks_where_the_line_is_full_and_figures_stay_with_what_they_measure() -> None:
    assert _lines("开通企业级产品服务 7 个自然日内可以退款", 20) == ["开通企业级产品服务", "7 个自然日内可以退款"]


def test_words_figures_and_addresses_are_not_broken() -> None:
    assert _lines("它是 SaaS 产品，见 https://a.example/b?c=1 与 3.5% 的年费。", 24) == [
        "它是 SaaS 产品，见",
        "https://a.example/b?c=1",
        "与 3.5% 的年费。",
    ]
    assert _lines("You don't have to pay anything.", 11) == ["You don't", "have to pay", "anything."]


def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() -> None:
    assert _lines("条款条款条款。条款（《条款》）", 12) == ["条款条款条", "款。条款", "（《条款》）"]


def test_a_label_stays_whole_where_it_fits_a_line() -> None:
    text = "可以退款。（《直销协议》4.7）"
    whole = ((6, 15),)
    assert text[6:15] == "《直销协议》4.7"
    assert _lines(text, 22, whole=whole) == ["可以退款。", "（《直销协议》4.7）"]
    assert "".join(_lines(text, 10, whole=whole)) == text


def test_lines_are_indented_and_no_wider_than_the_console_or_a_hundred_columns() -> None:
    assert _lines("条款" * 5, 12, indent=2) == ["  条款条款条", "  款条款条款"]
    assert max(map(cell_len, _lines("条款" * 100, 300))) == 100


def test_a_paragraph_begins_a_line() -> None:
    assert _lines("条款\n协议", 20, indent=1) == [" 条款", " 协议"]


@given(st.text(_LETTERS, max_size=60), st.integers(4, 30), st.integers(0, 2))
@example("，" * 40, 4, 0)
def test_nothing_is_lost_and_no_line_is_too_long(text: str, width: int, indent: int) -> None:
    lines = _lines(text, width, indent)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= max(width, indent + 2) for line in lines)


@pytest.mark.parametrize("text", ["[bold]粗[/bold]", "没有收尾[/x]", "\\[red]"])
def test_brackets_are_no_markup(text: str) -> None:
    assert _lines(text, 40) == [text]
