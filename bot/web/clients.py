"""Who a request comes from: the address that connected, or what a reverse proxy that is believed says of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

_BELIEVED = "wenyue.believed"


class Clients:
    """Middleware that puts the client's address and scheme into the scope, and whether a believed proxy handed the request on.

    `proxies` are addresses and networks. Of X-Forwarded-For the last address that is no such proxy counts: those before it are hearsay.
    """

    def __init__(self, app: ASGIApp, proxies: Sequence[str]) -> None:
        self._app = app
        self._proxies = [ipaddress.ip_network(proxy) for proxy in proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            peer = scope["client"][0] if scope.get("client") else ""
            scope[_BELIEVED] = self._is_proxy(peer)
            if scope[_BELIEVED]:
                headers = Headers(scope=scope)
                passed = [part.strip() for value in headers.getlist("x-forwarded-for") for part in value.split(",")]
                strangers = (address for address in reversed(passed) if not self._is_proxy(address))
                scope["client"] = (next(strangers, peer)[:64], 0)
                if headers.get("x-forwarded-proto") in ("http", "https"):
                    scope["scheme"] = headers["x-forwarded-proto"]
        await self._app(scope, receive, send)

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(mapped in network for network in self._proxies)


def client_of(scope: Scope) -> str:
    """The address that limits count by; empty where none is known."""
    return str(scope["client"][0]) if scope.get("client") else ""


def is_believed(scope: Scope) -> bool:
    """Whether the request was handed on by a proxy that is believed."""
    return bool(scope.get(_BELIEVED))


def is_loopback(host: str) -> bool:
    """Whether a host name or address, with or without a port, is this machine's own."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and (host.count(":") == 1 or "]:" in host) else host
    name = name.strip("[]").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
