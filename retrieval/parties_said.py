"""Who concludes an agreement, in the words of its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from retrieval.clause import Clause
from retrieval.facts import Fact, FactKind
from retrieval.sentences import sentence_spans

_DOCUMENT = (
    r"(?:本(?:用户|服务|隐私|使用|许可|合作|补充|平台)*(?:协议|合同|条款|契约|政策|声明)|《[^《》]{2,40}》(?:[（(][^（）()]{0,20}[）)])?)"
)
_BRACKET = r"[（(][^（）()]{0,40}[）)]"
_ONE = rf"(?:[^，,。；;：:（）()\n与和]|{_BRACKET}){{1,60}}?(?:{_BRACKET})?"
# 本协议是您与腾讯之间关于…所订立的协议, 本协议由甲与乙共同缔结, 本协议双方为 A 和 B
_BETWEEN = re.compile(
    rf"{_DOCUMENT}[^，。；\n]{{0,12}}?(?:是由|系由|是|系|由|为)\s*(?P<one>{_ONE})\s*(?:与|和)\s*(?P<other>{_ONE})\s*"
    r"(?:之间|双方|共同|就|关于|(?:所|平等|自愿|协商|一致)*(?:订立|签订|签署|缔结|达成))"
)
_BOTH = re.compile(
    rf"{_DOCUMENT}(?:的)?(?:签约|缔约)?(?:双方|各方|主体)(?:为|是|系|：)\s*(?P<one>{_ONE})\s*(?:与|和)\s*(?P<other>{_ONE})\s*(?=[，。；\n]|$)"
)
# 构成你或你所代表的实体（以下简称“用户”）与甲公司（以下简称“甲”）之间的协议
_WITH = re.compile(
    rf"(?P<one>{_ONE})\s*[与和]\s*(?P<other>[^，。；：（）()\n与和]{{2,40}}{_BRACKET})\s*之间[^，。；\n]{{0,20}}?(?:协议|合同|约定|文件)"
)
# 甲方（用人单位）：某某公司
_ROLE = re.compile(
    r"(?:^|\n|(?<=[\s　|]))\s*(?:(?P<before>[\u4e00-\u9fff]{1,6})\s*[（(]\s*)?(?P<role>[甲乙丙丁]\s*方)\s*[）)]?\s*"
    r"(?:[（(](?P<what>[^（）()\n]{1,20})[）)])?\s*(?:名称|全称)?\s*[：:|]\s*(?P<name>[^\n|；;。]{0,60})"
)
_COMPANY = r"[\u4e00-\u9fff][\u4e00-\u9fff（）()·A-Za-z0-9]{1,38}?(?:公司|合伙企业|事务所|工作室|研究院|银行|医院|大学|基金会|研究所)"
# 某某公司（以下简称“我们”）
_WE = re.compile(
    rf"(?P<name>{_COMPANY})(?:及其?(?:关联(?:方|公司|企业)|附属公司|子公司))?\s*[（(]\s*(?:以下|下文)?(?:统称|简称|合称|称)?\s*(?:为|作)?\s*[：:]?\s*[^（）()]{{0,30}}?[“\"「]?(?:我们|本公司|甲方|乙方|公司)[”\"」]?\s*[）)]"
)
_PRONOUN = re.compile(r"(?:您|你|用户|客户|会员|商户|企业用户|开发者|使用者)$")
_ALIAS = re.compile(
    r"[（(]\s*(?:以下|下文|下称|即|统称|简称|称|为|：|:|\s)*[“\"「]?(?P<alias>[^（）()“”\"「」，,]{1,20}?)[”\"」]?(?:\s*或\s*[“\"「]?[^（）()]{1,20}?)?[）)]"
)
_BLANK = re.compile(r"[_＿ˍ—\s…\.．*×xX【】\[\]（）()]+")
_LONGEST = 40
_FIRST, _LAST = 12, 4  # clauses in which parties are named
_ACTING = re.compile(r"[\u4e00-\u9fffA-Za-z]{1,12}(?:开发者|开发团队|运营者|运营方|经营者|所有者|团队)$")


def parties_said(clauses: Sequence[Clause]) -> list[Fact]:
    """The parties in the order named: two at least, or one company that speaks of itself as 我们; none where the text does not say."""
    body = [clause for clause in clauses if not clause.annex]
    roles = list(_roles(body))
    if len({fact.value for fact in roles}) >= 2:
        return _once(roles)
    for clause in body[: max(_FIRST, len(body) // 4)]:
        for start, end in sentence_spans(clause.text):
            sentence = clause.text[start:end]
            for form in (_BETWEEN, _BOTH, _WITH):
                if (found := form.search(sentence)) and (two := _two(found, body)):
                    return [Fact(FactKind.PARTY, name, clause.id, sentence) for name in two]
    for clause in body[:_FIRST]:
        for start, end in sentence_spans(clause.text):
            if found := _WE.search(clause.text, start, end):
                if name := _company(found["name"]):
                    return [Fact(FactKind.PARTY, name, clause.id, clause.text[start:end])]
    return []


def _roles(body: Sequence[Clause]) -> Iterator[Fact]:
    """甲方：… at the head and at the foot of a contract."""
    seen: dict[str, Fact] = {}
    for clause in [*body[:_FIRST], *body[_FIRST:][-_LAST:]]:
        for found in _ROLE.finditer(clause.content):
            role = re.sub(r"\s", "", found["role"])
            name = re.split(
                r"\s{2,}|　|\s*[（(](?:盖章|签字|签章|公章|以下)|\s+(?:联系)?(?:地址|电话)|[甲乙丙丁]方", found["name"].strip()
            )[0].strip()
            shown = name if name and not _BLANK.fullmatch(name) and not re.search(r"__|[{}$<>]|^[：:，,]", name) else ""
            what = (found["what"] or found["before"] or "").strip()
            what = "" if re.search("盖章|签|章|以下|简称|下称|全称|名称", what) else what
            inner = shown or what
            value = f"{role}（{inner}）" if inner and len(inner) <= _LONGEST else role
            if role not in seen or (shown and seen[role].value == role):
                seen[role] = Fact(FactKind.PARTY, value, clause.id, found.group().strip())
    if "甲方" in seen and "乙方" in seen:
        yield from (seen[role] for role in sorted(seen, key="甲乙丙丁".find))


def _two(found: re.Match[str], body: Sequence[Clause]) -> list[str]:
    """The two names of a match as they are told, none where one of them is not a name."""
    names = [_name(found[group], body) for group in ("one", "other")]
    if "我们" in names:
        names = [_ourselves(body) if name == "我们" else name for name in names]
    told = [name for name in names if name]
    return told if len(told) == 2 and told[0] != told[1] else []


def _ourselves(body: Sequence[Clause]) -> str | None:
    """The company that speaks of itself as 我们."""
    found = next((found for clause in body[:_FIRST] if (found := _WE.search(clause.text))), None)
    return _company(found["name"]) if found else None


def _name(written: str, body: Sequence[Clause]) -> str | None:
    """您（“用户”） → 您（用户）; 深圳市某某公司（以下简称“某某”） → 深圳市某某公司; None for words that name nobody."""
    written = written.strip()
    alias = _ALIAS.search(written)
    if alias and _PRONOUN.fullmatch(alias["alias"]) and not _PRONOUN.fullmatch(written[: alias.start()].strip()):
        return alias["alias"] if not _company(written[: alias.start()]) else None
    bare = re.sub(_BRACKET, "", written).strip(' 　“”"「」*《》')
    if not 1 <= len(bare) <= _LONGEST or re.search(r"[，。；：]|协议|合同|条款|规则|^(?:任何|其他|双方|各方|上述|前述|该|其|所有)", bare):
        return None
    if _PRONOUN.fullmatch(bare):
        return f"{bare}（{alias['alias'].strip()}）" if alias else bare
    if company := _company(bare):
        return company
    if bare == "我们" or _ACTING.fullmatch(bare):
        return bare
    used = sum(clause.text.count(bare) for clause in body)
    return (
        bare
        if used >= 2 and re.fullmatch(r"[\u4e00-\u9fffA-Za-z0-9（）()·. ]{2,20}", bare) and not re.search("的|使用|服务|提供", bare)
        else None
    )


def _company(name: str) -> str | None:
    """The company's name without the words in front of it: 欢迎使用由甲公司 → 甲公司."""
    name = re.split(r"(?:欢迎(?:您|你)?使用|由|与|和|是|指|即|为|系|的|：|:)", name)[-1].strip() if not name.startswith("和") else name
    return (
        name
        if re.fullmatch(_COMPANY, name) and len(name) >= 6 and not re.search("关联公司|子公司|第三方|^(?:本|该|某|各|其)", name)
        else None
    )


def _once(facts: Sequence[Fact]) -> list[Fact]:
    return list({fact.value: fact for fact in reversed(facts)}.values())[::-1]
