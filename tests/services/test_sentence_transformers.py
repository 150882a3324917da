"""Embeddings that sentence-transformers runs here: a real, tiny model, read from a folder and downloaded from a hub on loopback.

The model is a BERT of two layers that this test makes, with random weights: it knows no meanings, but one text has one vector, and
texts that share characters have vectors that are alike. Where sentence-transformers is not installed these tests fail: none is left
out. `.ci/run` installs it.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import sentence_transformers
import torch
import transformers
from sentence_transformers.sentence_transformer import modules

from retrieval.embeddings import Vectors
from retrieval.errors import EmbeddingsError
from retrieval.index import open_index
from retrieval.library import Library
from retrieval.named_embeddings import NamedEmbeddings, load_embeddings

MakeLibrary = Callable[[Mapping[str, str]], Library]

_TEXT = """一、退款

1.1 您有权要求终止合作并全额退款。

1.2 增值服务一经购买无法取消，您无权要求退款。

二、责任

2.1 逾期付款的，应当赔偿损失。

2.2 不可抗力造成的损失不予赔偿。
"""
_PROMPT = "问："  # what the model declares to go before a question
_LONGEST = 64  # tokens the model reads
_NAME = "maker/tiny-bert"
_PATIENCE = 180  # seconds for a process that imports torch on a busy machine


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the model as sentence-transformers writes one."""
    bert, folder = tmp_path_factory.mktemp("bert"), tmp_path_factory.mktemp("model")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(_TEXT + _PROMPT) - set(" \n"))]
    (bert / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    torch.manual_seed(7)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=_LONGEST,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(bert)
    transformers.BertTokenizer(str(bert / "vocab.txt")).save_pretrained(bert)
    reader = modules.Transformer(str(bert), max_seq_length=_LONGEST)
    pooling = modules.Pooling(32, pooling_mode="mean")
    model = sentence_transformers.SentenceTransformer(modules=[reader, pooling], prompts={"query": _PROMPT, "document": ""}, device="cpu")
    model.save(str(folder))
    return folder


@pytest.fixture(scope="session")
def embeddings(folder: Path) -> NamedEmbeddings:
    return load_embeddings(f"sentence-transformers:{folder}")


def _unit(vector: Any) -> Vectors:
    found: Vectors = np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
    return found


def test_vectors_are_those_of_the_model_at_unit_length_with_the_prompts_it_declares(embeddings: NamedEmbeddings, folder: Path) -> None:
    plain = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    texts = ["您有权要求退款", "逾期付款的，应当赔偿损失。"]
    found = embeddings.embed_all(texts)
    assert (found.shape, embeddings.dimensions) == ((2, 32), 32)
    for text, vector in zip(texts, found, strict=True):
        assert np.allclose(vector, _unit(plain.encode(text, prompt="")), atol=1e-5)
        assert np.allclose(embeddings.embed(text), _unit(plain.encode(_PROMPT + text, prompt="")), atol=1e-5)
        assert not np.allclose(embeddings.embed(text), vector, atol=1e-3)


def test_a_text_longer_than_the_model_reads_is_cut(embeddings: NamedEmbeddings) -> None:
    long = "您有权要求终止合作并全额退款。" * 20
    cut, longer = embeddings.embed_all([long, long + "逾期付款"])
    assert np.allclose(cut, longer, atol=1e-5)


def test_threads_may_ask_at_once(embeddings: NamedEmbeddings) -> None:
    questions = ["退款", "逾期付款的责任", "不可抗力" * 10] * 20
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(embeddings.embed, questions))
    assert all(np.allclose(vector, embeddings.embed(question), atol=1e-5) for question, vector in zip(questions, together, strict=True))


def test_clauses_are_found_by_its_vectors(folder: Path, make_library: MakeLibrary, tmp_path: Path) -> None:
    library = make_library({"jia": _TEXT})
    name = f"sentence-transformers:{folder}"
    open_index(tmp_path, library, load_embeddings(name)).close()
    index = open_index(tmp_path, library, load_embeddings(name))
    for clause in index.clauses:
        found = index.vectors.search(clause.text, (), 4)["vectors"]
        assert index.clauses[found[0][0]] == clause
    index.close()


