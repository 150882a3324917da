"""What became of the clauses of an agreement between two versions."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.clause import Clause
from retrieval.comparison import Change, ClauseChange, compare
from retrieval.differences import Sort
from retrieval.library import Library
from retrieval.parsing import parse
from retrieval.reading import lines_of

_TEXT = """第一条 收费
1.1 停车每小时收费 5 元，每日最高收费 40 元。
1.2 车辆离场后，您可以在 30 个自然日内申请开具停车费发票。
1.3 月租车辆按月收费，不足一个月的按一个月计算。
第二条 责任
2.1 您应当锁好车门，贵重物品丢失由您自行承担责任。
2.2 您不得从事下列行为：
（1）转租您的车位；
（2）在通道上堆放杂物。
第三条 终止
3.1 任何一方可以提前 30 日书面通知对方终止本协议。
"""


def _clauses(text: str) -> list[Clause]:
    return list(parse(lines_of(text), agreement="parking", title="停车协议").clauses)


def _told(old: str, new: str) -> list[tuple[str, str, str]]:
    """Every change but those that are none: what it is, the old number, the new one."""
    return [_one(change) for change in compare(_clauses(old), _clauses(new)).differing]


def _one(change: ClauseChange) -> tuple[str, str, str]:
    return (change.change.value, change.old.id if change.old else "", change.new.id if change.new else "")


def _without(text: str, line: str) -> str:
    assert text.count(line) == 1
    return text.replace(line, "")


def test_the_same_text_has_not_changed() -> None:
    comparison = compare(_clauses(_TEXT), _clauses(_TEXT))
    assert comparison.differing == ()
    assert comparison.counts[Change.UNCHANGED] == len(_clauses(_TEXT)) == len(comparison.changes)


def test_a_changed_figure_is_one_change_of_one_clause() -> None:
    (change,) = compare(_clauses(_TEXT), _clauses(_TEXT.replace("30 个自然日", "15 个自然日"))).differing
    assert _one(change) == ("changed", "1.2", "1.2")
    assert [(piece.sort, piece.text) for piece in change.pieces if piece.sort is not Sort.SAME] == [
        (Sort.REMOVED, "30 个自然日"),
        (Sort.ADDED, "15 个自然日"),
    ]


def test_a_changed_heading_is_a_change_of_its_article() -> None:
    assert _told(_TEXT, _TEXT.replace("第二条 责任", "第二条 您的责任")) == [("changed", "第二条", "第二条")]


def test_a_clause_that_was_added_at_the_end_changes_no_other() -> None:
    assert _told(_TEXT, _TEXT + "3.2 终止后剩余的费用按日退还。\n") == [("added", "", "3.2")]


def test_a_removed_clause_stands_where_it_stood() -> None:
    told = _told(_TEXT, _without(_TEXT, "1.3 月租车辆按月收费，不足一个月的按一个月计算。\n").replace("锁好", "关好"))
    assert told == [("removed", "1.3", ""), ("changed", "2.1", "2.1")]


def test_what_stands_behind_an_inserted_clause_is_renumbered_and_not_changed() -> None:
    new = _TEXT.replace("1.1 停车", "1.1 场内限速五公里。\n1.2 停车").replace("1.2 车辆", "1.3 车辆").replace("1.3 月租", "1.4 月租")
    assert _told(_TEXT, new) == [
        ("added", "", "1.1"),
        ("renumbered", "1.1", "1.2"),
        ("renumbered", "1.2", "1.3"),
        ("renumbered", "1.3", "1.4"),
    ]


def test_an_inserted_article_renumbers_the_articles_clauses_and_items_behind_it() -> None:
    new = _TEXT.replace("第三条", "第四条").replace("3.1 任何", "4.1 任何")
    new = (
        new.replace("2.1 您", "3.1 您")
        .replace("2.2 您", "3.2 您")
        .replace("第二条 责任", "第二条 充电\n2.1 充电桩由您自行操作。\n第三条 责任")
    )
    told = _told(_TEXT, new)
    assert [change for change in told if change[0] != "renumbered"] == [("added", "", "第二条"), ("added", "", "2.1")]
    assert ("renumbered", "2.2（1）", "3.2（1）") in told
    assert ("renumbered", "3.1", "4.1") in told


def test_a_clause_that_was_renumbered_and_hardly_changed_is_renumbered() -> None:
    new = _TEXT.replace("1.1 停车", "1.1 场内限速五公里。\n1.2 停车").replace("1.2 车辆", "1.3 车辆").replace("1.3 月租", "1.4 月租")
    comparison = compare(_clauses(_TEXT), _clauses(new.replace("30 个自然日", "15 个自然日")))
    (change,) = [change for change in comparison.differing if change.is_reworded and change.old]
    assert _one(change) == ("renumbered", "1.2", "1.3")


def test_a_clause_that_went_to_another_article_was_moved() -> None:
    line = "1.1 停车每小时收费 5 元，每日最高收费 40 元。\n"
    new = _without(_TEXT, line).replace("1.2 ", "1.1 ").replace("1.3 ", "1.2 ") + line.replace("1.1", "3.2")
    assert _told(_TEXT, new) == [("renumbered", "1.2", "1.1"), ("renumbered", "1.3", "1.2"), ("moved", "1.1", "3.2")]


def test_of_two_clauses_that_changed_places_one_was_moved() -> None:
    first, second = "2.1 您应当锁好车门，贵重物品丢失由您自行承担责任。", "1.1 停车每小时收费 5 元，每日最高收费 40 元。"
    new = _TEXT.replace(first, "FIRST").replace(second, first.replace("2.1", "1.1")).replace("FIRST", second.replace("1.1", "2.1"))
    told = _told(_TEXT, new)
    assert len(told) == 2
    assert "moved" in {change for change, _, _ in told}


def test_a_number_with_other_words_is_a_changed_clause_where_the_old_words_are_nowhere() -> None:
    new = _TEXT.replace("停车每小时收费 5 元，每日最高收费 40 元。", "一切服务免费提供。")
    assert _told(_TEXT, new) == [("changed", "1.1", "1.1")]


def test_of_clauses_with_the_same_words_each_stays_under_its_own() -> None:
    old = "第一条 甲方\n1.1 其他。\n1.2 甲方的第二项义务。\n第二条 乙方\n2.1 其他。\n2.2 乙方的第二项义务。\n"
    assert _told(old, _without(old, "1.2 甲方的第二项义务。\n")) == [("removed", "1.2", "")]


def test_a_clause_without_words_goes_with_what_it_holds() -> None:
    old = _clauses("第一条 收费\n1.1 停车每小时收费五元。\n第二条 责任\n2.1 您应当锁好车门。\n")
    old = [replace(clause, heading="") for clause in old]
    new = [
        replace(clause, id=clause.id.replace("二", "三").replace("2.", "3."), parent=(clause.parent or "").replace("二", "三") or None)
        for clause in old
    ]
    assert [_one(change) for change in compare(old, new).differing] == [("renumbered", "第二条", "第三条"), ("renumbered", "2.1", "3.1")]


def test_everything_is_added_to_nothing_and_removed_from_it() -> None:
    clauses = _clauses(_TEXT)
    assert {change.change for change in compare([], clauses).changes} == {Change.ADDED}
    assert {change.change for change in compare(clauses, []).changes} == {Change.REMOVED}
    assert compare([], []).changes == ()


_LINES = st.lists(
    st.sampled_from([line.partition(" ")[2] for line in _TEXT.splitlines() if line[0].isdigit()] + ["其他。", "新的一条，前所未有。"]),
    max_size=12,
)


def _made(texts: list[str]) -> list[Clause]:
    numbered = "\n".join(f"1.{at} {text}" for at, text in enumerate(texts, start=1))
    return _clauses(f"第一条 收费\n{numbered}\n")


@given(_LINES, _LINES)
def test_every_clause_is_in_just_one_change_and_the_new_ones_in_order(old: list[str], new: list[str]) -> None:
    before, after = _made(old), _made(new)
    changes = compare(before, after).changes
    assert [change.new for change in changes if change.new] == after
    assert sorted(change.old.id for change in changes if change.old) == sorted(clause.id for clause in before)
    for change in changes:
        assert "".join(piece.text for piece in change.pieces if piece.sort is not Sort.ADDED) == (change.old.content if change.old else "")
        assert "".join(piece.text for piece in change.pieces if piece.sort is not Sort.REMOVED) == (
            change.new.content if change.new else ""
        )


def _many(shipped: Library) -> list[Clause]:
    """2,073 clauses: the shipped ones, and twice again with every seventh character another."""
    found: list[Clause] = []
    for copy in range(3):
        chance = random.Random(copy)
        for clause in shipped.clauses():
            text = "".join(chr(0x4E00 + chance.randrange(3000)) if copy and chance.random() < 1 / 7 else char for char in clause.text)
            parent = f"{copy}/{clause.agreement}/{clause.parent}" if clause.parent else None
            found.append(replace(clause, agreement="many", id=f"{copy}/{clause.agreement}/{clause.id}", parent=parent, text=text))
    return found


@pytest.mark.parametrize("what", ["words", "numbers", "order", "everything"])
def test_two_thousand_clauses_take_about_a_second_whatever_has_changed(what: str, shipped: Library) -> None:
    old = _many(shipped)
    new = (
        [replace(clause, text=clause.text.replace("的", "之").replace("，", "、")) for clause in old]
        if what in ("words", "everything")
        else old[:]
    )
    if what in ("numbers", "everything"):
        new = [replace(clause, id=f"9{clause.id}", parent=f"9{clause.parent}" if clause.parent else None) for clause in new]
    if what in ("order", "everything"):
        random.Random(3).shuffle(new)
    begun = time.process_time()
    comparison = compare(old, new)
    assert time.process_time() - begun < 8  # on a busy machine
    assert len(comparison.differing) > 1000
    assert comparison.counts[Change.ADDED] + comparison.counts[Change.REMOVED] < 60
