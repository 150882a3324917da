from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.clause import Clause
from retrieval.lexical import LexicalIndex
from retrieval.likely import LikelyQuestion
from retrieval.links import Links
from retrieval.parsing import parse
from retrieval.reading import lines_of

_JIA = """一、退款

1.1 您有权要求终止合作并全额退款。

1.2 增值服务一经购买无法取消，您无权要求退款。

1.3 您不得从事下列行为：

（1）转让账号；

（2）攻击系统。
"""
_YI = "一、赔偿\n\n1.1 逾期付款的，应当赔偿损失。\n\n1.2 不可抗力造成的损失不予赔偿。\n"
_SIGNALS = {"words", "bigrams", "printed", "context", "likely_words", "likely_bigrams", "question_words", "question_bigrams"}


def _clauses() -> list[Clause]:
    parsed = [parse(lines_of(text), agreement=key, title=key).clauses for key, text in (("jia", _JIA), ("yi", _YI))]
    return [clause for clauses in parsed for clause in clauses]


@pytest.fixture
def clauses() -> list[Clause]:
    return [clause for clause in _clauses() if clause.text]


@pytest.fixture
def index(tmp_path: Path, clauses: list[Clause]) -> LexicalIndex:
    likely = {("jia", "1.2"): [LikelyQuestion("lay", "买错了群发包能反悔吗"), LikelyQuestion("plain", "扩容买了还能退钱吗")]}
    LexicalIndex.build(tmp_path / "words", clauses, Links(_clauses()), likely)
    return LexicalIndex(tmp_path / "words")


def _found(index: LexicalIndex, clauses: list[Clause], question: str, signal: str, *agreements: str) -> list[tuple[str, str]]:
    return [clauses[position].ref for position, _ in index.search(question, {}, agreements, 10)[signal]]


def test_every_signal_answers_apart(index: LexicalIndex) -> None:
    assert set(index.search("退款", {}, (), 10)) >= _SIGNALS


def test_a_clause_is_found_by_its_words_and_its_bigrams(index: LexicalIndex, clauses: list[Clause]) -> None:
    for signal in ("words", "bigrams"):
        assert set(_found(index, clauses, "能退款吗", signal)) == {("jia", "1.1"), ("jia", "1.2")}
        assert _found(index, clauses, "不可抗力的损失", signal)[0] == ("yi", "1.2")


def test_a_clause_is_found_by_the_questions_it_is_likely_to_be_asked(index: LexicalIndex, clauses: list[Clause]) -> None:
    for signal in ("likely_bigrams", "question_bigrams", "question_words"):
        assert _found(index, clauses, "买错了能反悔么", signal) == [("jia", "1.2")]
    assert _found(index, clauses, "买错了能反悔么", "bigrams") == []


def test_an_item_is_found_by_the_heading_and_the_lead_in_above_it(index: LexicalIndex, clauses: list[Clause]) -> None:
    assert {("jia", "1.3（1）"), ("jia", "1.3（2）")} <= set(_found(index, clauses, "不得从事", "context"))
    assert ("jia", "1.3（1）") not in _found(index, clauses, "不得从事", "bigrams")
    assert {key for key, _ in _found(index, clauses, "赔偿", "context")} == {"yi"}


@pytest.mark.parametrize("question", ["退款", "赔偿损失", "您有权要求赔偿", "买错了能反悔么"])
def test_only_clauses_of_the_agreements_named_are_found(index: LexicalIndex, clauses: list[Clause], question: str) -> None:
    for agreements in (["jia"], ["yi"], ["jia", "yi"]):
        for ranked in index.search(question, {}, agreements, 10).values():
            assert {clauses[position].agreement for position, _ in ranked} <= set(agreements)
    assert index.search(question, {}, ["jia", "yi"], 10) == index.search(question, {}, (), 10)
    assert not any(index.search(question, {}, ["nobody"], 10).values())


def test_the_agreement_named_does_not_change_a_score(index: LexicalIndex, clauses: list[Clause]) -> None:
    everywhere = dict(index.search("赔偿损失和退款", {}, (), 10)["bigrams"])
    for key in ("jia", "yi"):
        here = dict(index.search("赔偿损失和退款", {}, [key], 10)["bigrams"])
        expected = {position: score for position, score in everywhere.items() if clauses[position].agreement == key}
        assert here == pytest.approx(expected)


