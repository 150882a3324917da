"""Whether a statement permits what a clause forbids, or the other way round.

Every predicate of the statement is laid against those of the clause that speak of the same, said of the same party, conditions against
conditions. It is reversed where what the clause says to the contrary is clearly nearer than what it says to the same effect.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from answering.marks import marks_in, without_marks
from answering.parts import content, held, parts_of, plain, sentences_of, weight
from answering.predicates import SAYS, Predicate, predicates, walk
from answering.roles import opposed, without_parties

_STOPS = re.compile(r"(?:停止|终止|中止|暂停|取消).{0,20}(?:提供|使用|服务)")
_ALIKE = 0.45  # a predicate of the clause that shares this much with a statement's speaks of the same
_HEAD = 0.5  # how much of what is denied must be spoken of on the other side
_PLAINLY = 0.65  # the same where the statement says it without any modal
_CLEARLY = 0.1  # by how much the opposite must be nearer than what agrees
_OTHERWISE = 0.85  # what remains of a likeness between a condition and what is no condition
_EXCEPTED = 0.4  # a condition that shares this much with an exception names it
_VERBATIM = 0.9  # predicates that share this much of each other are the same words
_WORDS = 0.97  # and so are whole parts


def reversed_in(statement: str, sources: Sequence[tuple[str, str]]) -> bool:
    """Whether a predicate of the statement has the opposite sign of what the clauses say about the same.

    `sources` are pairs of a lead-in and the text under it.
    """
    if _turned(statement, sources):
        return True
    there = {part for source in sources for text in source for sentence in sentences_of(plain(text)) for part in parts_of(sentence)}
    theirs = [predicate for lead_in, text in sources for predicate in (*predicates(lead_in), *predicates(text, lead_in))]
    mine = [one for one in predicates(statement) if one.part not in there]
    if not any(one.excepting for one in mine) and any(_names(one, other) for one in mine for other in theirs):
        return False  # the statement is about the exception: the rule holds the other way round
    if any(_contraposed(one, theirs) for one in mine):
        mine_now = [one for one in mine if not one.negative or not one.condition]
        return any(_opposed(one, mine, [o for o in theirs if not one.negative or o.part.startswith("否则")]) for one in mine_now)
    return any(_opposed(one, mine, theirs) for one in mine)


@lru_cache(maxsize=2048)
def _signs(text: str, introduced: str = "") -> tuple[tuple[frozenset[str], bool | None], ...]:
    """Of every part, what it says without its marks, and whether these deny it; None where what stands before it may do so."""
    found: list[tuple[frozenset[str], bool | None]] = []
    for place in walk(text, introduced):
        marks = marks_in(place.text)
        denied = sum(mark.negative for mark in marks) % 2 == 1
        found.append((content(without_marks(place.text, marks)), None if not marks and (place.under or place.unclear) else denied))
    return tuple(found)


def _turned(statement: str, sources: Sequence[tuple[str, str]]) -> bool:
    """Whether a part of the statement has the words of a part of the clauses, and what denies them in the one does not in the other."""
    theirs = [sign for lead_in, text in sources for sign in (*_signs(lead_in), *_signs(text, lead_in))]
    for words, denied in _signs(statement):
        if denied is not None and weight(words) >= 2 * SAYS:
            same = {other for others, other in theirs if min(held(words, others), held(others, words)) >= _WORDS}
            if same == {not denied}:
                return True
    return False


def _names(one: Predicate, other: Predicate) -> bool:
    """Whether a condition of the statement is one that the clause excepts."""
    if not one.condition or not other.excepting or one.negative != other.negative:
        return False
    return held(content(without_parties(one.part)), content(without_parties(other.part))) >= _EXCEPTED


def _contraposed(one: Predicate, theirs: Sequence[Predicate]) -> bool:
    """Whether the statement denies as a condition what the clause requires: 没有付款的，不会开通 for 付款之后，才开通."""
    if not one.condition or not one.negative:
        return False
    required = max((_alike(one, other) for other in theirs if not other.negative), default=0.0)
    denied = max((_alike(one, other) for other in theirs if other.negative), default=0.0)
    return required >= _ALIKE and required >= denied + _CLEARLY


def _opposed(one: Predicate, mine: Sequence[Predicate], theirs: Sequence[Predicate]) -> bool:
    """Whether what the clause says to the contrary is clearly nearer to a predicate of the statement than what it says to the same effect."""
    if one.either or weight(one.about) < SAYS:
        return False
    agreeing = opposing = 0.0
    for other in theirs:
        if opposed(one.actor, other.actor):
            continue
        alike = _alike(one, other)
        if other.either or other.negative == one.negative:
            if other.own is other.about or held(other.own, one.about) >= _HEAD:
                agreeing = max(agreeing, alike * (1.0 if one.condition == other.condition else _OTHERWISE))
        elif one.condition == other.condition and not other.excepting and alike > opposing and _denies(one, other, mine, theirs):
            opposing = alike
    return opposing >= _ALIKE and opposing >= agreeing + _CLEARLY


def _denies(one: Predicate, other: Predicate, mine: Sequence[Predicate], theirs: Sequence[Predicate]) -> bool:
    """Whether of two predicates of opposite sign the one denies just what the other says."""
    if min(held(one.about, other.about), held(other.about, one.about)) >= _VERBATIM:
        return True
    if (_STOPS.search(one.segment) is None) != (_STOPS.search(other.segment) is None):
        return False  # 不再提供 and 可以停止提供 are the same
    denied, said = (one, other) if one.negative else (other, one)
    spoken = max(held(said.head, denied.about), *(held(denies, said.behind) for denies in denied.denies))
    if one.marked:
        return spoken >= _HEAD
    return spoken >= _PLAINLY and not one.condition and not _rendered(other, one, mine, theirs)


def _rendered(other: Predicate, one: Predicate, mine: Sequence[Predicate], theirs: Sequence[Predicate]) -> bool:
    """Whether the statement says elsewhere, sign and all, what this predicate of the clause says, and that best of all."""
    alike = _alike(one, other)
    for elsewhere in mine:
        if elsewhere.part != one.part and elsewhere.negative == other.negative and (best := _alike(elsewhere, other)) >= alike:
            if all(_alike(elsewhere, rival) < best for rival in theirs if rival is not other and rival.negative == other.negative):
                return True
    return False


def _alike(one: Predicate, other: Predicate) -> float:
    """How much two predicates speak of the same: in what they are about, and in what stands right behind their marks."""
    about = max(held(one.about, other.about), held(other.about, one.about) if weight(other.about) > SAYS else 0.0)
    return 0.5 * about + 0.5 * held(one.head, other.about)
