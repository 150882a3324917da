"""A message is answered once: whoever sees it again, whichever process dies, and however many want to take it over."""

from __future__ import annotations

import datetime
import logging
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import event

from bot.inbox import Inbox
from bot.message import Message
from bot.place import Place
from retrieval.errors import StorageError

_HERE = Place("telegram", "-100", "7", "ann")
_ASKED = Message(_HERE, "41", "几天内可以退款", "开通七日内", agreements=("qidian", "weka"))
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)

Opening = Callable[[], Inbox]


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
def process(database: Path, clock: _Clock) -> Iterator[Opening]:
    """Opens the inbox, as often as a process would be started."""
    opened: list[Inbox] = []

    def start() -> Inbox:
        opened.append(Inbox(f"sqlite:///{database}", clock))
        return opened[-1]

    yield start
    for inbox in opened:
        inbox.close()


def _message(id_: str, place: Place = _HERE, text: str = "问") -> Message:
    return Message(place, id_, text)


def _bytes(database: Path) -> bytes:
    """Everything that is written of a database."""
    return b"".join(path.read_bytes() for path in sorted(database.parent.glob(f"{database.name}*")))


def test_a_message_is_claimed_once_whatever_becomes_of_it(process: Opening) -> None:
    first, second = process(), process()
    assert first.claim(_ASKED) is True
    assert first.claim(_ASKED) is False
    assert second.claim(_ASKED) is False
    first.done(_ASKED)
    assert first.claim(_ASKED) is False
    assert process().claim(replace(_ASKED, text="改过的")) is False


def test_the_id_of_a_message_is_one_of_its_chat_in_its_channel(process: Opening) -> None:
    inbox = process()
    others = [Place("wecom", "-100", "7", "ann"), Place("telegram", "-200", "7", "ann")]
    assert [inbox.claim(replace(_ASKED, place=place)) for place in (_HERE, *others)] == [True, True, True]
    assert inbox.claim(replace(_ASKED, place=Place("telegram", "-100", "8", "bob"))) is False


def test_what_a_process_leaves_is_found_whole_a_minute_later_and_by_one_only(process: Opening, clock: _Clock) -> None:
    private = Message(Place("telegram", "5", "", "5"), "42", "试用期多长", private=True)
    gone = process()
    gone.claim(_ASKED)
    gone.claim(private)
    answered = _message("43")
    gone.claim(answered)
    gone.done(answered)
    clock.now += 59 * _SECOND
    assert process().left("telegram") == []
    clock.now += 2 * _SECOND
    heir, late = process(), process()
    assert heir.left("telegram") == [_ASKED, private]
    assert late.left("telegram") == []
    assert heir.left("telegram") == []
    for message in (_ASKED, private):
        assert late.claim(message) is False
        heir.done(message)
    clock.now += 2 * _MINUTE
    assert late.left("telegram") == []


def test_what_was_taken_over_and_left_again_is_taken_over_again(process: Opening, clock: _Clock) -> None:
    process().claim(_ASKED)
    for _ in range(3):
        clock.now += 61 * _SECOND
        assert process().left("telegram") == [_ASKED]


def test_a_channel_takes_over_its_own_messages_with_what_was_shown_of_the_answer(process: Opening, clock: _Clock) -> None:
    gone, other = process(), Message(Place("wecom", "-100", "", "ann"), "1", "问", handle="stream 1")
    for message in (_message("1"), other):
        gone.claim(message)
    gone.shown(_message("1"), "77")
    clock.now += 2 * _MINUTE
    inbox = process()
    assert inbox.left("wecom") == [other]
    assert inbox.left("telegram") == [replace(_message("1"), handle="77")]


def test_what_a_process_leaves_on_purpose_is_taken_over_at_once(process: Opening) -> None:
    gone, heir = process(), process()
    gone.claim(_ASKED)
    gone.leave()
    assert gone.holds(_ASKED) is False
    assert heir.left("telegram") == [_ASKED]


def test_of_a_forgotten_asker_the_ids_of_messages_stay_and_still_count_for_the_group(process: Opening, clock: _Clock) -> None:
    inbox = process()
    inbox.claim(_ASKED)
    inbox.claim(replace(_ASKED, id="42", place=Place("telegram", "ann", "", "ann"), private=True))
    assert inbox.forget("telegram", asker="ann") == 2
    assert inbox.claim(_ASKED) is False
    since, again = clock.now - _MINUTE, _message("43")
    inbox.claim(again)
    assert (inbox.asked(again, since), inbox.asked_in(again, since)) == (1, 2)


