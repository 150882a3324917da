"""What holds for every request: headers, limits, counts, and what machines ask for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from answering.answer import Language
from bot.web.channels import Channels
from bot.web.door import Door
from bot.web.house import Limits, Rooms
from bot.web.language import accepted_language
from bot.web.limits import Allowance
from tests.bot.web_visit import REFUND, TOKEN, ask, form_token
from tests.bot.web_visit import make_rooms as make_rooms
from tests.bot.web_visit import rooms as rooms
from tests.bot.web_visit import visit as visit

Visit = Callable[..., TestClient]


def test_every_response_is_hardened(visit: Visit) -> None:
    browser = visit(Door(TOKEN))
    responses = [browser.get(path) for path in ("/", "/nothing", "/static/page.css", "/api/agreements", "/healthz", "/login")]
    responses += [browser.post("/ask", content=b"x" * 70_000), browser.post("/ask", headers={"Sec-Fetch-Site": "cross-site"})]
    for response in responses:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"]


def test_what_is_said_to_somebody_is_kept_in_no_shared_cache(visit: Visit) -> None:
    browser = visit()
    assert "private" in browser.get(ask(browser)).headers["Cache-Control"]
    assert browser.get("/api/agreements").headers["Cache-Control"] == "no-store"
    link = re.search(r'href="(/static/page\.css\?v=\w+)"', browser.get("/").text)
    assert link
    assert "immutable" in browser.get(link[1]).headers["Cache-Control"]


def test_a_body_that_is_too_long_is_refused_whether_it_says_so_or_not(visit: Visit) -> None:
    browser = visit()

    def pieces() -> Iterator[bytes]:
        for _ in range(70):
            yield b"a" * 1000

    for content in (b"a" * 70_000, pieces()):
        response = browser.post("/api/ask", content=content, headers={"Content-Type": "application/json"})
        assert response.status_code == 413


def test_a_visitor_may_ask_so_often_in_a_minute(visit: Visit) -> None:
    browser = visit(limits=Limits(asker_minute=2))
    ask(browser)
    ask(browser)
    response = browser.post("/ask", data={"form_token": form_token(browser), "question": REFUND})
    assert response.status_code == 429
    assert "太快了" in response.text
    assert int(response.headers["Retry-After"]) <= 31
    ask(visit(site=browser))


def test_an_allowance_fills_up_steadily() -> None:
    now = 0.0
    allowance = Allowance(6, 60, lambda: now)
    assert [allowance.take("a") for _ in range(7)] == [0, 0, 0, 0, 0, 0, 10]
    assert allowance.take("b") == 0
    now = 9.0
    assert allowance.take("a") == pytest.approx(1)
    now = 10.0
    assert allowance.take("a") == 0
    assert allowance.take("a") == pytest.approx(10)


def test_an_allowance_forgets_clients_who_have_long_gone() -> None:
    now = 0.0
    allowance = Allowance(1, 60, lambda: now)
    for at in range(10_000):
        allowance.take(str(at))
    now = 61.0
    for at in range(10_000, 10_010):
        allowance.take(str(at))
    assert len(allowance._buckets) == 10


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", Language.SIMPLIFIED), ("zh-CN,zh;q=0.9,en;q=0.8", Language.SIMPLIFIED), ("zh-TW,zh;q=0.9", Language.TRADITIONAL),
        ("zh-Hant-HK", Language.TRADITIONAL), ("zh-Hans-HK", Language.SIMPLIFIED), ("en-US,en;q=0.9,zh;q=0.8", Language.ENGLISH),
        ("en;q=0.5,zh-HK;q=0.7", Language.TRADITIONAL), ("de,en;q=0.2", Language.ENGLISH), ("de", Language.SIMPLIFIED),
        ("en;q=0,zh", Language.SIMPLIFIED), ("en;q=x, zh;q=", Language.SIMPLIFIED), (",;,=" * 500, Language.SIMPLIFIED),
    ],
)  # fmt: skip
def test_the_language_a_browser_prefers(header: str, language: Language) -> None:
    assert accepted_language(header) is language


def test_health_says_that_the_process_lives_and_readiness_what_is_missing(visit: Visit, rooms: Rooms) -> None:
    missing: list[str] = []
    site = visit(Door(TOKEN), inside=replace(rooms, unready=lambda: missing))
    assert site.get("/healthz").json() == {"status": "ok"}
    assert site.get("/readyz").json() == {"status": "ready", "unready": [], "degraded": []}
    missing.append("database")
    response = site.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"status": "unready", "unready": ["database"], "degraded": []})
    assert site.get("/healthz").status_code == 200


def test_counts_tell_how_much_and_nothing_of_whom(visit: Visit) -> None:
    browser = visit()
    path = ask(browser)
    browser.post(f"{path}/vote", data={"form_token": form_token(browser), "verdict": "up"})
    browser.post("/api/ask", json={"question": "腾讯的股价会涨吗", "asker": "anna"})
    browser.get("/nothing")
    text = browser.get("/metrics").text
    for line in (
        'wenyue_questions_total{channel="web",status="answered"} 1.0',
        'wenyue_questions_total{channel="api",status="out_of_scope"} 1.0',
        'wenyue_answer_seconds_count{channel="web"} 1.0',
        'wenyue_votes_total{verdict="up"} 1.0',
        'wenyue_refused_requests_total{status="404"} 1.0',
        'wenyue_withheld_total{reason="figure_not_in_clause"} 0.0',
        "process_resident_memory_bytes",
    ):
        assert line in text
    for word in ("企点", "股价", "anna", path.rpartition("/")[2]):
        assert word not in text


def test_channels_are_called_where_they_are_run_and_only_there(visit: Visit) -> None:
    heard: list[object] = []

    async def wecom(query: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        heard.append((dict(query), body))
        return 200, query.get("echostr", "").encode()

    async def telegram(secret: str, body: bytes) -> int:
        heard.append((secret, body))
        return 200 if secret == "right" else 403

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        heard.append("begun")
        yield
        heard.append("ended")

    site = visit(Door(TOKEN), channels=Channels(wecom, telegram, running()))
    assert site.get("/wecom/callback", params={"echostr": "甲"}).text == "甲"
    assert site.post("/wecom/callback?a=1", content=b"<xml/>", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
    assert site.post("/telegram/webhook", content=b"{}", headers={"X-Telegram-Bot-Api-Secret-Token": "right"}).status_code == 200
    assert site.post("/telegram/webhook", content=b"{}").status_code == 403
    assert site.post("/wecom/callback", content=b"x" * 2_000_000).status_code == 413
    assert heard == ["begun", ({"echostr": "甲"}, b""), ({"a": "1"}, b"<xml/>"), ("right", b"{}"), ("", b"{}")]
    bare = visit()
    assert bare.get("/wecom/callback").status_code == 404
    assert bare.post("/telegram/webhook").status_code == 404
