"""The page without a script: asking, reading an answer again, voting, and what is forgotten."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from bot.conversation import Conversation
from bot.place import Place
from bot.votes import Counts
from bot.web.house import Rooms
from tests.bot.web_visit import REFUND, Page, ask, form_token
from tests.bot.web_visit import make_rooms as make_rooms
from tests.bot.web_visit import rooms as rooms
from tests.bot.web_visit import visit as visit

Visit = Callable[..., TestClient]


def test_the_first_page_offers_questions_and_the_agreements(visit: Visit) -> None:
    page = Page(visit().get("/").text)
    assert REFUND in page.text
    assert {"/agreements/qidian", "/agreements/lexiang"} <= set(page.links)


def test_a_question_is_answered_on_a_page_that_can_be_opened_again(visit: Visit) -> None:
    browser = visit()
    path = ask(browser)
    page = Page(browser.get(path).text)
    assert "7 个自然日" in page.text
    cited = [link for link in page.links if link.startswith("/agreements/qidian?q=") and link.endswith("#4.7")]
    assert cited
    assert Page(browser.get(cited[0].partition("#")[0]).text).marked[0].startswith("在您开通企业级产品服务")


def test_a_question_can_be_held_to_one_agreement(visit: Visit) -> None:
    browser = visit()
    links = Page(browser.get(ask(browser, "服务器出故障怎么赔？", agreement="archive")).text).links
    assert {link.split("/")[2][:7] for link in links if link.startswith("/agreements/")} == {"archive"}


def test_nobody_else_can_open_an_answer_or_vote_on_it(visit: Visit, rooms: Rooms) -> None:
    anna = visit()
    path = ask(anna)
    bob = visit(site=anna)
    token = form_token(bob)
    assert bob.get(path).status_code == 404
    assert bob.post(f"{path}/vote", data={"form_token": token, "verdict": "up"}).status_code == 404
    assert rooms.votes.of(path.rpartition("/")[2]) == Counts()
    assert anna.get(path).status_code == 200


def test_a_follow_up_is_understood_until_a_new_conversation_begins(visit: Visit) -> None:
    browser = visit()
    ask(browser)
    assert "按“" in browser.get(ask(browser, "那发票什么时候开？")).text
    browser.post("/new", data={"form_token": form_token(browser)})
    assert "按“" not in browser.get(ask(browser, "那发票什么时候开？")).text


def test_two_visitors_are_two_conversations(visit: Visit) -> None:
    anna = visit()
    ask(anna)
    bob = visit(site=anna)
    assert "按“" not in bob.get(ask(bob, "那发票什么时候开？")).text


def test_a_form_of_another_site_asks_nothing_and_what_was_written_is_not_lost(visit: Visit, rooms: Rooms) -> None:
    browser = visit()
    browser.get("/")
    for token in ({}, {"form_token": "0" * 64}, {"form_token": form_token(visit(site=browser))}, {"form_token": "é"}):
        response = browser.post("/ask", data={"question": REFUND, **token})
        assert response.status_code == 403
        assert f">{REFUND}</textarea>" in response.text
    assert browser.post("/privacy", data={"form_token": ""}).status_code == 403
    assert rooms.records.listing() == []


@pytest.mark.parametrize(("question", "said"), [("  ", "问题是空的"), ("问" * 1001, "1000")])
def test_a_question_that_cannot_be_taken_is_said_to_be_so(visit: Visit, question: str, said: str) -> None:
    browser = visit()
    response = browser.post("/ask", data={"form_token": form_token(browser), "question": question})
    assert response.status_code == 422
    assert said in response.text


def test_a_vote_counts_once_and_the_last_one_counts(visit: Visit, rooms: Rooms) -> None:
    browser = visit()
    path = ask(browser)
    token, record = form_token(browser), path.rpartition("/")[2]
    assert "谢谢" in browser.post(f"{path}/vote", data={"form_token": token, "verdict": "up"}).text
    assert rooms.votes.of(record) == Counts(up=1)
    asked = browser.post(f"{path}/vote", data={"form_token": token, "verdict": "down"})
    assert "条款引错了" in asked.text
    assert "谢谢" in browser.post(f"{path}/vote", data={"form_token": token, "verdict": "down", "reason": "clause"}).text
    assert rooms.votes.of(record) == Counts(down=1)
    assert browser.post(f"{path}/vote", data={"form_token": token, "verdict": "sideways"}).status_code == 400


def test_what_was_kept_of_a_visitor_is_deleted_when_they_say_so(visit: Visit, rooms: Rooms) -> None:
    anna = visit()
    bob = visit(site=anna)
    mine, theirs = ask(anna), ask(bob)
    anna.post(f"{mine}/vote", data={"form_token": form_token(anna), "verdict": "up"})
    assert "已删除您的 1 个问答" in anna.post("/privacy", data={"form_token": form_token(anna)}).text
    assert anna.get(mine).status_code == 404
    assert rooms.votes.of(mine.rpartition("/")[2]) == Counts()
    assert bob.get(theirs).status_code == 200


def test_where_nothing_may_be_kept_questions_are_answered_and_that_is_said(visit: Visit, make_rooms: Callable[..., Rooms]) -> None:
    browser = visit(inside=make_rooms(days=0))
    assert "不记下" in browser.get("/").text
    assert "7 个自然日" in browser.get(ask(browser)).text


def test_a_browsers_language_decides_the_words_around(visit: Visit) -> None:
    browser = visit()
    for header, lang, said in (("en-GB,en;q=0.9", "en", "Ask"), ("zh-TW", "zh-Hant", "提問"), ("fr", "zh-Hans", "提问")):
        response = browser.get("/", headers={"Accept-Language": header})
        assert f'<html lang="{lang}">' in response.text
        assert f">{said}</button>" in response.text
        assert response.headers["Content-Language"] == lang


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'};alert(1)//退款"])
def test_words_of_a_visitor_are_never_markup(visit: Visit, words: str) -> None:
    browser = visit()
    shown = [browser.get(ask(browser, words)).text]
    shown += [browser.get(path, params=given).text for path in ("/search", "/agreements/qidian", "/") for given in (
        {"q": words}, {"find": words}, {"question": words}, {"agreement": words}
    )]  # fmt: skip
    for html in shown:
        assert "<script>alert" not in html
        assert "<img" not in html
        assert "onerror=alert(1)>" not in html


def test_what_goes_wrong_inside_is_neither_shown_nor_logged_in_words(visit: Visit, rooms: Rooms, caplog: pytest.LogCaptureFixture) -> None:
    said = "我的工资"

    def converse(place: Place, agreements: Sequence[str]) -> Conversation:
        raise RuntimeError(f"somebody asked: {said}")

    browser = visit(inside=replace(rooms, converse=converse))
    with caplog.at_level(logging.DEBUG):
        response = browser.post("/ask", data={"form_token": form_token(browser), "question": said})
    assert response.status_code == 500
    assert "请再问一次" in response.text
    assert "Traceback" not in response.text
    assert "RuntimeError" in caplog.text
    assert said not in response.text + caplog.text


def test_an_error_that_nobody_thought_of_has_a_plain_page_too(visit: Visit, rooms: Rooms, caplog: pytest.LogCaptureFixture) -> None:
    said = "我的工资"

    def examples() -> list[str]:
        raise RuntimeError(said)

    browser = visit(inside=replace(rooms, examples=examples))
    response = browser.get("/")
    assert response.status_code == 500
    assert "出错了" in response.text
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "GET / failed: RuntimeError" in caplog.text
    assert said not in response.text + caplog.text


def test_what_is_not_there_is_said_in_a_sentence(visit: Visit) -> None:
    browser = visit()
    for path in ("/nothing", "/agreements/nothing", "/answers/0123456789ab", "/answers/0", "/static/nothing.css", "/agreements/qidian/x"):
        response = browser.get(path)
        assert response.status_code == 404
        assert "没有这个页面" in response.text
    assert browser.put("/").status_code == 405
