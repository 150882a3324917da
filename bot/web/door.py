"""Who may come in: API clients by bearer token, people by cookie or by what a believed proxy says, all of this machine where it is open."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from bot.place import Place
from bot.web.clients import is_believed, is_loopback

CHANNEL = "web"
AGAIN = "again"  # in the query of what the page itself has asked for once more
_COOKIE = "wenyue"
_ADMIN_COOKIE = "wenyue_admin"
_LASTS = 30 * 24 * 3600  # seconds
_LASTS_ADMIN = 12 * 3600
_UNTIL = re.compile(r"\d{10}")
_COOKIE_VALUE = re.compile(r"(?P<asker>[A-Za-z0-9_-]{22})\.(?P<until>\d{10})\.(?P<seal>[0-9a-f]{64})")
_NAME = 200  # characters of what a proxy calls somebody


class NotAdmitted(Exception):
    """Somebody who may not come in as things are. `elsewhere`: comes by a link of another site, which cookies do not come along with."""

    def __init__(self, *, elsewhere: bool = False) -> None:
        super().__init__()
        self.elsewhere = elsewhere


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody on the page. `asker` is what a proxy calls them, else what their cookie does; `fresh`: they have no cookie yet; `is_admin`:
    they may see what everybody asked.
    """

    asker: str
    fresh: bool = False
    is_admin: bool = False

    @property
    def place(self) -> Place:
        """Where they ask: everybody has a chat of their own."""
        return Place(CHANNEL, self.asker, "", self.asker)


