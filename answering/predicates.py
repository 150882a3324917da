"""What a text says, predicate by predicate: each with its sign, of whom it is said, and what it speaks of.

A predicate is what stands from one modal or negation to the next. It is negative when it is forbidden, exempted or denied (不得转让,
无需退还, 不承担责任), positive otherwise (可以转让, 应当退还, 承担责任).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from answering.marks import Mark, marks_in, prohibits, saying
from answering.parts import LIGHT, content, parts_of, plain, sentences_of, weight
from answering.roles import actor, sole_actor, without_parties

SAYS = 3  # what weighs less than this says too little to be compared

_PROHIBITS = re.compile(r"不得|禁止|严禁|不应(?!视)|不可(?:以|从事|有|实施|进行|利用|将|把)|切?勿|不允许|(?:承诺|保证)[^,。]{0,4}不")
_FOLLOWING = re.compile(r"如下|以下|下列")
_CIRCUMSTANCES = re.compile(r"适用|情[况形]")
_LIST = re.compile(r"、|或|等?(?:行为|活动|内容|情形|用途)")
_BEGINS = re.compile(r"^(?:否则|如|若|但|则|由|因|同时|其|该|在|当|并|且|而|对)")
_BECAUSE = re.compile(r"不(?:因为?|以|由于)[^,]*$")

_CONDITION = re.compile(
    r"^(?:但|且|并|则|和|及|或)?(?:如果?|若|倘若|一旦|当|因|由于|在.{0,30}[时下中前后]$)|(?:(?<!目)的|时|后|之后|情况下|前提下|之前|前)$"
)
_EXCEPTS = re.compile(r"除外|^除|不适用")
_EITHER = re.compile(r"^(?:只有|仅当|除非|无论|不论|不管|是否)|是否|[\u4e00-\u9fff]不[了到起]")
_ASSURES = re.compile(r"^(?:保证|担保|承诺|确保)")
_CONCERNS = re.compile(r"有关$")  # of 与腾讯有关, so that it is compared with 无关

# Where what a negation denies ends, and what it denies.
_AIDE = re.compile(r"^(?:经|通过|按照?|根据|依据?|对|就|因|为|向|从|在|以|于|把|将|与|由|给|被)")  # stands between a negation and its verb
_ENDS = re.compile(r"或者?|并且?|而|便|直接|,")
_INSIDE = re.compile(r"或[^,]{1,6}的[^,]+$")  # 明示或暗示的保证: 或 joins what qualifies, not what is denied
_LEAVE = re.compile(r"^经[^,]*?(?:同意|许可|授权|批准|允许|认可)(?=.{2})")
_ATTRIBUTIVE = re.compile(r"(?:未能?|没有|非)$")
_OF = re.compile(r"的(?=.{7})")  # 未使用的服务费用…: what is not used ends at 的
_LEADS = ("的", "就", "则", "即", "便", "时")
_ANDED = re.compile(r"(.{4,}?)(?:并且?|且|而)$")  # 视为同意并应当缴纳费用: two things said
_CONJUNCTS = re.compile(r"[、或和及与]|以及|并")


@dataclass(frozen=True, slots=True)
class Predicate:
    """One thing said: the part and the segment of it in which it stands, its sign, of whom, what it speaks of, and what stands right behind its mark (`head`).

    `behind` is all that stands behind the mark, `denies` are the alternatives that a negation before a list denies; `own` is what is spoken of in this part alone. `either`: both
    signs may be right; `excepting`: names an exception.
    """

    part: str
    segment: str
    negative: bool
    actor: str | None
    about: frozenset[str]
    head: frozenset[str]
    behind: frozenset[str]
    denies: tuple[frozenset[str], ...]
    own: frozenset[str]
    marked: bool
    condition: bool
    either: bool
    excepting: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A part in its sentence: who acts so far, whether it stands under a prohibition before it, and whether that is unclear."""

    text: str
    before: str
    acting: str | None
    under: bool
    unclear: bool


def walk(text: str, introduced: str) -> Iterator[Place]:
    """The parts of a text. A prohibition in `introduced`, the lead-in of the list in which the text stands, holds for its first
    sentence: 您不得从事下列行为 stands before every item under it.
    """
    under = _prohibits(plain(introduced))
    for sentence in sentences_of(plain(text)):
        acting: str | None = None
        before, listed = "", False
        for part in parts_of(sentence):
            turned = under or (part.startswith("而") and bool(_BECAUSE.search(before)))
            listed = (listed or _forbids(before)) and not _BEGINS.match(part) and not marks_in(part) and actor(part) is None
            listing = listed and (bool(_LIST.search(part)) or "包括" in sentence[: sentence.find(part)])
            yield Place(part, before, acting, turned or listing, listed and not listing)
            acting = actor(part) or acting
            if part.endswith(":"):
                under = under or bool(_PROHIBITS.search(sentence[: sentence.find(part)] + part)) or _denies_what_follows(part)
            before = part
        under = under and sentence.rstrip().endswith((":", ";", ","))


