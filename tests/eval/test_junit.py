from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from eval.junit import junit
from eval.results import Results


def _suite(results: Results) -> ElementTree.Element:
    suite = ElementTree.fromstring(junit(results)).find("testsuite")
    assert suite is not None
    return suite


def test_every_case_is_a_testcase_with_its_style_as_class(results: Results) -> None:
    tests = _suite(results).findall("testcase")
    assert [test.get("classname") for test in tests] == [f"eval.{case.style}" for case in results.cases]
    assert [str(test.get("name")).split()[0] for test in tests] == [case.id for case in results.cases]


def test_a_miss_is_a_failure_a_crash_an_error_and_a_right_answer_neither(results: Results) -> None:
    suite = _suite(results)
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("8", "6", "1")
    outcome = {str(test.get("name")).split()[0]: [child.tag for child in test] for test in suite.findall("testcase")}
    assert outcome.pop("right") == []
    assert outcome.pop("crash") == ["error"]
    assert set(map(tuple, outcome.values())) == {("failure",)}


def test_the_message_is_one_sentence_that_says_what_was_expected_and_cited(results: Results) -> None:
    message = {failure.get("type"): str(failure.get("message")) for failure in _suite(results).iter("failure")}
    assert message["selection"] == "没选中：找到了，但没有选来引用；应引 cloud 1.2、cloud 2.1，实引 cloud 1.2。"
    assert message["false_answer"] == "误答：协议没写，却答了；结果是“已答”，引了 phone 1.2。"
    assert all(text.count("。") == 1 and text.endswith("。") for text in message.values())
    error = next(_suite(results).iter("error"))
    assert error.get("message") == "出错，没有答案：TypeError: 坏了"


def test_times_are_in_seconds(results: Results) -> None:
    suite = _suite(results)
    assert {test.get("time") for test in suite.findall("testcase")} == {"0.010", "0.000"}  # 10 ms; the crash has none
    assert suite.get("time") == "0.070"


def test_what_xml_cannot_hold_is_replaced_and_the_rest_is_kept(results: Results) -> None:
    hostile = 'a\x00b\x1b[31m<c> & "d" ]]> \ud800 \U0001f600'
    cases = tuple(
        replace(case, question=hostile, history=(hostile,), row={**case.row, "text": hostile, "error": hostile}) for case in results.cases
    )
    suite = _suite(replace(results, cases=cases))
    kept = 'a\ufffdb\ufffd[31m<c> & "d" ]]> \ufffd \U0001f600'
    assert {str(test.get("name")).split(" ", 1)[1] for test in suite.findall("testcase")} == {kept}
    assert kept in str(next(suite.iter("failure")).text)
