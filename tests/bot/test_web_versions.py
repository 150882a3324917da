"""Versions of an agreement and what changed between them, on the page and in the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot.web.house import Rooms
from retrieval.library import Library
from tests.bot.web_visit import Page
from tests.bot.web_visit import make_rooms as make_rooms
from tests.bot.web_visit import rooms as rooms
from tests.bot.web_visit import visit as visit

_OLD = "第一条 付款\n1.1 甲方应当在 7 个自然日内付款。\n1.2 乙方应当开具发票。\n1.3 本条款将被删除。\n"
_NEW = "第一条 付款\n1.1 甲方应当在 30 个自然日内付款。\n1.2 乙方应当开具发票。\n1.4 争议由<b>法院</b>解决。\n"


@pytest.fixture
def library(make_library: Callable[[Mapping[str, str]], Library], tmp_path: Path) -> Library:
    """An agreement in two versions, the second in force, and another in one."""
    library = make_library({"park": _OLD, "rent": "1.1 租金每月支付。\n"})
    newer = tmp_path / "newer.txt"
    newer.write_text(_NEW, encoding="utf-8")
    library.update("park", newer)
    return library


@pytest.fixture
def browser(visit: Callable[..., TestClient], rooms: Rooms, library: Library) -> TestClient:
    return visit(inside=replace(rooms, library=lambda: library))


def test_the_last_change_is_shown_word_by_word(browser: TestClient) -> None:
    html = browser.get("/agreements/park/versions").text
    page = Page(html)
    assert "第 1 版 → 第 2 版" in page.text
    assert "<del>7 个自然日</del><ins>30 个自然日</ins>" in html
    assert "本条款将被删除" in page.text
    assert {"/agreements/park#1.1", "/agreements/park#1.4"} <= set(page.links)
    assert "/agreements/park#1.3" not in page.links
    assert "乙方应当开具发票" not in page.text


def test_words_of_an_agreement_are_never_markup(browser: TestClient) -> None:
    for path in ("/agreements/park/versions", "/agreements/park"):
        html = browser.get(path).text
        assert "&lt;b&gt;法院&lt;/b&gt;" in html
        assert "<b>法院" not in html


def test_any_two_versions_can_be_compared_and_others_cannot(browser: TestClient) -> None:
    back = browser.get("/agreements/park/versions", params={"old": 2, "new": 1}).text
    assert "<del>30 个自然日</del><ins>7 个自然日</ins>" in back
    for given in ({"old": 1, "new": 9}, {"old": "x"}, {"new": "9" * 400}):
        assert browser.get("/agreements/park/versions", params=given).status_code == 404
    assert browser.get("/agreements/nothing/versions").status_code == 404


def test_of_an_agreement_in_one_version_that_is_said(browser: TestClient) -> None:
    assert "只收了这一个版本" in browser.get("/agreements/rent/versions").text


def test_the_agreement_says_which_version_it_is(browser: TestClient) -> None:
    page = Page(browser.get("/agreements/park").text)
    assert "第 2 版" in page.text
    assert "/agreements/park/versions" in page.links
    assert "30 个自然日" in page.text


def test_the_api_tells_versions_and_differences(browser: TestClient) -> None:
    versions = browser.get("/api/agreements/park/versions").json()["versions"]
    assert [(version["version"], version["in_force"], version["clauses"]) for version in versions] == [(1, False, 4), (2, True, 4)]
    differences = browser.get("/api/agreements/park/differences", params={"old": 1, "new": 2}).json()
    assert differences["counts"] == {"unchanged": 2, "changed": 1, "added": 1, "removed": 1, "renumbered": 0, "moved": 0}
    changed = next(change for change in differences["changes"] if change["change"] == "changed")
    assert [piece["text"] for piece in changed["pieces"] if piece["sort"] == "added"] == ["30 个自然日"]
    assert browser.get("/api/agreements/park/differences", params={"old": 1, "new": 3}).status_code == 404
    assert browser.get("/api/agreements/park/differences", params={"old": 1}).status_code == 422
