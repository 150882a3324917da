"""What a model writes, as it comes -> claims: handles taken out, numbers it had no business writing taken out too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from answering.answer import Status
from answering.checks import Claim

_MARK = r"[\[【［(（]\s*[CＣc]\s*\d+(?:\s*[,，、;；\s]\s*[CＣc]?\s*\d+)*\s*[\]】］)）]"
_HANDLE = re.compile(_MARK)
_DIGITS = re.compile(r"\d+")
_SENTENCE = re.compile(rf"(?:[^。！？!?.\n]|\.(?!\s|$|\s*\[))+[。！？!?.]*[”’」』）)\"]*(?:\s*{_MARK})*")
_ENDED = re.compile(r"[。！？!?.][”’」』）)\"]*\s*$")
_OWN_NUMBER = re.compile(
    r"(?:根据|依据|依照|按照|按|见)?\s*(?:《[^《》]{2,40}》(?:第?\s*\d+(?:\.\d+)+\s*条?|第[一二三四五六七八九十百\d]+条)|第\s*\d+(?:\.\d+)+\s*条)"
    r"(?:的?(?:规定|约定))?\s*[，,：:]?"
)
_EMPTY = re.compile(r"[（(]\s*[）)]|^[，,：:、\s]+")
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.、)）](?!\d))\s*")
_COUNT = re.compile(r"\s*\d{1,2}\s*")  # what may yet become the mark of a list
_OPENING, _CLOSING = "[【［(（", "]】］)）"
_SENTINELS = {"NOT_COVERED": Status.NOT_COVERED, "OUT_OF_SCOPE": Status.OUT_OF_SCOPE, "CLARIFY": Status.CLARIFY}


def sentinel(reply: str) -> Status | None:
    """The refusal that a reply consists of; None for a reply with anything else in it."""
    return _SENTINELS.get(reply.strip().strip("`*。. ").upper())


def claims_in(reply: str) -> list[Claim]:
    """The sentences of a reply with the handles that follow each. Clause numbers the model wrote are removed."""
    reader = ClaimReader()
    return [*reader.read(reply), *reader.end()]


class ClaimReader:
    """Reads a reply in pieces of any length, cut anywhere; the claims are the same however it is cut.

    A claim is given when its sentence is over and what follows it has begun and is no handle of its own: not before nothing can be
    added to it any more, and no later.
    """

    def __init__(self) -> None:
        self._line = ""  # what of the line under way is not taken yet
        self._begun = False  # whether something of that line was taken
        self._last: Claim | None = None  # handles that stand behind it, on their own, are still its own
        self.ended = True  # whether the last claim ends as a sentence does; for when a reply was cut off

    def read(self, piece: str) -> Iterator[Claim]:
        """The claims that are complete with this piece."""
        *lines, line = (self._line + piece).split("\n")
        for whole in lines:
            yield from self._take(whole)
            self._begun = False
        self._line = line
        yield from self._take_ended()

    def end(self) -> Iterator[Claim]:
        """The claims left when there is no further piece."""
        yield from self._take(self._line)
        self._line = ""
        if self._last:
            yield self._last
            self._last = None

    def _take(self, line: str) -> Iterator[Claim]:
        for match in _SENTENCE.finditer(_bare(line, self._begun)):
            yield from self._claim(match.group())
            self._begun = True

    def _take_ended(self) -> Iterator[Claim]:
        """The sentences of the line under way behind which another one has begun."""
        line = _bare(self._line, self._begun)
        matches = [match for match in _SENTENCE.finditer(line[: _open_at(line)]) if any(char.isalnum() for char in match.group())]
        for match in matches[:-1]:
            yield from self._claim(match.group())
            self._begun = True
        if len(matches) > 1:
            self._line = line[matches[-1].start() :]
        if matches and self._last and _is_text(begun := matches[-1].group()) and (self._begun or not _COUNT.fullmatch(begun)):
            yield self._last
            self._last = None

    def _claim(self, sentence: str) -> Iterator[Claim]:
        """A sentence, or handles on their own. What is ready is the claim before it."""
        handles = tuple(dict.fromkeys(f"C{int(digits)}" for mark in _HANDLE.findall(sentence) for digits in _DIGITS.findall(mark)))
        if not _is_text(sentence):
            if self._last:
                self._last = Claim(self._last.text, tuple(dict.fromkeys([*self._last.handles, *handles])))
            return
        if self._last:
            yield self._last
            self._last = None
        bare = _HANDLE.sub("", sentence)
        text = _OWN_NUMBER.sub("", bare).strip()
        text = re.sub(r"\s+(?=[。！？.!?])", "", _EMPTY.sub("", text)).strip()
        if any(char.isalnum() for char in text):
            self._last = Claim(text, handles)
            self.ended = bool(_ENDED.search(bare))


def _bare(line: str, begun: bool) -> str:
    """A line without marks of emphasis and of a list."""
    line = line.replace("**", "")
    return line if begun else _BULLET.sub("", line)


def _is_text(sentence: str) -> bool:
    """Whether there is more to a sentence than handles and marks."""
    return any(char.isalnum() for char in _HANDLE.sub("", sentence))


def _open_at(line: str) -> int:
    """Where the last bracket opens that is not closed yet: what stands from there on may be a handle. Else the end."""
    at = max(line.rfind(mark) for mark in _OPENING)
    return at if at >= 0 and not any(mark in line[at:] for mark in _CLOSING) else len(line)
