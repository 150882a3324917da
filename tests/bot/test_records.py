"""What was answered is kept: whole or not at all, found again, forgotten where that is asked for, and in no log."""

from __future__ import annotations

import datetime
import logging
import os
import random
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from answering.answer import Answer, Citation, Reason, Statement, Status, Withheld
from bot.place import Place
from bot.records import Records, RecordsError
from bot.settings import SettingsError, load_settings
from retrieval.clause import Clause, Kind
from retrieval.errors import StorageError

_HERE = Place("telegram", "-100", "7", "ann")
_CLAUSE = Clause("qidian", "4.7", "4.7", 1, Kind.CLAUSE, 2, "四", "", "开通七日内可以退款。", False, "《直销协议》4.7")
_HOURS = timedelta(hours=1)

Book = Callable[..., Records]


class _Clock:
    def __init__(self) -> None:
        self.now = datetime.datetime(2025, 3, 1, 9, 30, tzinfo=datetime.timezone(timedelta(hours=8)))

    def __call__(self) -> datetime.datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def _answer(question: str = "几天内可以退款", said: str = "七日内可以退款。", status: Status = Status.ANSWERED) -> Answer:
    if status is not Status.ANSWERED:
        return Answer("a1", question, status, message=said)
    citations = (Citation(_CLAUSE, "开通七日内可以退款。"),)
    return Answer("a1", question, status, (Statement(said, (0,)),), citations, withheld=(Withheld("三十日内", Reason.NO_CITATION),))


def _keep(records: Records, question: str = "几天内可以退款", place: Place = _HERE, **more: Any) -> str:
    kept = records.keep(place, _answer(question), fingerprint="library/prompts/model", **more)
    assert kept is not None
    return kept


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "library.db"


@pytest.fixture
def book(database: Path, clock: _Clock) -> Iterator[Book]:
    """Opens the records, as often as a process would be started."""
    opened: list[Records] = []

    def of(days: float = 180) -> Records:
        opened.append(Records(f"sqlite:///{database}", days, clock))
        return opened[-1]

    yield of
    for records in opened:
        records.close()


def _bytes(database: Path) -> bytes:
    """Everything that is written of a database."""
    return b"".join(path.read_bytes() for path in sorted(database.parent.glob(f"{database.name}*")))


def test_what_was_answered_is_kept_whole_and_survives_the_process(book: Book, clock: _Clock) -> None:
    id_ = _keep(book(), key="k", served_from=None)
    record = book().get(id_)
    assert (record.place, record.question, record.status) == (_HERE, "几天内可以退款", "answered")
    assert record.answer == _answer().to_json()
    assert (record.fingerprint, record.served_from) == ("library/prompts/model", None)


def test_a_moment_comes_back_in_utc_whatever_clock_told_it(book: Book) -> None:
    record = book().get(_keep(book()))
    assert record.at == datetime.datetime(2025, 3, 1, 1, 30, 0, 1000, tzinfo=UTC)
    assert record.at.utcoffset() == timedelta(0)
    assert record.to_json()["at"] == "2025-03-01T01:30:00.001+00:00"


def test_ids_sort_by_time_and_no_two_are_the_same(book: Book, clock: _Clock) -> None:
    records = book()
    ids = [_keep(records, str(at)) for at in range(50)]
    clock.now += timedelta(days=90)
    ids.append(_keep(book(), "later"))
    assert ids == sorted(set(ids))
    assert {len(id_) for id_ in ids} == {12}


def test_so_much_of_an_id_as_no_other_has_names_a_record(book: Book, clock: _Clock) -> None:
    records = book()
    first = _keep(records, "甲")
    clock.now += timedelta(days=1)
    second = _keep(records, "乙")
    length = next(length for length in range(1, 12) if first[:length] != second[:length])
    assert (records.get(first[:length]).question, records.get(second[:length].upper()).question) == ("甲", "乙")
    with pytest.raises(RecordsError, match=f"不止一个.*{second} 和 {first}"):
        records.get(first[: length - 1])


