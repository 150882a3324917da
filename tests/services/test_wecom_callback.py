"""WeCom's callback against @wecom/crypto as the other side, and several replicas of it over one Postgres.

Where they are not installed these tests fail: none is left out.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from bot.inbox import Inbox
from bot.wecom import callback as wecom_callback
from bot.wecom.crypto import Envelope
from bot.wecom.nonces import Nonces
from bot.wecom.streams import Streams, stream_of
from tests.response_server import ResponseServer
from tests.response_server import response_server as response_server
from tests.services.test_postgres import cluster as cluster
from tests.services.test_postgres import database as database
from tests.wecom_sender import KEY, TOKEN, Clock, Sender, Sent, new_nonce, poll, question
from tests.wecom_wiring import PLACEHOLDER, Asked, Wiring, callback_of, until
from tests.wecom_wiring import patient as patient

_HERE = Path(__file__).parent
_COMPANY = "wx5823bf96d3bd56c7"
_ANSWER = "开通后 **7 个自然日**内可退。《企点服务协议》4.7"


class Tencent:
    """A Node process with @wecom/crypto."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        return str(self._ask("getSignature", TOKEN, timestamp, nonce, encrypted))

    def seal(self, message: str, receiveid: str = "") -> str:
        return str(self._ask("encrypt", KEY, message, receiveid))

    def open(self, encrypted: str) -> dict[str, str]:
        opened: dict[str, str] = self._ask("decrypt", KEY, encrypted)
        return opened

    def query(self, encrypted: str, now: datetime) -> dict[str, str]:
        timestamp, nonce = str(int(now.timestamp())), new_nonce()
        return {"msg_signature": self.signature(timestamp, nonce, encrypted), "timestamp": timestamp, "nonce": nonce}

    def _ask(self, *command: str) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@pytest.fixture(scope="module")
