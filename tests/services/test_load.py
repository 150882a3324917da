"""Two replicas answer a crowd while each thing they need is killed in turn: every question is answered once, in its own chat.

    LOAD_QUESTIONS=10000 LOAD_REPORT=load.txt pytest tests/services/test_load.py --timeout 3600

nginx stands before the replicas; Telegram is npm's telegram-test-api, which delivers updates again that were not taken. Everything is on
loopback. A kill can fall into the moment between Telegram's taking a message and its being crossed out here; Telegram knows no way of asking
whether a message is there. So what a killed replica had said just then, and nothing else, may be said again by the one after it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from rich.console import Console

from answering.answerer import Answerer
from bot.access import Access
from retrieval.index import Index
from retrieval.library import Library
from tests.answering.conftest import answerer as answerer
from tests.answering.conftest import make_answerer as make_answerer
from tests.chroma_process import ChromaProcess
from tests.services.load.fleet import Fleet
from tests.services.load.questions import questions
from tests.services.load.report import Fault, Report
from tests.services.load.traffic import TelegramTraffic, WecomTraffic
from tests.services.telegram_wire import telegram_server as telegram_server
from tests.services.telegram_world import TelegramWorld
from tests.services.telegram_world import telegram_world as telegram_world
from tests.wecom_sender import BOT, KEY, TOKEN

_QUESTIONS = int(os.environ.get("LOAD_QUESTIONS", "400"))
_PACE = float(os.environ.get("LOAD_PACE", "12"))  # questions a second
_WAITING = 120  # questions under way from which on no more are asked
_FLOOD = 40  # messages at once of one who floods
_LAST = 400.0  # seconds after the last question in which all must be answered
_JUST_THEN = 3.0  # seconds around a kill on a busy machine
_SAID_AT_ONCE = 3  # answers that a replica is sending at the same time
_Killing = tuple[str, float, Callable[[], None], Callable[[], None]]
_WEBHOOK = "https://bot.example/telegram/webhook"


@pytest.fixture
def fleet(telegram_world: TelegramWorld, shipped_index: Index, built_home: Path, tmp_path: Path) -> Iterator[Fleet]:
    settings = {
        "WENYUE_TELEGRAM_TOKEN": telegram_world.token, "WENYUE_TELEGRAM_API": telegram_world.base_url, "WENYUE_TELEGRAM_WEBHOOK": _WEBHOOK,
        "WENYUE_TELEGRAM_SECRET": "a-secret-of-ours", "WENYUE_WECOM_BOT_ID": BOT, "WENYUE_WECOM_TOKEN": TOKEN, "WENYUE_WECOM_AES_KEY": KEY,
        "WENYUE_WECOM_NAMES": "问约", "WENYUE_ASKER_DAY": "100000", "WENYUE_CHAT_MINUTE": "1000",
    }  # fmt: skip
    fleet = Fleet(tmp_path, built_home / "index" / shipped_index.version, settings)
    try:
        fleet.start()
        telegram_world.proxy(_WEBHOOK, f"{fleet.url}/telegram/webhook")
        yield fleet
    finally:
        fleet.close()


@pytest.mark.timeout(3600)
def test_every_question_is_answered_once_whatever_is_killed(
    fleet: Fleet, telegram_world: TelegramWorld, answerer: Answerer, shipped: Library
) -> None:
    telegram, wecom = TelegramTraffic(telegram_world), WecomTraffic(fleet.url)
    _allow(fleet, telegram, wecom)
    asking = questions(answerer, shipped)
    next(asking)  # chooses them
    faults: list[Fault] = []
    watching = _Watch(fleet)
    killing: list[Thread] = []
    began = time.time()
    schedule = _schedule(fleet)
    for at in count():
        if at >= _QUESTIONS and not schedule:  # where the machine is slow, a few more are asked until all has been killed
            break
        while watching.waiting > _WAITING or wecom.under_way > _WAITING:
            time.sleep(0.1)
        if schedule and at >= schedule[0][0] * _QUESTIONS and not any(thread.is_alive() for thread in killing):
            _, what, seconds, kill, start = schedule.pop(0)
            killing.append(Thread(target=_fail, args=(faults, what, seconds, kill, start)))
            killing[-1].start()
        (telegram if at % 2 else wecom).ask(next(asking))
        if at in (_QUESTIONS // 3, _QUESTIONS // 2):
            telegram.flood(_FLOOD, next(asking))
            wecom.flood(_FLOOD, next(asking))
        time.sleep(max(0.0, began + at / _PACE - time.time()) if watching.waiting < _WAITING // 2 else 1 / _PACE)
    for thread in killing:
        thread.join()
    answered = wecom.outcomes()
    deadline = time.time() + _LAST
    while any(each.answered is None for each in telegram.outcomes()) and time.time() < deadline:
        telegram.nudge()
        time.sleep(5)
    report = Report([*telegram.outcomes(), *answered], faults, began, time.time(), watching.close())
    _show(report)
    kills = [fault.at for fault in faults if "replica" in fault.what and "kill" in fault.what]
    assert report.lost == []
    assert [each for each in report.doubled if each.channel == "wecom"] == []
    assert [each for each in report.doubled if not any(at - _JUST_THEN < (each.began or 0) < at + _JUST_THEN for at in kills)] == []
    assert len(report.doubled) <= _SAID_AT_ONCE * len(kills)
    assert report.wrong == []
    assert telegram.strays() == 0
    for flooded in (telegram.flooded()[:2], wecom.flooded()):
        assert flooded[0] == 2 * _FLOOD
        assert 0 < flooded[1] < _FLOOD  # the first few are answered, the rest is told to be too much
    wecom.close()


def _allow(fleet: Fleet, telegram: TelegramTraffic, wecom: WecomTraffic) -> None:
    access = Access(fleet.database, ())
    for channel, traffic in (("telegram", telegram), ("wecom", wecom)):
        for kind, id_ in traffic.allowed:
            access.allow(channel, kind, id_, by="test")
    access.close()


def _schedule(fleet: Fleet) -> list[tuple[float, str, float, Callable[[], None], Callable[[], None]]]:
    """What is killed at which share of the run, for how many seconds at least. A long run goes through it twice."""
    first, second = fleet.replicas
    one: list[_Killing] = [
        ("replica 1, kill -9", 3.0, first.kill, first.start),
        ("Chroma, kill -9", 8.0, fleet.chroma.kill, fleet.chroma.start),
        ("Postgres, kill -9", 4.0, fleet.postgres.kill, fleet.postgres.start),
        ("model, kill -9", 8.0, fleet.model.kill, fleet.model.start),
        ("replica 2, SIGTERM", 2.0, lambda: second.kill(signal.SIGTERM), second.start),
    ]
    more: list[_Killing] = [
        ("replica 2, kill -9", 20.0, second.kill, second.start),
        ("Chroma with its data", 20.0, partial(_empty, fleet.chroma), fleet.chroma.start),
        ("Postgres, kill -9", 15.0, fleet.postgres.kill, fleet.postgres.start),
        ("model, kill -9", 20.0, fleet.model.kill, fleet.model.start),
        ("replica 1, SIGTERM", 10.0, lambda: first.kill(signal.SIGTERM), first.start),
    ]
    faults = one + more if _QUESTIONS >= 2000 else one
    return [((at + 1) / (len(faults) + 1.5), *fault) for at, fault in enumerate(faults)]


def _empty(chroma: ChromaProcess) -> None:
    chroma.kill()
    chroma.lose_data()


def _fail(faults: list[Fault], what: str, seconds: float, kill: Callable[[], None], start: Callable[[], None]) -> None:
    fault = Fault(what, time.time())
    faults.append(fault)
    kill()
    time.sleep(seconds)
    start()
    fault.back = time.time()


class _Watch:
    """Looks every second at how many questions wait, and how much memory there is in use."""

    def __init__(self, fleet: Fleet) -> None:
        self.waiting = 0
        self._fleet = fleet
        self._memory: dict[str, list[tuple[float, float]]] = {each.name: [] for each in fleet.replicas}
        self._over = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def close(self) -> dict[str, list[tuple[float, float]]]:
        self._over.set()
        self._thread.join()
        return self._memory

    def _watch(self) -> None:
        while not self._over.wait(1):
            for replica in self._fleet.replicas:
                self._memory[replica.name].append((time.time(), replica.memory))
            try:
                with self._fleet.postgres.connection("load") as connection:
                    row = connection.execute("SELECT count(*) FROM inbox WHERE state = 'waiting'").fetchone()
                    self.waiting = int(row[0]) if row else 0
            except psycopg.Error:
                self.waiting = _WAITING + 1  # nobody asks much while nothing is answered


def _show(report: Report) -> None:
    report.show(Console(width=150))
    if path := os.environ.get("LOAD_REPORT"):
        with Path(path).open("w", encoding="utf-8") as file:
            report.show(Console(file=file, width=150))
            for outcome in (*report.lost, *report.doubled, *report.wrong)[:10]:
                print(outcome, file=file)
