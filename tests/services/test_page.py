"""The page in a real Chromium: an answer that grows, a citation that is followed, a vote; on a phone, in the dark, by keyboard, without a
script, from another site.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from retrieval.index import Index
from tests.chat_server import ChatServer, Exchange, says
from tests.web_server import Server, server_in

_CHROMIUM = "/usr/bin/chromium"
_TOKEN = "a-token-of-the-tests"
_REFUND = "企点开通几天内可以无条件退款？"
_PATIENCE = 60_000  # milliseconds for an answer on a busy machine
_HEAVIEST = 100_000  # bytes that come over the wire for a page, everything it loads included
_PAGES = (
    "/",
    "/agreements/lexiang#2.2.3~2",
    "/agreements/archive",
    "/agreements/qidian?find=退款",
    "/search?q=退款",
    "/privacy",
    "/nothing",
)

# Every text that can be read, with the contrast between its colour and what is painted behind it (WCAG 2.2, 1.4.3).
_CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parsed = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((part, at) => part * a / 255 + below[at] * (1 - a / 255));
  const behind = (element) => {
    if (!element) return matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [255, 255, 255];
    const own = parsed(getComputedStyle(element).backgroundColor);
    return own[3] === 255 ? own.slice(0, 3) : over(own, behind(element.parentElement));
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => { const c = part / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility()) continue;
    const back = behind(element);
    const [one, other] = [light(over(parsed(getComputedStyle(element).color), back)), light(back)].sort((a, b) => b - a);
    found.push([(one + 0.05) / (other + 0.05), node.data.trim().slice(0, 30)]);
  }
  return found;
}"""

# What people who do not see the page go by: one main part and one first heading, no level left out, a name for everything to press or fill.
_OUTLINE = """() => ({
  lang: document.documentElement.lang,
  title: document.title,
  mains: document.querySelectorAll("main").length,
  levels: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((e) => e.checkVisibility()).map((e) => Number(e.tagName[1])),
  nameless: [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea")]
    .filter((e) => e.checkVisibility() && !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML),
  repeated: [...document.querySelectorAll("[id]")].map((e) => e.id).filter((id, at, all) => all.indexOf(id) !== at),
  unnamed: [...document.querySelectorAll("nav, section[aria-label], [role=search]")].length > 0,
})"""


@pytest.fixture(scope="module")
def chat() -> Iterator[ChatServer]:
    """A model that takes its time to repeat the first two clauses it is shown."""

    def repeat(exchange: Exchange) -> None:
        shown = re.findall(r"^\[(C\d+)\].*\n(.+)$", exchange.request.body["messages"][-1]["content"], re.M)[:2]
        says("".join(f"{words.rstrip('。')} [{handle}]。" for handle, words in shown), delay=0.02)(exchange)

    server = ChatServer()
    server.acts["slow"] = [repeat]
    yield server
    server.stop()


