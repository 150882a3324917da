from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from eval.metrics import Measured
from eval.page import page
from eval.questions import Gold
from eval.results import CaseResult, Facts, Results
from retrieval.library import Library

_HOSTILE = """</title></p></details>"'><script>alert(1)</script><img src=x onerror=alert(1)> ${x} $cases &lt; ]]> <!-- """


class _Read(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self._in = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = tag

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts.append(data)
        elif self._in != "style":
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    @property
    def shapes(self) -> set[tuple[str, tuple[str, ...]]]:
        return {(tag, tuple(sorted(attributes))) for tag, attributes in self.tags}

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.tags if name in (attributes.get("class") or "").split()]


@pytest.fixture
def html(results: Results, library: Library) -> str:
    return page(results, library)


def _hostile(value: Any) -> Any:
    """The same data with every text hostile but keys, ids that code looks up, and statuses."""
    if isinstance(value, dict):
        return {key: inner if key in ("status", "agreement", "id") else _hostile(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_hostile, value))
    return _HOSTILE if isinstance(value, str) else value


def _hostile_row(case: CaseResult) -> dict[str, Any]:
    row = {**_hostile(dict(case.row)), "notice": _HOSTILE, "status": case.status if case.status != "error" else _HOSTILE}
    for citation in row.get("citations", ()):
        citation["quote"] += "else"  # a quote that no statement holds is shown too
    return row


def test_nothing_that_a_run_says_can_break_out_of_the_page(results: Results, library: Library, html: str) -> None:
    cases = tuple(
        replace(
            case,
            id=_HOSTILE,
            question=_HOSTILE,
            style=_HOSTILE,
            agreements=(_HOSTILE,),
            history=(_HOSTILE,),
            answer_points=(_HOSTILE,),
            gold=tuple(Gold(_HOSTILE, _HOSTILE, _HOSTILE, True) for _ in case.gold),
            missed=case.missed and _HOSTILE,
            row=_hostile_row(case),
        )
        for case in results.cases
    )
    slices = {name: dict.fromkeys([_HOSTILE], next(iter(parts.values()))) for name, parts in results.slices.items()}
    summary = {**results.summary, _HOSTILE: replace(results.summary["mrr"], name=_HOSTILE)}
    facts = Facts(_HOSTILE, _HOSTILE, _HOSTILE, _HOSTILE, (_HOSTILE,))
    hostile = _Read(page(Results(facts, summary, slices, cases), library))
    plain = _Read(html)
    may = {"li", "ul", "h4", "p", "div"}  # parts that the plain run has no occasion for
    assert {shape for shape in hostile.shapes - plain.shapes if shape[0] not in may} == set()
    assert {attribute for _, attributes in hostile.shapes for attribute in attributes} <= {
        attribute for _, attributes in plain.shapes for attribute in attributes
    }
    assert hostile.scripts == plain.scripts
    assert _HOSTILE in hostile.text  # it is shown as it is
    assert len(hostile.with_class("case")) == len(results.missed)