@pytest.mark.parametrize("beginning", ["", " ", "%", "_", "0", "zzzzzzzzzzzz", "1m7zmx05thh00", "退款", "il", "'"])
def test_an_id_that_names_none_is_told_in_a_sentence(beginning: str, book: Book) -> None:
    _keep(book())
    with pytest.raises(RecordsError, match=re.escape(repr(beginning))):
        book().get(beginning)


def test_the_earlier_questions_are_those_of_the_place_the_oldest_first(book: Book) -> None:
    records = book()
    for at in range(4):
        _keep(records, f"问{at}")
    for other in (Place("wecom", "-100", "7", "ann"), Place("telegram", "-200", "7", "ann"), Place("telegram", "-100", "", "ann")):
        _keep(records, "别处的", other)
    _keep(records, "别人的", Place("telegram", "-100", "7", "bob"))
    assert book().earlier(_HERE, 3) == ["问1", "问2", "问3"]
    assert book().earlier(_HERE, 9) == ["问0", "问1", "问2", "问3"]


def test_a_conversation_reaches_back_twelve_hours(book: Book, clock: _Clock) -> None:
    records = book()
    _keep(records, "早")
    clock.now += 11 * _HOURS
    _keep(records, "晚")
    assert records.earlier(_HERE, 6) == ["早", "晚"]
    clock.now += _HOURS
    assert records.earlier(_HERE, 6) == ["晚"]


def test_a_new_conversation_knows_nothing_of_the_one_before_also_after_a_restart(book: Book) -> None:
    _keep(book(), "甲")
    _keep(book(), "别人的", Place("telegram", "-100", "7", "bob"))
    book().begin(_HERE)
    assert book().earlier(_HERE, 6) == []
    assert book().earlier(Place("telegram", "-100", "7", "bob"), 6) == ["别人的"]
    _keep(book(), "乙")
    assert book().earlier(_HERE, 6) == ["乙"]
    book().begin(_HERE)
    assert book().earlier(_HERE, 6) == []
    assert len(book().listing()) == 3


def test_the_newest_answer_with_a_key_is_found_while_it_is_recent(book: Book, clock: _Clock) -> None:
    records = book()
    _keep(records, "旧", key="k")
    newest = _keep(records, "新", Place("web", "", "", "x"), key="k")
    _keep(records, "别的", key="other")
    _keep(records, "无")
    found = book().recent("k", _HOURS)
    assert found is not None
    assert (found.id, found.question) == (newest, "新")
    clock.now += _HOURS
    assert records.recent("k", _HOURS) is None
    assert records.recent("k", 2 * _HOURS) == found
    assert records.recent("", 2 * _HOURS) is None


def test_the_list_is_of_those_that_are_all_that_is_asked_for(book: Book, clock: _Clock) -> None:
    records = book()
    for at in range(30):
        _keep(records, f"问{at}")
    assert [record.question for record in records.listing()] == [f"问{at}" for at in range(29, 9, -1)]
    clock.now += timedelta(days=3)
    noon = clock.now
    _keep(records, "100% 退款_吗", Place("wecom", "g1", "", "bob"))
    records.keep(Place("wecom", "g2"), _answer("Refund?", "没有写到。", Status.NOT_COVERED), fingerprint="f")
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({"since": noon}, ["Refund?", "100% 退款_吗"]),
        ({"since": noon + _HOURS}, []),
        ({"status": "not_covered"}, ["Refund?"]),
        ({"status": "answered", "channel": "wecom"}, ["100% 退款_吗"]),
        ({"channel": "wecom", "chat": "g2"}, ["Refund?"]),
        ({"chat": "-100", "contains": "问29"}, ["问29"]),
        ({"contains": "0%"}, ["100% 退款_吗"]),
        ({"contains": "款_"}, ["100% 退款_吗"]),
        ({"contains": "REFUND"}, ["Refund?"]),
        ({"contains": "没有写到"}, ["Refund?"]),
        ({"contains": "七日内", "limit": 2}, ["100% 退款_吗", "问29"]),
        ({"contains": "prompts"}, []),
        ({"chat": "' OR 1=1 --"}, []),
    ]
    for filters, questions in asked:
        assert [record.question for record in records.listing(**filters)] == questions, filters


