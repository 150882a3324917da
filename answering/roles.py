"""The parties that a contract names, the sides they are of, and what a part of a sentence makes of each: who acts, who is done something.

Everything here works on normalised text, in which 你 stands for 您.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# The sides, in normalised spelling (你 for 您). A noun made with a party's name (用户信息, 腾讯产品) is no party.
_ROLES: Sequence[tuple[str, str]] = (
    ("all", r"双方|各方|任[何一]+方|协议方|当事人"),
    ("one", r"另一方|一方|对方|相对方|受阻方"),
    ("third", r"(?:电信)?运营商|(?:该|任何|其他)?第三[方人者](?!产品|服务|软件|系统|网站|支付|应用|用户|支持)"),
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
        r"腾讯(?:公司|方|的?关联(?:方|公司|单位))?(?!乐享|企业|企点|微|云|服务|计算|平台|网站|产品|软件|协议|系统|业务|通讯|授权|合作|url|”)|我们|我[方司]|本公司|本平台方?"
        r"|平台(?=有权|可以|可能|将|会|应|须|不|无|负)|服务(?:商|提供[方者商])|运营[方者](?!商)",
    ),
)
PARTY = re.compile("|".join(f"(?P<{role}>{form})" for role, form in _ROLES))
_SIDES = ({"customer", "provider", "third"}, {"party_a", "party_b"}, {"discloser", "receiver"}, {"supplier", "taker"})

_HEADS = re.compile(
    r"^(?:但是?|且|并且?|而且?|则|故|如果?|若|因|当|即|否则|同时|此外|因此|由于|除非|一旦|经|由|在|对于|为|其中|和|及|与|或|,|\s)*$"
)
ACTS = re.compile(
    r"^(?:自行|均|亦|也|仍|同样|同意|承诺|保证|理解|确认|知悉)?(?:有权|无权|可|应|须|需|必须|不|无|未|将|会|能|要|得|负|承担|自行|已|均|亦|也|仍|概)"
)
_MUST = re.compile(r"^(?:有权|无权|可以|应|须|必须|不得|不能|将|会)")
_SUFFERS = re.compile(r"^(?:可能|可以|会|将|有可能)*被")
_TO = re.compile(r"(?:向|给|对|为|与|和|同|跟|替|帮)$")
BY = re.compile(r"(?:由|被|经)$")
_ASKED = re.compile(r"(?:经|征得|取得|得到|获得|征求|征询|没有|无)$")  # 未经您同意: whose leave it takes
_LEAVE = re.compile(r"(?:的|事先|书面|明确|另行|单独|明示)*(?:同意|许可|授权|批准|允许|认可)")
_OWNED = re.compile(r"(?:归|属于|归属于?|属)$")
_LETS = re.compile(r"(?:视作|算作?|构成|以|因|如|若|当|供|只能|允许|同意|要求|委托|请|致|使|视为|即|但|且|则|而|并|关于)$")


def without_parties(text: str) -> str:
    """A normalised text without the names of the parties."""
    return PARTY.sub(" ", text)


def actor(part: str, before: int | None = None) -> str | None:
    """The side that acts in a part, or at a place of it: the last one named before that place; None where none acts."""
    acting = [mention for mention in PARTY.finditer(part) if slot_of(part, mention) == "acts"]
    if before is not None:
        chosen = [mention for mention in acting if mention.end() <= before][-1:]
    else:
        modal = [mention for mention in acting if ACTS.match(part[mention.end() :])]
        chosen = [mention for mention in acting if _HEADS.match(part[: mention.start()])] or modal or acting
    return str(chosen[0].lastgroup) if chosen else None


def sole_actor(part: str) -> str | None:
    """The side that acts in a part where no more than one does."""
    acting = {str(mention.lastgroup) for mention in PARTY.finditer(part) if slot_of(part, mention) == "acts"}
    return acting.pop() if len(acting) == 1 else None


def opposed(one: str | None, other: str | None) -> bool:
    """Whether two sides stand against each other."""
    return one is not None and other is not None and one != other and any({one, other} <= side for side in _SIDES)


def slot_of(part: str, mention: re.Match[str]) -> str:
    """What a part makes of a party it names: it `acts`, something is done `to` it or `done` with it, it `suffers` something, something
    is `of` it (also its leave), it `owns` something, or it is `concerned`.
    """
    before, after = part[: mention.start()], part[mention.end() :]
    if after[:1] in ("的", "之") or (_ASKED.search(before) and _LEAVE.match(after)):
        return "of"
    if _OWNED.search(before):
        return "owns"
    if _TO.search(before) and after.startswith(("无关", "有关")):
        return "concerned"
    if _TO.search(before) and not _MUST.match(after):
        return "to"
    if _SUFFERS.match(after):
        return "suffers"
    acts = _HEADS.match(before) or BY.search(before) or _LETS.search(before) or ACTS.match(after)
    return "acts" if acts else "done"
