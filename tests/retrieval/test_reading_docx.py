"""Word documents: what is text in its order, and what stands in the file but not in the text."""

from __future__ import annotations

import zipfile
from io import BytesIO

import docx
import pytest

from retrieval.document import Document
from retrieval.reading import read_bytes
from tests.retrieval.docx_file import W, paragraph, saved, with_parts


def _read(body: str, parts: dict[str, str] | None = None) -> Document:
    return read_bytes("a.docx", with_parts(body, parts or {}))


def _texts(body: str, parts: dict[str, str] | None = None) -> list[str]:
    return [line.text for line in _read(body, parts).lines]


def _run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_paragraphs_and_tables_of_an_ordinary_document_come_in_their_order() -> None:
    document = docx.Document()
    document.add_heading("云服务协议", 0)
    document.add_heading("第一条 费用", 1)
    document.add_paragraph("1.1 费用见下表。")
    table = document.add_table(2, 2)
    for cell, text in zip((*table.rows[0].cells, *table.rows[1].cells), ("档位", "价格", "标准", "每月 100 元"), strict=True):
        cell.text = text
    document.add_paragraph("1.2 其他。")
    document.sections[0].header.paragraphs[0].text = "合同编号 2024-01"
    document.sections[0].footer.paragraphs[0].text = "机密"
    read = read_bytes("a.docx", saved(document))
    assert [(line.text, line.row) for line in read.lines] == [
        ("云服务协议", False), ("第一条 费用", False), ("1.1 费用见下表。", False), ("档位 | 价格", True), ("标准 | 每月 100 元", True), ("1.2 其他。", False),
    ]  # fmt: skip
    assert [line.heading for line in read.lines[:3]] == [False, True, False]
    assert read.title == "云服务协议"
    assert [(apart.text, apart.reason) for apart in read.apart] == [("合同编号 2024-01", "header"), ("机密", "footer")]


def test_whole_clauses_in_a_heading_style_are_no_headings() -> None:
    document = docx.Document()
    document.add_heading("1.1 甲方应当在收到发票后三十日内付款，逾期的按日支付违约金。", 2)
    assert not read_bytes("a.docx", saved(document)).lines[0].heading


def test_revisions_are_read_as_accepted_and_what_was_deleted_is_apart() -> None:
    body = f"<w:p>{_run('期限为')}<w:del>{_deleted('三十')}</w:del><w:ins>{_run('六十')}</w:ins>{_run('日。')}</w:p>"
    document = _read(body)
    assert document.lines[0].text == "期限为六十日。"
    assert [(apart.text, apart.reason) for apart in document.apart] == [("三十", "deleted")]
    assert document.warnings == ("文档有 1 处未接受的删除，按接受后的样子读入",)


def _deleted(text: str) -> str:
    return f"<w:r><w:delText>{text}</w:delText></w:r>"


def test_a_paragraph_whose_end_was_deleted_goes_on_in_the_next() -> None:
    body = f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{_run('甲方应当')}</w:p>{paragraph('按时付款。')}"
    assert _texts(body) == ["甲方应当按时付款。"]


def test_text_that_was_moved_stands_where_it_was_moved_to() -> None:
    body = f"<w:p><w:moveFrom>{_run('旧处')}</w:moveFrom></w:p><w:p><w:moveTo>{_run('新处')}</w:moveTo></w:p>"
    assert _texts(body) == ["新处"]


def test_fields_are_read_by_their_results() -> None:
    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    field = mark("begin") + "<w:r><w:instrText> REF _Ref1 \\h </w:instrText></w:r>" + mark("separate") + _run("4.7") + mark("end")
    assert _texts(f"<w:p>{_run('依第 ')}{field}{_run(' 条。')}</w:p>") == ["依第 4.7 条。"]


def test_a_table_of_contents_is_apart_by_its_field_over_several_paragraphs() -> None:
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> TOC \\o </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    body = f"<w:p>{begin}{_run('第一条 总则 1')}</w:p><w:p>{_run('第二条 费用 2')}</w:p><w:p>{end}</w:p>{paragraph('第一条 总则')}"
    document = _read(body)
    assert [line.text for line in document.lines] == ["第一条 总则"]
    assert [apart.text for apart in document.apart if apart.text] == ["第一条 总则 1", "第二条 费用 2"]


def test_content_controls_links_and_smart_tags_are_text() -> None:
    inside = f"<w:hyperlink>{_run('甲')}</w:hyperlink><w:smartTag>{_run('乙')}</w:smartTag><w:sdt><w:sdtContent>{_run('丙')}</w:sdtContent></w:sdt>"
    block = f"<w:sdt><w:sdtContent>{paragraph('丁')}</w:sdtContent></w:sdt>"
    assert _texts(f"<w:p>{inside}</w:p>{block}") == ["甲乙丙", "丁"]


def test_breaks_within_a_paragraph_are_lines_that_begin_none() -> None:
    lines = _read(f"<w:p>{_run('甲方：')}<w:r><w:br/></w:r>{_run('某公司')}</w:p>{paragraph('乙方')}").lines
    assert [(line.text, line.begins) for line in lines] == [("甲方：", True), ("某公司", False), ("乙方", True)]


def test_hidden_text_is_apart() -> None:
    document = _read(f"<w:p>{_run('看得见')}<w:r><w:rPr><w:vanish/></w:rPr><w:t>看不见</w:t></w:r></w:p>")
    assert document.lines[0].text == "看得见"
    assert [(apart.text, apart.reason) for apart in document.apart] == [("看不见", "hidden")]