def test_nothing_is_taken_from_a_process_that_beats_however_long_it_takes(process: Opening, clock: _Clock) -> None:
    slow, other = process(), process()
    slow.claim(_ASKED)
    for _ in range(20):
        clock.now += 50 * _SECOND
        slow.beat()
        assert other.left("telegram") == []
    assert slow.holds(_ASKED)
    clock.now += 50 * _SECOND
    assert other.left("telegram") == []


def test_who_beats_keeps_nothing_that_others_have_left(process: Opening, clock: _Clock) -> None:
    gone, other = process(), process()
    gone.claim(_ASKED)
    other.claim(_message("42"))
    clock.now += 40 * _SECOND
    other.beat()
    clock.now += 40 * _SECOND
    assert process().left("telegram") == [_ASKED]


def test_a_process_that_beats_too_late_learns_that_its_message_is_another_s(process: Opening, clock: _Clock) -> None:
    stalled, heir = process(), process()
    stalled.claim(_ASKED)
    stalled.claim(_message("42"))
    clock.now += 61 * _SECOND
    assert stalled.holds(_ASKED)  # late, and nobody has taken it: it is held for another minute
    assert [message.id for message in heir.left("telegram")] == ["42"]
    stalled.beat()
    assert stalled.left("telegram") == []
    assert (stalled.holds(_ASKED), stalled.holds(_message("42"))) == (True, False)
    assert (heir.holds(_ASKED), heir.holds(_message("42"))) == (False, True)


def test_nobody_holds_what_is_done_not_even_who_took_it_over(process: Opening, clock: _Clock) -> None:
    stalled, heir = process(), process()
    stalled.claim(_ASKED)
    clock.now += 61 * _SECOND
    assert heir.left("telegram") == [_ASKED]
    stalled.done(_ASKED)
    assert not heir.holds(_ASKED)
    assert not stalled.holds(_ASKED)
    assert not heir.holds(_message("never claimed"))


def test_a_process_finds_nothing_left_of_itself(process: Opening, clock: _Clock) -> None:
    inbox = process()
    inbox.claim(_ASKED)
    clock.now += 8 * 60 * _MINUTE  # the machine slept
    assert inbox.left("telegram") == []
    inbox.beat()
    assert process().left("telegram") == []


def test_of_what_is_done_no_words_stay_and_its_id_does_for_seven_days(process: Opening, database: Path, clock: _Clock) -> None:
    inbox = process()
    spoken = replace(_ASKED, text="机密的问题" * 300, quoted="机密的引文" * 300, agreements=("机密",))
    inbox.claim(spoken)
    inbox.claim(replace(spoken, id="42", text="还没回答"))
    assert "机密的问题".encode() in _bytes(database)
    inbox.done(spoken)
    inbox.done(replace(spoken, id="42"))
    inbox.expire()
    assert "机密".encode() not in _bytes(database)
    assert "还没回答".encode() not in _bytes(database)
    clock.now += 7 * _DAY - _MINUTE
    assert inbox.expire() == 0
    assert inbox.claim(_ASKED) is False
    clock.now += _MINUTE
    assert inbox.expire() == 2
    assert inbox.claim(_ASKED) is True


def test_words_that_nobody_has_answered_for_a_week_are_deleted_too(process: Opening, database: Path, clock: _Clock) -> None:
    process().claim(replace(_ASKED, text="机密"))
    clock.now += 8 * _DAY
    inbox = process()
    assert inbox.expire() == 1
    assert inbox.left("telegram") == []
    assert "机密".encode() not in _bytes(database)


def test_however_much_is_too_old_all_of_it_is_deleted(process: Opening, database: Path, clock: _Clock) -> None:
    inbox = process()
    inbox.claim(_message("0"))
    inbox.seen("telegram", "0")
    with sqlite3.connect(database) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(inbox)")]
        others = ", ".join("?" if name == "message" else name for name in columns)
        connection.executemany(f"INSERT INTO inbox SELECT {others} FROM inbox LIMIT 1", [(str(at),) for at in range(1, 1300)])
        connection.executemany(
            "INSERT INTO seen_update SELECT channel, ?, at FROM seen_update LIMIT 1", [(str(at),) for at in range(1, 700)]
        )
    connection.close()
    clock.now += 7 * _DAY
    inbox.claim(_message("new"))
    assert inbox.expire() == 2000
    assert inbox.claim(_message("new")) is False
    assert inbox.seen("telegram", "699") is True


