"""The webhook robot of a WeCom group (消息推送): it sends, and hears nothing."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any

import httpx

from bot.wecom.markdown import size

MOST_BYTES = 4096  # of UTF-8 that a message of markdown_v2 has at most
_A_MINUTE = 20  # messages
_MINUTE = 60.0
_SECONDS = 10.0  # to wait for the server
_ANSWER = 65536  # bytes of the server's that are read
_HOST = "qyapi.weixin.qq.com"
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_KEY = re.compile(r"[0-9A-Za-z_-]{8,128}")
_BORDERS = (re.compile(r"\n{2,}"), re.compile(r"\n"), re.compile(r"[。！？!?；;]+[”’」』）)]*|\.(?=\s)"), re.compile(r"[，,、]|\s"))
_UNDER_HEAD = re.compile(r"[|: -]+")  # the second line of a table
_WRONG = {
    -1: "企业微信忙不过来，请过一会儿再发",
    40058: "企业微信不收这条消息的内容（错误码 40058）",
    44004: "企业微信不收空消息（错误码 44004）",
    45009: "群机器人发得太快，企业微信暂时不收（错误码 45009），请过一分钟再发",
    93000: "群机器人的 key 不对，或者它已被移出群（错误码 93000）；请检查 WENYUE_WECOM_ROBOT_KEY",
}


class RobotError(Exception):
    """A message could not be sent: one sentence in Chinese that says why. The key is in none."""


class Robot:
    """The robot with this key. Threads may share it.

    `url` is where WeCom takes messages; nothing is sent to another host, but for a server on loopback. Raises RobotError for a key or an
    address that cannot be right. `now` and `sleep` are in seconds.
    """

    def __init__(
        self,
        key: str,
        url: str = f"https://{_HOST}/cgi-bin/webhook/send",
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not _KEY.fullmatch(key):
            raise RobotError("群机器人的 key 不对；WENYUE_WECOM_ROBOT_KEY 只要 webhook 地址里 key= 后面的那一段")
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL:
            address = httpx.URL()
        if (address.scheme, address.host) != ("https", _HOST) and address.host not in _LOOPBACK:
            raise RobotError(f"群消息只发给 https://{_HOST}，不发给 {address.host or url}")
        self._address = address.copy_set_param("key", key)
        # A client logs the address of what it sends, key and all, and may follow where it is led; its transport does neither.
        self._transport = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
        self._now = now
        self._sleep = sleep
        self._sent: deque[float] = deque(maxlen=_A_MINUTE)
        self._sending = threading.Lock()

    def send(self, markdown: str) -> int:
        """Send a text of markdown_v2 to the group, in as many messages as it needs; waits where a minute has had its 20 messages.

        Returns how many messages that were. Raises RobotError.
        """
        parts = list(parts_of(markdown.encode(errors="replace").decode()))
        with self._sending:
            for at, part in enumerate(parts):
                self._wait()
                if wrong := self._post(part):
                    raise RobotError(f"{wrong}（{len(parts)} 条消息发出了 {at} 条）" if at else wrong)
        return len(parts)

    def close(self) -> None:
        """Give the connection back."""
        self._transport.close()

    def _wait(self) -> None:
        if len(self._sent) == _A_MINUTE and (wait := self._sent[0] + _MINUTE - self._now()) > 0:
            self._sleep(wait)
        self._sent.append(self._now())

    def _post(self, markdown: str) -> str:
        """Send a message. Returns what went wrong, nothing if nothing did."""
        body = {"msgtype": "markdown_v2", "markdown_v2": {"content": markdown}}
        timeout = httpx.Timeout(_SECONDS).as_dict()
        request = httpx.Request("POST", self._address, json=body, extensions={"timeout": timeout})
        try:
            response = self._transport.handle_request(request)
        except httpx.TimeoutException:
            return "企业微信没有在 10 秒内回应，这条消息可能没有发出"
        except httpx.TransportError:
            return f"连不上 {self._address.host}，消息没有发出"
        return _verdict(response)


def _verdict(response: httpx.Response) -> str:
    try:
        code = _code(response)
    except (httpx.HTTPError, ValueError):
        return f"企业微信的回应看不懂（HTTP {response.status_code}），这条消息可能没有发出"
    finally:
        response.close()
    return _WRONG.get(code, f"企业微信没有收下这条消息（错误码 {code}）") if code else ""


def _code(response: httpx.Response) -> int:
    """The errcode of an answer. Raises ValueError for what is none."""
    held = b""
    for piece in response.iter_bytes():
        held += piece
        if len(held) > _ANSWER:
            raise ValueError("an answer of that length")
    read: Any = httpx.Response(response.status_code, content=held).json()
    if response.status_code != 200 or not isinstance(read, dict) or not isinstance(read.get("errcode"), int):
        raise ValueError("no answer of WeCom")
    return int(read["errcode"])


def parts_of(markdown: str, most: int = MOST_BYTES) -> Iterator[str]:
    """The text in parts of at most `most` bytes, cut between paragraphs, lines, sentences or words, but not within a mark or a link.

    A quotation that is cut goes on as one, and so does a table, under the same head. Nothing but white space is lost.
    """
    rest = markdown.strip()
    while size(rest) > most:
        fits = rest.encode()[:most].decode(errors="ignore")
        part = fits[: _border(fits)]
        rest = rest[len(part) :].lstrip()
        yield part.rstrip()
        rest = _opening(part, rest) + rest
    if rest:
        yield rest


def _opening(part: str, rest: str) -> str:
    """What the rest has to begin with."""
    *lines, last = part.split("\n")
    if last.startswith("> "):
        return "> "
    rows = list(takewhile(lambda line: line.startswith("|"), reversed(lines)))[::-1] if not last and rest.startswith("|") else []
    return "\n".join([*rows[:2], ""]) if len(rows) > 2 and _UNDER_HEAD.fullmatch(rows[1]) else ""


def _border(text: str) -> int:
    """The best place to cut: of those in the second half where something ends, else the last where nothing is open."""
    for border in _BORDERS:
        places = [found.end() for found in border.finditer(text, len(text) // 2) if not _is_open(text[: found.end()])]
        if places:
            return places[-1]
    return next((at for at in range(len(text), 2, -1) if not _is_open(text[:at])), len(text))


def _is_open(text: str) -> bool:
    """Whether a mark or a link goes on after the text."""
    bold = text.count("**")
    return bold % 2 == 1 or (text.count("*") - 2 * bold) % 2 == 1 or text.rfind("[") > text.rfind(")")