def test_a_hostile_clause_cannot_break_out_either(results: Results, library: Library, html: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clauses = [replace(clause, text=f"{_HOSTILE}{clause.text}{_HOSTILE}", label=_HOSTILE) for clause in library.clauses()]
    monkeypatch.setattr(library, "_clauses", clauses)
    for anchor in ("自然日内可以申请全额退款", "<script>alert(1)</script><img", "这里没有的一句话"):
        gold = (Gold("cloud", "1.2", anchor, True),)
        cases = tuple(replace(case, gold=gold if case.gold else ()) for case in results.cases)
        hostile = _Read(page(replace(results, cases=cases), library))
        assert hostile.shapes <= _Read(html).shapes
        assert hostile.scripts == _Read(html).scripts
        assert _HOSTILE in hostile.text


def test_the_page_asks_for_nothing_from_outside(html: str) -> None:
    read = _Read(html)
    assert not {tag for tag, _ in read.tags} & {"link", "img", "iframe", "object", "embed", "base", "audio", "video"}
    assert not [attributes for _, attributes in read.tags if attributes.keys() & {"src", "href", "srcset", "action", "xlink:href"}]
    assert not re.search(r"url\(|@import|https?:", html.split("<main>")[0])


def test_no_script_but_the_page_s_own_may_run(html: str) -> None:
    read = _Read(html)
    policy = next(str(attributes["content"]) for _, attributes in read.tags if attributes.get("http-equiv") == "Content-Security-Policy")
    (script,) = read.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'")
    assert re.findall(r"script-src ([^;]*)", policy) == [f"'sha256-{digest}'"]


def test_every_missed_case_is_there_once_with_what_it_can_be_found_by(results: Results, html: str) -> None:
    cases = _Read(html).with_class("case")
    assert [case["data-why"] for case in cases] == [f'["{case.missed}"]' for case in results.missed]
    assert cases[0] == {"class": "case", "data-why": '["retrieval"]', "data-style": '["typo"]', "data-agreement": '["none named"]'}
    assert cases[3]["data-agreement"] == '["cloud", "phone"]'


def _opened(html: str, why: str) -> str:
    """The text of the missed case."""
    found = re.search(rf'<details class="case" data-why="\[&quot;{why}&quot;\]".*?</details>', html, re.S)
    assert found
    return _Read(found.group()).text


def test_a_case_shows_what_was_expected_cited_and_found(html: str) -> None:
    text = _opened(html, "selection")
    assert "《cloud协议》1.2引了检索第 1 位服务开通后 7 个自然日内可以申请全额退款。" in text
    assert "《cloud协议》2.1没引检索第 3 位因不可抗力造成的中断，双方均不承担责任。" in text
    assert "给出的答案：已答服务开通后 7 个自然日内可以申请全额退款。 《cloud协议》1.2" in text
    assert "✓ 《cloud协议》1.2 0.50" in text
    assert "✓ 《cloud协议》1.1" not in text


def test_a_quote_is_shown_apart_only_where_no_statement_holds_it(results: Results, library: Library, html: str) -> None:
    assert 'class="quote"' not in html
    cases = tuple(
        replace(case, row={**case.row, "statements": [{"text": "七天内可退。", "citations": [0]}]}) for case in results.cases[2:3]
    )
    text = _opened(page(replace(results, cases=cases), library), "selection")
    assert "七天内可退。 《cloud协议》1.2《cloud协议》1.2\n服务开通后 7 个自然日内可以申请全额退款。" in text


def test_the_anchor_is_marked_in_the_expected_clause(html: str) -> None:
    assert "服务开通后 7 个<mark>自然日内可以申请全额退款</mark>。" in html


def test_a_case_shows_what_was_withheld_and_why(html: str) -> None:
    assert "扣下的句子数字不在条款里 30 日内可退。" in _opened(html, "verification")


def test_a_crash_shows_its_error(html: str) -> None:
    assert "给出的答案：出错TypeError: 坏了" in _opened(html, "crash")


def test_a_clause_that_the_library_does_not_hold_is_named_by_its_key(results: Results, library: Library) -> None:
    cases = tuple(replace(case, gold=tuple(Gold("cloud", "9.9", "早已不在的一句话", True) for _ in case.gold)) for case in results.cases)
    text = _opened(page(replace(results, cases=cases), library), "selection")
    assert "cloud 9.9没引检索没找到早已不在的一句话" in text


def test_the_histogram_counts_the_rank_of_the_first_gold_clause(results: Results, library: Library) -> None:
    ranks = [1, 1, 2, 3, 4, 5, 6, 10, 11, 20, None]
    values = [0.0 if rank is None else 1 / rank for rank in ranks]
    cases = tuple(replace(results.cases[0], id=str(at), values={"mrr": value}) for at, value in enumerate([*values, None]))
    labels = [str(attributes.get("aria-label")) for _, attributes in _Read(page(replace(results, cases=cases), library)).tags]
    assert "第一条应引条款的名次：1 2 题，2 1 题，3 1 题，4–5 2 题，6–10 2 题，11–20 2 题，没找到 1 题" in labels


def test_the_reasons_are_counted(results: Results, library: Library) -> None:
    cases = (*results.cases, *(replace(case, id=f"{case.id} again") for case in results.cases if case.missed == "refusal"))
    labels = [str(attributes.get("aria-label")) for _, attributes in _Read(page(replace(results, cases=cases), library)).tags]
    assert "没答好的原因：没找到 1，没选中 1，没过核对 1，误拒 2，误答 1，没反问 1，崩溃 1" in labels


def test_the_bars_are_as_long_as_the_values_and_say_their_n(html: str) -> None:
    plot = next(found for found in re.findall(r"<svg.*?</svg>", html, re.S) if "引用召回，按语言" in found)
    assert "引用召回，按语言：简体中文 30.0%，英文 0.0%" in plot
    assert [float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)"', plot)] == [41.4, 0.0]  # of 138
    assert re.findall(r">n=(\d+)<", plot) == ["5", "1"]
    assert '<rect class="more"' in plot
    refusals = next(found for found in re.findall(r"<svg.*?</svg>", html, re.S) if "误拒率，按语言" in found)
    assert '<rect class="less"' in refusals


def test_the_promises_are_marked_as_broken_where_they_are(results: Results, library: Library, html: str) -> None:
    assert len(_Read(html).with_class("broken")) == 1  # the crash
    summary = {name: measured for name, measured in results.summary.items() if name != "fabricated"}
    assert len(_Read(page(replace(results, summary=summary), library)).with_class("broken")) == 2  # not measured is not kept
    summary["fabricated"] = Measured("fabricated", 0.0, 0)
    assert len(_Read(page(replace(results, summary=summary), library)).with_class("broken")) == 2


def test_headline_numbers_stand_with_interval_and_n(results: Results, html: str) -> None:
    recall = results.summary["citation_recall"]
    assert recall.low is not None
    assert recall.high is not None
    assert f"引用召回citation_recall25.0%{recall.low:.1%} – {recall.high:.1%}n=6" in _Read(html).text


def test_a_run_without_a_miss_has_a_page_too(results: Results, library: Library) -> None:
    text = _Read(page(replace(results, cases=results.cases[:1]), library)).text
    assert "没有没答好的题" in text
    assert "0 题" in text


def test_the_filters_offer_what_occurs_and_how_often(results: Results, html: str) -> None:
    options = re.findall(r'<option value="([^"]+)">[^<]*（(\d+)）</option>', html)
    styles = Counter(case.style for case in results.missed)
    assert {(style, str(n)) for style, n in styles.items()} <= set(options)
    assert ("cloud", "4") in options
    assert ("none named", "2") in options
