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
_THEN = re.compile(r"(?<=..)(?<![规原准细否法守总附])则(?=[需应可不视由为有无须将会按])")  # 若…则…: a condition and what follows from it
_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+(?:[.@_-][a-z0-9]+)*")
# Particles part words; they and what modals and negations are made of weigh nothing when contents are compared.
_PARTICLES = frozenset("的了在和与及或之其也都即就且并而则该此这那给向均亦仍以于由被把")
_EMPTY = _PARTICLES | frozenset("为将对等所有可会要需应当须不无未没非得能你我他们个")
_EMPTY_PAIRS = frozenset(first + second for first in _EMPTY for second in _EMPTY)
_BETWEEN = re.compile(f"[{''.join(sorted(_PARTICLES))}]")
_CONNECTIVE = re.compile(r"^(?:其中|同时|但是?|此外|另外|因此|因而|例如|否则|如|即|且|并|或|和|及|以及|而且|并且|特别地|为免歧义)?[ :]*$")
# Words that can be left out or put in without changing what is said.
LIGHT = re.compile(
    r"自行|自己|独立|独自|单独|立即|立刻|马上|及时|尽快|随时|任何|一切|全部|所有|该等|上述|前述|相应|相关|进行|形式|本人|之后|以后|双方均"
)
# What contracts and people say in different words, brought to one: only where the words share too little.
_SYNONYMS: tuple[tuple[str, str], ...] = (
    ("支付", r"缴纳|缴费|交费|付费|付款|支付|(?<![支交缴垫])付(?![款费])"),
    ("损失", r"(?:受到|遭受|造成|蒙受|有)?(?:损坏|损害|损失)|受损"),
    ("负责任", r"负责(?!任)|(?<!承)担责(?!任)"),
    ("负", r"承担"),
    ("赔偿", r"(?<!索)赔(?!偿)"),
    ("违约", r"违反本?(?:协议|合同)的?(?:约定|规定)?|违反约定"),
    ("协议", r"合同"),
    ("他人", r"别人|其他人"),
    ("回收", r"收回"),
    ("报告", r"汇报|上报"),
    ("取得", r"征得|获得|得到|获取"),
    ("中国", r"中华人民共和国"),
    ("退款", r"退还|退回|返还|退费|退钱|退(?![款还回订休出])"),
)
_SAME = re.compile("|".join(f"({form})" for _, form in _SYNONYMS))


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
    pieces = [piece for text in (outside, *aside) for piece in _PART.findall(_THEN.sub(",则", text))]
    return [piece.strip() for piece in pieces if not _CONNECTIVE.match(piece.strip())]


@lru_cache(maxsize=8192)
def content(text: str) -> frozenset[str]:
    """What a normalised text speaks of: its characters that carry meaning, pairs of neighbours, and Latin words whole."""
    text = LIGHT.sub("", _SAME.sub(lambda match: _SYNONYMS[(match.lastindex or 1) - 1][0], text))
    found: set[str] = set()
    for run in _RUN.findall(text):
        if run[0] < "\u3400":
            found.add(run)
            continue
        found |= set(run) - _EMPTY
        for piece in _BETWEEN.split(run):
            found |= set(map(str.__add__, piece, piece[1:])) - _EMPTY_PAIRS
    return frozenset(found)


def held(mine: frozenset[str], theirs: frozenset[str]) -> float:
    """The share of `mine` that stands in `theirs`, pairs counting double; 0 where there is nothing to share."""
    total = weight(mine)
    return weight(mine & theirs) / total if total else 0.0


def weight(tokens: frozenset[str]) -> int:
    """How much a text says: one for a character, two for a pair or a Latin word."""
    return sum(2 if len(token) > 1 else 1 for token in tokens)
