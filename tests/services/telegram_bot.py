"""The bot as a process of its own, with a group that may ask it; see telegram_world.py for those who do."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.access import Access
from bot.settings import PROJECT
from retrieval.index import Index
from retrieval.library import Library
from tests.services.telegram_shown import Chat, Said, Shown, User
from tests.services.telegram_world import TelegramWorld

_SCRIPT = Path(sys.executable).with_name("wenyue")
PATIENCE = 60.0  # seconds for a bot that begins on a busy machine


class Bot:
    """The bot's process; started and killed as a test wants."""

    def __init__(self, home: Path, world: TelegramWorld, admin: User) -> None:
        self.home = home
        self.log = home / "log"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "WENYUE_HOME": str(home),
            "WENYUE_TELEGRAM_TOKEN": world.token,
            "WENYUE_TELEGRAM_API": world.base_url,
            "WENYUE_ADMINS": f"telegram:{admin.id}",
            "WENYUE_ASKER_MINUTE": "100",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **settings: str) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([_SCRIPT, "telegram"], env=self._environment | settings, cwd=self.home, stderr=log)
        self._wait_for(self.log.read_text(encoding="utf-8").count("takes questions") + 1)

    def fails(self, **settings: str) -> int:
        """Start a bot that cannot run; its exit status."""
        with self.log.open("ab") as log:
            done = subprocess.run([_SCRIPT, "telegram"], env=self._environment | settings, cwd=self.home, stderr=log, timeout=PATIENCE)
        return done.returncode

    def _wait_for(self, times: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.log.read_text(encoding="utf-8").count("takes questions") < times:
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the bot did not start:\n{self.log.read_text(encoding='utf-8')}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(PATIENCE)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None


@pytest.fixture
def anna(telegram_world: TelegramWorld) -> User:
    return telegram_world.user("安娜", "anna")


@pytest.fixture
def admin(telegram_world: TelegramWorld) -> User:
    return telegram_world.user("管理员")


@pytest.fixture
def group(telegram_world: TelegramWorld) -> Chat:
    return telegram_world.group("法务群")


@pytest.fixture
def bot(telegram_world: TelegramWorld, admin: User, group: Chat, shipped_index: Index, built_home: Path, tmp_path: Path) -> Iterator[Bot]:
    """A running bot that the group may ask."""
    home = tmp_path / "home"
    shutil.copytree(built_home / "index" / shipped_index.version, home / "index" / shipped_index.version)
    library = Library(f"sqlite:///{home / 'library.db'}")
    library.sync(PROJECT / "agreements" / "catalog.toml")
    library.close()
    access = Access(f"sqlite:///{home / 'library.db'}", ())
    access.allow("telegram", "chat", str(group.id), by="test")
    access.close()
    running = Bot(home, telegram_world, admin)
    running.log.touch()
    running.start()
    yield running
    if running.running:
        running.stop(signal.SIGKILL)
    _assert_discreet(running, telegram_world)


def _assert_discreet(bot: Bot, world: TelegramWorld) -> None:
    """Whatever a test does with the bot: what it logs holds no secret, nobody's words and no traceback."""
    log = bot.log.read_text(encoding="utf-8")
    said = {message["message"].get("text", "") for message in world.wire.get("messages") if not message["byBot"]}
    assert [words for words in (world.token, "Traceback", *said) if len(words) > 1 and words in log] == []


def answer_to(world: TelegramWorld, said: Said) -> Shown:
    """The reply to a message, once it is whole: then it has buttons."""
    (shown,) = world.until(lambda: [each for each in world.replies(said) if each.buttons], PATIENCE)
    return shown
