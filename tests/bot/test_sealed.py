"""Words that are sealed with a key: in no file as they were, whole in Python, and never mixed with what somebody without the key writes."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import event

from answering.answer import Answer, Status
from bot.cli import app
from bot.inbox import Inbox
from bot.message import Message
from bot.place import Place
from bot.privacy.keys import KeyedUrl, is_key, new_key
from bot.privacy.rotation import rotate
from bot.records import Records
from bot.settings import SettingsError, load_settings
from bot.votes import Votes
from bot.wecom.streams import Streams, stream_of
from retrieval.errors import StorageError

_HERE = Place("telegram", "-100", "7", "4711")
_WORDS = ("几天内可以退掉企点", "没有写到这一项", "引错条款了", "安娜说的那一句", "还在查的回复")
_HOUR = timedelta(hours=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sealed.db"


@pytest.fixture
def url(file: Path) -> Callable[..., KeyedUrl]:
    return lambda *keys: KeyedUrl(f"sqlite:///{file}", keys)


def _say_everything(url: str) -> str:
    """Let somebody's words stand in every column that holds any. Returns the id of the record."""
    records, inbox, votes, streams = Records(url), Inbox(url), Votes(url), Streams(url)
    kept = records.keep(_HERE, Answer("a", _WORDS[0], Status.NOT_COVERED, message=_WORDS[1]), fingerprint="f", key="k")
    assert kept is not None
    inbox.claim(Message(_HERE, "1", _WORDS[0], _WORDS[3]))
    votes.cast(kept, "telegram", "4711", "down", _WORDS[2])
    streams.begin("m1", _WORDS[4], "https://qyapi.weixin.qq.com/secret")
    streams.put(stream_of("m1"), _WORDS[4], True, {"title": _WORDS[0]})
    for store in (records, inbox, votes, streams):
        store.close()
    return kept


def _bytes_of(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))


def _found(file: Path) -> list[str]:
    held = _bytes_of(file)
    return [word for word in (*_WORDS, "qyapi.weixin") if word.encode() in held or word.encode("utf-16-le") in held]


def _read(url: str, contains: str | None = None) -> list[str]:
    records = Records(url)
    try:
        return [record.question for record in records.listing(contains=contains)]
    finally:
        records.close()


def test_without_a_key_words_stand_in_the_file_and_with_one_none_does(file: Path, url: Callable[..., KeyedUrl]) -> None:
    _say_everything(url())
    assert set(_found(file)) == {*_WORDS, "qyapi.weixin"}
    file.unlink()
    for rest in file.parent.glob(f"{file.name}-*"):
        rest.unlink()
    _say_everything(url(new_key()))
    assert _found(file) == []


def test_what_is_sealed_comes_back_as_it_was(url: Callable[..., KeyedUrl]) -> None:
    sealed = url(new_key())
    kept = _say_everything(sealed)
    records, inbox, streams, votes = Records(sealed), Inbox(sealed), Streams(sealed), Votes(sealed)
    record = records.get(kept)
    assert (record.question, record.answer["text"]) == (_WORDS[0], _WORDS[1])
    assert records.earlier(_HERE, 5) == [_WORDS[0]]
    again = records.recent("k", _HOUR)
    assert again is not None
    assert again.id == kept
    assert records.recent("another", _HOUR) is None
    stream = streams.get(stream_of("m1"))
    assert stream is not None
    assert (stream.text, stream.card) == (_WORDS[4], {"title": _WORDS[0]})
    assert votes.of(kept).down == 1
    (left,) = _left(inbox)
    assert (left.text, left.quoted) == (_WORDS[0], _WORDS[3])


def _left(inbox: Inbox) -> list[Message]:
    from datetime import UTC, datetime

    inbox._now = lambda: datetime.now(UTC) + _HOUR  # whoever claimed it is gone by then
    return inbox.left("telegram")


def test_answers_are_searched_for_words_though_they_are_sealed(url: Callable[..., KeyedUrl]) -> None:
    sealed = url(new_key())
    _say_everything(sealed)
    assert _read(sealed, "退掉") == _read(sealed, "写到") == [_WORDS[0]]
    assert _read(sealed, "赔偿") == []


def test_rows_from_before_the_key_are_read_and_found_with_it(file: Path, url: Callable[..., KeyedUrl]) -> None:
    _say_everything(url())
    sealed = url(new_key())
    assert _read(sealed) == _read(sealed, "退掉") == [_WORDS[0]]
    _say_everything(sealed)
    assert _read(sealed, "退掉") == [_WORDS[0]] * 2


