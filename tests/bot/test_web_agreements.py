"""Agreements to read: every clause has its place, every link leads somewhere, quoted words are marked, and the pages are light."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from bot.links import anchor_of, clause_path, marked_place, marking_of
from bot.web.shelf import Shelf
from retrieval.library import Library
from retrieval.sentences import sentence_spans
from tests.bot.web_visit import Page
from tests.bot.web_visit import make_rooms as make_rooms
from tests.bot.web_visit import rooms as rooms
from tests.bot.web_visit import visit as visit

Visit = Callable[..., TestClient]
_LIGHT = 100_000  # bytes of a page without the clauses' words


@pytest.fixture
def browser(visit: Visit) -> TestClient:
    return visit()


def test_every_clause_has_its_permalink_and_every_link_leads_somewhere(browser: TestClient, shipped: Library) -> None:
    pages = {agreement.key: Page(browser.get(f"/agreements/{agreement.key}").text) for agreement in shipped.agreements}
    leading = 0
    for key, page in pages.items():
        assert len(set(page.ids)) == len(page.ids)
        assert {anchor_of(clause.id) for clause in shipped.clauses([key])} <= set(page.ids)
        for link in page.links:
            path, _, fragment = link.partition("#")
            if fragment and path in ("", *(f"/agreements/{other}" for other in pages)):
                assert unquote(fragment) in pages[path.rpartition("/")[2] or key].ids
                leading += 1
            else:
                assert browser.get(link).status_code == 200
    assert leading > 1000


def test_all_words_of_every_clause_are_on_the_page(browser: TestClient, shipped: Library) -> None:
    for agreement in shipped.agreements:
        text = "".join(Page(browser.get(f"/agreements/{agreement.key}").text).text.split())
        for clause in shipped.clauses([agreement.key]):
            for line in clause.content.split("\n"):
                assert all("".join(cell.split()) in text for cell in line.split(" | "))


def test_the_second_of_a_number_printed_twice_has_an_address_of_its_own() -> None:
    assert clause_path("lexiang", "2.2.3#2") == "/agreements/lexiang#2.2.3~2"
    assert unquote(clause_path("wework", "8.1.2.1（6）")) == "/agreements/wework#8.1.2.1（6）"
    assert clause_path("lexiang", "2.2.3#2", marking="最终…”）。").isascii()


def test_any_sentence_of_any_clause_is_found_again_by_its_ends(shipped: Library) -> None:
    for clause in shipped.clauses():
        for start, end in sentence_spans(clause.text):
            quote = clause.text[start:end]
            first, last = marked_place(marking_of(quote), clause.text)
            assert quote.strip() in clause.text[first:last], (clause.label, quote)


@pytest.mark.parametrize("marking", ["没有这样的话", "在您开通…没有这样的话", "…", "", "在您开通…"])
def test_words_that_do_not_stand_there_are_not_marked(browser: TestClient, marking: str) -> None:
    marked = Page(browser.get("/agreements/qidian", params={"q": marking}).text).marked
    assert marked == ([] if marking != "在您开通…" else ["在您开通"] * len(marked))


def test_a_mark_goes_through_a_link(browser: TestClient, shipped: Library) -> None:
    clause = next(clause for clause in shipped.clauses(["lexiang"]) if clause.id == "1.3.1")
    page = Page(browser.get("/agreements/lexiang", params={"q": marking_of(clause.text)}).text)
    assert "".join(page.marked) == clause.text


def test_it_is_said_which_agreement_prevails_and_where_that_is_read(browser: TestClient) -> None:
    page = browser.get("/agreements/lexiang").text
    assert "不一致时，以本协议为准" in page
    assert "的补充协议" in page
    other = Page(browser.get("/agreements/wework").text)
    assert "与本协议不一致时，以其为准" in other.text
    assert {"/agreements/archive#1.2", "/agreements/lexiang#1.3.1"} <= set(other.links)


def test_a_table_is_a_table(browser: TestClient) -> None:
    page = browser.get("/agreements/archive").text
    assert '<th scope="col">服务月度的服务可用性</th>' in page
    assert "<td>三个月服务期</td>" in page


def test_a_search_finds_by_words_and_by_number(browser: TestClient) -> None:
    words = Page(browser.get("/search", params={"q": "退款"}).text)
    assert any(link.startswith("/agreements/qidian?find=") and link.endswith("#4.9") for link in words.links)
    assert "退款" in words.marked
    number = Page(browser.get("/search", params={"q": "乐享 2.2.3"}).text)
    first = [link for link in number.links if "find=" in link][:2]
    assert [link.partition("#")[2] for link in first] == ["2.2.3", "2.2.3~2"]
    only = Page(browser.get("/search", params={"q": "退款", "agreement": "archive"}).text)
    assert all(link.startswith("/agreements/archive") for link in only.links if "find=" in link)


def test_a_search_within_an_agreement_marks_what_was_found(browser: TestClient) -> None:
    page = Page(browser.get("/agreements/qidian", params={"find": "发票"}).text)
    assert "发票" in page.marked
    assert set(page.marked) <= {"发票", "开发票"}


def test_a_search_that_cannot_be_made_says_so(browser: TestClient) -> None:
    for path, name in (("/search", "q"), ("/agreements/qidian", "find")):
        response = browser.get(path, params={name: "问" * 1001})
        assert response.status_code == 200
        assert "1000" in response.text


def test_pages_are_light(browser: TestClient, shipped: Library) -> None:
    with_them = sum(len(browser.get(link).content) for link in ("/static/page.css", "/static/page.js", "/static/icon.svg"))
    for agreement in shipped.agreements:
        html = len(browser.get(f"/agreements/{agreement.key}").content)
        words = sum(len(clause.content.encode()) for clause in shipped.clauses([agreement.key]))
        assert html - words + with_them < _LIGHT, agreement.key
    assert len(browser.get("/").content) + with_them < _LIGHT


def test_nothing_is_loaded_from_elsewhere_and_no_script_stands_in_a_page(browser: TestClient) -> None:
    for path in ("/", "/agreements/lexiang", "/search?q=a", "/privacy", "/nothing"):
        html = browser.get(path).text
        assert "http://" not in html.replace("http://www.w3.org", "")
        assert html.count("<script") == 1
        assert "style=" not in html
        assert "onclick" not in html
    for name in ("page.css", "page.js"):
        assert "http" not in browser.get(f"/static/{name}").text


def test_a_changed_library_is_shown_as_it_is_now(make_library: Callable[[Mapping[str, str]], Library]) -> None:
    library = make_library({"one": "1.1 甲方应当付款。\n1.2 依照 1.1 付款。\n"})
    shelf = Shelf(lambda: library)
    assert [laid.place for laid in shelf.now.laid("one", {})][-2:] == ["1.1", "1.2"]
    make_library({"one": "1.1 甲方应当付款。\n1.2 依照 1.1 付款。\n1.3 依照 1.2 付款。\n"})
    laid = shelf.now.laid("one", {})
    assert laid[-1].place == "1.3"
    assert [run.href for run in chain.from_iterable(laid[-1].paragraphs) if run.href] == ["#1.2"]
    assert laid[-2].spoken_of == (("1.3", "#1.3"),)
