"""Where the page and the API are wired to the rooms, and served."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from bot.settings import Settings, SettingsError
from bot.web.clients import is_loopback
from bot.wiring import Wired, tell

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from bot.database import Database
    from bot.standing import Standing
    from bot.web.channels import Channels
    from bot.web.house import Rooms

_TOKEN = 16  # characters at least
_BACKLOG = 2048  # connections
_ENDING = 30  # seconds that answers under way are given when the server is stopped


def app_of(settings: Settings, rooms: Rooms, channels: Channels | None = None) -> ASGIApp:
    """The application of the settings over opened rooms."""
    from bot.web.application import make_app
    from bot.web.door import CHANNEL, Door
    from bot.web.house import Limits

    limits = Limits(settings.asker_minute, settings.asker_day, settings.chat_minute)
    admins = [name for channel, name in settings.admins if channel == CHANNEL]
    door = Door(settings.serve_token, settings.proxy_header, settings.admin_token, admins)
    return make_app(rooms, door, limits, proxies=settings.proxies, channels=channels)


@contextmanager
def opened_rooms(wired: Wired, standing: Standing) -> Iterator[Rooms]:
    """The rooms behind the page, over the library as it is now."""
    from answering.suggestions import examples
    from bot.database import Database, opened
    from bot.privacy.keeping import Keeping
    from bot.review.reviewing import Reviewing
    from bot.review.wiring import deciding_of, handing_of, review_of
    from bot.votes import Votes
    from bot.web.house import Rooms

    settings = wired.settings
    database = Database(opened(settings.database), (), "数据库")
    offered: dict[str, tuple[str, ...]] = {}

    def offer() -> tuple[str, ...]:
        library = standing.library
        if library.version not in offered:
            offered.clear()
            offered[library.version] = examples(library, library.likely())
        return offered[library.version]

    def take_in() -> None:  # into the database: all processes move on to it within a minute
        other = wired.again()
        try:
            other.sync()
        finally:
            other.close_rooms()

    keeping = Keeping(settings.database, settings.keep_days)
    with closing(Votes(settings.database)) as votes, closing(keeping), closing(database):
        review = review_of(settings, wired.records(), votes)
        yield Rooms(
            library=lambda: standing.library,
            find=standing.find,
            converse=standing.converse,
            records=wired.records(),
            votes=votes,
            examples=offer,
            unready=lambda: [] if reaches(database) else ["database"],  # the index is open, or nothing would be served
            renew=standing.renew,
            reviewing=Reviewing(review, deciding_of(settings, review, lambda: standing.library, take_in), handing_of(settings)),
            degraded=lambda: ["chroma"] if standing.degraded else [],
            keeping=keeping,
        )


def reaches(database: Database) -> bool:
    """Whether a database answers."""
    from sqlalchemy import select

    from retrieval.errors import StorageError

    try:
        database.run(lambda connection: connection.execute(select(1)))
    except StorageError:
        return False
    return True


def serve(wired: Wired, standing: Standing, host: str, port: int, channels: Channels | None = None) -> None:
    """Serve the page, the API and the callbacks until SIGINT or SIGTERM; then end what is under way.

    Raises SettingsError for a public address without a token, a token that is too short, and an address that cannot be had.
    """
    import uvicorn

    check(wired.settings, host)
    with closing(_bound(host, port)) as listening, opened_rooms(wired, standing) as rooms:
        config = uvicorn.Config(
            app_of(wired.settings, rooms, channels), access_log=False, log_config=None, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=_ENDING, h11_max_incomplete_event_size=32 * 1024,
        )  # fmt: skip
        for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises them once more when it has stopped
            signal.signal(number, lambda *_: None)
        for name in ("uvicorn.error", "asyncio"):
            logging.getLogger(name).setLevel(logging.WARNING)
        listening.listen(_BACKLOG)  # who connects from now on is heard in a moment
        shown = f"[{host}]" if ":" in host else host
        tell(f"问约在 http://{shown}:{listening.getsockname()[1]}/ ，按 Ctrl+C 停止。")
        uvicorn.Server(config).run([listening])


def check(settings: Settings, host: str) -> None:
    """Raises SettingsError where these settings may not be served at this address."""
    for name, token in (("WENYUE_SERVE_TOKEN", settings.serve_token), ("WENYUE_ADMIN_TOKEN", settings.admin_token)):
        if token is not None and len(token) < _TOKEN:
            raise SettingsError(f"{name} 至少要 {_TOKEN} 个字符；可以用 python3 -c 'import secrets; print(secrets.token_urlsafe(32))' 生成")
    if settings.admin_token is not None and settings.admin_token == settings.serve_token:
        raise SettingsError("WENYUE_ADMIN_TOKEN 不能与 WENYUE_SERVE_TOKEN 相同，否则谁都是管理员")
    if settings.serve_token is None and not is_loopback(host):
        raise SettingsError(f"在 {host} 上别的机器也能访问，所以要先设 WENYUE_SERVE_TOKEN；只给本机用就不必写 --host")


def _bound(host: str, port: int) -> socket.socket:
    """A socket at an address. Nobody can connect yet: whoever tries is refused until everything is open."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        raise SettingsError(f"不能在 {host} 的端口 {port} 上提供服务（{error.strerror}）；请换一个 --port 或 --host") from error
    return bound
