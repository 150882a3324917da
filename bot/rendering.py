"""What a person sees in the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, Group
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from answering.answer import Answer, Citation, Defined, Status
from answering.enrich import Enrichment
from retrieval.clause import Agreement, Clause, Hit
from retrieval.precedence import Edge, Relation

_COLOURS = {
    Status.ANSWERED: "green",
    Status.NOT_COVERED: "yellow",
    Status.OUT_OF_SCOPE: "yellow",
    Status.CLARIFY: "cyan",
    Status.ERROR: "red",
}
_RELATIONS = {
    Relation.SUPPLEMENTS: "是补充协议",
    Relation.PREVAILS: "不一致时优先",
    Relation.FALLS_BACK: "未尽事宜适用",
}
_NAMES = {
    Status.ANSWERED: "有条款依据",
    Status.NOT_COVERED: "协议未写到",
    Status.OUT_OF_SCOPE: "不在协议范围内",
    Status.CLARIFY: "请选择协议",
    Status.ERROR: "出错",
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
_BEGINNING = 30  # characters of a clause that is only pointed at
_ADDRESS = re.compile(r"[（(]\s*https?://[^（）()]*[）)]")


def show_answer(console: Console, answer: Answer) -> None:
    """The answer, then the cited clauses with the quoted words highlighted, and beneath each, once, what helps to read it."""
    colour = _COLOURS[answer.status]
    console.print(Text(f"● {_NAMES[answer.status]}", style=f"bold {colour}"))
    if answer.understood_as:
        console.print(Padding(Text(f"（按“{answer.understood_as}”理解）", style="dim"), (0, 2)))
    if answer.status is not Status.ANSWERED:
        console.print(Padding(Text(answer.message), (0, 2)))
        for choice in answer.choices:
            console.print(Padding(Text(f"· {choice.label}　例如问：{choice.question}"), (0, 4)))
        if answer.related:
            console.print(Padding(Text("可能相关：" + "、".join(c.label for c in answer.related), style="dim"), (0, 2)))
    for statement in answer.statements:
        labels = "、".join(answer.citations[at].clause.label for at in statement.citations)
        console.print(Padding(Text.assemble(statement.text, "　", (labels, "bold cyan")), (0, 2)))
    if answer.citations:
        console.print(Rule("依据", style="dim", align="left"))
        told: set[str] = set()
        for citation in answer.citations:
            helps = [line for line in _helps(citation) if line not in told]
            told.update(helps)
            console.print(Padding(_cited(citation, helps), (0, 2, 1, 2)))
    if answer.withheld:
        console.print(Text(f"另有 {len(answer.withheld)} 句未通过核对，没有显示。", style="yellow"))
    if answer.notice:
        console.print(Text(answer.notice, style="yellow"))
    if answer.suggestions:
        show_questions(console, "还可以问：", answer.suggestions)


def show_questions(console: Console, head: str, questions: Iterable[str]) -> None:
    """Questions one may ask, each on a line that can be copied."""
    for line in (head, *(f"  {question}" for question in questions)):
        console.print(Text(line, style="dim"), soft_wrap=True)


def _cited(citation: Citation, helps: Sequence[str]) -> Group:
    """A cited clause: where it stands, what introduces it, its text with the quoted words standing out, and what helps to read it."""
    clause = citation.clause
    body = Text(clause.text, style="dim")
    at = clause.text.find(citation.quote)
    if at >= 0:
        body.stylize("not dim bold", at, at + len(citation.quote))
    head = Text.assemble((clause.label, "bold cyan"), (f"　{citation.path}" if citation.path else "", "dim"))
    under = [Text(citation.under, style="dim")] if citation.under else []
    return Group(head, *under, body, *(Padding(Text(line, style="dim"), (0, 0, 0, 2)) for line in helps))


def _helps(citation: Citation) -> Iterator[str]:
    """A line for every clause that a cited one refers to, one for the documents that are not held, one for every term defined."""
    for referred in citation.refers:
        under = f"…{referred.under[-_BEGINNING:]}" if len(referred.under) > _BEGINNING else referred.under
        yield f"提到：{referred.clause.label}：{under}{_beginning(referred.clause.content)}"
    if citation.unheld:
        yield "提到：" + "".join(f"《{title}》" for title in citation.unheld) + "（未收录）"
    for defined in citation.defines:
        yield f"定义：“{defined.term}”{defined.clause.label}：{_around(defined)}"


def _beginning(text: str) -> str:
    text = text.replace("\n", "　")
    return text if len(text) <= _BEGINNING else text[:_BEGINNING] + "…"


def _around(defined: Defined) -> str:
    """The beginning of a definition; of one that gives a short name to what stands in front of it, the end with the name."""
    text = _ADDRESS.sub("", defined.sentence.replace("\n", "　"))
    named = re.search(re.escape(defined.term) + r"[”\"」』]?[）)]?", text)
    if named is None or named.end() <= _BEGINNING:
        return _beginning(text)
    return f"…{text[named.end() - _BEGINNING : named.end()].lstrip()}…"


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
    for column in ("KEY", "协议", "也叫", "条款数", "更新", "补充于"):
        table.add_column(column, overflow="fold")
    for agreement in listed:
        table.add_row(
            agreement.key,
            Text(f"《{agreement.title}》"),
            Text("、".join(agreement.names[:3])),
            str(counts[agreement.key]),
            agreement.updated or "—",
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
