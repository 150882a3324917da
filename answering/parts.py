"""Sentences in their parts, and what two parts share: how a statement is laid against the clause it renders.

Chinese contracts run many predicates into one sentence, so a statement is compared with a clause part by part: what stands between
commas, semicolons, colons and brackets. Everything here works on normalised text (`retrieval.words.normalise`).
"""

from __future__ import annotations

import re
from functools import lru_cache

from retrieval.words import normalise

_BRACKETED = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_SENTENCE = re.compile(r"[^。!?\n]+[。!?]?")
_PART = re.compile(r"(?:[^,;:|。!?\n]|(?<=\d)[,:](?=\d)|(?<=[a-z]):(?=//))+[:]?")
_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+(?:[.@_-][a-z0-9]+)*")
# Characters that say how, not what: particles, pronouns, modals and negations. They weigh nothing when contents are compared.
_EMPTY = frozenset("的了在和与及或之其为将对等所于以由被把也都即就且并而则该此这那有可会要需应当须不无未没非得能你我他们个给向均亦仍")
# Words that can be left out or put in without changing what is said.
_LIGHT = re.compile(
    r"自行|自己|独立|独自|单独|立即|立刻|马上|及时|尽快|随时|任何|一切|全部|所有|该等|上述|前述|相应|相关|有关|进行|形式|本人|之后|以后|双方均"
)
# What contracts and people say in different words, brought to one: only where the words share too little.
_SYNONYMS = tuple(
    (re.compile(form), canonical)
    for form, canonical in (
        (r"缴纳|缴费|交费|付费|付款|支付", "支付"),
        (r"损坏|损害|受损", "损失"),
        (r"负责(?!任)|(?<!承)担责(?!任)", "负责任"),
        (r"承担", "负"),
        (r"合同", "协议"),
        (r"别人|其他人", "他人"),
        (r"收回", "回收"),
        (r"中华人民共和国", "中国"),
        (r"退还|退回|返还|退费|退钱", "退款"),
    )
)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """A text in the spelling that everything here is written for."""
    return normalise(text)


def sentences_of(text: str) -> list[str]:
    """The sentences of a normalised text, each with its mark."""
    return [found.group() for found in _SENTENCE.finditer(text) if found.group().strip(" 。")]


def parts_of(sentence: str) -> list[str]:
    """The parts of a normalised sentence in order; a bracket's content stands after the part it interrupts.

    A part that introduces what follows keeps its colon.
    """
    aside: list[str] = []

    def lift(found: re.Match[str]) -> str:
        if len(found.group(1)) > 3:
            aside.append(found.group(1))
            return ""
        return " "

    outside = _BRACKETED.sub(lift, sentence)
    pieces = [piece for text in (outside, *aside) for piece in _PART.findall(text)]
    return [piece.strip() for piece in pieces if piece.strip(" :")]


@lru_cache(maxsize=8192)
def content(text: str) -> frozenset[str]:
    """What a normalised text speaks of: its characters that carry meaning, pairs of neighbours, and Latin words whole."""
    for form, canonical in _SYNONYMS:
        text = form.sub(canonical, text)
    found: set[str] = set()
    for run in _RUN.findall(_LIGHT.sub("", text)):
        if run[0] < "\u3400":
            found.add(run)
            continue
        found.update(char for char in run if char not in _EMPTY)
        found.update(run[at : at + 2] for at in range(len(run) - 1) if run[at] not in _EMPTY and run[at + 1] not in _EMPTY)
    return frozenset(found)


def held(mine: frozenset[str], theirs: frozenset[str]) -> float:
    """The share of `mine` that stands in `theirs`, pairs counting double; 0 where there is nothing to share."""
    total = weight(mine)
    return weight(mine & theirs) / total if total else 0.0


def weight(tokens: frozenset[str]) -> int:
    """How much a text says: one for a character, two for a pair or a Latin word."""
    return sum(2 if len(token) > 1 else 1 for token in tokens)
