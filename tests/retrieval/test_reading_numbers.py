"""Automatic numbering of Word documents: the numbers that people see, though no character of them stands in the text."""

from __future__ import annotations

import pytest

from retrieval.number_formats import formatted
from retrieval.reading import read_bytes
from tests.retrieval.docx_file import W, level, numbering, paragraph, with_parts

_LEGAL = [level(0, "第%1条", "chineseCountingThousand"), level(1, "%1.%2", more="<w:isLgl/>"), level(2, "（%3）")]


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("decimal", {1: "1", 12: "12"}),
        ("decimalZero", {3: "03", 12: "12"}),
        ("upperRoman", {4: "IV", 1999: "MCMXCIX"}),
        ("lowerRoman", {9: "ix"}),
        ("lowerLetter", {1: "a", 26: "z", 27: "aa", 28: "bb"}),
        ("upperLetter", {2: "B"}),
        ("chineseCounting", {1: "一", 10: "十", 11: "十一", 20: "二十", 99: "九十九", 100: "一○○"}),
        ("chineseCountingThousand", {10: "十", 21: "二十一", 100: "一百", 105: "一百零五", 110: "一百一十", 1001: "一千零一"}),
        ("ideographTraditional", {1: "甲", 10: "癸", 11: "11"}),
        ("ideographDigital", {10: "一〇"}),
        ("chineseLegalSimplified", {3: "叁", 12: "壹拾贰"}),
        ("decimalEnclosedCircle", {1: "①", 20: "⑳", 21: "21"}),
        ("decimalFullWidth", {12: "１２"}),
        ("ordinal", {1: "1st", 2: "2nd", 11: "11th", 23: "23rd"}),
        ("ordinalText", {1: "First", 12: "Twelfth", 20: "Twentieth", 21: "Twenty-first"}),
        ("none", {5: ""}),
    ],
)
def test_a_number_is_printed_as_its_format_says(form: str, values: dict[int, str]) -> None:
    assert {value: formatted(value, form) for value in values} == values


def test_a_format_that_is_not_known_is_said_to_be() -> None:
    assert formatted(3, "hebrew1") is None


def _texts(paragraphs: list[str], lists: list[list[str]], instances: list[tuple[int, str]], styles: str = "") -> list[str]:
    parts = {"numbering": numbering(lists, instances)} | ({"styles": f"<w:styles {W}>{styles}</w:styles>"} if styles else {})
    return [line.text for line in read_bytes("a.docx", with_parts("".join(paragraphs), parts)).lines]


def test_every_level_counts_below_the_one_above_it() -> None:
    levels = [(0, "总则"), (1, "甲。"), (1, "乙。"), (2, "丙；"), (2, "丁。"), (1, "戊。"), (0, "费用"), (1, "己。"), (2, "庚。")]
    texts = _texts([paragraph(text, (1, at)) for at, text in levels], [_LEGAL], [(0, "")])
    assert texts == ["第一条 总则", "1.1 甲。", "1.2 乙。", "（1） 丙；", "（2） 丁。", "1.3 戊。", "第二条 费用", "2.1 己。", "（1） 庚。"]


def test_instances_of_one_list_count_on_together_until_one_begins_anew() -> None:
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    paragraphs = [paragraph("句。", number) for number in ((1, 0), (2, 0), (3, 0), (3, 0), (1, 0))]
    assert _texts(paragraphs, [[level(0, "%1.")]], [(0, ""), (0, ""), (0, anew)]) == ["1. 句。", "2. 句。", "5. 句。", "6. 句。", "7. 句。"]


def test_an_instance_may_print_a_level_in_its_own_way() -> None:
    own = f'<w:lvlOverride w:ilvl="0">{level(0, "（%1）", "chineseCounting")}</w:lvlOverride>'
    assert _texts([paragraph("句。", (1, 0)), paragraph("句。", (2, 0))], [[level(0, "%1.")]], [(0, ""), (0, own)]) == [
        "1. 句。",
        "（二） 句。",
    ]


def test_articles_count_on_over_chapters_where_the_list_says_so() -> None:
    lists = [[level(0, "第%1章", "chineseCounting"), level(1, "第%2条", "chineseCounting", '<w:lvlRestart w:val="0"/>')]]
    paragraphs = [paragraph("句", (1, at)) for at in (0, 1, 1, 0, 1)]
    assert _texts(paragraphs, lists, [(0, "")]) == ["第一章 句", "第一条 句", "第二条 句", "第二章 句", "第三条 句"]


@pytest.mark.parametrize(("restart", "third"), [(1, "2) 句"), (2, "1) 句")])
def test_a_level_begins_anew_only_after_the_level_that_its_list_names(restart: int, third: str) -> None:
    lists = [[level(0, "%1."), level(1, "%1.%2"), level(2, "%3)", more=f'<w:lvlRestart w:val="{restart}"/>')]]
    assert _texts([paragraph("句", (1, at)) for at in (0, 1, 2, 1, 2)], lists, [(0, "")])[-1] == third


