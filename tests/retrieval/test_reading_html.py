"""Web pages: what a browser shows, in its order, with the numbers that it prints before list items."""

from __future__ import annotations

import pytest

from retrieval.document import Document
from retrieval.errors import UnreadableFile
from retrieval.reading import read_bytes


def _read(body: str, head: str = "") -> Document:
    return read_bytes("a.html", f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode())


def _texts(body: str, head: str = "") -> list[str]:
    return [line.text for line in _read(body, head).lines]


def test_blocks_are_lines_and_what_is_inline_is_not() -> None:
    assert _texts("<h1>协议</h1><p>甲方<b>应当</b>按<i>时</i>付款。</p><div>乙<br>丙</div>") == ["协议", "甲方应当按时付款。", "乙", "丙"]


def test_white_space_of_the_source_is_one_space_and_none_between_chinese_characters() -> None:
    assert _texts("<p>甲方应当\n    付款 API\n  v2 接口。</p>") == ["甲方应当付款 API v2 接口。"]


def test_preformatted_text_keeps_its_lines() -> None:
    assert _texts("<pre>第一条 总则\n  1.1 甲。\n\n1.2 乙。</pre>") == ["第一条 总则", "1.1 甲。", "1.2 乙。"]


@pytest.mark.parametrize(
    ("html", "texts"),
    [
        ("<ol><li>甲<li>乙</ol>", ["1. 甲", "2. 乙"]),
        ("<ol start=3 type=a><li>甲<li value=7>乙<li>丙</ol>", ["c. 甲", "g. 乙", "h. 丙"]),
        ("<ol reversed><li>甲<li>乙</ol>", ["2. 甲", "1. 乙"]),
        ("<ol type=I><li>甲<ol type=i><li>乙</ol><li>丙</ol>", ["I. 甲", "i. 乙", "II. 丙"]),
        ("<ol style='list-style-type:cjk-ideographic'><li>甲<li>乙</ol>", ["一、甲", "二、乙"]),
        ("<ol style='list-style:none'><li>甲</ol>", ["甲"]),
        ("<ol><li><p>甲</p><p>续</p></li><li>乙</ol>", ["1. 甲", "续", "2. 乙"]),
        ("<ol><li>1. 甲<li>（二）乙<li>第三条 丙</ol>", ["1. 甲", "（二）乙", "第三条 丙"]),
    ],
)
def test_ordered_lists_have_the_numbers_that_a_browser_shows(html: str, texts: list[str]) -> None:
    assert _texts(html) == texts


def test_bullets_are_marked() -> None:
    assert [(line.text, line.bullet) for line in _read("<ul><li>甲<ol><li>乙</ol></ul>").lines] == [("甲", True), ("1. 乙", False)]


def test_counters_of_style_sheets_are_counted_in_their_scopes() -> None:
    head = "<style>ol{counter-reset:c;list-style:none} li::before{counter-increment:c;content:counters(c,'.') ' '}</style>"
    body = "<ol><li>总则<ol><li>甲<li>乙</ol><li>费用<ol><li>丙</ol></ol>"
    assert _texts(body, head) == ["1 总则", "1.1 甲", "1.2 乙", "2 费用", "2.1 丙"]


def test_headings_numbered_by_a_style_sheet_have_their_numbers() -> None:
    head = "<style>body{counter-reset:h} h2{counter-reset:s} h2:before{counter-increment:h;content:'第' counter(h,cjk-ideographic) '条 '}</style>"
    assert _texts("<h2>总则</h2><p>甲。</p><h2>费用</h2>", head) == ["第一条 总则", "甲。", "第二条 费用"]


def test_what_is_not_shown_is_left_out() -> None:
    head = "<style>.off{display:none} @media print{p{display:none}}</style><script>var a = '脚本'</script>"
    body = "<p>看得见</p><p class=off>甲</p><p style='display:none'>乙</p><p hidden>丙</p><template>丁</template><noscript>戊</noscript>"
    document = _read(body, head)
    assert [line.text for line in document.lines] == ["看得见"]
    assert [(apart.text, apart.reason) for apart in document.apart] == [("甲", "hidden"), ("乙", "hidden"), ("丙", "hidden")]