@pytest.fixture(scope="module")
def make_site(shipped_index: Index, built_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts a server over the shipped agreements with these settings, for all tests of this file."""
    started: list[Server] = []

    def start(**settings: str) -> Server:
        home = tmp_path_factory.mktemp("site")
        server = server_in(home, built_home / "index" / shipped_index.version, {"WENYUE_ASKER_MINUTE": "1000", **settings})
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="module")
def site(make_site: Callable[..., Server]) -> Server:
    """The page as it comes, without a model."""
    return make_site()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def make_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a browser of somebody's own on a server. Whatever a test does, nothing goes wrong in it and nothing comes from elsewhere."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def make(server: Server, **options: Any) -> Page:
        context = chromium.new_context(base_url=server.url, locale="zh-CN", **options)
        contexts.append(context)
        context.set_default_timeout(_PATIENCE)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        context.on(
            "request",
            lambda request: wrong.append(request.url) if not request.url.startswith(("http://127.", "http://localhost")) else None,
        )
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if "Content Security Policy" in message.text else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


def _ask(page: Page, question: str = _REFUND) -> None:
    page.get_by_label("问题").fill(question)
    page.get_by_role("button", name="提问").click()
    page.wait_for_url(re.compile(r"/answers/\w+$"))
    expect(page.locator(".answer .status")).to_be_visible()


def _lands_on(page: Page, anchor: str) -> None:
    """The clause of this anchor is in view, and stands out."""
    target = page.locator(":target")
    expect(target).to_be_in_viewport()
    assert target.get_attribute("id") == anchor
    plain = page.locator(".clause:not(:target)").first
    backgrounds = [clause.evaluate("e => getComputedStyle(e).backgroundColor") for clause in (target, plain)]
    assert backgrounds[0] != backgrounds[1]


def test_an_answer_grows_its_citation_leads_to_the_clause_and_back_again(
    make_site: Callable[..., Server], chat: ChatServer, make_page: Callable[..., Page]
) -> None:
    server = make_site(WENYUE_MODEL="openai:slow", OPENAI_API_KEY="sk-x", OPENAI_BASE_URL=chat.url)
    page = make_page(server)
    page.goto("/")
    page.evaluate("""() => {
      window.seen = [];
      const note = () => {
        const state = [document.querySelectorAll(".said").length, Boolean(document.querySelector("[aria-busy]"))].join();
        if (window.seen.at(-1) !== state) window.seen.push(state);
      };
      new MutationObserver(note).observe(document.getElementById("answer"), { childList: true, subtree: true });
    }""")
    page.get_by_label("问题").fill(_REFUND)
    page.get_by_role("button", name="提问").click()
    expect(page.locator(".growing")).to_be_visible()
    page.wait_for_url(re.compile(r"/answers/\w+$"))
    seen = page.evaluate("window.seen")
    assert seen[:2] == ["0,true", "1,true"]
    assert seen[-1] == "2,false"
    assert seen == sorted(seen, key=lambda state: (int(state[0]), "false" in state))
    assert page.evaluate("document.getElementById('progress').textContent") == "回答好了。"
    cited = page.locator(".cites a").first
    label, said = cited.inner_text(), page.locator(".said .words").first.inner_text()
    cited.click()
    page.wait_for_url(re.compile(r"/agreements/qidian\?q=[^#]+#[\d.]+$"))
    _lands_on(page, label.removeprefix("《企点》"))
    marked = page.locator(":target mark")
    expect(marked).to_be_in_viewport()
    assert said.rstrip("。") in marked.inner_text()
    page.go_back()
    expect(page.locator(".said")).to_have_count(2)
    page.reload()
    expect(page.locator(".said")).to_have_count(2)


def test_a_follow_up_and_a_suggestion_are_asked_without_a_reload(site: Server, make_page: Callable[..., Page]) -> None:
    page = make_page(site)
    page.goto("/")
    page.evaluate("window.same = true")
    page.get_by_role("button", name="企点：").first.click()
    page.wait_for_url(re.compile("/answers/"))
    expect(page.get_by_placeholder("接着问")).to_be_visible()
    first = page.url
    page.locator(".answer .examples button").first.click()
    page.wait_for_url(lambda url: "/answers/" in url and url != first)
    assert page.evaluate("window.same") is True
    page.go_back()
    page.wait_for_url(first)
    expect(page.locator(".answer .status")).to_be_visible()
    page.get_by_role("button", name="开始新对话").click()
    page.wait_for_url(re.compile(r":\d+/$"))
    expect(page.get_by_placeholder("例如")).to_be_visible()


def test_what_cannot_be_asked_is_said_where_one_is(site: Server, make_page: Callable[..., Page]) -> None:
    page = make_page(site)
    page.goto("/")
    page.get_by_label("问题").fill("？？？")
    page.get_by_role("button", name="提问").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.get_by_label("问题").input_value() == "？？？"


def test_a_vote_is_taken_and_what_was_wrong_is_asked(site: Server, make_page: Callable[..., Page]) -> None:
    page = make_page(site)
    page.goto("/")
    _ask(page)
    page.get_by_role("button", name="没有帮助").click()
    page.get_by_role("button", name="答非所问").click()
    expect(page.get_by_text("谢谢，记下了。")).to_be_visible()
    assert "/answers/" in page.url
    assert "voted" not in page.url


@pytest.mark.parametrize("scripted", [True, False])
def test_on_a_phone_nothing_is_cut_off_and_the_contents_unfold(site: Server, make_page: Callable[..., Page], scripted: bool) -> None:
    page = make_page(site, viewport={"width": 390, "height": 844}, java_script_enabled=scripted, has_touch=True)
    for path in (*_PAGES, "/agreements/qidian/versions"):
        page.goto(path)
        wide = page.locator("html").evaluate("e => e.scrollWidth") if scripted else page.locator("body").bounding_box()["width"]  # type: ignore[index]
        assert wide <= 390, path
    page.goto("/agreements/lexiang#2.2.3~2")
    _lands_on(page, "2.2.3~2")
    contents = page.locator("#contents")
    link = contents.get_by_role("link", name="软件的获取与更新")
    expect(link).to_be_hidden()
    contents.locator("summary").tap()
    link.tap()
    _lands_on(page, "六")
    if scripted:
        expect(link).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_and_every_thing_has_a_name(site: Server, make_page: Callable[..., Page], scheme: str) -> None:
    page = make_page(site, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page.goto("/")
    _ask(page)
    answered = page.url.partition(site.url)[2]
    _ask(page, "腾讯的股价会涨吗")
    refused = page.url.partition(site.url)[2]
    for path in (*_PAGES, answered, refused, "/agreements/qidian/versions"):
        page.goto(path)
        contrasts = page.evaluate(_CONTRASTS)
        assert len(contrasts) > 5
        assert [row for row in contrasts if row[0] < 4.5] == [], path
        outline = page.evaluate(_OUTLINE)
        assert outline["lang"] == "zh-Hans"
        assert outline["title"].endswith("问约")
        assert outline["mains"] == 1
        assert (outline["nameless"], outline["repeated"]) == ([], [])
        levels = outline["levels"]
        assert levels[0] == 1, path
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), (path, levels)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((part) => part < 60)")
    assert dark is (scheme == "dark")


def test_everything_can_be_done_by_keyboard_and_one_sees_where_one_is(site: Server, make_page: Callable[..., Page]) -> None:
    page = make_page(site)
    page.goto("/")

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            outlined = page.evaluate(
                "() => { const e = document.activeElement, box = e.closest('.ask'), own = getComputedStyle(e);"
                " return own.outlineStyle !== 'none' || (box && getComputedStyle(box).boxShadow !== 'none'); }"
            )
            assert outlined
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
        pytest.fail(f"{selector} is not reached")

    tab_to(".skip")
    page.keyboard.press("Enter")
    tab_to("#question")
    page.keyboard.type(_REFUND)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/answers/"))
    tab_to(".cites a")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/agreements/qidian"))
    _lands_on(page, "4.7")
    page.go_back()
    page.wait_for_url(re.compile("/answers/"))
    tab_to("#votes button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("谢谢，记下了。")).to_be_visible()


def test_without_a_script_one_can_ask_read_search_and_vote(site: Server, make_page: Callable[..., Page]) -> None:
    page = make_page(site, java_script_enabled=False)
    page.goto("/")
    _ask(page)
    page.get_by_role("link", name="《企点》4.7").click()
    _lands_on(page, "4.7")
    expect(page.locator(":target mark")).to_be_in_viewport()
    page.get_by_role("link", name="腾讯权利义务").click()
    _lands_on(page, "第四条")
    page.get_by_label("在本协议中搜索").fill("发票")
    page.get_by_label("在本协议中搜索").press("Enter")
    page.locator(".found .no").first.click()
    expect(page.locator(":target mark").first).to_be_in_viewport()
    page.go_back()
    page.get_by_role("searchbox", name="搜索", exact=True).fill("乐享 2.2.3")
    page.get_by_role("searchbox", name="搜索", exact=True).press("Enter")
    page.locator(".hits a").nth(1).click()
    _lands_on(page, "2.2.3~2")
    page.goto("/")
    _ask(page)
    page.get_by_role("button", name="有帮助", exact=True).click()
    expect(page.get_by_text("谢谢，记下了。")).to_be_visible()


@pytest.fixture
def chat_elsewhere() -> Iterator[Callable[[str], str]]:
    """A page on another site with a link on it, as a chat in the browser is."""

    class Handler(BaseHTTPRequestHandler):
        link = ""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f'<a href="{Handler.link}">4.7</a>'.encode())

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()

    def write(link: str) -> str:
        Handler.link = link
        return f"http://localhost:{http.server_address[1]}/"

    yield write
    http.shutdown()
    http.server_close()


def test_a_link_in_a_chat_leads_to_the_clause_through_the_login_and_past_it_when_one_is_in(
    make_site: Callable[..., Server], make_page: Callable[..., Page], chat_elsewhere: Callable[[str], str]
) -> None:
    server = make_site(WENYUE_SERVE_TOKEN=_TOKEN)
    page = make_page(server)
    elsewhere = chat_elsewhere(f"{server.url}/agreements/qidian?q=在您开通#4.7")
    for logged_in in (False, True):
        page.goto(elsewhere)
        page.get_by_role("link").click()
        if not logged_in:
            page.get_by_label("访问口令").fill("wrong")
            page.get_by_role("button", name="进入").click()
            expect(page.get_by_role("alert")).to_be_visible()
            page.get_by_label("访问口令").fill(_TOKEN)
            page.get_by_role("button", name="进入").click()
        page.wait_for_url(re.compile(r"/agreements/qidian\?q=.*#4\.7$"))
        _lands_on(page, "4.7")
        assert page.locator(":target mark").inner_text() == "在您开通"
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_label("访问口令")).to_be_visible()


def test_a_page_is_light_and_asks_only_its_own_server(site: Server, make_page: Callable[..., Page]) -> None:
    for path in ("/", "/agreements/wework"):
        page = make_page(site)
        page.goto(path, wait_until="networkidle")
        entries = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        loaded = page.evaluate(f"() => {entries}.map((entry) => [entry.name, entry.transferSize])")
        assert {name.partition("?")[0].partition(site.url)[2] for name, _ in loaded} >= {path, "/static/page.css", "/static/page.js"}
        assert sum(size for _, size in loaded) < _HEAVIEST
