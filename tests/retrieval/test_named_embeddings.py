"""Embeddings of a service: LangChain's own client over HTTP against a server that speaks OpenAI's API, and misbehaves on demand."""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import EmbeddingsError
from retrieval.named_embeddings import BATCH, NamedEmbeddings, load_embeddings
from tests.vector_server import VectorServer

_KEY = "sk-very-secret"
_TEXTS = ["您有权要求终止合作并全额退款。", "增值服务一经购买无法取消。", "不可抗力造成的损失不予赔偿。"]


Load = Callable[..., NamedEmbeddings]


@pytest.fixture
def load() -> Iterator[Load]:
    """Loads embeddings that are closed when the test is over."""
    with ExitStack() as loaded:
        yield lambda name="openai:bigrams", **options: loaded.enter_context(closing(load_embeddings(name, **options)))


@pytest.fixture
def embeddings(load: Load, vector_server: VectorServer) -> NamedEmbeddings:
    return load(base_url=vector_server.url, api_key=_KEY, timeout=10)


def _refused(embeddings: NamedEmbeddings, *texts: str) -> str:
    """What is said where texts, or else a question, cannot be embedded: one sentence without the texts and the key."""
    with pytest.raises(EmbeddingsError) as refused:
        _ = embeddings.embed_all(texts) if texts else embeddings.embed(_TEXTS[0])
    said = str(refused.value)
    assert "openai:bigrams" in said
    assert "\n" not in said
    assert _KEY not in said
    assert not any(text in said for text in _TEXTS)
    return said


def test_vectors_are_those_of_the_service_at_unit_length(embeddings: NamedEmbeddings, vector_server: VectorServer) -> None:
    found = embeddings.embed_all(_TEXTS)
    assert (found.shape, found.dtype.name, embeddings.dimensions) == ((3, 512), "float32", 512)
    for text, vector in zip(_TEXTS, found, strict=True):
        raw = np.array(vector_server.vector(text))
        assert np.allclose(vector, raw / np.linalg.norm(raw), atol=1e-6)
        assert np.allclose(embeddings.embed(text), vector, atol=1e-6)
    assert embeddings.embed_all([]).shape == (0, 512)


def test_the_service_gets_text_not_token_ids_and_is_asked_for_numbers(embeddings: NamedEmbeddings, vector_server: VectorServer) -> None:
    embeddings.embed_all(_TEXTS)
    request = vector_server.requests[0]
    assert (request.path, request.key) == ("/v1/embeddings", _KEY)
    assert request.body == {"input": _TEXTS, "model": "bigrams", "encoding_format": "float"}


def test_many_texts_are_asked_for_in_batches_and_come_back_in_order(embeddings: NamedEmbeddings, vector_server: VectorServer) -> None:
    texts = [f"第{number}条 甲方应当付款" for number in range(2 * BATCH + 5)]
    found = embeddings.embed_all(texts)
    assert [len(request.body["input"]) for request in vector_server.requests[:3]] == [BATCH, BATCH, 5]
    assert np.allclose(found[BATCH + 1], embeddings.embed(texts[BATCH + 1]), atol=1e-6)