def test_a_raised_digit_is_no_part_of_the_number_before_it() -> None:
    raised = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>2</w:t></w:r>'
    assert _texts(f"<w:p>{_run('面积 30')}{raised}</w:p>") == ["面积 30²"]


_NOTES = (
    f'<w:footnotes {W}><w:footnote w:type="separator" w:id="-1"><w:p/></w:footnote>'
    f'<w:footnote w:id="7">{paragraph("指工作日。")}</w:footnote><w:footnote w:id="8">{paragraph("含税。")}</w:footnote></w:footnotes>'
)


def test_notes_are_marked_in_the_text_and_printed_after_their_paragraph() -> None:
    def note(number: int) -> str:
        return f'<w:r><w:footnoteReference w:id="{number}"/></w:r>'

    body = f"<w:p>{_run('三十日')}{note(8)}{_run('内付款')}{note(7)}{_run('。')}</w:p>{paragraph('后文。')}"
    assert _texts(body, {"footnotes": _NOTES}) == ["三十日〔注1〕内付款〔注2〕。", "〔注1〕含税。", "〔注2〕指工作日。", "后文。"]


def test_comments_are_apart() -> None:
    comments = f'<w:comments {W}><w:comment w:id="0">{paragraph("这里要改")}</w:comment></w:comments>'
    body = '<w:p><w:commentRangeStart w:id="0"/><w:r><w:t>正文。</w:t></w:r><w:commentRangeEnd w:id="0"/></w:p>'
    document = _read(body, {"comments": comments})
    assert [line.text for line in document.lines] == ["正文。"]
    assert [(apart.text, apart.reason) for apart in document.apart] == [("这里要改", "comment")]


def test_a_text_box_is_read_once_though_it_is_written_twice() -> None:
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    box = f"<w:txbxContent>{paragraph('框中文字')}</w:txbxContent>"
    twice = f'<mc:AlternateContent {mc}><mc:Choice Requires="wps"><w:drawing>{box}</w:drawing></mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent>'
    assert _texts(f"<w:p>{_run('正文')}<w:r>{twice}</w:r></w:p>") == ["正文", "框中文字"]


def _cell(text: str, more: str = "") -> str:
    return f"<w:tc><w:tcPr>{more}</w:tcPr>{paragraph(text)}</w:tc>"


_MERGED = '<w:vMerge w:val="restart"/>'


def test_a_cell_merged_downwards_is_said_in_each_of_its_rows() -> None:
    first = f"<w:tr>{_cell('标准', _MERGED)}{_cell('一年')}</w:tr>"
    second = f"<w:tr>{_cell('', '<w:vMerge/>')}{_cell('两年')}</w:tr>"
    assert _texts(f"<w:tbl>{first}{second}</w:tbl>") == ["标准 | 一年", "标准 | 两年"]


def test_a_table_of_one_column_and_one_with_pages_in_it_are_running_text() -> None:
    one = f"<w:tbl><w:tr>{_cell('第一条 总则')}</w:tr><w:tr>{_cell('1.1 甲。')}</w:tr></w:tbl>"
    long = "".join(paragraph("条款文字" * 30) for _ in range(3))
    page = f"<w:tbl><w:tr><w:tc>{long}</w:tc>{_cell('旁注')}</w:tr></w:tbl>"
    assert [line.row for line in _read(one + page).lines] == [False] * 6


def test_a_table_with_clause_numbers_in_its_first_column_is_clauses() -> None:
    rows = "".join(f"<w:tr>{_cell(number)}{_cell(text)}</w:tr>" for number, text in (("1.1", "甲。"), ("1.2", "乙。"), ("1.3", "丙。")))
    assert [(line.text, line.row) for line in _read(f"<w:tbl>{rows}</w:tbl>").lines] == [
        ("1.1 甲。", False),
        ("1.2 乙。", False),
        ("1.3 丙。", False),
    ]


def test_the_strict_variant_of_the_format_is_read() -> None:
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(with_parts(paragraph("正文。")))) as usual, zipfile.ZipFile(stream, "w") as strict:
        for name in usual.namelist():
            text = usual.read(name).decode()
            text = text.replace("schemas.openxmlformats.org/wordprocessingml/2006/main", "purl.oclc.org/ooxml/wordprocessingml/main")
            strict.writestr(name, text.replace("schemas.openxmlformats.org/officeDocument/2006", "purl.oclc.org/ooxml/officeDocument"))
    assert [line.text for line in read_bytes("a.docx", stream.getvalue()).lines] == ["正文。"]


@pytest.mark.parametrize("broken", [True, False])
def test_paragraphs_begin_where_the_file_says_unless_they_are_broken_lines(broken: bool) -> None:
    text = "甲方应当按照本协议约定的期限和方式向乙方支付全部费用并承担由此产生的税费" if broken else "甲方应当付款。"
    lines = _read("".join(paragraph(text) for _ in range(30))).lines
    assert {line.begins for line in lines} == {not broken}


def test_pictures_that_were_not_read_are_reported() -> None:
    blip = '<w:r><w:drawing><a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"/></w:drawing></w:r>'
    assert _read(f"<w:p>{_run('见附图')}{blip}</w:p>").warnings == ("文档里有 1 张图片，图中的文字没有读入",)
