"""What comes in from outside may be anything: it is understood, refused in one sentence, or taken for nothing, and never an error of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from telegram import Message as Sent
from telegram import Update, User

from bot.commands import as_question, command_in, language_for
from bot.settings import Settings, SettingsError, load_settings
from bot.telegram.addressing import addressed, message_of
from bot.wecom.frame import Answer, Callback, Unreadable, frame_of, written
from bot.wecom.message import message_of as message_of_wecom

_many = settings(max_examples=300, deadline=None)
_BOT = User(1, "问约", True, username="WenYueBot")
_UPDATE: dict[str, Any] = {
    "update_id": 7,
    "message": {
        "message_id": 5,
        "date": 1_700_000_000,
        "chat": {"id": -100, "type": "supergroup", "title": "群", "is_forum": True},
        "from": {"id": 9, "is_bot": False, "first_name": "安", "language_code": "zh-hans"},
        "message_thread_id": 3,
        "is_topic_message": True,
        "text": "@WenYueBot 😀几天能退？",
        "entities": [{"type": "mention", "offset": 0, "length": 10}, {"type": "bold", "offset": 11, "length": 2}],
        "reply_to_message": {
            "message_id": 4,
            "date": 1_700_000_000,
            "chat": {"id": -100, "type": "supergroup"},
            "from": {"id": 1, "is_bot": True, "first_name": "问约"},
            "text": "早先的回答",
        },
        "quote": {"text": "早先", "position": 0},
    },
}
_CALLBACK: dict[str, Any] = {
    "cmd": "aibot_msg_callback",
    "headers": {"req_id": "r1"},
    "body": {
        "msgid": "m1",
        "aibotid": "bot",
        "chatid": "c1",
        "chattype": "group",
        "from": {"userid": "ann"},
        "msgtype": "mixed",
        "mixed": {"msg_item": [{"msgtype": "text", "text": {"content": "@问约 几天能退"}}, {"msgtype": "image", "image": {"url": "x"}}]},
        "quote": {"msgtype": "text", "text": {"content": "早先"}},
        "response_url": "https://example.com/r",
    },
}
_ODD: tuple[Any, ...] = (None, "", " ", 0, -1, 2**63, 1.5, True, [], {}, [[]], {"": {}}, "\x00", "𠮷" * 50, "../..", "1e400")


def _changed(value: Any, random: Random) -> Any:
    """A JSON value in which some things are others, are missing, or stand twice as deep."""
    value = deepcopy(value)
    for _ in range(random.randint(1, 4)):
        at: Any = value
        while isinstance(at, (dict, list)) and at:
            key = random.choice(list(at)) if isinstance(at, dict) else random.randrange(len(at))
            if isinstance(at[key], (dict, list)) and at[key] and random.random() < 0.75:
                at = at[key]
                continue
            if random.random() < 0.25:
                del at[key]
            else:
                at[key] = random.choice((*_ODD, at[key], [at[key]], {"x": at[key]}))
            break
    return value


@_many
@given(st.randoms(use_true_random=True))
def test_any_telegram_update_that_can_be_read(random: Random) -> None:
    data = _changed(_UPDATE, random)
    try:
        update = Update.de_json(data, None)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError, OSError):
        return  # the library refuses it before it comes to us
    sent = update.message if isinstance(update, Update) else None
    if not isinstance(sent, Sent) or not isinstance(sent.text, str | None):
        return
    if not _is_sound(data["message"]):
        return
    text = addressed(sent, _BOT)
    if text is not None:
        assert message_of(sent, text).text == text


def _is_sound(message: Any) -> bool:
    """Whether the parts that the library does not check have the kinds that Telegram promises."""
    if not isinstance(message.get("chat"), dict) or not message["chat"]:
        return False
    entities, quote = message.get("entities"), message.get("quote")
    fits = all(
        isinstance(entity, dict) and all(type(entity.get(name)) is int and 0 <= entity[name] < 10**6 for name in ("offset", "length"))
        for entity in (entities or () if isinstance(entities, list | None) else (0,))
    )
    people = [part.get("from") for part in (message, message.get("reply_to_message")) if isinstance(part, dict)]
    named = all(person is None or (isinstance(person, dict) and isinstance(person.get("language_code", ""), str)) for person in people)
    return fits and named and (quote is None or (isinstance(quote, dict) and isinstance(quote.get("text"), str)))


@_many
@given(st.randoms(use_true_random=True))
def test_any_frame_of_wecom(random: Random) -> None:
    _is_understood_or_refused(json.dumps(_changed(_CALLBACK, random)))


@_many
@given(st.text(max_size=200) | st.binary(max_size=200) | st.recursive(st.none() | st.text(max_size=9), st.lists).map(json.dumps))
def test_any_text_in_the_place_of_a_frame(data: str | bytes) -> None:
    _is_understood_or_refused(data)


def _is_understood_or_refused(data: str | bytes) -> None:
    frame: Answer | Callback | str
    try:
        frame = frame_of(data)
    except Unreadable as error:
        frame = str(error)
    if isinstance(frame, str):
        assert len(frame.splitlines()) == 1
        return
    if isinstance(frame, Answer):
        return
    assert isinstance(frame, Callback)
    assert isinstance(frame.event, str)
    assert isinstance(frame.chat, str)
    assert isinstance(frame.body, Mapping)
    message = message_of_wecom(frame.body, ("问约",))
    assert message is None or isinstance(message.text, str)
    json.loads(written("aibot_respond_msg", frame.req_id, frame.body))


def test_frames_nested_without_end_are_refused() -> None:
    for opening in ("[", '{"a":', '{"cmd":['):
        _is_understood_or_refused(opening * 100_000)


_WORDS = st.sampled_from(
    "/ask /allow /deny /clause /forget ／ask /ASK@WenYueBot 群 telegram:1 wecom: : 4.7 第四条 \u3000 \n @ qidian ，".split(" ")
)


@_many
@given(st.lists(_WORDS, max_size=6).map(" ".join) | st.text(max_size=60))
def test_any_command(text: str) -> None:
    command = command_in(text)
    if command is not None:
        assert command.name
        assert command.rest == command.rest.strip()
    assert command_in(as_question(text)) is None or not as_question(text).lstrip().startswith(("/", "／"))
    language_for(text, text[:5])


_NAMES = sorted(
    "WENYUE_HOME WENYUE_MODEL WENYUE_MODEL_TIMEOUT WENYUE_EVIDENCE_TOKENS WENYUE_KEEP_DAYS WENYUE_ADMINS WENYUE_PAGE WENYUE_TRACING "
    "WENYUE_TELEGRAM_PORT WENYUE_TELEGRAM_TOKEN_FILE WENYUE_PROXIES WENYUE_DAILY_TOKENS WENYUE_WECOM_NAMES WENYUE_DATABASE "
    "WENYUE_SERVE_TOKEN WENYUE_DAILY_MONEY WENYUE_KEY".split()
)
_VALUES = st.sampled_from(
    ["", "1", "0", "-1", "nan", "inf", "1e400", "on", "http://x", "telegram:1,wecom:", "127.0.0.1/33", "::1", "'\"", "~"]
)
_LINES = st.one_of(
    st.tuples(st.sampled_from(_NAMES), st.sampled_from(["=", " = ", "", ":"]), _VALUES | st.text(max_size=20)).map("".join),
    st.sampled_from(["# note", "export WENYUE_HOME=/x", "=", "A B=1", "\ufeff", "\u2028", "a=\x00"]),
    st.text(max_size=30),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_LINES, max_size=6).map("\n".join).map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=60))
def test_any_file_of_settings(tmp_path: Path, data: bytes) -> None:
    dotenv = tmp_path / "any.env"
    dotenv.write_bytes(data)
    found: Settings | str
    try:
        found = load_settings({}, dotenv)
    except SettingsError as error:
        found = str(error).strip()
    assert found
