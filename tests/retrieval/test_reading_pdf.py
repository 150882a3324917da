"""PDFs with a text layer: lines in the order in which people read them, page by page, and what is printed around them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from retrieval.document import Document
from retrieval.reading import read_bytes
from tests.retrieval.pdf_file import PdfPage, pdf

_LONG = "甲方应当按照本协议约定的期限和方式向乙方支付全部费用并承担由此产生的税费及其他合理的支出"


def _read(*pages: PdfPage) -> Document:
    return read_bytes("a.pdf", pdf(list(pages)))


def _texts(*pages: PdfPage) -> list[str]:
    return [line.text for line in _read(*pages).lines]


def test_lines_are_read_from_the_top_whatever_order_the_file_has_them_in() -> None:
    page = PdfPage().text(72, 700, "第二行。").text(72, 600, "第三行。").text(72, 770, "第一行。")
    assert _texts(page) == ["第一行。", "第二行。", "第三行。"]


def test_each_line_knows_its_page_and_lines_count_through_the_document() -> None:
    lines = _read(PdfPage().lines(72, 700, ["甲。", "乙。"]), PdfPage().lines(72, 700, ["丙。"])).lines
    assert [(line.page, line.number, line.text) for line in lines] == [(1, 1, "甲。"), (1, 2, "乙。"), (2, 3, "丙。")]


def test_pieces_of_one_line_are_joined_and_a_space_stands_only_where_one_is() -> None:
    page = (
        PdfPage()
        .text(72, 700, "自")
        .text(85.5, 700, "2024")
        .text(109.5, 700, "年起，甲方：")
        .text(220, 700, "乙方：")
        .text(72, 680, "API v2 接口足够字")
    )
    assert _texts(page) == ["自2024年起，甲方： 乙方：", "API v2 接口足够字"]


def test_a_small_raised_digit_is_no_part_of_the_number_before_it() -> None:
    assert _texts(PdfPage().text(72, 700, "面积不小于 30").text(140.5, 704, "2", 6).text(144, 700, "平方米。")) == [
        "面积不小于 30²平方米。"
    ]


def test_radicals_are_the_letters_that_they_look_like() -> None:
    assert _texts(PdfPage().text(72, 700, "⽤户⼀⽅应当付款的条款")) == ["用户一方应当付款的条款"]


def _set(paragraphs: list[str], width: int, indent: int = 0) -> list[str]:
    """Paragraphs broken at a width, the first line of each indented by so many characters."""
    lines: list[str] = []
    for text in paragraphs:
        text = "　" * indent + text
        lines += [text[at : at + width] for at in range(0, len(text), width)]
    return lines


def test_a_line_that_was_broken_for_want_of_room_goes_on() -> None:
    paragraphs = [f"{_LONG}。{_LONG}。", f"1.1 {_LONG}。", "短句。"] * 4
    assert _texts(PdfPage().lines(72, 780, _set(paragraphs, 40, indent=2))) == paragraphs


def test_a_paragraph_goes_on_over_the_end_of_a_page() -> None:
    broken = _set([_LONG * 4 + "。"] * 2, 40)
    pages = [PdfPage().lines(72, 780, broken[:6]), PdfPage().lines(72, 780, broken[6:])]
    assert _texts(*pages) == [_LONG * 4 + "。"] * 2


def test_what_the_layout_leaves_open_stays_as_it_is_printed() -> None:
    """A full line that ends with a full stop, in a text that marks no paragraphs: whether the next one goes on is for the parser."""
    full = _LONG[:39] + "。"
    assert _texts(PdfPage().lines(72, 780, [full, full, full, "短。"])) == [full, full, full, "短。"]


def test_lines_with_a_hanging_indent_go_on() -> None:
    page = PdfPage()
    for at in range(6):
        page.text(72, 780 - at * 54, f"1.{at + 1} {_LONG[:36]}").text(93, 762 - at * 54, _LONG[:38]).text(93, 744 - at * 54, "到此为止。")
    assert _texts(page) == [f"1.{at + 1} {_LONG[:36]}{_LONG[:38]}到此为止。" for at in range(6)]


def test_a_word_too_long_for_its_line_makes_no_end_of_a_paragraph() -> None:
    page = (
        PdfPage()
        .lines(72, 780, _set([_LONG * 3 + "。"], 40))
        .text(72, 640, _LONG[:25] + "包括但不限于")
        .text(72, 622, "https://example.com/a-very-long-address等网站。")
    )
    assert _texts(page)[-1] == f"{_LONG[:25]}包括但不限于https://example.com/a-very-long-address等网站。"


def test_two_columns_are_read_one_after_the_other_below_what_crosses_them() -> None:
    left, right = (
        [f"左栏第{n}行文字足够长才算一栏" for n in "一二三四五六七八"],
        [f"右栏第{n}行文字足够长才算一栏" for n in "一二三四五六七八"],
    )
    page = PdfPage().text(150, 800, "保险条款标题跨越两栏的一整行文字写在这里").lines(60, 760, left).lines(320, 760, right)
    text = "".join(_texts(page))
    order = [text.index(line) for line in (*left, *right)]
    assert order == sorted(order)
    assert text.index("标题") < order[0]


def test_labels_beside_a_text_are_read_line_by_line() -> None:
    page = PdfPage()
    for at in range(8):
        page.text(60, 760 - 18 * at, f"名称{at}").text(160, 760 - 18 * at, f"说明{at}。")
    assert _texts(page) == [f"名称{at} 说明{at}。" for at in range(8)]


def test_a_ruled_table_is_rows_in_its_place() -> None:
    page = (
        PdfPage().text(72, 780, "5.4 赔偿标准如下表所示：").grid([72, 222, 372], [700, 720, 740, 760]).text(72, 670, "5.5 其他约定见附件。")
    )
    for at, (left, right) in enumerate((("可用性", "赔偿"), ("低于 99%", "一个月"), ("低于 95%", "三个月"))):
        page.text(76, 745 - 20 * at, left).text(226, 745 - 20 * at, right)
    lines = _read(page).lines
    assert [(line.text, line.row) for line in lines] == [
        ("5.4 赔偿标准如下表所示：", False), ("可用性 | 赔偿", True), ("低于 99% | 一个月", True), ("低于 95% | 三个月", True), ("5.5 其他约定见附件。", False),
    ]  # fmt: skip


def test_a_cell_of_a_table_may_have_several_lines() -> None:
    page = PdfPage().grid([72, 222, 372], [680, 720, 760]).lines(76, 745, ["名称"]).lines(226, 745, ["第一行文字", "第二行文字"])
    page.lines(76, 705, ["另一个"]).lines(226, 705, ["说明"])
    assert _texts(page) == ["名称 | 第一行文字第二行文字", "另一个 | 说明"]


def _page(number: int, of: int, body: str) -> PdfPage:
    page = PdfPage().text(72, 800, "某某科技有限公司").text(400, 800, "合同编号 HT-2024-01").lines(72, 760, [body, f"{body}又一行。"])
    return page.text(270, 40, f"第 {number} 页 共 {of} 页")


def test_headers_and_page_numbers_are_apart() -> None:
    bodies = ("甲一", "乙二", "丙三", "丁四")
    document = _read(*(_page(at + 1, 4, body) for at, body in enumerate(bodies)))
    assert [line.text for line in document.lines] == [text for body in bodies for text in (body, f"{body}又一行。")]
    assert [(apart.text, apart.reason, apart.page) for apart in document.apart][:2] == [
        ("某某科技有限公司 合同编号 HT-2024-01", "header", 1),
        ("第 1 页 共 4 页", "page number", 1),
    ]
    assert len(document.apart) == 8


@pytest.mark.parametrize("form", ["{}", "- {} -", "{}/9", "Page {} of 9"])
def test_page_numbers_are_told_by_counting_with_the_pages(form: str) -> None:
    pages = [PdfPage().lines(72, 700, [f"正文第{at}段的文字写在这里。"]).text(290, 40, form.format(at)) for at in range(3, 6)]
    assert _texts(*pages) == [f"正文第{at}段的文字写在这里。" for at in range(3, 6)]


def test_a_number_at_the_edge_of_a_page_that_does_not_count_with_it_is_text() -> None:
    pages = [PdfPage().lines(72, 700, ["正文的文字写在这里的一行"]).text(290, 40, number) for number in ("7", "7", "3")]
    assert [text for text in _texts(*pages) if text.isdecimal()] == ["7", "7", "3"]


def test_clauses_that_begin_each_page_at_one_height_are_text() -> None:
    pages = [PdfPage().lines(72, 780, [f"第{number}条 甲方的第{number}项义务", "内容。"]) for number in "一二三四"]
    assert sum(text.startswith("第") for text in _texts(*pages)) == 4


def test_text_across_a_page_is_a_watermark() -> None:
    document = _read(PdfPage().lines(72, 700, ["正文的文字写在这里的一行"]).text(200, 300, "仅供参考", 40, "0.7 0.7 -0.7 0.7"))
    assert [line.text for line in document.lines] == ["正文的文字写在这里的一行"]
    assert [(apart.text, apart.reason) for apart in document.apart] == [("仅供参考", "watermark")]


@pytest.mark.parametrize(("rotate", "matrix", "places"), [
    (90, "0 1 -1 0", [(300, 100), (318, 100)]),
    (270, "0 -1 1 0", [(318, 500), (300, 500)]),
    (180, "-1 0 0 -1", [(400, 300), (400, 318)]),
    (0, "0 1 -1 0", [(300, 100), (318, 100)]),
])  # fmt: skip
def test_a_page_that_is_stored_or_printed_lying_is_read_upright(rotate: int, matrix: str, places: list[tuple[int, int]]) -> None:
    page = PdfPage(rotate=rotate)
    for (x, y), text in zip(places, ("第一行的文字。", "第二行的文字。"), strict=True):
        page.text(x, y, text, matrix=matrix)
    assert _texts(page) == ["第一行的文字。", "第二行的文字。"]


def test_the_title_is_the_large_type_that_the_first_page_begins_with() -> None:
    page = (
        PdfPage()
        .text(150, 780, "腾讯企业微信会话内容", 20)
        .text(200, 750, "存档服务协议", 20)
        .lines(72, 700, ["正文的文字写在这里的一行。"] * 3)
    )
    document = _read(page)
    assert document.title == "腾讯企业微信会话内容存档服务协议"
    assert (document.lines[0].text, document.lines[0].heading) == (document.title, True)


def test_numbers_of_lines_grow() -> None:
    lines = _read(PdfPage().lines(72, 780, _set([_LONG * 2 + "。"] * 5, 40, 2))).lines
    assert all(one.number < other.number for one, other in pairwise(lines))
