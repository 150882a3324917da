"""The question set itself: its gold stands in the agreements, it covers them, and nobody was told the answers beforehand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from answering.question import understand
from eval.questions import QUESTIONS, EvalCase, QuestionsError, load_questions, problems
from retrieval.clause import Kind
from retrieval.library import Library
from retrieval.words import STOP_WORDS, bigrams

MEASURED = [QUESTIONS / "dev.jsonl", QUESTIONS / "test.jsonl"]


@pytest.fixture(scope="module")
def cases() -> list[EvalCase]:
    return load_questions(MEASURED)


def test_every_anchor_stands_in_its_clause(shipped: Library) -> None:
    assert problems(load_questions([*MEASURED, QUESTIONS / "train.jsonl"]), shipped) == []


def test_there_are_enough_of_every_sort(cases: list[EvalCase]) -> None:
    expects = Counter(case.expect for case in cases)
    assert len(cases) >= 300
    assert 0.12 <= expects["refuse"] / len(cases) <= 0.20
    assert sum(len(case.agreements) > 1 for case in cases) >= 0.08 * len(cases)
    assert sum(bool(case.history) for case in cases) >= 0.04 * len(cases)
    assert {case.lang for case in cases} == {"zh", "zh-Hant", "en"}


def test_every_article_of_every_agreement_is_asked_about(cases: list[EvalCase], shipped: Library) -> None:
    by_ref = {clause.ref: clause for clause in shipped.clauses()}
    asked = set()
    for case in cases:
        for gold in case.gold:
            clause = by_ref[(gold.agreement, gold.clause)]
            while clause.parent is not None:
                clause = by_ref[(clause.agreement, clause.parent)]
            asked.add(clause.ref)
    articles = {clause.ref for clause in shipped.clauses() if clause.kind is Kind.ARTICLE and clause.parent is None}
    assert articles <= asked


def test_no_question_has_its_twin_among_the_likely_questions(cases: list[EvalCase], shipped: Library) -> None:
    """Character-bigram Jaccard under 0.5 with every one of them."""
    likely = {question.text: frozenset(bigrams(question.text)) for questions in shipped.likely().values() for question in questions}
    twins = []
    for case in cases:
        mine = frozenset(bigrams(case.question))
        twins += [(case.id, text) for text, theirs in likely.items() if mine and len(mine & theirs) >= 0.5 * len(mine | theirs)]
    assert twins == []


def test_questions_are_in_peoples_words(cases: list[EvalCase], shipped: Library) -> None:
    """At least half of the Chinese ones share under 15 % of their bigrams with the clauses that answer them."""
    by_ref = {clause.ref: clause for clause in shipped.clauses()}
    shares = []
    for case in cases:
        asked = understand(case.question, case.history, shipped.agreements)
        mine = set(bigrams(asked.search_text)) - STOP_WORDS
        if case.gold and case.lang != "en" and mine and not asked.numbers:
            theirs = {pair for gold in case.gold for pair in bigrams(by_ref[(gold.agreement, gold.clause)].content)}
            shares.append(len(mine & theirs) / len(mine))
    assert sum(share < 0.15 for share in shares) >= 0.5 * len(shares)


def test_dev_and_test_and_train_share_no_question() -> None:
    parts = [{case.question for case in load_questions([QUESTIONS / f"{part}.jsonl"])} for part in ("train", "dev", "test")]
    assert not parts[0] & parts[1]
    assert not (parts[0] | parts[1]) & parts[2]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not a question in the public form"),
        ('{"id":"a","question":"b","style":"direct","expect":"perhaps"}', "expect is 'perhaps'"),
        ('{"id":"a","question":"b","style":"sung","expect":"refuse"}', "style is 'sung'"),
        ('{"id":"a","question":"b","style":"direct","expect":"answer"}', "exactly when an answer is expected"),
        ("", "no questions in"),
    ],
)
def test_a_file_in_another_form_is_refused_in_one_sentence(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(QuestionsError, match=said):
        load_questions([path])


def test_an_id_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"id":"a","question":"b","style":"injection","expect":"refuse"}\n' * 2, encoding="utf-8")
    with pytest.raises(QuestionsError, match="line 2: the id 'a'"):
        load_questions([path])
