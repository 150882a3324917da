"""Follow-ups made whole: what a message leaves out because the turns before it have said it.

People leave out what was just said (coreference and ellipsis; Vakulenko et al., Question rewriting for conversational question
answering, WSDM 2021). Here that is undone by rule, turn by turn: another agreement, clause number or figure takes the place of the
one before; a bare question word or a condition is put behind the question it belongs to. A message with a topic of its own keeps its
words, and only the agreement may come from the conversation.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from answering.asking import is_elsewhere, is_order
from retrieval.words import STOP_WORDS, normalise

NAME, NUMBER = "\0", "\1"  # stand in a form where agreements are named and where a clause number is asked for

_PATTERNS = Path(__file__).with_name("followup.toml")
_BRIEF, _GOING_ON, _LEANING = 4, 8, 14  # characters of its own, up to which a message leans on the turn before
_REACH = 2  # turns over which an agreement is still meant when nothing points at it
_FIGURE = re.compile(
    r"第?\s*(?:\d+(?:\.\d+)?|[零一二两三四五六七八九十百千万半]+)\s*"
    r"(?P<unit>个?(?:工作日|自然日|工作天|月|小时|钟头|星期|礼拜)|分钟|周岁|[%％天日年周岁份人名次条块元倍折])"
)
_UNITS = {"日": "天", "自然日": "天", "工作天": "工作日", "％": "%", "周岁": "岁", "钟头": "小时", "礼拜": "星期", "周": "星期"}
_MARKS = " \t?？!！。.,，;；:：、…~"
_OWN = re.compile(r"[a-z]+|[\u3400-\u9fff]|\d+")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as read: in `form` NAME stands for the `agreements` (keys) it names, NUMBER for the clause `numbers` it asks for."""

    form: str
    agreements: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A message made whole: the `parts` that make the whole question, and the agreements it is about.

    `inherited`: agreements come from the conversation. `follow_up`: words do. `about_all`: it is about every agreement. `courtesy`:
    it asks nothing. `elsewhere`: it asks what no agreement says.
    """

    parts: tuple[Message, ...]
    agreements: tuple[str, ...] = ()
    inherited: bool = False
    follow_up: bool = False
    about_all: bool = False
    courtesy: bool = False
    elsewhere: bool = False

    @property
    def said(self) -> str:
        return " ".join(_said(part.form) for part in self.parts)


def made_whole(messages: Sequence[Message]) -> Turn:
    """The last of the messages of a conversation (oldest first, at least one), made whole from those before it."""
    turns: list[Turn] = []
    for message in messages:
        turns.append(_turn(message, [turn for turn in turns if not turn.courtesy]))
    return turns[-1]


def _turn(message: Message, before: Sequence[Turn]) -> Turn:
    if _is("courtesy", message.form) and not message.agreements + message.numbers:
        return Turn((message,), courtesy=True)
    message = replace(message, form=_pattern("greeting").sub("", message.form))
    said = _said(message.form)
    if is_order(said) or (not message.agreements and is_elsewhere(said)):
        return Turn((message,), message.agreements, elsewhere=True)
    asked = [turn for turn in before if not turn.elsewhere]
    parts = _leaning_on(asked[-1], message) if asked else ()
    about_all = _is("about_all", said) or bool(parts and asked[-1].about_all)
    agreements = message.agreements
    if asked and not about_all:
        beside = _beside(message, asked[-1])
        agreements = beside or agreements or _pointed_at(said, asked) or _inherited(said, before, leaning=bool(parts))
    return Turn(
        _naming(parts or (message,), agreements),
        agreements,
        inherited=agreements != message.agreements,
        follow_up=bool(parts),
        about_all=about_all and not agreements,
    )


def _leaning_on(last: Turn, message: Message) -> tuple[Message, ...]:
    """The parts of the whole question where a message leans on the last turn; none where it has a topic of its own."""
    said = _said(message.form)
    own, known = _own(said), set(_own(last.said))
    if message.numbers:
        return () if own else _renumbered(last.parts, message.numbers)
    if refigured := _refigured(last.parts, message):
        return refigured
    if _beside(message, last):
        return _behind(last.parts, message)
    if not message.agreements:
        return _behind(last.parts, message) if _leans(said, own, known) else ()
    if _pattern("inner").search(message.form):
        return ()
    rest = _pattern("named").sub("", message.form).replace(NAME, "")
    said = _said(_pattern("openings").sub("", rest))
    if set(own) <= known and _is_asked(said, last.said):
        return last.parts
    return _behind(last.parts, Message(rest)) if set(own) <= known or (len(own) <= _GOING_ON and _is_open(said)) else ()


def _leans(said: str, own: Sequence[str], known: set[str]) -> bool:
    """Whether a message that names nothing means what was said before, by its marks and by how much it says itself."""
    if not own or _is("anew", said):
        return not own
    if _is("pointers", said) or (_is_open(said) and not _is("asks", said)) or _is("then", said):
        return len(own) <= _LEANING
    if [matter for matter in _pattern("matters").findall(said) if not set(_own(matter)) <= known]:
        return False
    return len(own) <= (_GOING_ON if _is_open(said) else _BRIEF)


def _is_open(said: str) -> bool:
    """Whether a message leaves its question to the one before: a condition, or something with 呢 behind it."""
    return _is("conditions", said) or _is("going_on", said) or (said.endswith("呢") and not _is("asks", said))


def _is_asked(said: str, before: str) -> bool:
    """Whether the question words of a message are those of the question before."""
    return set(_pattern("asks").findall(said)) <= set(_pattern("asks").findall(before))


def _behind(parts: tuple[Message, ...], addition: Message) -> tuple[Message, ...]:
    """A question with another behind it. Of a chain the first and the last stay, and what the new one asks instead is left out."""
    first, *later = (replace(part, form=part.form.strip(_MARKS)) for part in parts)
    addition = replace(addition, form=_pattern("openings").sub("", addition.form).strip(_MARKS))
    if _is("asks", said := _said(addition.form)) or _is("yes_or_no", said):
        later = [part for part in later if _own(_said(part.form))]
        last = (later or [first])[-1]
        shorter = replace(last, form=_pattern("tail").sub("", last.form).strip(_MARKS))
        if len(_own(_said(shorter.form))) > 1:
            first, later = (first, [*later[:-1], shorter]) if later else (shorter, [])
    return (first, *later[-1:], addition)


def _renumbered(parts: tuple[Message, ...], numbers: tuple[str, ...]) -> tuple[Message, ...]:
    return tuple(replace(part, numbers=numbers) if part.numbers else part for part in parts) if any(part.numbers for part in parts) else ()


def _refigured(parts: tuple[Message, ...], message: Message) -> tuple[Message, ...]:
    """The parts with the message's figure in place of the last one of its kind; none where it has no figure, or more than one."""
    figure = _FIGURE.search(message.form)
    if not figure or _own(_said(message.form.replace(figure.group(), " "))):
        return ()
    for at in reversed(range(len(parts))):
        same = [found for found in _FIGURE.finditer(parts[at].form) if _unit(found) == _unit(figure)]
        if same:
            form = parts[at].form
            changed = form[: same[-1].start()] + figure.group().strip() + form[same[-1].end() :]
            return (*parts[:at], replace(parts[at], form=changed), *parts[at + 1 :])
    return ()


