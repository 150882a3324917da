"""What a model wrote -> claims: handles taken out, numbers it had no business writing taken out too."""

from __future__ import annotations

import re

from answering.answer import Status
from answering.checks import Claim

_HANDLE = re.compile(r"[\[【［(（]\s*[CＣc]\s*\d+(?:\s*[,，、;；\s]\s*[CＣc]?\s*\d+)*\s*[\]】］)）]")
_DIGITS = re.compile(r"\d+")
_SENTENCE = re.compile(
    r"(?:[^。！？!?.\n]|\.(?!\s|$|\s*\[))+[。！？!?.]*[”’」』）)\"]*(?:\s*[\[【［(（]\s*[CＣc]\s*\d[^\]】］)）\n]*[\]】］)）])*"
)
_OWN_NUMBER = re.compile(
    r"(?:根据|依据|依照|按照|按|见)?\s*(?:《[^《》]{2,40}》(?:第?\s*\d+(?:\.\d+)+\s*条?|第[一二三四五六七八九十百\d]+条)|第\s*\d+(?:\.\d+)+\s*条)"
    r"(?:的?(?:规定|约定))?\s*[，,：:]?"
)
_EMPTY = re.compile(r"[（(]\s*[）)]|^[，,：:、\s]+")
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.、)）](?!\d))\s*")
_SENTINELS = {"NOT_COVERED": Status.NOT_COVERED, "OUT_OF_SCOPE": Status.OUT_OF_SCOPE, "CLARIFY": Status.CLARIFY}


def sentinel(reply: str) -> Status | None:
    """The refusal that a reply consists of; None for a reply with anything else in it."""
    return _SENTINELS.get(reply.strip().strip("`*。. ").upper())


def claims_in(reply: str) -> list[Claim]:
    """The sentences of a reply with the handles that follow each. Clause numbers the model wrote are removed."""
    claims: list[Claim] = []
    for line in reply.replace("**", "").splitlines():
        line = _BULLET.sub("", line).strip()
        for sentence in (match.group() for match in _SENTENCE.finditer(line)):
            handles = tuple(dict.fromkeys(f"C{int(digits)}" for mark in _HANDLE.findall(sentence) for digits in _DIGITS.findall(mark)))
            text = _OWN_NUMBER.sub("", _HANDLE.sub("", sentence)).strip()
            text = re.sub(r"\s+(?=[。！？.!?])", "", _EMPTY.sub("", text)).strip()
            if any(char.isalnum() for char in text):
                claims.append(Claim(text, handles))
            elif handles and claims:  # handles after the full stop, on their own
                claims[-1] = Claim(claims[-1].text, tuple(dict.fromkeys([*claims[-1].handles, *handles])))
    return claims
