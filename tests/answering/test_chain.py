"""Chains of models over the wire: the real LangChain model against a server on loopback that misbehaves as told."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path

import pytest

import answering.chain
from answering.answer import Language
from answering.breaker import FAILURES
from answering.chain import ModelChain, load_chain
from answering.errors import ModelError
from answering.models import Completion
from answering.prices import Price
from answering.spending import Limits, Spending
from answering.wording import say
from tests.chat_server import ChatServer, Exchange, breaks, hangs, refuses, says, says_whole, writes

TODAY = say("spent_today_", Language.SIMPLIFIED)
TODAY_HERE = say("spent_today_here_", Language.SIMPLIFIED)
_SAID = "在开通服务 7 个自然日内，您有权要求退还[C1]。"
_PATIENCE = 20.0  # seconds, where a test is not about time
_SLACK = 3.0  # seconds a busy machine may take longer

Load = Callable[..., ModelChain]


@pytest.fixture
def load(chat_server: ChatServer) -> Load:
    """Makes a chain of models of the server."""

    def of(*models: str, seconds: float = _PATIENCE, spending: Spending | None = None, tracing: bool = False) -> ModelChain:
        names = ",".join(model if ":" in model else f"openai:{model}" for model in models)
        return load_chain(names, seconds, os.environ, spending=spending, tracing=tracing)

    return of


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering.chain, "_PAUSES", (0.02, 0.02))


def _failure(chain: ModelChain) -> str:
    with pytest.raises(ModelError) as failed:
        chain.complete("系统", "问题")
    return str(failed.value)


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_reply_comes_with_its_tokens_and_the_model_that_wrote_it(load: Load, chat_server: ChatServer) -> None:
    chat_server.acts["good"] = [says(_SAID, prompt=812, written=23, cached=640)]
    assert load("good").complete("系统", "问题") == Completion(_SAID, 812, 23, 640, "openai:good")
    (request,) = chat_server.requests
    assert [message["content"] for message in request.body["messages"]] == ["系统", "问题"]
    assert (request.body["temperature"], request.key) == (0, "sk-very-secret")


def test_a_stream_gives_the_pieces_as_they_come_and_the_tokens_at_the_end(load: Load, chat_server: ChatServer) -> None:
    chat_server.acts["good"] = [says(_SAID, prompt=812, written=23, delay=0.1)]
    with load("good").stream("系统", "问题") as reply:
        first = next(reply)
        came = time.monotonic()
        assert reply.completion is None
        rest = list(reply)
    assert len(rest) > 4
    assert first + "".join(rest) == _SAID
    assert time.monotonic() - came > 0.1 * (len(rest) - 2)
    assert reply.completion == Completion(_SAID, 812, 23, 0, "openai:good")


def test_nothing_is_asked_before_the_first_piece_is_asked_for(load: Load, chat_server: ChatServer) -> None:
    reply = load("good").stream("系统", "问题")
    assert chat_server.requests == []
    assert list(reply) == ["好"]


@pytest.mark.parametrize("alive", [False, True])
def test_who_stops_listening_hangs_up(alive: bool, load: Load, chat_server: ChatServer) -> None:
    chat_server.acts["endless"] = [hangs("前半句，", alive=alive)]
    with load("endless").stream("系统", "问题") as reply:
        assert next(reply) == "前半句，"
        assert not chat_server.left.is_set()
    assert chat_server.left.wait(_SLACK)
    assert list(reply) == []


@pytest.mark.parametrize("act", [hangs(), hangs(alive=True), hangs("前半句，"), hangs("前半句，", alive=True), says(_SAID, delay=0.3)])
def test_a_reply_is_waited_for_as_long_as_configured_and_then_hung_up_on(
    act: Callable[..., None], load: Load, chat_server: ChatServer
) -> None:
    chat_server.acts["slow"] = [act]
    chain = load("slow", seconds=0.8)
    started = time.monotonic()
    assert _failure(chain) == "模型 openai:slow 在 0.8 秒内没有回答"
    assert 0.8 <= time.monotonic() - started < 0.8 + _SLACK
    assert chat_server.left.wait(_SLACK)
    assert len(chat_server.requests) == 1


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(
    ("act", "says_why"),
    [
        (refuses(500), "模型 openai:a 的服务出错（HTTP 500）"),
        (refuses(503), "模型 openai:a 的服务出错（HTTP 503）"),
        (refuses(429), "模型 openai:a 的服务限流（HTTP 429），请稍后再问"),
        (breaks(), "连不上模型 openai:a 的服务，请检查网络与地址设置"),
        (breaks("前半句，"), "连不上模型 openai:a 的服务，请检查网络与地址设置"),
        (writes("data: {oops\n\n"), "模型 openai:a 出错，它的回答读不懂（JSONDecodeError）"),
        (writes('data: {"error": {"message": "secret", "code": "overloaded"}}\n\n'), "模型 openai:a 的服务出错（overloaded）"),
    ],
)
def test_what_may_pass_is_tried_three_times_and_no_more(
    act: Callable[..., None], says_why: str, load: Load, chat_server: ChatServer
) -> None:
    chat_server.acts["a"] = [act, act, says(_SAID)]
    assert load("a").complete("系统", "问题").text == _SAID
    chat_server.acts["a"] = [act]
    assert _failure(load("a")) == says_why
    assert len(chat_server.requests) == 6


@pytest.mark.parametrize(
    ("act", "says_why"),
    [
        (refuses(400, code="data_inspection_failed"), "不接受这次提问（HTTP 400，data_inspection_failed）"),
        (refuses(401), "拒绝了密钥（HTTP 401），请检查 OPENAI_API_KEY"),
        (refuses(403), "拒绝了密钥（HTTP 403），请检查 OPENAI_API_KEY"),
        (refuses(402), "账户余额或额度已用完（HTTP 402）"),
        (refuses(404), "没有这个模型或地址（HTTP 404）"),
        (refuses(429, code="insufficient_quota"), "账户余额或额度已用完（HTTP 429，insufficient_quota）"),
        (says(""), "没有回答任何内容"),
        (says(" \n\n"), "没有回答任何内容"),
        (says("<think>想不出来"), "没有回答任何内容"),
    ],
)
def test_what_will_not_pass_is_asked_once(act: Callable[..., None], says_why: str, load: Load, chat_server: ChatServer) -> None:
    chat_server.acts["a"] = [act]
    failure = _failure(load("a"))
    assert says_why in failure
    assert len(chat_server.requests) == 1
    # what the server wrote repeats the question and the key
    assert "问题" not in failure
    assert "sk-very-secret" not in failure


@pytest.mark.parametrize("dated", [False, True])
def test_a_vendor_that_says_when_is_asked_again_then_and_not_before(dated: bool, load: Load, chat_server: ChatServer) -> None:
    seconds = 2 if dated else 1
    chat_server.acts["busy"] = [refuses(429, retry_after=formatdate(time.time() + seconds, usegmt=True) if dated else "1"), says(_SAID)]
    assert load("busy").complete("系统", "问题").text == _SAID
    first, second = chat_server.requests
    assert 1 <= second.at - first.at + (1 if dated else 0) < seconds + _SLACK  # a date has whole seconds


def test_a_vendor_that_says_later_than_there_is_time_is_not_waited_for_nor_asked_by_the_next(load: Load, chat_server: ChatServer) -> None:
    chat_server.acts["busy"] = [refuses(429, retry_after="30")]
    chain = load("busy", seconds=5)
    started = time.monotonic()
    assert "限流" in _failure(chain)
    assert "30 秒后再试" in _failure(chain)
    assert time.monotonic() - started < _SLACK
    assert len(chat_server.requests) == 1


@pytest.mark.usefixtures("_quick")
def test_all_tries_together_have_the_time_of_one(load: Load, chat_server: ChatServer) -> None:
    def fails_late(exchange: Exchange) -> None:
        exchange.wait(1.5)
        refuses(500)(exchange)

    chat_server.acts["a"] = [fails_late, hangs()]
    chain = load("a", seconds=2)
    started = time.monotonic()
    assert _failure(chain) == "模型 openai:a 在 2 秒内没有回答"
    assert 2 <= time.monotonic() - started < 3.3  # a second try with a time of its own would end after 3.5
    assert len(chat_server.requests) == 2


@pytest.mark.usefixtures("_quick")
def test_the_next_model_answers_where_the_first_cannot_and_the_log_says_why(
    load: Load, chat_server: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    chat_server.acts |= {"locked": [refuses(401)], "broken": [refuses(500)], "good": [says(_SAID)]}
    chain = load("locked", "broken", "good")
    assert chain.name == "openai:locked,openai:broken,openai:good"
    assert chain.complete("系统", "问题").model == "openai:good"
    assert [request.model for request in chat_server.requests] == ["locked", *["broken"] * 3, "good"]
    assert [record.levelno for record in caplog.records if record.name == "answering.chain"] == [logging.WARNING] * 2
    assert "HTTP 500" in caplog.text
    assert "问题" not in caplog.text
    with chain.stream("系统", "问题") as reply:
        assert "".join(reply) == _SAID


@pytest.mark.usefixtures("_quick")
def test_where_no_model_answers_each_says_why_once(load: Load, chat_server: ChatServer) -> None:
    chat_server.acts |= {"locked": [refuses(401)], "broken": [refuses(500)]}
    assert _failure(load("locked", "broken")) == (
        "模型 openai:locked 的服务拒绝了密钥（HTTP 401），请检查 OPENAI_API_KEY；模型 openai:broken 的服务出错（HTTP 500）"
    )


def test_with_another_model_to_ask_nobody_waits_for_a_limit_to_pass(load: Load, chat_server: ChatServer) -> None:
    chat_server.acts |= {"busy": [refuses(429, retry_after="10"), says("太晚了")], "good": [says(_SAID)]}
    started = time.monotonic()
    assert load("busy", "good").complete("系统", "问题").model == "openai:good"
    assert time.monotonic() - started < _SLACK


@pytest.mark.usefixtures("_quick")
def test_a_model_that_dies_in_the_middle_is_followed_by_another_unless_words_of_it_are_out(load: Load, chat_server: ChatServer) -> None:
    chat_server.acts |= {"dying": [breaks("前半句，")], "good": [says(_SAID)]}
    chain = load("dying", "good")
    assert chain.complete("系统", "问题").text == _SAID
    reply = chain.stream("系统", "问题")
    assert next(reply) == "前半句，"
    with pytest.raises(ModelError, match="连不上模型 openai:dying"):
        next(reply)
    assert reply.completion is None
    assert [request.model for request in chat_server.requests] == [*["dying"] * 3, "good", "dying"]


def test_a_server_that_is_not_there_is_said_at_once(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{_closed_port()}/v1")
    monkeypatch.setattr(answering.chain, "_PAUSES", (0.02, 0.02))
    chain = load("gone")
    started = time.monotonic()
    assert _failure(chain) == "连不上模型 openai:gone 的服务，请检查网络与地址设置"
    assert time.monotonic() - started < _SLACK


def test_a_dead_model_costs_a_few_askers_the_timeout_and_then_none(load: Load, chat_server: ChatServer) -> None:
    chat_server.acts |= {"dead": [hangs()], "good": [says(_SAID)]}
    chain = load("dead", "good", seconds=1.5)
    for _ in range(FAILURES):
        chain.complete("系统", "问题")
    with ThreadPoolExecutor(8) as askers:
        started = time.monotonic()
        replies = list(askers.map(lambda _: chain.complete("系统", "问题"), range(16)))
    assert time.monotonic() - started < _SLACK
    assert {reply.model for reply in replies} == {"openai:good"}
    assert len(chat_server.asked("dead")) == FAILURES


@pytest.mark.usefixtures("_quick")
def test_a_model_left_alone_is_tried_by_one_asker_after_a_while_and_answers_again_when_it_lives(
    load: Load, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("answering.breaker._PAUSE", 0.4)
    chat_server.acts["sick"] = [refuses(500)]
    chain = load("sick")
    for _ in range(FAILURES):
        assert "HTTP 500" in _failure(chain)
    assert "秒后再试" in _failure(chain)
    asked = len(chat_server.requests)
    time.sleep(0.5)
    chat_server.acts["sick"] = [says(_SAID, delay=0.05)]
    with chain.stream("系统", "问题") as trial:
        next(trial)
        assert "秒后再试" in _failure(chain)  # while the trial is under way
        list(trial)
    assert len(chat_server.requests) == asked + 1
    assert chain.complete("系统", "问题").text == _SAID


def test_a_refused_question_is_no_failure_of_the_model(load: Load, chat_server: ChatServer) -> None:
    chat_server.acts["strict"] = [refuses(400)]
    chain = load("strict")
    for _ in range(FAILURES + 2):
        assert "HTTP 400" in _failure(chain)


def test_a_server_that_cannot_stream_answers_in_one_piece_and_is_not_asked_to_again(load: Load, chat_server: ChatServer) -> None:
    chat_server.acts["whole"] = [says_whole(_SAID)]
    chain = load("whole")
    for _ in range(2):
        assert chain.complete("系统", "问题") == Completion(_SAID, 9, 8, 0, "openai:whole")
    assert [bool(request.body.get("stream")) for request in chat_server.requests] == [True, False, False]


@pytest.mark.parametrize("word", ["temperature", "stream_options"])
def test_an_option_that_a_server_does_not_know_is_left_out_from_then_on(word: str, load: Load, chat_server: ChatServer) -> None:
    chat_server.acts["picky"] = [refuses(400, message=f"Unsupported parameter: '{word}'"), says(_SAID)]
    chain = load("picky")
    for _ in range(2):
        assert chain.complete("系统", "问题").text == _SAID
    assert [word in request.body for request in chat_server.requests] == [True, False, False]


@pytest.mark.parametrize(("finish", "cut"), [("stop", False), ("length", True), ("content_filter", True), (None, True)])
def test_a_reply_that_was_broken_off_is_known_to_be(finish: str | None, cut: bool, load: Load, chat_server: ChatServer) -> None:
    chat_server.acts["a"] = [says("在开通服务 7 个自然日内，您", finish=finish)]
    assert load("a").complete("系统", "问题").cut is cut


def test_thinking_aloud_is_no_part_of_the_reply(load: Load, chat_server: ChatServer) -> None:
    chat_server.acts["thinker"] = [says(f"<think>\n也许是[C9]\n</think>\n\n{_SAID}")]
    with load("thinker").stream("系统", "问题") as reply:
        assert "".join(reply) == _SAID
    assert reply.completion is not None
    assert reply.completion.text == _SAID


def test_many_ask_at_once(load: Load, chat_server: ChatServer) -> None:
    chat_server.acts["a"] = [says(_SAID, delay=0.02)]
    chain = load("a")
    with ThreadPoolExecutor(16) as askers:
        started = time.monotonic()
        assert {reply.text for reply in askers.map(lambda _: chain.complete("系统", "问题"), range(32))} == {_SAID}
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("variable", ["LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_GATEWAY"])
def test_nothing_goes_to_a_tracing_service_unless_our_own_setting_says_so(
    variable: str, load: Load, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "true")
    load("a", tracing=True)
    assert os.environ[variable] == "true"
    load("a")
    assert os.environ[variable] == "false"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Callable[..., Spending]]:
    """Opens the day's book with some limits."""
    opened: list[Spending] = []

    def of(**limits: int) -> Spending:
        prices = {"openai:a": Price(2.0, 8.0, 0.2)}
        opened.append(Spending(f"sqlite:///{tmp_path / 'book.db'}", Limits(**limits), prices))
        return opened[-1]

    yield of
    for spending in opened:
        spending.close()