def test_everything_of_an_asker_is_forgotten_to_the_last_byte(book: Book, database: Path) -> None:
    records = book()
    for place in (_HERE, Place("telegram", "-200", "", "ann"), Place("wecom", "-100", "", "ann"), Place("telegram", "-100", "7", "bob")):
        _keep(records, f"机密{place.channel}{place.chat}{place.asker}", place)
        records.begin(place)
    assert "机密telegram-200ann".encode() in _bytes(database)
    assert records.forget("telegram", asker="ann") == 2
    assert {record.place.asker + record.place.channel for record in records.listing()} == {"annwecom", "bobtelegram"}
    assert "机密telegram-200ann".encode() not in _bytes(database)
    assert "机密telegram-100ann".encode() not in _bytes(database)
    assert "机密telegram-100bob".encode() in _bytes(database)


def test_a_chat_or_one_place_of_it_can_be_forgotten(book: Book) -> None:
    records = book()
    places = [Place("telegram", chat, thread, asker) for chat in ("1", "2") for thread in ("", "7") for asker in ("ann", "bob")]
    for place in places:
        _keep(records, "问", place)
    assert records.forget("telegram", chat="1", thread="", asker="ann") == 1
    assert {record.place for record in records.listing()} == set(places[1:])
    assert records.forget("telegram", chat="1") == 3
    assert {record.place for record in records.listing()} == set(places[4:])
    assert records.forget("web", chat="2") == 0
    with pytest.raises(ValueError, match="asker"):
        records.forget("telegram")
    with pytest.raises(ValueError, match="asker"):
        records.forget("telegram", thread="7")
    assert len(records.listing()) == 4


def test_what_is_too_old_is_deleted_when_more_is_kept(book: Book, clock: _Clock, database: Path) -> None:
    for at in range(3):
        _keep(book(30), f"很久以前{at}")
    book(30).begin(_HERE)
    clock.now += timedelta(days=29)
    records = book(30)
    _keep(records, "最近")
    assert len(records.listing()) == 4
    clock.now += timedelta(days=2)
    _keep(book(30), "今天")
    assert [record.question for record in book().listing()] == ["今天", "最近"]
    book(30).expire()
    assert "很久以前".encode() not in _bytes(database)


def test_however_much_is_too_old_all_of_it_is_deleted(book: Book, clock: _Clock, database: Path) -> None:
    records = book()
    _keep(records)
    with sqlite3.connect(database) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(answer)")]
        select = ", ".join("printf('%012d', ?)" if name == "id" else name for name in columns)
        connection.executemany(f"INSERT INTO answer SELECT {select} FROM answer LIMIT 1", [(at,) for at in range(1700)])
    connection.close()
    clock.now += timedelta(days=181)
    assert len(records.listing(limit=9999)) == 1701
    newest = _keep(book(), "今天")
    assert len(records.listing(limit=9999)) == 1202
    assert records.expire() == 1201
    assert [record.id for record in records.listing()] == [newest]


def test_with_no_days_nothing_is_written_and_what_was_is_deleted(book: Book, database: Path) -> None:
    _keep(book(), "从前的秘密")
    records = book(0)
    _keep(records, "现在的秘密", key="k")
    _keep(records, "还有一个")
    assert records.earlier(_HERE, 6) == ["现在的秘密", "还有一个"]
    assert records.recent("k", _HOURS) is not None
    records.begin(_HERE)
    assert records.earlier(_HERE, 6) == []
    assert (book().listing(), book(0).earlier(_HERE, 6)) == ([], [])
    assert "秘密".encode() not in _bytes(database)


def test_what_is_remembered_and_not_written_is_bounded_in_number_and_time(book: Book, clock: _Clock) -> None:
    records = book(0)
    for at in range(1010):
        _keep(records, str(at))
    assert [record.question for record in records.listing(limit=9999)] == [str(at) for at in range(1009, 9, -1)]
    clock.now += 13 * _HOURS
    for at in range(3):
        _keep(records, f"后来{at}")
    assert len(records.listing(limit=9999)) == 3


