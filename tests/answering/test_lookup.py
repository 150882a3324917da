from __future__ import annotations

import pytest

from answering.lookup import find_number, numeral, range_of
from retrieval.clause import Clause, Kind
from retrieval.library import Library
from retrieval.numbering import cjk_value


def _found(library: Library, key: str, written: str) -> list[str]:
    return [clause.id for clause in find_number(written, library.clauses([key]))]


def _there_is(library: Library, key: str, written: str) -> str:
    return range_of(written, library.clauses([key]))


@pytest.mark.parametrize(
    ("key", "written", "ids"),
    [
        ("qidian", "4.7", ["4.7"]),
        ("qidian", "10.3（4）", ["10.3（4）"]),
        ("lexiang", "4.6.1", ["4.6.1"]),
        ("lexiang", "4.4.2.1（10）", ["4.4.2.1（10）"]),
        ("wework", "8.1.2.1（6）", ["8.1.2.1（6）"]),
        ("archive", "附件/5.4.2", ["附件/5.4.2"]),
    ],
)
def test_a_number_names_its_clause(key: str, written: str, ids: list[str], shipped: Library) -> None:
    assert _found(shipped, key, written) == ids


@pytest.mark.parametrize("written", ["2.2.3", "3.2.5"])
def test_a_number_printed_twice_names_both_clauses_in_reading_order(written: str, shipped: Library) -> None:
    assert _found(shipped, "lexiang", written) == [written, f"{written}#2"]


@pytest.mark.parametrize(
    ("key", "ids"),
    [("qidian", ["第四条"]), ("lexiang", ["四"])],
)
@pytest.mark.parametrize("written", ["第四条", "第4条"])
def test_an_article_is_found_however_it_is_written_and_printed(written: str, key: str, ids: list[str], shipped: Library) -> None:
    assert _found(shipped, key, written) == ids


def test_articles_above_ten_are_found_too(shipped: Library) -> None:
    assert _found(shipped, "qidian", "第11条") == _found(shipped, "qidian", "第十一条") == ["第十一条"]


def test_a_number_that_only_the_annex_has_is_found_without_the_word_annex(shipped: Library) -> None:
    assert _found(shipped, "archive", "5.4.2") == ["附件/5.4.2"]


def test_a_number_of_body_and_annex_is_that_of_the_body(shipped: Library) -> None:
    ids = {clause.id for clause in shipped.clauses(["archive"])}
    both = sorted(id_.removeprefix("附件/") for id_ in ids if id_.startswith("附件/") and id_.removeprefix("附件/") in ids)
    assert both
    for written in both:
        assert _found(shipped, "archive", written) == [written]
        assert _found(shipped, "archive", f"附件/{written}") == [f"附件/{written}"]


@pytest.mark.parametrize("written", ["4.19", "4.7.1", "99.1", "附件/4.7", "第九十九条", "4.70", "4", "7", ""])
def test_a_number_that_is_not_there_names_nothing(written: str, shipped: Library) -> None:
    assert _found(shipped, "qidian", written) == []


def test_every_id_of_every_agreement_is_found_by_its_number(shipped: Library) -> None:
    for agreement in shipped.agreements:
        clauses = shipped.clauses([agreement.key])
        for clause in clauses:
            assert clause in find_number(clause.id.partition("#")[0], clauses)


@pytest.mark.parametrize("written", ["4.0", "4.11", "4.19", "4.7.1"])
def test_a_missing_clause_of_an_article_is_answered_with_the_article_s_range(written: str, shipped: Library) -> None:
    assert "4.1–4.10" in _there_is(shipped, "qidian", written)


def test_the_deepest_part_that_exists_gives_the_range(shipped: Library) -> None:
    assert _there_is(shipped, "lexiang", "4.4.2.9") == "4.4.2 下共 4.4.2.1–4.4.2.5"
    assert _there_is(shipped, "lexiang", "4.6.9") == "4.6 下共 4.6.1–4.6.2"


def test_a_missing_article_is_answered_with_the_articles(shipped: Library) -> None:
    for written in ("第九十九条", "99.1", "0.1"):
        there = _there_is(shipped, "qidian", written)
        assert "11 条" in there
        assert "第一条" in there
        assert "第十一条" in there


def test_a_clause_printed_twice_does_not_widen_the_range(shipped: Library) -> None:
    assert _there_is(shipped, "lexiang", "2.2.9").endswith("2.2.1–2.2.6")
    assert _there_is(shipped, "lexiang", "3.2.9").endswith("3.2.1–3.2.5")


def test_an_agreement_without_articles_has_no_range() -> None:
    preamble = Clause("x", "前言", "前言", 1, Kind.PREAMBLE, 1, None, "", "欢迎。", False, "《某协议》前言")
    assert range_of("4.7", [preamble]) == ""


def test_numerals_up_to_ninety_nine_are_those_that_are_read_back() -> None:
    assert [numeral(number) for number in (1, 10, 11, 20, 21, 99)] == ["一", "十", "十一", "二十", "二十一", "九十九"]
    assert all(cjk_value(numeral(number)) == number for number in range(1, 100))
