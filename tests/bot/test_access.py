"""Nobody may ask but who was allowed; what is told once is told once; what belongs to a chat goes with it."""

from __future__ import annotations

import datetime
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from answering.answer import Answer, Status
from bot.access import Access, Allowed, Permission
from bot.inbox import Inbox
from bot.message import Message
from bot.place import Place
from bot.records import Records
from retrieval.errors import StorageError

_GROUP = Place("telegram", "-100", "7", "ann")
_TALK = Place("telegram", "5", "", "5")  # a private chat has its user's id
_ADMIN = Place("telegram", "-100", "", "1")
_ADMINS = [("telegram", "1"), ("wecom", "boss")]
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class _Clock:
    def __init__(self) -> None:
        self.now = datetime.datetime(2025, 3, 1, 9, 30, tzinfo=datetime.timezone(timedelta(hours=8)))

    def __call__(self) -> datetime.datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "library.db"


@pytest.fixture
def access(database: Path, clock: _Clock) -> Iterator[Access]:
    access = Access(f"sqlite:///{database}", _ADMINS, clock)
    yield access
    access.close()


@pytest.fixture
def other(database: Path, clock: _Clock) -> Iterator[Access]:
    """The same as another process has it."""
    access = Access(f"sqlite:///{database}", _ADMINS, clock)
    yield access
    access.close()


def _write(database: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement, values)


def test_nobody_may_ask_to_begin_with(access: Access) -> None:
    for place in (_GROUP, _TALK, Place("telegram"), Place("web", "1", "", "1"), Place("telegram", "", "", "ann"), _ADMIN):
        assert access.may_ask(place, False) is None
        assert access.may_ask(place, True) == (Permission() if place == _ADMIN else None)
    assert access.allowed("telegram") == []


def test_in_an_allowed_group_whoever_writes_may_ask_in_all_its_threads(access: Access, other: Access) -> None:
    access.allow("telegram", "chat", "-100")
    assert other.may_ask(_GROUP, False) == Permission()
    assert other.may_ask(Place("telegram", "-100", "8", "bob"), False) == Permission()
    assert other.may_ask(Place("telegram", "-100"), False) == Permission()  # who has no name of their own in the group
    assert other.may_ask(Place("telegram", "-1000", "", "ann"), False) is None
    assert other.may_ask(Place("wecom", "-100", "", "ann"), False) is None
    assert other.may_ask(_GROUP, True) is None


def test_in_private_the_user_must_be_allowed_and_is_in_no_group_for_that(access: Access) -> None:
    access.allow("telegram", "user", "5")
    assert access.may_ask(_TALK, True) == Permission()
    assert access.may_ask(Place("telegram", "", "", "5"), True) == Permission()
    assert access.may_ask(_TALK, False) is None
    assert access.may_ask(Place("telegram", "-100", "", "5"), False) is None
    assert access.may_ask(Place("telegram", "5", "", "6"), True) is None
    assert access.may_ask(Place("telegram", "5", "", ""), True) is None
    access.allow("telegram", "chat", "6")
    assert access.may_ask(Place("telegram", "6", "", "6"), True) is None


def test_who_is_denied_may_ask_nowhere_until_allowed_again(access: Access, other: Access) -> None:
    access.allow("telegram", "chat", "-100")
    access.allow("telegram", "user", "5")
    in_group = Place("telegram", "-100", "", "5")
    assert other.may_ask(in_group, False) == Permission()
    access.deny("telegram", "user", "5")
    assert other.may_ask(in_group, False) is None
    assert other.may_ask(_TALK, True) is None
    assert other.may_ask(_GROUP, False) == Permission()
    access.allow("telegram", "user", "5")
    assert other.may_ask(in_group, False) == Permission()
    access.deny("telegram", "chat", "-100")
    assert other.may_ask(in_group, False) is None
    assert other.may_ask(_TALK, True) == Permission()


def test_an_admin_may_ask_in_private_and_in_allowed_groups_and_cannot_be_denied(access: Access) -> None:
    assert access.is_admin("telegram", "1")
    assert not access.is_admin("wecom", "1")
    assert not access.is_admin("telegram", "2")
    assert not Access("sqlite://", [("telegram", "")]).is_admin("telegram", "")
    access.deny("telegram", "user", "1")
    talk = Place("telegram", "1", "", "1")
    assert access.may_ask(talk, True) == Permission()
    assert access.may_ask(_ADMIN, False) is None
    access.allow("telegram", "chat", "-100", ("qidian",))
    assert access.may_ask(_ADMIN, False) == Permission(("qidian",))
    access.deny("telegram", "chat", "-100")
    assert access.may_ask(_ADMIN, False) is None


