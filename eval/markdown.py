"""A run as a short Markdown page, for the summary of a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from eval.gate import Breach
from eval.names import interval_of, naming, printed, why_order
from eval.results import Results


def markdown(results: Results, breaches: Sequence[Breach] | None) -> str:
    """The gate's verdict (None: it was not asked), every metric with its interval, and how many cases were missed why."""
    lines = ["## 问约：检索与引用", ""]
    if breaches is not None:
        lines += [f"**门槛：{'全部达到' if not breaches else '未达到'}**", "", *(f"- ✗ {_safe(str(breach))}" for breach in breaches), ""]
    lines += ["| 指标 | 值 | 95% 区间 | n |", "|---|---:|---:|---:|"]
    for name, measured in results.summary.items():
        lines.append(f"| {naming(name).title} | {printed(name, measured.value)} | {interval_of(measured)} | {measured.n} |")
    reasons = [case.missed for case in results.cases if case.missed]
    missed = "，".join(f"{why} {reasons.count(why)}" for why in why_order(reasons))
    lines += ["", f"没答好的 {len(reasons)} 题，共 {len(results.cases)} 题。{missed}", ""]
    return "\n".join(lines)


def _safe(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
