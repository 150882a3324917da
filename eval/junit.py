"""A run as JUnit XML, the form that CI systems show: one testcase a case, a miss is a failure, a crash an error."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from eval.names import STATUSES, WHY
from eval.results import CaseResult, Results

# What XML 1.0 allows no document to hold, not even escaped (section 2.2 of the recommendation).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Results) -> str:
    """The XML document. The class of a testcase is its style, its time is the latency of the answer in seconds."""
    cases = results.cases
    crashed = [case for case in cases if case.missed == "crash"]
    suite = ElementTree.Element(
        "testsuite",
        name="wenyue eval",
        tests=str(len(cases)),
        failures=str(len(results.missed) - len(crashed)),
        errors=str(len(crashed)),
        skipped="0",
        time=f"{sum(map(_seconds, cases)):.3f}",
    )
    facts = ElementTree.SubElement(suite, "properties")
    for name in ("model", "prompt_version", "library_version", "date"):
        ElementTree.SubElement(facts, "property", name=name, value=_clean(getattr(results.facts, name)))
    for case in cases:
        test = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"eval.{_clean(case.style)}",
            name=_clean(f"{case.id} {case.question}"),
            time=f"{_seconds(case):.3f}",
        )
        if case.missed:
            kind = "error" if case.missed == "crash" else "failure"
            ElementTree.SubElement(test, kind, type=case.missed, message=_clean(_sentence(case))).text = _clean(_told(case))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _seconds(case: CaseResult) -> float:
    return (case.values.get("latency_ms") or 0.0) / 1000


def _sentence(case: CaseResult) -> str:
    """Why the case was missed, in one sentence."""
    if case.missed == "crash":
        return f"出错，没有答案：{case.row.get('error') or '没有说明'}"
    title, says = WHY.get(case.missed, (case.missed, "没答好"))
    cited = _named((c["agreement"], c["id"]) for c in case.row.get("citations", ())) or "无"
    wanted = _named((gold.agreement, gold.clause) for gold in case.gold if gold.required) or _named(
        (gold.agreement, gold.clause) for gold in case.gold
    )
    expected = f"应引 {wanted}，实引 {cited}" if case.gold else f"结果是“{STATUSES.get(case.status, case.status)}”，引了 {cited}"
    return f"{title}：{says}；{expected}。"


def _told(case: CaseResult) -> str:
    """What was said, for whoever opens the failure."""
    return "\n".join(
        [*(f"之前问过：{earlier}" for earlier in case.history), f"问：{case.question}", f"答：{case.row.get('text') or '（无）'}"]
    )


def _named(refs: Iterable[tuple[str, str]]) -> str:
    return "、".join(f"{agreement} {clause}" for agreement, clause in refs)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
