"""The envelope that WeCom's callbacks come in and go out in: a signature over AES-256-CBC.

https://developer.work.weixin.qq.com/document/path/101033: key = base64(EncodingAESKey + "="), IV = its first 16 bytes; sealed is 16 random
bytes, the message's length in four bytes (big-endian), the message, the receiver's id; padded as PKCS#7 does, but to 32 bytes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
_BLOCK = 32
_RANDOM = 16
_LENGTH = 4


class SealError(Exception):
    """What was sealed cannot be opened. It does not say why: whoever tries is to learn nothing from it."""


class Envelope:
    """Seals and opens with the token and the EncodingAESKey of one callback. `receiveid` is empty for a bot of the company itself.

    Raises ValueError for an empty token, with which anybody could sign, and for a key that is not 43 characters of base64.
    """

    def __init__(self, token: str, aes_key: str, receiveid: str = "") -> None:
        if not token:
            raise ValueError("the token of a callback cannot be empty")
        if not _KEY.fullmatch(aes_key):
            raise ValueError("an EncodingAESKey has 43 characters of base64")
        key = base64.b64decode(aes_key + "=")
        self._token = token
        self._cipher = Cipher(AES(key), CBC(key[:16]))
        self._receiveid = receiveid.encode()

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """40 lower-case hexadecimal digits."""
        parts = "".join(sorted([self._token, timestamp, nonce, encrypted]))
        return hashlib.sha1(parts.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()

    def is_signed(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bool:
        """Whether a signature is right. It takes as long where it is wrong, wherever it is wrong."""
        right = self.signature(timestamp, nonce, encrypted)
        return hmac.compare_digest(right.encode(), signature.encode("utf-8", "surrogatepass"))

    def open(self, encrypted: str) -> bytes:
        """The message in a base64 text. Raises SealError; to be asked only after its signature was found right."""
        try:
            sealed = base64.b64decode(encrypted, validate=True)
        except ValueError as error:
            raise SealError from error
        if not sealed or len(sealed) % _BLOCK:
            raise SealError
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
        padding = padded[-1]
        if not 1 <= padding <= _BLOCK or padded[-padding:] != bytes([padding]) * padding:
            raise SealError
        plain = padded[_RANDOM:-padding]
        length, rest = int.from_bytes(plain[:_LENGTH], "big"), plain[_LENGTH:]
        if len(plain) < _LENGTH or length > len(rest) or not hmac.compare_digest(rest[length:], self._receiveid):
            raise SealError
        return rest[:length]

    def seal(self, message: bytes, timestamp: int, nonce: str, random: bytes | None = None) -> dict[str, Any]:
        """The body of a passive reply: `encrypt`, `msgsignature`, `timestamp` (seconds), `nonce` (that of the request's address).

        `random` is 16 bytes, new ones where it is None; raises ValueError for another number.
        """
        random = secrets.token_bytes(_RANDOM) if random is None else random
        if len(random) != _RANDOM:
            raise ValueError(f"{_RANDOM} random bytes are sealed with a message, not {len(random)}")
        plain = random + len(message).to_bytes(_LENGTH, "big") + message + self._receiveid
        padding = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        encrypted = base64.b64encode(sealed).decode()
        signature = self.signature(str(timestamp), nonce, encrypted)
        return {"encrypt": encrypted, "msgsignature": signature, "timestamp": timestamp, "nonce": nonce}
