"""Answers that grow over the wire: `Answerer.stream` with the real LangChain client, against aimock and against a server of ours.

aimock (replies/streams.json) speaks the protocol as others understand it. Where a test must decide what the server does next, as only
once the first sentence has been shown, it is the server of tests/chat_server.py.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Event
from typing import TYPE_CHECKING

import pytest

from answering.acts import Acts
from answering.answer import Answer, Reason, Status
from answering.answerer import Answerer
from answering.chain import load_chain
from answering.confidence import Confidence
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search
from tests.chat_server import Act, ChatServer, Exchange, breaks, hangs, refuses, says, writes

if TYPE_CHECKING:
    from tests.services.conftest import ModelServer

_QUESTION = "企点开通几天内可以无条件退款？"
_REFUND = "在开通服务 7 个自然日内，您有权要求终止合作并要求全额无息退还"
_EXCEPT = "因您违反企业级产品规则和违反本协议约定导致被停止使用的除外"
_BOTH = [f"{_REFUND}。", f"{_EXCEPT}。"]
_PATIENCE = 30.0  # seconds a model may take, where a test is not about time
_SLACK = 3.0  # seconds a busy machine may take longer

Stream = Callable[..., Iterator[Answer]]


@pytest.fixture
def stream(shipped: Library, shipped_index: Index, monkeypatch: pytest.MonkeyPatch) -> Stream:
    """Asks the refund question of the models at an address, as it is streamed."""
    search, confidence, acts = Search(shipped_index, Ranking.load(), Lexicon.load()), Confidence.load(), Acts.load()

    def of(url: str, *models: str, seconds: float = _PATIENCE) -> Iterator[Answer]:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        chain = load_chain(",".join(f"openai:{model}" for model in models), seconds, os.environ)
        return Answerer(shipped, search, confidence, acts, chain).stream(_QUESTION)

    return of


@pytest.fixture
def from_aimock(stream: Stream, model_server: ModelServer) -> Stream:
    def of(model: str, *, seconds: float = _PATIENCE) -> Iterator[Answer]:
        return stream(f"{model_server.url}/v1", model, seconds=seconds)

    return of


@pytest.fixture
def from_act(stream: Stream, chat_server: ChatServer) -> Stream:
    """Streams the answer of a model that acts so, once after the other; the last act is for ever."""

    def of(*acts: Act, seconds: float = _PATIENCE) -> Iterator[Answer]:
        chat_server.acts["model"] = list(acts)
        return stream(chat_server.url, "model", seconds=seconds)

    return of


def _texts(answer: Answer) -> list[str]:
    return [statement.text for statement in answer.statements]


def _is_quoted_instead(drafts: list[Answer]) -> bool:
    """Whether nothing but the clause that answers was shown, in its own words, with a notice why."""
    (answer,) = drafts
    return (
        (answer.status, answer.model) == (Status.ANSWERED, "extractive") and answer.citations[0].clause.id == "4.7" and bool(answer.notice)
    )


def _grows(drafts: list[Answer]) -> bool:
    """Whether each says what the one before it said, unchanged, and something besides or at the end."""
    return all(
        later.statements[: len(earlier.statements)] == earlier.statements
        and [(c.clause, c.quote) for c in later.citations][: len(earlier.citations)] == [(c.clause, c.quote) for c in earlier.citations]
        for earlier, later in pairwise(drafts)
    )


# --- aimock ----------------------------------------------------------------------------------------------------------


def test_an_answer_grows_by_a_sentence_at_a_time_while_the_server_writes(from_aimock: Stream) -> None:
    came: list[float] = []
    drafts: list[Answer] = []
    for draft in from_aimock("steady"):
        came.append(time.monotonic())
        drafts.append(draft)
    assert [_texts(draft) for draft in drafts] == [_BOTH[:1], _BOTH, _BOTH]
    assert _grows(drafts)
    assert came[1] - came[0] > 0.2  # the server takes 0.4 s for the second sentence
    assert drafts[-1].tokens == {"prompt": 812, "completion": 47}
    assert drafts[0].first_ms == drafts[-1].first_ms
    assert (drafts[-1].notice, drafts[-1].withheld) == ("", ())


def test_a_reply_that_comes_letter_by_letter_shows_whole_sentences_and_no_handle(from_aimock: Stream) -> None:
    drafts = list(from_aimock("lettered"))
    assert [_texts(draft) for draft in drafts] == [_BOTH[:1], _BOTH, _BOTH]
    assert not any("[" in draft.text or "C1" in draft.text for draft in drafts)


def test_the_call_that_writes_a_sentence_anew_is_counted_too(from_aimock: Stream) -> None:
    drafts = list(from_aimock("repairing"))
    assert _grows(drafts)
    assert _texts(drafts[-1]) == _BOTH
    assert (drafts[-1].repaired, drafts[-1].withheld) == (1, ())
    assert drafts[-1].tokens == {"prompt": 812 + 900, "completion": 40 + 30}


def test_a_limit_with_retry_after_is_waited_for_and_then_the_model_answers(from_aimock: Stream, model_server: ModelServer) -> None:
    before = len(model_server.requests("limited-once"))
    started = time.monotonic()
    drafts = list(from_aimock("limited-once"))
    assert 1 <= time.monotonic() - started < 1 + _SLACK
    assert len(model_server.requests("limited-once")) == before + 2
    assert _texts(drafts[-1]) == _BOTH[:1]
    assert (drafts[-1].model, drafts[-1].notice) == ("openai:limited-once", "")
    assert drafts[0].first_ms is not None
    assert drafts[0].first_ms >= 1000
    assert drafts[-1].tokens == {"prompt": 812, "completion": 23}


def test_a_limit_that_lasts_longer_than_there_is_time_is_not_waited_for(from_aimock: Stream) -> None:
    started = time.monotonic()
    drafts = list(from_aimock("limited", seconds=10))
    assert time.monotonic() - started < _SLACK
    assert _is_quoted_instead(drafts)
    assert "限流" in drafts[0].notice


def test_a_connection_that_drops_in_mid_sentence_keeps_what_was_shown_and_says_so(from_aimock: Stream, model_server: ModelServer) -> None:
    drafts = list(from_aimock("dropping"))
    assert _texts(drafts[0]) == _BOTH[:1]
    assert _grows(drafts)
    assert _texts(drafts[-1]) == _BOTH[:1]  # of the clause it says nothing more: it is cited already
    assert "没有写完" in drafts[-1].notice
    assert "连不上" in drafts[-1].notice
    assert drafts[-1].model == "openai:dropping"
    assert len(model_server.requests("dropping")) == 1  # it is not asked again once words of it are out


def test_a_reply_cut_off_by_its_limit_shows_no_half_sentence(from_aimock: Stream) -> None:
    answer = list(from_aimock("shortened"))[-1]
    assert _texts(answer) == _BOTH[:1]
    assert [withheld.reason for withheld in answer.withheld] == [Reason.CUT_OFF]


@pytest.mark.parametrize("model", ["malformed", "dropped"])
def test_a_server_that_fails_before_the_first_word_is_told_of_and_the_clause_quoted(model: str, from_aimock: Stream) -> None:
    drafts = list(from_aimock(model))
    assert _is_quoted_instead(drafts)
    assert f"openai:{model}" in drafts[0].notice


def test_a_first_token_that_comes_late_is_waited_for_and_counted(from_aimock: Stream) -> None:
    drafts = list(from_aimock("late"))
    assert _texts(drafts[-1]) == _BOTH
    assert drafts[0].first_ms is not None
    assert 1200 <= drafts[0].first_ms <= drafts[-1].latency_ms


def test_a_first_token_that_comes_too_late_is_not_waited_for(from_aimock: Stream) -> None:
    list(from_aimock("lettered"))  # LangChain is imported by now
    started = time.monotonic()
    drafts = list(from_aimock("late", seconds=0.6))
    assert 0.6 <= time.monotonic() - started < 1.2
    assert _is_quoted_instead(drafts)
    assert "0.6 秒" in drafts[0].notice


def test_what_a_model_thinks_aloud_in_a_field_of_its_own_is_never_shown(from_aimock: Stream) -> None:
    drafts = list(from_aimock("thinking"))
    assert [_texts(draft) for draft in drafts] == [_BOTH[:1]] * len(drafts)
    assert drafts[-1].withheld == ()


def test_a_refusal_in_single_letters_shows_nothing_before_it(from_aimock: Stream) -> None:
    drafts = list(from_aimock("declining"))
    assert [(draft.status, draft.statements) for draft in drafts] == [(Status.NOT_COVERED, ())]
    assert drafts[0].tokens == {"prompt": 812, "completion": 3}


# --- the server of ours ----------------------------------------------------------------------------------------------


def _in_pieces(*pieces: str, then: Act | None = None) -> Act:
    """Streams these pieces, then does something else instead of an end."""

    def act(exchange: Exchange) -> None:
        exchange.begin()
        for piece in pieces:
            exchange.delta(piece)
        if then:
            exchange.wait(0.1)  # until what was sent has been read: a connection that is reset may lose it
            then(exchange)
        else:
            exchange.delta("", "stop")
            exchange.end()

    return act


def test_the_first_sentence_is_shown_before_the_server_has_written_the_rest(from_act: Stream) -> None:
    shown = Event()
    waited: list[bool] = []

    def act(exchange: Exchange) -> None:
        exchange.begin()
        exchange.delta(f"{_REFUND}[C1]。\n因")
        waited.append(shown.wait(10))
        exchange.delta(f"{_EXCEPT[1:]}[C1]。", "stop")
        exchange.end()

    drafts = from_act(act)
    first = next(drafts)
    shown.set()
    rest = list(drafts)
    assert waited == [True]
    assert _texts(first) == _BOTH[:1]
    assert _texts(rest[-1]) == _BOTH


def test_wherever_a_chunk_ends_the_answer_is_the_same_and_no_handle_shows(from_act: Stream) -> None:
    reply = f"{_REFUND}[C1]。{_EXCEPT}。[C1]"
    for at in range(1, len(reply)):
        drafts = list(from_act(_in_pieces(reply[:at], reply[at:])))
        assert _texts(drafts[-1]) == _BOTH, reply[:at]
        assert _grows(drafts)
        assert not any("[" in draft.text or "C1" in draft.text for draft in drafts), reply[:at]


def test_a_handle_that_is_not_whole_yet_shows_nothing(from_act: Stream) -> None:
    shown: list[Answer] = []
    looked: list[int] = []

    def act(exchange: Exchange) -> None:
        exchange.begin()
        for piece in (f"{_REFUND}[", "C", "1", "]", "。", "\n", "因", f"{_EXCEPT[1:]}[C1]。"):
            exchange.delta(piece)
            exchange.wait(0.1)
            looked.append(len(shown))
        exchange.delta("", "stop")
        exchange.end()

    for draft in from_act(act):
        shown.append(draft)
    # Nothing while a handle could still follow; the sentence is shown when the next one begins.
    assert looked[:6] == [0] * 6
    assert looked[6:] == [1, 1]


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        (breaks(), "连不上"),
        (lambda exchange: exchange.write("data: {oops\n\n"), "读不懂"),
        (lambda exchange: exchange.write('data: {"choices": "none"}\n\n'), "读不懂"),
        (lambda exchange: exchange.write('data: {"error": {"message": "secret", "code": "overloaded"}}\n\n'), "overloaded"),
        (hangs(), "1 秒"),
    ],
    ids=["dropped", "malformed", "misshapen", "error", "silent"],
)
def test_what_goes_wrong_in_mid_stream_keeps_what_was_shown_and_says_so(
    failing: Act, said: str, from_act: Stream, chat_server: ChatServer
) -> None:
    list(from_act(says("好")))  # LangChain is imported by now
    before = len(chat_server.requests)
    drafts = list(from_act(_in_pieces(f"{_REFUND}[C1]。\n", "因您违反", then=failing), seconds=1.0))
    assert _texts(drafts[0]) == _BOTH[:1]
    assert _grows(drafts)
    assert _texts(drafts[-1])[0] == _BOTH[0]
    assert not any("因您违反" in text for text in _texts(drafts[-1])[1:])
    assert said in drafts[-1].notice
    assert "没有写完" in drafts[-1].notice
    assert len(chat_server.requests) == before + 1
    shown = json.dumps(drafts[-1].to_json(), ensure_ascii=False)
    assert "secret" not in shown


def test_a_stream_that_ends_without_saying_so_is_not_trusted_to_its_last_word(from_act: Stream) -> None:
    def ends(exchange: Exchange) -> None:
        exchange.end()

    answer = list(from_act(_in_pieces(f"{_REFUND}[C1]。\n", "因您违反企业级产品规则", then=ends)))[-1]
    assert _texts(answer) == _BOTH[:1]
    assert [withheld.reason for withheld in answer.withheld] == [Reason.CUT_OFF]


def test_signs_of_life_and_empty_events_are_no_words(from_act: Stream) -> None:
    def act(exchange: Exchange) -> None:
        exchange.begin()
        exchange.write(": still here\n\n")
        exchange.event({"choices": []})
        exchange.delta("")
        exchange.delta(f"{_REFUND}[C1]。", "stop")
        exchange.end()

    assert _texts(list(from_act(act))[-1]) == _BOTH[:1]


def test_a_limit_before_the_first_word_is_waited_for_and_one_after_it_never_comes(from_act: Stream, chat_server: ChatServer) -> None:
    drafts = list(from_act(refuses(429, retry_after="1"), says(f"{_REFUND}[C1]。")))
    first, second = chat_server.requests
    assert second.at - first.at >= 1
    assert first.body == second.body
    assert _texts(drafts[-1]) == _BOTH[:1]


def test_where_the_first_model_fails_before_a_word_the_second_streams(stream: Stream, chat_server: ChatServer) -> None:
    chat_server.acts |= {"locked": [refuses(401)], "good": [_in_pieces(f"{_REFUND}[C1]。", f"{_EXCEPT}[C1]。")]}
    drafts = list(stream(chat_server.url, "locked", "good"))
    assert [_texts(draft) for draft in drafts] == [_BOTH[:1], _BOTH, _BOTH]
    assert {draft.model for draft in drafts[1:]} <= {"openai:good", "openai:locked,openai:good"}
    assert drafts[-1].model == "openai:good"


@pytest.mark.parametrize("alive", [False, True])
def test_whoever_leaves_early_closes_the_connection(alive: bool, from_act: Stream, chat_server: ChatServer) -> None:
    drafts = from_act(hangs(f"{_REFUND}[C1]。\n因您", alive=alive))
    assert _texts(next(drafts)) == _BOTH[:1]
    assert not chat_server.left.is_set()
    drafts.close()  # type: ignore[attr-defined]
    assert chat_server.left.wait(_SLACK)


def test_streams_side_by_side_do_not_mix(stream: Stream, chat_server: ChatServer) -> None:
    replies = {f"model-{at}": _BOTH[at % 2].replace("。", "[C1]。") for at in range(12)}
    chat_server.acts |= {model: [says(reply, prompt=100 + at, delay=0.02)] for at, (model, reply) in enumerate(replies.items())}
    streams = [(model, stream(chat_server.url, model)) for model in replies]
    with ThreadPoolExecutor(len(streams)) as pool:
        answers = list(pool.map(lambda each: list(each[1])[-1], streams))
    for at, answer in enumerate(answers):
        assert (_texts(answer), answer.model, answer.tokens["prompt"]) == ([_BOTH[at % 2]], f"openai:model-{at}", 100 + at)


def test_malformed_bytes_from_the_start_are_tried_again_and_then_given_up(from_act: Stream, chat_server: ChatServer) -> None:
    drafts = list(from_act(writes("data: {oops\n\n")))
    assert _is_quoted_instead(drafts)
    assert len(chat_server.requests) == 3
