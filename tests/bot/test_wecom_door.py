"""Attacks on WeCom's callback: whatever is sent, the answer is one and the same, and nothing of it comes any further."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wecom.crypto import Envelope
from bot.wecom.door import LARGEST, Door, Refused
from bot.wecom.nonces import Nonces
from tests.wecom_sender import BOT, KEY, TOKEN, Clock, Sender, Sent, new_nonce, poll, question
from tests.wecom_wiring import Wiring, callback_of
from tests.wecom_wiring import patient as patient

_REFUSED = (403, b"forbidden")

# An attack is made from the sender, from a request that was let in and from one that was not sent yet.
Attack = Callable[[Sender, Sent, Sent], Sent]


def _with(sent: Sent, **changed: str) -> Sent:
    return sent[0] | changed, sent[1]


def _without(sent: Sent, name: str) -> Sent:
    return {key: value for key, value in sent[0].items() if key != name}, sent[1]


def _encrypted(sent: Sent) -> str:
    return str(json.loads(sent[1])["encrypt"])


def _resealed(sent: Sent, change: Callable[[bytes], bytes]) -> str:
    return base64.b64encode(change(base64.b64decode(_encrypted(sent)))).decode()


def _body(encrypted: Any) -> bytes:
    return json.dumps({"encrypt": encrypted}).encode()


def _turned(sealed: bytes, at: int) -> bytes:
    return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]


def _moved(sender: Sender, by: int) -> Sent:
    """Signed for a nonce and a timestamp that are one row of digits; cut elsewhere, the signature is the same."""
    timestamp = int(sender._now().timestamp())
    sealed = sender.envelope.seal(json.dumps(question(msgid="MSG1")).encode(), timestamp, "0120", b"0123456789abcdef")
    digits = f"0120{timestamp}"
    nonce, moved = digits[: 4 + by], digits[4 + by :]
    assert sender.envelope.is_signed(sealed["msgsignature"], moved, nonce, sealed["encrypt"])
    return {"msg_signature": sealed["msgsignature"], "timestamp": moved, "nonce": nonce}, _body(sealed["encrypt"])


_SIGNATURES: dict[str, Attack] = {
    "no signature": lambda sender, seen, new: _without(new, "msg_signature"),
    "an empty signature": lambda sender, seen, new: _with(new, msg_signature=""),
    "a signature of zeros": lambda sender, seen, new: _with(new, msg_signature="0" * 40),
    "a signature with a bit turned": lambda sender, seen, new: _with(new, msg_signature=f"{int(new[0]['msg_signature'], 16) ^ 1:040x}"),
    "a signature cut off": lambda sender, seen, new: _with(new, msg_signature=new[0]["msg_signature"][:-1]),
    "a signature in capitals": lambda sender, seen, new: _with(new, msg_signature=new[0]["msg_signature"].upper()),
    "a signature with a space": lambda sender, seen, new: _with(new, msg_signature=new[0]["msg_signature"] + " "),
    "a signature not in ascii": lambda sender, seen, new: _with(new, msg_signature="签" * 40),
    "a signature of a megabyte": lambda sender, seen, new: _with(new, msg_signature="a" * 1_000_000),
    "the signature of another request": lambda sender, seen, new: _with(new, msg_signature=seen[0]["msg_signature"]),
    "a signature with another token": lambda sender, seen, new: Sender(sender._now, "another").post(question()),
    "a signature without a token": lambda sender, seen, new: _with(
        new, msg_signature=Envelope("x", KEY).signature(new[0]["timestamp"], new[0]["nonce"], _encrypted(new))
    ),
}
_TIMES: dict[str, Attack] = {
    "no timestamp": lambda sender, seen, new: _without(new, "timestamp"),
    "an empty timestamp": lambda sender, seen, new: sender.signed(_encrypted(new), " "),
    "another timestamp": lambda sender, seen, new: _with(new, timestamp=str(int(new[0]["timestamp"]) + 1)),
    "301 seconds old": lambda sender, seen, new: sender.signed(_encrypted(new), str(int(new[0]["timestamp"]) - 301)),
    "301 seconds ahead": lambda sender, seen, new: sender.signed(_encrypted(new), str(int(new[0]["timestamp"]) + 301)),
    "a year old": lambda sender, seen, new: sender.signed(_encrypted(new), str(int(new[0]["timestamp"]) - 31_536_000)),
    "a negative timestamp": lambda sender, seen, new: sender.signed(_encrypted(new), "-1"),
    "a timestamp with a fraction": lambda sender, seen, new: sender.signed(_encrypted(new), f"{new[0]['timestamp']}.5"),
    "a timestamp in milliseconds": lambda sender, seen, new: sender.signed(_encrypted(new), f"{new[0]['timestamp']}000"),
    "a timestamp in hexadecimal": lambda sender, seen, new: sender.signed(_encrypted(new), hex(int(new[0]["timestamp"]))),
    "a timestamp with a zero before it": lambda sender, seen, new: sender.signed(_encrypted(new), f"0{new[0]['timestamp']}"),
    "a timestamp in full-width digits": lambda sender, seen, new: sender.signed(
        _encrypted(new), new[0]["timestamp"].translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    ),
    "a timestamp of ten thousand digits": lambda sender, seen, new: sender.signed(_encrypted(new), "1" * 10_000),
}
_NONCES: dict[str, Attack] = {
    "no nonce": lambda sender, seen, new: _without(new, "nonce"),
    "an empty nonce": lambda sender, seen, new: _with(new, nonce=""),
    "another nonce": lambda sender, seen, new: _with(new, nonce=new_nonce()),
    "a nonce not in ascii": lambda sender, seen, new: sender.signed(_encrypted(new), nonce="随机"),
    "a nonce with a zero byte": lambda sender, seen, new: sender.signed(_encrypted(new), nonce="a\0b"),
    "a nonce of a thousand characters": lambda sender, seen, new: sender.signed(_encrypted(new), nonce="n" * 1000),
    "replayed": lambda sender, seen, new: seen,
    "replayed with another body": lambda sender, seen, new: (seen[0], new[1]),
    "other words under a nonce that was seen": lambda sender, seen, new: sender.post(question("别的", "M2"), seen[0]["nonce"]),
    "a digit of the nonce in the timestamp": lambda sender, seen, new: _moved(sender, -1),
    "a digit of the timestamp in the nonce": lambda sender, seen, new: _moved(sender, 1),
}
_BODIES: dict[str, Attack] = {
    "no body": lambda sender, seen, new: (new[0], b""),
    "a body that is no JSON": lambda sender, seen, new: (new[0], b"<xml><Encrypt>x</Encrypt></xml>"),
    "a body that is not UTF-8": lambda sender, seen, new: (new[0], b'{"encrypt":"\xff\xfe"}'),
    "a body that is a list": lambda sender, seen, new: (new[0], b"[" + new[1] + b"]"),
    "a body of brackets": lambda sender, seen, new: (new[0], b"[" * 500_000),
    "a body without encrypt": lambda sender, seen, new: (new[0], b"{}"),
    "encrypt is null": lambda sender, seen, new: (new[0], _body(None)),
    "encrypt is a number": lambda sender, seen, new: (new[0], _body(1)),
    "encrypt is a list": lambda sender, seen, new: (new[0], _body([_encrypted(new)])),
    "encrypt is half a character": lambda sender, seen, new: (new[0], b'{"encrypt":"\\ud800"}'),
    "a body over a mebibyte": lambda sender, seen, new: (new[0], new[1] + b" " * LARGEST),
    "a signed body over a mebibyte": lambda sender, seen, new: sender.signed("A" * LARGEST),
    "a bit of the ciphertext turned": lambda sender, seen, new: (new[0], _body(_resealed(new, lambda sealed: _turned(sealed, 40)))),
    "ciphertext cut off": lambda sender, seen, new: (new[0], _body(_resealed(new, lambda sealed: sealed[:-32]))),
    "ciphertext doubled": lambda sender, seen, new: (new[0], _body(_encrypted(new) * 2)),
    "not encrypted": lambda sender, seen, new: (new[0], json.dumps(question()).encode()),
}
_SEALS: dict[str, Attack] = {
    "signed: no ciphertext": lambda sender, seen, new: sender.signed(""),
    "signed: not base64": lambda sender, seen, new: sender.signed("不是密文"),
    "signed: base64 with line breaks": lambda sender, seen, new: sender.signed(_encrypted(new)[:64] + "\n" + _encrypted(new)[64:]),
    "signed: half a block": lambda sender, seen, new: sender.signed(_resealed(new, lambda sealed: sealed[:-5])),
    "signed: the last block missing": lambda sender, seen, new: sender.signed(_resealed(new, lambda sealed: sealed[:-16])),
    "signed: the last 32 bytes missing": lambda sender, seen, new: sender.signed(_resealed(new, lambda sealed: sealed[:-32])),
    "signed: the first 32 bytes missing": lambda sender, seen, new: sender.signed(_resealed(new, lambda sealed: sealed[32:])),
    "signed: a bit of the length turned": lambda sender, seen, new: sender.signed(_resealed(new, lambda sealed: _turned(sealed, 3))),
    "signed: a bit of the padding turned": lambda sender, seen, new: sender.signed(_resealed(new, lambda sealed: _turned(sealed, -17))),
    "signed: noise": lambda sender, seen, new: sender.signed(base64.b64encode(bytes(range(256))).decode()),
    "sealed with another key": lambda sender, seen, new: Sender(sender._now, TOKEN, KEY[::-1]).post(question()),
    "sealed for a company": lambda sender, seen, new: Sender(sender._now, receiveid="wx5823bf96d3bd56c7").post(question()),
    "sealed: nothing": lambda sender, seen, new: sender.post_bytes(b""),
    "sealed: no JSON": lambda sender, seen, new: sender.post_bytes(b"<xml/>"),
    "sealed: JSON cut off": lambda sender, seen, new: sender.post_bytes(json.dumps(question()).encode()[:-1]),
    "sealed: a list": lambda sender, seen, new: sender.post_bytes(b"[]"),
    "sealed: not UTF-8": lambda sender, seen, new: sender.post_bytes(b'{"aibotid":"\xff"}'),
    "sealed: brackets": lambda sender, seen, new: sender.post_bytes(b"[" * 500_000),
    "sealed: for another bot": lambda sender, seen, new: sender.post(question(aibotid="OTHER")),
    "sealed: for no bot": lambda sender, seen, new: sender.post(question(aibotid=None)),
    "sealed: for a list of bots": lambda sender, seen, new: sender.post(question(aibotid=[BOT])),
    "sealed: an event for another bot": lambda sender, seen, new: sender.post(
        question(aibotid="OTHER", msgtype="event", event={"eventtype": "enter_chat"})
    ),
    "sealed: a refresh for another bot": lambda sender, seen, new: sender.post(poll("S", aibotid="OTHER")),
}
_ATTACKS = _SIGNATURES | _TIMES | _NONCES | _BODIES | _SEALS


def _secrets_in(text: str) -> list[str]:
    return [word for word in (TOKEN, KEY, "企点", "退款", "MSG1", "MSG9") if word in text]


@pytest.mark.parametrize("name", _ATTACKS)
def test_an_attack_gets_the_one_answer_and_nobody_else_hears_of_it(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    sender, wiring = Sender(clock), Wiring()

    async def attacked() -> None:
        callback = callback_of(tmp_path, wiring, clock)
        if name.startswith("a digit of"):
            await callback.receive(*_moved(sender, 0))
        seen, new = sender.post(question()), sender.post(question(msgid="M9"))
        assert (await callback.receive(*seen))[0] == 200
        for attack in (_ATTACKS[name](sender, seen, new), _ATTACKS[name](sender, seen, new)):
            assert await callback.receive(*attack) == _REFUSED
        await callback.close(1)

    with caplog.at_level(logging.DEBUG):
        asyncio.run(attacked())
    assert [asked.message.id for asked in wiring.asked] == ["MSG1"]
    assert wiring.events == []
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.startswith("a request to WeCom's callback was refused: ")
    assert _secrets_in(caplog.text) == []
    assert capfd.readouterr() == ("", "")


_QUERIES: dict[str, Callable[[Sender, dict[str, str]], dict[str, str]]] = {
    "nothing": lambda sender, seen: {},
    "no echo": lambda sender, seen: {key: value for key, value in sender.get(b"1").items() if key != "echostr"},
    "an empty echo": lambda sender, seen: sender.signed("")[0] | {"echostr": ""},
    "an echo not in ascii": lambda sender, seen: sender.signed("回声")[0] | {"echostr": "回声"},
    "an echo of a megabyte": lambda sender, seen: sender.get(b"1" * 1_000_000),
    "another echo": lambda sender, seen: sender.get(b"1") | {"echostr": sender.get(b"2")["echostr"]},
    "an echo cut off": lambda sender, seen: (query := sender.get(b"1")) | {"echostr": query["echostr"][:-4]},
    "a wrong signature": lambda sender, seen: sender.get(b"1") | {"msg_signature": "0" * 40},
    "replayed": lambda sender, seen: seen,
    "301 seconds old": lambda sender, seen: (
        sender.signed(echo := sender.get(b"1")["echostr"], str(int(sender._now().timestamp()) - 301))[0] | {"echostr": echo}
    ),
    "another token": lambda sender, seen: Sender(sender._now, "another").get(b"1"),
    "another key": lambda sender, seen: Sender(sender._now, TOKEN, KEY[::-1]).get(b"1"),
    "for a company": lambda sender, seen: Sender(sender._now, receiveid="wx5823bf96d3bd56c7").get(b"1"),
    "signed noise": lambda sender, seen: sender.signed("A" * 64)[0] | {"echostr": "A" * 64},
}


@pytest.mark.parametrize("name", _QUERIES)
def test_an_attack_on_the_check_of_the_address_gets_the_one_answer_too(name: str, tmp_path: Path) -> None:
    clock = Clock()
    sender = Sender(clock)

    async def attacked() -> None:
        callback = callback_of(tmp_path, Wiring(), clock)
        seen = sender.get(b"1616140317555161061")
        assert await callback.verify(seen) == (200, b"1616140317555161061")
        for _ in range(2):
            assert await callback.verify(_QUERIES[name](sender, seen)) == _REFUSED

    asyncio.run(attacked())


def test_a_refused_request_uses_nobody_s_nonce_up(tmp_path: Path) -> None:
    clock = Clock()
    sender, wiring = Sender(clock), Wiring()

    async def attacked() -> None:
        callback = callback_of(tmp_path, wiring, clock)
        new = sender.post(question())
        for query, body in (_with(new, msg_signature="0" * 40), (new[0], b"{}"), (new[0], _body("A" * 64))):
            assert await callback.receive(query, body) == _REFUSED
        assert (await callback.receive(*new))[0] == 200
        await callback.close(1)

    asyncio.run(attacked())
    assert len(wiring.asked) == 1


def test_a_request_is_let_in_five_minutes_early_or_late(tmp_path: Path) -> None:
    clock = Clock()
    sender = Sender(clock)

    async def asked() -> list[int]:
        callback = callback_of(tmp_path, Wiring(), clock)
        sent = [sender.post(question(msgid=str(at))) for at in range(3)]
        statuses = []
        for request, minutes in zip(sent, (-5, 5, 0), strict=True):
            clock.go(minutes=minutes)
            statuses.append((await callback.receive(*request))[0])
            clock.go(minutes=-minutes)
        await callback.close(1)
        return statuses

    assert asyncio.run(asked()) == [200, 200, 200]


class _Opened(Envelope):
    """An envelope that knows what it was asked to open."""

    def __init__(self) -> None:
        super().__init__(TOKEN, KEY)
        self.asked: list[str] = []

    def open(self, encrypted: str) -> bytes:
        self.asked.append(encrypted)
        return super().open(encrypted)


def test_what_is_not_signed_just_now_for_the_first_time_is_never_decrypted(tmp_path: Path) -> None:
    clock, envelope = Clock(), _Opened()
    sender, nonces = Sender(clock), Nonces(f"sqlite:///{tmp_path / 'library.db'}", clock)
    door = Door(envelope, BOT, nonces, clock)
    seen, new = sender.post(question()), sender.post(question())
    door.body(door.signed_body(*seen))
    assert len(envelope.asked) == 1
    for name, attack in (_SIGNATURES | _TIMES | _NONCES | _BODIES).items():
        if not name.startswith("a digit of"):
            with pytest.raises(Refused):
                door.body(door.signed_body(*attack(sender, seen, new)))
    assert len(envelope.asked) == 1
    nonces.close()


def test_what_is_refused_is_logged_by_kind_once_a_minute(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    sender = Sender(clock)

    async def attacked() -> None:
        callback = callback_of(tmp_path, Wiring(), clock)
        for _ in range(130):
            new = sender.post(question())
            for attack in (_with(new, msg_signature="0" * 40), (new[0], b"{}"), sender.post(question(aibotid="OTHER"))):
                assert await callback.receive(*attack) == _REFUSED
            clock.go(seconds=1)

    asyncio.run(attacked())
    kinds = [record.getMessage().rpartition(": ")[2] for record in caplog.records]
    assert sorted(kinds) == sorted(["signature", "json", "bot"] * 3)


_words = st.text(max_size=50) | st.sampled_from(["", "0", "1700000000", "a" * 40, "A" * 64])
_query = st.dictionaries(st.sampled_from(["msg_signature", "timestamp", "nonce", "echostr", "x"]), _words)


def _object(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.text(max_size=8) | st.sampled_from(["encrypt", "aibotid", "msgtype"]), inner, max_size=4)


_plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_json = st.recursive(_plain, lambda inner: st.lists(inner, max_size=4) | _object(inner), max_leaves=8)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("garbage")


@settings(deadline=None)
@given(_query, st.binary(max_size=200) | _json.map(lambda body: json.dumps(body).encode()))
def test_garbage_is_refused_and_never_raises(stored: Path, query: dict[str, str], body: bytes) -> None:
    async def sent() -> None:
        callback = callback_of(stored, Wiring(), Clock())
        assert await callback.receive(query, body) == _REFUSED
        assert await callback.verify(query) == _REFUSED

    asyncio.run(sent())


@settings(max_examples=50, deadline=None)
@given(_object(_json), st.sampled_from(["text", "mixed", "voice", "stream", "event", "image", None]))
def test_garbage_that_wecom_itself_has_signed_never_raises(stored: Path, body: dict[str, Any], kind: str | None) -> None:
    clock = Clock()

    async def sent() -> None:
        callback = callback_of(stored, Wiring(), clock)
        for told in (body, body | {"aibotid": BOT, "msgtype": kind}, question(msgtype=kind, msgid=new_nonce()) | body | {"aibotid": BOT}):
            status, _ = await callback.receive(*Sender(clock).post_bytes(json.dumps(told).encode()))
            assert status in (200, 403)
        await callback.close(1)

    asyncio.run(sent())
