"""The judge: a check beside the others, whose silence is no pass."""

from __future__ import annotations

import pytest

from answering.acts import Acts
from answering.answer import Reason, Status
from answering.answerer import Answerer
from answering.confidence import Confidence
from answering.errors import ModelError
from answering.judging import Judge
from answering.models import Completion
from prompts.prompt import load_prompt
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search
from tests.scripted import SaysAtOnce

_QUESTION = "企点开通几天内可以无条件退款？"
_GOOD = "开通 7 个自然日内，您有权要求终止合作并要求全额无息退还[C1]。"
_WRONG = "开通 30 个自然日内，您有权要求全额无息退还[C1]。"


class Says(SaysAtOnce):
    """A chat model that gives one reply to everything, and remembers what it was told."""

    name = "says"

    def __init__(self, reply: str | ModelError) -> None:
        self._reply = reply
        self.told: list[str] = []

    def complete(self, system: str, user: str, *, chat: str = "") -> Completion:
        self.told.append(user)
        if isinstance(self._reply, ModelError):
            raise self._reply
        return Completion(self._reply, 50, 2)


def _judge(model: Says) -> Judge:
    return Judge(model, load_prompt("judge", ("clauses", "question", "sentence")))


@pytest.mark.parametrize(("reply", "supported"), [("支持", True), ("不支持", False), (" 支持。\n", True), ("“不支持”", False)])
def test_the_verdict_is_one_word(reply: str, supported: bool) -> None:
    assert _judge(Says(reply)).supports("停车每小时 5 元。", [], "停车多少钱？").supported is supported


@pytest.mark.parametrize("reply", ["", "是", "支持，但不支持", "我认为条款支持这句话"])
def test_another_reply_is_no_verdict(reply: str) -> None:
    with pytest.raises(ModelError, match="支持"):
        _judge(Says(reply)).supports("停车每小时 5 元。", [], "停车多少钱？")


@pytest.fixture
def answerer_with(shipped: Library, shipped_index: Index):  # type: ignore[no-untyped-def]
    """Answers with a writing model and a judging one."""
    search = Search(shipped_index, Ranking.load(), Lexicon.load())

    def make(writes: str, judge: Says) -> Answerer:
        return Answerer(shipped, search, Confidence.load(), Acts.load(), Says(writes), judge=_judge(judge))

    return make


def test_a_sentence_that_the_judge_supports_is_shown(answerer_with) -> None:  # type: ignore[no-untyped-def]
    judge = Says("支持")
    answer = answerer_with(_GOOD, judge).answer(_QUESTION)
    assert (answer.status, answer.model, len(answer.statements)) == (Status.ANSWERED, "says", 1)
    (told,) = judge.told
    assert answer.tokens == {"prompt": 100, "completion": 4}  # the writer's and the judge's
    assert "4.7" in told.partition("</条款>")[0]
    assert "开通 7 个自然日内" in told.partition("<句子>")[2]


def test_a_sentence_that_the_judge_does_not_support_is_withheld(answerer_with) -> None:  # type: ignore[no-untyped-def]
    answer = answerer_with(_GOOD, Says("不支持")).answer(_QUESTION)
    assert [withheld.reason for withheld in answer.withheld] == [Reason.NOT_SUPPORTED]
    assert answer.model == "extractive"


@pytest.mark.parametrize("broken", [ModelError("评判的模型没有回答"), "也许吧"])
def test_a_judge_that_does_not_judge_lets_nothing_pass(broken: str | ModelError, answerer_with) -> None:  # type: ignore[no-untyped-def]
    answer = answerer_with(_GOOD, Says(broken)).answer(_QUESTION)
    assert [withheld.reason for withheld in answer.withheld] == [Reason.CHECK_FAILED]
    assert answer.model == "extractive"


def test_what_fails_a_check_in_code_is_not_put_to_the_judge(answerer_with) -> None:  # type: ignore[no-untyped-def]
    judge = Says("支持")
    answer = answerer_with(_WRONG, judge).answer(_QUESTION)
    assert [withheld.reason for withheld in answer.withheld] == [Reason.FIGURE_NOT_IN_CLAUSE]
    assert judge.told == []
