"""One missed case as HTML: what was asked and expected, what was shown and cited, what was withheld, what was retrieved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from eval.metrics import Judge
from eval.names import REASONS, STATUSES, WHY, label_of
from eval.questions import Gold, squeezed
from eval.results import CaseResult
from retrieval.clause import Clause
from retrieval.library import Library

_RETRIEVED = 8
_EXCERPT = 70


class Sheet:
    """Writes cases out with the labels and texts of a library's clauses. Every piece of text is escaped."""

    def __init__(self, library: Library) -> None:
        self._judge = Judge(library)
        self._clauses: Mapping[tuple[str, str], Clause] = {clause.ref: clause for clause in library.clauses()}

    def case(self, case: CaseResult) -> str:
        filters = {"why": [case.missed], "style": [case.style], "agreement": list(case.agreements) or ["none named"]}
        data = " ".join(f'data-{name}="{escape(json.dumps(value, ensure_ascii=False))}"' for name, value in filters.items())
        meta = " · ".join([case.id, label_of("style", case.style), *case.agreements])
        return (
            f'<details class="case" {data}><summary><span class="chip {escape(case.missed)}">{escape(_why(case)[0])}</span>'
            f'<span class="q">{escape(case.question)}</span><span class="meta">{escape(meta)}</span></summary>'
            f'<div class="body"><p class="held">{escape(_why(case)[1])}</p>{self._asked(case)}{self._expected(case)}'
            f"{self._said(case.row)}{_withheld(case.row)}{self._retrieved(case)}</div></details>\n"
        )

    def _asked(self, case: CaseResult) -> str:
        return _part("之前问过", _list(case.history)) if case.history else ""

    def _expected(self, case: CaseResult) -> str:
        if case.expect == "refuse":
            return _part("应当怎样", "<p>协议没有写到，应当拒答。</p>")
        if case.expect == "clarify":
            return _part("应当怎样", "<p>应当先问清是哪一份协议。</p>")
        any_suffices = not any(gold.required for gold in case.gold)
        title = "应引的条款" + ("（任一条即可）" if any_suffices else "")
        clauses = "".join(self._gold(case, gold, gold.required or any_suffices) for gold in case.gold)
        return _part(title, clauses) + (_part("应有的要点", _list(case.answer_points)) if case.answer_points else "")

    def _gold(self, case: CaseResult, gold: Gold, wanted: bool) -> str:
        cited = any(self._judge.holds((c["agreement"], c["id"]), gold) for c in case.row.get("citations", ()))
        ranked = enumerate(case.row.get("retrieved", ()), start=1)
        rank = next((rank for rank, hit in ranked if self._judge.holds((hit["agreement"], hit["id"]), gold)), None)
        tags = [
            '<span class="tag yes">引了</span>' if cited else '<span class="tag no">没引</span>',
            f'<span class="tag">检索第 {rank} 位</span>' if rank else '<span class="tag no">检索没找到</span>',
            "" if wanted else '<span class="tag">可引可不引</span>',
        ]
        kind = " cited" if cited else " lost" if wanted else ""
        clause = self._clauses.get((gold.agreement, gold.clause))
        text = _marked(clause.content, gold.anchor) if clause else escape(gold.anchor)
        head = f'<div class="head"><b>{escape(self._label(gold.agreement, gold.clause))}</b>{"".join(tags)}</div>'
        return f'<div class="clause{kind}">{head}<div class="text">{text}</div></div>'

    def _said(self, row: Mapping[str, Any]) -> str:
        status = STATUSES.get(row["status"], str(row["status"]))
        citations, statements = row.get("citations", ()), row.get("statements", ())
        said = ""
        for statement in statements:
            labels = "、".join(str(citations[at]["label"]) for at in statement["citations"])
            said += f'<p class="said">{escape(statement["text"])} <span class="cite">{escape(labels)}</span></p>'
        for citation in citations:
            if not any(citation["quote"] in statement["text"] for statement in statements):
                said += f'<div class="quote"><b>{escape(citation["label"])}</b>\n{escape(citation["quote"])}</div>'
        if not said:
            said = f'<p class="said">{escape(str(row.get("error") or row.get("text") or "（没有内容）"))}</p>'
        notice = f'<p class="held">{escape(row["notice"])}</p>' if row.get("notice") else ""
        return _part(f"给出的答案：{status}", said + notice)

    def _retrieved(self, case: CaseResult) -> str:
        found = ""
        for hit in list(case.row.get("retrieved", ()))[:_RETRIEVED]:
            ref = (hit["agreement"], hit["id"])
            clause = self._clauses.get(ref)
            right = any(self._judge.holds(ref, gold) for gold in case.gold)
            text = clause.content.replace("\n", " ") if clause else ""
            excerpt = text[:_EXCERPT] + ("…" if len(text) > _EXCERPT else "")
            found += (
                f"<li{' class=gold' if right else ''}>{'✓ ' if right else ''}{escape(self._label(*ref))} "
                f'<span class="tag">{float(hit["score"]):.2f}</span> <span class="text">{escape(excerpt)}</span></li>'
            )
        return _part("检索前列", f'<ol class="found">{found}</ol>') if found else ""

    def _label(self, agreement: str, id: str) -> str:
        clause = self._clauses.get((agreement, id))
        return clause.label if clause else f"{agreement} {id}"


def _why(case: CaseResult) -> tuple[str, str]:
    return WHY.get(case.missed, (case.missed, ""))


def _withheld(row: Mapping[str, Any]) -> str:
    held = "".join(
        f'<p class="held"><span class="tag no">{escape(REASONS.get(sentence["reason"], str(sentence["reason"])))}</span> '
        f"{escape(sentence['text'])}</p>"
        for sentence in row.get("withheld", ())
    )
    return _part("扣下的句子", held) if held else ""


def _part(title: str, html: str) -> str:
    return f"<h4>{escape(title)}</h4>{html}"


def _list(texts: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def _marked(text: str, anchor: str) -> str:
    """A text with its anchor highlighted, escaped; anchors are compared without white space and table bars."""
    found = re.search(r"[\s|]*".join(map(re.escape, squeezed(anchor))), text) if squeezed(anchor) else None
    if not found:
        return escape(text)
    return f"{escape(text[: found.start()])}<mark>{escape(found.group())}</mark>{escape(text[found.end() :])}"
