"""What a person sees in the terminal besides answers: clauses found, agreements, what a run did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from answering.answer import Language
from answering.enrich import Enrichment
from bot.form import version_of
from retrieval.clause import Agreement, Clause, Hit
from retrieval.precedence import Edge, Relation

_RELATIONS = {
    Relation.SUPPLEMENTS: "是补充协议",
    Relation.PREVAILS: "不一致时优先",
    Relation.FALLS_BACK: "未尽事宜适用",
}
_DROPPED = {
    "unreadable": "格式不对",
    "unknown_clause": "代号不存在",
    "unknown_voice": "口吻不认识",
    "length": "太短或太长",
    "copied": "照抄条文",
    "duplicate": "重复",
    "surplus": "多出的",
    "found_elsewhere": "更像在问别的条款",
}


def show_hits(console: Console, hits: Sequence[Hit]) -> None:
    if not hits:
        console.print("没有找到相关条款。")
        return
    table = Table(show_header=True, header_style="bold", expand=True, row_styles=["", "dim"])
    table.add_column("#", justify="right", width=3)
    table.add_column("条款", style="cyan", ratio=2, overflow="fold")
    table.add_column("分", justify="right", width=5)
    table.add_column("原文", ratio=5)
    for rank, hit in enumerate(hits, start=1):
        text = hit.clause.content.replace("\n", " ")
        table.add_row(str(rank), Text(hit.clause.label), f"{hit.score:.2f}", Text(text[:120] + ("…" if len(text) > 120 else "")))
    console.print(table)


def show_agreements(console: Console, agreements: Iterable[Agreement], counts: dict[str, int], relations: Sequence[Edge] = ()) -> None:
    """The agreements, and which of them goes before which, each with the clause that says so."""
    listed = list(agreements)
    titles = {agreement.key: agreement.title for agreement in listed}
    table = Table(show_header=True, header_style="bold")
    for column in ("KEY", "协议", "也叫", "条款数", "版本", "补充于"):
        table.add_column(column, overflow="fold")
    for agreement in listed:
        table.add_row(
            agreement.key,
            Text(f"《{agreement.title}》"),
            Text("、".join(agreement.names[:3])),
            str(counts[agreement.key]),
            version_of(agreement, Language.SIMPLIFIED) or "—",
            Text("\n".join(f"《{titles.get(name, name)}》" for name in agreement.supplements) or "—"),
        )
    console.print(table)
    if not relations:
        return
    short = {agreement.key: agreement.names[0] for agreement in listed}
    table = Table(title="协议之间", title_justify="left", show_header=True, header_style="bold")
    for column in ("协议", "关系", "对", "依据"):
        table.add_column(column, overflow="fold")
    for edge in relations:
        target = short.get(edge.target, f"《{edge.target}》")
        where = f"{short.get(edge.clause[0], edge.clause[0])} {edge.clause[1]}"
        table.add_row(Text(short.get(edge.source, f"《{edge.source}》")), _RELATIONS[edge.relation], Text(target), Text(where))
    console.print(table)


def show_clauses(console: Console, agreement: Agreement, clauses: Sequence[Clause]) -> None:
    """The clause tree of one agreement."""
    tree = Tree(Text(f"《{agreement.title}》", style="bold"))
    branches = {None: tree}
    for clause in clauses:
        line = Text.assemble(
            (clause.id.rpartition("/")[2], "cyan"), " ", (clause.heading, "bold"), " " if clause.heading else "", clause.text
        )
        branches[clause.id] = branches[clause.parent].add(line)  # type: ignore[index]
    console.print(tree)


def show_enrichment(console: Console, done: Enrichment) -> None:
    """What a run that wrote likely questions did, and what it leaves to do."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("问过的条款", str(done.clauses))
    table.add_row("留下的问题", str(done.kept))
    for reason, count in done.dropped.items():
        table.add_row(f"去掉：{_DROPPED[reason]}", str(count))
    if done.missing:
        table.add_row("仍没有问题的条款", f"{len(done.missing)}，例如 {done.missing[0].label}")
    table.add_row("用量", f"输入 {done.prompt_tokens:,}，输出 {done.completion_tokens:,} token")
    if done.cost is not None:
        table.add_row("花费", f"{done.cost:.4f}")
    console.print(table)
