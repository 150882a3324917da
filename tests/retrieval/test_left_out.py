"""What is printed and belongs to no clause: page numbers, headers and footers, contents lists; and what only looks like it."""

from __future__ import annotations

from retrieval.contents import contents_of
from retrieval.page_breaks import page_breaks
from retrieval.parsing import parse
from retrieval.reading import lines_of


def _page(number: int, header: str, footer: str) -> str:
    body = "".join(f"{number}.{at} 甲方应当按照约定的时间支付第{at}项费用。\n" for at in range(1, 19))
    return f"{header}\n\n{body}\n{footer}\n"


def _left_out(text: str) -> dict[str, set[str]]:
    lines = lines_of(text)
    found: dict[str, set[str]] = {}
    for at, reason in page_breaks(lines).items():
        found.setdefault(reason, set()).add(lines[at].text)
    return found


def test_numbers_one_more_on_each_page_are_page_numbers_and_what_stands_with_them_is_a_running_head() -> None:
    assert _left_out("".join(_page(n, "某某公司", str(n)) for n in range(1, 6))) == {
        "page number": {"1", "2", "3", "4", "5"},
        "running head": {"某某公司"},
    }


def test_a_header_need_not_stand_with_a_page_number() -> None:
    assert _left_out("".join(_page(n, "某某公司", "") for n in range(1, 6))) == {"running head": {"某某公司"}}


def test_clause_numbers_on_lines_of_their_own_are_no_page_numbers() -> None:
    text = "".join(f"{n}\n第{n}部分的标题\n" + "".join(f"{n}.{at} 甲。\n" for at in range(1, 10)) for n in range(1, 6))
    assert _left_out(text) == {}


def test_cells_of_numbers_are_no_page_numbers() -> None:
    assert _left_out("序号\n1\n2\n3\n4\n5\n6\n") == {}


def test_a_sentence_that_is_printed_again_and_again_is_text() -> None:
    assert _left_out("".join(_page(n, "甲方不得转让本协议。", "") for n in range(1, 6))) == {}


def test_a_sentence_goes_on_over_the_end_of_a_page() -> None:
    text = "".join(
        f"{n}.1 {'甲方应当按照约定的时间，' * 3}足额支付全部\n\n第 {n} 页 共 4 页\n\n服务费用。\n{n}.2 乙。\n" for n in range(1, 5)
    )
    clauses = {clause.id: clause.text for clause in parse(lines_of(text), agreement="made", title="").clauses}
    assert clauses["2.1"].endswith("甲方应当按照约定的时间，足额支付全部服务费用。")


_BODY = "第一条 范围\n甲方提供服务。\n第二条 费用\n乙方付款。\n第三条 附则\n另行约定。\n附件一：清单\n一、甲。\n"


def _contents(listed: str) -> list[str]:
    lines = lines_of(listed + _BODY)
    return [lines[at].text for at in contents_of(lines, ())]


def test_a_contents_list_is_told_by_what_is_printed_again() -> None:
    listed = "第一条 范围\n第二条 费用\n第三条 附则\n附件一：清单\n"
    assert _contents("目录\n" + listed) == ["目录", *listed.split()[0:0], *listed.strip().split("\n")]
    assert _contents(listed) == listed.strip().split("\n")


def test_dots_and_page_numbers_make_a_contents_list_even_where_headings_differ() -> None:
    listed = "第一条 适用范围……1\n第二条 费用及\n支付……………3\n第三条 附　则 ........ 12\n附件一 ………… 14\n"
    assert _contents("目　录\n" + listed) == ["目　录", *listed.strip().split("\n")]


def test_the_same_heading_twice_in_a_contents_list_does_not_end_it() -> None:
    body = "第一章 总则\n第一节 范围\n甲。\n第二节 费用\n乙。\n第二章 附则\n第一节 范围\n丙。\n第二节 其他\n丁。\n"
    listed = "第一章 总则\n第一节 范围\n第二节 费用\n第二章 附则\n第一节 范围\n第二节 其他\n"
    lines = lines_of(listed + body)
    assert contents_of(lines, ()) == list(range(6))


def test_headings_that_follow_each_other_are_no_contents_list() -> None:
    assert contents_of(lines_of("第一编 总则\n第一章 范围\n第一节 定义\n第一条 甲方提供服务。\n第二条 乙方付款。\n"), ()) == []