def tencent() -> Iterator[Tencent]:
    if not (_HERE / "node_modules" / "@wecom" / "crypto").exists():
        pytest.fail(f"@wecom/crypto is not there; run `npm install --no-package-lock` in {_HERE}")
    command = ["node", str(_HERE / "wecom_crypto.js")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Tencent(process)
        process.terminate()


def _texts() -> list[str]:
    """Texts of every length around two blocks, and some at random."""
    chosen = random.Random(7)
    alphabet = '退款协议第四条4.7 \n\t"\\😀é\u2005@＠{}'
    return ["x" * length for length in range(70)] + ["".join(chosen.choices(alphabet, k=chosen.randrange(3000))) for _ in range(60)]


def test_what_tencent_seals_opens_here_and_what_is_sealed_here_opens_there(tencent: Tencent) -> None:
    for at, text in enumerate(_texts()):
        receiveid = ("", _COMPANY)[at % 2]
        envelope = Envelope(TOKEN, KEY, receiveid)
        assert envelope.open(tencent.seal(text, receiveid)).decode() == text
        ours = envelope.seal(text.encode(), 1409659813, f"nonce{at}", bytes(range(at, at + 16)))
        assert tencent.open(ours["encrypt"]) == {"message": text, "id": receiveid, "random": bytes(range(at, at + 16)).hex()}
        assert tencent.signature("1409659813", f"nonce{at}", ours["encrypt"]) == ours["msgsignature"]


def test_the_callback_is_one_as_tencent_understands_it(tencent: Tencent, tmp_path: Path) -> None:
    clock, wiring = Clock(), Wiring()

    def opened(reply: bytes, query: dict[str, str]) -> Any:
        sealed = json.loads(reply)
        assert sealed["msgsignature"] == tencent.signature(str(sealed["timestamp"]), query["nonce"], sealed["encrypt"])
        letter = tencent.open(sealed["encrypt"])
        assert letter["id"] == ""
        return json.loads(letter["message"])

    async def talked() -> None:
        callback = callback_of(tmp_path, wiring, clock)
        echo = tencent.seal("1616140317555161061")
        assert await callback.verify(tencent.query(echo, clock.now) | {"echostr": echo}) == (200, b"1616140317555161061")
        streams = Streams(f"sqlite:///{tmp_path / 'library.db'}", clock)
        for body, shown, finish in ((question("@问约 几天能退"), PLACEHOLDER, False), (poll(stream_of("MSG1")), _ANSWER, True)):
            sealed = tencent.seal(json.dumps(body, ensure_ascii=False))
            query = tencent.query(sealed, clock.now)
            status, reply = await callback.receive(query, json.dumps({"encrypt": sealed}).encode())
            stream = opened(reply, query)["stream"]
            assert (status, stream["content"], stream["finish"], stream["id"]) == (200, shown, finish, stream_of("MSG1"))
            streams.put(stream["id"], _ANSWER, True)
        another = tencent.seal(json.dumps(question()), _COMPANY)
        assert (await callback.receive(tencent.query(another, clock.now), json.dumps({"encrypt": another}).encode()))[0] == 403
        await callback.close(5)
        streams.close()

    asyncio.run(talked())
    wiring.close()
    assert [asked.message.text for asked in wiring.asked] == ["几天能退"]


@pytest.fixture
def streams(database: str) -> Iterator[Streams]:
    streams = Streams(database)
    yield streams
    streams.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _receive_all(url: str, replica: int, shared: list[Sent]) -> tuple[list[str], list[str], list[int]]:
    """Receives twenty messages under nonces of its own, and those that every replica is sent.

    Returns the ids of the messages that were asked here, the streams that were answered with, and the statuses of the shared ones.
    """
    wecom_callback._SOON = 20.0  # in this process, on a machine that is busy with others
    inbox = Inbox(url)
    wiring, sender = Wiring(claims=inbox.claim), Sender(_now)

    async def received() -> tuple[list[str], list[int]]:
        callback = callback_of(url, wiring, _now)
        ids = []
        for at in range(20):
            query, body = sender.post(question(msgid=f"M{at}"), f"{replica}x{at}")
            _, reply = await callback.receive(query, body)
            ids.append(sender.opened(reply, query)["stream"]["id"])
        statuses = [(await callback.receive(query, body))[0] for query, body in shared]
        await callback.close(5)
        return ids, statuses

    ids, statuses = asyncio.run(received())
    wiring.close()
    inbox.close()
    return [asked.message.id for asked in wiring.asked], ids, statuses


def test_of_replicas_that_are_sent_the_same_messages_one_asks_each(database: str, together: Callable[..., list[Any]]) -> None:
    shared = [Sender(_now).post(question(msgid=f"shared {at}")) for at in range(20)]
    given = together(_receive_all, [(database, replica, shared) for replica in range(3)])
    asked = [id_ for of_one, _, _ in given for id_ in of_one]
    assert sorted(asked) == sorted([f"M{at}" for at in range(20)] + [f"shared {at}" for at in range(20)])
    for _, ids, _ in given:
        assert ids == [stream_of(f"M{at}") for at in range(20)]
    assert all(sorted(statuses) == [200, 403, 403] for statuses in zip(*(statuses for _, _, statuses in given), strict=True))


def _let_in(url: str) -> list[str]:
    """Tries two hundred nonces; returns those that were let in here."""
    nonces = Nonces(url)
    first = [str(at) for at in range(200) if nonces.first("1700000000", str(at), f"signature {at}")]
    nonces.close()
    return first


def test_a_nonce_is_let_in_by_one_replica(database: str, together: Callable[..., list[list[str]]]) -> None:
    assert sorted(nonce for of_one in together(_let_in, [(database,)] * 3) for nonce in of_one) == sorted(map(str, range(200)))


def _send_owed(url: str, origin: str) -> None:
    """Looks for what is owed twenty times, and sends it."""

    async def watched() -> None:
        wiring = Wiring()
        callback = callback_of(url, wiring, _now, origin)
        for _ in range(20):
            await callback._delivery.send()
        wiring.close()

    asyncio.run(watched())


def test_what_is_owed_is_sent_by_one_replica(
    database: str, streams: Streams, response_server: ResponseServer, together: Callable[..., list[None]]
) -> None:
    for at in range(30):
        address = f"{response_server.origin}/cgi-bin/aibot/response?response_code={at}"
        streams.begin(f"M{at}", PLACEHOLDER, address, asked_for=False)
        streams.put(stream_of(f"M{at}"), f"{_ANSWER} {at}", True)
    together(_send_owed, [(database, response_server.origin)] * 3)
    sent = [posted.path.partition("=")[2] for posted in response_server.posted]
    assert sorted(sent) == sorted(map(str, range(30)))
    assert streams.owed() == []


def _die_while_answering(url: str, origin: str) -> None:
    """Takes a question, writes a beginning, and kills its own process."""

    async def asked() -> None:
        async def write(asked: Asked) -> None:
            Streams(url).put(asked.stream, "开通后", False)
            os.kill(os.getpid(), signal.SIGKILL)

        address = f"{origin}/cgi-bin/aibot/response?response_code=1"
        await callback_of(url, Wiring(write, claims=Inbox(url).claim), _now, origin).receive(
            *Sender(_now).post(question(response_url=address))
        )
        await asyncio.sleep(60)

    asyncio.run(asked())


def test_what_a_killed_replica_has_begun_another_one_shows_and_ends(
    database: str, response_server: ResponseServer, start_process: Callable[..., BaseProcess]
) -> None:
    killed = start_process(_die_while_answering, database, response_server.origin)
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    inbox = Inbox(database)
    clock, wiring, id_ = Clock(), Wiring(claims=inbox.claim), stream_of("MSG1")
    clock.now = _now()
    sender, streams = Sender(clock), Streams(database, clock)

    async def taken_over() -> None:
        callback = callback_of(database, wiring, clock, response_server.origin)

        async def shown(body: dict[str, Any]) -> tuple[str, bool]:
            query, sent = sender.post(body, f"second{new_nonce()}")
            _, reply = await callback.receive(query, sent)
            stream = sender.opened(reply, query)["stream"]
            return stream["content"], stream["finish"]

        assert await shown(question()) == ("开通后", False)  # sent again: not asked again
        clock.go(minutes=5, seconds=40)
        assert (await shown(poll(id_)))[1] is True
        streams.put(streams.open("MSG1"), _ANSWER, True)  # whoever has taken the message over from the inbox
        watching = asyncio.create_task(callback.watch())
        await until(lambda: bool(response_server.posted))
        watching.cancel()
        await callback.close(5)

    asyncio.run(taken_over())
    streams.close()
    inbox.close()
    wiring.close()
    assert wiring.asked == []
    assert [posted.body["markdown"]["content"] for posted in response_server.posted] == [_ANSWER]


def test_texts_and_addresses_are_deleted(database: str) -> None:
    clock = Clock()
    streams, nonces = Streams(database, clock), Nonces(database, clock)
    assert streams.begin("M\0\ud800", "查\0阅\ud83d", "https://qyapi.weixin.qq.com/x") is True
    assert (streams.begin("M\0\ud800", "查"), streams.end(stream_of("M\0\ud800"), "查阅")) == (False, True)
    nonces.first("1", "n", "s")
    clock.go(hours=1, minutes=1)
    assert (streams.expire(), streams.get(stream_of("M\0\ud800"))) == (1, None)
    clock.go(days=1)
    assert (streams.expire(), nonces.expire()) == (1, 1)
    streams.close()
    nonces.close()


def test_a_server_that_says_nothing_puts_wecom_off_soon(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.wecom.callback._SOON", 0.9)
    clock, wiring = Clock(), Wiring()
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and says nothing
        url = f"postgresql+psycopg://me:hunter2@127.0.0.1:{silent.getsockname()[1]}/db"

        async def asked() -> None:
            callback = callback_of(url, wiring, clock)
            began = time.perf_counter()
            assert await callback.receive(*Sender(clock).post(question())) == (503, b"")
            assert time.perf_counter() - began < 2
            await callback.close(1)

        asyncio.run(asked())
    assert wiring.asked == []
    assert "hunter2" not in caplog.text
    wiring.close()
