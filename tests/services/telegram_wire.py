"""The wire to telegram_server/adapter.js: its process, one for all tests of a session, and the routes under /world."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TOKEN = "7061234567:AAtest-token-of-no-bot-in-the-world-0000"
USERNAME = "WenYueTestBot"
_HERE = Path(__file__).parent


class Wire:
    """The control routes of one world."""

    def __init__(self, url: str) -> None:
        self._url = url

    def post(self, what: str, **body: Any) -> Any:
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/world/{what}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)

    def get(self, what: str) -> Any:
        with urllib.request.urlopen(f"{self._url}/world/{what}") as reply:
            return json.load(reply)


def knock(address: str, update: dict[str, Any], secret: str | None = None) -> int:
    """Post an update to a webhook as anybody can who knows its address; returns the status."""
    headers = {"Content-Type": "application/json"} | ({"X-Telegram-Bot-Api-Secret-Token": secret} if secret is not None else {})
    try:
        with urllib.request.urlopen(urllib.request.Request(address, json.dumps(update).encode(), headers)) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture(scope="session")
def telegram_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Begins a world and returns its address. Where the server is not installed the tests fail: none is left out."""
    if not (_HERE / "node_modules" / "telegram-test-api").exists():
        pytest.fail(f"telegram-test-api is not there; run `npm install --no-package-lock` in {_HERE}")
    log = tmp_path_factory.mktemp("telegram") / "log"
    command = ["node", str(_HERE / "telegram_server" / "adapter.js")]
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdin
        assert process.stdout
        asks, answers = process.stdin, process.stdout

        def begin() -> str:
            print(TOKEN, USERNAME, file=asks, flush=True)
            address = answers.readline().strip()
            assert address, f"the Telegram server ended: {log.read_text(encoding='utf-8')}"
            return address

        yield begin
        asks.close()  # it ends with its input
