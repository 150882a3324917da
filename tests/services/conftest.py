"""A server that speaks OpenAI's API and is not ours: `llmock` of @copilotkit/aimock, on loopback; package.json pins it."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
_STARTING = 30.0  # seconds the server may take to start


@dataclass(frozen=True)
class ModelServer:
    """A running `llmock`; what it answers is chosen by the name of the model, see replies/."""

    url: str

    def requests(self, model: str) -> list[dict[str, Any]]:
        """The bodies of the requests for a model so far."""
        with urllib.request.urlopen(f"{self.url}/__aimock/journal") as reply:
            entries = json.load(reply)
        return [entry["body"] for entry in entries if entry["body"].get("model") == model]


@pytest.fixture(scope="session")
def model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """Where it is not installed the tests fail: none is left out."""
    command = _HERE / "node_modules" / ".bin" / "llmock"
    if not command.exists():
        pytest.fail(f"{command} is not there; run `npm install --no-package-lock` in {_HERE}")
    log = tmp_path_factory.mktemp("llmock") / "log"
    arguments: list[str | Path] = [command, "--port", "0", "--host", "127.0.0.1", "--fixtures", _HERE / "replies"]
    with log.open("wb") as output, subprocess.Popen(arguments, stdout=output, stderr=output) as process:
        try:
            yield ModelServer(_address(process, log))
        finally:
            process.terminate()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _STARTING
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"listening on (http://\S+)", log.read_text(encoding="utf-8")):
            return found.group(1)
        time.sleep(0.05)
    pytest.fail(f"the model server did not start: {log.read_text(encoding='utf-8')}")
