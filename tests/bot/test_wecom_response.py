"""The response address: one POST to WeCom's own host, no other one, no redirect, and nothing of it in a log."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.wecom.response import Responder
from tests.response_server import ResponseServer
from tests.response_server import response_server as response_server


def _send(server: ResponseServer, text: str = "七日内可退。") -> bool:
    return asyncio.run(Responder(server.origin).send(f"{server.origin}/cgi-bin/aibot/response?response_code=SECRETCODE", text, "S1"))


def test_a_text_is_posted_as_markdown_with_the_id_of_opinions(response_server: ResponseServer) -> None:
    assert _send(response_server) is True
    (posted,) = response_server.posted
    assert posted.path == "/cgi-bin/aibot/response?response_code=SECRETCODE"
    assert posted.body == {"msgtype": "markdown", "markdown": {"content": "七日内可退。", "feedback": {"id": "S1"}}}


@pytest.mark.parametrize(
    "address",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=X",
        "https://qyapi.weixin.qq.com.evil.example/x",
        "https://evil.example/qyapi.weixin.qq.com",
        "https://qyapi.weixin.qq.com@evil.example/x",
        "https://user:pass@qyapi.weixin.qq.com/x",
        "https://qyapi.weixin.qq.com:8443/x",
        "https://evil.example#qyapi.weixin.qq.com",
        "https://evil.example\\@qyapi.weixin.qq.com/x",
        "//qyapi.weixin.qq.com/x",
        "qyapi.weixin.qq.com/x",
        "https:///x",
        "https://[::1]/x",
        "https://169.254.169.254/latest",
        "file:///etc/passwd",
        "https://qyapi.weixin.qq.com\n/x",
        "https://\ud800/x",
        "",
    ],
)
def test_nothing_is_sent_to_another_address(address: str) -> None:
    responder = Responder()
    assert responder.takes(address) is False
    assert asyncio.run(responder.send(address, "七日", "S1")) is True  # nothing to try again; a connection would fail this test


def test_wecom_s_own_address_is_taken_however_it_is_written() -> None:
    for address in ("https://qyapi.weixin.qq.com/x?response_code=1", "https://QYAPI.weixin.qq.com:443/x"):
        assert Responder().takes(address) is True


def test_a_redirect_is_not_followed(response_server: ResponseServer, caplog: pytest.LogCaptureFixture) -> None:
    response_server.answer(302, headers={"Location": "/elsewhere"})
    assert _send(response_server) is True
    assert len(response_server.posted) == 1
    assert "302" in caplog.text


@pytest.mark.parametrize(
    ("status", "said", "used", "logged"),
    [
        (200, '{"errcode":0,"errmsg":"ok"}', True, ""),
        (200, "", True, ""),
        (200, '{"errcode":60140,"errmsg":"机密"}', True, "errcode 60140"),
        (200, '{"errcode":"机密"}', True, ""),
        (200, "[" * 100_000, True, ""),
        (404, "机密", True, "status 404"),
        (500, "机密", False, "status 500"),
    ],
)
def test_what_wecom_says_uses_the_address_up_unless_it_is_ill(
    response_server: ResponseServer, status: int, said: str, used: bool, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    response_server.answer(status, said)
    assert _send(response_server) is used
    assert logged in caplog.text
    assert bool(caplog.records) is bool(logged)
    assert "机密" not in caplog.text


def test_what_is_not_reached_may_be_tried_again(response_server: ResponseServer, caplog: pytest.LogCaptureFixture) -> None:
    response_server.close()
    assert _send(response_server) is False
    assert "ConnectError" in caplog.text


def test_who_drips_is_not_waited_for(response_server: ResponseServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.wecom.response._TIMEOUT", 0.5)
    response_server.answer(200, " " * 200, pause=0.1)
    assert _send(response_server) is False


def test_no_log_shows_the_address_or_the_text(response_server: ResponseServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, name)
    assert _send(response_server, "机密的答案") is True
    response_server.answer(500)
    _send(response_server, "机密的答案")
    response_server.close()
    _send(response_server, "机密的答案")
    assert [record for record in caplog.records if record.name == "httpx"]
    assert "SECRETCODE" not in caplog.text
    assert "response_code" not in caplog.text
    assert "机密" not in caplog.text