@pytest.mark.parametrize("other", [(), ("another",)])
def test_without_the_key_or_with_another_nothing_is_read_or_written_and_one_sentence_says_why(
    file: Path, url: Callable[..., KeyedUrl], other: tuple[str, ...]
) -> None:
    _say_everything(url(new_key()))
    held = url(*(new_key() for _ in other))
    for contains in (None, "退掉"):
        with pytest.raises(StorageError, match="WENYUE_KEY") as raised:
            _read(held, contains)
        assert "\n" not in str(raised.value)
    with pytest.raises(StorageError, match="WENYUE_KEY"):
        Inbox(held).claim(Message(_HERE, "2", "另一句没有加密的话"))
    assert "另一句没有加密的话".encode() not in _bytes_of(file)


def test_a_text_that_only_looks_sealed_is_a_text(url: Callable[..., KeyedUrl]) -> None:
    said = ("sealed:1:gAAAAA", "sealed:0:x", "sealed:", "sealed:1:")
    for held in (url(), url(new_key())):
        records = Records(held)
        for text in said:
            records.keep(_HERE, Answer("a", text, Status.NOT_COVERED, message=text), fingerprint="f")
        assert {record.question for record in records.listing()} == set(said)
        records.close()


def test_the_key_of_a_cached_answer_tells_nothing_of_the_question(file: Path, url: Callable[..., KeyedUrl]) -> None:
    _say_everything(url(new_key()))
    with sqlite3.connect(file) as connection:
        ((key,),) = connection.execute("SELECT key FROM answer")
    assert key != "k"
    assert len(key) == 64


def test_a_new_key_seals_everything_anew_and_the_old_one_opens_nothing_then(file: Path, url: Callable[..., KeyedUrl]) -> None:
    old, new = new_key(), new_key()
    _say_everything(url())
    _say_everything(url(old))
    assert rotate(url(new, old)) > 0
    assert _found(file) == []
    assert _read(url(new)) == [_WORDS[0]] * 2
    with pytest.raises(StorageError, match="WENYUE_KEY"):
        _read(url(old))
    assert rotate(url(new)) == 0


def _rotate_and_die(url: str, keys: tuple[str, ...], commits: int) -> None:
    """Kill this process at its so many-th batch."""
    import bot.privacy.rotation
    from bot.database import opened

    bot.privacy.rotation._BATCH = 2
    left = [commits]

    def opened_to_die(held: str) -> object:
        engine = opened(held)

        def commit(_connection: object) -> None:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(engine, "commit", commit)
        return engine

    vars(bot.privacy.rotation)["opened"] = opened_to_die
    rotate(KeyedUrl(url, keys))


@pytest.mark.parametrize("commits", [1, 3])
def test_who_is_killed_while_sealing_anew_leaves_all_readable_and_the_next_goes_on(
    url: Callable[..., KeyedUrl], start_process: Callable[..., BaseProcess], commits: int
) -> None:
    old, new = new_key(), new_key()
    for _ in range(5):
        records = Records(url(old))
        records.keep(_HERE, Answer("a", _WORDS[0], Status.NOT_COVERED, message=_WORDS[1]), fingerprint="f")
        records.close()
    process = start_process(_rotate_and_die, str(url()), (new, old), commits)
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert _read(url(new, old)) == [_WORDS[0]] * 5
    with pytest.raises(StorageError, match="WENYUE_KEY"):
        _read(url(new))  # some rows and the mark still are the old one's
    assert 0 < rotate(url(new, old)) <= 6
    assert _read(url(new)) == [_WORDS[0]] * 5


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{new_key()}\n{new_key()}\n", encoding="utf-8")
    return path


def test_keys_come_from_the_environment_or_a_file_and_no_representation_shows_them(key_file: Path) -> None:
    first, second = key_file.read_text(encoding="utf-8").split()
    for environment in ({"WENYUE_KEY": f"{first}, {second}"}, {"WENYUE_KEY_FILE": str(key_file)}):
        settings = load_settings(environment, Path("nowhere"))
        assert isinstance(settings.database, KeyedUrl)
        assert settings.database.keys == (first, second)
        assert first not in repr(settings)
        assert first not in f"{settings.database}"


@pytest.mark.parametrize("text", ["secret", "QUJD", "ö" * 44, "x" * 43])
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    assert not is_key(text)
    with pytest.raises(SettingsError, match="wenyue key") as raised:
        load_settings({"WENYUE_KEY": text}, Path("nowhere"))
    assert text not in str(raised.value)


def test_the_command_makes_a_key_and_says_what_is_missing_for_another(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        app(["key"])
    assert is_key(capsys.readouterr().out.strip())
    with pytest.raises(SystemExit, match="1"):
        app(["key", "--rotate"])
    assert "WENYUE_KEY" in capsys.readouterr().err
