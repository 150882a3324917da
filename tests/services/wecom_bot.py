"""The WeCom bot as a process of its own, with groups that may ask it; see wecom_server.py for those who do."""

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
from tests.services.wecom_server import WecomServer

_SCRIPT = Path(sys.executable).with_name("wenyue")
PATIENCE = 60.0  # seconds for a bot that begins on a busy machine
GROUPS = ("法务群", "采购群")


class Bot:
    """The bot's process; started and killed as a test wants."""

    def __init__(self, home: Path, wecom: WecomServer) -> None:
        self.home = home
        self.log = home / "log"
        self._wecom = wecom
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "WENYUE_HOME": str(home),
            "WENYUE_WECOM_BOT_ID": wecom.bot_id,
            "WENYUE_WECOM_SECRET": wecom.secret,
            "WENYUE_WECOM_URL": wecom.url,
            "WENYUE_WECOM_NAMES": wecom.name,
            "WENYUE_ADMINS": "wecom:boss",
            "WENYUE_ASKER_MINUTE": "100",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **settings: str) -> None:
        self.process = self.spawn(**settings)
        deadline = time.monotonic() + PATIENCE
        while not self._wecom.is_connected:
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the bot did not connect:\n{self.log.read_text(encoding='utf-8')}")
            time.sleep(0.05)

    def spawn(self, **settings: str) -> subprocess.Popen[bytes]:
        """A process of the bot, connected or not."""
        with self.log.open("ab") as log:
            return subprocess.Popen([_SCRIPT, "wecom"], env=self._environment | settings, cwd=self.home, stderr=log)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


@pytest.fixture
def bot(wecom: WecomServer, shipped_index: Index, built_home: Path, tmp_path: Path) -> Iterator[Bot]:
    """A running bot that the groups may ask. Whatever a test does with it: no secret, no words and no traceback are in its log."""
    home = tmp_path / "home"
    shutil.copytree(built_home / "index" / shipped_index.version, home / "index" / shipped_index.version)
    library = Library(f"sqlite:///{home / 'library.db'}")
    library.sync(PROJECT / "agreements" / "catalog.toml")
    library.close()
    access = Access(f"sqlite:///{home / 'library.db'}", ())
    for group in GROUPS:
        access.allow("wecom", "chat", group, by="test")
    access.close()
    running = Bot(home, wecom)
    running.log.touch()
    running.start()
    yield running
    if running.process and running.process.poll() is None:
        running.stop(signal.SIGKILL)
    log = running.log.read_text(encoding="utf-8")
    assert [words for words in (wecom.secret, "response_code=", "Traceback", "退款", "打官司", "法务群") if words in log] == []
