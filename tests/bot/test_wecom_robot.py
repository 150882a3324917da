from __future__ import annotations

import json
import logging
import re
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.runs import Run
from bot.wecom.markdown import Block, inert, size, written
from bot.wecom.robot import MOST_BYTES, Robot, RobotError, parts_of
from tests.wecom_reading import JOINER, read

_KEY = "693a91f6-7a1b-4bc4-97a0-0ec2e1fa5aaa"


class _Server(ThreadingHTTPServer):
    """Takes messages as WeCom's webhook does, and answers with `answer`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: tuple[int, str] = (200, '{"errcode":0,"errmsg":"ok"}')
        self.paths: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.refuses_from = 1000

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/cgi-bin/webhook/send"

    @property
    def contents(self) -> list[str]:
        return [body["markdown_v2"]["content"] for body in self.bodies]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        status, text = self.server.answer if len(self.server.bodies) < self.server.refuses_from else (200, '{"errcode":45009}')
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class _Clock:
    """Seconds that pass only by sleeping."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def robot(server: _Server, clock: _Clock) -> Iterator[Robot]:
    robot = Robot(_KEY, server.url, now=clock.now, sleep=clock.sleep)
    yield robot
    robot.close()


def test_a_message_is_sent_as_markdown_with_the_key_in_the_address(robot: Robot, server: _Server) -> None:
    assert robot.send("**协议更新**\n> 《乐享》2.2.3") == 1
    assert server.paths == [f"/cgi-bin/webhook/send?key={_KEY}"]
    assert server.bodies == [{"msgtype": "markdown_v2", "markdown_v2": {"content": "**协议更新**\n> 《乐享》2.2.3"}}]


def test_nothing_to_say_is_not_sent(robot: Robot, server: _Server) -> None:
    assert robot.send(" \n") == 0
    assert server.bodies == []


def test_a_long_message_is_sent_in_several_that_wecom_takes(robot: Robot, server: _Server) -> None:
    lines = [f"> 《乐享》{at}.1 改了：{'甲' * 60}。" for at in range(100)]
    assert robot.send("\n".join(lines)) == len(server.contents) == 6
    assert all(size(content) <= MOST_BYTES for content in server.contents)
    assert "\n".join(server.contents).split("\n") == lines


def test_twenty_messages_go_in_a_minute_and_the_next_waits_for_the_rest_of_it(robot: Robot, server: _Server, clock: _Clock) -> None:
    for _ in range(20):
        robot.send("甲")
        clock.time += 1
    assert clock.slept == []
    robot.send("乙")
    assert clock.slept == [40.0]
    robot.send("丙")
    assert clock.slept == [40.0, 1.0]
    clock.time += 60
    robot.send("丁")
    assert len(clock.slept) == 2
    assert len(server.contents) == 23


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, '{"errcode":93000,"errmsg":"invalid webhook url"}'), "群机器人的 key 不对，或者它已被移出群（错误码 93000）；请检查 WENYUE_WECOM_ROBOT_KEY"),
        ((200, '{"errcode":45009}'), "群机器人发得太快，企业微信暂时不收（错误码 45009），请过一分钟再发"),
        ((200, '{"errcode":-1}'), "企业微信忙不过来，请过一会儿再发"),
        ((200, '{"errcode":40058}'), "企业微信不收这条消息的内容（错误码 40058）"),
        ((200, '{"errcode":61000}'), "企业微信没有收下这条消息（错误码 61000）"),
        ((200, "<html>"), "企业微信的回应看不懂（HTTP 200），这条消息可能没有发出"),
        ((200, "[]"), "企业微信的回应看不懂（HTTP 200），这条消息可能没有发出"),
        ((200, '{"errcode":"0"}'), "企业微信的回应看不懂（HTTP 200），这条消息可能没有发出"),
        ((200, json.dumps({"errcode": 0, "errmsg": "a" * 100_000})), "企业微信的回应看不懂（HTTP 200），这条消息可能没有发出"),
        ((502, '{"errcode":0}'), "企业微信的回应看不懂（HTTP 502），这条消息可能没有发出"),
        ((302, ""), "企业微信的回应看不懂（HTTP 302），这条消息可能没有发出"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_sentence(robot: Robot, server: _Server, answer: tuple[int, str], said: str) -> None:
    server.answer = answer
    with pytest.raises(RobotError) as raised:
        robot.send("甲")
    assert str(raised.value) == said
    assert len(server.paths) == 1


def test_it_is_said_how_many_messages_were_sent_before_one_was_refused(robot: Robot, server: _Server) -> None:
    server.refuses_from = 3
    with pytest.raises(RobotError, match=r"（4 条消息发出了 2 条）$"):
        robot.send("\n".join(["甲" * 1300] * 4))


def test_a_server_that_is_not_there_is_said_to_be_out_of_reach(server: _Server, clock: _Clock) -> None:
    robot = Robot(_KEY, "http://127.0.0.1:9/cgi-bin/webhook/send", now=clock.now, sleep=clock.sleep)
    with pytest.raises(RobotError, match=r"^连不上 127\.0\.0\.1，消息没有发出$"):
        robot.send("甲")
    robot.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send", "https://evil.example/cgi-bin/webhook/send", "https://qyapi.weixin.qq.com.evil.example/",
        "https://qyapi.weixin.qq.com@evil.example/", "https://10.0.0.1/", "file:///etc/passwd", "http://[", "",
    ],
)  # fmt: skip
def test_nothing_is_sent_to_another_host(url: str) -> None:
    with pytest.raises(RobotError, match=r"^群消息只发给 https://qyapi\.weixin\.qq\.com，"):
        Robot(_KEY, url)