def test_a_group_asks_about_its_agreements_and_a_user_in_private_about_theirs(access: Access) -> None:
    access.allow("telegram", "chat", "-100", ("qidian", "weka"))
    access.allow("telegram", "user", "5", ("lexiang",))
    assert access.may_ask(_GROUP, False) == Permission(("qidian", "weka"))
    assert access.may_ask(Place("telegram", "-100", "", "5"), False) == Permission(("qidian", "weka"))
    assert access.may_ask(_TALK, True) == Permission(("lexiang",))
    access.allow("telegram", "chat", "-100", ("archive",))
    assert access.may_ask(_GROUP, False) == Permission(("archive",))
    access.allow("telegram", "chat", "-100")
    assert access.may_ask(_GROUP, False) == Permission()


@pytest.mark.parametrize("written", ["[]", "{}", '"qidian"', "[1]", "", "qidian", "[null]", "0"])
def test_agreements_that_cannot_be_read_let_nobody_ask_about_all(written: str, access: Access, database: Path) -> None:
    access.allow("telegram", "chat", "-100", ("qidian",))
    _write(database, "UPDATE allowed SET agreements = ?", written)
    with pytest.raises(StorageError, match="准入名单用不了，请检查数据库"):
        access.may_ask(_GROUP, False)


def test_the_list_says_what_is_allowed_by_whom_and_since_when(access: Access) -> None:
    access.allow("telegram", "user", "5", by="1")
    access.allow("telegram", "chat", "-200", ("qidian",), by="1")
    access.allow("telegram", "chat", "-100", by="0")
    access.allow("telegram", "chat", "-100", by="1")
    access.allow("wecom", "chat", "w")
    access.allow("telegram", "chat", "-300")
    access.deny("telegram", "chat", "-300")
    access.deny("telegram", "user", "6")
    began = datetime.datetime(2025, 3, 1, 1, 30, tzinfo=UTC)
    milliseconds = [began + timedelta(milliseconds=at) for at in range(5)]
    assert access.allowed("telegram") == [
        Allowed("chat", "-200", ("qidian",), "1", milliseconds[2]),
        Allowed("chat", "-100", (), "1", milliseconds[4]),
        Allowed("user", "5", (), "1", milliseconds[1]),
    ]


def test_only_a_chat_or_a_user_with_an_id_can_be_allowed_or_denied(access: Access) -> None:
    for kind, id_ in (("chat", ""), ("user", ""), ("group", "-100"), ("", "5")):
        with pytest.raises(ValueError, match="chat or a user"):
            access.allow("telegram", kind, id_)
        with pytest.raises(ValueError, match="chat or a user"):
            access.deny("telegram", kind, id_)


def test_who_has_no_id_may_not_ask_whatever_stands_in_the_list(access: Access, database: Path) -> None:
    access.allow("telegram", "chat", "-100")
    access.allow("telegram", "user", "5")
    _write(database, "UPDATE allowed SET id = ''")
    assert access.may_ask(Place("telegram", "", "", "ann"), False) is None
    assert access.may_ask(Place("telegram", "5", "", ""), True) is None


def test_an_id_that_no_database_takes_is_not_another_s(access: Access) -> None:
    access.allow("telegram", "chat", "-100")
    access.allow("telegram", "user", "5")
    access.allow("telegram", "user", "?")
    assert access.may_ask(Place("telegram", "-1\x0000", "", "ann"), False) is None
    assert access.may_ask(Place("telegram", "5", "", "5\0"), True) is None
    assert access.may_ask(Place("telegram", "5", "", "\ud800"), True) is None


def test_something_is_told_once_a_window_in_each_chat(access: Access, other: Access, clock: _Clock) -> None:
    assert access.first("telegram", "-100", "denied", _HOUR) is True
    assert access.first("telegram", "-100", "denied", _HOUR) is False
    assert other.first("telegram", "-100", "denied", _HOUR) is False
    assert other.first("telegram", "-100", "limit ann", _HOUR) is True
    assert other.first("telegram", "-200", "denied", _HOUR) is True
    assert other.first("wecom", "-100", "denied", _HOUR) is True
    clock.now += _HOUR - timedelta(seconds=1)
    assert other.first("telegram", "-100", "denied", _HOUR) is False
    clock.now += timedelta(seconds=1)
    assert other.first("telegram", "-100", "denied", _HOUR) is True
    assert access.first("telegram", "-100", "denied", _HOUR) is False


