"""The rooms import each other in one direction only, and importing one costs and reads nothing it need not."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

_PROJECT = Path(__file__).parent.parent
_ROOMS = ("retrieval", "prompts", "answering", "bot", "eval")
_MAY_NOT = {
    "retrieval": {"prompts", "answering", "bot", "eval"},
    "prompts": {"retrieval", "answering", "bot", "eval"},
    "answering": {"bot", "eval"},
    "bot": {"eval"},
    "eval": {"bot"},
}
_WIRING = "bot.cli"  # the one module that may import eval, and only inside a command
_HEAVY = {"langchain", "langchain_core", "langchain_openai", "langchain_chroma", "chromadb", "telegram", "sklearn", "jieba"}

# Imports the modules named, and tells what that loaded and which files read the environment meanwhile. A read is charged to the
# nearest file outside the standard library; what a module of that library reads while it is itself imported is not charged.
_SPY = """
import importlib, json, os, sys, sysconfig
stdlib = sysconfig.get_paths()["stdlib"]
readers = set()

def note():
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((stdlib, "<frozen ")) or "site-packages" in name:
            readers.add(name)
            return
        if name.startswith("<frozen importlib"):
            return
        frame = frame.f_back

environment = type(os.environ)
get_item, iterate = environment.__getitem__, environment.__iter__

def spied_get_item(self, name):
    note()
    return get_item(self, name)

def spied_iterate(self):
    note()
    return iterate(self)

environment.__getitem__, environment.__iter__ = spied_get_item, spied_iterate
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps({"loaded": sorted(sys.modules), "readers": sorted(readers)}))
"""


class Imported(NamedTuple):
    """What importing some modules in a fresh interpreter did."""

    loaded: frozenset[str]
    readers: frozenset[Path]

    @property
    def packages(self) -> set[str]:
        return {name.partition(".")[0] for name in self.loaded}


@cache
def _import(*modules: str, folder: Path = _PROJECT) -> Imported:
    run = subprocess.run([sys.executable, "-c", _SPY, *modules], cwd=folder, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    return Imported(frozenset(told["loaded"]), frozenset(Path(name) for name in told["readers"]))


def _modules(room: str) -> list[str]:
    found = (path.relative_to(_PROJECT).with_suffix("").as_posix().replace("/", ".") for path in sorted((_PROJECT / room).rglob("*.py")))
    return [name.removesuffix(".__init__") for name in found if name != _WIRING]


@pytest.mark.parametrize("room", _ROOMS)
def test_importing_a_room_imports_no_room_above_it(room: str) -> None:
    imported = _import(*_modules(room))
    assert set(_modules(room)) <= imported.loaded
    assert not imported.packages & _MAY_NOT[room]


@pytest.mark.parametrize("room", _ROOMS)
def test_no_file_of_a_room_names_a_room_above_it_not_even_inside_a_function(room: str) -> None:
    named = {
        (path.name, name.partition(".")[0])
        for path in (_PROJECT / room).rglob("*.py")
        if path != _PROJECT / "bot" / "cli.py"
        for name in _names_imported(path)
    }
    assert not {(file, other) for file, other in named if other in _MAY_NOT[room]}


def _names_imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def test_the_console_script_imports_the_evaluation_only_when_a_command_needs_it() -> None:
    assert "eval" not in _import(_WIRING).packages


@pytest.mark.parametrize("module", ["retrieval.search", "answering.answerer", _WIRING])
def test_importing_what_every_command_needs_loads_nothing_heavy(module: str) -> None:
    imported = _import(module)
    assert module in imported.loaded
    assert not imported.packages & _HEAVY


@pytest.mark.parametrize("room", _ROOMS)
def test_no_file_of_ours_reads_the_environment_when_it_is_imported(room: str) -> None:
    readers = _import(*_modules(room)).readers | (_import(_WIRING).readers if room == "bot" else frozenset())
    assert not {reader for reader in readers if any(reader.is_relative_to(_PROJECT / ours) for ours in _ROOMS)}


@pytest.mark.parametrize(
    "reading",
    ["os.getenv('WENYUE_MODEL')", "os.environ.get('X', 'y')", "dict(os.environ)", "'X' in os.environ", "pathlib.Path('~').expanduser()"],
)
def test_a_file_that_reads_the_environment_when_it_is_imported_is_seen(tmp_path: Path, reading: str) -> None:
    (tmp_path / "curious.py").write_text(f"import os, pathlib\nsetting = {reading}\n", encoding="utf-8")
    (tmp_path / "innocent.py").write_text(f"import os, pathlib\ndef setting():\n    return {reading}\n", encoding="utf-8")
    assert tmp_path / "curious.py" in _import("curious", folder=tmp_path).readers
    assert not {reader for reader in _import("innocent", folder=tmp_path).readers if reader.is_relative_to(tmp_path)}
