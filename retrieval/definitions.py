"""Definitions: the terms an agreement gives a meaning of its own, and which of them a text uses."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from retrieval.clause import Clause, Kind
from retrieval.sentences import sentence_spans

_QUOTED = r"[“\"「『‘]([^“”\"「」『』‘’\n]{1,30})[”\"」』’]"
_TERMS = rf"(?P<terms>{_QUOTED}(?:\s*(?:[、，,/]|或者?|和|及|以及|与)?\s*{_QUOTED})*)"
_MEANS = r"(?:是指|系指|均指|意指|意为|指的是|指(?![的定引令示导纹派明出数标向南甲望责挥点认教控]))"

# “保密信息”指…, “企业社区”（指…）, “服务水平协议”（见附件…）
_QUOTED_MEANS = re.compile(rf"{_TERMS}\s*(?:[，,：:（(]?\s*{_MEANS}|[（(]\s*(?:[详参]?见|即))")
# （以下简称“通用服务协议”）, 统称为“账号”或“腾讯乐享账号”, 又名“腾讯微校”, 即为“电子订单”
_CALLED = re.compile(rf"(?P<how>[简统合总下又亦全]称|以下称|又名|称[为作之]|即)\s*[为作是]?\s*[：:]?\s*{_TERMS}")
# （以下简称：企业微信帐号）, without quotes
_CALLED_BARE = re.compile(
    r"[（(]\s*(?:[以如]?下文?中?)?(?P<how>[简统合下]称)\s*[为作]?\s*[：:]?\s*(?P<terms>[^（）()“”\"「」『』，。；：\n]{1,20})[）)]"
)
# 任何个人信息（“个人信息”）
_IN_BRACKETS = re.compile(rf"(?<=[\u4e00-\u9fff])(?P<how>[（(])\s*{_TERMS}\s*[）)]")
# At the beginning of a sentence: 不可抗力是指…, 本条所述信息内容是指…, 企业用户管理员：指…, 某功能，是某服务的一部分，是指…
_OPENING = re.compile(
    r"(?:本(?:条|款|协议|合同|附件)?(?:所[述称指]|中|项下)的?\s*)?(?P<terms>[^，,。；;：:“”\"「」『』‘’（）()\n]{2,30}?)"
    rf"\s*(?:[，,：:]?\s*(?:是[^，。；]{{1,20}}[，,])?\s*(?:是指|系指|指的是)|[：:]\s*{_MEANS})"
)
_BARE_OPENING = re.compile(rf"(?P<terms>[^，,。；;：:“”\"「」『』‘’（）()\n的应可将按会由为对向在]{{2,12}}?){_MEANS}")
# A line of a list of definitions, some of which do not say 指: 腾讯微卡：又名…
_LINE = re.compile(r"[“\"「『]?(?P<terms>[^，,。；;：:“”\"「」『』‘’（）()\n]{2,20})[”\"」』]?[：:]\s*(?P<means>[是系]?指)?(?=\S)")
_ALTERNATIVES = re.compile(r"\s*(?:/|或者?|、)\s*")

# People and things every clause speaks of; what they mean in the agreement seldom answers a question.
_EVERYDAY = re.compile(r"[您你我他她它]们?|[甲乙丙丁双各][方]|本[\u4e00-\u9fff]{1,3}|用户|客户|公司")
_LOCAL = re.compile(r"本[条款项章]所")  # 本条所述信息内容是指…: elsewhere the words mean what they always do
_COMMON_SHARE, _COMMON_COUNT = 0.25, 10
# What a short name stands for: the words in front of （以下简称, back to the last stop.
_IN_FULL = re.compile(r"(?P<words>[^，,。；;：:\n]*?)[，,、\s]*(?:[（(][^（）()，。；]{0,6})?$")
_NEAR = 300  # characters before a short name in which the words stand that it is short for
_FULL_LENGTH = 20  # characters; in many more, the letters of a short name stand by chance


@dataclass(frozen=True, slots=True)
class Definition:
    """A term, the clause that defines it (`Clause.ref`) and the sentence of that clause which does, verbatim.

    `is_common`: it stands in so many clauses of its agreement that to explain it everywhere helps nobody. `explains`: the sentence
    says what is meant, and not only what is left out from now on, as in 腾讯乐享服务企业账号（以下简称“企业账号”）.
    """

    term: str
    clause: tuple[str, str]
    sentence: str
    is_common: bool = False
    explains: bool = True


def definitions(clauses: Iterable[Clause]) -> list[Definition]:
    """The definitions in these clauses, in order; a term defined in two clauses is there twice."""
    clauses = list(clauses)
    contents: dict[str, list[str]] = {}
    for clause in clauses:
        if clause.text:
            contents.setdefault(clause.agreement, []).append(_spelled(clause.content))
    found: dict[tuple[str, tuple[str, str]], Definition] = {}
    for clause in clauses:
        for term, sentence, explains in _defined_in(clause):
            if (term, clause.ref) in found and (found[term, clause.ref].explains or not explains):
                continue
            texts = contents.get(clause.agreement, [])
            uses = sum(_spelled(term) in text for text in texts)
            common = is_everyday(term) or (uses >= _COMMON_COUNT and uses > len(texts) * _COMMON_SHARE)
            found[term, clause.ref] = Definition(term, clause.ref, sentence, common, explains)
    return list(found.values())


def is_everyday(term: str) -> bool:
    """Whether a term is a word for people and things that every clause speaks of: 您, 甲方, 本协议, 用户."""
    return bool(_EVERYDAY.fullmatch(term))


def terms_in(text: str, known: Sequence[Definition], asked: str = "") -> list[Definition]:
    """Which of the definitions of an agreement a text uses, in the order used: the longest term at a place.

    Common terms are left out unless `asked`, a question about the text, uses them and they are more than everyday words. A term
    that the text itself defines is left out, one defined for its own clause only, and one whose definition explains nothing; of
    one defined in two clauses the first definition is given.
    """
    spelled = _spelled(text)
    first: dict[str, Definition] = {}
    for definition in known:
        if definition.explains and not _LOCAL.match(definition.sentence):
            first.setdefault(_spelled(definition.term), definition)
    own = {_spelled(definition.term) for definition in known if _spelled(definition.sentence) in spelled}
    pattern = _pattern({_spelled(definition.term) for definition in known})
    named = {found.group() for found in pattern.finditer(_spelled(asked))}
    used: dict[str, Definition] = {}
    for found in pattern.finditer(spelled):
        meant = first.get(found.group())
        if meant is None or found.group() in own:
            continue
        if not meant.is_common or (found.group() in named and not is_everyday(meant.term)):
            used.setdefault(found.group(), meant)
    return list(used.values())


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(terms, key=len, reverse=True)
    parts = [rf"(?<![a-z0-9]){re.escape(term)}(?![a-z0-9])" if term.isascii() else re.escape(term) for term in longest_first]
    return re.compile("|".join(parts) or r"(?!)")


def _spelled(text: str) -> str:
    """One spelling for what texts write in several ways: width and case of letters, white space, 帐号 for 账号."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).lower().replace("帐", "账")


