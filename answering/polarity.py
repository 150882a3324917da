"""Whether a statement permits what a clause forbids, or the other way round: every predicate with its sign, laid against its like.

A text is taken apart into predicates: what stands from one modal or negation to the next. A predicate is negative when it is
forbidden, exempted or denied (不得转让, 无需退还, 不承担责任), positive otherwise (可以转让, 应当退还, 承担责任). A predicate of a statement
is compared with those of the clause that speak of the same; what stands on neither side of the line, such as the condition of
an exception, is compared with nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from answering.parts import content, held, parts_of, plain, sentences_of

# Words that hold a negative character and deny nothing, or nothing that could be turned round.
_LEXICAL = re.compile(
    r"不可抗[力拒]|不限于|不[时断同论管良当利法足满久仅但只妨]|不正当|不可?逆|不可分割|不定期|不特定|不[少低多高晚早]于|不超过|不(?:完整|准确|真实|齐全|一致|安全)"
    r"|不动产|不含|不包[括含]|未(?:满|成年|尽事宜|来|到期)|无论|无[息因形偿条]|无理由|非法|非(?:商业|排他|专有|独占|公开|盈利|营利|法人)性?|除非|莫不"
    r"|有效|无效|可能|许可|认可|可[靠行用]性|只有|不得不|非常|[并莫]非如此"
)
_NEGATIVE = (
    r"不得|不可以?|不能够?|不应(?:当|该)?|不允许|不准|不许|不会|不再|不予|不需要?|不必|不用|不须|无需|无须|毋须|无权|无法|无义务|没有义务|没有权利|"
    r"禁止|严禁|切?勿|拒绝|免于|免除|并非|不是|没有|未能?|没|不|无|非"
)
_POSITIVE = r"有权利?|可以|均可|方可|(?<![许认不只])可(?![见观比])|能够|(?<![功智性职技才])能(?![力源量])|必须|应当|应该|(?<![相适响对回供])应(?![用答急])|须|需要?(?!求)|准予|予以|允许|有义务|负有"
_MARK = re.compile(rf"(?P<negative>{_NEGATIVE})|(?P<positive>{_POSITIVE})")
_JOINED = re.compile(r"^[也亦均都将再并即则就已会自行事先主动得以]{0,2}$")  # what may stand between two marks of one predicate: 可以自行不…
_PROHIBITS = re.compile(r"不得|禁止|严禁|不应|不可以?|切?勿|不允许|(?:承诺|保证)[^,。]{0,4}不")
_EXCEPTS = re.compile(r"除外|^除|不适用")
_EITHER = re.compile(r"^(?:只有|仅当|除非|无论|不论|不管|是否)|(.{1,2})[或还]?不\1|是否")
_NEEDED = re.compile(r"方可|方能|才[能可会]|(?<!人)才(?!能[力])")

_ALIKE = 0.5  # a predicate of the clause that holds this much of a statement's speaks of the same
_HEAD = 0.34  # how much of what is denied must be spoken of on the other side
_CLEARLY = 0.12  # by how much the opposite must be nearer than what agrees


@dataclass(frozen=True, slots=True)
class Predicate:
    """One thing said: its sign, what it speaks of (the whole part), and what the mark stands before."""

    negative: bool
    marked: bool
    about: frozenset[str]
    head: frozenset[str]
    either: bool = False
    excepting: bool = False


@lru_cache(maxsize=2048)
def predicates(text: str, introduced: str = "") -> tuple[Predicate, ...]:
    """The predicates of a text. `introduced` is the lead-in of the list whose item the text is: a prohibition holds for its first sentence."""
    found: list[Predicate] = []
    under = _prohibition(plain(introduced))
    for sentence in sentences_of(plain(text)):
        for part in parts_of(sentence):
            found.extend(_predicates_in(part, under))
            if part.endswith(":"):
                under = under or bool(_PROHIBITS.search(sentence[: sentence.find(part) + len(part)]))
        under = under and sentence.endswith(":")
    return tuple(found)


def _prohibition(lead_in: str) -> bool:
    return any(_PROHIBITS.search(sentence) for sentence in lead_in.split("。") if sentence.rstrip().endswith(":"))


def _predicates_in(part: str, under: bool) -> list[Predicate]:
    masked = _LEXICAL.sub(lambda found: "〇" * len(found.group()), part)
    groups: list[tuple[int, int, bool]] = []  # start, end, negative
    for mark in _MARK.finditer(masked):
        negative = mark["negative"] is not None
        if groups and _JOINED.match(masked[groups[-1][1] : mark.start()]):
            start, _, before = groups[-1]
            groups[-1] = (start, mark.end(), before != negative)
        else:
            groups.append((mark.start(), mark.end(), negative))
    either = bool(_EITHER.search(part) or _NEEDED.search(part))
    excepting = bool(_EXCEPTS.search(part))
    about = content(part)
    if not groups:
        return [Predicate(under, False, about, about, either, excepting)] if about else []
    found = []
    for at, (start, end, negative) in enumerate(groups):
        until = groups[at + 1][0] if at + 1 < len(groups) else len(part)
        topic = part[:start] if at == 0 else ""
        head = content(part[end:until][:10])
        said = content(topic + "," + part[end:until])
        if said:
            found.append(Predicate(negative, True, said, head or said, either, excepting))
    return found


def reversed_in(statement: str, sources: Sequence[tuple[str, str]]) -> bool:
    """Whether a predicate of the statement has the opposite sign of what the clauses say about the same.

    `sources` are pairs of a lead-in and the text under it. A part that agrees as well as the opposite one does acquits; so does a
    condition of the statement that the clause names as an exception.
    """
    theirs = [predicate for lead_in, text in sources for predicate in (*predicates(lead_in), *predicates(text, lead_in))]
    mine = predicates(statement)
    exceptions = [other.about for other in theirs if other.excepting]
    excepted = any(not one.excepting and any(held(one.about, about) >= _ALIKE for about in exceptions) for one in mine)
    return any(_opposed(one, theirs) for one in mine) and not excepted


def _opposed(one: Predicate, theirs: Sequence[Predicate]) -> bool:
    if one.either:
        return False
    agreeing = opposing = 0.0
    for other in theirs:
        alike = held(one.about, other.about)
        if other.either or other.negative == one.negative:
            agreeing = max(agreeing, alike)
            continue
        denied, said = (one, other) if one.negative else (other, one)
        if held(denied.head, said.about) >= _HEAD:
            opposing = max(opposing, alike)
    return opposing >= _ALIKE and opposing >= agreeing + _CLEARLY
