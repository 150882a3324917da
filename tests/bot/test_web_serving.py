"""The server as a process: where it may be served, how it stops, what it logs, and that it moves on with the library."""

from __future__ import annotations

import json
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bot.database import Database, opened
from bot.settings import SettingsError, load_settings
from bot.standing import Standing
from bot.web.wiring import check, opened_rooms, reaches
from bot.wiring import Wired
from retrieval.library import Library
from tests.chat_server import ChatServer, says
from tests.web_server import Server
from tests.web_server import make_server as make_server

_TOKEN = "a-token-of-the-tests"
_WORDS = "企点开通几天内可以无条件退款"


def _post(url: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{url}/api/ask", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "wenyue.example.com"])
def test_nobody_is_served_publicly_without_a_token(host: str) -> None:
    settings = load_settings({})
    with pytest.raises(SettingsError, match="WENYUE_SERVE_TOKEN"):
        check(settings, host)
    check(settings, "127.0.0.1")
    check(load_settings({"WENYUE_SERVE_TOKEN": _TOKEN}), host)


def test_a_token_that_can_be_guessed_is_none() -> None:
    with pytest.raises(SettingsError, match="16"):
        check(load_settings({"WENYUE_SERVE_TOKEN": "short"}), "127.0.0.1")


def test_a_token_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{_TOKEN}\n", encoding="utf-8")
    settings = load_settings({"WENYUE_SERVE_TOKEN_FILE": str(file)})
    assert settings.serve_token == _TOKEN
    assert _TOKEN not in repr(settings)
    with pytest.raises(SettingsError, match="WENYUE_SERVE_TOKEN_FILE"):
        load_settings({"WENYUE_SERVE_TOKEN_FILE": str(tmp_path / "nothing")})


@pytest.mark.parametrize(("given", "found"), [("10.0.0.0/8, ::1", ("10.0.0.0/8", "::1")), ("", ("127.0.0.1", "::1"))])
def test_proxies_are_addresses_and_networks(given: str, found: tuple[str, ...]) -> None:
    assert load_settings({"WENYUE_PROXIES": given}).proxies == found
    with pytest.raises(SettingsError, match="WENYUE_PROXIES"):
        load_settings({"WENYUE_PROXIES": "proxy.example.com"})


def test_what_cannot_be_served_is_said_in_one_sentence(make_server: Callable[..., Server]) -> None:
    server = make_server()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, said = server.fails("--port", str(taken.getsockname()[1]))
    assert (status, said.count("\n")) == (1, 1)
    assert "换一个 --port" in said
    status, said = server.fails("--host", "0.0.0.0")
    assert (status, said.count("\n")) == (1, 1)
    assert "WENYUE_SERVE_TOKEN" in said


class Collector:
    """A server on loopback that counts what is sent to it."""

    def __init__(self) -> None:
        collector = self
        self.requests = 0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.requests += 1
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.stop()


def test_a_question_leaves_no_words_in_the_log_and_nothing_for_collectors(make_server: Callable[..., Server], collector: Collector) -> None:
    settings = {
        "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    }
    server = make_server(WENYUE_SERVE_TOKEN=_TOKEN, **settings)
    server.start()
    assert _post(server.url, {"question": f"{_WORDS}？"}, _TOKEN)["status"] == "answered"
    with suppress(urllib.error.HTTPError):
        urllib.request.urlopen(f"{server.url}/search?q=secret-words", timeout=10)
    assert json.load(urllib.request.urlopen(f"{server.url}/readyz", timeout=10))["status"] == "ready"
    server.signal(signal.SIGINT)
    assert server.wait() == 0
    assert collector.requests == 0
    for words in (_WORDS, "secret-words", _TOKEN, "Traceback"):
        assert words not in server.log


def test_an_answer_under_way_is_ended_before_the_server_stops(make_server: Callable[..., Server], chat_server: ChatServer) -> None:
    chat_server.acts["slow"] = [says("在您开通企业级产品服务 7 个自然日内，您有权要求终止合作 [C1]。", delay=0.1)]
    server = make_server(WENYUE_MODEL="openai:slow", OPENAI_API_KEY="sk-x", OPENAI_BASE_URL=chat_server.url)
    server.start()
    with ThreadPoolExecutor() as threads:
        answering = threads.submit(_post, server.url, {"question": f"{_WORDS}？"})
        while not chat_server.asked("slow"):
            assert not answering.done() or answering.result()
        server.signal(signal.SIGTERM)
        assert answering.result()["model"] == "openai:slow"
    assert server.wait() == 0
    assert "Traceback" not in server.log


def test_the_page_moves_on_with_the_library(tmp_path: Path) -> None:
    agreements = tmp_path / "agreements"
    agreements.mkdir()
    catalog = '[one]\ntitle = "停车协议"\nnames = ["停车"]\nparties = ["甲方"]\nfile = "one.txt"\nsource = "测试"\n'
    (agreements / "catalog.toml").write_text(catalog, encoding="utf-8")
    (agreements / "one.txt").write_text("1.1 停车费每小时五元。\n", encoding="utf-8")
    settings = load_settings({"WENYUE_HOME": str(tmp_path), "WENYUE_AGREEMENTS": str(agreements)})
    wired = Wired(settings, Library(settings.database))
    wired.sync()
    with closing(wired), closing(Standing(wired)) as standing, opened_rooms(wired, standing) as rooms:
        assert list(rooms.unready()) == []
        assert rooms.renew() is False
        (agreements / "one.txt").write_text("1.1 停车费每小时八元。\n1.2 月租车辆另计。\n", encoding="utf-8")
        with closing(Library(settings.database)) as other:
            other.sync(agreements / "catalog.toml")
        assert rooms.renew() is True
        assert [clause.id for clause in rooms.library().clauses() if clause.text] == ["1.1", "1.2"]
        assert rooms.find("停车费", (), 1)[0].clause.text == "停车费每小时八元。"


@pytest.mark.parametrize(("url", "there"), [("sqlite://", True), ("postgresql+psycopg://nobody@127.0.0.1:1/nothing", False)])
def test_a_database_that_does_not_answer_is_not_reached(url: str, there: bool) -> None:
    with closing(Database(opened(url), (), "数据库")) as database:
        assert reaches(database) is there
