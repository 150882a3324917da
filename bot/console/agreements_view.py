"""What a person sees of the versions of an agreement, and of what was made of its text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.console.wrapping import Wrapped
from bot.labels import parts_of
from bot.versions import dated
from retrieval.clause import Agreement, Clause
from retrieval.comparison import Comparison
from retrieval.differences import Sort
from retrieval.gaps import Gap
from retrieval.parse_report import ParseReport
from retrieval.repairs import Mended
from retrieval.versions import Version

_SHOWN = 5  # findings of one sort
_ALIKE = 0.2  # share of the characters that a version has in common with the one before, or it is another agreement
_MENDED = {
    Mended.TORN: "{count} 个与正文分开的标题归到了正文上",
    Mended.LATE: "{count} 个印在后面的标题移到了条款前",
    Mended.RUN_ON: "{count} 条连在一行里的条款分开了",
    Mended.UNCOUNTED: "{count} 个编号都印成同一个数的项目重新编了号",
}

_REASONS = {
    "title": "标题",
    "link": "链接",
    "page footer": "页脚",
    "contents": "目录",
    "stray line": "散落的字",
    "page number": "页码",
    "running head": "页眉",
}  # of Furniture


def show_versions(console: Console, agreement: Agreement, versions: Sequence[Version], counts: Mapping[int, int]) -> None:
    """The versions of an agreement, the newest first. `counts` are the numbers of clauses by number of version."""
    console.print(Wrapped(Text.assemble((f"《{agreement.title}》", "bold"), f"　{agreement.key}")))
    console.print(Wrapped(Text(f"叫法：{'、'.join(agreement.names)}", style="dim")))
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for column in ("版本", "日期", "收入", "文件", "条款数", ""):
        table.add_column(column, overflow="fold", justify="right" if column == "条款数" else "left")
    for version in reversed(versions):
        state = "现行" if version.number == agreement.version else "未到生效日" if version.number > agreement.version else ""
        table.add_row(
            str(version.number),
            dated(version) or "—",
            f"{version.added_at.astimezone():%Y-%m-%d %H:%M}",
            Text(version.agreement.file + ("（自带）" if version.shipped else "")),
            str(counts[version.number]),
            Text(state, style="green" if state == "现行" else "yellow"),
        )
    console.print(table)


def show_report(console: Console, report: ParseReport) -> None:
    """What was made of a text, and what is to be looked at in it."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("条款", f"{report.clauses} 条，正文里 {_percent(report.share)} 的字在条款里")
    left_out = "、".join(f"{_REASONS.get(reason, reason)} {count} 行" for reason, count in report.left_out.items())
    table.add_row("不算正文", left_out or "没有")
    table.add_row("编号印了两次", _some([parts_of(clause.label)[1] for clause in report.twice]))
    table.add_row("编号有缺", _some(map(_gap, report.gaps)))
    table.add_row("提到却没有的条款", _some([f"{parts_of(clause.label)[1]} 提到“{words}”" for clause, words in report.lost]))
    counts = {what: sum(repair.count for repair in report.repairs if repair.what is what) for what in Mended}
    mended = [_MENDED[what].format(count=count) for what, count in counts.items() if count]
    table.add_row("修正", Text("；".join(mended) or "没有"))
    for warning in report.warnings:
        table.add_row(Text("注意", style="yellow"), Text(warning))
    console.print(Padding(table, (0, 2)))


def unlike(comparison: Comparison, before: Sequence[Clause], after: Sequence[Clause]) -> str:
    """A warning where a new version has next to nothing in common with the one before; empty otherwise."""
    same = sum(len(piece.text) for change in comparison.changes for piece in change.pieces if piece.sort is Sort.SAME)
    size = min(sum(len(clause.text) for clause in clauses) for clauses in (before, after))
    if same >= _ALIKE * size:
        return ""
    return (
        "新的一版与上一版几乎没有相同的文字，像是另一份协议。若文件给错了，请再用 update 收入原来的文件；"
        "若是另一份协议，请用 wenyue agreements add 收入。"
    )


def _gap(gap: Gap) -> str:
    """4.5 之后是 4.7; 4.7 之前没有 4.6 where nothing stands before it."""
    after = parts_of(gap.after.label)[1]
    return f"{parts_of(gap.before.label)[1]} 之后是 {after}" if gap.before else f"从 {after} 开始，前面缺 {gap.missing} 个"


def _percent(share: float) -> str:
    """Never 100 % of what is not whole."""
    return "100%" if share == 1 else f"{min(share, 0.999):.1%}"


def _some(found: Iterable[str]) -> Text:
    """How many there are, and the first of them."""
    listed = list(found)
    if not listed:
        return Text("没有")
    return Text(f"{len(listed)} 处：" + "；".join(listed[:_SHOWN]) + ("……" if len(listed) > _SHOWN else ""))
