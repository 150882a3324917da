"""How running text writes a clause's number: 第八条第二款第（三）项, 上述 6.1 条, 4.1至4.3. Grammar only: it need not be there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from retrieval.numbering import cjk_value

_CJK = "[〇零一二三四五六七八九十百]{1,5}"
_DOTTED = r"\d{1,3}(?:[.．]\d{1,3}){1,4}"
_STEP = re.compile(
    rf"(?:(?P<ordinal>第)\s*)?(?:(?<![\d.．A-Za-z])(?P<dotted>{_DOTTED})(?!\d|[.．]\d)|(?<![\d.．A-Za-z])(?P<digits>\d{{1,3}})(?![\d.．A-Za-z])"
    rf"|(?P<cjk>{_CJK})|[（(]\s*(?P<mark>\d{{1,3}}|{_CJK}|[a-zA-Z])\s*[）)])"
    r"(?:\s*(?P<unit>条款?(?![件例形码])|款(?![项式额物])|项(?!目)|章(?!程)|编(?![号辑制码])))?"
)
_JOIN = re.compile(r"\s*(?:(?P<range>至|到|[-–—~～－]{1,2})|(?P<list>、|，?\s*(?:以及|和|与|及|或者?)))?\s*")
# Words that make a bare 7.2.3 a reference, before it and after it.
_LEADS = re.compile(
    r"(?:协议|合同|条款|[本该同]条|附[件录]|》|上述|前述|依据|依照|按照?|根据|参[照见]|[详另]?见|违反|适用|遵守|履行)(?:中|的|之|第|项下)?的?\s*$"
)
_FOLLOWS = re.compile(r"\s*(?:中|项下|里)?(?:的|之|所)?(?:规定|约定|述|列|称|指|情形|条款)")
_MEASURE = re.compile(
    r"\s*(?:[%％‰℃°×*]|[万亿]?元|公里|千克|小时|分钟|[GMKT]B?\b|版本|个(?:工作|自然|月|日|小时|星期)"
    r"|[万亿倍折天日年月周岁秒分级度版代期个名份次人米](?![\u4e00-\u9fff]|$)|[倍折天日年月周岁秒分版名份次][内以后前之的])"
)
_VERSION = re.compile(r"(?:版本?|[A-Za-z])[\s]*$")


class Unit(StrEnum):
    """What a number counts. NONE is a dotted number, which says where it stands by itself."""

    NONE = ""
    ARTICLE = "条"
    CHAPTER = "章"
    PART = "编"
    PARAGRAPH = "款"
    ITEM = "项"


@dataclass(frozen=True, slots=True)
class Step:
    """One number of an address: (7, 2, 3) for 7.2.3, (8,) for 第八条, ("a",) for （a）."""

    path: tuple[int | str, ...]
    unit: Unit

    @property
    def is_relative(self) -> bool:
        """Whether it counts within a clause that must be known from elsewhere: 第二款, but not 5.2 款."""
        return self.unit in (Unit.PARAGRAPH, Unit.ITEM)


@dataclass(frozen=True, slots=True)
class Address:
    """A number as a text writes it, from the outside in: 第八条第二款 has two steps. `until` ends a range.

    `continues` tells that it is a further member of the list whose last member stands before it: what that one says of the
    agreement or of the clause around it holds for this one too (通用服务协议第14.1条和第14.2条; 第八条第一款和第三款). `mark_at`
    is where a mere bracket at its end begins, as in 6.1 (a): it may be an item of the clause or begin a list of the sentence.
    """

    start: int
    end: int
    steps: tuple[Step, ...]
    until: Step | None = None
    continues: bool = False
    mark_at: int | None = None


@dataclass(slots=True)
class _Found:
    """A number, what joins it to the one before it ('' for 第八条第二款), and what it has in common with its neighbours."""

    match: re.Match[str]
    join: str
    unit: str
    ordinal: bool

    @property
    def shape(self) -> str:
        return str(self.match.lastgroup if self.match.lastgroup != "unit" else next(n for n in _SHAPES if self.match[n]))

    @property
    def is_number(self) -> bool:
        """Whether it can be a clause's number: 7.2.3 always, 三 only in 第三条."""
        return self.shape == "dotted" or (bool(self.unit) and (self.ordinal or (self.shape == "mark" and self.unit == "项")))

    @property
    def is_certain(self) -> bool:
        """Whether the words around it need not be looked at; 第二款, 第一项 and 3.2 项 may count goods as well."""
        if not self.is_number or (self.unit in ("款", "项") and self.shape != "mark"):
            return False
        return bool(self.unit) or (self.ordinal and not _MEASURE.match(self.match.string, self.match.end()))


