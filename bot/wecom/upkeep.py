"""Upkeep of the connection to WeCom: it is opened again whenever it ends, unless nobody wants it or somebody else has it."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from websockets.exceptions import InvalidProxy, InvalidURI, WebSocketException

from bot.wecom.errors import WecomUnusable
from bot.wecom.frame import Callback
from bot.wecom.line import Gone, Line, Unanswered, Waits, opened

_BUSY, _TOO_OFTEN = -1, 45009
_REFUSALS = 3  # of the secret, in a row
_SLOWER = 4  # tries that count at least where WeCom finds that there were too many
_log = logging.getLogger(__name__)


class Upkeep:
    """Holds a subscribed connection for as long as `run` does. `who` is the body of the subscription; `take` is given the callbacks."""

    def __init__(
        self, url: str, who: Mapping[str, str], waits: Waits, take: Callable[[Callback], None], may_return: Callable[[], Awaitable[bool]]
    ) -> None:
        self._url = url
        self._who = who
        self._waits = waits
        self._take = take
        self._may_return = may_return
        self._line: Line | None = None
        self._stopping = asyncio.Event()
        self._displaced = asyncio.Event()
        self._resumed = asyncio.Event()
        self._changed = asyncio.Event()  # set, and replaced by another one, when there is a line, or none is to be expected

    @property
    def line(self) -> Line | None:
        """The connection, if there is one just now."""
        return None if self._line is None or self._line.ended.is_set() or self.is_hopeless else self._line

    @property
    def is_hopeless(self) -> bool:
        """Whether there will be no connection soon."""
        return self._stopping.is_set() or self._displaced.is_set()

    @property
    def stands_by(self) -> bool:
        """Whether somebody else has the connection."""
        return self._displaced.is_set()

    def stop(self) -> None:
        self._stopping.set()
        self._change()

    def displace(self) -> None:
        """Somebody else has the connection now."""
        _log.error("another process has connected to WeCom as this bot: standing by; stop one of them")
        self._resumed.clear()
        self._displaced.set()
        self._change()

    def resume(self) -> None:
        """Take the connection back."""
        self._resumed.set()

    async def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Wait so long, unless this is true before, or there is no hope."""
        end = time.monotonic() + seconds
        while not (until() or self.is_hopeless) and (left := end - time.monotonic()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)

    async def run(self) -> None:
        """Until it is stopped. Raises WecomUnusable."""
        upkeep, stopping = asyncio.create_task(self._keep()), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((upkeep, stopping), return_when=asyncio.FIRST_COMPLETED)
            if upkeep.done():
                await upkeep
        finally:
            self.stop()
            upkeep.cancel()
            stopping.cancel()
            await asyncio.gather(upkeep, stopping, return_exceptions=True)

    async def _keep(self) -> None:
        tries = refusals = 0
        while True:
            began = time.monotonic()
            code = await self._session()
            if self._displaced.is_set():
                await self._stand_by()
                tries = 0
                continue
            if time.monotonic() - began >= self._waits.steady:
                tries = 0
            if code == 0:
                refusals = 0
            elif code == _TOO_OFTEN:
                tries = max(tries, _SLOWER)
            elif code not in (None, _BUSY):
                refusals += 1
                if refusals == _REFUSALS:
                    raise WecomUnusable(
                        f"企业微信不认这个机器人（errcode {code}）；请检查 WENYUE_WECOM_BOT_ID 和 WENYUE_WECOM_SECRET，"
                        "并在管理后台确认它的 API 模式用的是长连接"
                    )
            await asyncio.sleep(self._pause(tries))
            tries += 1

    async def _session(self) -> int | None:
        """One connection, from beginning to end. 0 if it was subscribed, the errcode where it was not, None where nothing was heard."""
        code: int | None = None
        try:
            async with opened(self._url, self._waits, self._take) as line:
                code = (await line.ask_once("aibot_subscribe", self._who, self._waits.opening)).code
                if code:
                    _log.error("WeCom refuses the subscription: errcode %d", code)
                    return code
                _log.info("connected to WeCom")
                self._line = line
                self._change()
                await self._end_of(line)
                _log.warning("the connection to WeCom has ended: %s", line.how or "taken over")
        except InvalidURI as error:
            raise WecomUnusable(
                "WENYUE_WECOM_URL 要以 wss:// 开头（测试用的服务器可以是 ws://）；请改正，或不设，用企业微信的地址"
            ) from error
        except (InvalidProxy, ImportError) as error:
            raise WecomUnusable(
                "环境变量里的代理用不了：只支持 http:// 和 https:// 的代理；请改正，或把企业微信的地址写进 NO_PROXY"
            ) from error
        except (OSError, WebSocketException, Gone, Unanswered) as error:
            _log.warning("no connection to WeCom: %s", type(error).__name__)
        finally:
            self._line = None
        return code

    async def _end_of(self, line: Line) -> None:
        ends = [asyncio.create_task(event.wait()) for event in (line.ended, self._displaced)]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    async def _stand_by(self) -> None:
        while not self._resumed.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._resumed.wait(), self._waits.standby)
            if await self._may_return():
                break
        self._displaced.clear()

    def _pause(self, tries: int) -> float:
        """Seconds before connecting again: longer each time, and other ones than those have who were cut off at the same moment."""
        return min(self._waits.most, self._waits.least * 2.0 ** min(tries, 10)) * random.uniform(0.5, 1.0)  # noqa: S311

    def _change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
