"""Numbers in their sequence: small texts, each with one thing that no single line could tell."""

from __future__ import annotations

import time

import pytest

from retrieval.clause import Clause, Kind
from retrieval.parsing import Parsed, parse
from retrieval.reading import lines_of


def _parse(text: str) -> Parsed:
    return parse(lines_of(text), agreement="made", title="服务协议")


def _outline(text: str) -> list[str]:
    """Ids in reading order, each under its parent."""
    return [f"{clause.parent or ''}>{clause.id}" for clause in _parse(text).clauses]


def _by_id(text: str) -> dict[str, Clause]:
    return {clause.id: clause for clause in _parse(text).clauses}


def test_chapters_hold_articles_that_count_on() -> None:
    text = "第一章 总则\n\n第一条 甲。\n\n第二条 乙。\n\n第二章 权利\n\n第三条 丙。\n\n第四条 丁。\n"
    assert _outline(text) == [">第一章", "第一章>第一条", "第一章>第二条", ">第二章", "第二章>第三条", "第二章>第四条"]


def test_sections_that_begin_anew_are_told_apart_by_their_chapter() -> None:
    found = _by_id("第一章 总则\n\n第一节 甲\n\n第一条 丙。\n\n第二章 权利\n\n第一节 乙\n\n第二条 丁。\n")
    assert (found["第一节"].label, found["第一节#2"].label) == ("《服务协议》第一章第一节", "《服务协议》第二章第一节")
    assert (found["第二条"].label, found["第二条"].parent) == ("《服务协议》第二条", "第一节#2")


def test_clauses_that_begin_anew_under_each_article_are_told_apart_by_it() -> None:
    found = _by_id("第一部分 协议书\n\n1.1 甲。\n\n1.2 乙。\n\n第二部分 通用条款\n\n1.1 丙。\n\n1.2 丁。\n")
    assert (found["1.1#2"].label, found["1.1#2"].parent) == ("《服务协议》第二部分 1.1", "第二部分")


def test_an_article_between_two_others_has_their_number_and_one_more() -> None:
    text = "第一百三十三条 甲。\n\n第一百三十三条之一 乙。\n\n第一百三十三条之二 丙。\n\n第一百三十四条 丁。\n"
    assert [clause.id for clause in _parse(text).clauses] == [
        "第一百三十三条",
        "第一百三十三条之一",
        "第一百三十三条之二",
        "第一百三十四条",
    ]


def test_official_numbering_nests_in_its_order() -> None:
    text = "一、总则\n\n（一）甲：\n\n1. 乙：\n\n（1）丙；\n\n（2）丁。\n\n2. 戊。\n\n（二）己。\n\n二、附则\n\n（一）庚。\n"
    assert _outline(text) == [
        ">一", "一>一（一）", "一（一）>一（一）（1）", "一（一）（1）>一（一）（1）（1）", "一（一）（1）>一（一）（1）（2）",
        "一（一）>一（一）（2）", "一>一（二）", ">二", "二>二（一）",
    ]  # fmt: skip


def test_english_articles_sections_and_items_nest() -> None:
    text = (
        "ARTICLE I\n\nDEFINITIONS\n\nSection 1.01 Terms. The following apply:\n\n(a) first;\n\n(b) second:\n\n(i) one;\n\n(ii) two.\n\n"
        "Section 1.02 More. Nothing.\n\nARTICLE II\n\nPAYMENT\n\nSection 2.01 Fees. The Buyer pays.\n"
    )
    assert _outline(text) == [
        ">ARTICLE I", "ARTICLE I>1.01", "1.01>1.01（a）", "1.01>1.01（b）", "1.01（b）>1.01（b）（i）", "1.01（b）>1.01（b）（ii）", "ARTICLE I>1.02",
        ">ARTICLE II", "ARTICLE II>2.01",
    ]  # fmt: skip
    assert _by_id(text)["ARTICLE I"].heading == "DEFINITIONS"


def test_i_is_a_letter_after_h_and_a_roman_numeral_where_a_list_begins() -> None:
    letters = "1. List:\n\n" + "".join(f"({letter}) item;\n\n" for letter in "abcdefghij")
    assert [clause.id for clause in _parse(letters).clauses][-2:] == ["1（i）", "1（j）"]
    assert _outline("1. List:\n\n(a) item:\n\n(i) one;\n\n(ii) two;\n\n(b) item.\n")[2:4] == ["1（a）>1（a）（i）", "1（a）>1（a）（ii）"]


def test_numbers_without_a_dot_are_clauses_where_they_go_on() -> None:
    assert _outline("1 定义\n\n1.1 甲。\n\n2 人员管理\n\n2.1 乙。\n\n3 费用\n\n3.1 丙。\n") == [">1", "1>1.1", ">2", "2>2.1", ">3", "3>3.1"]


def test_articles_may_count_from_nought() -> None:
    assert _outline("Preamble of it.\n\n0. Definitions.\n\nNone.\n\n1. Source.\n\nNone.\n\n2. Object.\n\nNone.\n")[1:] == [">0", ">1", ">2"]


