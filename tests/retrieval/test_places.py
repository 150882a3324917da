from __future__ import annotations

import pytest

from retrieval.clause import Agreement
from retrieval.parsing import parse
from retrieval.places import Places, path_of
from retrieval.reading import lines_of
from retrieval.references import References

_OURS = Agreement("ours", "服务协议", ("服务协议",), (), "ours.txt", "made")


def _said(text: str, within: str) -> list[tuple[str, tuple[str, ...]]]:
    clauses = parse(lines_of(text), agreement="ours", title="服务协议").clauses
    (clause,) = [clause for clause in clauses if clause.id == within]
    return [(reference.text, reference.clauses) for reference in References([_OURS], clauses).of(clause)]


def test_a_range_of_articles_goes_on_over_the_chapters_that_hold_them() -> None:
    text = "第一章 甲\n\n第一条 甲。\n\n第二条 乙。\n\n第二章 乙\n\n第三条 丙。\n\n第四条 丁。\n\n第五条 违反第二条至第四条的，应当赔偿。\n"
    assert _said(text, "第五条") == [("第二条至第四条", ("第二条", "第三条", "第四条"))]


def test_an_article_is_no_section_of_its_number() -> None:
    text = "第一章 甲\n\n第一节 乙\n\n第一条 甲。\n\n第二条 第一条规定的情形除外。\n"
    assert _said(text, "第二条") == [("第一条", ("第一条",))]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("第一部分 甲\n\n第一节 乙\n\n第一千二百六十条 丙。\n\n第一千二百六十一条 丁。\n", [(1,), (1,), (1260,), (1261,)]),
        ("ARTICLE II TERMS\n\nSection 2.01 Fees. None.\n", [(2,), (2, 1)]),
        ("三、甲\n\n3.1 乙：\n\n（一）丙；\n\n（二）丁。\n", [(3,), (3, 1), (1,), (2,)]),
    ],
)
def test_numbers_have_their_value_in_every_style(text: str, paths: list[tuple[int, ...]]) -> None:
    clauses = parse(lines_of(text), agreement="ours", title="").clauses
    assert [path_of(clause) for clause in clauses] == paths
    assert len(Places(clauses).part(None)) == len(clauses)
