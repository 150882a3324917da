"""What the WeCom server has taken in from people and from the bot, and what people see of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said or did, as it was handed to the bot. `chat` is the group, or the user where they talk in private."""

    msgid: str
    req_id: str
    chat: str
    user: str


@dataclass(slots=True)
class Shown:
    """A message of the bot as people see it. `kind` is stream, markdown, text or template_card; `to` is the msgid it replies to."""

    chat: str
    kind: str
    text: str
    to: str = ""
    stream: str = ""
    finished: bool = True
    feedback: str = ""
    card: dict[str, Any] = field(default_factory=dict)
    updates: int = 1  # how often it was written, the first time counted


@dataclass(frozen=True, slots=True)
class Sent:
    """A frame of the bot, when it came by `time.monotonic`, by the how-manieth connection, and the errcode it was answered with."""

    at: float
    line: int
    cmd: str
    req_id: str
    body: dict[str, Any]
    code: int
