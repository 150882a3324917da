"""References: which clauses, and which other documents, the text of a clause speaks of."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retrieval.addresses import Address, addresses_in
from retrieval.clause import Agreement, Clause
from retrieval.places import Places, clean_heading, part_of
from retrieval.pointing import pointed_at, this
from retrieval.titles import Mention, Titles

_URL = re.compile(r"https?://[!-'*-~]+|[\w.+-]{1,64}@[\w-]+(?:\.\w+)+", re.A)
# What may stand between the document and the number: 通用服务协议 (https://…) 第 14.1 条, 《甲协议》的第五条.
_GAP = re.compile(r"\s*(?:[（(][^（）()]*[）)]\s*)*(?:中的?|项下的?|里的?|的|之)?\s*")
_TAIL = r"(?:中的?|项下的?|里的?|的|之)?\s*$"
_OWN = re.compile(
    rf"(?:上述|前述|本(?:(?![本第条款])[\u4e00-\u9fff]){{0,8}}?(?:协议|合同|条款|规则|声明|政策|规范|指引|办法|约定)(?P<body>正文)?|条款){_TAIL}"
)
_THIS = re.compile(r"本(?P<unit>条款?|款|附\s*[件录])(?:的|之)?\s*$")
_MAIN = re.compile(rf"(?:主(?:协议|合同)|正文){_TAIL}")
_THAT = re.compile(rf"(?:该|上述|前述)(?:协议|合同){_TAIL}")
# Numbers of what we cannot know: 补充协议第三条, 民法典第五百条.
_UNKNOWN = re.compile(
    rf"(?:(?:原|补充|框架|另一?|其他|相关|单独)的?(?:协议|合同)|(?:法典?|条例|办法|细则|准则|解释)|(?:暂行|管理|若干)规定){_TAIL}"
)
_WINDOW = 400  # characters before a number in which the document it is of is named, with what stands in brackets after that
_NEAREST = 8  # mentions
_QUOTED_HEADING = re.compile(r"\s*(?:关于|中的?|的|之|项下的?)?\s*[“\"「『](?P<heading>[^“”\"「」『』]{2,30})[”\"」』]")


@dataclass(frozen=True, slots=True)
class Reference:
    """Words of a clause's text that speak of another clause or document; `span` is where they stand in `Clause.text`.

    `agreement` is the key of the agreement spoken of, or a title where we hold none of that name. `clauses` are ids of it: several
    for a range and for a number printed twice, none where only the document is named. `resolved`: all that is named is there.
    """

    span: tuple[int, int]
    text: str
    agreement: str
    clauses: tuple[str, ...]
    resolved: bool


def references_of(clause: Clause, agreements: Sequence[Agreement], clauses: Iterable[Clause]) -> list[Reference]:
    """The references of one clause, in order. `clauses` are those of the library: what is not there is not found."""
    return References(agreements, clauses).of(clause)


def dangling(clauses: Iterable[Clause], agreements: Sequence[Agreement]) -> list[tuple[Clause, Reference]]:
    """The references to clauses that do not exist in an agreement we hold, each with the clause it stands in."""
    held = {agreement.key for agreement in agreements}
    clauses = list(clauses)
    references = References(agreements, clauses)
    return [(clause, found) for clause in clauses for found in references.of(clause) if not found.resolved and found.agreement in held]


class References:
    """Finds references in the clauses of one library; made once for many clauses."""

    def __init__(self, agreements: Sequence[Agreement], clauses: Iterable[Clause]) -> None:
        clauses = list(clauses)
        self._titles = Titles(agreements, clauses)
        keys = dict.fromkeys([*(agreement.key for agreement in agreements), *(clause.agreement for clause in clauses)])
        self._places = {key: Places(clause for clause in clauses if clause.agreement == key) for key in keys}

    def of(self, clause: Clause) -> list[Reference]:
        """The references of a clause, in order."""
        mentions = self._titles.mentions(clause)
        numbers, followed = self._numbers(clause, mentions)
        found = numbers + [document for mention in mentions if mention not in followed for document in self._document(clause, mention)]
        taken = bytearray(len(clause.text))
        for reference in found:
            taken[slice(*reference.span)] = b"\1" * (reference.span[1] - reference.span[0])
        for to in pointed_at(clause, self._places[clause.agreement]):
            if not any(taken[to.start : to.end]):
                taken[to.start : to.end] = b"\1" * (to.end - to.start)
                ids = tuple(one.id for one in to.clauses)
                found.append(Reference((to.start, to.end), clause.text[to.start : to.end], clause.agreement, ids, True))
        return sorted(found, key=lambda reference: reference.span)

    def _numbers(self, clause: Clause, mentions: Sequence[Mention]) -> tuple[list[Reference], set[Mention]]:
        """The references by number, and the mentions of documents whose numbers they are."""
        found: list[Reference] = []
        followed: set[Mention] = set()
        starts = [mention.start for mention in mentions]
        text = _URL.sub(lambda url: " " * len(url.group()), clause.text)
        owner: _Owner | None = None
        around: Sequence[Clause] = ()
        for address in addresses_in(text):
            named = mentions[: bisect_right(starts, address.start)]
            if any(address.start < mention.end for mention in named[-2:]):
                continue
            if not address.continues:
                owner = self._owner(clause, text, address.start, named)
                around = owner.around if owner else ()
            if owner is None:
                continue
            if owner.mention:
                followed.add(owner.mention)
            clauses, whole, end = self._look_up(address, owner, around)
            relative = address.steps[0].is_relative
            if relative and not whole and not around:
                continue  # a mere 第二款: of which clause cannot be told
            start = address.start if address.continues else max(owner.start, found[-1].span[1] if found else 0)
            found.append(Reference((start, end), clause.text[start:end], owner.agreement, tuple(one.id for one in clauses), whole))
            if not relative:
                outer = Address(address.start, end, address.steps[:1])
                around = self._look_up(outer, owner, ())[0]
        return found, followed

    def _look_up(self, address: Address, owner: _Owner, around: Sequence[Clause]) -> tuple[list[Clause], bool, int]:
        """The clauses an address means, whether all of it is there, and where the words for it end."""
        places = self._places.get(owner.agreement)
        if places is None:
            return [], False, address.end
        for annex in owner.parts:
            found, whole = places.find(address, annex, around or owner.near)
            if found:
                return found, whole, address.end
        if address.mark_at is not None:  # 6.1 (a) need not be item a of 6.1
            return self._look_up(Address(address.start, address.mark_at, address.steps[:-1]), owner, around)
        return [], False, address.end

    def _owner(self, clause: Clause, text: str, at: int, mentions: Sequence[Mention]) -> _Owner | None:
        """Whose clause a number at `at` is, `mentions` being those before it; None where that cannot be known."""
        begin = max(0, at - _WINDOW)
        near_by = [mention for mention in mentions[-_NEAREST:] if begin <= mention.end <= at]
        for mention in near_by:
            if _GAP.fullmatch(text, mention.end, at):
                return _Owner(mention.targets[0], mention.start, mention.annexes or (None,), mention=mention)
        key, part, places = clause.agreement, part_of(clause), self._places[clause.agreement]
        near = (clause, *reversed(places.links.parents(clause)))
        if found := _MAIN.search(text, begin, at):
            return _Owner(key, found.start()) if part else None
        if found := _THAT.search(text, begin, at):
            named = [mention for mention in mentions[-_NEAREST:] if mention.end <= found.start()]
            return _Owner(named[-1].targets[0], found.start(), named[-1].annexes or (None,)) if named else None
        if found := _THIS.search(text, begin, at):
            around = this(clause, found["unit"], places)
            return _Owner(key, found.start(), (part,) if found["unit"].startswith("附") else (part, None), around=tuple(around))
        if found := _OWN.search(text, begin, at):
            return _Owner(key, found.start(), (None,) if found["body"] else (part, None), near)
        return None if _UNKNOWN.search(text, begin, at) else _Owner(key, at, (part, None), near)

    def _document(self, clause: Clause, mention: Mention) -> list[Reference]:
        """A document named without a number; with a heading of it in quotes, the clause of that heading."""
        end = mention.end
        found: list[Reference] = []
        for target in mention.targets:
            places = self._places.get(target)
            ids = [one.id for one in places.annexes(None) if one.id in mention.annexes] if places and mention.annexes else []
            heading = _QUOTED_HEADING.match(clause.text, mention.end)
            if places and heading and (headed := places.headed(clean_heading(heading["heading"]), None)):
                ids, end = [one.id for one in headed], heading.end()
            resolved = places is not None and len(ids) >= len(mention.annexes)
            found.append(Reference((mention.start, end), clause.text[mention.start : end], target, tuple(ids), resolved))
        return found


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose clause a number is: the agreement, and where the words that say so begin.

    `parts` are where it is looked for, in this order: annexes by id, None for the body. `near` are the clauses, the nearest first, in
    which a mere 第二款 may count; `around` those in which it must, as after 本条.
    """

    agreement: str
    start: int
    parts: tuple[str | None, ...] = (None,)
    near: tuple[Clause, ...] = ()
    around: tuple[Clause, ...] = ()
    mention: Mention | None = None