def test_what_a_reply_cost_is_booked_for_its_chat_and_for_everyone(
    load: Load, chat_server: ChatServer, book: Callable[..., Spending]
) -> None:
    chat_server.acts["a"] = [says(_SAID, prompt=1000, written=50, cached=600)]
    spending = book(tokens=100_000)
    chain = load("a", spending=spending)
    chain.complete("系统", "问题", chat="team")
    list(chain.stream("系统", "问题", chat="team"))
    chain.complete("系统", "问题")
    assert (spending.spent().tokens, spending.spent("team").tokens, spending.spent("").tokens) == (3150, 2100, 1050)
    assert spending.spent("team").money == 2 * (400 * 2 + 600 * 0.2 + 50 * 8)


def test_a_limit_that_is_reached_costs_no_call_and_is_said(load: Load, chat_server: ChatServer, book: Callable[..., Spending]) -> None:
    chat_server.acts["a"] = [says(_SAID, prompt=1000, written=50)]
    chain = load("a", "b", spending=book(chat_tokens=1500))
    chain.complete("系统", "问题", chat="team")
    with pytest.raises(ModelError) as failed:
        chain.complete("系统", "问题", chat="team")
    assert str(failed.value) == TODAY_HERE
    assert chain.complete("系统", "问题", chat="other").text == _SAID
    assert [request.model for request in chat_server.requests] == ["a", "a"]
    assert _failure(load("a", spending=book(tokens=1500))) == TODAY