def test_what_was_told_is_forgotten_after_thirty_days(access: Access, database: Path, clock: _Clock) -> None:
    access.first("telegram", "-100", "denied", _DAY)
    access.first("telegram", "-200", "denied", _DAY)
    clock.now += 30 * _DAY
    access.first("telegram", "-200", "denied", _DAY)
    assert access.expire() == 1
    assert access.expire() == 0
    assert access.first("telegram", "-200", "denied", _DAY) is False


def _tell(url: str) -> list[str]:
    """Asks in a process of its own, of forty chats, whether they are to be told; returns those that are."""
    access = Access(url)
    told = [chat for chat in map(str, range(40)) if access.first("telegram", chat, "denied", _HOUR)]
    access.close()
    return told


def test_of_processes_that_would_tell_the_same_chats_one_tells_each(
    access: Access, database: Path, together: Callable[..., list[list[str]]]
) -> None:
    url, chats = f"sqlite:///{database}", sorted(map(str, range(40)))
    assert sorted(chat for of_one in together(_tell, [(url,)] * 3) for chat in of_one) == chats
    _write(database, "UPDATE told SET at = '2020-01-01 00:00:00.000000'")  # long ago: all are to be told again
    assert sorted(chat for of_one in together(_tell, [(url,)] * 3) for chat in of_one) == chats


def test_news_of_an_agreement_goes_to_whom_it_concerns(access: Access) -> None:
    for chat, agreements in (("-1", ()), ("-2", ("qidian",)), ("-3", ("weka", "qidian")), ("-4", ("weka",)), ("-5", ("qidian",))):
        access.allow("telegram", "chat", chat)
        access.subscribe("telegram", chat, agreements)
    access.subscribe("telegram", "-5", ("weka",))
    access.subscribe("telegram", "-3")
    access.unsubscribe("telegram", "-1")
    access.unsubscribe("telegram", "-9")
    assert access.subscribers("qidian") == [("telegram", "-2"), ("telegram", "-3")]
    assert access.subscribers("weka") == [("telegram", "-3"), ("telegram", "-4"), ("telegram", "-5")]


def test_news_goes_only_to_who_may_ask_about_it_now(access: Access) -> None:
    access.allow("telegram", "chat", "-1", ("qidian",))
    access.allow("telegram", "chat", "-2")
    access.allow("wecom", "chat", "-3")
    access.allow("telegram", "user", "5", ("qidian",))
    for channel, chat in (
        ("telegram", "-1"),
        ("telegram", "-2"),
        ("telegram", "-3"),
        ("telegram", "5"),
        ("telegram", "6"),
        ("telegram", "1"),
    ):
        access.subscribe(channel, chat)
    everywhere = [("telegram", "-1"), ("telegram", "-2"), ("telegram", "1"), ("telegram", "5")]
    assert access.subscribers("qidian") == everywhere
    assert access.subscribers("weka") == [("telegram", "-2"), ("telegram", "1")]
    for kind, id_ in (("chat", "-2"), ("user", "5"), ("user", "1")):
        access.deny("telegram", kind, id_)
    assert access.subscribers("qidian") == [("telegram", "-1"), ("telegram", "1")]


