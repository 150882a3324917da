"""The frames of WeCom's long connection: JSON in text, each with a req_id by which its answer is known.

https://developer.work.weixin.qq.com/document/path/101463
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 2**20  # of a frame that is read
_CALLBACKS = {"aibot_msg_callback": "message", "aibot_event_callback": "event"}
_NAME = re.compile(r"\w{1,40}", re.ASCII)


class Unreadable(Exception):
    """A frame that is none of ours. The message says what is wrong with it and repeats nothing that somebody wrote."""


@dataclass(frozen=True, slots=True)
class Callback:
    """WeCom tells of something. `kind` is message or event."""

    kind: str
    req_id: str
    body: Mapping[str, Any]

    @property
    def event(self) -> str:
        """What kind of event it is, such as enter_chat; empty for a message."""
        event = self.body.get("event")
        return str(event.get("eventtype", "")) if self.kind == "event" and isinstance(event, Mapping) else ""

    @property
    def chat(self) -> str:
        """Where it happened: the group, or the user in private; empty where it does not say."""
        sender = self.body.get("from")
        return str(self.body.get("chatid") or (sender.get("userid", "") if isinstance(sender, Mapping) else ""))


@dataclass(frozen=True, slots=True)
class Answer:
    """WeCom's answer to a frame of ours: `code` is 0 where all is well."""

    req_id: str
    code: int
    message: str


def frame_of(data: str | bytes) -> Callback | Answer:
    """What a frame says. Raises Unreadable."""
    if isinstance(data, bytes):
        raise Unreadable("binary")
    if len(data) > MOST_BYTES or len(data.encode("utf-8", "replace")) > MOST_BYTES:
        raise Unreadable("too long")
    try:
        frame = json.loads(data, strict=False)  # control characters stand in what people write
    except (ValueError, RecursionError) as error:
        raise Unreadable("no JSON") from error
    headers = frame.get("headers") if isinstance(frame, dict) else None
    req_id = headers.get("req_id") if isinstance(headers, dict) else None
    if not isinstance(req_id, str) or not req_id:
        raise Unreadable("without a req_id")
    cmd, code = frame.get("cmd"), frame.get("errcode")
    if cmd in (None, "") and type(code) is int:
        return Answer(req_id, code, str(frame.get("errmsg", "")))
    if not isinstance(cmd, str) or cmd not in _CALLBACKS:
        raise Unreadable(f"of an unknown kind: {cmd if isinstance(cmd, str) and _NAME.fullmatch(cmd) else 'unnamed'}")
    if not isinstance(frame.get("body"), dict):
        raise Unreadable(f"{cmd} without a body")
    return Callback(_CALLBACKS[cmd], req_id, frame["body"])


def written(cmd: str, req_id: str, body: Mapping[str, Any] | None) -> str:
    """A frame of ours."""
    frame = {"cmd": cmd, "headers": {"req_id": req_id}} | ({} if body is None else {"body": body})
    return json.dumps(frame, ensure_ascii=False).encode("utf-8", "replace").decode()  # half a character cannot be sent


def new_req_id(cmd: str) -> str:
    """A req_id that nobody has used."""
    return f"{cmd}_{time.time_ns() // 1_000_000}_{secrets.token_hex(8)}"
