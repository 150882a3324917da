"""What a person sees of what an agreement's text says about it, and the question whether to take it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.labels import parts_of
from retrieval.clause import Clause
from retrieval.facts import Fact, FactKind

_KINDS = {
    FactKind.NAME: "叫法",
    FactKind.PARTY: "订立方",
    FactKind.SIGNED: "签订日期",
    FactKind.UPDATED: "更新日期",
    FactKind.EFFECTIVE: "生效日期",
    FactKind.SUPPLEMENTS: "补充哪份",
    FactKind.PREVAILS: "谁优先",
    FactKind.FALLS_BACK: "未尽事宜",
    FactKind.TERM: "定义",
}
_EXCERPT = 40  # characters
_YES, _NO, _EACH = ("", "y", "yes", "是", "全部"), ("n", "no", "否", "不"), ("逐项", "i", "each", "z", "zhuxiang")

Ask = Callable[[str], str]
"""Asks a question of the person at the terminal."""


def at_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def show_facts(console: Console, facts: Sequence[Fact], clauses: Sequence[Clause]) -> None:
    """Facts as a table: what, and in which clause it stands. `clauses` are those of the version."""
    places = {clause.id: parts_of(clause.label)[1] for clause in clauses}
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for column in ("", "读到的", "出处"):
        table.add_column(column, overflow="fold", no_wrap=not column)
    for fact in facts:
        if fact.kind is not FactKind.TERM:
            excerpt = Text(f"　{_excerpt(fact)}" if fact.sentence else "", style="dim")
            table.add_row(_KINDS[fact.kind], Text(said(fact)), Text.assemble(_place(fact, places), excerpt))
    terms = [fact for fact in facts if fact.kind is FactKind.TERM]
    if terms:
        listed = "、".join(f"{fact.value}（{_place(fact, places)}）" for fact in terms)
        table.add_row(_KINDS[FactKind.TERM], Text(f"共{len(terms)}项：{listed}"), "")
    console.print(table)


def said(fact: Fact) -> str:
    """A fact in words: 与《甲协议》不一致时优先."""
    other = f"《{fact.value}》" if fact.value else "本协议"
    own = f"《{fact.source}》" if fact.source else ""
    if fact.kind is FactKind.SUPPLEMENTS:
        return f"{own}是{other}的补充协议"
    if fact.kind is FactKind.PREVAILS:
        return f"与{other}不一致时{own}优先"
    if fact.kind is FactKind.FALLS_BACK:
        return f"{own}未尽事宜适用{other}"
    return fact.value


def chosen(facts: Sequence[Fact], ask: Ask) -> list[Fact]:
    """The facts that a person takes: all of them, none, or those of the kinds to which they say yes."""
    answer = _answer(ask, "全部采用？[Y/n/逐项] ", each=True)
    if answer in _YES:
        return list(facts)
    if answer in _NO:
        return []
    taken: list[Fact] = []
    for kind, group in groupby(facts, key=lambda fact: fact.kind):
        for some in [list(group)] if kind is FactKind.TERM else [[fact] for fact in group]:
            what = f"{len(some)} 项" if kind is FactKind.TERM else said(some[0])
            if _answer(ask, f"{_KINDS[kind]}：{what}，采用？[Y/n] ") in _YES:
                taken += some
    return taken


def _answer(ask: Ask, question: str, each: bool = False) -> str:
    """One of the answers that are understood; what is not is asked again."""
    while True:
        answer = ask(question).strip().lower()
        if answer in (*_YES, *_NO, *(_EACH if each else ())):
            return answer


def _place(fact: Fact, places: Mapping[str, str]) -> str:
    return places.get(fact.clause, fact.clause) or ("标题" if fact.kind is FactKind.NAME else "以前的版本")


def _excerpt(fact: Fact) -> str:
    words = " ".join(fact.sentence.split())
    return words if len(words) <= _EXCERPT else words[:_EXCERPT] + "……"