def test_words_that_no_database_takes_are_kept_without_what_it_does_not_take(book: Book) -> None:
    answer = _answer("退\0款\ud83d吗", "七\0日\udc00内。")
    id_ = book().keep(Place("web", "聊\0天", "\ud800"), answer, fingerprint="f")
    assert id_ is not None
    record = book().get(id_)
    assert (record.question, record.place.chat) == ("退款?吗", "聊天")
    assert record.answer["statements"] == [{"text": "七\0日\udc00内。", "citations": [0]}]
    assert book().earlier(Place("web", "聊\0天", "\ud800"), 6) == ["退款?吗"]


def test_threads_share_the_records(book: Book) -> None:
    records = book()
    with ThreadPoolExecutor(8) as askers:
        ids = list(askers.map(lambda at: _keep(records, f"问{at}", Place("web", "", "", str(at % 4))), range(80)))
    assert len(set(ids)) == 80
    assert len(records.listing(limit=100)) == 80
    assert len(records.earlier(Place("web", "", "", "3"), 100)) == 20


def test_threads_share_what_is_not_written(book: Book) -> None:
    records = book(0)
    with ThreadPoolExecutor(8) as askers:
        list(askers.map(lambda at: _keep(records, f"问{at}"), range(80)))
    assert sorted(records.earlier(_HERE, 100)) == sorted(f"问{at}" for at in range(80))


def test_to_keep_an_answer_takes_less_than_ten_milliseconds(book: Book) -> None:
    records = book()
    took = []
    for at in range(40):
        began = time.perf_counter()
        _keep(records, f"问{at}", key=f"k{at}")
        took.append(time.perf_counter() - began)
    assert sorted(took)[20] < 0.010


def _keep_many(url: str, asker: str, times: int) -> list[str]:
    """Keeps answers in a process of its own; returns their ids."""
    records = Records(url)
    kept = [_keep(records, f"{asker}{at}", Place("web", "", "", asker)) for at in range(times)]
    assert records.earlier(Place("web", "", "", asker), times) == [f"{asker}{at}" for at in range(times)]
    records.close()
    return kept


def test_processes_that_make_the_tables_and_write_at_once_lose_nothing(
    database: Path, book: Book, together: Callable[..., list[list[str]]]
) -> None:
    kept = together(_keep_many, [(f"sqlite:///{database}", asker, 60) for asker in ("ann", "bob")])
    assert len({id_ for ids in kept for id_ in ids}) == 120
    assert {record.id for record in book().listing(limit=999)} == {id_ for ids in kept for id_ in ids}


def _keep_for_ever(url: str) -> None:
    records = Records(url)
    for at in range(10**6):
        _keep(records, f"{at}" * 300)
        records.begin(Place("web", str(at)))


def _die_in_mid_write(url: str) -> None:
    """Kills its own process when an answer is in the database's hands and not yet committed."""
    records = Records(url)
    _keep(records, "写完的")
    event.listen(records._engine, "commit", lambda connection: os.kill(os.getpid(), signal.SIGKILL))
    _keep(records, "没写完的")


def test_an_answer_whose_writing_is_cut_short_is_not_there(database: Path, book: Book, start_process: Callable[..., BaseProcess]) -> None:
    process = start_process(_die_in_mid_write, f"sqlite:///{database}")
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert [record.question for record in book().listing()] == ["写完的"]
    _keep(book(), "之后的")
    assert len(book().listing()) == 2


def test_a_process_that_is_killed_at_any_moment_leaves_whole_answers_only(
    database: Path, book: Book, start_process: Callable[..., BaseProcess]
) -> None:
    kept = 0
    for _ in range(6):
        process = start_process(_keep_for_ever, f"sqlite:///{database}")
        deadline = time.monotonic() + 30
        while not (database.exists() and len(_written(database)) > kept + 3) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.05))
        process.kill()
        process.join(30)
        rows = _written(database)
        assert len(rows) > kept
        kept = len(rows)
    now = Records(f"sqlite:///{database}")
    records = now.listing(limit=99999)
    assert len(records) == kept
    assert all(record.answer == _answer(record.question).to_json() for record in records)
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    now.close()


def _written(database: Path) -> list[tuple[str]]:
    connection = sqlite3.connect(database, timeout=10)
    try:
        return connection.execute("SELECT id FROM answer").fetchall()
    except sqlite3.OperationalError:  # there is no table yet
        return []
    finally:
        connection.close()