@pytest.mark.parametrize("model", ["{}/none", "{}", "./none"])
def test_a_folder_that_is_not_there_or_holds_no_model_is_told_of_in_one_sentence(model: str, tmp_path: Path) -> None:
    name = f"sentence-transformers:{model.format(tmp_path)}"
    with pytest.raises(EmbeddingsError) as refused:
        load_embeddings(name)
    assert f"WENYUE_EMBEDDINGS={name!r}" in str(refused.value)
    assert "\n" not in str(refused.value)


class _Hub:
    """The few pages of a model hub that a download of one model looks at."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub.asked.append(self.path)
                path = self.path.partition("?")[0]
                if path.startswith(f"/api/models/{_NAME}"):
                    self._send(200, json.dumps(hub.described(files, tree="/tree/" in path)).encode())
                elif (name := path.removeprefix(f"/{_NAME}/resolve/").partition("/")[2]) in files:
                    self._send(200, files[name], ETag=f'"{hashlib.sha256(files[name]).hexdigest()[:40]}"')
                else:
                    self._send(404, b"{}", **{"X-Error-Code": "EntryNotFound"})

            def do_HEAD(self) -> None:
                self.do_GET()

            def _send(self, status: int, data: bytes, **headers: str) -> None:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(data)), "X-Repo-Commit": "a" * 40, **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    @staticmethod
    def described(files: Mapping[str, bytes], *, tree: bool) -> Any:
        if tree:
            return [{"type": "file", "path": name, "size": len(data), "oid": "b" * 40} for name, data in files.items()]
        return {"id": _NAME, "modelId": _NAME, "sha": "a" * 40, "siblings": [{"rfilename": name} for name in files], "tags": []}

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def hub(folder: Path) -> Iterator[_Hub]:
    hub = _Hub(folder)
    yield hub
    hub.stop()


def _search(home: Path, hub: str) -> subprocess.CompletedProcess[str]:
    """`wenyue search` in a process of its own, with the model by name and a hub at that address."""
    return subprocess.run(
        [Path(sys.executable).with_name("wenyue"), "search", "不可抗力造成的损失", "--json"],
        env={
            "PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "WENYUE_HOME": str(home),
            "WENYUE_AGREEMENTS": str(home / "agreements"), "WENYUE_EMBEDDINGS": f"sentence-transformers:{_NAME}",
            "HF_HOME": str(home / "hub"), "HF_ENDPOINT": hub, "HF_HUB_DISABLE_XET": "1",
        },
        cwd=home,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
    )  # fmt: skip


@pytest.mark.timeout(2 * _PATIENCE)
def test_a_model_by_name_is_downloaded_once_and_then_read_without_a_look_at_the_network(
    hub: _Hub, make_library: MakeLibrary, tmp_path: Path
) -> None:
    make_library({"jia": _TEXT})
    first = _search(tmp_path, hub.url)
    assert (first.returncode, "Traceback" in first.stderr) == (0, False), first.stderr
    assert any(path.endswith("model.safetensors") for path in hub.asked)
    asked = len(hub.asked)
    second = _search(tmp_path, hub.url)
    assert (second.returncode, second.stderr) == (0, "")
    assert json.loads(second.stdout)["hits"][0]["id"] == "2.2"
    assert len(hub.asked) == asked
    assert json.loads(first.stdout) == json.loads(second.stdout)


@pytest.mark.timeout(2 * _PATIENCE)
def test_a_model_that_cannot_be_downloaded_is_told_of_in_one_sentence(hub: _Hub, make_library: MakeLibrary, tmp_path: Path) -> None:
    make_library({"jia": _TEXT})
    hub.stop()
    run = _search(tmp_path, hub.url)
    assert (run.returncode, run.stdout) == (1, "")
    line = run.stderr.strip().splitlines()[-1]
    assert line.startswith(f"错误：WENYUE_EMBEDDINGS='sentence-transformers:{_NAME}' 不在这台机器上，也下载不到")
    assert "Traceback" not in run.stderr
