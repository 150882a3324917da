"""The answer as it grows: what is shown has passed, and is never taken back, however the model's reply is cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answering.answer import Answer, Reason, Status
from answering.answerer import Answerer
from answering.errors import ModelError
from answering.models import ChatModel, Completion, Reply

MakeAnswerer = Callable[[ChatModel | None], Answerer]
_QUESTION = "企点开通几天内可以无条件退款？"
_REFUND = "开通 7 个自然日内，您有权要求终止合作并要求全额无息退还[@4.7]。"
_SERVICES = "增值服务一经购买即无法取消，您无权要求退款[@4.9]。"
_WRONG = "开通 30 个自然日内，您有权要求全额无息退还[@4.7]。"


class Streaming:
    """A chat model that says each reply in pieces of `size` characters, and counts those that somebody waited for.

    A ModelError in the place of a piece breaks the stream there. `[@4.7]` becomes the handle that clause was shown under.
    """

    name = "streaming"

    def __init__(self, *replies: str | list[str | ModelError], size: int = 3, cut: bool = False) -> None:
        self._replies = list(replies)
        self._size = size
        self._cut = cut
        self.told: list[tuple[str, str]] = []
        self.chats: list[str] = []
        self.pieces = 0
        self.closed = False

    def stream(self, system: str, user: str, *, chat: str = "") -> Reply:
        self.told.append((system, user))
        self.chats.append(chat)
        reply = self._replies.pop(0) if self._replies else "1. 无"
        parts = reply if isinstance(reply, list) else [reply]
        return Reply(self._pieces([_with_handles(part, user) if isinstance(part, str) else part for part in parts]))

    def complete(self, system: str, user: str, *, chat: str = "") -> Completion:
        with self.stream(system, user, chat=chat) as reply:
            "".join(reply)
            assert reply.completion is not None
            return reply.completion

    def _pieces(self, parts: list[str | ModelError]) -> Generator[str, None, Completion]:
        said = ""
        try:
            for part in parts:
                if isinstance(part, ModelError):
                    raise part
                for at in range(0, len(part), self._size):
                    self.pieces += 1
                    said += part[at : at + self._size]
                    yield part[at : at + self._size]
        except GeneratorExit:
            self.closed = True
            raise
        return Completion(said, 812, 40, cut=self._cut)


def _with_handles(text: str, user: str) -> str:
    def handle(found: re.Match[str]) -> str:
        shown = re.search(rf"^(\[C\d+\]) 《[^》]+》{re.escape(found.group(1))}(?:（|$)", user, re.M)
        assert shown, f"{found.group(1)} was not shown to the model"
        return shown.group(1)

    return re.sub(r"\[@(.+?)\]", handle, text)


def _texts(answer: Answer) -> list[str]:
    return [statement.text for statement in answer.statements]


def _grows(drafts: list[Answer]) -> bool:
    """Whether nothing that one of them shows is changed or gone in the next."""
    return all(
        [(s.text, s.citations) for s in later.statements][: len(earlier.statements)] == [(s.text, s.citations) for s in earlier.statements]
        and [(c.clause, c.quote) for c in later.citations][: len(earlier.citations)] == [(c.clause, c.quote) for c in earlier.citations]
        for earlier, later in pairwise(drafts)
    )


@pytest.fixture
def stream(make_answerer: MakeAnswerer) -> Callable[..., list[Answer]]:
    """Everything that is shown while one reply comes in."""

    def of(*replies: str | list[str | ModelError], question: str = _QUESTION, size: int = 3, cut: bool = False) -> list[Answer]:
        return list(make_answerer(Streaming(*replies, size=size, cut=cut)).stream(question))

    return of


def test_each_sentence_is_shown_once_it_has_passed_and_the_last_is_the_answer(stream: Callable[..., list[Answer]]) -> None:
    drafts = stream(f"{_REFUND}\n{_SERVICES}")
    assert [len(draft.statements) for draft in drafts] == [1, 2, 2]
    assert _grows(drafts)
    assert _texts(drafts[-1]) == [
        "开通 7 个自然日内，您有权要求终止合作并要求全额无息退还。",
        "增值服务一经购买即无法取消，您无权要求退款。",
    ]
    assert drafts[-1].tokens == {"prompt": 812, "completion": 40}


def test_the_first_sentence_is_shown_before_the_model_has_written_the_last(make_answerer: MakeAnswerer) -> None:
    model = Streaming(f"{_REFUND}\n" + _SERVICES * 3, size=2)
    drafts = make_answerer(model).stream(_QUESTION)
    first = next(iter(drafts))
    waited = model.pieces
    rest = list(drafts)
    assert _texts(first) == ["开通 7 个自然日内，您有权要求终止合作并要求全额无息退还。"]
    assert waited < model.pieces / 2
    assert first.first_ms is not None
    assert rest[-1].first_ms == first.first_ms
    assert rest[-1].latency_ms > first.first_ms


def test_what_is_streamed_in_the_end_is_what_is_answered_at_once(make_answerer: MakeAnswerer) -> None:
    reply = f"{_REFUND}\n{_WRONG}\n{_SERVICES}"
    *_, streamed = make_answerer(Streaming(reply)).stream(_QUESTION)
    answered = make_answerer(Streaming(reply)).answer(_QUESTION)
    left = ("latency_ms", "first_ms")
    assert {k: v for k, v in streamed.to_json().items() if k not in left} == {k: v for k, v in answered.to_json().items() if k not in left}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(1, 40), order=st.permutations([_REFUND, _SERVICES, _WRONG, "没有依据的一句。", "另有[C99]一句。"]))
def test_however_the_reply_is_cut_and_ordered_nothing_unproven_shows_and_nothing_is_taken_back(
    make_answerer: MakeAnswerer, size: int, order: list[str]
) -> None:
    drafts = list(make_answerer(Streaming("\n".join(order), size=size)).stream(_QUESTION))
    assert _grows(drafts)
    proven = {"开通 7 个自然日内，您有权要求终止合作并要求全额无息退还。", "增值服务一经购买即无法取消，您无权要求退款。"}
    for draft in drafts:
        assert set(_texts(draft)) <= proven
        assert "[C" not in draft.text
    assert set(_texts(drafts[-1])) == proven
    assert len(drafts[-1].withheld) == 3


def test_what_failed_is_written_anew_once_with_the_reason_and_stands_in_its_place(make_answerer: MakeAnswerer) -> None:
    model = Streaming(f"{_WRONG}\n{_SERVICES}", f"1. {_REFUND}")
    drafts = list(make_answerer(model).stream(_QUESTION))
    assert [_texts(draft)[:1] for draft in drafts] == [["开通 7 个自然日内，您有权要求终止合作并要求全额无息退还。"]] * len(drafts)
    assert (len(drafts[-1].statements), drafts[-1].repaired, drafts[-1].withheld) == (2, 1, ())
    assert drafts[-1].tokens == {"prompt": 1624, "completion": 80}
    _, asked = model.told[1]
    assert "1. 开通 30 个自然日内，您有权要求全额无息退还。[C1]（figure_not_in_clause）" in asked
    assert "增值服务一经购买" not in asked.partition("<句子>")[2]


def test_what_fails_again_is_withheld_and_not_asked_a_third_time(make_answerer: MakeAnswerer) -> None:
    model = Streaming(f"{_REFUND}\n{_WRONG}", f"1. {_WRONG}")
    *_, answer = make_answerer(model).stream(_QUESTION)
    assert len(model.told) == 2
    assert [withheld.reason for withheld in answer.withheld] == [Reason.FIGURE_NOT_IN_CLAUSE]
    assert answer.repaired == 0
    assert "30" not in answer.text


def test_no_sentence_is_asked_anew_where_all_have_passed(make_answerer: MakeAnswerer) -> None:
    model = Streaming(f"{_REFUND}\n{_SERVICES}")
    make_answerer(model).answer(_QUESTION)
    assert len(model.told) == 1


def test_a_reply_that_breaks_off_keeps_what_was_shown_and_says_so(stream: Callable[..., list[Answer]]) -> None:
    drafts = stream([f"{_SERVICES}\n开通 7 个自", ModelError("模型断了")])
    assert _grows(drafts)
    assert _texts(drafts[-1])[0] == "增值服务一经购买即无法取消，您无权要求退款。"
    assert drafts[-1].notice == "模型断了；模型没有写完。"
    assert [citation.clause.id for citation in drafts[-1].citations] == ["4.9", "4.7"]  # the clause that answers is quoted then


def test_a_reply_that_breaks_off_before_anything_could_be_shown_is_quoted_instead(stream: Callable[..., list[Answer]]) -> None:
    drafts = stream(["开通 7 个自", ModelError("模型断了")])
    assert [draft.status for draft in drafts] == [Status.ANSWERED]
    assert drafts[0].model == "extractive"
    assert "模型断了" in drafts[0].notice


@pytest.mark.parametrize(
    "tail",
    ["增值服务一经购买即无法取消，您无权要", "增值服务一经购买即无法取消，您无权要[@4.9]", "增值服务一经购买即无法取消，您无权要。[C"],
)
def test_the_last_sentence_of_a_reply_that_was_cut_off_is_not_trusted(tail: str, stream: Callable[..., list[Answer]]) -> None:
    answer = stream(f"{_REFUND}\n{tail}", cut=True)[-1]
    assert _texts(answer) == ["开通 7 个自然日内，您有权要求终止合作并要求全额无息退还。"]
    assert answer.withheld


def test_a_whole_last_sentence_of_a_reply_that_was_cut_off_stands(stream: Callable[..., list[Answer]]) -> None:
    assert len(stream(f"{_REFUND}\n{_SERVICES}", cut=True)[-1].statements) == 2


@pytest.mark.parametrize("reply", ["NOT_COVERED", "NOT_COVERED\n条款里没有写到退款的时间，也没有别的依据。"])
def test_a_refusal_shows_nothing_before_it(reply: str, stream: Callable[..., list[Answer]]) -> None:
    drafts = stream(reply, size=1)
    assert [(draft.status, draft.statements, draft.model) for draft in drafts] == [(Status.NOT_COVERED, (), "streaming")]


def test_without_a_model_the_answer_comes_at_once(answerer: Answerer) -> None:
    drafts = list(answerer.stream(_QUESTION))
    assert len(drafts) == 1
    assert drafts[0].status is Status.ANSWERED
    assert drafts[0].first_ms is None


def test_whoever_leaves_early_ends_what_the_model_writes(make_answerer: MakeAnswerer) -> None:
    model = Streaming(f"{_REFUND}\n" + _SERVICES * 50, size=2)
    drafts: Iterator[Answer] = make_answerer(model).stream(_QUESTION)
    next(drafts)
    drafts.close()  # type: ignore[attr-defined]
    assert model.closed


def test_a_model_that_does_not_stop_is_not_read_to_the_end(make_answerer: MakeAnswerer) -> None:
    sentences = [
        f"开通 7 个自然日内，您有权要求终止合作并要求全额无息退还，第{'一二三四五六七八九十'[at % 10]}种说法也是这样[@4.7]。"
        for at in range(10)
    ]
    model = Streaming("\n".join([_REFUND, _SERVICES, *sentences]) + f"\n{_SERVICES}" * 400, size=20)
    answer = make_answerer(model).answer(_QUESTION)
    assert len(answer.statements) <= 12
    streamed = Streaming("\n".join([_WRONG, _REFUND] * 60), size=20)
    *_, answer = make_answerer(streamed).stream(_QUESTION)
    assert streamed.closed
    assert answer.notice


def test_whose_limit_an_answer_counts_for_is_told_with_every_call(make_answerer: MakeAnswerer) -> None:
    model = Streaming("企点开通第5天不可以无条件退款吗", f"{_REFUND}\n{_WRONG}")
    make_answerer(model).answer("不可以吗", ["企点开通第5天可以无条件退款吗"], chat="群一")
    assert model.chats == ["群一"] * 3
