"""Who does what to whom: the parties a text names, each with what is said of it, compared with what the clause says of each.

Contracts of every kind name two sides: 您 and 腾讯, 甲方 and 乙方, 披露方 and 接收方. A statement that gives one side's right or duty to the
other is wrong though every word of it stands in the clause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from answering.parts import content, held, parts_of, plain, sentences_of, weight
from answering.roles import ACTS, BY, PARTY, actor, opposed, slot_of, without_parties

_JOINED = re.compile(r"(?:和/或|[或和与及、/])(?:其|者)?")  # 腾讯或其关联方: whoever is named second acts with the first
_OF = re.compile(r"的(?=.)")  # 腾讯受损的一并赔偿: who is harmed is said, not who pays
_OF_THEM = re.compile(r"的(?:任何|所有|相关|该等|其他)?$")  # 违规的任何用户: what stands before the name is said of the party
_AIDE = re.compile(r"(?:对|就|因|为|向|从|在|以|于|把|将|与)")  # what stands between who acts and the verb
_MODALS = re.compile(
    r"有权|无权|可以|应当|应该|必须|不得|不会|不能|无需|需要|将会|自行|同意|承诺|保证|理解|确认|知悉|并|可|应|须|需(?!求)|将|会|要(?!求)|已|在|不|未|无|亦|均|也"
)
_CONVERSE = tuple(
    pair
    for a, b in (
        ("收取", "支付"),
        ("提供", "接受"),
        ("出售", "购买"),
        ("出租", "承租"),
        ("通知", "收到"),
        ("赔偿", "取得"),
        ("退款", "取得"),
    )
    for pair in ((a, b), (b, a))
)
_DENIED = re.compile(r"[不无未]|没有|拒绝|禁止")
_ALIKE = 0.3  # how much of what is said of a party must be said of the other one in the clause
_CLEARLY = 0.15  # and by how much more than it is said of the party itself
_PERHAPS = 0.7  # what remains of a likeness with what a party may do where it is named as an object
_INHERITED = 0.7  # what remains of a likeness with a part that does not name who acts
_WIDER = 0.85  # what remains of a likeness with words that stand behind the name of another party
_DENIES = 0.7  # what remains of a likeness where one side denies what the other affirms
_SAID = 3  # what says less than this is said of anybody


@dataclass(frozen=True, slots=True)
class Fact:
    """What a text says of a party: as one who acts, to whom something is done (`to`), who is done something (`done`), who has or
    gives leave (`of`), to whom it belongs (`owns`) or whom it concerns (`concerned`).

    `first` is what is said next to the name, where the verb is; `negative` whether it is denied; `wide` what
    is said up to the end of the part, other parties passed over; `perhaps`
    that the party may act where it is named as an object; `inherited` that it is not named in the part; `part` is
    where it stands.
    """

    role: str
    slot: str
    said: frozenset[str]
    first: frozenset[str]
    negative: bool = False
    wide: frozenset[str] = frozenset()
    perhaps: bool = False
    inherited: bool = False
    part: str = ""


@lru_cache(maxsize=2048)
def facts(text: str, introduced: str = "", inherit: bool = False) -> tuple[Fact, ...]:
    """What a text says of each party it names.

    With `inherit`, a part that names nobody who acts is said of whom the part before it, or the lead-in `introduced`, says acts.
    """
    found: list[Fact] = []
    acting = _last_actor(plain(introduced))
    for sentence in sentences_of(plain(text)):
        before = ""
        for part in parts_of(sentence):
            found.extend(replace(fact, part=part) for fact in _facts_in(part, before))
            acting = actor(part) or acting
            if inherit and acting and actor(part) is None:
                said, denied, named = content(_bare(part)), bool(_DENIED.search(part)), bool(PARTY.search(part))
                found.append(Fact(acting, "acts", said, content(_start(part)), denied, perhaps=named, inherited=True))
            before = part
        acting = acting if sentence.endswith(":") else None
    return tuple(fact for fact in found if weight(fact.said) >= _SAID)


def _last_actor(lead_in: str) -> str | None:
    acting = None
    for sentence in sentences_of(lead_in):
        for part in parts_of(sentence):
            acting = actor(part) or acting
    return acting


def _facts_in(part: str, previous: str) -> list[Fact]:
    mentions = list(PARTY.finditer(part))
    slots: list[str] = []
    for at, mention in enumerate(mentions):
        joined = at and _JOINED.fullmatch(part[mentions[at - 1].end() : mention.start()])
        slots.append("with" if joined and slots[-1] in ("acts", "with") else slot_of(part, mention))
    found: list[Fact] = []
    for at, (mention, slot) in enumerate(zip(mentions, slots, strict=True)):
        before, after = part[: mention.start()], part[mention.end() :]
        if slot == "of":
            said = content(without_parties(after)[:7])
            found.append(Fact(str(mention.lastgroup), slot, said, said))
            continue
        if slot == "suffers":
            said = content(_bare(after))
            found.append(Fact(str(mention.lastgroup), slot, said, said))
            continue
        if slot == "with":
            continue
        if slot in ("owns", "concerned"):
            said = content(_bare(before)) or content(_bare(previous))
            found.append(Fact(str(mention.lastgroup), slot, said, said, bool(_DENIED.search(after[:2]))))
            continue
        if slot == "done":
            said = content(without_parties(before)[-5:])
            found.append(Fact(str(mention.lastgroup), slot, said, said))
            behind = content(_bare(f"{before},{after}" if _OF_THEM.search(before) else after))
            found.append(
                Fact(str(mention.lastgroup), "acts", behind, content(_start(after)), bool(_DENIED.search(after)), behind, perhaps=True)
            )
            continue
        upto = next(
            (other.start() for other, its in zip(mentions[at + 1 :], slots[at + 1 :], strict=True) if its in ("acts", "done")), len(part)
        )
        own = without_parties(part[mention.end() : upto])
        if not ACTS.match(after) and (of := _OF.search(own)):
            own = own[: of.start()]
        said = content(_bare(own))
        if BY.search(before):
            said |= content(_bare(before))
        if weight(said) <= _SAID and BY.search(before) and not previous.endswith(":") and actor(previous) is None:
            said |= content(_bare(previous))
        wide = said | content(_bare(part[mention.end() :]))
        found.append(Fact(str(mention.lastgroup), slot, said, content(_start(own)), bool(_DENIED.search(own)), wide))
    return found


def _bare(text: str) -> str:
    """A text without the parties and without what is allowed, required or denied of them."""
    return _MODALS.sub(" ", without_parties(text))


def _start(text: str) -> str:
    """The first words that carry meaning."""
    start = _bare(text).replace(" ", "")
    return "" if _AIDE.match(start) else start[:6]


def swapped_in(statement: str, sources: Sequence[tuple[str, str]]) -> bool:
    """Whether the statement says of one side what the clauses say of the other, and not of that side itself.

    `sources` are pairs of a lead-in and the text under it.
    """
    theirs = [fact for lead_in, text in sources for fact in (*facts(lead_in, "", True), *facts(text, lead_in, True))]
    there = {part for source in sources for text in source for sentence in sentences_of(plain(text)) for part in parts_of(sentence)}
    return any(_swapped(mine, theirs) for mine in facts(statement) if not mine.perhaps and mine.part not in there)


def _swapped(mine: Fact, theirs: Sequence[Fact]) -> bool:
    own = against = 0.0
    for other in theirs:
        if other.slot == mine.slot:
            alike = _alike(mine, other)
            if opposed(mine.role, other.role) and (
                _converse(mine, other) or ("third" in (mine.role, other.role) and weight(mine.said) < 2 * _SAID)
            ):
                continue
            if opposed(mine.role, other.role):
                if other.perhaps:
                    continue
                doubt = (1.0 if mine.negative == other.negative else _DENIES) * (_INHERITED if other.inherited else 1.0)
                against = max(against, alike * doubt)
            else:
                own = max(own, alike * (_PERHAPS if other.perhaps else 1.0))
    return against >= _ALIKE and against >= own + _CLEARLY


def _converse(mine: Fact, other: Fact) -> bool:
    """Whether the one does what the other is the other end of: 收取 and 支付, 提供 and 接受."""
    return any(a in mine.said and a not in other.said and b in other.said and b not in mine.said for a, b in _CONVERSE)


def _alike(mine: Fact, other: Fact) -> float:
    """How much two facts say the same of whomever; the words next to the name count for more than the others."""
    said = max(held(mine.said, other.said), _WIDER * held(mine.said, other.wide))
    if mine.slot == "concerned":
        return max(said, 0.5)  # whom a thing concerns or does not: there is little else to say
    if not mine.first or not other.first:
        return said
    return 0.6 * said + 0.2 * (held(mine.first, other.first) + held(other.first, mine.first))