def test_a_level_that_was_never_printed_is_part_of_the_numbers_below_it() -> None:
    lists = [[level(0, "%1.", start=3), level(1, "%1.%2")]]
    assert _texts([paragraph("句", (1, 1)), paragraph("句", (1, 1)), paragraph("句", (1, 0))], lists, [(0, "")]) == [
        "3.1 句",
        "3.2 句",
        "4. 句",
    ]


def test_hidden_and_empty_paragraphs_are_counted() -> None:
    """Documents are made so: an empty first level that nobody sees, for the second to begin anew under a typed heading."""
    hidden = "<w:rPr><w:vanish/></w:rPr>"
    empty = f'<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>{hidden}</w:pPr></w:p>'
    paragraphs = [
        paragraph("一、设备"),
        empty,
        paragraph("甲。", (1, 1)),
        paragraph("二、交货"),
        empty,
        paragraph("乙。", (1, 1)),
        paragraph("", (1, 1)),
        paragraph("丙。", (1, 1)),
    ]
    assert _texts(paragraphs, [[level(0, "%1"), level(1, "%1.%2")]], [(0, "")]) == [
        "一、设备",
        "1.1 甲。",
        "二、交货",
        "2.1 乙。",
        "2.3 丙。",
    ]


_HEADINGS = (
    '<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="2"><w:name w:val="heading 2"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="2a"><w:name w:val="mine"/><w:basedOn w:val="2"/></w:style>'
)
_LINKED = [level(0, "%1.", more='<w:pStyle w:val="1"/>'), level(1, "%1.%2", more='<w:pStyle w:val="2"/>')]


def test_a_style_numbers_its_paragraphs_at_the_level_that_is_linked_to_it() -> None:
    paragraphs = [paragraph("句", more=f'<w:pStyle w:val="{style}"/>') for style in ("1", "2", "2a", "1", "2")]
    assert _texts(paragraphs, [_LINKED], [(0, "")], _HEADINGS) == ["1. 句", "1.1 句", "1.2 句", "2. 句", "2.1 句"]


def test_a_paragraph_may_have_the_number_of_its_style_taken_away() -> None:
    off = '<w:pStyle w:val="1"/><w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>'
    paragraphs = [paragraph("句", more='<w:pStyle w:val="1"/>'), paragraph("句", more=off), paragraph("句", more='<w:pStyle w:val="1"/>')]
    assert _texts(paragraphs, [_LINKED], [(0, "")], _HEADINGS) == ["1. 句", "句", "2. 句"]


def test_a_list_that_only_names_a_numbering_style_has_the_levels_of_that_style() -> None:
    lists = [["<w:styleLink w:val='L'/>", level(0, "第%1条", "chineseCounting")], ["<w:numStyleLink w:val='L'/>"]]
    assert _texts([paragraph("句", (2, 0)), paragraph("句", (1, 0))], lists, [(0, ""), (1, "")]) == ["第一条 句", "第二条 句"]


def test_bullets_are_marked_and_count_for_nothing() -> None:
    xml = with_parts(
        paragraph("甲", (1, 0)) + paragraph("乙", (1, 1)),
        {"numbering": numbering([[level(0, "%1."), level(1, "•", "bullet")]], [(0, "")])},
    )
    first, second = read_bytes("a.docx", xml).lines
    assert (first.text, first.bullet, second.text, second.bullet) == ("1. 甲", False, "乙", True)


def test_paragraphs_deleted_by_a_revision_are_not_counted() -> None:
    gone = (
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr>'
        '<w:del w:id="2"><w:r><w:delText>旧条款。</w:delText></w:r></w:del></w:p>'
    )
    assert _texts([paragraph("甲。", (1, 0)), gone, paragraph("乙。", (1, 0))], [[level(0, "%1.")]], [(0, "")]) == ["1. 甲。", "2. 乙。"]


def test_numbers_in_table_cells_count_with_the_text() -> None:
    cell = f"<w:tc>{paragraph('格', (1, 0))}</w:tc>"
    table = f"<w:tbl><w:tr>{cell}{cell}</w:tr><w:tr>{cell}{cell}</w:tr></w:tbl>"
    texts = _texts([paragraph("前。", (1, 0)), table, paragraph("后。", (1, 0))], [[level(0, "%1.")]], [(0, "")])
    assert texts == ["1. 前。", "2. 格 | 3. 格", "4. 格 | 5. 格", "6. 后。"]


def test_a_format_that_is_not_known_is_printed_in_digits_and_reported() -> None:
    data = with_parts(paragraph("句", (1, 0)), {"numbering": numbering([[level(0, "%1.", "thaiCounting")]], [(0, "")])})
    document = read_bytes("a.docx", data)
    assert document.lines[0].text == "1. 句"
    assert document.warnings == ("自动编号的格式 thaiCounting 不认识，按 1、2、3 读入",)
