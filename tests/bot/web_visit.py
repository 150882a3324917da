"""The page over the shipped agreements, and visitors of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from answering.acts import Acts
from answering.answerer import Answerer
from answering.confidence import Confidence
from answering.models import ChatModel
from bot.contacts import Contacts
from bot.conversation import Conversation
from bot.place import Place
from bot.privacy.keeping import Keeping
from bot.records import Records
from bot.review.deciding import Deciding
from bot.review.decisions import Decisions
from bot.review.handing import Handing
from bot.review.items import Review
from bot.review.questions import AskedQuestions
from bot.review.reviewing import Reviewing
from bot.votes import Votes
from bot.web.application import make_app
from bot.web.channels import Channels
from bot.web.door import Door
from bot.web.house import Limits, Rooms
from retrieval.index import Index
from retrieval.lexicon import Lexicon
from retrieval.library import Library
from retrieval.ranking import Ranking
from retrieval.search import Search

TOKEN = "a-token-of-the-tests"
REFUND = "企点开通几天内可以无条件退款？"
_MANY = Limits(1000, 1000, 1000)


@pytest.fixture
def make_rooms(shipped: Library, shipped_index: Index, tmp_path: Path) -> Iterator[Callable[..., Rooms]]:
    """Makes the rooms behind a page: with a model or without, what is asked kept for some days or not at all."""
    search = Search(shipped_index, Ranking.load(), Lexicon.load())
    url = f"sqlite:///{tmp_path / 'web.db'}"
    with ExitStack() as stack:

        def make(model: ChatModel | None = None, days: float = 180) -> Rooms:
            answerer = Answerer(shipped, search, Confidence.load(), Acts.load(), model)
            records, votes = Records(url, days), Votes(url)
            keeping = Keeping(url, days)
            stack.callback(keeping.close)
            stack.callback(records.close)
            stack.callback(votes.close)

            def converse(place: Place, agreements: Sequence[str]) -> Conversation:
                return Conversation(answerer, records, place, agreements, library=shipped)

            review = Review(records, votes, Decisions(url))
            deciding = Deciding(review, AskedQuestions(tmp_path / "enriched"), lambda: shipped)
            handing = Handing(Contacts(url), review.decisions)
            stack.callback(review.decisions.close)
            stack.callback(handing.contacts.close)
            reviewing = Reviewing(review, deciding, handing)
            return Rooms(
                lambda: shipped, search.find, converse, records, votes, lambda: [REFUND], lambda: [], lambda: False, reviewing, keeping
            )

        yield make


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms]) -> Rooms:
    return make_rooms()


@pytest.fixture
def visit(rooms: Rooms) -> Iterator[Callable[..., TestClient]]:
    """Has somebody come to the page: a browser with cookies of its own, which follows redirects.

    `door` is the page's, open to this machine where none is given; `limits` are wide. A page that was visited before is visited again
    with `site`.
    """
    with ExitStack() as stack:

        def come(
            door: Door | None = None,
            *,
            inside: Rooms | None = None,
            limits: Limits = _MANY,
            site: TestClient | None = None,
            channels: Channels | None = None,
            address: str = "127.0.0.1",
        ) -> TestClient:
            app = site.app if site else make_app(inside or rooms, door or Door(None), limits, channels=channels)
            browser = TestClient(app, "http://localhost", raise_server_exceptions=False, client=(address, 50000))
            return browser if site else stack.enter_context(browser)

        yield come


def form_token(browser: TestClient, path: str = "/") -> str:
    """What the forms on a page carry for this visitor."""
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', browser.get(path).text)
    assert found
    return found[1]


def ask(browser: TestClient, question: str = REFUND, **fields: str) -> str:
    """Ask without a script. Returns the path of the answer."""
    response = browser.post("/ask", data={"form_token": form_token(browser), "question": question, **fields})
    assert response.status_code == 200
    assert re.fullmatch(r"/answers/\w{12}", response.url.path)
    return str(response.url.path)


class Page(HTMLParser):
    """What a page has: its ids, its links, the words that are marked and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.marked: list[str] = []
        self.text = ""
        self._marking = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "a":
            self.links.append(str(given.get("href")))
        if tag == "mark":
            self._marking = True
            self.marked.append("")

    def handle_endtag(self, tag: str) -> None:
        self._marking = self._marking and tag != "mark"

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._marking:
            self.marked[-1] += data
