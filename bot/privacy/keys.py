"""The keys that people's words are sealed with where they are kept, and the database URL that carries them to whoever opens it."""

from __future__ import annotations

import base64
import binascii
import secrets

_LENGTH = 32  # bytes


class KeyedUrl(str):
    """A database URL; `keys` are what words are sealed with there: the first one seals, all of them open. As a text it is the URL alone."""

    keys: tuple[str, ...]

    def __new__(cls, url: str, keys: tuple[str, ...] = ()) -> KeyedUrl:
        made = super().__new__(cls, url)
        made.keys = keys
        return made


def keys_of(url: str) -> tuple[str, ...]:
    """The keys that come with a URL; none with a plain one."""
    return url.keys if isinstance(url, KeyedUrl) else ()


def new_key() -> str:
    """A new key, as a setting has it: 32 random bytes in URL-safe Base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_LENGTH)).decode()


def is_key(text: str) -> bool:
    """Whether this can be a key."""
    try:
        return len(base64.b64decode(text, altchars=b"-_", validate=True)) == _LENGTH
    except (binascii.Error, ValueError):
        return False
