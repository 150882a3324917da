"""What is asked, and of which agreement: names, clause numbers, and what a follow-up leaves out."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from answering.asking import parts_of
from answering.errors import QuestionError
from retrieval.clause import Agreement
from retrieval.words import normalise, to_simplified

MAX_QUESTION = 1000  # characters; longer than any question, shorter than any pasted document

_CLAUSE_NUMBER = re.compile(
    r"(?P<annex>附\s*件\s*)?(?:"
    r"(?:第\s*)?(?<![\d.a-zA-Z])(?P<dotted>\d{1,2}(?:\.\d{1,2}){1,4})(?![\d%]|\.\d)(?:\s*条)?\s*(?P<item>[（(]\s*[\da-z]{1,2}\s*[）)])?"
    r"|(?P<article>第\s*[〇零一二三四五六七八九十百\d]+\s*条))"
)
_MEASURE = re.compile(
    r"\s*(?:[%％元万亿倍折米]|[GMKgmk][Bb]?\b|版|小时|分钟|个?(?:工作日|自然日|月|小时|星期)|[天年周](?:内|以内|左右|[，。？?！]|$))"
)
_FOLLOW_UP = re.compile(
    r"^(?:那么?|那如果|如果|要是|还有|另外|然后|所以|它|他们?|这个?|这种|上面|刚才|前面|and |what about|how about|then )", re.I
)
_ABOUT_ALL = re.compile(r"(?:各|每份|每个|所有|全部|都|分别|几份|五份|哪份|哪个协议|哪些协议)")


@dataclass(frozen=True, slots=True)
class NumberAsked:
    """A clause number asked for outright, as ids write it (`4.6.1`, `附件/5.4.2`, `第四条`)."""

    written: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question understood. `search_text` is what to search for: whole, without the names of agreements.

    `agreements` are the keys it speaks of, in the order named, empty where none is named; `inherited` tells that
    they come from the conversation, not from the question.
    """

    id: str
    text: str
    search_text: str
    agreements: tuple[str, ...]
    numbers: tuple[NumberAsked, ...] = ()
    history: tuple[str, ...] = ()
    inherited: bool = False
    about_all: bool = False


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing to find: a part of the question, and the agreements to find it in (empty: all)."""

    text: str
    search_text: str
    agreements: tuple[str, ...]


def aspects_of(asked: Question, agreements: Sequence[Agreement]) -> list[Aspect]:
    """What a question asks, taken apart: each of its parts, in each of the agreements that part names.

    A part that names no agreement is about those of the whole question.
    """
    parts = parts_of(asked.search_text)
    if len(parts) == 1:
        searched = [(asked.text, asked.search_text, asked.agreements)]
    else:
        searched = []
        for part in parts_of(asked.text) if len(parts_of(asked.text)) == len(parts) else parts:
            named, rest = _names_in(part, agreements)
            within = tuple(key for key in named if not asked.agreements or key in asked.agreements)
            searched.append((part, rest if _content(rest) else part, within or asked.agreements))
    found: list[Aspect] = []
    for text, search_text, keys in searched:
        scopes = [(key,) for key in keys] if len(keys) > 1 else [keys]
        found += [Aspect(text, search_text, scope) for scope in scopes]
    return found


def understand(text: str, history: Sequence[str], agreements: Sequence[Agreement], *, question_id: str | None = None) -> Question:
    """Understand a question in its conversation (`history`: the earlier questions, oldest first). Raises QuestionError."""
    text = clean(text)
    earlier = tuple(clean(part) for part in history if part.strip())
    named, rest = _names_in(text, agreements)
    numbers, rest = _numbers_in(rest)
    inherited = False
    if earlier and (_FOLLOW_UP.match(rest) or len(_content(rest)) <= 6) and not numbers:
        before_named, before = _names_in(earlier[-1], agreements)
        _, before = _numbers_in(before)
        rest = f"{before} {_FOLLOW_UP.sub('', rest)}".strip()
        if not named:
            named, inherited = before_named, bool(before_named)
    if earlier and not named and not _ABOUT_ALL.search(text):
        for part in reversed(earlier):
            found, _ = _names_in(part, agreements)
            if found:
                named, inherited = found, True
                break
    return Question(
        id=question_id or hashlib.sha256("\n".join([*earlier, text]).encode()).hexdigest()[:12],
        text=text,
        search_text=rest if _content(rest) else text,
        agreements=tuple(named),
        numbers=tuple(numbers),
        history=earlier,
        inherited=inherited,
        about_all=bool(_ABOUT_ALL.search(text)),
    )


def clean(text: str) -> str:
    """A question without control characters and outer white space. Raises QuestionError where nothing or too much is left."""
    kept = "".join(char if char not in "\t\r\n" else " " for char in text if char in "\t\r\n" or unicodedata.category(char)[0] != "C")
    kept = re.sub(r"\s+", " ", kept).strip()
    if not any(char.isalnum() for char in kept):
        raise QuestionError("问题是空的，请写出想问的事。")
    if len(kept) > MAX_QUESTION:
        raise QuestionError(f"问题有 {len(kept)} 个字，最多 {MAX_QUESTION} 个字；请只留下要问的那一点。")
    return kept


def _names_in(text: str, agreements: Sequence[Agreement]) -> tuple[list[str], str]:
    """The agreements named, and the text without the names. The longest name at a place wins."""
    names = sorted(
        ((normalise(name), agreement.key) for agreement in agreements for name in {*agreement.names, agreement.title}),
        key=lambda pair: -len(pair[0]),
    )
    plain = unicodedata.normalize("NFKC", to_simplified(text))
    lowered = plain.lower()
    found: list[tuple[int, str]] = []
    if len(lowered) != len(plain):  # a letter whose lower case has another length: names are then left in the text
        plain = lowered
    for name, key in names:
        at = -1
        while (at := lowered.find(name, at + 1)) >= 0:
            if not _whole_word(lowered, at, name):
                continue
            found.append((at, key))
            lowered = lowered[:at] + "\0" * len(name) + lowered[at + len(name) :]
            plain = plain[:at] + "\0" * len(name) + plain[at + len(name) :]
    keys = list(dict.fromkeys(key for _, key in sorted(found)))
    return keys, re.sub(r"\s+", " ", re.sub(r"《?\0+》?", " ", plain)).strip()


def _whole_word(text: str, at: int, name: str) -> bool:
    if not name.isascii():
        return True
    around = text[at - 1 : at] + text[at + len(name) : at + len(name) + 1]
    return not any(char.isascii() and char.isalnum() for char in around)


def _numbers_in(text: str) -> tuple[list[NumberAsked], str]:
    """The clause numbers asked for, and the text without them. Measures (2.5 元, 3.0 版) are none."""
    numbers: list[NumberAsked] = []

    def take(found: re.Match[str]) -> str:
        if found.group("dotted") and _MEASURE.match(found.string[found.end() :]):
            return found.group()
        if article := found.group("article"):
            written = re.sub(r"\s", "", article)
        else:
            written = found.group("dotted")
            if item := found.group("item"):
                written += f"（{item.strip('（()） ')}）"
        if found.group("annex"):
            written = f"附件/{written}"
        numbers.append(NumberAsked(written))
        return " "

    rest = _CLAUSE_NUMBER.sub(take, text)
    return numbers, re.sub(r"\s+", " ", rest).strip()


def _content(text: str) -> str:
    return "".join(char for char in text if char.isalnum())