def test_how_much_was_asked_is_counted_by_asker_and_by_chat(process: Opening, clock: _Clock) -> None:
    inbox = process()
    elsewhere, bob = Place("telegram", "-200", "", "ann"), Place("telegram", "-100", "7", "bob")
    start = clock.now
    for at, place in enumerate((_HERE, elsewhere, bob, Place("wecom", "-100", "7", "ann"))):
        inbox.claim(_message(str(at), place))
    inbox.done(_message("0"))
    later = clock.now + _MINUTE
    clock.now = later
    inbox.claim(_message("9"))
    inbox.claim(_message("9"))
    other, of_bob, last = process(), _message("2", bob), _message("9")
    assert [other.asked(each, start) for each in (_message("0"), _message("1", elsewhere), of_bob, last)] == [1, 2, 1, 3]
    assert [other.asked_in(each, start) for each in (_message("0"), _message("1", elsewhere), of_bob, last)] == [1, 1, 2, 3]
    assert (other.asked(last, later), other.asked_in(last, later.astimezone(UTC))) == (1, 1)
    assert (other.asked(of_bob, later), other.asked(_message("never claimed"), start)) == (0, 0)


def test_an_update_is_new_once_for_all_processes_and_again_after_a_week(process: Opening, clock: _Clock) -> None:
    assert process().seen("telegram", "77") is True
    assert process().seen("telegram", "77") is False
    assert process().seen("wecom", "77") is True
    clock.now += 7 * _DAY + _MINUTE
    inbox = process()
    assert inbox.expire() == 2
    assert inbox.seen("telegram", "77") is True


def test_an_asker_a_chat_or_an_asker_in_a_chat_can_be_forgotten(process: Opening, database: Path, clock: _Clock) -> None:
    inbox = process()
    places = [Place("telegram", chat, "", asker) for chat in ("机密一", "机密二") for asker in ("甲人", "乙人")]
    for at, place in enumerate([*places, Place("wecom", "机密一", "", "甲人")]):
        inbox.claim(Message(place, str(at), f"{place.chat}的{place.asker}"))
    inbox.done(_message("0", places[0]))
    assert inbox.forget("telegram", chat="机密一", asker="甲人") == 1
    assert inbox.forget("telegram", asker="甲人") == 1
    assert "机密二的甲人".encode() not in _bytes(database)
    assert inbox.forget("telegram", chat="机密二") == 1
    clock.now += 2 * _MINUTE
    assert [message.text for channel in ("telegram", "wecom") for message in process().left(channel)] == ["机密一的乙人", "机密一的甲人"]
    with pytest.raises(ValueError, match="asker"):
        inbox.forget("telegram")


def test_words_and_ids_that_no_database_takes_are_claimed_once_too(process: Opening, clock: _Clock) -> None:
    odd = Message(Place("web", "聊\0天", "\ud800"), "4\0\udc001", "退\0款\ud83d吗")
    assert process().claim(odd) is True
    assert process().claim(odd) is False
    clock.now += 2 * _MINUTE
    inbox = process()
    (found,) = inbox.left("web")
    assert (found.text, found.place.chat) == ("退款?吗", "聊天")
    inbox.done(found)
    assert not inbox.holds(odd)


def test_threads_share_the_inbox(process: Opening) -> None:
    inbox = process()
    messages = [_message(str(at % 40)) for at in range(160)]
    with ThreadPoolExecutor(8) as threads:
        claimed = list(threads.map(inbox.claim, messages))
        list(threads.map(inbox.done, messages[:40]))
    assert sum(claimed) == 40
    assert not any(inbox.holds(message) for message in messages[:40])


def _claim_all(url: str) -> list[str]:
    """Claims forty messages in a process of its own; returns the ids of those that it was given."""
    inbox = Inbox(url)
    given = [id_ for id_ in map(str, range(40)) if inbox.claim(_message(id_))]
    given += [f"update {id_}" for id_ in map(str, range(40)) if inbox.seen("telegram", id_)]
    inbox.close()
    return given


