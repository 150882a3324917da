"""Why a call to a chat model failed, as one sentence, and what follows from it for those who call."""

from __future__ import annotations

import email.utils
import re
import time
from typing import Any

from answering.errors import ModelError
from answering.vendors import Service

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_SPENT = ("insufficient_quota", "billing_hard_limit_reached")


class CallFailed(ModelError):
    """One call failed. Another may succeed (`again`); the model looks dead (`dead`); the vendor asks to wait `after` seconds first.

    `read` is whether the vendor may have read the prompt, and bills it. What the server wrote is never repeated: it may hold the question,
    a clause or a part of the key.
    """

    def __init__(
        self, said: str, *, again: bool = False, dead: bool = False, read: bool = False, after: float = 0.0, status: int | None = None
    ) -> None:
        super().__init__(said)
        self.again = again
        self.dead = dead
        self.read = read
        self.after = after
        self.status = status


def too_slow(service: Service, seconds: float) -> CallFailed:
    return CallFailed(f"模型 {service.name} 在 {seconds:g} 秒内没有回答", dead=True, read=True)


def empty(service: Service) -> CallFailed:
    return CallFailed(f"模型 {service.name} 没有回答任何内容", read=True)


def failure_of(error: Exception, service: Service) -> CallFailed:
    """What a client's error means. The clients of all vendors name their errors alike and carry `status_code` and `response`."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _refused(error, status, service)
    kind = f"{type(error).__name__} {type(error.__cause__).__name__}".lower()
    if "connecttimeout" in kind:
        return CallFailed(_unreachable(service), dead=True)
    if "timeout" in kind:
        return CallFailed(f"模型 {service.name} 太久没有回答", dead=True, read=True)
    if "connect" in kind or "protocol" in kind:
        return CallFailed(_unreachable(service), again=True, dead=True)
    if hasattr(error, "body"):  # an error told within the stream
        return CallFailed(f"模型 {service.name} 的服务出错{_coded(error)}", again=True, dead=True, read=True)
    return CallFailed(f"模型 {service.name} 出错，它的回答读不懂（{type(error).__name__}）", again=True, dead=True, read=True)


def _refused(error: Exception, status: int, service: Service) -> CallFailed:
    name, coded = service.name, _coded(error, status)
    key = service.vendor.key if service.vendor and service.vendor.key else "密钥设置"
    if status in (401, 403):
        return CallFailed(f"模型 {name} 的服务拒绝了密钥{coded}，请检查 {key}", status=status)
    if status == 404:
        return CallFailed(f"模型 {name} 的服务没有这个模型或地址{coded}，请检查模型名与地址", status=status)
    if status == 402 or (status == 429 and _code(error) in _SPENT):
        return CallFailed(f"模型 {name} 的账户余额或额度已用完{coded}", status=status)
    if status == 429:
        return CallFailed(f"模型 {name} 的服务限流{coded}，请稍后再问", again=True, after=_retry_after(error), status=status)
    if status >= 500 or status in (408, 409):
        return CallFailed(f"模型 {name} 的服务出错{coded}", again=True, dead=True, after=_retry_after(error), status=status)
    return CallFailed(
        f"模型 {name} 的服务不接受这次提问{coded}，条款可能超过了它的长度（可调小 WENYUE_EVIDENCE_TOKENS），或内容被它拦截", status=status
    )


def _unreachable(service: Service) -> str:
    return f"连不上模型 {service.name} 的服务，请检查网络与地址设置"


def _coded(error: Exception, status: int | None = None) -> str:
    """`（HTTP 400，context_length_exceeded）`, as far as known. A vendor's code is a word of its documentation, not of the prompt."""
    parts = [f"HTTP {status}"] if status else []
    return f"（{'，'.join([*parts, *filter(None, [_code(error)])])}）" if parts or _code(error) else ""


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
