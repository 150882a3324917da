"""A run as one self-contained HTML page: no request leaves it, and nothing a question or a clause says can act in it.

Everything put into page.html goes through html.escape; besides, the page's Content-Security-Policy lets no script run but its own.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

from eval.metrics import Measured
from eval.missed import Sheet
from eval.names import MAIN, PROMISED, SLICES, WHY, in_order, interval_of, label_of, naming, printed, why_order
from eval.plots import Bar, bars, columns, gauge, trade
from eval.refusal import Errors, refusals
from eval.results import CaseResult, Results, Slice
from retrieval.library import Library

_TEMPLATE = Path(__file__).parent / "page.html"
_SCRIPT = Path(__file__).parent / "page.js"

_RANKS = (("1", 1), ("2", 2), ("3", 3), ("4–5", 5), ("6–10", 10), ("11–20", 20))
_NOT_FOUND = "没找到"
_THRESHOLDS = tuple(tenths / 10 for tenths in range(1, 10))


def page(results: Results, library: Library) -> str:
    """The page of a run; labels and texts of clauses come from `library`."""
    script = _SCRIPT.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    missed, sheet = results.missed, Sheet(library)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        script=script,
        script_hash=f"sha256-{digest}",
        date=escape(results.facts.date),
        lead=f"{len(results.cases)} 道题，没答好的 {len(missed)} 道。问题都走与聊天里同一条路。",
        facts=_facts(results),
        tiles="".join(_tile(results, name) for name in MAIN if name in results.summary),
        promise="".join(_promise(results, name) for name in PROMISED),
        missed_says=f"{len(results.cases)} 道题里有 {len(missed)} 道",
        why=_why(missed),
        why_legend="".join(f"<li><b>{escape(title)}</b>　{escape(says)}</li>" for title, says in map(_reason, _reasons(missed))),
        ranks_says="只看有答案的题",
        ranks=_ranks(results.cases),
        refusal=_refusal(results.cases),
        slices="".join(_slice(name, results.slices.get(name, {})) for name in ("agreement", "style", "language")),
        why_options=_options(((case.missed,) for case in missed), lambda why: _reason(why)[0]),
        style_options=_options(((case.style,) for case in missed), lambda style: label_of("style", style)),
        agreement_options=_options((case.agreements or ("none named",) for case in missed), lambda key: label_of("agreement", key)),
        missed_count=len(missed),
        cases="".join(sheet.case(case) for why in _reasons(missed) for case in missed if case.missed == why),
        all="".join(_row(results, name) for name in results.summary),
    )


def _facts(results: Results) -> str:
    facts = results.facts
    told = {
        "日期": facts.date,
        "模型": facts.model,
        "提示词": facts.prompt_version or "—",
        "协议库": facts.library_version,
        "问题": "、".join(facts.questions),
    }
    return "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in told.items())


def _tile(results: Results, metric: str) -> str:
    measured, name = results.summary[metric], naming(metric)
    drawn = ""
    if measured.low is not None and measured.high is not None:
        drawn = gauge(measured.value, measured.low, measured.high, tone=_tone(metric))
    return (
        f'<div class="card tile"><span class="name">{escape(name.title)}</span><span class="code">{escape(metric)}</span>'
        f'<div class="big">{printed(metric, measured.value)}</div>{drawn}'
        f'<div class="range">{interval_of(measured)}<br>n={measured.n}</div></div>'
    )


def _promise(results: Results, metric: str) -> str:
    """What must be zero; a metric that was not measured keeps no promise."""
    measured = results.summary.get(metric)
    kept = measured is not None and measured.n > 0 and measured.value == 0
    value = printed(metric, measured.value) if measured is not None and measured.n else "没有测到"
    return f'<div class="card{"" if kept else " broken"}"><b>{value}</b><span>{escape(naming(metric).says)}</span></div>'


def _reasons(missed: Sequence[CaseResult]) -> list[str]:
    return why_order([case.missed for case in missed])


def _reason(why: str) -> tuple[str, str]:
    return WHY.get(why, (why, ""))


def _why(missed: Sequence[CaseResult]) -> str:
    counts = Counter(case.missed for case in missed)
    rows = [
        Bar(_reason(why)[0], counts[why] / len(missed), str(counts[why]), f"{counts[why] / len(missed):.0%}") for why in _reasons(missed)
    ]
    says = "没答好的原因：" + "，".join(f"{row.label} {row.value}" for row in rows)
    return bars(rows, says=says, tone="less", full=max(row.share for row in rows)) if rows else "<p>没有没答好的题。</p>"


def _ranks(cases: Iterable[CaseResult]) -> str:
    """How many cases have their first gold clause at which rank, which is one over the reciprocal rank."""
    reciprocal = [value for case in cases if (value := case.values.get("mrr")) is not None]
    counts = Counter(next((label for label, last in _RANKS if value and round(1 / value) <= last), _NOT_FOUND) for value in reciprocal)
    labels = [*(label for label, _ in _RANKS), _NOT_FOUND]
    rows = [Bar(label, counts[label] / max(len(reciprocal), 1), str(counts[label])) for label in labels]
    says = "第一条应引条款的名次：" + "，".join(f"{row.label} {row.value} 题" for row in rows)
    return columns(rows, says=says, tone="more", last_tone="less")


def _refusal(cases: Iterable[CaseResult]) -> str:
    """Both errors that refusing can make over all thresholds; nothing where the run told no confidence, as older ones did not."""
    found = refusals((case.expect, case.row) for case in cases)
    if found is None:
        return ""
    (value, low, high), chosen = found.auc(), found.chosen
    now = "现用的阈值" if found.threshold is None else f"阈值 {found.threshold:.2f}"
    says = f"误答与误拒此消彼长，{now}：误答 {chosen.false_answers:.1%}，误拒 {chosen.over_refusals:.1%}"
    drawn = trade(
        [(errors.over_refusals, errors.false_answers) for errors in found.curve()], (chosen.over_refusals, chosen.false_answers),
        across="误拒：有答案而被拦下", up="误答：没答案而被放过", marked=now, says=says,
    )  # fmt: skip
    shown = [(at, f"{at:.1f}", found.at(at)) for at in _THRESHOLDS if at != found.threshold]
    present = "现用的" if found.threshold is None else f"{found.threshold:.2f}（现用）"
    rows = sorted([*shown, (found.threshold or 0.0, present, chosen)], key=lambda row: row[0])
    others = f"；另有 {found.left_out} 题不由把握度决定（直接问编号、指令等），不在其中" if found.left_out else ""
    return (
        '<h2>该不该答</h2><p class="lead">最前面的条款有多大把握回答这道题，不到阈值就拒答。这里只看把握度：每换一个阈值，误答与误拒就此消彼长；'
        f"离左下角越近越好，虚线是瞎猜。{len(found.answerable)} 道有答案，{len(found.unanswerable)} 道没有{others}。</p>"
        f'<div class="two"><section class="card"><h3>误答与误拒</h3><p class="says">AUC {value:.3f}，95% 区间 {low:.3f} – {high:.3f}</p>'
        f'{drawn}</section><section class="card"><h3>换一个阈值</h3><table><thead><tr><th>阈值</th><th>误答</th><th>误拒</th></tr></thead>'
        f"<tbody>{''.join(_errors(name, errors, name == present) for _, name, errors in rows)}</tbody></table></section></div>"
    )


def _errors(name: str, errors: Errors, chosen: bool) -> str:
    cells = "".join(f"<td>{cell}</td>" for cell in (name, f"{errors.false_answers:.1%}", f"{errors.over_refusals:.1%}"))
    return f'<tr class="chosen">{cells}</tr>' if chosen else f"<tr>{cells}</tr>"


def _slice(name: str, parts: Mapping[str, Slice]) -> str:
    """One panel for each main metric, with a bar for each part of the slice it says something about."""
    panels = []
    for metric in MAIN:
        rows = [_bar(label_of(name, label), part.metrics[metric]) for label, part in in_order(name, parts) if metric in part.metrics]
        if rows:
            says = f"{naming(metric).title}，按{SLICES[name]}：" + "，".join(f"{row.label} {row.value}" for row in rows)
            panels.append(
                f'<section class="card"><h3>{escape(naming(metric).title)}</h3><p class="says">{escape(naming(metric).says)}</p>'
                f"{bars(rows, says=says, tone=_tone(metric))}</section>"
            )
    opened = " open" if name == "agreement" else ""
    return f'<details class="group"{opened}><summary>按{SLICES[name]}</summary><div class="panels">{"".join(panels)}</div></details>'


def _bar(label: str, measured: Measured) -> Bar:
    return Bar(label, measured.value, printed(measured.name, measured.value), f"n={measured.n}", measured.low, measured.high)


def _options(labels: Iterable[Iterable[str]], title: Callable[[str], str]) -> str:
    counts = Counter(label for found in labels for label in found)
    return "".join(f'<option value="{escape(label)}">{escape(title(label))}（{n}）</option>' for label, n in counts.most_common())


def _row(results: Results, metric: str) -> str:
    measured, name = results.summary[metric], naming(metric)
    return (
        f"<tr><td>{escape(name.title)} <code>{escape(metric)}</code></td><td><b>{printed(metric, measured.value)}</b></td>"
        f'<td>{interval_of(measured)}</td><td>{measured.n}</td><td class="says">{escape(name.says)}</td></tr>'
    )


def _tone(metric: str) -> str:
    return "less" if naming(metric).less else "more"
