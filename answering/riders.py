"""What rides along in a statement and is no words of an agreement: addresses, mentions, markup, characters that cannot be seen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_RIDER = re.compile(
    r"(?:https?|ftp)\s*:\S*|\b(?:javascript|data|tg|weixin|file):\S+"
    r"|(?:www\.|[a-z0-9-]+\.(?:com|cn|net|org|io|top|xyz|info|me|cc|vip)\b)\S*"
    r"|@[\w.-]+|[<＜][^\s<>＜＞]*|!?\[[^\]]*\]\(|[`|]{2,}|&#?\w+;",
    re.IGNORECASE,
)
_SEEN = frozenset("\n\t")


def riders(statement: str, evidence: str) -> set[str]:
    """The addresses, mentions, pieces of markup and unseen characters of a statement that the evidence does not have as they are."""
    return {rider for rider in _riders(statement) if rider.lower() not in evidence.lower()}


def _riders(text: str) -> Iterator[str]:
    plain = "".join(char for char in text if not _unseen(char))
    yield from (found.group().rstrip("，。；、）)") for found in _RIDER.finditer(plain))
    yield from (char for char in text if _unseen(char))


def _unseen(char: str) -> bool:
    """Whether a character is none that a reader sees: a control, a format mark that turns or hides text, a private one."""
    return char not in _SEEN and unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs")
