from __future__ import annotations

from retrieval.gaps import gaps_of
from retrieval.parsing import parse
from retrieval.reading import lines_of


def _gaps(text: str) -> list[tuple[str | None, str, int]]:
    clauses = parse(lines_of(text), agreement="made", title="").clauses
    return [(gap.before.id if gap.before else None, gap.after.id, gap.missing) for gap in gaps_of(clauses)]


def test_missing_numbers_are_found_at_every_level() -> None:
    text = "第一条 甲\n\n1.1 甲：\n\n（1）甲；\n\n（2）乙；\n\n（4）丙。\n\n1.4 丁。\n\n第三条 乙\n\n3.1 戊。\n"
    assert _gaps(text) == [("1.1（2）", "1.1（4）", 1), ("1.1", "1.4", 2), ("第一条", "第三条", 1)]


def test_a_list_that_does_not_begin_with_one_has_a_gap_before_it() -> None:
    assert _gaps("第三条 甲。\n\n第四条 乙。\n") == [(None, "第三条", 2)]


def test_numbers_that_count_on_or_begin_anew_under_the_next_chapter_have_no_gap() -> None:
    assert _gaps("第一章 甲\n\n第一条 甲。\n\n第二章 乙\n\n第二条 乙。\n\n第三章 丙\n\n第一条 丙。\n") == []


def test_letters_and_roman_numerals_count_each_in_their_way() -> None:
    assert _gaps("1. List:\n\n(a) item:\n\n(i) one;\n\n(ii) two;\n\n(iii) three;\n\n(b) item.\n") == []


def test_a_number_that_is_printed_further_on_is_not_missing() -> None:
    assert _gaps("第一条 甲\n\n1.1 甲。\n\n1.3 丙。\n\n1.2 乙。\n\n1.5 丁。\n") == [("1.3", "1.5", 1)]
