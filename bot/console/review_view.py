"""What a person sees of the review list: a table of questions, or one of them whole. Nobody's name, and no chat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from answering.answer import Status
from bot.console.records_view import REASONS as WITHHELD
from bot.console.wrapping import Wrapped
from bot.review.decisions import CASE, DISMISSED, LIKELY, REFUSE, RIGHT, WRONG, Decision
from bot.review.items import Item
from retrieval.clause import Clause

WHYS = {
    "down": "👎",
    Status.NOT_COVERED.value: "未写到",
    Status.OUT_OF_SCOPE.value: "不在范围",
    Status.ERROR.value: "出错",
    "withheld": "没过核对",
}
VERDICTS = {RIGHT: "回答没错", WRONG: "应引", REFUSE: "拒答是对的", DISMISSED: "略过"}
_USED = {CASE: "，已导出为评测题", LIKELY: "，以后按这一条回答", "": ""}
_REASONS = {"clause": "条款引错了", "question": "答非所问", "missing": "没有答全", "unclear": "看不懂"}
_SHOWN = 160  # characters of a clause


def show_items(console: Console, items: Sequence[Item], names: Mapping[str, str]) -> None:
    """The items, each in two lines. `names` are short names of agreements by key."""
    table = Table(header_style="bold", expand=True, box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("编号\n[dim]最近[/dim]", no_wrap=True, width=12)
    table.add_column("问题\n[dim]为什么在这里[/dim]", ratio=5, overflow="fold")
    table.add_column("次数", justify="right", no_wrap=True)
    table.add_column("依据", ratio=2, overflow="fold")
    table.add_column("判定", ratio=2, overflow="fold")
    for item in items:
        table.add_row(
            Text.assemble(item.id, "\n", (f"{item.last.astimezone():%m-%d %H:%M}", "dim")),
            Text.assemble(item.question, "\n", (why(item), "dim")),
            str(item.count),
            "、".join(f"{names.get(key, key)} {clause}" for key, clause in item.cited) or "—",
            Text(judged(item.decision, names), style="green" if item.decision else ""),
        )
    console.print(table)


def show_item(console: Console, item: Item, names: Mapping[str, str], candidates: Sequence[Clause]) -> None:
    """One item whole, and the clauses that were found, numbered from 1, so that one can be chosen."""
    answer = item.record.answer
    console.print(Wrapped(Text(item.question, style="bold")))
    console.print(Text(f"{item.id}　问过 {item.count} 次，最近 {item.last.astimezone():%Y-%m-%d %H:%M}　{why(item)}", style="dim"))
    if item.decision:
        console.print(Wrapped(Text(f"已判定：{judged(item.decision, names)}", style="green")))
        for said, words in (("改作", item.decision.question), ("备注", item.decision.note)):
            if words:
                console.print(Wrapped(Text(f"{said}：{words}", style="green")))
    _section(console, "当时的回答", [Text(line) for line in answer["text"].splitlines()])
    _section(console, "依据", [Text.assemble((c["label"], "cyan"), f"　“{c['quote']}”") for c in answer["citations"]])
    _section(console, "没有显示", [Text(f"{w['text']}（{WITHHELD.get(w['reason'], w['reason'])}）") for w in answer["withheld"]])
    show_candidates(console, candidates)


def show_candidates(console: Console, candidates: Iterable[Clause], head: str = "找到的条款") -> None:
    """Clauses to choose from."""
    shown = [
        Text.assemble((f"{at} ", "bold"), (f"{clause.agreement}#{clause.id}", "cyan"), f"　{_beginning(clause.content)}")
        for at, clause in enumerate(candidates, start=1)
    ]
    _section(console, head, shown)


def why(item: Item) -> str:
    """Why an item is in the list, with what people said."""
    said = "、".join(_REASONS.get(reason, reason) for reason in item.reasons)
    votes = f"👎 {item.down}" + (f"（{said}）" if said else "")
    whys = [votes if one == "down" else WHYS[one] for one in item.whys]
    return "，".join([*whys, *(["已转给人"] if item.handed else [])])


def judged(decision: Decision | None, names: Mapping[str, str]) -> str:
    """A decision in words; empty where there is none."""
    if decision is None:
        return ""
    clauses = "、".join(f"{names.get(key, key)} {clause}" for key, clause in decision.clauses)
    return VERDICTS[decision.verdict] + (f" {clauses}" if decision.verdict == WRONG else "") + _USED[decision.use]


def _section(console: Console, head: str, lines: Sequence[Text]) -> None:
    if lines:
        console.print(Text(head, style="dim"))
    for line in lines:
        console.print(Wrapped(line, 2))


def _beginning(text: str) -> str:
    text = text.replace("\n", " ")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}……"