def test_the_best_come_first_and_no_more_than_asked_for(index: LexicalIndex) -> None:
    ranked = index.search("您有权要求全额退款，无权要求赔偿损失", {}, (), 10)["bigrams"]
    assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)
    assert index.search("您有权要求全额退款，无权要求赔偿损失", {}, (), 2)["bigrams"] == ranked[:2]


@pytest.mark.parametrize("question", ["", "？！", "xyzzy", "😀", "\x00", "agreement:jia", "*:*", '"" OR ()'])
def test_a_question_of_nothing_known_finds_nothing(index: LexicalIndex, question: str) -> None:
    assert not any(index.search(question, {}, (), 10).values())


def _printed(index: LexicalIndex, clauses: list[Clause], printed: dict[str, float], *agreements: str) -> list[tuple[str, str]]:
    return [clauses[position].ref for position, _ in index.search("不相干", printed, agreements, 10)["printed"]]


def test_a_clause_is_found_by_words_that_agreements_may_print_for_those_of_the_question(index: LexicalIndex, clauses: list[Clause]) -> None:
    assert _printed(index, clauses, {"账号": 1.0}) == [("jia", "1.3（1）")]
    assert not any(ranked for name, ranked in index.search("不相干", {"账号": 1.0}, (), 10).items() if name != "printed")
    assert _printed(index, clauses, {"账号": 1.0}, "yi") == _printed(index, clauses, {}) == _printed(index, clauses, {"天气": 4.0}) == []


def test_a_surer_word_counts_for_more(index: LexicalIndex, clauses: list[Clause]) -> None:
    for surer, doubtful in (("账号", "系统"), ("系统", "账号")):
        first, second = _printed(index, clauses, {surer: 2.0, doubtful: 0.5})
        assert (_printed(index, clauses, {surer: 1.0}), _printed(index, clauses, {doubtful: 1.0})) == ([first], [second])


def test_the_weight_of_a_word_is_a_factor_of_its_score(index: LexicalIndex) -> None:
    (once,), (twice,) = (index.search("不相干", {"账号": weight}, (), 10)["printed"] for weight in (1.0, 2.0))
    assert twice[0] == once[0]
    assert twice[1] == pytest.approx(2 * once[1])


def test_a_printed_term_is_taken_apart_and_a_word_of_two_of_them_counts_by_the_surer(index: LexicalIndex, clauses: list[Clause]) -> None:
    assert _printed(index, clauses, {"账号系统": 1.0}) == _printed(index, clauses, {"账号": 1.0, "系统": 1.0})
    apart = index.search("不相干", {"转让": 0.5, "账号": 2.0}, (), 10)["printed"]
    assert apart != index.search("不相干", {"转让": 0.5, "账号": 0.5}, (), 10)["printed"]
    for printed in ({"账号转让": 0.5, "账号": 2.0}, {"账号": 2.0, "账号转让": 0.5}):
        assert index.search("不相干", printed, (), 10)["printed"] == apart


def test_marks_of_a_query_language_mean_nothing(index: LexicalIndex) -> None:
    assert index.search('退款" AND agreement:yi OR *:* (', {}, (), 10)["bigrams"] == index.search("退款", {}, (), 10)["bigrams"]


def test_a_rarer_bigram_weighs_more_and_an_unknown_one_most(index: LexicalIndex) -> None:
    assert 0 < index.idf("退款") < index.idf("攻击") < index.idf("天气")


def test_the_vocabulary_is_what_the_texts_and_their_questions_are_made_of(index: LexicalIndex) -> None:
    assert {"退款", "赔偿", "账号", "反悔"} <= index.vocabulary
    assert not {"您", "你", "天气", "，"} & index.vocabulary


def test_progress_is_told_once_a_clause(tmp_path: Path, clauses: list[Clause]) -> None:
    ticks: list[None] = []
    LexicalIndex.build(tmp_path / "words", clauses, Links(clauses), {}, tick=lambda: ticks.append(None))
    assert len(ticks) == len(clauses)


def test_the_same_clauses_give_the_same_scores(tmp_path: Path, clauses: list[Clause], index: LexicalIndex) -> None:
    likely = {("jia", "1.2"): [LikelyQuestion("lay", "买错了群发包能反悔吗"), LikelyQuestion("plain", "扩容买了还能退钱吗")]}
    LexicalIndex.build(tmp_path / "again", clauses, Links(_clauses()), likely)
    again = LexicalIndex(tmp_path / "again")
    for question in ("退款", "赔偿损失", "买错了能反悔么", "不得从事"):
        assert again.search(question, {}, (), 10) == index.search(question, {}, (), 10)
