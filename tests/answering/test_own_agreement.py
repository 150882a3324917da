"""An agreement of one's own, before anybody has written likely questions for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from answering.answer import Status
from answering.answerer import Answerer
from answering.confidence import Confidence
from prompts.prompt import load_prompt
from retrieval.index import open_index
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


@pytest.mark.parametrize(
    ("question", "clause"), [("贵重物品丢失谁承担责任", "2.1"), ("月卡购买之后几日内有效", "1.2"), ("违规停放会被拖离车辆吗", "2.2")]
)
def test_a_question_in_the_agreements_words_is_answered(
    make_library: Callable[[Mapping[str, str]], Library], tmp_path: Path, question: str, clause: str
) -> None:
    library = make_library({"parking": _TEXT})
    index = open_index(tmp_path, library)
    prompt = load_prompt("answer", ("clauses", "history", "question"))
    answerer = Answerer(library, Search(index, Ranking.load()), Confidence.load(), prompt)
    answer = answerer.answer(question)
    silent = answerer.answer("会员积分怎么兑换")
    index.close()
    assert [citation.clause.id for citation in answer.citations] == [clause]
    assert silent.status is not Status.ANSWERED