def _prohibits(lead_in: str) -> bool:
    introducing = [sentence for sentence in sentences_of(lead_in) if sentence.rstrip().endswith(":")]
    return any(_PROHIBITS.search(sentence) or _denies_what_follows(parts_of(sentence)[-1]) for sentence in introducing)


def _forbids(part: str) -> bool:
    """Whether a part ends under a prohibition, which the part after it may go on listing: 不得改变形态，转租、转售…."""
    marks = marks_in(part)
    return bool(marks) and prohibits(part, marks[-1])


def _denies_what_follows(part: str) -> bool:
    """Whether a part that introduces a list denies what stands in it: 无需:, 不承担如下责任:."""
    marks = marks_in(part)
    if not marks or not marks[-1].negative:
        return False
    behind = part[marks[-1].end :]
    return len(behind) <= 2 or bool(_FOLLOWING.search(behind) and not _CIRCUMSTANCES.search(behind))


@lru_cache(maxsize=2048)
def predicates(text: str, introduced: str = "") -> tuple[Predicate, ...]:
    """The predicates of a text that stands under the lead-in `introduced`."""
    return tuple(predicate for part in walk(text, introduced) for predicate in _predicates_in(part))


def _predicates_in(place: Place) -> list[Predicate]:
    part = _CONCERNS.sub("关", place.text)
    marks = saying(part, marks_in(part))
    conditional = bool(_CONDITION.search(without_parties(part).strip(" :"))) and not place.under
    found: list[Predicate] = []

    def add(
        acting: str | None, negative: bool, topic: str, behind: str, mark: Mark | None, *, either: bool = False, leave: bool = False
    ) -> None:
        own = content(topic + "," + behind)
        about = own if weight(own) >= SAYS else own | content(without_parties(place.before))
        if not about:
            return
        aided = _AIDE.match(behind) is not None
        head = content(behind[-6:] if aided else behind[: 6 if mark and mark.soft else 10])
        denies = tuple(
            filter(
                None, (content(piece[:8]) for piece in (*_CONJUNCTS.split(behind), behind[-6:] if aided else "", *_ASSURES.findall(behind)))
            )
        )
        found.append(
            Predicate(
                part, topic + behind, negative, acting, about, head or about, content(behind) if mark else about, denies or (about,), own, mark is not None,
                condition=leave or conditional,
                either=either or place.unclear or _EITHER.search(part) is not None,
                excepting=_EXCEPTS.search(part) is not None,
            )
        )  # fmt: skip

    if not marks:
        add(sole_actor(part) if actor(part) else place.acting, place.under, "", LIGHT.sub("", without_parties(part)), None)
    for at, mark in enumerate(marks):
        until = marks[at + 1].start if at + 1 < len(marks) else len(part)
        last = at + 1 == len(marks)
        acting = actor(part[mark.end :]) if part.startswith("由", mark.end) else actor(part, mark.start) or place.acting
        topic = without_parties(part[: mark.start]) if at == 0 else ""
        if joined := _ANDED.match(topic):
            add(acting, place.under, "", joined.group(1), None)
            topic = ""
        behind = LIGHT.sub("", without_parties(part[mark.end : until])).strip(" :")
        governing = marks[at - 1].negative if at else place.under
        if not behind and not last and part.startswith("未经", until):
            continue
        leave = mark.soft and behind.startswith("经")  # 未经同意: what must be there first, not what is denied
        if leave and (given := _LEAVE.match(behind)):
            if last:
                add(acting, governing, "", behind[given.end() :], mark)
            behind = behind[: given.end()]
        elif mark.soft and _ATTRIBUTIVE.search(part[mark.start : mark.end]) and (of := _OF.search(behind)):
            if last:
                add(acting, governing, "", behind[of.end() :], mark)
            behind = behind[: of.start()]
        elif mark.soft and not _AIDE.match(behind) and not _INSIDE.search(behind) and (ends := _ENDS.search(behind, 2)):
            add(acting, mark.outer, "", behind[ends.end() :], mark, either=ends.group().startswith("或") and not mark.governed)
            behind = behind[: ends.start()]
        leave = leave or (
            mark.soft and mark.negative and not last and behind.endswith(_LEADS)
        )  # 不接受的应停止使用: a condition without a comma behind it
        one_of = mark.negative and part[mark.start - 1 : mark.start] == "或"  # 限制或禁止使用: one measure of several
        add(acting, mark.negative, topic, behind, mark, either=one_of, leave=leave)
    return found
