"""Sealing, telling and deleting in Postgres are those in SQLite: not a word in a dump with a key, and none after a purge."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event

from bot.privacy.holdings import HOLDINGS
from bot.privacy.keeping import Keeping
from bot.privacy.keys import KeyedUrl, new_key
from bot.privacy.purge import Purge
from bot.privacy.rotation import rotate
from bot.privacy.whose import Whose
from bot.records import Records
from retrieval.errors import StorageError
from tests.bot.people import CHANNEL, live, words_of
from tests.services.test_postgres import _no_connection_is_kept as _no_connection_is_kept
from tests.services.test_postgres import cluster as cluster
from tests.services.test_postgres import database as database

_ANN, _BEN = "anna4711", "bert4712"
_SEALED = slice(0, 6)  # the name of a contact stands as it is


def _dump(url: str) -> str:
    """Everything that stands in any table, as Postgres copies it out."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        names = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()]
        held = []
        for name in names:
            with connection.cursor().copy(f'COPY "{name}" TO STDOUT') as copy:
                held += [bytes(part) for part in copy]
    return b"".join(held).decode()


def _pages(url: str) -> bytes:
    """The files of all tables, as they stand on the disk: what was deleted may still stand there."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        rows = connection.execute(
            "SELECT current_setting('data_directory'), pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('public', 'pg_toast') AND c.relkind IN ('r', 't', 'i')"
        ).fetchall()
    return b"".join((Path(folder) / file).read_bytes() for folder, file in rows if file and (Path(folder) / file).exists())


def _found(url: str, user: str) -> list[str]:
    held, pages = _dump(url), _pages(url)
    return [word for word in words_of(user) if word in held or word.encode() in pages]


def _told(url: str, user: str) -> dict[str, list[dict[str, object]]]:
    keeping = Keeping(url, 180)
    try:
        return keeping.told(Whose(CHANNEL, user=user))
    finally:
        keeping.close()


def test_with_a_key_no_word_stands_in_a_dump_and_all_comes_back(database: str) -> None:
    live(database, _BEN)
    sealed = KeyedUrl(database, (new_key(),))
    live(sealed, _ANN)
    assert [word for word in words_of(_ANN)[_SEALED] if word in _dump(database)] == []
    assert words_of(_ANN)[0] in str(_told(sealed, _ANN))
    records = Records(sealed)
    assert {record.place.asker for record in records.listing(contains="的问题")} == {_ANN, _BEN}
    records.close()
    with pytest.raises(StorageError, match="WENYUE_KEY"):
        _told(database, _ANN)


def _rotate_and_die(url: str, keys: tuple[str, ...]) -> None:
    import bot.privacy.rotation
    from bot.database import opened

    bot.privacy.rotation._BATCH = 1
    left = [4]

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


def test_a_rotation_that_is_killed_leaves_all_readable_and_the_next_ends_it(
    database: str, start_process: Callable[..., BaseProcess]
) -> None:
    old, new = new_key(), new_key()
    live(KeyedUrl(database, (old,)), _ANN)
    both = KeyedUrl(database, (new, old))
    before = _told(both, _ANN)
    process = start_process(_rotate_and_die, str(database), (new, old))
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    between = _told(both, _ANN)
    assert [row["question"] for row in between["questions_and_answers"]] == [row["question"] for row in before["questions_and_answers"]]
    assert rotate(both) > 0
    assert rotate(KeyedUrl(database, (new,))) == 0
    after = _told(KeyedUrl(database, (new,)), _ANN)
    assert [row["reason"] for row in after["votes"]] == [row["reason"] for row in before["votes"]]


def test_a_purge_leaves_no_word_of_a_person_on_the_disk_and_others_untouched(database: str, tmp_path: Path) -> None:
    for user in (_ANN, _BEN):
        live(database, user)
    others = _told(database, _BEN)
    assert [holding.name for holding in HOLDINGS if not _told(database, _ANN)[holding.name]] == []
    assert Purge(database, tmp_path).run(Whose(CHANNEL, user=_ANN)) == ""
    assert [name for name, rows in _told(database, _ANN).items() if rows] == []
    assert _found(database, _ANN) == []
    assert _told(database, _BEN) == others
    assert Purge(database, tmp_path).run(None) == ""
    assert _found(database, _BEN) == []
