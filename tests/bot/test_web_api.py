"""The JSON API: the shapes that others rely on, who may use it, and answers that stream."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, create_model
from starlette.testclient import TestClient

from bot.votes import Counts
from bot.web import shapes
from bot.web.door import Door
from bot.web.house import Limits, Rooms
from retrieval.clause import Clause
from retrieval.library import Library
from tests.bot.web_visit import REFUND, TOKEN
from tests.bot.web_visit import make_rooms as make_rooms
from tests.bot.web_visit import rooms as rooms
from tests.bot.web_visit import visit as visit
from tests.scripted import SaysAtOnce

Visit = Callable[..., TestClient]


def _events(text: str) -> list[tuple[str, dict[str, Any]]]:
    found = [part.split("\n") for part in text.split("\n\n") if part and not part.startswith(":")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in found]


def _fits(shape: type[BaseModel], data: Any) -> None:
    """Checks data against a documented shape that lets nothing through that it does not name."""
    exact = create_model(shape.__name__, __base__=shape, __config__=None)
    exact.model_config = ConfigDict(extra="forbid")
    exact.model_rebuild(force=True)
    exact.model_validate(data)


@pytest.fixture
def api(visit: Visit) -> TestClient:
    return visit()


def test_an_answer_has_the_public_shape_and_the_record_it_was_kept_under(api: TestClient, rooms: Rooms) -> None:
    answer = api.post("/api/ask", json={"question": REFUND}).json()
    _fits(shapes.AnswerShape, answer)
    assert answer.pop("contact") is None
    kept = rooms.records.get(answer.pop("record"))
    assert kept.answer == answer
    assert answer["citations"][0]["id"] == "4.7"
    assert [answer["citations"][at]["label"] for at in answer["statements"][0]["citations"]] == ["《腾讯企业级产品及服务直销协议》4.7"]


def test_refusals_and_choices_have_it_too(api: TestClient) -> None:
    statuses = []
    for question in ("腾讯的股价会涨吗", "企点的会议室怎么预订？", "终止后数据保留多久", "九十九点九条写了什么 企点 99.9"):
        answer = api.post("/api/ask", json={"question": question}).json()
        _fits(shapes.AnswerShape, answer)
        statuses.append(answer["status"])
    assert len(set(statuses)) > 1


def test_a_question_can_be_held_to_agreements(api: TestClient) -> None:
    answer = api.post("/api/ask", json={"question": "服务器出故障怎么赔？", "agreements": ["archive"]}).json()
    assert {citation["agreement"] for citation in answer["citations"]} == {"archive"}
    assert api.post("/api/ask", json={"question": REFUND, "agreements": ["nothing"]}).status_code == 404


def test_who_names_an_asker_has_a_conversation_and_who_does_not_has_none(api: TestClient) -> None:
    later = {"question": "那发票什么时候开？"}
    api.post("/api/ask", json={"question": REFUND, "asker": "anna"})
    assert "understood_as" in api.post("/api/ask", json={**later, "asker": "anna"}).json()
    assert "understood_as" not in api.post("/api/ask", json={**later, "asker": "anna", "thread": "2"}).json()
    assert "understood_as" not in api.post("/api/ask", json={**later, "asker": "bob"}).json()
    api.post("/api/ask", json={"question": REFUND})
    assert "understood_as" not in api.post("/api/ask", json=later).json()


class _Model(SaysAtOnce):
    name = "scripted"

    def complete(self, system: str, user: str, *, chat: str = "") -> Any:
        from answering.models import Completion

        return Completion("在您开通企业级产品服务 7 个自然日内，您有权要求终止合作 [C1]。增值服务一经购买即无法取消 [C2]。", 8, 4)


@pytest.mark.parametrize("by", [{"stream": True}, {}])
def test_an_answer_streams_statement_by_statement(visit: Visit, make_rooms: Callable[..., Rooms], by: dict[str, bool]) -> None:
    api = visit(inside=make_rooms(_Model()))
    headers = {} if by else {"Accept": "text/event-stream"}
    response = api.post("/api/ask", json={"question": REFUND, **by}, headers=headers)
    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert response.headers["Cache-Control"] == "no-store"
    events = _events(response.text)
    assert (events[0][0], events[-1][0]) == ("draft", "answer")
    lengths = [len(answer["statements"]) for _, answer in events]
    assert lengths == sorted(lengths)
    assert events[-1][1]["record"]
    assert events[0][1]["record"] is None
    _fits(shapes.AnswerShape, events[-1][1])


def test_what_is_wrong_with_a_question_is_said_before_a_stream_begins(api: TestClient) -> None:
    response = api.post("/api/ask", json={"question": "  ", "stream": True})
    assert response.status_code == 422
    assert "空" in response.json()["error"]["message"]


def test_search_and_clauses_have_the_shapes_of_the_console_script(api: TestClient, shipped: Library) -> None:
    found = api.get("/api/search", params={"q": "退款", "k": 3, "agreement": ["qidian", "archive"]}).json()
    _fits(shapes.SearchShape, found)
    assert found["query"] == "退款"
    assert len(found["hits"]) == 3
    listed = api.get("/api/agreements/lexiang/clauses").json()
    _fits(shapes.ClausesShape, listed)
    assert listed["clauses"] == [{name: getattr(clause, name) for name in Clause.__slots__} for clause in shipped.clauses(["lexiang"])]


def test_one_clause_is_had_by_its_id(api: TestClient) -> None:
    for path in ("lexiang/2.2.3%232", "lexiang/2.2.3~2", "archive/附件/5.4.2表", "wework/8.1.2.1（6）"):
        _fits(shapes.ClauseShape, api.get(f"/api/clauses/{path}").json())
    assert api.get("/api/clauses/lexiang/2.2.3~2").json()["label"].endswith("2.2.3（第二处）")
    for path in ("lexiang/99", "nothing/1", "lexiang/"):
        assert api.get(f"/api/clauses/{path}").status_code == 404


def test_agreements_and_which_prevails(api: TestClient) -> None:
    listed = api.get("/api/agreements").json()
    _fits(shapes.AgreementsShape, listed)
    assert {held["key"]: held["clauses"] for held in listed["agreements"]}["lexiang"] == 146
    assert api.get("/api/agreements/lexiang").json() in listed["agreements"]
    prevailing = api.get("/api/precedence").json()
    _fits(shapes.PrecedenceShape, prevailing)
    assert {"archive", "wework"} <= {edge["source"] for edge in prevailing["precedence"]}


def test_a_vote_by_the_api_counts_only_on_its_own_answers(api: TestClient, rooms: Rooms) -> None:
    from tests.bot.web_visit import ask

    record = api.post("/api/ask", json={"question": REFUND}).json()["record"]
    assert api.post("/api/votes", json={"record": record, "verdict": "down", "reason": "clause"}).status_code == 204
    assert rooms.votes.of(record) == Counts(down=1)
    theirs = ask(api).rpartition("/")[2]
    assert api.post("/api/votes", json={"record": theirs, "verdict": "up"}).status_code == 404
    assert api.post("/api/votes", json={"record": "nothing", "verdict": "up"}).status_code == 404
    assert api.post("/api/votes", json={"record": record, "verdict": "sideways"}).status_code == 422


def test_only_who_has_the_token_may_use_it(visit: Visit) -> None:
    api = visit(Door(TOKEN))
    for path in ("/api/agreements", "/api/openapi.json", "/metrics"):
        for given in (b"", b"Bearer wrong", TOKEN.encode(), "Bearer é".encode(), b"Bearer \xff"):
            response = api.get(path, headers={b"Authorization": given} if given else {})
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
        assert api.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_browsers_cookie_is_no_token(visit: Visit) -> None:
    browser = visit(Door(TOKEN))
    browser.post("/login", data={"token": TOKEN})
    assert browser.get("/").status_code == 200
    assert browser.post("/api/ask", json={"question": REFUND}).status_code == 401


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 422),
        ("[]", "application/json", 422),
        ('{"question":"a","more":1}', "application/json", 422),
        ('{"question":1}', "application/json", 422),
        ('{"question":"a"}', "text/plain", 422),
        ("", "application/json", 422),
        ('{"question":"' + "a" * 70_000 + '"}', "application/json", 413),
        ("[" * 60_000, "application/json", 400),
    ],
)
def test_what_cannot_be_understood_is_refused_in_a_sentence(api: TestClient, body: str, kind: str, status: int) -> None:
    response = api.post("/api/ask", content=body, headers={"Content-Type": kind})
    assert response.status_code == status
    _fits(shapes.TroubleShape, response.json())


def test_paths_that_are_not_there_are_refused_as_json(api: TestClient) -> None:
    for path in ("/api/nothing", "/api/agreements/nothing", "/api/agreements/nothing/clauses"):
        response = api.get(path)
        assert (response.status_code, response.json()["error"]["status"]) == (404, 404)
    assert api.get("/api/ask").status_code == 405


def test_one_address_may_ask_so_often_in_a_minute(visit: Visit) -> None:
    api = visit(limits=Limits(100, 100, address_minute=2))
    asked = [api.post("/api/ask", json={"question": REFUND}) for _ in range(3)]
    assert [response.status_code for response in asked] == [200, 200, 429]
    assert 0 < int(asked[2].headers["Retry-After"]) <= 31
    other = visit(site=api, address="192.0.2.7")
    assert other.post("/api/ask", json={"question": REFUND}).status_code == 200


def test_the_document_describes_every_route_and_how_to_get_in(api: TestClient) -> None:
    document = api.get("/api/openapi.json").json()
    assert set(document["paths"]) == {
        "/api/ask", "/api/search", "/api/agreements", "/api/agreements/{key}", "/api/agreements/{key}/clauses",
        "/api/agreements/{key}/versions", "/api/agreements/{key}/differences",
        "/api/clauses/{key}/{clause_id}", "/api/precedence", "/api/votes", "/api/review", "/api/review/{item}",
    }  # fmt: skip
    assert document["components"]["securitySchemes"] == {"HTTPBearer": {"type": "http", "scheme": "bearer"}}
    assert document["paths"]["/api/ask"]["post"]["description"]
    assert "text/event-stream" in document["paths"]["/api/ask"]["post"]["responses"]["200"]["content"]
