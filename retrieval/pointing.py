"""Words that point at a clause without its number: 本条, 前款, 上述服务时段, 依据“保密条款”的约定; only where it can be told at which."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retrieval.clause import Clause, Kind
from retrieval.places import Places, clean_heading, part_of

_THIS = re.compile(
    r"本(?P<unit>条款|条(?![件例形码目线])(?!信息|消息|数据|记录|评论|短信)|款(?=[所规约的中之内，。、；])|项(?=[所规约的之，。、；])|章(?!程)|附\s*[件录])"
)
_BEFORE = re.compile(
    r"(?<![以线网之目提当])(?:前|上)(?:一|(?P<count>[两二三四五六]))?(?P<unit>条(?![款件例形码])|款(?![项式额])|项(?=[所规约的之，。、；]))"
)
_ABOVE = re.compile(r"(?:前述|上述|以上)\s*(?P<named>[^，。；：、\s]+)")
_ABOVE_RULES = re.compile(r"(?:前述|上述|以上)[^，。；：、\n第\d]{0,6}?(?:约定|规定|条款)")
_ABOVE_QUOTED = re.compile(r"(?:前述|上述|以上)\s*(?:[、，和与及或]?\s*[“\"「『][^“”\"「」『』\n]{1,30}[”\"」』])+")
_HEADING = re.compile(
    r"(?P<lead>[详另参]?[见照]|依据|依照|按照|根据|违反|适用)?(?P<words>(?P<own>本(?:协议|合同))?(?:关于|中的?|的|之)?\s*"
    r"[“\"「『【](?P<heading>[^“”\"「」『』【】]{2,30})[”\"」』】]\s*(?:条款|部分|章节|一[章节条]|的?(?:规定|约定))?)"
)
_COUNTS = {"两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6}
_OPENING = 20  # characters; longer words in front of 上述规定 may hold what it means


@dataclass(frozen=True, slots=True)
class Pointed:
    """Words at a span of a clause's text and the clauses of its agreement that they mean, at least one."""

    start: int
    end: int
    clauses: tuple[Clause, ...]


def pointed_at(clause: Clause, places: Places) -> Iterator[Pointed]:
    """What the text of a clause points at without a number, in no particular order."""
    for found in _THIS.finditer(clause.text):
        yield from _pointed(found, this(clause, found["unit"], places))
    for found in _BEFORE.finditer(clause.text):
        count = _COUNTS.get(found["count"] or "", 1)
        yield from _pointed(found, _before(clause, found, count, places))
    for found in _ABOVE.finditer(clause.text):
        yield from _above_heading(clause, found, places)
    for found in _ABOVE_QUOTED.finditer(clause.text):
        yield from _pointed(found, _above_quoted(clause, found, places))
    for found in _ABOVE_RULES.finditer(clause.text):
        yield from _pointed(found, _above(clause, found.start(), places))
    for found in _HEADING.finditer(clause.text):
        heading = clean_heading(found["heading"]) if found["lead"] or found["own"] else ""
        if named := places.headed(heading, part_of(clause)) or places.headed(heading, None):
            yield Pointed(found.start("words"), found.end(), tuple(named))


def _pointed(found: re.Match[str], clauses: Sequence[Clause]) -> Iterator[Pointed]:
    if clauses:
        yield Pointed(found.start(), found.end(), tuple(clauses))


def this(clause: Clause, unit: str, places: Places) -> list[Clause]:
    """What 本条, 本条款, 本款, 本项, 本章 or 本附件 means in a clause.

    本条 is the article where articles are printed as 第三条. Elsewhere it is the nearest clause with a heading of its own, as in
    2.3 许可的范围 > 2.3.2 本条未明示授权的权利, and the clause itself where none has one.
    """
    upwards = [clause, *reversed(places.links.parents(clause))]
    standing = [above for above in upwards if above.kind is not Kind.ITEM]
    if unit.startswith("附"):
        return [above for above in upwards if above.kind is Kind.ANNEX]
    if unit == "章":
        return [above for above in upwards if above.number.endswith("章")][-1:]
    if unit == "项":
        return [clause] if clause.kind is Kind.ITEM else []
    if unit == "条":
        articles = [above for above in standing if above.number.startswith("第") and above.number.endswith("条")]
        headed = [above for above in standing if above.heading and above.kind in (Kind.CLAUSE, Kind.DEFINITION)]
        return (articles or headed or standing)[:1]
    return standing[:1]


def _before(clause: Clause, found: re.Match[str], count: int, places: Places) -> list[Clause]:
    """What 前条, 前款 or 前两项 means: so many of the same rank in front; 前款 is also an earlier paragraph of the clause itself."""
    unit = found["unit"]
    own = this(clause, unit, places)
    if not own:
        return []
    if unit == "款" and own[0] is clause and clause.text.find("\n", 0, found.start()) >= 0:
        return [clause]
    return places.earlier(own[0])[-count:]


def _above(clause: Clause, at: int, places: Places) -> list[Clause]:
    """What 上述约定 means at the opening of a paragraph: the clauses of the same rank before this one, or, in a paragraph that
    follows the last clause of a list, the clause that introduces the list. Further on it may mean what stands before it there."""
    begin = clause.text.rfind("\n", max(0, at - _OPENING - 1), at) + 1
    if at - begin > _OPENING or re.search("[。；]", clause.text[begin:at]):
        return []
    if not begin:
        return places.earlier(clause)
    parents = places.links.parents(clause)
    if parents and parents[-1].text.endswith(("：", ":")) and places.links.children(parents[-1])[-1].ref == clause.ref:
        return parents[-1:]
    return []


def _above_quoted(clause: Clause, found: re.Match[str], places: Places) -> list[Clause]:
    """The earlier clauses where the terms of 前述“企业账号”和“个人账号” last stood in quotes; none where that was in this clause."""
    terms = re.findall(r"[“\"「『][^“”\"「」『』]+[”\"」』]", found.group())
    meant = (places.quoted_before(clause, term, found.start()) for term in terms)
    return list(dict.fromkeys(other for other in meant if other))


def _above_heading(clause: Clause, found: re.Match[str], places: Places) -> Iterator[Pointed]:
    """上述服务时段, where an earlier clause of the same part is headed 服务时段."""
    if named := places.headed_before(clause, found["named"]):
        yield Pointed(found.start(), found.start("named") + len(named), tuple(places.headed(named, part_of(clause))))