def test_full_width_digits_and_missing_spaces_are_the_same_numbers() -> None:
    assert _outline("第１条服务\n\n１．１甲方付款。\n\n１．２乙方交付：\n\n（１）甲；\n\n（２）乙。\n") == [
        ">第1条", "第1条>1.1", "第1条>1.2", "1.2>1.2（1）", "1.2>1.2（2）",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("除非本协议另有约定，甲方应当依照", "第二条的约定付款。"),
        ("甲方应当及时付款，但", "第二条、第三条另有约定的从其约定。"),
        ("甲方应当及时足额付款，但是不适用", "1.2 款所述的情形。"),
        ("甲方应当提供下列材料，并遵守本条第", "（2）项的要求。"),
        ("The Buyer pays in accordance with", "Section 1.2 of this Agreement."),
    ],
)
def test_a_number_that_would_continue_the_sequence_is_spoken_of_all_the_same(words: str, line: str) -> None:
    text = f"第一条 服务\n\n1.1 {words}\n\n{line}\n\n1.2 乙方交付：\n\n（1）甲；\n\n（2）乙。\n\n第二条 费用\n\n2.1 丙。\n\n第三条 其他\n\n3.1 丁。\n"
    assert [clause.id for clause in _parse(text).clauses] == [
        "第一条", "1.1", "1.2", "1.2（1）", "1.2（2）", "第二条", "2.1", "第三条", "3.1",
    ]  # fmt: skip


def test_items_in_the_style_of_headed_articles_stay_items() -> None:
    text = (
        "1. 范围\n\n本协议适用于全部服务。\n\n2. 费用\n\n费用如下。\n\n3. 期限\n\n1. 自签订之日起，一年。\n\n2. 期满后，续签。\n\n"
        "3. 另有约定的，从其约定。\n\n4. 逾期的，视为放弃。\n\n4. 其他\n\n未尽事宜，另行约定。\n"
    )
    assert _outline(text) == [">1", ">2", ">3", "3>3（1）", "3>3（2）", "3>3（3）", "3>3（4）", ">4"]


def test_annexes_are_told_in_both_languages_and_number_anew() -> None:
    text = "1. Terms\n\nSee Schedule 1.\n\nSchedule 1 – Fees\n\n1. Rates\n\nTen.\n\nExhibit A\n\nForms\n\n1. Form\n\nNone.\n"
    assert _outline(text) == [">1", ">Schedule 1", "Schedule 1>Schedule 1/1", ">Exhibit A", "Exhibit A>Exhibit A/1"]
    assert _by_id(text)["Exhibit A"].heading == "Forms"


def test_an_annex_that_is_only_named_begins_nothing() -> None:
    assert [clause.kind for clause in _parse("1.1 服务内容详见\n\n附件一所列的清单。\n\n1.2 甲。\n").clauses] == [Kind.CLAUSE, Kind.CLAUSE]


def test_articles_that_run_on_in_one_line_are_put_apart_and_reported() -> None:
    text = "第一章 总则\n\n第一条 甲方付款，乙方交付。 第二条 本协议自签订之日起生效，有效期一年。 第三条 未尽事宜，由双方另行协商约定，签订补充协议。\n"
    parsed = _parse(text)
    assert [clause.id for clause in parsed.clauses] == ["第一章", "第一条", "第二条", "第三条"]
    assert [str(repair) for repair in parsed.repairs] == ["2 articles put on lines of their own that ran on in one"]


def test_an_article_that_names_the_next_two_is_left_in_one_piece() -> None:
    text = "第一条 甲方付款。 第二条 和第三条另有约定的除外，本条不适用于第二条规定的情形以及双方另行签订的任何补充协议。\n\n第二条 乙。\n"
    assert [clause.id for clause in _parse(text).clauses] == ["第一条", "第二条"]


def test_lists_that_markdown_counts_by_itself_are_counted_and_reported() -> None:
    parsed = _parse("# Terms\n\n1. One.\n\n1. Two.\n\n1. Three.\n\n## More\n\n1. Four.\n")
    assert [clause.id for clause in parsed.clauses if clause.kind is Kind.ARTICLE] == ["1", "2", "3", "1#2"]
    assert [str(repair) for repair in parsed.repairs] == ["2 items counted whose lists print 1. before each"]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(map(str, range(1, 30_000))),
        "\n".join(".".join(["1"] * depth) + " 甲。" for depth in range(1, 700)) + "\n" + ".".join(["1"] * 10_000) + " 甲。",
        "（" * 10_000 + "1）甲",
        "甲方应当付款，" * 700_000,
        "1." * 2_000_000,
        "".join(f"第{number}条 甲方应当付款。 " for number in range(1, 60_000)),
        "\n".join(["目录", "甲方"] * 10_000),
        "\n".join(["（1）甲："] * 8_000),
    ],
    ids=["numbers", "deep", "brackets", "one line", "one number", "one line of articles", "contents", "one item"],
)
def test_no_text_takes_the_parser_long_or_makes_it_fail(text: str) -> None:
    lines = lines_of(text)
    began = time.process_time()
    parsed = parse(lines, agreement="made", title="服务协议")
    assert time.process_time() - began < 20
    assert max((len(clause.id) for clause in parsed.clauses), default=0) <= 128  # what the library has room for
    assert len({clause.id for clause in parsed.clauses}) == len(parsed.clauses)


def test_twice_the_text_takes_about_twice_the_time() -> None:
    def seconds(articles: int) -> float:
        lines = lines_of("".join(f"第{n}条 服务\n{n}.1 甲方付款：\n（1）甲；\n（2）乙。\n{n}.2 乙方交付。\n" for n in range(1, articles)))
        began = time.process_time()
        parse(lines, agreement="made", title="服务协议")
        return time.process_time() - began

    seconds(50)
    assert seconds(900) < 4 * seconds(300) + 0.5
