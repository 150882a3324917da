"""What a built index says of itself: the checksum of every file, and the embeddings its vectors come from.

The manifest is written last, so a folder that has one was written to its end.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from retrieval.embeddings import Embeddings, LocalEmbeddings
from retrieval.errors import OtherEmbeddings

_NAME = "manifest.json"


def write_manifest(folder: Path, clauses: int, embeddings: Embeddings) -> None:
    """Describe everything that is in the folder. Raises OSError."""
    files = {
        str(path.relative_to(folder)): _checksum(path) for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".lock"
    }
    of = {"model": embeddings.name, "dimensions": embeddings.dimensions}
    manifest = folder / _NAME
    manifest.write_text(json.dumps({"clauses": clauses, "embeddings": of, "files": files}, indent=1), encoding="utf-8")
    with manifest.open("rb") as written:
        os.fsync(written.fileno())


def damage_of(folder: Path) -> str | None:
    """What is wrong with a built index; None where every file is as it was written."""
    try:
        manifest = json.loads((folder / _NAME).read_text(encoding="utf-8"))
        files: dict[str, str] = manifest["files"]
        wanted = [(str(name), str(checksum)) for name, checksum in files.items()]
    except FileNotFoundError:
        return "没有清单"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "清单无法读取"
    for name, checksum in wanted:
        try:
            if _checksum(folder / name) != checksum:
                return f"{name} 与建立时不同"
        except OSError:
            return f"{name} 无法读取"
    return None


def built_with(home: Path) -> list[str]:
    """The names of the embeddings of the indexes in a data folder: none where there is no index, rarely more than one."""
    names = []
    for manifest in (home / "index").glob(f"[!.]*/{_NAME}"):
        try:
            of = json.loads(manifest.read_text(encoding="utf-8")).get("embeddings", {})  # at first there were no others than the local
            names.append(str(of.get("model", LocalEmbeddings.name)))
        except (OSError, ValueError, AttributeError):
            continue
    return names


def refuse_others(built: Sequence[str], used: str) -> None:
    """Raise OtherEmbeddings where something was built, and all of it with other embeddings than are used now."""
    if built and used not in built:
        raise OtherEmbeddings(
            f"索引是用{_called(built[0])}建立的，而现在设置的是{_called(used).rstrip()}；请运行 wenyue index 重建，或改回 WENYUE_EMBEDDINGS"
        )


def _called(name: str) -> str:
    return f"内置向量（{name}）" if name == LocalEmbeddings.name else f" {name} "


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
