"""Whatever is kept of people has an end, can be told to them and taken away, and touches nobody else's."""

from __future__ import annotations

import datetime
import json
import os
import pkgutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import Table, create_engine, func, inspect, select

import answering
import bot
import retrieval
from bot.privacy.export import export
from bot.privacy.holdings import HOLDINGS, NOBODYS
from bot.privacy.keeping import Keeping, tables
from bot.privacy.keys import KeyedUrl, new_key
from bot.privacy.purge import Purge
from bot.privacy.whose import Whose
from bot.storage.upgrade import bring_up
from tests.bot.people import CHANNEL, live, words_of

_UNTIL_TAKEN_BACK = {"allowed", "subscribed", "contact"}
_ANN, _BEN = "anna4711", "bert4712"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'library.db'}"


@pytest.fixture
def keeping(url: str) -> Iterator[Keeping]:
    keeping = Keeping(url, 180)
    yield keeping
    keeping.close()


def _defined() -> set[str]:
    """The names of all tables that any module of the rooms defines."""
    for room in (answering, bot, retrieval):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if ".migrations." not in module.name:
                import_module(module.name)
    ours = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in ("answering", "bot", "retrieval")]
    return {value.name for module in ours for value in vars(module).values() if isinstance(value, Table)}


def _counts(url: str, without: tuple[str, ...] = ()) -> dict[str, int]:
    engine = create_engine(url)
    with engine.connect() as connection:
        there = set(inspect(connection).get_table_names()) - set(without)
        held = {table.name: table for table in tables() if table.name in there}
        found = {name: connection.execute(select(func.count()).select_from(table)).scalar_one() for name, table in held.items()}
    engine.dispose()
    return found


def _bytes_of(url: str) -> bytes:
    file = Path(url.partition("///")[2])
    return b"".join(path.read_bytes() for path in file.parent.rglob("*") if path.is_file())


def test_every_table_is_declared_to_hold_nothing_of_people_or_has_an_end(url: str) -> None:
    """A new table of anybody's words or ids needs a row in HOLDINGS, one that has none a line in NOBODYS."""
    declared = {holding.table.name for holding in HOLDINGS}
    assert not declared & NOBODYS.keys()
    assert _defined() - declared - NOBODYS.keys() == set()
    bring_up(url)
    engine = create_engine(url)
    assert set(inspect(engine).get_table_names()) - declared - NOBODYS.keys() == set()
    engine.dispose()
    assert {holding.table.name for holding in HOLDINGS if holding.age is None} == _UNTIL_TAKEN_BACK


def test_what_is_too_old_goes_from_every_table_by_itself(url: str) -> None:
    long_ago = datetime.datetime.now(UTC) - timedelta(days=200)
    live(url, _ANN, now=long_ago)
    before = _counts(url)
    assert all(before.values())
    Keeping(url, 36500).expire()
    assert {name for name, count in _counts(url).items() if count} >= {"answer", "vote", "review", "handed", "shown_answer", "notice"}
    Keeping(url, 180).expire()
    assert {name for name, count in _counts(url).items() if count} == _UNTIL_TAKEN_BACK
    assert not [word for word in words_of(_ANN)[:6] if word.encode() in _bytes_of(url)]


def test_what_is_new_stays_and_with_no_days_only_what_must_be_there_for_a_day(url: str) -> None:
    live(url, _ANN)
    before = _counts(url)
    Keeping(url, 180).expire()
    assert _counts(url) == before
    Keeping(url, 0).expire()
    left = {name for name, count in _counts(url).items() if count}
    assert left == {"inbox", "told", "notice", "spending", "wecom_stream"} | _UNTIL_TAKEN_BACK


def test_copies_from_before_an_upgrade_go_when_they_are_too_old(url: str, keeping: Keeping, tmp_path: Path) -> None:
    old, new = (tmp_path / f"library.db.before-{name}" for name in ("a", "b"))
    for copy in (old, new):
        copy.write_bytes(b"words")
    os.utime(old, (time.time() - 181 * 86400,) * 2)
    keeping.expire()
    assert (old.exists(), new.exists()) == (False, True)


def test_an_export_holds_each_thing_of_a_person_and_nothing_of_another(url: str, keeping: Keeping) -> None:
    live(url, _ANN)
    live(url, _BEN)
    told = export(keeping, Whose(CHANNEL, user=_ANN))
    assert [holding.name for holding in HOLDINGS if not told[holding.name]] == []
    text = json.dumps(told, ensure_ascii=False)
    assert [word for word in words_of(_ANN) if word not in text] == []
    assert [word for word in (*words_of(_BEN), _BEN) if word in text] == []
    assert {row["chat"] for row in told["questions_and_answers"]} == {"group", _ANN}
    assert told["questions_and_answers"][0]["answer"]["text"] == words_of(_ANN)[1]
    assert told["messages_in_groups"][0]["text"] == words_of(_ANN)[0]


@pytest.mark.parametrize("keys", [(), (new_key(),)], ids=["plain", "sealed"])
def test_a_purge_of_a_person_leaves_nothing_that_an_export_would_show_and_others_untouched(
    url: str, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    url = KeyedUrl(url, keys)
    live(url, _ANN)
    live(url, _BEN)
    (tmp_path / "library.db.before-x").write_text("".join(words_of(_ANN)), encoding="utf-8")
    keeping = Keeping(url, 180)
    others = keeping.told(Whose(CHANNEL, user=_BEN))
    mine = Whose(CHANNEL, user=_ANN)
    counts = Purge(url, tmp_path).counts(mine)
    assert [holding.called for holding in HOLDINGS if not counts[holding.called]] == []
    assert Purge(url, tmp_path).run(mine) == ""
    assert [name for name, rows in keeping.told(mine).items() if rows] == []
    assert keeping.told(Whose(CHANNEL, user=_BEN)) == others
    keeping.close()
    held = _bytes_of(url)
    assert [word for word in (*words_of(_ANN), _ANN) if word.encode() in held] == []
    if not keys:
        assert [word for word in words_of(_BEN) if word.encode() not in held] == []


def test_a_purge_of_a_chat_takes_what_everybody_said_there_and_no_more(url: str, tmp_path: Path) -> None:
    for user in (_ANN, _BEN):
        live(url, user)
    live(url, "carl4713", group="another")
    keeping = Keeping(url, 180)
    Purge(url, tmp_path).run(Whose(CHANNEL, chat="group"))
    assert [name for name, rows in keeping.told(Whose(CHANNEL, chat="group")).items() if rows] == []
    for user, chats in ((_ANN, {_ANN}), (_BEN, {_BEN}), ("carl4713", {"another", "carl4713"})):
        told = keeping.told(Whose(CHANNEL, user=user))
        assert {row["chat"] for row in told["questions_and_answers"]} == chats
        assert len(told["votes"]) == len(chats)
    keeping.close()


def test_forgetting_leaves_that_somebody_may_ask_and_was_told_and_nothing_else_of_them(url: str, keeping: Keeping) -> None:
    live(url, _ANN)
    live(url, _BEN)
    others = keeping.told(Whose(CHANNEL, user=_BEN))
    keeping.forget(CHANNEL, _ANN)
    left = {name for name, rows in keeping.told(Whose(CHANNEL, user=_ANN)).items() if rows}
    assert left == {"permissions", "permissions_given", "notices", "contact", "spending"}
    assert keeping.told(Whose(CHANNEL, user=_BEN)) == others
    assert not [word for word in words_of(_ANN)[:6] if word.encode() in _bytes_of(url)]
