"""Why a call to a chat model failed, as one sentence, and what follows from it for those who call."""

from __future__ import annotations

import email.utils
import re
import time
from typing import Any

from answering.errors import ModelError
from answering.vendors import Service
from answering.wording import Said, said

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_SPENT = ("insufficient_quota", "billing_hard_limit_reached")


class CallFailed(ModelError):
    """One call failed. Another may succeed (`again`); the model looks dead (`dead`); the vendor asks to wait `after` seconds first.

    `read` is whether the vendor may have read the prompt, and bills it. What the server wrote is never repeated: it may hold the question,
    a clause or a part of the key.
    """

    def __init__(
        self, reason: Said, *, again: bool = False, dead: bool = False, read: bool = False, after: float = 0.0, status: int | None = None
    ) -> None:
        super().__init__(reason)
        self.again = again
        self.dead = dead
        self.read = read
        self.after = after
        self.status = status


def too_slow(service: Service, seconds: float) -> CallFailed:
    return CallFailed(said("model_slow_", model=service.name, seconds=f"{seconds:g}"), dead=True, read=True)


def empty(service: Service) -> CallFailed:
    return CallFailed(said("model_silent_", model=service.name), read=True)


def failure_of(error: Exception, service: Service) -> CallFailed:
    """What a client's error means. The clients of all vendors name their errors alike and carry `status_code` and `response`."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _refused(error, status, service)
    kind = f"{type(error).__name__} {type(error.__cause__).__name__}".lower()
    if "connecttimeout" in kind:
        return CallFailed(_unreachable(service), dead=True)
    if "timeout" in kind:
        return CallFailed(said("model_too_slow_", model=service.name), dead=True, read=True)
    if "connect" in kind or "protocol" in kind:
        return CallFailed(_unreachable(service), again=True, dead=True)
    if hasattr(error, "body"):  # an error told within the stream
        return CallFailed(said("model_broken_", model=service.name, code=_coded(error)), again=True, dead=True, read=True)
    return CallFailed(said("model_unreadable_", model=service.name, kind=type(error).__name__), again=True, dead=True, read=True)


def _refused(error: Exception, status: int, service: Service) -> CallFailed:
    name, code = service.name, _coded(error, status)
    if status in (401, 403):
        if service.vendor and service.vendor.key:
            return CallFailed(said("key_refused_", model=name, code=code, variable=service.vendor.key), status=status)
        return CallFailed(said("key_refused_unnamed_", model=name, code=code), status=status)
    if status == 404:
        return CallFailed(said("model_unknown_", model=name, code=code), status=status)
    if status == 402 or (status == 429 and _code(error) in _SPENT):
        return CallFailed(said("model_unpaid_", model=name, code=code), status=status)
    if status == 429:
        return CallFailed(said("model_limited_", model=name, code=code), again=True, after=_retry_after(error), status=status)
    if status >= 500 or status in (408, 409):
        return CallFailed(said("model_broken_", model=name, code=code), again=True, dead=True, after=_retry_after(error), status=status)
    return CallFailed(said("request_refused_", model=name, code=code), status=status)


def _unreachable(service: Service) -> Said:
    return said("model_unreachable_", model=service.name)


def _coded(error: Exception, status: int | None = None) -> Said | str:
    """`（HTTP 400，context_length_exceeded）`, as far as known. A vendor's code is a word of its documentation, not of the prompt."""
    parts = [*([f"HTTP {status}"] if status else []), *filter(None, [_code(error)])]
    return said("coded", code="，".join(parts)) if parts else ""


def _code(error: Exception) -> str:
    body: Any = getattr(error, "body", None)
    code = getattr(error, "code", None) or (body.get("code") if isinstance(body, dict) else None)
    return str(code) if code and _CODE.fullmatch(str(code)) else ""


def _retry_after(error: Exception) -> float:
    """Seconds the vendor asks to wait, 0 where it does not say: a number, or a date."""
    headers: Any = getattr(getattr(error, "response", None), "headers", None) or {}
    said = headers.get("retry-after", "")
    try:
        return max(0.0, float(headers.get("retry-after-ms", "")) / 1000)
    except ValueError:
        pass
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError):
        return 0.0
