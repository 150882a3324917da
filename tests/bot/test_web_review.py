"""The review list on the page and in the API: for administrators alone, and decided about without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from bot.contacts import EVERY, Contact
from bot.web.door import Door
from bot.web.house import Rooms
from bot.web.review_shapes import ItemShape, ReviewShape
from tests.bot.web_visit import TOKEN, ask, form_token
from tests.bot.web_visit import make_rooms as make_rooms
from tests.bot.web_visit import rooms as rooms
from tests.bot.web_visit import visit as visit

_ADMIN = "a-token-of-administrators"
_REFUSED = "企点能不能送我一台打印机"
Visit = Callable[..., TestClient]


def _log_in(browser: TestClient, token: str, where: str = "/") -> int:
    return int(browser.post("/login", data={"token": token, "next": where}).status_code)


def test_at_this_machine_whoever_is_there_is_the_administrator(visit: Visit) -> None:
    browser = visit()
    ask(browser, _REFUSED)
    assert _REFUSED in browser.get("/review").text
    assert browser.get("/api/review").json()["count"] == 1
    assert browser.get("/review", headers={"Host": "evil.example"}).status_code == 403
    assert browser.get("/api/review", headers={"Host": "evil.example"}).status_code in (401, 403)


def test_with_a_token_for_all_there_is_no_administrator_without_another_one(visit: Visit) -> None:
    browser = visit(Door(TOKEN))
    _log_in(browser, TOKEN)
    name = ask(browser, _REFUSED)
    assert name
    item = "0" * 12
    for path in ("/review", f"/review/{item}"):
        page = browser.get(path)
        assert (page.status_code, _REFUSED in page.text) == (403, False)
    assert browser.post("/review/x", data={"form_token": form_token(browser), "verdict": "dismissed"}).status_code == 403
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert browser.get("/api/review", headers=headers).status_code == 403
    assert browser.post(f"/api/review/{item}", headers=headers, json={"verdict": "dismissed"}).status_code == 403
    assert 'href="/review"' not in browser.get("/").text


def test_the_administrators_token_lets_in_and_makes_an_administrator_until_they_leave(visit: Visit) -> None:
    door = Door(TOKEN, None, _ADMIN)
    people = visit(door)
    _log_in(people, TOKEN)
    ask(people, _REFUSED)
    assert "管理员口令" in people.get("/review", headers={"Accept-Language": "zh"}).text
    boss = visit(site=people)
    assert boss.get("/review").status_code == 401
    assert _log_in(boss, _ADMIN, "/review") == 200
    assert _REFUSED in boss.get("/review").text
    people.cookies.set("wenyue_admin", boss.cookies["wenyue_admin"])  # somebody else's
    assert people.get("/review").status_code == 403
    boss.post("/logout", data={"form_token": form_token(boss)})
    assert boss.get("/review").status_code == 401


def test_an_api_client_with_the_administrators_token_may_do_both(visit: Visit) -> None:
    api = visit(Door(TOKEN, None, _ADMIN))
    headers = {"Authorization": f"Bearer {_ADMIN}"}
    assert api.post("/api/ask", headers=headers, json={"question": _REFUSED}).status_code == 200
    assert api.get("/api/review", headers=headers).json()["count"] == 1
    assert api.get("/api/review").status_code == 401


def test_with_an_administrators_token_nobody_at_this_machine_is_one_without_it(visit: Visit) -> None:
    browser = visit(Door(None, None, _ADMIN))
    assert browser.get("/").status_code == 200
    assert browser.get("/review").status_code == 403
    assert browser.get("/api/review").status_code == 403
    _log_in(browser, _ADMIN)
    assert browser.get("/review").status_code == 200


def test_a_proxys_users_are_administrators_by_name(visit: Visit) -> None:
    browser = visit(Door(None, "X-User", None, ["alice"]))
    assert browser.get("/review", headers={"X-User": "alice"}).status_code == 200
    assert browser.get("/review", headers={"X-User": "bob"}).status_code == 403
    stranger = visit(site=browser, address="203.0.113.9")
    assert stranger.get("/review", headers={"X-User": "alice"}).status_code == 403


def test_an_item_shows_everything_but_who_asked_and_a_form_decides(visit: Visit, rooms: Rooms) -> None:
    browser = visit()
    path = ask(browser)
    browser.post(f"{path}/vote", data={"form_token": form_token(browser), "verdict": "down", "reason": "clause"})
    [item] = rooms.reviewing.review.items()
    page = browser.get(f"/review/{item.id}", headers={"Accept-Language": "zh"}).text
    assert all(words in page for words in ("条款引错了", "当时的回答", 'value="qidian#4.7"', item.record.answer["citations"][0]["quote"]))
    assert item.record.place.asker not in page
    fields = {"form_token": form_token(browser), "verdict": "wrong", "clause": "qidian#4.9", "note": "四点九"}
    assert "应当引用" in browser.post(f"/review/{item.id}", data=fields, headers={"Accept-Language": "zh"}).text
    [decided] = rooms.reviewing.review.items(state="decided")
    assert decided.decision
    assert (decided.decision.clauses, decided.decision.note) == ((("qidian", "4.9"),), "四点九")
    browser.post(f"/review/{item.id}", data={"form_token": form_token(browser), "verdict": "open"})
    assert rooms.reviewing.review.items()[0].decision is None


def test_clauses_are_found_by_words_and_several_can_be_written(visit: Visit, rooms: Rooms) -> None:
    browser = visit()
    ask(browser, _REFUSED)
    [item] = rooms.reviewing.review.items()
    assert 'value="lexiang#4.6.1"' in browser.get(f"/review/{item.id}", params={"find": "乐享 4.6.1 账号"}).text
    fields = {"form_token": form_token(browser), "verdict": "wrong", "clauses": "qidian#8.3、qidian#8.1"}
    browser.post(f"/review/{item.id}", data=fields)
    [decided] = rooms.reviewing.review.items(state="decided")
    assert decided.decision
    assert [clause for _, clause in decided.decision.clauses] == ["8.3", "8.1"]


@pytest.mark.parametrize(("fields", "said"), [({"clauses": "qidian#99"}, "没有条款"), ({"clauses": "8.3"}, "看不懂条款"), ({}, "请指定")])
def test_what_cannot_be_decided_is_said_and_what_was_written_stays(visit: Visit, rooms: Rooms, fields: dict[str, str], said: str) -> None:
    browser = visit()
    ask(browser, _REFUSED)
    [item] = rooms.reviewing.review.items()
    page = browser.post(f"/review/{item.id}", data={"form_token": form_token(browser), "verdict": "wrong", "note": "写了的备注", **fields})
    assert page.status_code == 422
    assert said in page.text
    assert "写了的备注" in page.text


def test_a_form_of_another_site_decides_nothing(visit: Visit, rooms: Rooms) -> None:
    browser = visit()
    ask(browser, _REFUSED)
    [item] = rooms.reviewing.review.items()
    assert browser.post(f"/review/{item.id}", data={"form_token": "0" * 64, "verdict": "dismissed"}).status_code == 403
    assert rooms.reviewing.review.items()[0].decision is None


def test_the_api_tells_and_decides_in_the_shapes_of_its_document(visit: Visit) -> None:
    api = visit()
    api.post("/api/ask", json={"question": _REFUSED})
    listed = ReviewShape.model_validate(api.get("/api/review", params={"why": "not_covered", "order": "often"}).json())
    assert listed.count == 1
    path = f"/api/review/{listed.items[0].id}"
    wrong = {"verdict": "wrong", "clauses": [{"agreement": "qidian", "id": "8.3"}], "note": "n"}
    decided = ItemShape.model_validate(api.post(path, json=wrong).json())
    assert decided.decision
    assert decided.decision.clauses[0].id == "8.3"
    assert ItemShape.model_validate(api.get(path).json()).answer.question == _REFUSED
    assert api.post(path, json={**wrong, "clauses": []}).status_code == 422
    assert api.get("/api/review/ffffffffffff").status_code == 404
    assert api.post(path, json={"verdict": "open"}).json()["decision"] is None


def test_whom_to_ask_stands_under_a_refusal_and_one_press_hands_it_over(visit: Visit, rooms: Rooms) -> None:
    rooms.reviewing.handing.contacts.name(EVERY, Contact("法务 <李雷>", "mail", "li@corp.example"))
    browser = visit()
    path = ask(browser, _REFUSED)
    page = browser.get(path, headers={"Accept-Language": "zh"}).text
    assert '可以问：<a href="mailto:li@corp.example">法务 &lt;李雷&gt;</a>' in page
    handed = browser.post(f"{path}/hand", data={"form_token": form_token(browser)}, headers={"Accept-Language": "zh"}).text
    assert "已转给他看" in handed
    assert "<button>转给他看" not in handed
    assert [item.question for item in rooms.reviewing.review.items(state="handed")] == [_REFUSED]
    assert browser.post("/api/ask", json={"question": _REFUSED}).json()["contact"]["name"] == "法务 <李雷>"
    assert "法务 &lt;李雷&gt;" in browser.get("/agreements/qidian").text


def test_what_was_answered_cannot_be_handed_over(visit: Visit, rooms: Rooms) -> None:
    rooms.reviewing.handing.contacts.name(EVERY, Contact("法务"))
    browser = visit()
    path = ask(browser)
    assert "法务" not in browser.get(path).text
    assert browser.post(f"{path}/hand", data={"form_token": form_token(browser)}).status_code == 404
