"""The envelope of WeCom's callbacks: what Tencent publishes opens, what we seal opens again, and what was changed is not signed."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import example, given
from hypothesis import strategies as st

from bot.wecom.crypto import Envelope, SealError

_TOKEN = "QDG6eK"
_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
_COMPANY = "wx5823bf96d3bd56c7"
_ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
_POSTED = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qh"
    "xchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s"
    "4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/u"
    "h9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)
_MESSAGE = """<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>
<FromUserName><![CDATA[mycreate]]></FromUserName>
<CreateTime>1409659813</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[hello]]></Content>
<MsgId>4561255354251345929</MsgId>
<AgentID>218</AgentID>
</xml>"""
_OURS = "sKqRbbiSUnDhFHOvPjtUMXwcNQzHVFNeLGShu75XAxnlReSDiqIMxFSwaGouVQm/TLf+6IgUPvQBjguiS7rgiw=="

_envelope = Envelope(_TOKEN, _KEY)


def _sealed(plain: bytes) -> str:
    """Whatever is given, encrypted as it stands."""
    key = base64.b64decode(_KEY + "=")
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def _plain(message: bytes, length: int | None = None, receiveid: bytes = b"", padding: int | None = None) -> bytes:
    plain = b"r" * 16 + (len(message) if length is None else length).to_bytes(4, "big") + message + receiveid
    missing = 32 - len(plain) % 32
    return plain + bytes([missing if padding is None else padding]) * missing


def test_what_tencent_publishes_is_signed_and_opens() -> None:
    company = Envelope(_TOKEN, _KEY, _COMPANY)
    assert company.signature("1409659589", "263014780", _ECHO) == "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    assert company.is_signed("5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", "1409659589", "263014780", _ECHO)
    assert company.open(_ECHO) == b"1616140317555161061"
    assert company.is_signed("477715d11cdb4164915debcba66cb864d751f3e6", "1409659813", "1372623149", _POSTED)
    assert company.open(_POSTED).decode() == _MESSAGE


def test_what_tencent_publishes_is_what_we_seal() -> None:
    company = Envelope(_TOKEN, _KEY, _COMPANY)
    assert company.seal(b"1616140317555161061", 1409659589, "263014780", b"c41b64491c2468d0") == {
        "encrypt": _ECHO,
        "msgsignature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
        "timestamp": 1409659589,
        "nonce": "263014780",
    }
    sealed = company.seal(_MESSAGE.encode(), 1409659813, "1372623149", b"0960688932c47ef1")
    assert (sealed["encrypt"], sealed["msgsignature"]) == (_POSTED, "477715d11cdb4164915debcba66cb864d751f3e6")


def test_a_bot_of_the_company_itself_has_no_receiver_s_id() -> None:
    sealed = _envelope.seal(b'{"msgtype":"text"}', 1409659813, "1372623149", b"0123456789abcdef")
    assert sealed == {
        "encrypt": _OURS,
        "msgsignature": "bac6d65dae052a6f343b55f89cd34c8c8573f1bb",
        "timestamp": 1409659813,
        "nonce": "1372623149",
    }
    assert json.loads(_envelope.open(_OURS)) == {"msgtype": "text"}


@given(st.binary(max_size=4096), st.integers(0, 2**40), st.text(max_size=40), st.sampled_from(["", _COMPANY, "公司"]))
@example(b"", 0, "", "")
@example(b"\x01" * 12, 1, "n", "")  # fills its blocks: 32 bytes of padding
def test_what_is_sealed_is_signed_and_opens_whatever_it_is(message: bytes, timestamp: int, nonce: str, receiveid: str) -> None:
    envelope = Envelope(_TOKEN, _KEY, receiveid)
    sealed = envelope.seal(message, timestamp, nonce)
    assert envelope.is_signed(sealed["msgsignature"], str(timestamp), nonce, sealed["encrypt"])
    assert envelope.open(sealed["encrypt"]) == message
    assert len(base64.b64decode(sealed["encrypt"])) % 32 == 0


@given(st.binary(max_size=200), st.data())
def test_whatever_bit_is_turned_it_is_not_signed_any_more(message: bytes, data: st.DataObject) -> None:
    sealed = _envelope.seal(message, 1409659813, "1372623149")
    parts: list[str] = [sealed["msgsignature"], "1409659813", "1372623149", sealed["encrypt"]]
    which = data.draw(st.integers(0, 3))
    turned = bytearray(parts[which].encode())
    turned[data.draw(st.integers(0, len(turned) - 1))] ^= 1 << data.draw(st.integers(0, 6))
    changed = [*parts[:which], turned.decode(), *parts[which + 1 :]]
    assert _envelope.is_signed(parts[0], parts[1], parts[2], parts[3])
    assert not _envelope.is_signed(changed[0], changed[1], changed[2], changed[3])


@given(st.text(max_size=100), st.text(max_size=20), st.text(max_size=20), st.text(max_size=100))
@example("\ud800", "\ud800", "\0", "é")
def test_no_signature_can_be_guessed_or_break_anything(signature: str, timestamp: str, nonce: str, encrypted: str) -> None:
    assert not _envelope.is_signed(signature, timestamp, nonce, encrypted)


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda plain: base64.b64encode(plain).decode())))
def test_garbage_does_not_open(garbage: str) -> None:
    with pytest.raises(SealError) as failed:
        _envelope.open(garbage)
    assert str(failed.value) == ""


@pytest.mark.parametrize(
    "encrypted",
    [
        pytest.param("", id="nothing"),
        pytest.param("是的", id="not ascii"),
        pytest.param("@@@@", id="not base64"),
        pytest.param(_OURS[:-1], id="base64 cut off"),
        pytest.param(_OURS + "\n", id="base64 with a line break"),
        pytest.param(_sealed(_plain(b"hi"))[:20] + "====", id="half a block"),
        pytest.param(base64.b64encode(base64.b64decode(_OURS)[:32]).decode(), id="the last block missing"),
        pytest.param(base64.b64encode(base64.b64decode(_OURS)[:48]).decode(), id="no multiple of 32"),
        pytest.param(_sealed(_plain(b"hi", padding=0)), id="padded with 0"),
        pytest.param(_sealed(_plain(b"hi", padding=33)), id="padded with 33"),
        pytest.param(_sealed(_plain(b"hi", padding=11)), id="padded with more than there is"),
        pytest.param(_sealed(_plain(b"hi")[:-10] + b"\0" + b"\x0a" * 9), id="padded with different bytes"),
        pytest.param(_sealed(_plain(b"hi")[:22] + b"\x1a" * 26), id="padded to 48 bytes"),
        pytest.param(_sealed(b"\x20" * 32), id="nothing but padding"),
        pytest.param(_sealed(b"r" * 14 + b"\x12" * 18), id="too short for a length"),
        pytest.param(_sealed(_plain(b"hi", length=3)), id="longer than it is"),
        pytest.param(_sealed(_plain(b"hi", length=2**32 - 1)), id="longer than anything"),
        pytest.param(_sealed(_plain(b"hi", length=1)), id="shorter than it is"),
        pytest.param(_sealed(_plain(b"hi", receiveid=b"wx")), id="for somebody else"),
        pytest.param(Envelope(_TOKEN, _KEY[::-1]).seal(b"hi", 1, "n")["encrypt"], id="with another key"),
    ],
)
def test_what_was_not_sealed_for_us_does_not_open_and_nothing_says_why(encrypted: str) -> None:
    with pytest.raises(SealError) as failed:
        _envelope.open(encrypted)
    assert str(failed.value) == ""


def test_what_is_sealed_for_us_does_not_open_elsewhere() -> None:
    with pytest.raises(SealError):
        Envelope(_TOKEN, _KEY, _COMPANY).open(_OURS)


def test_the_random_bytes_are_new_each_time() -> None:
    assert len({_envelope.seal(b"hi", 1, "n")["encrypt"] for _ in range(50)}) == 50
    with pytest.raises(ValueError, match="16 random bytes"):
        _envelope.seal(b"hi", 1, "n", b"short")


@pytest.mark.parametrize("key", ["", _KEY[:-1], _KEY + "A", _KEY[:-1] + "=", _KEY[:-1] + "é", _KEY[:-1] + "-"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="43 characters"):
        Envelope(_TOKEN, key)


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(ValueError, match="token"):
        Envelope("", _KEY)