def _unit(figure: re.Match[str]) -> str:
    unit = figure.group("unit").removeprefix("个")
    return _UNITS.get(unit, unit)


def _beside(message: Message, last: Turn) -> tuple[str, ...]:
    """The agreements of a message that lays another one beside those asked about: 跟企点一样吗."""
    others = tuple(key for key in last.agreements if key not in message.agreements)
    return (*others, *message.agreements) if others and _is("beside", message.form) else ()


def _pointed_at(said: str, asked: Sequence[Turn]) -> tuple[str, ...]:
    """The agreements that 前者, 后者 and 两个 mean: of the nearest turn about several, else those of the turns before."""
    several = next((turn.agreements for turn in reversed(asked) if len(turn.agreements) > 1), ())
    if _is("former", said):
        return several[:1]
    if _is("latter", said):
        return several[-1:]
    if _is("both", said):
        lately = list(dict.fromkeys(key for turn in reversed(asked) for key in turn.agreements))[:2]
        return several or (tuple(reversed(lately)) if len(lately) > 1 else ())
    return ()


def _inherited(said: str, before: Sequence[Turn], *, leaning: bool) -> tuple[str, ...]:
    """The agreements meant by a message that names none: those of the turn it leans on, or of the last two turns."""
    if leaning and not _is("far", said):
        return next(turn.agreements for turn in reversed(before) if not turn.elsewhere)
    for turn in reversed(before if _is("far", said) else before[-_REACH:]):
        if turn.agreements or turn.about_all:
            return turn.agreements
    return ()


def _naming(parts: tuple[Message, ...], agreements: tuple[str, ...]) -> tuple[Message, ...]:
    """The parts with these agreements named in them, where others were or else at the beginning; with none where there are none."""
    if {key for part in parts for key in part.agreements} == set(agreements):
        return parts
    if not any(NAME in part.form for part in parts):
        return (replace(parts[0], form=f"{NAME}：{parts[0].form}", agreements=agreements), *parts[1:])
    named: list[Message] = []
    for part in parts:
        if NAME in part.form:
            mark = NAME if agreements and not any(NAME in earlier.form for earlier in named) else ""
            head, _, tail = part.form.partition(NAME)
            part = replace(part, form=head + mark + tail.replace(NAME, ""), agreements=agreements if mark else ())
        named.append(part)
    return tuple(named)


def _said(form: str) -> str:
    return normalise(form.replace(NAME, " ").replace(NUMBER, " ")).strip(_MARKS)


def _own(said: str) -> list[str]:
    """The characters, words and numbers of a message that bring a topic of their own."""
    return [token for token in _OWN.findall(_pattern("frame").sub(" ", said)) if token not in STOP_WORDS]


def _is(kind: str, text: str) -> bool:
    return bool(_pattern(kind).search(text))


def _pattern(kind: str) -> re.Pattern[str]:
    return _patterns()[kind]


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    lists: dict[str, list[str]] = tomllib.loads(_PATTERNS.read_text(encoding="utf-8"))
    any_of = {kind: f"(?:{'|'.join(patterns)})" for kind, patterns in lists.items()}
    marks = rf"[\s{re.escape(_MARKS)}]"
    return {kind: re.compile(pattern) for kind, pattern in any_of.items()} | {
        "courtesy": re.compile(rf"(?i)^(?>{any_of['courtesies']}(?:{marks}|[^\w\s])*+)++$"),
        "greeting": re.compile(rf"(?i)^(?>{any_of['courtesies']}(?:{marks}++|(?=那)))+(?=.)"),
        "openings": re.compile(rf"(?i)^(?:{any_of['openings']}{marks}*)+"),
        "tail": re.compile(rf"{any_of['tails']}[的了呢吗啊]*$"),
        "inner": re.compile(r"[?？].*\w"),
        "named": re.compile(rf"^(?:那么?|在|换成?|改成?|问的是)*{NAME}(?:的话|的|那边|这边|里面?|边)*"),
        "beside": re.compile(any_of["beside"].replace("{name}", NAME)),
    }