@pytest.mark.parametrize(
    "key", ["", "short", f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={_KEY}", f"{_KEY}\n", "键" * 20, f"{_KEY}&debug=1"]
)
def test_a_key_that_cannot_be_one_is_not_repeated(key: str) -> None:
    with pytest.raises(RobotError) as raised:
        Robot(key)
    assert str(raised.value) == "群机器人的 key 不对；WENYUE_WECOM_ROBOT_KEY 只要 webhook 地址里 key= 后面的那一段"


def test_the_key_is_in_no_log_and_in_no_exception(robot: Robot, server: _Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    robot.send("甲")
    for answer in ((200, '{"errcode":93000}'), (500, "x"), (302, "")):
        server.answer = answer
        with pytest.raises(RobotError) as raised:
            robot.send("甲")
        assert _KEY not in "".join(traceback.format_exception(raised.value))
        assert raised.value.__context__ is None
    unreachable = Robot(_KEY, "http://127.0.0.1:9/")
    with pytest.raises(RobotError) as raised:
        unreachable.send("甲")
    unreachable.close()
    assert _KEY not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__context__ is None
    assert caplog.records  # the connection has been logged, so the address would have been
    assert _KEY not in caplog.text
    assert _KEY not in repr(robot)


def test_threads_share_the_minute(server: _Server, clock: _Clock) -> None:
    robot = Robot(_KEY, server.url, now=clock.now, sleep=clock.sleep)
    threads = [threading.Thread(target=lambda: [robot.send("甲") for _ in range(10)]) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    robot.close()
    assert len(server.contents) == 50
    assert clock.slept == [60.0, 60.0]


# --- parts


def test_a_text_is_cut_between_paragraphs_else_lines_else_sentences_else_words() -> None:
    assert list(parts_of("甲甲甲甲\n甲\n\n乙\n乙乙乙", 30)) == ["甲甲甲甲\n甲", "乙\n乙乙乙"]
    assert list(parts_of("甲甲甲甲\n甲甲\n乙乙乙", 28)) == ["甲甲甲甲\n甲甲", "乙乙乙"]
    assert list(parts_of("甲甲甲甲甲。乙，乙乙乙乙", 30)) == ["甲甲甲甲甲。", "乙，乙乙乙乙"]
    assert list(parts_of("甲甲甲甲甲甲，乙乙乙乙", 30)) == ["甲甲甲甲甲甲，", "乙乙乙乙"]
    assert list(parts_of("甲" * 12, 30)) == ["甲" * 10, "甲" * 2]


def test_a_quotation_that_is_cut_goes_on_as_one_and_no_mark_or_link_is_cut_in_two() -> None:
    link = "https://page.example/agreements/lexiang?q=a#2.2.3"
    text = written([Block((Run("甲。" * 30), Run("乙。" * 20, "b"), Run("《乐享》2.2.3", "b", link)), quote=True)])
    for most in range(200, size(text)):
        parts = list(parts_of(text, most))
        assert all(size(part) <= most for part in parts)
        seen = [read(part) for part in parts]
        assert all(len(one.quotes) == 1 for one in seen)
        assert [text for one in seen for text in one.of("strong")] == ["乙。" * 20, "《乐享》2.2.3"]
        assert [text for one in seen for text in one.of("a")] == ["《乐享》2.2.3"]


def test_a_table_that_is_cut_goes_on_under_its_head() -> None:
    rows = [f"| 指标{at} | {at}% |" for at in range(40)]
    first, *others = parts_of("\n".join(["## 结果", "", "| 指标 | 值 |", "|---|---:|", *rows, "", "共 40 项"]), 300)
    assert first.startswith("## 结果\n\n| 指标 | 值 |\n|---|---:|\n| 指标0 | 0% |\n")
    assert all(part.startswith("| 指标 | 值 |\n|---|---:|\n| 指标") for part in others)
    assert [line for part in (first, *others) for line in part.split("\n") if line in rows] == rows
    assert others[-1].endswith("\n\n共 40 项")
    assert [*parts_of("| 甲 |\n|---|\n| 乙 |\n| 丙 |", 20)] == ["| 甲 |\n|---|", "| 乙 |\n| 丙 |"]


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("甲a。，. \n>-*"), max_size=200), max_size=8), st.integers(60, 400))
def test_every_part_fits_and_together_they_say_everything(pieces: list[str], most: int) -> None:
    text = inert("\n\n".join(pieces))
    parts = list(parts_of(text, most))
    assert all(0 < size(part) <= most for part in parts)
    assert re.sub(rf"[\s{JOINER}]", "", "".join(parts)) == re.sub(rf"[\s{JOINER}]", "", text)