def _defined_in(clause: Clause) -> Iterator[tuple[str, str, bool]]:
    """The terms a clause defines, each with its sentence, and whether that explains it."""
    text = clause.text
    if clause.kind is Kind.DEFINITION and text:
        yield clause.heading, text[slice(*sentence_spans(text)[0])], True
    spans = sentence_spans(text)
    starts = [start for start, _ in spans]

    def sentence(position: int) -> str:
        at = bisect_right(starts, position) - 1
        return text[slice(*spans[at])] if at >= 0 and position < spans[at][1] else ""

    for found in _QUOTED_MEANS.finditer(text):
        for term in re.findall(_QUOTED, found["terms"]):
            yield term.strip(), sentence(found.start()), True
    for form in (_CALLED, _IN_BRACKETS, _CALLED_BARE):
        for found in form.finditer(text):
            terms = _ALTERNATIVES.split(found["terms"]) if form is _CALLED_BARE else re.findall(_QUOTED, found["terms"])
            for term in terms:
                yield term.strip(), sentence(found.start()), not _only_shortens(term, found)
    for start, end in spans:
        opening = _OPENING.match(text, start, end) or _BARE_OPENING.match(text, start, end)
        for term in _ALTERNATIVES.split(opening["terms"]) if opening else ():
            yield term.strip(), text[start:end], True
    lines = [(line, begun) for line in text.split("\n") if (begun := _LINE.match(line))]
    if sum(bool(begun["means"]) for _, begun in lines) >= 2:
        for line, begun in lines:
            for term in _ALTERNATIVES.split(begun["terms"]):
                yield term.strip(), line[slice(*sentence_spans(line)[0])], True


def _only_shortens(term: str, called: re.Match[str]) -> bool:
    """Whether a name is made of the words it stands for: in one piece, or, where the text says that it is short for them, of their
    letters in order (腾讯乐享平台服务 → 腾讯乐享服务). A name for several things (统称) made of pieces of them still says which,
    unless they are only said to be those above."""
    before = _IN_FULL.search(called.string, max(0, called.start() - _NEAR), called.start())
    full, short = _spelled(before["words"]) if before else "", _spelled(term)
    if full.startswith(("前述", "上述", "以上")):
        return True
    full = full[-_FULL_LENGTH:]
    if short in full:
        return True
    letters = iter(full)
    return called["how"] in ("简称", "下称", "以下称") and all(letter in letters for letter in short)