def test_of_processes_that_claim_the_same_messages_one_is_given_each(database: Path, together: Callable[..., list[list[str]]]) -> None:
    given = together(_claim_all, [(f"sqlite:///{database}",)] * 3)
    ids = [str(at) for at in range(40)]
    assert sorted(id_ for of_one in given for id_ in of_one) == sorted([*ids, *(f"update {id_}" for id_ in ids)])


def _take_over(url: str) -> list[str]:
    """Takes over what is left, one channel after the other, in a process of its own; returns the ids that it was given."""
    inbox = Inbox(url)
    given = [message.id for chat in range(40) for message in inbox.left(f"channel {chat}")]
    inbox.close()
    return given


def test_of_processes_that_take_over_what_is_left_one_is_given_each(database: Path, together: Callable[..., list[list[str]]]) -> None:
    url = f"sqlite:///{database}"
    now = datetime.datetime.now(UTC)
    gone = Inbox(url, lambda: now - 2 * _MINUTE)
    for at in range(40):
        for half in "ab":
            gone.claim(_message(f"{at}{half}", Place(f"channel {at}", "-100")))
    gone.close()
    given = together(_take_over, [(url,)] * 3)
    assert sorted(id_ for of_one in given for id_ in of_one) == sorted(f"{at}{half}" for at in range(40) for half in "ab")


def _claim_and_die(url: str) -> None:
    """Claims three messages, does one, and kills its own process."""
    inbox = Inbox(url)
    for id_ in ("1", "2", "3"):
        assert inbox.claim(replace(_ASKED, id=id_))
    inbox.done(replace(_ASKED, id="2"))
    os.kill(os.getpid(), signal.SIGKILL)


def _die_while_claiming(url: str) -> None:
    """Kills its own process when a message is in the database's hands and not yet committed."""
    inbox = Inbox(url)
    assert inbox.claim(replace(_ASKED, id="1"))
    event.listen(inbox._database.engine, "commit", lambda connection: os.kill(os.getpid(), signal.SIGKILL))
    inbox.claim(replace(_ASKED, id="2"))


def test_what_a_killed_process_had_claimed_and_not_done_is_left(database: Path, start_process: Callable[..., BaseProcess]) -> None:
    url = f"sqlite:///{database}"
    killed = start_process(_claim_and_die, url)
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    soon, later = Inbox(url), Inbox(url, lambda: datetime.datetime.now(UTC) + 61 * _SECOND)
    assert [soon.claim(replace(_ASKED, id=id_)) for id_ in ("1", "2", "3")] == [False, False, False]
    assert later.left("telegram") == [replace(_ASKED, id="1"), replace(_ASKED, id="3")]
    for inbox in (soon, later):
        inbox.close()


def test_a_message_that_was_claimed_without_this_process_hearing_of_it_is_claimed_when_it_is_tried_again(process: Opening) -> None:
    inbox = process()
    inbox.claim(_ASKED)
    inbox._claimed.clear()  # as where the connection broke after the claim was written
    assert [inbox.claim(_ASKED), inbox.claim(_ASKED)] == [True, False]
    inbox._claimed.clear()
    assert inbox.left("telegram") == [_ASKED]
    assert [inbox.claim(_ASKED), inbox.left("telegram")] == [False, []]
    inbox.done(_ASKED)
    assert [inbox.claim(_ASKED), inbox.left("telegram")] == [False, []]


def test_what_was_lost_to_another_process_that_is_gone_too_is_taken_back(process: Opening, clock: _Clock) -> None:
    slow, other = process(), process()
    slow.claim(_ASKED)
    clock.now += 61 * _SECOND
    assert other.left("telegram") == [_ASKED]
    assert slow.holds(_ASKED) is False
    clock.now += 61 * _SECOND
    assert slow.left("telegram") == [_ASKED]
    assert slow.holds(_ASKED) is True


def test_what_was_taken_over_is_not_claimed_when_it_comes_again(process: Opening, clock: _Clock) -> None:
    process().claim(_ASKED)
    clock.now += 61 * _SECOND
    inbox = process()
    assert inbox.left("telegram") == [_ASKED]
    assert inbox.claim(_ASKED) is False
    assert inbox.left("telegram") == []


