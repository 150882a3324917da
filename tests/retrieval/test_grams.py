from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.grams import Grams, GramsWriter, gram_number
from retrieval.words import bigrams

_TEXTS = ["退款转回原账户，7个自然日内到账。", "", "API 的 appid 不得转让", "退款退款退款"]
_CONTEXTS = ["费用", "费用 退款", "", "服务 费用"]
_ASKED = [["退钱几天到账", "多久到账"], [], ["接口能转让吗"], []]
_WEIGHTS = {"退款": 3.0, "到账": 2.0, "费用": 1.5, "api": 1.0, "转让": 0.5, "没有": 4.0}


@pytest.fixture
def grams(tmp_path: Path) -> Grams:
    writer = GramsWriter()
    for text, context, asked in zip(_TEXTS, _CONTEXTS, _ASKED, strict=True):
        writer.add(text, bigrams(text), bigrams(context), [bigrams(question) for question in asked])
    writer.write(tmp_path / "grams", lambda pair: _WEIGHTS.get(pair, 1.0))
    return Grams(tmp_path / "grams")


def _share(*texts: str) -> float:
    known = {pair for text in texts for pair in bigrams(text)}
    return sum(weight for pair, weight in _WEIGHTS.items() if pair in known) / sum(_WEIGHTS.values())


def test_shares_are_those_that_sets_of_bigrams_give(grams: Grams) -> None:
    places = [3, 0, 2, 1, 0]
    common = grams.common(_WEIGHTS, np.array(places))
    assert common.text.tolist() == pytest.approx([_share(_TEXTS[at]) for at in places])
    assert common.context.tolist() == pytest.approx([_share(_CONTEXTS[at]) for at in places])
    assert common.likely.tolist() == pytest.approx([_share(*_ASKED[at]) for at in places])
    assert common.all.tolist() == pytest.approx([_share(_TEXTS[at], _CONTEXTS[at], *_ASKED[at]) for at in places])
    assert common.most.tolist() == pytest.approx([max(map(_share, _ASKED[at]), default=0.0) for at in places])


def test_the_nearest_question_is_the_one_with_the_highest_weighted_dice(grams: Grams) -> None:
    whole = sum(_WEIGHTS.values())
    one, other = (
        2 * 2.0 / (whole + sum(_WEIGHTS.get(pair, 1.0) for pair in pairs))
        for pairs in (["退钱", "钱几", "几天", "天到", "到账"], ["多久", "久到", "到账"])
    )
    assert grams.common(_WEIGHTS, np.array([0])).nearest.tolist() == pytest.approx([max(one, other)])
    assert other > one


def test_nothing_asked_and_nothing_looked_at_have_nothing_in_common(grams: Grams) -> None:
    assert grams.common({}, np.array([0, 2])).all.tolist() == [0, 0]
    assert grams.common(_WEIGHTS, np.array([], dtype=np.int64)).text.tolist() == []


@pytest.mark.parametrize(
    ("position", "letters", "stands"),
    [(0, "转回原账户7个自然日", True), (0, "转回原帐户7个自然日", False), (2, "api的appid", True), (1, "退", False), (3, "款退", True)],
)
def test_letters_stand_in_a_text_whatever_its_punctuation(grams: Grams, position: int, letters: str, stands: bool) -> None:
    assert grams.has_letters(position, letters.encode()) is stands


def test_no_two_bigrams_of_the_shipped_agreements_have_one_number() -> None:
    files = (Path(__file__).parents[2] / "agreements").glob("*.txt")
    found = {pair for file in files for pair in bigrams(file.read_text(encoding="utf-8"))}
    assert len(found) > 5000
    assert len({gram_number(pair) for pair in found}) == len(found)


def test_a_library_without_any_likely_question_is_written_and_read(tmp_path: Path) -> None:
    writer = GramsWriter()
    writer.add("退款", ["退款"], [], [])
    writer.write(tmp_path / "grams", lambda pair: 1.0)
    common = Grams(tmp_path / "grams").common({"退款": 1.0}, np.array([0]))
    assert (common.text.tolist(), common.likely.tolist(), common.nearest.tolist()) == ([1.0], [0.0], [0.0])
