"""An agreement of one's own, before anybody has written likely questions for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from answering.acts import Acts
from answering.answer import Answer, Status
from answering.answerer import Answerer
from answering.confidence import Confidence
from retrieval.index import open_index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search

_TEXT = """停车场服务协议

一、服务

1.1 甲方提供停车位，每日开放至二十二时。

1.2 月卡自购买之日起三十日内有效。

二、责任

2.1 车内贵重物品丢失，由您自行承担责任。

2.2 您违规停放的，甲方有权拖离车辆。
"""


@pytest.fixture
def ask(make_library: Callable[[Mapping[str, str]], Library], tmp_path: Path) -> Iterator[Callable[..., Answer]]:
    """Asks about the agreement with this confidence, the learned one unless told otherwise."""
    library = make_library({"parking": _TEXT})
    index = open_index(tmp_path, library)
    search, acts = Search(index, Ranking.load(), Lexicon.load()), Acts.load()

    def of(question: str, confidence: Confidence | None = None) -> Answer:
        return Answerer(library, search, confidence or Confidence.load(), acts).answer(question)

    yield of
    index.close()


def _cited(answer: Answer) -> list[str]:
    return [citation.clause.id for citation in answer.citations]


@pytest.mark.parametrize(
    ("question", "clause"),
    [
        ("贵重物品丢失谁承担责任", "2.1"),
        ("月卡购买之后几日内有效", "1.2"),
        ("违规停放会被拖离车辆吗", "2.2"),
    ],
)
def test_a_question_in_the_agreements_words_is_answered(ask: Callable[..., Answer], question: str, clause: str) -> None:
    assert _cited(ask(question)) == [clause]


@pytest.mark.parametrize("question", ["会员积分怎么兑换", "你们公司食堂今天中午有什么菜", "可以带宠物进场吗", "怎么加入俱乐部"])
def test_a_question_that_it_does_not_answer_is_refused(ask: Callable[..., Answer], question: str) -> None:
    answer = ask(question)
    assert answer.status in (Status.NOT_COVERED, Status.OUT_OF_SCOPE)
    assert answer.citations == ()


def test_how_sure_it_must_be_is_what_was_learned_for_clauses_that_have_no_likely_questions(ask: Callable[..., Answer]) -> None:
    """Not what was learned for the others, and no fixed share of the question."""
    learned, question = Confidence.load(), "贵重物品丢失谁承担责任"
    never = replace(learned, bare=replace(learned.bare, threshold=1.1))
    always = replace(learned, bare=replace(learned.bare, threshold=0.0))
    others = replace(learned, known=replace(learned.known, threshold=1.1))
    assert _cited(ask(question)) == _cited(ask(question, others)) == ["2.1"]
    assert ask(question, never).status is Status.NOT_COVERED
    assert ask("停车停久了会怎么样", always).status is Status.ANSWERED


def test_of_a_clause_found_by_the_lexicon_alone_a_lay_question_is_not_sure_enough_or_answered_rightly(ask: Callable[..., Answer]) -> None:
    """A wrong clause is worse than none."""
    assert _cited(ask("东西被偷了赔不赔")) in (["2.1"], [])
