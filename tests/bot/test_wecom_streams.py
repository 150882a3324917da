"""What is shown of an answer, whichever replica is asked; what is owed is given to one; and no text, address or nonce stays for long."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.wecom.nonces import Nonces
from bot.wecom.streams import LONGEST, Owed, Stream, Streams, stream_of
from retrieval.errors import StorageError
from tests.wecom_sender import Clock

_ADDRESS = "https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=SECRETCODE"
_MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "library.db"


@pytest.fixture
def replica(database: Path, clock: Clock) -> Iterator[Callable[[], Streams]]:
    """Opens the streams, as often as a replica would be started."""
    opened: list[Streams] = []

    def start() -> Streams:
        opened.append(Streams(f"sqlite:///{database}", clock))
        return opened[-1]

    yield start
    for streams in opened:
        streams.close()


@pytest.fixture
def nonces(database: Path, clock: Clock) -> Iterator[Nonces]:
    nonces = Nonces(f"sqlite:///{database}", clock)
    yield nonces
    nonces.close()


def _bytes(database: Path) -> bytes:
    """Everything that is written of a database."""
    return b"".join(path.read_bytes() for path in sorted(database.parent.glob(f"{database.name}*")))


def test_a_message_has_one_stream_whoever_asks_for_it(replica: Callable[[], Streams], clock: Clock) -> None:
    first, second = replica(), replica()
    assert first.begin("M1", "正在查阅…") is True
    assert second.begin("M1", "别的话") is False
    assert first.open("M1") == second.open("M1") == stream_of("M1")
    assert second.get(stream_of("M1")) == Stream(stream_of("M1"), clock.now, "正在查阅…", finished=False, ended=False)
    assert stream_of("M2") != stream_of("M1")
    assert second.get(stream_of("M2")) is None
    assert first.open("M2") == stream_of("M2")
    assert second.begin("M2", "正在查阅…") is False


def test_what_one_replica_writes_another_one_shows(replica: Callable[[], Streams]) -> None:
    writer, reader = replica(), replica()
    id_ = writer.open("M1")
    for text, finished in (("七", False), ("七日内", False), ("七日内可退。", True)):
        writer.put(id_, text, finished)
        shown = reader.get(id_)
        assert shown is not None
        assert (shown.text, shown.finished, shown.ended) == (text, finished, False)
    writer.put(id_, "迟到的", False)
    writer.put(id_, "又一个答案", True)
    assert reader.get(id_) == shown


def test_a_stream_that_has_ended_takes_nothing_but_its_finished_text(replica: Callable[[], Streams]) -> None:
    streams = replica()
    streams.begin("M1", "正在查阅…", _ADDRESS)
    id_ = stream_of("M1")
    assert streams.end(id_, "七日，其余稍后") is True
    assert streams.end(id_, "再来") is False
    streams.put(id_, "七日内", False)
    ended = streams.get(id_)
    assert ended is not None
    assert (ended.text, ended.finished, ended.ended) == ("七日，其余稍后", False, True)
    assert streams.owed() == []
    streams.put(id_, "七日内可退。", True)
    assert replica().owed() == [Owed(id_, "七日内可退。", _ADDRESS)]


def test_what_is_owed_is_given_out_once_and_again_where_it_was_not_sent(replica: Callable[[], Streams], clock: Clock) -> None:
    one, other = replica(), replica()
    one.begin("M1", "正在查阅…", _ADDRESS, asked_for=False)
    one.put(stream_of("M1"), "七日内可退。", True)
    assert one.owed("another") == []
    assert len(one.owed(stream_of("M1"))) == 1
    assert other.owed() == one.owed() == []
    clock.now += 61 * _MINUTE / 60
    assert len(other.owed()) == 1
    other.sent(stream_of("M1"))
    clock.now += 2 * _MINUTE
    assert one.owed() == []


def test_a_finished_text_that_nobody_fetches_is_owed_when_wecom_asks_no_more(replica: Callable[[], Streams], clock: Clock) -> None:
    streams = replica()
    for id_ in ("fetched", "left"):
        streams.begin(id_, "正在查阅…", _ADDRESS)
        streams.put(stream_of(id_), "七日内可退。", True)
    streams.begin("unfinished", "正在查阅…", _ADDRESS)
    streams.begin("without address", "正在查阅…")
    streams.put(stream_of("without address"), "七日内可退。", True)
    streams.told(stream_of("fetched"))
    streams.told(stream_of("unfinished"))  # which it is not
    clock.now += 6 * _MINUTE
    assert streams.owed() == []
    clock.now += _MINUTE
    assert [owed.id for owed in streams.owed()] == [stream_of("left")]
    streams.put(stream_of("unfinished"), "也完成了", True)
    assert [owed.id for owed in streams.owed()] == [stream_of("unfinished")]


def test_an_address_is_kept_until_it_was_used_or_is_needed_no_more_and_an_hour_at_most(
    replica: Callable[[], Streams], database: Path, clock: Clock
) -> None:
    streams = replica()
    for msgid in ("sent", "told", "old"):
        streams.begin(msgid, "正在查阅…", f"{_ADDRESS}{msgid}")
        streams.put(stream_of(msgid), f"机密{msgid}", True)
    streams.sent(stream_of("sent"))
    streams.told(stream_of("told"))
    clock.now += 59 * _MINUTE
    assert streams.expire() == 0
    assert "机密old".encode() in _bytes(database)
    clock.now += 2 * _MINUTE
    assert streams.owed() == []
    assert streams.expire() == 3
    assert b"SECRETCODE" not in _bytes(database)
    assert "机密".encode() not in _bytes(database)
    assert streams.get(stream_of("old")) is None
    assert streams.begin("old", "正在查阅…") is False  # still known
    clock.now += 24 * 60 * _MINUTE
    assert streams.expire() == 3
    assert streams.begin("old", "正在查阅…") is True


def test_a_text_that_wecom_would_not_take_is_refused(replica: Callable[[], Streams]) -> None:
    streams = replica()
    id_ = streams.open("M1")
    largest = "约" * (LONGEST // 3) + "ab"
    assert len(largest.encode()) == LONGEST
    streams.put(id_, largest, False)
    for text in (f"{largest}c", "", " \n", "\0"):
        with pytest.raises(ValueError, match="WeCom"):
            streams.put(id_, text, True)
        with pytest.raises(ValueError, match="WeCom"):
            streams.end(id_, text)
        with pytest.raises(ValueError, match="WeCom"):
            streams.begin("M2", text)
    shown = streams.get(id_)
    assert shown is not None
    assert shown.text == largest


def test_ids_and_texts_that_no_database_takes_are_taken(replica: Callable[[], Streams]) -> None:
    streams = replica()
    assert streams.begin("M\0\ud800", "查\0阅\ud83d") is True
    assert streams.begin("M\0\ud800", "查阅") is False
    shown = streams.get(stream_of("M\0\ud800"))
    assert shown is not None
    assert shown.text == "查阅?"
    assert streams.get("\0\ud800" * 100_000) is None


def test_of_an_address_nothing_is_shown() -> None:
    assert "SECRETCODE" not in repr(Owed("S", "机密", _ADDRESS))
    assert "机密" not in str(Owed("S", "机密", _ADDRESS))


def test_a_nonce_is_let_in_once_whoever_looks(nonces: Nonces, database: Path, clock: Clock) -> None:
    other = Nonces(f"sqlite:///{database}", clock)
    assert nonces.first("1700000000", "n", "a") is True
    assert nonces.first("1700000000", "n", "a") is False
    assert other.first("1700000000", "n", "b") is False
    assert other.first("1700000001", "n", "a") is False  # the same signature, read otherwise
    assert other.first("1700000001", "n", "c") is True
    clock.now += 2 * 60 * _MINUTE
    assert other.expire() == 0
    clock.now += _MINUTE
    assert other.expire() == 2
    other.close()


def test_where_the_database_fails_everything_says_so_and_nothing_is_repeated(
    replica: Callable[[], Streams], nonces: Nonces, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database.write_text("not a database, but long enough to look at" * 10, encoding="utf-8")
    streams = replica()
    doings: list[Callable[[], object]] = [
        lambda: streams.begin("机密", "机密", _ADDRESS),
        lambda: streams.put("机密", "机密", True),
        lambda: streams.get("机密"),
        lambda: streams.end("机密", "机密"),
        lambda: streams.told("机密"),
        lambda: streams.owed(),
        lambda: streams.sent("机密"),
        lambda: streams.expire(),
        lambda: nonces.first("1", "机密", "机密"),
        lambda: nonces.expire(),
    ]
    with caplog.at_level(logging.DEBUG):
        for doing in doings:
            with pytest.raises(StorageError, match="登记用不了，请检查数据库（file is not a database）"):
                doing()
    assert "机密" not in caplog.text
    assert "SECRETCODE" not in caplog.text


def test_nobody_s_words_and_no_address_are_logged(replica: Callable[[], Streams], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "sqlalchemy")
    streams = replica()
    streams.begin("机密的号", "机密的话", _ADDRESS, asked_for=False)
    streams.put(stream_of("机密的号"), "机密的答案", True)
    streams.owed()
    streams.expire()
    assert caplog.records
    assert "机密" not in caplog.text
    assert "SECRETCODE" not in caplog.text