_SHAPES = ("dotted", "digits", "cjk", "mark")


def addresses_in(text: str) -> list[Address]:
    """The clause numbers that a text refers to, in order; dates, amounts, shares and versions are none."""
    found: list[Address] = []
    at = 0
    while first := _STEP.search(text, at):
        chain = _chain(text, first)
        at = chain[-1].match.end()
        for part in _numbers(chain):
            if any(step.is_certain for step in part) or _is_spoken_of(text, part[0].match.start(), part[-1].match.end()):
                found += _addresses(part)
    return found


def _chain(text: str, first: re.Match[str]) -> list[_Found]:
    """Numbers joined by nothing, by 至 or by 、和; units and 第 handed on where one stands for several (第三、四条)."""
    chain = [_Found(first, "", _unit(first), bool(first["ordinal"]))]
    while join := _JOIN.match(text, chain[-1].match.end()):
        following = _STEP.match(text, join.end())
        how = "range" if join["range"] else "list" if join["list"] else ""
        if following is None or (not how and not (following["ordinal"] or following["mark"])):
            break
        chain.append(_Found(following, how, _unit(following), bool(following["ordinal"])))
    for here, after in zip(reversed(chain[:-1]), reversed(chain[1:]), strict=True):
        if not here.unit and after.join and here.shape == after.shape:
            here.unit = after.unit
    for before, here in pairwise(chain):
        if here.join and here.shape == before.shape:
            here.ordinal = here.ordinal or before.ordinal
        if not here.join and here.shape == "mark" and before.is_number:
            here.unit = here.unit or "项"
    return chain


def _unit(found: re.Match[str]) -> str:
    return (found["unit"] or "")[:1]


def _numbers(chain: list[_Found]) -> list[list[_Found]]:
    """The stretches of a chain in which every number can be a clause's."""
    parts: list[list[_Found]] = [[]]
    for here in chain:
        if here.is_number:
            parts[-1].append(here)
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def _is_spoken_of(text: str, start: int, end: int) -> bool:
    if _MEASURE.match(text, end) or _VERSION.search(text, 0, start):
        return False
    return bool(_LEADS.search(text, max(0, start - 16), start) or _FOLLOWS.match(text, end))


def _addresses(part: list[_Found]) -> list[Address]:
    """A stretch of numbers as addresses: 第八条第二款 is one, 4.1至4.3 is one, 3.1、3.2 are two."""
    found: list[Address] = []
    for at, here in enumerate(part):
        step, end = _step(here), here.match.end()
        if at and not here.join:
            last = found[-1]
            mark_at = here.match.start() if here.shape == "mark" and not here.match["ordinal"] and not here.match["unit"] else None
            found[-1] = Address(last.start, end, (*last.steps, step), last.until, last.continues, mark_at)
        elif at and here.join == "range" and found[-1].until is None:
            last = found[-1]
            found[-1] = Address(last.start, end, last.steps, step, last.continues)
        else:
            found.append(Address(here.match.start(), end, (step,), None, bool(at)))
    return found


def _step(found: _Found) -> Step:
    written = found.match[found.shape]
    unit = Unit.NONE if found.shape == "dotted" else Unit(found.unit)
    if found.shape == "dotted":
        return Step(tuple(int(part) for part in re.split("[.．]", written)), unit)
    return Step((mark_value(written),), Unit.ITEM if found.shape == "mark" else unit)


def mark_value(written: str) -> int | str:
    """The value of one number or mark, without its bracket: 3 for 3 and 三, "a" for a."""
    if written.isdigit():
        return int(written)
    return written if written.isascii() else cjk_value(written)
