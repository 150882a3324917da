"""The HTML of the Telegram world is Telegram's: what it takes, what it makes of it, and what it refuses in which words.

The rules are those of core.telegram.org/bots/api#html-style and, where that says nothing, what Telegram's own parser does.
"""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.services.telegram_world import TelegramWorld
from tests.services.telegram_world import telegram_server as telegram_server
from tests.services.telegram_world import telegram_world as telegram_world

Parse = Callable[[str], tuple[str, list[tuple[Any, ...]]] | str]


@pytest.fixture(scope="module")
def world(telegram_server: Callable[[], str]) -> TelegramWorld:
    return TelegramWorld(telegram_server())


@pytest.fixture
def parse(world: TelegramWorld) -> Parse:
    """The text and the entities (type, offset, length, anything else) of a markup, or why it was refused."""
    chat = world.group("群")

    def send(markup: str) -> tuple[str, list[tuple[Any, ...]]] | str:
        data = urllib.parse.urlencode({"chat_id": chat.id, "text": markup, "parse_mode": "HTML"}).encode()
        try:
            with urllib.request.urlopen(f"{world.base_url}{world.token}/sendMessage", data) as reply:
                message = json.load(reply)["result"]
        except HTTPError as refused:
            return str(json.load(refused)["description"])
        return message["text"], [tuple(entity.values()) for entity in message.get("entities", [])]

    return send


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("一 &lt;二&gt; &amp; &quot;三&quot;", '一 <二> & "三"', []),
        ("&lt一 &#22235; &#x4e94; &#x1F600;", "<一 四 五 😀", []),
        ("&nbsp;&apos;&ge;&&#0;&#12345678;", "&nbsp;&apos;&ge;&&#0;&#12345678;", []),
        ("3 > 2", "3 > 2", []),
        ("😀<b>好</b>", "😀好", [("bold", 2, 1)]),
        ("<B>好</b><strong>的</STRONG>", "好的", [("bold", 0, 1), ("bold", 1, 1)]),
        (
            "<i>一</i><em>二</em><u>三</u><ins>四</ins>",
            "一二三四",
            [("italic", 0, 1), ("italic", 1, 1), ("underline", 2, 1), ("underline", 3, 1)],
        ),
        ("<s>一</s><strike>二</strike><del>三</del>", "一二三", [("strikethrough", place, 1) for place in range(3)]),
        ("<tg-spoiler>一</tg-spoiler><span class='tg-spoiler'>二</span>", "一二", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ("<b>一<i>二</i></b>", "一二", [("bold", 0, 2), ("italic", 1, 1)]),
        ("<b>一</>", "一", [("bold", 0, 1)]),
        ("<b >一</b >", "一", [("bold", 0, 1)]),
        ("<b any='&gt;' other=x-1. third>一</b>", "一", [("bold", 0, 1)]),
        ("<b></b>一", "一", []),
        ("  \n<b> 一 </b>\n ", "一", [("bold", 0, 1)]),
        ("<blockquote>一<b>二</b></blockquote>", "一二", [("blockquote", 0, 2), ("bold", 1, 1)]),
        ("<blockquote expandable>一</blockquote>", "一", [("expandable_blockquote", 0, 1)]),
        ("<blockquote>一<blockquote expandable>二</blockquote></blockquote>", "一二", [("blockquote", 0, 2)]),
        ("<pre>一<b>二</b></pre>", "一二", [("pre", 0, 2)]),
        ("<pre><b>一</b></pre>", "一", [("pre", 0, 1)]),
        ("<code>@anna_law</code>", "@anna_law", [("code", 0, 9)]),
        ("<pre><code class='language-sql'>一</code></pre>", "一", [("pre", 0, 1, "sql")]),
        ("<code class='language-sql'>一</code>", "一", [("code", 0, 1)]),
        ('<a href="https://a.example/四?x=1&amp;y">一</a>', "一", [("text_link", 0, 1, "https://a.example/%E5%9B%9B?x=1&y")]),
        ("<a href='a.example'>一</a>", "一", [("text_link", 0, 1, "http://a.example/")]),
        ("<a>a.example</a>", "a.example", [("text_link", 0, 9, "http://a.example/")]),
        ("<a href='javascript:alert(1)'>一</a><a href=''>二</a><a href='a b'>三</a>", "一二三", []),
        (
            "<a href='tg://user?id=42'>一</a>",
            "一",
            [("text_mention", 0, 1, {"id": 42, "is_bot": False, "first_name": ""})],
        ),
        ("请 @anna_law 看 /ask@WenYueTestBot", "请 @anna_law 看 /ask@WenYueTestBot", [("mention", 2, 9), ("bot_command", 14, 18)]),
        ("见 https://a.example/4.7。", "见 https://a.example/4.7。", [("url", 2, 22)]),
        ("a@anna_law 请@anna_law @anna_law请 @law", "a@anna_law 请@anna_law @anna_law请 @law", []),
    ],
)
def test_markup_is_taken(parse: Parse, markup: str, text: str, entities: list[tuple[Any, ...]]) -> None:
    assert parse(markup) == (text, entities)


@pytest.mark.parametrize(
    ("markup", "why"),
    [
        ("条 2 < 3", 'Unsupported start tag "" at byte offset 6'),
        ("<br>", 'Unsupported start tag "br" at byte offset 0'),
        ("<b/>", 'Unsupported start tag "b/" at byte offset 0'),
        ("<p>一</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("<!-- 一 -->", 'Unsupported start tag "!--" at byte offset 0'),
        ("<b　>一</b>", 'Unsupported start tag "b　" at byte offset 0'),
        ("一<甲方>", 'Unsupported start tag "甲方" at byte offset 3'),
        ("一<b", "Unclosed start tag at byte offset 3"),
        ("<b>一", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>一<i>二</b></i>", 'Unmatched end tag at byte offset 12, expected "</i>", found "</b>"'),
        ("一</b>", "Unexpected end tag at byte offset 3"),
        ("<b>一</b", "Unclosed end tag at byte offset 6"),
        ("<b>一</b x>", "Unclosed end tag at byte offset 6"),
        ("<b =x>一</b>", 'Empty attribute name in the tag "b" at byte offset 0'),
        ("<a href=  ", 'Unclosed start tag "a" at byte offset 0'),
        ("<a href='x>一</a>", "Unclosed start tag at byte offset 0"),
        ("<a href=https://a.example>一</a>", "Unexpected end of name token at byte offset 8"),
        ("<a href=四>一</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>一</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<tg-emoji>一</tg-emoji>", "Invalid custom emoji identifier specified"),
        ("&#xD800;", "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units"),
    ],
)
def test_markup_is_refused(parse: Parse, markup: str, why: str) -> None:
    assert parse(markup) == f"Bad Request: can't parse entities: {why}"


@pytest.mark.parametrize(("markup", "why"), [("", "message text is empty"), ("<b> </b>\n", "text must be non-empty")])
def test_a_text_is_not_empty(parse: Parse, markup: str, why: str) -> None:
    assert parse(markup) == f"Bad Request: {why}"
