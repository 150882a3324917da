"""What a person sees of the answers that were kept: a list of them, or one whole. As it was then: nothing is looked up again."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from answering.answer import Reason, Status
from bot.place import Place
from bot.record import Record

REASONS: dict[str, str] = {
    Reason.NO_CITATION: "没有引用条款",
    Reason.UNKNOWN_HANDLE: "引用了没有给它看的条款",
    Reason.FIGURE_NOT_IN_CLAUSE: "数字不在条款里",
    Reason.WORDS_NOT_IN_CLAUSE: "说法不在条款里",
    Reason.OTHER_CLAUSE_SAYS_IT: "说的是另一条",
    Reason.MEANING_REVERSED: "意思相反",
    Reason.PARTIES_SWAPPED: "当事人弄反了",
    Reason.QUOTE_NOT_VERBATIM: "引文不是原文",
    Reason.WRONG_AGREEMENT: "说的是一份协议，引的是另一份",
    Reason.FOREIGN_MARK: "夹带了网址、@或标记",
    Reason.NOT_SUPPORTED: "复核认为条款不支持",
    Reason.CUT_OFF: "没有写完",
    Reason.TOO_LONG: "句子太长",
    Reason.CHECK_FAILED: "核对没有做成",
}
_STATUSES: dict[str, tuple[str, str]] = {
    Status.ANSWERED: ("有依据", "green"),
    Status.NOT_COVERED: ("未写到", "yellow"),
    Status.OUT_OF_SCOPE: ("不在范围", "yellow"),
    Status.CLARIFY: ("请选择", "cyan"),
    Status.ERROR: ("出错", "red"),
}
_RETRIEVED = 10
_SPAN = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime.datetime) -> datetime.datetime:
    """The moment that `2d`, `12h`, `30m`, `1w` before `now` or a date or time (ISO 8601) is. Raises ValueError with a sentence for people."""
    span = _SPAN.fullmatch(text.strip())
    try:
        if span:
            return now - datetime.timedelta(**{_UNITS[span[2]]: int(span[1])})
        return datetime.datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"看不懂时间 {text!r}；请写 30m、12h、2d、1w，或日期，例如 2025-03-01") from error


def show_records(console: Console, records: Sequence[Record], names: Mapping[str, str]) -> None:
    """The records, each in two lines. `names` are short names of agreements by key."""
    table = Table(header_style="bold", expand=True, box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("时间\n[dim]编号[/dim]", no_wrap=True, width=12)
    table.add_column("问题\n[dim]在哪[/dim]", ratio=5, overflow="fold")
    table.add_column("结果\n[dim]模型[/dim]", max_width=16, no_wrap=True, overflow="ellipsis")
    table.add_column("依据", ratio=3, overflow="fold")
    table.add_column("毫秒", justify="right", no_wrap=True, min_width=5)
    for record in records:
        answer = record.answer
        withheld = len(answer["withheld"])
        table.add_row(
            _cell(f"{record.at.astimezone():%m-%d %H:%M}", record.id),
            _cell(_short(record.question, console.width // 2), where(record.place)),
            Text.assemble(_status(record.status), "\n", (_model(record), "dim")),
            _cell(_cited(answer["citations"], names) or "—", f"{withheld} 句未显示" if withheld else ""),
            f"{answer['latency_ms']:.0f}",
        )
    console.print(table)


def show_record(console: Console, record: Record, names: Mapping[str, str]) -> None:
    """One record whole: what was asked and shown, what it rests on, what was withheld, what was found, and by which means."""
    answer = record.answer
    console.print(Text.assemble((record.id, "bold"), "　", f"{record.at.astimezone():%Y-%m-%d %H:%M:%S %Z}", "　", where(record.place)))
    asker = [("提问者", record.place.asker)] if record.place.asker else []
    thread = [("话题", record.place.thread)] if record.place.thread else []
    understood = [("理解为", answer["understood_as"])] if answer.get("understood_as") else []
    _rows(console, [*asker, *thread, ("问题", record.question), *understood])
    _section(console, "显示的内容", [_status(record.status), *map(Text, answer["text"].splitlines())])
    if answer["notice"]:
        _section(console, "提示", [Text(answer["notice"], style="yellow")])
    _section(console, "依据", (part for citation in answer["citations"] for part in _quoted(citation)))
    _section(console, "未显示", (_withheld(withheld) for withheld in answer["withheld"]))
    hits = answer["retrieved"][:_RETRIEVED]
    _section(console, f"找到的条款（前 {len(hits)} 条）", [_hits(hits, names)] if hits else [])
    _section(console, "经过", [])
    _rows(console, _means(record))


def where(place: Place) -> str:
    """Where an answer was given, as `--chat` takes it: `telegram:-100123`, `terminal`."""
    return f"{place.channel}:{place.chat}" if place.chat else place.channel


def _means(record: Record) -> list[tuple[str, str]]:
    answer, tokens = record.answer, record.answer["tokens"]
    times = [f"{answer['latency_ms']:.0f} 毫秒"]
    if answer.get("first_ms") is not None:
        times.append(f"第一句在 {answer['first_ms']:.0f} 毫秒")
    served = [("来自", f"{record.served_from}（不久前的同一个问题，没有再问模型）")] if record.served_from else []
    sure = [] if answer["confidence"] is None else [("把握", f"{answer['confidence']:.2f}，够 {answer['threshold']:.2f} 才算有答案")]
    return [
        *served,
        ("模型", answer["model"]),
        ("用量", f"输入 {tokens['prompt']:,}，输出 {tokens['completion']:,} token"),
        ("用时", "，".join(times)),
        *sure,
        ("提示词版本", answer["prompt_version"] or "—"),
        ("协议与索引版本", record.fingerprint.partition("/")[0]),
        ("全部版本", record.fingerprint),
    ]


def _section(console: Console, title: str, parts: Iterable[RenderableType]) -> None:
    """A heading with what stands beneath it; nothing at all where there is nothing to say, but for a heading that comes before rows."""
    listed = list(parts)
    if listed or title == "经过":
        console.print(Rule(title, style="dim", align="left"))
    for part in listed:
        console.print(Padding(part, (0, 2)))


def _rows(console: Console, rows: Iterable[tuple[str, str]]) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, Text(value))
    console.print(Padding(table, (0, 2)))


def _quoted(citation: Mapping[str, Any]) -> list[Text]:
    head = Text.assemble((citation["label"], "bold cyan"), (f"　{citation['path']}" if citation["path"] else "", "dim"))
    under = [Text(citation["under"], style="dim")] if citation["under"] else []
    return [head, *under, Text(f"“{citation['quote']}”")]


def _withheld(withheld: Mapping[str, str]) -> Text:
    told = REASONS.get(withheld["reason"], withheld["reason"])
    return Text.assemble(withheld["text"], "　", (f"（{told}）", "yellow"))


def _hits(hits: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="dim")
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for rank, hit in enumerate(hits, start=1):
        table.add_row(str(rank), f"{hit['score']:.3f}", Text(f"{names.get(hit['agreement'], hit['agreement'])} {hit['id']}"))
    return table


def _cited(citations: Iterable[Mapping[str, str]], names: Mapping[str, str]) -> str:
    """The clauses cited, those of an agreement together: 企点 4.7、4.9."""
    by_agreement: dict[str, list[str]] = {}
    for citation in citations:
        by_agreement.setdefault(citation["agreement"], []).append(citation["id"])
    return "\n".join(f"{names.get(key, key)} {'、'.join(ids)}" for key, ids in by_agreement.items())


def _model(record: Record) -> str:
    """The model without its provider, for which there is no room."""
    name = str(record.answer["model"])
    return "不久前答过" if record.served_from else name.partition(":")[2] or name


def _status(status: str) -> Text:
    said, colour = _STATUSES[status]
    return Text(said, style=colour)


def _cell(first: str, second: str) -> Text:
    return Text.assemble(first, "\n", (second, "dim")) if second else Text(first)


def _short(question: str, longest: int) -> str:
    return question if len(question) <= longest else question[: longest - 1] + "…"
