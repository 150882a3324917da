"""What is marked as changed between two wordings."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.differences import Sort, differences

_MARKS = {Sort.SAME: "{}", Sort.REMOVED: "[-{}-]", Sort.ADDED: "{{+{}+}}"}


def _shown(old: str, new: str) -> str:
    return "".join(_MARKS[piece.sort].format(piece.text) for piece in differences(old, new))


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("您可以在7天内退款。", "您可以在15天内退款。", "您可以在[-7天-]{+15天+}内退款。"),
        ("您可以在 30 个自然日内申请。", "您可以在 15 个工作日内申请。", "您可以在 [-30 个自然日-]{+15 个工作日+}内申请。"),
        ("费率为百分之五。", "费率为百分之八。", "费率为[-百分之五-]{+百分之八+}。"),
        ("期限三十日。", "期限三十五日。", "期限[-三十日-]{+三十五日+}。"),
        ("见第4.7条。", "见第4.18条。", "见第[-4.7-]{+4.18+}条。"),
        ("每日最高收费 40 元。", "每日最高收费 1,000.50 元。", "每日最高收费 [-40 元-]{+1,000.50 元+}。"),
        ("腾讯应当通知用户", "腾讯不应当通知用户", "腾讯{+不+}应当通知用户"),
        ("甲方应当付款", "乙方必须交款", "[-甲方应当付-]{+乙方必须交+}款"),
        ("refundable within 7 days", "not refundable within seven days", "{+not +}refundable within [-7-]{+seven+} days"),
        ("第一段。\n第二段。", "第一段。", "第一段。[-\n第二段。-]"),
        ("甲，乙，丙。", "甲，丙。", "甲，[-乙，-]丙。"),
        ("完全不同的一句话。", "风马牛不相及。", "[-完全不同的一句话-]{+风马牛不相及+}。"),
        ("没有了", "", "[-没有了-]"),
        ("", "新的", "{+新的+}"),
        ("一样。", "一样。", "一样。"),
        ("", "", ""),
    ],
)
def test_a_change_is_marked_as_people_read_it(old: str, new: str, shown: str) -> None:
    assert _shown(old, new) == shown


_TEXTS = st.text(st.sampled_from("甲乙方应当付款天日7153 .，。\nab百分之三"), max_size=60)


@given(_TEXTS, _TEXTS)
def test_the_pieces_make_both_texts_and_take_turns(old: str, new: str) -> None:
    pieces = differences(old, new)
    assert "".join(piece.text for piece in pieces if piece.sort is not Sort.ADDED) == old
    assert "".join(piece.text for piece in pieces if piece.sort is not Sort.REMOVED) == new
    assert all(piece.text for piece in pieces)
    sorts = [piece.sort for piece in pieces]
    assert all(first is not second for first, second in pairwise(sorts))
    assert (Sort.ADDED, Sort.REMOVED) not in set(pairwise(sorts))


def _random(size: int, seed: int) -> str:
    chance = random.Random(seed)
    return "".join(chance.choice("甲乙丙丁戊己庚辛壬癸子丑寅卯，。") for _ in range(size))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0，" * 20_000, "1，" + "0，0。" * 20_000),
        ("一二" * 20_000, "三" + "一二四" * 20_000),
        ("abc " * 20_000, "abd abc " * 20_000),
        (_random(50_000, 1), _random(50_000, 2)),
        (_random(50_000, 1), _random(50_000, 1)[:25_000] + "新增。" + _random(50_000, 1)[25_010:]),
    ],
    ids=["one phrase", "numerals", "one word", "nothing alike", "one change"],
)
def test_long_and_monotonous_texts_take_no_long_time(old: str, new: str) -> None:
    begun = time.process_time()
    differences(old, new)
    assert time.process_time() - begun < 3
