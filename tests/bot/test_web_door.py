"""Who may come in, and how: this machine, the token, a proxy that is believed; and what other sites cannot do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from bot.web.clients import is_loopback
from bot.web.door import Door
from bot.web.house import Rooms
from bot.web.login import local
from tests.bot.web_visit import REFUND, TOKEN, ask, form_token
from tests.bot.web_visit import make_rooms as make_rooms
from tests.bot.web_visit import rooms as rooms
from tests.bot.web_visit import visit as visit

Visit = Callable[..., TestClient]


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1", "127.0.0.53:80", "[::1]", "[::1]:8000", "::1", "a.localhost"])
def test_this_machine_has_many_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "192.0.2.1:80", "localhost.example.com", "127.0.0.1.example.com", "example.com:127"])
def test_other_machines_are_not_this_one(host: str) -> None:
    assert not is_loopback(host)


def test_without_a_token_only_requests_that_name_this_machine_come_in(visit: Visit) -> None:
    site = visit()
    assert site.get("/").status_code == 200
    for path in ("/", "/agreements/lexiang", "/api/agreements", "/metrics"):
        response = site.get(path, headers={"Host": "rebound.example.com"})
        assert response.status_code in (401, 403)
        assert "腾讯" not in response.text


def test_with_a_token_one_logs_in_and_comes_to_where_one_was_going(visit: Visit) -> None:
    browser = visit(Door(TOKEN))
    refused = browser.get("/agreements/lexiang?q=甲#2.2.3")
    assert refused.status_code == 401
    assert 'name="next" value="/agreements/lexiang?q=%E7%94%B2"' in refused.text
    assert "协议的定义与范围" not in refused.text
    wrong = browser.post("/login", data={"token": "wrong", "next": "/agreements/lexiang"})
    assert (wrong.status_code, "口令不对" in wrong.text) == (401, True)
    right = browser.post("/login", data={"token": TOKEN, "next": "/agreements/lexiang#2.2.3~2"}, follow_redirects=False)
    assert right.headers["Location"] == "/agreements/lexiang#2.2.3~2"
    assert browser.get("/agreements/lexiang").status_code == 200


def test_the_cookie_can_be_read_by_no_script_and_goes_to_no_other_site(visit: Visit) -> None:
    browser = visit(Door(TOKEN))
    cookie = browser.post("/login", data={"token": TOKEN}, follow_redirects=False).headers["Set-Cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "secure" not in cookie
    assert TOKEN not in cookie
    passed_on = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.9"}
    assert (
        "; secure" in browser.post("/login", data={"token": TOKEN}, headers=passed_on, follow_redirects=False).headers["Set-Cookie"].lower()
    )


def test_a_cookie_that_was_changed_or_is_of_another_token_is_none(visit: Visit) -> None:
    browser = visit(Door(TOKEN))
    browser.post("/login", data={"token": TOKEN})
    value = browser.cookies["wenyue"]
    asker, until, seal = value.split(".")
    for forged in (f"{asker[::-1]}.{until}.{seal}", f"{asker}.{int(until) + 1}.{seal}", f"{asker}.{until}.{'0' * 64}", "", "a.b.c"):
        assert visit(site=browser).get("/", headers={"Cookie": f"wenyue={forged}"}).status_code == 401
    assert visit(site=browser).get("/", headers={"Cookie": f"wenyue={value}"}).status_code == 200
    assert visit(Door("another-token-of-the-tests")).get("/", headers={"Cookie": f"wenyue={value}"}).status_code == 401
    assert visit(Door(None)).get("/", headers={"Cookie": f"wenyue={value}"}).status_code == 200


def test_a_cookie_ends_after_thirty_days(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = visit(Door(TOKEN))
    browser.post("/login", data={"token": TOKEN})
    value = browser.cookies["wenyue"]
    later = int(value.split(".")[1]) + 1
    monkeypatch.setattr("bot.web.door.time.time", lambda: later)
    assert visit(site=browser).get("/", headers={"Cookie": f"wenyue={value}"}).status_code == 401


def test_who_logs_out_is_out(visit: Visit) -> None:
    browser = visit(Door(TOKEN))
    browser.post("/login", data={"token": TOKEN})
    assert browser.post("/logout", data={"form_token": "wrong"}).status_code == 403
    assert browser.get("/").status_code == 200
    browser.post("/logout", data={"form_token": form_token(browser)})
    assert browser.get("/").status_code == 401


def test_guessing_is_slow(visit: Visit) -> None:
    browser = visit(Door(TOKEN))
    statuses = [browser.post("/login", data={"token": str(at)}).status_code for at in range(40)]
    assert statuses.count(401) == 30
    assert statuses[-1] == 429


def test_all_processes_with_one_token_take_each_others_cookies_and_forms(visit: Visit, rooms: Rooms) -> None:
    one, other = visit(Door(TOKEN)), visit(Door(TOKEN))
    one.post("/login", data={"token": TOKEN})
    token, cookie = form_token(one), {"Cookie": f"wenyue={one.cookies['wenyue']}"}
    response = other.post("/ask", data={"form_token": token, "question": REFUND}, headers=cookie, follow_redirects=False)
    assert response.status_code == 303
    assert other.get(response.headers["Location"], headers=cookie).status_code == 200


def test_what_a_believed_proxy_says_is_who_asks(visit: Visit, rooms: Rooms) -> None:
    door = Door(None, "X-Forwarded-User")
    proxy = visit(door)
    assert proxy.get("/").status_code == 403
    anna = {"X-Forwarded-User": "anna@example.com", "Host": "wenyue.example.com"}
    proxy.headers.update(anna)
    path = ask(proxy)
    assert rooms.records.get(path.rpartition("/")[2]).place.asker == "anna@example.com"
    assert "wenyue" not in proxy.cookies
    assert visit(site=proxy).get(path, headers={**anna, "X-Forwarded-User": "bob@example.com"}).status_code == 404
    assert visit(site=proxy).get(path, headers=anna).status_code == 200


def test_what_anybody_else_says_in_that_header_is_nothing(visit: Visit) -> None:
    site = visit(Door(TOKEN, "X-Forwarded-User"))
    stranger = visit(site=site, address="192.0.2.7")
    assert stranger.get("/", headers={"X-Forwarded-User": "anna@example.com"}).status_code == 401
    assert site.get("/", headers={"X-Forwarded-User": "anna@example.com"}).status_code == 200
    assert site.get("/").status_code == 401


def test_of_a_chain_of_addresses_only_what_the_proxy_saw_counts(visit: Visit) -> None:
    browser = visit(Door(TOKEN))
    for at in range(30):  # the client makes up a new beginning of the chain each time
        browser.post("/login", data={"token": "x"}, headers={"X-Forwarded-For": f"198.51.100.{at}, 192.0.2.7"})
    assert browser.post("/login", data={"token": "x"}, headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 429
    assert browser.post("/login", data={"token": "x"}, headers={"X-Forwarded-For": "192.0.2.8"}).status_code == 401
    stranger = visit(site=browser, address="203.0.113.5")
    assert stranger.post("/login", data={"token": "x"}, headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 401


def test_a_link_of_another_site_is_followed_once_more_so_that_the_cookie_comes_along(visit: Visit) -> None:
    browser = visit(Door(TOKEN))
    response = browser.get("/agreements/lexiang", headers={"Sec-Fetch-Site": "cross-site"})
    assert 'href="/agreements/lexiang?again=1"' in response.text
    once_more = browser.get("/agreements/lexiang?again=1", headers={"Sec-Fetch-Site": "cross-site"})
    assert (once_more.status_code, "again" in once_more.text) == (401, False)  # never a third time
    assert "Set-Cookie" not in response.headers
    assert browser.get("/agreements/lexiang", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 401
    browser.post("/login", data={"token": TOKEN})
    assert "again=1" not in browser.get("/agreements/lexiang", headers={"Sec-Fetch-Site": "cross-site"}).text


def test_another_site_posts_nothing(visit: Visit, rooms: Rooms) -> None:
    browser = visit()
    token = form_token(browser)
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site}
        assert browser.post("/ask", data={"form_token": token, "question": REFUND}, headers=headers).status_code == 403
        assert browser.post("/api/ask", json={"question": REFUND}, headers=headers).status_code == 403
    assert rooms.records.listing() == []


@pytest.mark.parametrize("where", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "/a\nb", "\t/a"])
def test_after_the_login_one_stays_on_the_site(where: str) -> None:
    assert local(where) == "/"
    assert local("/agreements/lexiang?q=1#2.2.3~2") == "/agreements/lexiang?q=1#2.2.3~2"
