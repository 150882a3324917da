"""The response address that comes with a WeCom message: an answer that no stream shows any more is sent there, once.

https://developer.work.weixin.qq.com/document/path/101138. Whoever knows the address can speak as the bot: it is a secret.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import ssl
from functools import cache

import httpx

ORIGIN = "https://qyapi.weixin.qq.com"

_TIMEOUT = 15.0  # seconds for all of it
_LARGEST = 65_536  # bytes of a reply
_ADDRESS = re.compile(r"(https?://[^/?\s]+)[^\s\"]*")
_log = logging.getLogger(__name__)


class Responder:
    """Sends to the addresses of one origin, WeCom's own; nothing is sent anywhere else, and no redirect is followed."""

    def __init__(self, origin: str = ORIGIN) -> None:
        self._origin = _origin_of(origin)

    def takes(self, address: str) -> bool:
        """Whether an address is one of the origin's."""
        return self._origin is not None and _origin_of(address) == self._origin

    async def send(self, address: str, text: str, feedback: str) -> bool:
        """Send Markdown, and the id that opinions of it come back with. True where the address is used up, whatever WeCom said to it;
        False where WeCom was not reached or fell ill, and it may be tried again. Raises nothing; no log shows the address or the text.
        """
        if not self.takes(address):
            return True
        logging.getLogger("httpx").addFilter(_host_only)
        body = {"msgtype": "markdown", "markdown": {"content": text, "feedback": {"id": feedback}}}
        try:
            async with asyncio.timeout(_TIMEOUT), httpx.AsyncClient(timeout=_TIMEOUT, verify=_trusted()) as client:
                headers = {"Accept-Encoding": "identity"}
                async with client.stream("POST", address, json=body, headers=headers, follow_redirects=False) as reply:
                    status, said = reply.status_code, await _read(reply)
        except Exception as error:  # whatever the HTTP client raises
            _log.warning("WeCom's response address was not reached: %s", type(error).__name__)
            return False
        code = _code(said)
        if status != 200 or code:
            _log.warning("WeCom did not take a text at its response address: status %d, errcode %s", status, code)
        return status < 500


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that vouch for WeCom's host, read once: that takes a tenth of a second."""
    return httpx.create_ssl_context()


def _origin_of(address: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port as the client will understand them; None for an address that nothing should be sent to."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        return None
    return None if url.userinfo or not url.host else (url.scheme, url.host, url.port)


async def _read(reply: httpx.Response) -> bytes:
    said = b""
    async for piece in reply.aiter_raw():
        said += piece
        if len(said) > _LARGEST:
            break
    return said[:_LARGEST]


def _code(said: bytes) -> int | None:
    """The `errcode` of a reply; None where it has none."""
    try:
        code = json.loads(said)["errcode"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return code if isinstance(code, int) else None


def _host_only(record: logging.LogRecord) -> bool:
    """Of the addresses that httpx logs, only the host is shown."""
    record.msg, record.args = _ADDRESS.sub(r"\1/…", record.getMessage()), None
    return True
