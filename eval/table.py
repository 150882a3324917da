"""What a person sees of a run in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eval.ablation import METRICS, Ablation, Figure
from eval.compare import Change, Comparison, Difference
from eval.gate import Breach
from eval.metrics import Measured
from eval.names import MAIN, PROMISED, SLICES, STATUSES, WHY, in_order, interval_of, label_of, naming, printed, why_order
from eval.results import CaseResult, Results, Slice

_TONES = {"better": "green", "worse": "red", "sideways": "yellow"}
_ABLATED = {"recall@1": "R@1", "first@1": "首@1", "recall@3": "R@3", "recall@5": "R@5", "recall@10": "R@10", "mrr": "MRR"}
_TITLES, _FIGURES = 32, 50  # letters that the names of the rows take, and the figures of one file
_TURNS = {"better": "变好", "worse": "变坏", "sideways": "变了，不分好坏"}


def show_results(console: Console, results: Results) -> None:
    """The summary, the slices one looks at first, and what was missed."""
    show_summary(console, results.summary)
    show_slices(console, results.slices)
    show_missed(console, results.cases)


def show_summary(console: Console, summary: Mapping[str, Measured]) -> None:
    table = _table("总表")
    table.add_column("指标")
    table.add_column("名", style="dim")
    for column in ("值", "95% 区间", "n"):
        table.add_column(column, justify="right")
    for name, measured in summary.items():
        alarm = "bold red" if name in PROMISED and measured.value else ""
        table.add_row(naming(name).title, name, Text(printed(name, measured.value), alarm), interval_of(measured), str(measured.n))
    console.print(table)


def show_slices(console: Console, slices: Mapping[str, Mapping[str, Slice]]) -> None:
    """One table each by agreement, style and language. A dash is a metric that says nothing about the slice."""
    for name in ("agreement", "style", "language"):
        table = _table(f"按{SLICES[name]}")
        table.add_column(SLICES[name])
        table.add_column("n", justify="right")
        for metric in MAIN:
            table.add_column(naming(metric).title, justify="right")
        for label, part in in_order(name, slices.get(name, {})):
            cells = [printed(metric, part.metrics[metric].value) if metric in part.metrics else "—" for metric in MAIN]
            table.add_row(Text(label_of(name, label)), str(part.n), *cells)
        console.print(table)


def show_missed(console: Console, cases: Sequence[CaseResult]) -> None:
    """The missed cases, grouped by why."""
    missed = [case for case in cases if case.missed]
    console.print(Text(f"没答好的 {len(missed)} 题，共 {len(cases)} 题", style="bold"))
    for why in why_order([case.missed for case in missed]):
        group = [case for case in missed if case.missed == why]
        title, says = WHY.get(why, (why, ""))
        table = _table(f"{title}（{why}）{len(group)}：{says}")
        for column in ("id", "问法", "问题", "结果"):
            table.add_column(column, overflow="fold", ratio=4 if column == "问题" else None)
        for case in group:
            table.add_row(
                Text(case.id, "cyan"),
                Text(label_of("style", case.style)),
                Text(case.question),
                Text(STATUSES.get(case.status, case.status)),
            )
        console.print(table)


def show_comparison(console: Console, comparison: Comparison) -> None:
    """The differences of the main metrics, then the cases that changed, the worse ones first, then those in one run only."""
    console.print(Text(f"两次都问到的 {comparison.common} 题", style="bold"))
    table = _table("指标之差（新 − 旧），只算两次都有值的题")
    table.add_column("指标")
    for column in ("旧", "新", "差", "95% 区间（成对自助法）", "n", "McNemar p"):
        table.add_column(column, justify="right")
    for difference in comparison.differences:
        table.add_row(*_difference(difference))
    console.print(table)
    for turn in ("worse", "better", "sideways"):
        changes = [change for change in comparison.changes if change.turn == turn]
        if changes:
            _show_changes(console, f"{_TURNS[turn]} {len(changes)}", _TONES[turn], changes)
    for ids, title in (
        (comparison.only_old, "只在旧的里"),
        (comparison.only_new, "只在新的里"),
        (comparison.rewritten, "题目或判法改了，没有比较"),
    ):
        if ids:
            console.print(Text(f"{title} {len(ids)}：", style="bold") + Text("、".join(ids), style="not bold"))


def _difference(difference: Difference) -> list[Text]:
    meaningful = difference.low > 0 or difference.high < 0
    good = (difference.mean < 0) == difference.less
    colour = ("green" if good else "red") if meaningful else ""
    return [
        Text(difference.title),
        Text(f"{difference.old * 100:.1f}%"),
        Text(f"{difference.new * 100:.1f}%"),
        Text(f"{difference.mean * 100:+.1f}", colour),
        Text(f"{difference.low * 100:+.1f} … {difference.high * 100:+.1f}"),
        Text(str(difference.n)),
        Text("" if difference.p is None else "<0.001" if difference.p < 0.001 else f"{difference.p:.3f}"),
    ]


def _show_changes(console: Console, title: str, colour: str, changes: Sequence[Change]) -> None:
    table = _table(title)
    table.title_style = f"bold {colour}"
    for column in ("id", "问题", "引用召回", "引用精确", "结果"):
        table.add_column(column, overflow="fold", ratio=3 if column == "问题" else None)
    for change in changes:
        old, new = change.old, change.new
        table.add_row(
            Text(new.id, "cyan"),
            Text(new.question),
            *(Text(_turned(_share(old, name), _share(new, name))) for name in ("citation_recall", "citation_precision")),
            Text(_turned(STATUSES.get(old.status, old.status), STATUSES.get(new.status, new.status))),
        )
    console.print(table)


def _share(case: CaseResult, metric: str) -> str:
    value = case.values.get(metric)
    return "—" if value is None else printed(metric, value)


def _turned(old: str, new: str) -> str:
    return old if old == new else f"{old} → {new}"


def show_ablation(console: Console, ablation: Ablation) -> None:
    """A row a variant: each metric, and beneath it how much more or less than the whole has; in colour where that is no chance."""
    names = [name for name, n in ablation.asked.items() if n]
    beside = console.width >= _TITLES + _FIGURES * len(names)
    for group in [names] if beside else [[name] for name in names]:
        _show_ablation(console, ablation, group)
    for name, n in ablation.asked.items():
        console.print(f"{name}：查找的 {n} 题；另有 {ablation.left_out[name]} 题有答案而不用查找，不在其中。", markup=False)


def _show_ablation(console: Console, ablation: Ablation, names: Sequence[str]) -> None:
    table = _table("每一样值多少：拿掉它，同样的题再问一遍；下面一行是与完整的相差（百分点）")
    table.add_column("", overflow="fold")
    for name in names:
        for at, metric in enumerate(METRICS):
            table.add_column(f"{name if at == 0 else ''}\n{_ABLATED[metric]}", justify="right", no_wrap=True)
    for row in ablation.rows:
        cells = [_against_whole(row.figures[name][metric], whole=row is ablation.rows[0]) for name in names for metric in METRICS]
        table.add_row(Text(row.title), *cells)
    console.print(table)


def _against_whole(figure: Figure, *, whole: bool) -> Text:
    cell = Text(f"{figure.value * 100:.1f}")
    if not whole:
        colour = "red" if figure.high < 0 else "green" if figure.low > 0 else "dim"
        cell.append(f"\n{figure.difference * 100:+.1f}", colour)
    return cell


def show_breaches(console: Console, breaches: Sequence[Breach]) -> None:
    """Every threshold that was not met, or that nothing was there to hold against."""
    if not breaches:
        console.print(Text("门槛全部达到。", style="green"))
    for breach in breaches:
        console.print(Text(f"✗ {breach}", style="red"))


def _table(title: str) -> Table:
    return Table(title=Text(title), title_justify="left", title_style="bold", header_style="bold", show_edge=False, pad_edge=False)
