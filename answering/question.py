"""What is asked, and of which agreement: names, clause numbers, and the conversation a question stands in."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from answering.answer import Language
from answering.asking import parts_of
from answering.errors import QuestionError
from answering.followup import NAME, NUMBER, Message, made_whole
from answering.language import language_of
from answering.lookup import spoken
from answering.wording import said
from retrieval.clause import Agreement
from retrieval.pinyin import sounding_like
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
_FULL_WIDTH = dict(zip(",?!:;", "，？！：；", strict=True))
_HALF_WIDTH = re.compile(r"(?<=[\u3400-\u9fff])[,?!:;]")
_NAMES_TOGETHER = re.compile(rf"{NAME}(?:\s*(?:和|跟|与|及|以及|还有|或者?|、|，|,|/)?\s*{NAME})+")


@dataclass(frozen=True, slots=True)
class NumberAsked:
    """A clause number asked for outright, as ids write it (`4.6.1`, `附件/5.4.2`, `第四条`)."""

    written: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question understood. `search_text` is what to search for: whole, without the names of agreements.

    `agreements` are the keys it speaks of, in the order named, empty where none is named; `inherited` tells that
    they come from the conversation, not from the question. `whole` is the question as one would ask it of somebody who has
    not heard the conversation, `text` itself where nothing was left out; `follow_up` tells that words were. `courtesy` tells that
    nothing is asked: 谢谢, 好的.
    """

    id: str
    text: str
    search_text: str
    agreements: tuple[str, ...]
    numbers: tuple[NumberAsked, ...] = ()
    history: tuple[str, ...] = ()
    inherited: bool = False
    about_all: bool = False
    whole: str = ""
    follow_up: bool = False
    courtesy: bool = False
    language: Language = Language.SIMPLIFIED


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
        searched = [(asked.whole, asked.search_text, asked.agreements)]
    else:
        searched = []
        for part in parts_of(asked.whole) if len(parts_of(asked.whole)) == len(parts) else parts:
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
    turn = made_whole([_read(part, agreements) for part in (*earlier, text)])
    names = {agreement.key: agreement.names[0] for agreement in agreements}
    rest = re.sub(r"\s+", " ", " ".join(_blank(part.form) for part in turn.parts)).strip().lstrip(" ：:，,、")
    return Question(
        id=question_id or hashlib.sha256("\n".join([*earlier, text]).encode()).hexdigest()[:12],
        text=text,
        search_text=rest if _content(rest) else text,
        agreements=turn.agreements,
        numbers=tuple(dict.fromkeys(NumberAsked(number) for part in turn.parts for number in part.numbers)),
        history=earlier,
        inherited=turn.inherited,
        about_all=turn.about_all,
        whole="，".join(_filled(part, names) for part in turn.parts) if turn.inherited or turn.follow_up else text,
        follow_up=turn.follow_up,
        courtesy=turn.courtesy,
        language=language_of(text),
    )


def clean(text: str) -> str:
    """A question without control characters and outer white space. Raises QuestionError where nothing or too much is left."""
    kept = "".join(char if char not in "\t\r\n" else " " for char in text if char in "\t\r\n" or unicodedata.category(char)[0] != "C")
    kept = re.sub(r"\s+", " ", kept).strip()
    if not any(char.isalnum() for char in kept):
        raise QuestionError(said("empty_question_"))
    if len(kept) > MAX_QUESTION:
        raise QuestionError(said("long_question_", length=len(kept), most=MAX_QUESTION))
    return kept


def _read(text: str, agreements: Sequence[Agreement]) -> Message:
    """A message with marks where it names agreements and clause numbers; names that stand together are one mark."""
    keys, form = _marked(text, agreements)
    numbers, form = _numbers_in(_NAMES_TOGETHER.sub(NAME, form), NUMBER)
    return Message(form, tuple(keys), tuple(number.written for number in numbers))


def _filled(part: Message, names: Mapping[str, str]) -> str:
    """A part with the names and numbers its marks stand for, one for each mark where there are as many, else all in the first."""
    text = part.form
    for mark, values in ((NAME, [names[key] for key in part.agreements]), (NUMBER, [spoken(number) for number in part.numbers])):
        if text.count(mark) != len(values):
            values = ["和".join(values), *[""] * text.count(mark)]
        for value in values:
            text = text.replace(mark, f" {value} " if mark == NUMBER else value, 1)
    text = re.sub(r"\s+", " ", text).strip()
    return _HALF_WIDTH.sub(lambda found: _FULL_WIDTH[found.group()], text)


def _blank(form: str) -> str:
    return form.replace(NAME, " ").replace(NUMBER, " ")


def _names_in(text: str, agreements: Sequence[Agreement]) -> tuple[list[str], str]:
    """The agreements named, and the text without the names."""
    keys, form = _marked(text, agreements)
    return keys, re.sub(r"\s+", " ", _blank(form)).strip()


def _marked(text: str, agreements: Sequence[Agreement]) -> tuple[list[str], str]:
    """The agreements named, and the text with a mark for each name. The longest name at a place wins.

    Pinyin typed for a name, and a long name in wrong characters of the right sounds, are names too.
    """
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
            lowered = lowered[:at] + NAME * len(name) + lowered[at + len(name) :]
            plain = plain[:at] + NAME * len(name) + plain[at + len(name) :]
    for name, key in names:  # after all that is written rightly
        for start, end in sounding_like(lowered, name):
            found.append((start, key))
            lowered = lowered[:start] + NAME * (end - start) + lowered[end:]
            plain = plain[:start] + NAME * (end - start) + plain[end:]
    keys = list(dict.fromkeys(key for _, key in sorted(found)))
    return keys, re.sub(rf"《?{NAME}+》?", NAME, plain)


def _whole_word(text: str, at: int, name: str) -> bool:
    if not name.isascii():
        return True
    around = text[at - 1 : at] + text[at + len(name) : at + len(name) + 1]
    return not any(char.isascii() and char.isalnum() for char in around)


def _numbers_in(text: str, mark: str = " ") -> tuple[list[NumberAsked], str]:
    """The clause numbers asked for, and the text with a mark for each. Measures (2.5 元, 3.0 版) are none."""
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
        return mark

    rest = _CLAUSE_NUMBER.sub(take, text)
    return numbers, re.sub(r"\s+", " ", rest).strip()


def _content(text: str) -> str:
    return "".join(char for char in text if char.isalnum())
