"""The dates an agreement prints of itself: when it was signed, updated, and from when on it counts."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence

from retrieval.clause import Clause
from retrieval.facts import Fact, FactKind
from retrieval.sentences import sentence_spans

_CJK = "〇零一二三四五六七八九十"
DATE = rf"(?:(?P<year>\d{{4}})\s*[年./-]\s*(?P<month>\d{{1,2}})\s*[月./-]\s*(?P<day>\d{{1,2}})(?!\d)\s*日?|(?P<cjk>[{_CJK}]{{4}}年[{_CJK}]{{1,3}}月[{_CJK}]{{1,3}}日))"
_MARK = r"\s*(?:日期|时间|日|于|为|是)?\s*(?:为|是)?\s*[：:]?\s*[（(]?\s*"
_OWN = r"本(?:版|版本|协议|合同|条款|政策|声明|规则|规范|指引|办法|隐私政策|用户协议|服务协议|隐私协议|隐私权政策|法|条例|规定|细则|解释|章程|制度)"
_LABELS = {
    FactKind.UPDATED: r"(?:最近|最后|上次|最新)?(?:一次)?(?:更新|修订|修改|修改更新)",
    FactKind.EFFECTIVE: r"(?:生效|施行|实施)",
    FactKind.SIGNED: r"(?:签订|签署|签约|订立)",
}
_BOTH = re.compile(rf"(?:更新|修订|发布)(?:及|和|与|、|/|并)?生效{_MARK}{DATE}")
_LABELLED = {kind: re.compile(rf"(?<![\u4e00-\u9fff])(?:{_OWN}的?)?(?:版本)?{label}{_MARK}{DATE}") for kind, label in _LABELS.items()}
_ENGLISH = {
    FactKind.UPDATED: re.compile(rf"last\s+(?:updated|revised|modified)(?:\s+on)?\s*[:：]?\s*{DATE}", re.I),
    FactKind.EFFECTIVE: re.compile(rf"effective\s+(?:date|as\s+of)\s*[:：]?\s*{DATE}", re.I),
}
_FROM = re.compile(rf"{_OWN}[^，。；：]{{0,8}}?自\s*{DATE}\s*(?:起|开始)\s*(?:正式)?(?:生效|施行|实施|执行)")
_UPDATED_AT = re.compile(rf"{_OWN}[^，。；：]{{0,4}}?(?:最近|最后|最新)?(?:更新|修订)(?:于|时间为|日期为)\s*{DATE}")
_DIGITS = {char: str(at) for at, char in enumerate("零一二三四五六七八九")} | {"〇": "0"}
_EDGE = 3  # clauses at the beginning, among which a date of several goes before those further on


def dates_said(clauses: Sequence[Clause]) -> list[Fact]:
    """One date of each kind at most; none of a kind of which the text prints two that differ, unless only one stands at its beginning."""
    found: dict[FactKind, list[tuple[int, Fact]]] = {}
    for at, clause in enumerate(clauses):
        if not clause.annex:
            for kind, day, sentence in _in_clause(clause):
                found.setdefault(kind, []).append((at, Fact(kind, day, clause.id, sentence)))
    told: list[Fact] = []
    for kind in (FactKind.SIGNED, FactKind.UPDATED, FactKind.EFFECTIVE):
        said = found.get(kind, [])
        first = [fact for at, fact in said if at < _EDGE]
        for facts in ([fact for _, fact in said], first):
            if len({fact.value for fact in facts}) == 1:
                told.append(facts[0])
                break
    return told


def _in_clause(clause: Clause) -> Iterator[tuple[FactKind, str, str]]:
    for start, end in sentence_spans(clause.text):
        sentence = clause.text[start:end]
        if not re.search(rf"\d|[{_CJK}]年", sentence):
            continue
        if both := _BOTH.search(sentence):
            if day := iso(both):
                yield FactKind.UPDATED, day, sentence
                yield FactKind.EFFECTIVE, day, sentence
            continue
        for forms in (_LABELLED, _ENGLISH):
            for kind, form in forms.items():
                for dated in form.finditer(sentence):
                    if day := iso(dated):
                        yield kind, day, sentence
        for kind, form in ((FactKind.EFFECTIVE, _FROM), (FactKind.UPDATED, _UPDATED_AT)):
            if (at := form.search(sentence)) and (day := iso(at)):
                yield kind, day, sentence


def iso(found: re.Match[str]) -> str | None:
    """The date of a match of DATE as an ISO date; None where there is no such day."""
    try:
        if found["cjk"]:
            year, rest = found["cjk"].split("年")
            month, day = rest.rstrip("日").split("月")
            parts = (int("".join(_DIGITS[char] for char in year)), _small(month), _small(day))
        else:
            parts = (int(found["year"]), int(found["month"]), int(found["day"]))
        return datetime.date(*parts).isoformat() if 1949 <= parts[0] < 2100 else None
    except (ValueError, KeyError):
        return None


def _small(written: str) -> int:
    """一 to 三十一."""
    tens, ten, ones = written.partition("十")
    if not ten:
        return int("".join(_DIGITS[char] for char in written))
    return (int(_DIGITS[tens]) if tens else 1) * 10 + (int(_DIGITS[ones]) if ones else 0)