def test_navigation_and_the_frame_of_a_page_are_apart() -> None:
    text = "<p>" + "甲方应当按照约定付款。" * 20 + "</p>"
    body = f"<nav><a>首页</a></nav><header>某公司</header><div class='breadcrumb'>帮助</div>{text}<aside>相关</aside><footer>©2024</footer>"
    document = _read(body)
    assert len(document.lines) == 1
    assert [apart.text for apart in document.apart] == ["首页", "某公司", "帮助", "相关", "©2024"]


def test_a_part_with_much_of_the_text_is_no_navigation_whatever_it_is_called() -> None:
    assert _texts("<div class=sidebar><p>第一条 全文。</p></div><p>完</p>") == ["第一条 全文。", "完"]


def test_the_main_part_of_a_page_is_read_alone() -> None:
    assert _texts(f"<div>欢迎</div><main><p>{'正文。' * 20}</p></main><div>下载应用</div>") == ["正文。" * 20]


def test_tables_are_rows_and_merged_cells_are_said_in_each() -> None:
    lines = _read("<table><tr><th>档<th>价</tr><tr><td rowspan=2>甲档<td>1 元</tr><tr><td>2 元</tr></table>").lines
    assert [(line.text, line.row) for line in lines] == [("档 | 价", True), ("甲档 | 1 元", True), ("甲档 | 2 元", True)]


def test_a_table_that_lays_out_the_page_is_running_text() -> None:
    page = "".join(f"<p>{'条款文字。' * 30}</p>" for _ in range(3))
    assert not any(line.row for line in _read(f"<table><tr><td>目录<td>{page}</table>").lines)


def test_short_headings_are_marked_and_paragraphs_begin() -> None:
    lines = _read("<h2>一、总则</h2><h3>1.1 甲方应当付款；乙方应当交货。</h3><p>句<br>续</p>").lines
    assert [(line.heading, line.begins) for line in lines] == [(True, True), (False, True), (False, True), (False, False)]


@pytest.mark.parametrize("encoding", ["gb2312", "gbk", "utf-8", "big5"])
def test_the_encoding_that_a_page_declares_is_believed_where_it_fits(encoding: str) -> None:
    text = "<p>第一條 服務內容</p>" if encoding == "big5" else "<p>第一条 服务内容</p>"
    data = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={encoding}"></head>{text}'.encode(encoding)
    assert read_bytes("a.htm", data).lines[0].text.startswith("第一")


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("", "<p>返回</p><p>《云服务协议》</p>", "云服务协议"),
        ("<title>别的</title>", "<h1>数据处理附录</h1><p>甲</p>", "数据处理附录"),
        ("<title>价格说明 | 某公司</title>", "<p>甲</p>", "价格说明"),
    ],
)
def test_the_title_is_what_the_page_is_called(head: str, body: str, title: str) -> None:
    assert _read(body, head).title == title


def test_ten_thousand_levels_are_refused() -> None:
    with pytest.raises(UnreadableFile, match=r"a\.html 的内容嵌套太深"):
        _read("<div>" * 10_000 + "文" + "</div>" * 10_000)


def test_a_page_without_text_is_refused_with_what_to_do() -> None:
    with pytest.raises(UnreadableFile, match="没有可见的文字，可能由脚本生成"):
        _read("<script>render()</script><div id=app></div>")


def test_style_sheets_made_to_keep_a_reader_busy_are_not_obeyed() -> None:
    head = "<style>" + "".join(f"div div .c{at}{{display:none}}" for at in range(5_000)) + "</style>"
    classes = " ".join(f"c{at}" for at in range(100))
    assert len(_read(f"<div class='{classes}'>文</div>" * 10_000, head).lines) > 0