class Door:
    """Tells who may come in. Without `token` and `proxy_header` it is open to this machine: to requests that name it as their host.

    Cookies and form tokens are sealed by keys made of the token: all processes with the same token take each other's, and another token
    makes them worthless. `proxy_header` counts only where a believed proxy handed the request on.

    Administrators are who came in with `admin_token`, whom a proxy calls by one of the names `admins`, and, where there is no such token,
    whoever is at this machine when it is open to it. API clients are by `admin_token` alone, or when it is open.
    """

    def __init__(
        self, token: str | None, proxy_header: str | None = None, admin_token: str | None = None, admins: Collection[str] = ()
    ) -> None:
        self._token = token
        self._proxy_header = proxy_header
        self._admin_token = admin_token
        self._admins = frozenset(admins)
        self._admin_key = _sealed((admin_token or "").encode(), "administrators")
        self._key = _sealed((token or "").encode(), "cookies")
        self._form_key = _sealed(token.encode(), "forms") if token else secrets.token_bytes(32)

    @property
    def has_token(self) -> bool:
        """Whether people come in with a token."""
        return self._token is not None

    @property
    def has_login(self) -> bool:
        """Whether there is any token to log in with."""
        return self._token is not None or self._admin_token is not None

    @property
    def has_admin_token(self) -> bool:
        """Whether administrators come in with a token."""
        return self._admin_token is not None

    def admits_client(self, request: Request) -> bool:
        """Whether an API client may come in."""
        given = _bearer(request)
        if self._token is None and self._is_open(request):
            return True
        return self.knows(given) or self.knows_admin(given)

    def admits_admin(self, request: Request) -> bool:
        """Whether an API client is an administrator."""
        if self._admin_token is None:
            return self._is_open(request)
        return self.knows_admin(_bearer(request))

    def knows(self, token: str) -> bool:
        """Whether this is the token. Takes the same time whatever it is."""
        return self._token is not None and hmac.compare_digest(_digest(token), _digest(self._token))

    def knows_admin(self, token: str) -> bool:
        """Whether this is the administrators' token. Takes the same time whatever it is."""
        return self._admin_token is not None and hmac.compare_digest(_digest(token), _digest(self._admin_token))

    def visitor(self, request: Request) -> Visitor:
        """Who comes to the page. Raises NotAdmitted."""
        named = request.headers.get(self._proxy_header, "").strip()[:_NAME] if self._proxy_header and is_believed(request.scope) else ""
        if named:
            return Visitor(named, is_admin=named in self._admins or self._has_come_as_admin(request, named))
        asker = self._asker(request.cookies.get(_COOKIE, ""))
        is_admin = bool(asker) and self._is_admins(request, asker)
        if asker and (self.has_token or is_admin or self._is_open(request)):
            return Visitor(asker, is_admin=is_admin)
        if request.headers.get("sec-fetch-site") == "cross-site" and request.method == "GET" and AGAIN not in request.query_params:
            raise NotAdmitted(elsewhere=True)
        if self._is_open(request):
            return newcomer(is_admin=self._admin_token is None)
        raise NotAdmitted

    def let_in(self, visitor: Visitor, request: Request, response: Response) -> None:
        """Give somebody the cookie that they are known by for 30 days."""
        until = str(int(time.time()) + _LASTS)
        value = f"{visitor.asker}.{until}.{self._seal(visitor.asker, until)}"
        response.set_cookie(_COOKIE, value, _LASTS, httponly=True, samesite="strict", secure=request.url.scheme == "https")

    def let_in_admin(self, visitor: Visitor, request: Request, response: Response) -> None:
        """Give somebody the cookie that makes them an administrator for twelve hours."""
        until = str(int(time.time()) + _LASTS_ADMIN)
        value = f"{until}.{self._seal(visitor.asker, until, self._admin_key)}"
        response.set_cookie(_ADMIN_COOKIE, value, _LASTS_ADMIN, httponly=True, samesite="strict", secure=request.url.scheme == "https")

    def let_out(self, request: Request, response: Response) -> None:
        """Take the cookie back."""
        for name in (_COOKIE, _ADMIN_COOKIE):
            response.delete_cookie(name, httponly=True, samesite="strict", secure=request.url.scheme == "https")

    def form_token(self, visitor: Visitor) -> str:
        """What a form of this visitor must carry: another site cannot know it."""
        return hmac.new(self._form_key, visitor.asker.encode(), "sha256").hexdigest()

    def is_own_form(self, visitor: Visitor, token: str) -> bool:
        return hmac.compare_digest(self.form_token(visitor).encode(), token.encode())

    def _is_open(self, request: Request) -> bool:
        """Whether all of this machine may come in. A host that is another name would be a site that has itself resolved to this machine."""
        return self._token is None and self._proxy_header is None and is_loopback(request.headers.get("host", ""))

    def _is_admins(self, request: Request, asker: str) -> bool:
        """Whether somebody known by a cookie is an administrator."""
        if self._admin_token is None:
            return self._is_open(request)
        return self._has_come_as_admin(request, asker)

    def _has_come_as_admin(self, request: Request, asker: str) -> bool:
        """Whether somebody came in with the administrators' token, no longer than twelve hours ago."""
        until, _, seal = request.cookies.get(_ADMIN_COOKIE, "").partition(".")
        if self._admin_token is None or not _UNTIL.fullmatch(until):
            return False
        return hmac.compare_digest(seal.encode(), self._seal(asker, until, self._admin_key).encode()) and int(until) > time.time()

    def _asker(self, cookie: str) -> str:
        """Who a cookie was given to; empty where it was not given here, or too long ago."""
        found = _COOKIE_VALUE.fullmatch(cookie)
        if found is None or not hmac.compare_digest(found["seal"], self._seal(found["asker"], found["until"])):
            return ""
        return found["asker"] if int(found["until"]) > time.time() else ""

    def _seal(self, asker: str, until: str, key: bytes = b"") -> str:
        return hmac.new(key or self._key, f"{asker}.{until}".encode(), "sha256").hexdigest()


def newcomer(*, is_admin: bool = False) -> Visitor:
    """Somebody nobody has seen before."""
    return Visitor(secrets.token_urlsafe(16), fresh=True, is_admin=is_admin)


def _bearer(request: Request) -> str:
    """The token that an API client gives; empty where it gives none."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def _sealed(secret: bytes, purpose: str) -> bytes:
    return hmac.new(secret, f"wenyue {purpose}".encode(), "sha256").digest()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
