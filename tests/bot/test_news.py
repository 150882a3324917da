"""What chats are told of new versions, and that a running bot answers from them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.access import Access
from bot.news import Bulletin, News
from bot.place import Place
from bot.settings import load_settings
from bot.standing import Standing
from bot.wiring import Wired
from retrieval.library import Library

_FIRST = (
    "云盘服务协议\n1. 费用\n1.1 开通后7天内可以退款。\n1.2 每月五日前付款。\n2. 期限\n2.1 期限为一年。\n2.2 到期前三十日可以提出续约。\n"
)
_SECOND = _FIRST.replace("7天", "15天").replace("2.1 期限为一年。", "2.1 期限为两年。\n2.3 续约一年一次。")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder with one agreement of its own."""
    (tmp_path / "agreements").mkdir()
    (tmp_path / "agreements" / "catalog.toml").write_text("", encoding="utf-8")
    (tmp_path / "yunpan.txt").write_text(_FIRST, encoding="utf-8")
    _library(tmp_path).add(tmp_path / "yunpan.txt", key="yunpan")
    return tmp_path


def _library(home: Path) -> Library:
    return Library(f"sqlite:///{home / 'library.db'}")


def _update(home: Path, text: str) -> None:
    """What another process does: `wenyue agreements update`."""
    (home / "yunpan.txt").write_text(text, encoding="utf-8")
    library = _library(home)
    library.update("yunpan", home / "yunpan.txt")
    library.close()


@pytest.fixture
def wired(home: Path) -> Iterator[Wired]:
    settings = replace(load_settings({"WENYUE_HOME": str(home)}), agreements=home / "agreements")
    wired = Wired(settings, _library(home))
    yield wired
    wired.close()


def test_a_new_version_is_told_once_with_the_words_that_changed(home: Path) -> None:
    url, library = f"sqlite:///{home / 'library.db'}", _library(home)
    first, second = Bulletin(url), Bulletin(url)
    assert first.due("telegram", library) == []  # what there was is not new
    _update(home, _SECOND)
    (notice,) = first.due("telegram", library)
    assert second.due("telegram", library) == first.due("telegram", library) == []
    assert notice.agreement == "yunpan"
    head, *lines = notice.text.splitlines()
    assert "《云盘服务协议》有了新版本" in head.replace(" ", "")
    assert "改 2 条、增 1 条" in head
    assert "· 1.1 改了：“7天”→“15天”" in lines
    assert any(line.startswith("· 2.3 新增") for line in lines)
    assert second.due("wecom", library) == []  # a channel that looks for the first time
    for bulletin in (first, second):
        bulletin.close()
    library.close()


def test_a_running_bot_answers_from_the_new_version_and_tells_who_subscribed(home: Path, wired: Wired) -> None:
    access = Access(wired.settings.database, [])
    for chat in ("-100", "-200", "-300"):
        access.allow("telegram", "chat", chat)
    access.subscribe("telegram", "-100")
    access.subscribe("telegram", "-300", ["other"])
    access.allow("wecom", "chat", "group")
    access.subscribe("wecom", "group")
    standing, bulletin = Standing(wired), Bulletin(wired.settings.database)
    place = Place("telegram", "-100", "", "7")
    assert "7天" in standing.converse(place, ()).ask("云盘开通后几天内可以退款").text
    assert bulletin.due("telegram", standing.library) == []
    assert standing.renew() is False
    _update(home, _SECOND)
    told: list[tuple[str, str]] = []

    async def watch() -> None:
        done = asyncio.Event()

        async def push(chat: str, text: str) -> None:
            told.append((chat, text))
            done.set()

        watching = asyncio.create_task(News("telegram", standing, access, bulletin).watch(push))
        await asyncio.wait_for(done.wait(), 30)
        watching.cancel()

    asyncio.run(watch())
    assert [chat for chat, _ in told] == ["-100"]
    assert "15天" in standing.converse(place, ()).ask("云盘开通后几天内可以退款").text
    assert [hit.clause.id for hit in standing.find("退款", (), 1)] == ["1.1"]
    standing.close()
    bulletin.close()
    access.close()