def test_a_key_is_shown_to_nobody_it_was_not_given_for(load: Load, vector_server: VectorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chat model's OPENAI_API_KEY stays away from another service; where that is the vendor's own variables, they mean what they do."""
    monkeypatch.setenv("OPENAI_API_KEY", _KEY)
    load(base_url=vector_server.url).embed("退款")
    assert vector_server.requests[-1].key == "none"
    monkeypatch.setenv("OPENAI_BASE_URL", vector_server.url)
    load().embed("退款")
    assert vector_server.requests[-1].key == _KEY
    load(api_key="sk-other").embed("退款")
    assert vector_server.requests[-1].key == "sk-other"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("nan", "NaN"),
        ("null", "NaN"),
        ("infinite", "无穷大"),
        ("zero", "全是零"),
        ("few", "数目不对"),
        ("none", "数目不对"),
        ("ragged", "长短不一"),
        ("empty", "数目不对"),
        ("words", "不是数"),
        ("html", "没有给出向量"),
        (401, "WENYUE_EMBEDDINGS_API_KEY"),
        (403, "密钥"),
        (404, "模型名"),
        (413, "长度"),
        (422, "长度"),
        (429, "限流"),
        (500, "HTTP 500"),
        (503, "HTTP 503"),
    ],
)
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_a_service_that_fails_is_told_of_in_one_sentence(
    fault: int | str, says: str, load: Load, vector_server: VectorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.named_embeddings._RETRIES", 0)
    vector_server.fault = fault
    assert says in _refused(load(base_url=vector_server.url, api_key=_KEY), *_TEXTS)


def test_a_service_of_ragged_batches_is_told_of(embeddings: NamedEmbeddings, vector_server: VectorServer) -> None:
    assert embeddings.dimensions == 512
    vector_server.dimensions = 256
    assert "长短不一" in _refused(embeddings, *_TEXTS)


@pytest.mark.parametrize("fault", ["silent", "dripping"])
def test_a_service_that_never_answers_is_waited_for_as_long_as_configured(fault: str, load: Load, vector_server: VectorServer) -> None:
    vector_server.fault = fault
    embeddings = load(base_url=vector_server.url, timeout=0.7)
    began = time.monotonic()
    assert "0.7 秒" in _refused(embeddings)
    assert 0.7 <= time.monotonic() - began < 2


def test_a_dead_service_is_told_of_and_one_that_is_back_answers(embeddings: NamedEmbeddings, vector_server: VectorServer) -> None:
    vector_server.stop()
    assert "连不上" in _refused(embeddings)
    vector_server.start()
    assert embeddings.embed(_TEXTS[0]).shape == (512,)


def test_a_passing_fault_is_tried_again_and_a_wrong_key_is_not(embeddings: NamedEmbeddings, vector_server: VectorServer) -> None:
    vector_server.fault = 401
    _refused(embeddings)
    assert len(vector_server.requests) == 1
    vector_server.fault = 503
    _refused(embeddings)
    assert len(vector_server.requests) > 2


def test_another_model_by_the_same_name_is_known_by_its_vectors(load: Load, vector_server: VectorServer) -> None:
    probe = load(base_url=vector_server.url).probe
    assert load(base_url=vector_server.url).is_model_of(probe)
    vector_server.salt = "another"
    assert not load(base_url=vector_server.url).is_model_of(probe)
    vector_server.dimensions, vector_server.salt = 256, ""
    assert not load(base_url=vector_server.url).is_model_of(probe)


def test_a_connection_is_kept_for_the_next_question_and_let_go_at_the_end(embeddings: NamedEmbeddings, vector_server: VectorServer) -> None:
    for text in _TEXTS:
        embeddings.embed(text)
    assert vector_server.connected == 1
    embeddings.close()
    deadline = time.monotonic() + 5
    while vector_server.connected and time.monotonic() < deadline:
        time.sleep(0.01)
    assert vector_server.connected == 0
    asked = len(vector_server.requests)
    _refused(embeddings)
    assert len(vector_server.requests) == asked


def test_a_proxy_is_asked_that_the_vendors_own_variable_names(
    load: Load, vector_server: VectorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_PROXY", vector_server.url.removesuffix("/v1"))
    vectors = load(base_url="http://vectors.example/v1").embed(_TEXTS[0])
    assert vectors.shape == (512,)
    assert vector_server.requests[-1].path == "http://vectors.example/v1/embeddings"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("bge-m3", "provider:model"),
        (":bge-m3", "provider:model"),
        ("openai:", "provider:model"),
        ("nobody:bge-m3", "not supported"),
        ("openai:bge-m3", "OPENAI_API_KEY"),
        ("ollama:bge-m3", "pip install langchain-ollama"),
    ],
)
def test_embeddings_that_cannot_be_had_are_told_of_by_name(name: str, says: str) -> None:
    with pytest.raises(EmbeddingsError) as refused:
        load_embeddings(name)
    assert f"WENYUE_EMBEDDINGS={name!r}" in str(refused.value)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_address_for_a_provider_that_takes_none_is_refused_not_ignored() -> None:
    with pytest.raises(EmbeddingsError, match=r"WENYUE_EMBEDDINGS_BASE_URL.*openai:bge-m3"):
        load_embeddings("ollama:bge-m3", base_url="http://127.0.0.1:11434")


def test_without_the_extra_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)  # as where it is not installed
    with pytest.raises(EmbeddingsError) as refused:
        load_embeddings("sentence-transformers:BAAI/bge-m3")
    assert "pip install 'wenyue[sentence-transformers]'" in str(refused.value)


def test_no_text_is_sent_to_a_tracing_service(
    embeddings: NamedEmbeddings, monkeypatch: pytest.MonkeyPatch, network_attempts: list[str]
) -> None:
    """The machine is set up to send traces; that any other host is contacted fails every test."""
    for name, value in {"LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_API_KEY": "lsv2-secret"}.items():
        monkeypatch.setenv(name, value)
    embeddings.embed_all(_TEXTS)
    time.sleep(0.5)
    assert network_attempts == []


def test_the_extra_is_declared_and_in_no_lock() -> None:
    project = Path(__file__).parent.parent.parent
    extras = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert [name.partition(">")[0] for name in extras["sentence-transformers"]] == ["sentence-transformers"]
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert "\ntorch==" not in (project / lock).read_text(encoding="utf-8")