def test_a_database_that_fails_loses_nobody_s_answer_and_is_told_of_once(
    book: Book, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database.write_text("not a database, but long enough to look at" * 10, encoding="utf-8")
    records = book()
    with caplog.at_level(logging.DEBUG):
        for at in range(3):
            assert records.earlier(_HERE, 6) == []
            assert records.recent("k", _HOURS) is None
            assert records.keep(_HERE, _answer(f"机密{at}"), fingerprint="f", key="k") is None
        records.begin(_HERE)
    warnings = [line for line in caplog.records if line.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "没有记下" in warnings[0].getMessage()
    assert "file is not a database" in warnings[0].getMessage()
    assert "\n" not in warnings[0].getMessage()
    assert "机密" not in caplog.text
    for failing in (records.listing, records.expire, lambda: records.get("1"), lambda: records.forget("web", asker="x")):
        with pytest.raises(StorageError, match="请检查数据库"):
            failing()


def test_a_database_that_works_again_is_written_again_and_told_of_when_it_fails_anew(
    book: Book, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    records = book()
    for at in range(2):
        _keep(records, f"好{at}")
        records.close()
        moved = [(path, path.with_name(f"away-{path.name}")) for path in database.parent.glob("library.db*")]
        for path, away in moved:
            path.rename(away)
        database.mkdir()
        assert records.keep(_HERE, _answer(f"坏{at}"), fingerprint="f") is None
        assert records.keep(_HERE, _answer(f"坏{at}"), fingerprint="f") is None
        database.rmdir()
        for path, away in moved:
            away.rename(path)
    _keep(records, "好2")
    assert [record.question for record in records.listing()] == ["好2", "好1", "好0"]
    assert len([line for line in caplog.records if line.levelno >= logging.WARNING]) == 2


def test_what_is_wrong_with_a_row_is_not_repeated_in_the_log(book: Book, database: Path, caplog: pytest.LogCaptureFixture) -> None:
    records = book()
    _keep(records)
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TRIGGER picky BEFORE INSERT ON answer BEGIN SELECT RAISE(ABORT, '不要 机密'); END")
    connection.close()
    with caplog.at_level(logging.DEBUG):
        assert records.keep(_HERE, _answer("机密"), fingerprint="f") is None
    assert "IntegrityError" in caplog.text
    assert "机密" not in caplog.text


def test_nobody_s_words_are_logged(book: Book, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "sqlalchemy")
    records = book()
    _keep(records, "机密的问题", Place("web", "机密的群", "", "机密的人"), key="k")
    records.earlier(Place("web", "机密的群", "", "机密的人"), 6)
    records.recent("k", _HOURS)
    records.forget("web", asker="机密的人")
    assert caplog.records
    assert "机密" not in caplog.text
    assert "七日内" not in caplog.text


def test_a_url_that_is_none_is_told_without_its_password() -> None:
    with pytest.raises(StorageError, match="WENYUE_DATABASE") as failed:
        Records("nonsense+driver://me:hunter2@host/db")
    assert "hunter2" not in str(failed.value)


def test_the_settings_say_how_long_and_how_much(tmp_path: Path) -> None:
    none = tmp_path / "none"
    settings = load_settings({"WENYUE_HOME": "/srv"}, none)
    assert (settings.keep_days, settings.cache_minutes, settings.history_tokens) == (180.0, 60.0, 600)
    environment = {"WENYUE_KEEP_DAYS": "0", "WENYUE_CACHE_MINUTES": "0", "WENYUE_HISTORY_TOKENS": "0"}
    settings = load_settings(environment, none)
    assert (settings.keep_days, settings.cache_minutes, settings.history_tokens) == (0.0, 0.0, 0)
    endless = load_settings({"WENYUE_KEEP_DAYS": "1e12", "WENYUE_CACHE_MINUTES": "1e18"}, none)
    assert datetime.datetime.now(UTC) - timedelta(days=endless.keep_days) - timedelta(minutes=endless.cache_minutes)
    for name in environment:
        for value in ("-1", "abc", "nan", "inf"):
            with pytest.raises(SettingsError, match=f"{name} must be a number of at least 0, not '{value}'"):
                load_settings({name: value}, none)