@pytest.mark.usefixtures("_quick")
def test_a_call_that_never_reached_a_model_costs_nothing_and_one_that_did_what_it_must_have(
    load: Load, chat_server: ChatServer, book: Callable[..., Spending]
) -> None:
    chat_server.acts |= {"down": [refuses(503)], "mute": [hangs()], "endless": [hangs("前半句，")], "silent": [says(_SAID, prompt=0)]}
    spending = book(tokens=100_000)
    _failure(load("down", spending=spending))
    assert spending.spent().tokens == 0
    _failure(load("mute", seconds=0.3, spending=spending))
    waited = spending.spent().tokens
    assert 2 <= waited < 20  # the prompt
    with load("endless", spending=spending).stream("系统", "问题") as reply:
        next(reply)
    left = spending.spent().tokens - waited
    assert waited < left < 2 * waited + 10  # the prompt, and the words that came
    load("silent", spending=spending).complete("系统", "问题")
    assert spending.spent().tokens - left - waited > left  # the prompt and the reply, counted here


def test_a_book_that_cannot_be_kept_means_no_call_at_all(load: Load, chat_server: ChatServer, tmp_path: Path) -> None:
    spending = Spending(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}", Limits(tokens=1000), {})
    assert "记不下模型的用量" in _failure(load("a", spending=spending))
    assert chat_server.requests == []
