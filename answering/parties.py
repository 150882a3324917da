"""Who does what to whom: the parties a text names, each with what is said of it, compared with what the clause says of each.

Contracts of every kind name two sides: 您 and 腾讯, 甲方 and 乙方, 披露方 and 接收方. A statement that gives one side's right or duty to the
other is wrong though every word of it stands in the clause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from answering.parts import content, held, parts_of, plain, sentences_of, weight

# The sides, in normalised spelling (你 for 您). A noun made with a party's name (用户信息, 腾讯产品) is no party.
_ROLES: Sequence[tuple[str, str]] = (
    ("all", r"双方|各方|任[何一]+方|协议方|当事人"),
    ("one", r"另一方|一方|对方|相对方|受阻方"),
    ("third", r"(?:该|任何|其他)?第三[方人者](?!产品|服务|软件|系统|网站|支付|应用|用户|支持)"),
    ("discloser", r"披露方"),
    ("receiver", r"接[收受]方"),
    ("party_a", r"甲方"),
    ("party_b", r"乙方"),
    ("supplier", r"卖方|出卖[方人]|出租[方人]|出借[方人]|贷款[方人]|许可方|保险人|承揽人"),
    ("taker", r"买方|购买方|买受人|承租[方人]|借款[方人]|被许可方|投保人|定作人"),
    (
        "customer",
        r"你(?:方|司|们)?|贵[方司]|(?:最终|个人|企业(?:微信)?|注册|所有|相关|违规)?用户(?!信息|隐私|数据|名|协议|体验|资料|终端|满意度|行为|申请|界面|评价|权益|内容|帐?账?号|密码)"
        r"|客户(?!端|服务|信息|资料|名称|简介|关系|管理|库|轨迹|行为|名单)|会员|消费者|企业用户管理员|管理员",
    ),
    (
        "provider",
        r"腾讯(?:公司|方)?(?!乐享|企业|企点|微|云|服务|计算|平台|网站|产品|软件|协议|系统|业务|通讯|授权|关联|的?关联|合作|url|”)|我们|我[方司]|本公司|本平台方?"
        r"|平台(?=有权|可以|可能|将|会|应|须|不|无|负)|服务(?:商|提供[方者商])|运营[方者商]",
    ),
)
_PARTY = re.compile("|".join(f"(?P<{role}>{form})" for role, form in _ROLES))
_SIDES = ({"customer", "provider", "third"}, {"party_a", "party_b"}, {"discloser", "receiver"}, {"supplier", "taker"})

_HEADS = re.compile(
    r"^(?:但是?|且|并且?|而且?|则|故|如果?|若|因|当|即|否则|同时|此外|因此|由于|除非|一旦|经|由|在|对于|为|其中|和|及|与|或|,|\s)*$"
)
_ACTS = re.compile(
    r"^(?:自行|均|亦|也|仍|同样|同意|承诺|保证|理解|确认|知悉)?(?:有权|无权|可|应|须|需|必须|不|无|未|将|会|能|要|得|负|承担|自行|已|均|亦|也|仍|概)"
)
_TO = re.compile(r"(?:向|给|对|为|与|和|同|跟|替|帮)$")
_BY = re.compile(r"(?:由|被|经|未经)$")
_MODALS = re.compile(r"有权|无权|可以|应当|应该|必须|不得|不会|不能|无需|需要|将会|自行|同意|承诺|保证|理解|确认|知悉|并|可|应|须|需|将|会|要|已|在|不|未|无|亦|均|也")
_ALIKE = 0.35  # how much of what is said of a party must be said of the other one in the clause
_CLEARLY = 0.15  # and by how much more than it is said of the party itself
_SAID = 3  # what says less than this is said of anybody


@dataclass(frozen=True, slots=True)
class Fact:
    """What a text says of a party: as one who acts, to whom something is done (`to`), who is done something (`done`), or who has (`of`).

    `first` is what is said next to the name, where the verb is.
    """

    role: str
    slot: str
    said: frozenset[str]
    first: frozenset[str]


def without_parties(text: str) -> str:
    """A normalised text without the names of the parties."""
    return _PARTY.sub(" ", text)


def actor(part: str) -> str | None:
    """The side that acts in a part: named at its head, by 由, or before a modal; None where none is."""
    return next((str(mention.lastgroup) for mention in _PARTY.finditer(part) if _slot(part, mention) == "acts"), None)


def opposed(one: str | None, other: str | None) -> bool:
    """Whether two sides stand against each other."""
    return one is not None and other is not None and one != other and any({one, other} <= side for side in _SIDES)


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
            found.extend(_facts_in(part, before))
            acting = actor(part) or acting
            if inherit and acting and actor(part) is None:
                found.append(Fact(acting, "acts", content(without_parties(part)), content(_start(part))))
            before = part
        acting = acting if sentence.endswith(":") else None
    return tuple(fact for fact in found if weight(fact.said) >= _SAID)


def _last_actor(lead_in: str) -> str | None:
    acting = None
    for sentence in sentences_of(lead_in):
        for part in parts_of(sentence):
            acting = actor(part) or acting
    return acting


def _slot(part: str, mention: re.Match[str]) -> str:
    before, after = part[: mention.start()], part[mention.end() :]
    if after[:1] in ("的", "之"):
        return "of"
    if _TO.search(before) and not _ACTS.match(after):
        return "to"
    return "acts" if _HEADS.match(before) or _BY.search(before) or _ACTS.match(after) else "done"


def _facts_in(part: str, previous: str) -> list[Fact]:
    mentions = list(_PARTY.finditer(part))
    slots = [_slot(part, mention) for mention in mentions]
    found: list[Fact] = []
    for at, (mention, slot) in enumerate(zip(mentions, slots, strict=True)):
        before, after = part[: mention.start()], part[mention.end() :]
        if slot == "of":
            said = content(without_parties(after)[:7])
            found.append(Fact(str(mention.lastgroup), slot, said, said))
            continue
        if slot == "done":
            said = content(without_parties(before)[-5:])
            found.append(Fact(str(mention.lastgroup), slot, said, said))
            continue
        upto = next((other.start() for other, its in zip(mentions[at + 1 :], slots[at + 1 :], strict=True) if its in ("acts", "done")), len(part))
        own = without_parties(part[mention.end() : upto])
        said = content(own)
        if _BY.search(before):
            said |= content(without_parties(before))
        if weight(said) < 2 * _SAID:
            said |= content(without_parties(previous))
        found.append(Fact(str(mention.lastgroup), slot, said, content(_start(own))))
    return found


def _start(text: str) -> str:
    """The first words that carry meaning."""
    return _MODALS.sub("", without_parties(text)).strip()[:6]


def swapped_in(statement: str, sources: Sequence[tuple[str, str]]) -> bool:
    """Whether the statement says of one side what the clauses say of the other, and not of that side itself.

    `sources` are pairs of a lead-in and the text under it.
    """
    theirs = [fact for lead_in, text in sources for fact in (*facts(lead_in, "", True), *facts(text, lead_in, True))]
    return any(_swapped(mine, theirs) for mine in facts(statement))


def _swapped(mine: Fact, theirs: Sequence[Fact]) -> bool:
    own = against = 0.0
    for other in theirs:
        if other.slot == mine.slot:
            alike = 0.6 * held(mine.said, other.said) + 0.4 * held(mine.first, other.said if not other.first else other.first)
            if opposed(mine.role, other.role):
                against = max(against, alike)
            else:
                own = max(own, alike)
    return against >= _ALIKE and against >= own + _CLEARLY