def test_a_message_whose_claiming_is_cut_short_is_not_claimed(database: Path, start_process: Callable[..., BaseProcess]) -> None:
    url = f"sqlite:///{database}"
    killed = start_process(_die_while_claiming, url)
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    inbox = Inbox(url)
    assert [inbox.claim(replace(_ASKED, id=id_)) for id_ in ("1", "2")] == [False, True]
    inbox.close()


def test_where_the_database_fails_nothing_is_claimed_and_nothing_repeated(
    process: Opening, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database.write_text("not a database, but long enough to look at" * 10, encoding="utf-8")
    inbox, secret = process(), replace(_ASKED, text="机密", quoted="机密")
    doings: list[Callable[[], object]] = [
        lambda: inbox.claim(secret),
        lambda: inbox.holds(secret),
        lambda: inbox.beat(),
        lambda: inbox.left("telegram"),
        lambda: inbox.asked(_ASKED, datetime.datetime.now(UTC)),
        lambda: inbox.asked_in(_ASKED, datetime.datetime.now(UTC)),
        lambda: inbox.seen("telegram", "1"),
        lambda: inbox.forget("telegram", asker="ann"),
        lambda: inbox.expire(),
    ]
    with caplog.at_level(logging.DEBUG):
        for doing in doings:
            with pytest.raises(StorageError, match="消息登记用不了，请检查数据库（file is not a database）") as failed:
                doing()
            assert "\n" not in str(failed.value)
    assert "机密" not in caplog.text


def test_what_could_not_be_crossed_out_is_as_soon_as_the_database_works_again(
    process: Opening, database: Path, clock: _Clock, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = process()
    inbox.claim(_ASKED)
    inbox.close()
    moved = [(path, path.with_name(f"away-{path.name}")) for path in database.parent.glob("library.db*")]
    for path, away in moved:
        path.rename(away)
    database.mkdir()
    inbox.done(_ASKED)
    (warning,) = [line.getMessage() for line in caplog.records if line.levelno >= logging.WARNING]
    assert "还没有登记" in warning
    assert "退款" not in warning
    with pytest.raises(StorageError):
        inbox.beat()
    inbox.close()
    database.rmdir()
    for path, away in moved:
        away.rename(path)
    assert inbox.holds(_ASKED)
    inbox.beat()
    assert not inbox.holds(_ASKED)
    clock.now += 61 * _SECOND
    assert process().left("telegram") == []


def test_nobody_s_words_or_ids_are_logged(process: Opening, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "sqlalchemy")
    inbox, place = process(), Place("web", "机密的群", "机密的话题", "机密的人")
    inbox.claim(Message(place, "机密的号", "机密的问题", "机密的引文"))
    inbox.asked(Message(place, "机密的号", "机密的问题"), datetime.datetime.now(UTC))
    inbox.beat()
    inbox.left("telegram")
    inbox.done(Message(place, "机密的号", "机密的问题"))
    inbox.forget("web", asker="机密的人")
    assert caplog.records
    assert "机密" not in caplog.text


def test_what_an_answer_waits_for_takes_less_than_five_milliseconds(process: Opening, database: Path) -> None:
    inbox = process()
    inbox.claim(_message("first"))
    with sqlite3.connect(database) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(inbox)")]
        others = ", ".join("?" if name == "message" else name for name in columns)
        connection.executemany(f"INSERT INTO inbox SELECT {others} FROM inbox LIMIT 1", [(f"old {at}",) for at in range(5000)])
    connection.close()
    took: dict[str, list[float]] = {}
    since = datetime.datetime(2025, 3, 1, 2, tzinfo=UTC)
    for at in range(40):
        message = _message(str(at))
        steps: dict[str, Callable[[], object]] = {
            "claim": lambda message=message: inbox.claim(message),  # type: ignore[misc]
            "asked": lambda message=message: inbox.asked(message, since),  # type: ignore[misc]
            "holds": lambda message=message: inbox.holds(message),  # type: ignore[misc]
            "done": lambda message=message: inbox.done(message),  # type: ignore[misc]
        }
        for name, step in steps.items():
            began = time.perf_counter()
            step()
            took.setdefault(name, []).append(time.perf_counter() - began)
    assert {name: sorted(each)[20] for name, each in took.items() if sorted(each)[20] >= 0.005} == {}