def test_everything_of_a_chat_goes_with_it_to_its_new_id(access: Access, database: Path, clock: _Clock) -> None:
    records = Records(f"sqlite:///{database}", 180, clock)
    records.begin(_GROUP)
    for place in (_GROUP, Place("telegram", "-200", "7", "ann"), Place("wecom", "-100", "7", "ann")):
        records.keep(place, Answer("a", "问", Status.NOT_COVERED, message="没有写到。"), fingerprint="f")
    access.allow("telegram", "chat", "-100", ("qidian",), by="1")
    access.allow("telegram", "user", "-100")
    access.allow("wecom", "chat", "-100")
    access.first("telegram", "-100", "denied", _DAY)
    access.subscribe("telegram", "-100", ("qidian",))
    for _ in range(2):  # Telegram tells of it in both chats
        access.migrate("telegram", "-100", "-1000")
    moved = Place("telegram", "-1000", "7", "ann")
    assert (access.may_ask(_GROUP, False), access.may_ask(moved, False)) == (None, Permission(("qidian",)))
    assert access.may_ask(Place("telegram", "", "", "-100"), True) == Permission()
    assert access.may_ask(Place("wecom", "-100", "", "ann"), False) == Permission()
    assert access.first("telegram", "-1000", "denied", _DAY) is False
    assert access.subscribers("qidian") == [("telegram", "-1000")]
    assert (records.earlier(_GROUP, 6), records.earlier(moved, 6)) == ([], ["问"])
    assert len(records.listing(channel="telegram", chat="-1000")) == 1
    assert len(records.listing(channel="wecom", chat="-100")) == 1
    records.begin(moved)
    assert records.earlier(moved, 6) == []
    records.close()


def test_what_was_said_of_the_new_id_already_stands(access: Access) -> None:
    access.allow("telegram", "chat", "-100")
    access.deny("telegram", "chat", "-1000")
    access.subscribe("telegram", "-100")
    access.subscribe("telegram", "-1000", ("weka",))
    access.migrate("telegram", "-100", "-1000")
    assert access.may_ask(Place("telegram", "-1000", "", "ann"), False) is None
    assert access.may_ask(_GROUP, False) is None
    access.allow("telegram", "chat", "-1000")
    assert (access.subscribers("qidian"), access.subscribers("weka")) == ([], [("telegram", "-1000")])


def test_a_chat_that_becomes_itself_loses_nothing(access: Access) -> None:
    access.allow("telegram", "chat", "-100")
    access.migrate("telegram", "-100", "-100")
    assert access.may_ask(_GROUP, False) == Permission()


def test_a_message_is_still_known_when_its_chat_has_moved_and_hides_none_of_the_new_one(
    access: Access, database: Path, clock: _Clock
) -> None:
    inbox = Inbox(f"sqlite:///{database}", clock)
    message = Message(_GROUP, "41", "问")
    inbox.claim(message)
    access.migrate("telegram", "-100", "-1000")
    assert inbox.claim(message) is False
    assert inbox.holds(message)
    assert inbox.claim(Message(Place("telegram", "-1000", "", "bob"), "41", "另一个问题")) is True
    inbox.close()


def test_where_the_database_fails_nobody_is_let_in(access: Access, database: Path) -> None:
    database.write_text("not a database, but long enough to look at" * 10, encoding="utf-8")
    doings: list[Callable[[], object]] = [
        lambda: access.may_ask(_GROUP, False),
        lambda: access.may_ask(Place("telegram", "1", "", "1"), True),
        lambda: access.allow("telegram", "chat", "-100"),
        lambda: access.deny("telegram", "chat", "-100"),
        lambda: access.allowed("telegram"),
        lambda: access.first("telegram", "-100", "denied", _HOUR),
        lambda: access.migrate("telegram", "-100", "-1000"),
        lambda: access.subscribe("telegram", "-100"),
        lambda: access.unsubscribe("telegram", "-100"),
        lambda: access.subscribers("qidian"),
        lambda: access.expire(),
    ]
    for doing in doings:
        with pytest.raises(StorageError, match="准入名单用不了，请检查数据库（file is not a database）") as failed:
            doing()
        assert "\n" not in str(failed.value)


def test_nobody_s_ids_are_logged(access: Access, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "sqlalchemy")
    access.allow("web", "user", "机密的人", by="机密的人")
    access.may_ask(Place("web", "机密的群", "", "机密的人"), True)
    access.first("web", "机密的群", "denied", _HOUR)
    access.migrate("web", "机密的群", "机密的新群")
    assert caplog.records
    assert "机密" not in caplog.text


def test_to_look_whether_somebody_may_ask_takes_less_than_five_milliseconds(access: Access) -> None:
    for at in range(200):
        access.allow("telegram", "chat", f"-{at}", ("qidian",))
    took = []
    for at in range(40):
        began = time.perf_counter()
        assert access.may_ask(Place("telegram", f"-{at}", "", "ann"), False) is not None
        access.first("telegram", f"-{at}", "denied", _HOUR)
        took.append(time.perf_counter() - began)
    assert sorted(took)[20] < 0.005
