"""An answer made again from its JSON is the answer that was given."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from answering.answer import Answer, Referred, Status
from answering.answerer import Answerer
from answering.kept import answer_from
from answering.models import ChatModel, Completion
from retrieval.clause import Hit
from retrieval.library import Library
from retrieval.links import Links
from tests.scripted import SaysAtOnce

_TRAIN = Path(__file__).parent.parent.parent / "eval" / "questions" / "train.jsonl"
_QUESTION = "企点开通几天内可以无条件退款？"
_ASKED = 200


class _Says(SaysAtOnce):
    """Says a sentence of the first clause it is shown, and one that stands nowhere."""

    name = "scripted"

    def complete(self, system: str, user: str, *, chat: str = "") -> Completion:
        return Completion("在您开通企业级产品服务 7 个自然日内，您有权要求终止合作 [C1]。\n开通 99 天内都可以退款 [C1]。", 812, 40)


def _row(answer: Answer) -> dict[str, Any]:
    """The answer as it comes back from where JSON is kept."""
    row: dict[str, Any] = json.loads(json.dumps(answer.to_json(), ensure_ascii=False))
    return row


def _as_given_again(answer: Answer) -> Answer:
    """What an answer is when it is given again: its JSON rounds the confidence and does not tell what found a hit."""
    confidence = None if answer.confidence is None else round(answer.confidence, 4)
    retrieved = tuple(Hit(hit.clause, hit.score) for hit in answer.retrieved)
    none = {"prompt": 0, "completion": 0}
    return replace(answer, confidence=confidence, retrieved=retrieved, tokens=none, latency_ms=0.0, first_ms=None, cached=True)


@pytest.fixture(scope="module")
def given(answerer: Answerer) -> list[Answer]:
    """The answers to questions of all sorts, after the questions before where there are any."""
    cases = [json.loads(line) for line in _TRAIN.read_text(encoding="utf-8").splitlines()]
    return [answerer.answer(case["question"], case["history"]) for case in (cases[at * len(cases) // _ASKED] for at in range(_ASKED))]


def test_every_answer_is_the_same_when_it_is_made_again(given: list[Answer], shipped: Library) -> None:
    assert [answer_from(_row(answer), shipped) for answer in given] == [_as_given_again(answer) for answer in given]


def test_the_answers_that_were_made_again_had_everything_an_answer_may_have(given: list[Answer]) -> None:
    assert {answer.status for answer in given} == set(Status) - {Status.ERROR}
    citations = [citation for answer in given for citation in answer.citations]
    for part in ("path", "under", "refers", "defines", "unheld"):
        assert any(getattr(citation, part) for citation in citations), part
    for part in ("related", "retrieved", "choices", "suggestions", "understood_as", "message", "confidence"):
        assert any(getattr(answer, part) for answer in given), part


def test_a_clause_that_is_referred_to_comes_back_with_what_introduces_it(given: list[Answer], shipped: Library) -> None:
    answer = next(answer for answer in given if answer.citations)
    links = Links(shipped.clauses())
    items = [Referred(clause, lead) for clause in shipped.clauses() if (lead := links.lead_in(clause))]
    answer = replace(answer, citations=(replace(answer.citations[0], refers=tuple(items)), *answer.citations[1:]))
    again = answer_from(_row(answer), shipped)
    assert again is not None
    assert again.citations[0].refers == tuple(items)


def test_what_a_model_wrote_is_made_again_with_what_was_withheld_and_without_its_cost(
    make_answerer: Callable[[ChatModel | None], Answerer], shipped: Library
) -> None:
    answer = make_answerer(_Says()).answer(_QUESTION)
    assert (answer.status, len(answer.withheld) > 0, answer.tokens["prompt"] > 0) == (Status.ANSWERED, True, True)
    again = answer_from(_row(answer), shipped)
    assert again == _as_given_again(answer)
    assert (again.model, again.prompt_version) == ("scripted", answer.prompt_version)


@pytest.fixture(scope="module")
def row(answerer: Answerer) -> Mapping[str, Any]:
    return _row(answerer.answer(_QUESTION))


def _changed(row: Mapping[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    changed: Any = copy.deepcopy(dict(row))
    part = changed
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    whole: dict[str, Any] = changed
    return whole


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("status",), "settled"),
        (("language",), "tlh"),
        (("text",), "可以。"),
        (("statements", 0, "citations"), [7]),
        (("statements", 0, "citations"), 0),
        (("citations", 0, "id"), "4.77"),
        (("citations", 0, "agreement"), "feishu"),
        (("citations", 0, "agreement"), ["qidian"]),
        (("citations", 0, "label"), "《腾讯乐享服务协议》4.7"),
        (("citations", 0, "quote"), "在您开通企业级产品服务 70 个自然日内"),
        (("citations",), None),
        (("citations",), ["4.7"]),
        (("retrieved", 3, "id"), "99.9"),
        (("related",), [{"agreement": "qidian"}]),
        (("withheld",), [{"text": "甲", "reason": "bad_mood"}]),
        (("confidence",), "high"),
        (("suggestions",), None),
        (("said_since",), True),
    ],
)
def test_of_what_does_not_fit_there_is_no_answer(
    path: tuple[str | int, ...], value: object, row: Mapping[str, Any], shipped: Library
) -> None:
    assert answer_from(row, shipped) is not None
    assert answer_from(_changed(row, path, value), shipped) is None


def test_of_what_is_not_whole_there_is_no_answer(row: Mapping[str, Any], shipped: Library) -> None:
    for name in row:
        assert answer_from({other: row[other] for other in row if other != name}, shipped) is None, name
    assert answer_from({}, shipped) is None


def test_of_a_clause_that_says_something_else_now_there_is_no_answer(
    make_library: Callable[[Mapping[str, str]], Library], row: Mapping[str, Any], shipped: Library
) -> None:
    text = shipped.source_text("qidian")
    same = make_library({"qidian": text})
    kept = {**_only_of(row, "qidian"), "suggestions": []}
    labels = {clause.ref: clause.label for clause in same.clauses()}
    for citation in kept["citations"]:
        citation["label"] = labels[citation["agreement"], citation["id"]]
        citation.update(refers=[], defines=[])
    kept["text"] = _text_of(kept)
    assert answer_from(kept, same) is not None
    assert answer_from(kept, make_library({"qidian": text.replace("自然日", "工作日")})) is None
    assert answer_from(kept, make_library({"other": "停车协议\n第一条 收费\n1.1 停车每小时收费 5 元。\n"})) is None


def _only_of(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    kept: dict[str, Any] = copy.deepcopy(dict(row))
    kept["retrieved"] = [hit for hit in kept["retrieved"] if hit["agreement"] == key]
    return kept


def _text_of(row: Mapping[str, Any]) -> str:
    """The text of an answer whose labels have been changed."""
    return "\n".join(
        said["text"] + "（" + "、".join(row["citations"][at]["label"] for at in said["citations"]) + "）" for said in row["statements"]
    )
