"""What people call an agreement: the product in its title, and what its text says that this is also called."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from retrieval.clause import Agreement, Clause
from retrieval.definitions import is_everyday
from retrieval.facts import Fact, FactKind
from retrieval.sentences import sentence_at

_SORT = re.compile(
    r"(?:协议书?|条款|规则|政策|声明|章程|须知|办法|契约|守则|指引|\s+(?:Agreement|Contract|Policy|Terms(?:\s+of\s+(?:Use|Service))?))$",
    re.I,
)
# Words in front of it that say what sort of agreement it is, and not what it is about.
_TAIL = re.compile(
    r"(?:[ 　·:：|\-—_]|最终|个人信息|用户|会员|客户|注册|账号|帐号|隐私权?|信息|数据|安全|保护|处理|使用|许可|授权|服务|软件|平台|产品|应用|程序|功能|网站|APP|App|app"
    r"|开通|购买|付费|充值|直销|销售|采购|订购|框架|补充|合作|推广|代理|购销|买卖|租赁|劳动|劳务|聘用|保密|基本|通用|相关|试用|年度|及其?|与|和|的|之|企业级)+$"
)
_KIND = re.compile(
    r"(?:网络|在线|电子|企业|公司|商品|货物|房屋|车辆|技术|工程|施工|建设|专业|分包|委托|简易|标准|非标|安装|不含|含|[\s（）()])+"
)
_ALSO = (
    r"(?:以下简称|以下称|下称|简称|又名|又称|也称|亦称)\s*(?:为|作)?\s*[：:]?\s*[“\"「]?(?P<name>[^“”\"「」（）()，。；、\s]{2,12})[”\"」]?"
)
_OFFER = r"(?:软件|平台|服务|App|应用|产品|功能|小程序|网站|系统|公司|用户|（|\()"  # what a product is, and a sort of agreement is not
_SHORTEST, _LONGEST = 2, 16
_PROPER = 3  # characters; without a company's name in front of it, what is shorter is a word of many questions
_MARKS = "《》“”\"' 　·:：-—"
_WE = re.compile(r"(?:我们|本.*|您|你|用户|公司|平台|服务|软件|产品|协议|.*(?:协议|合同|条款|政策|规则|公司))")


def names_said(agreement: Agreement, clauses: Sequence[Clause], parties: Collection[str], taken: Collection[str]) -> list[Fact]:
    """Names that no other agreement has (`taken`, in small letters) and this one does not have yet, the shortest last.

    The product is what is left of the title without the words for the sort of agreement; a name must be one, which the text speaks of as a
    product or in quotes: what would only be a word of other people's questions is none. `parties` are names of parties, which the title may begin with.
    """
    if not _SORT.search(agreement.title.strip()):
        return []
    subject = _SORT.sub("", agreement.title.strip()).strip(_MARKS)
    found: dict[str, Fact] = {}
    for name, clause, sentence in _candidates(subject, clauses, parties):
        known = {one.lower() for one in (*agreement.names, agreement.title)}
        if _fits(name) and name.lower() not in known and name.lower() not in taken:
            found.setdefault(name, Fact(FactKind.NAME, name, clause, sentence))
    return list(found.values())


def _candidates(subject: str, clauses: Sequence[Clause], parties: Collection[str]) -> Iterator[tuple[str, str, str]]:
    product = _TAIL.sub("", subject).strip(_MARKS)
    aliases = list(dict.fromkeys(_aliases(parties, clauses)))
    if not product or _KIND.fullmatch(product) or product in aliases:
        return
    whole = _proper(subject, product)
    spoken = [clause for clause in clauses if whole and whole in clause.text]
    offered = re.compile(rf"{re.escape(whole)}\s*{_OFFER}|[“\"「]{re.escape(whole)}[”\"」]", re.I)
    if any(offered.search(clause.text) for clause in spoken):
        yield whole, "", ""
        party = next((short for short in aliases if product.startswith(short) and len(product) - len(short) >= _SHORTEST), "")
        if party:
            yield product[len(party) :], "", ""
    also = re.compile(rf"{re.escape(product)}(?:[^，。；（）()\n]{{0,8}}[（(]\s*|\s*[：:，,]?\s*){_ALSO}")
    for clause in clauses:
        for called in also.finditer(clause.text):
            name = called["name"]
            if _TAIL.sub("", name) == product:
                continue
            if (set(name) & set(product) or "名" in called.group()) and sum(name in other.text for other in clauses) >= 2:
                yield name, clause.id, sentence_at(clause.text, called.start())


def _proper(subject: str, product: str) -> str:
    """The product, with as many of the words behind it as make it no word of everyday: 云盘会员, of 云盘会员服务."""
    for size in range(len(product), len(subject) + 1):
        rest = subject[size:]
        if (
            size >= _PROPER
            and (not rest or _TAIL.fullmatch(rest))
            and (size == len(product) or _TAIL.fullmatch(subject[len(product) : size]))
        ):
            return subject[:size].strip(_MARKS)
    return ""


def _aliases(parties: Collection[str], clauses: Sequence[Clause]) -> Iterator[str]:
    """What the text calls its parties by: 腾讯 for 深圳市腾讯计算机系统有限公司."""
    for party in parties:
        yield party
        form = re.compile(
            rf"{re.escape(party)}\s*[（(]\s*(?:以下)?(?:简称|称|下称|统称)?\s*(?:为)?\s*[：:]?\s*[“\"「](?P<alias>[^“”\"「」]{{2,8}})[”\"」]"
        )
        for clause in clauses:
            if called := form.search(clause.text):
                yield called["alias"]
                break


def _fits(name: str) -> bool:
    return _SHORTEST <= len(name) <= _LONGEST and not is_everyday(name) and not _WE.fullmatch(name) and not _KIND.fullmatch(name)
