"""Embeddings by name, `provider:model`: those of a service through LangChain, or `sentence-transformers:` run on this machine.

LangChain is imported when embeddings are loaded, not before: it costs about a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from queue import Empty, Queue
from threading import Thread
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from retrieval.embeddings import Vectors
from retrieval.errors import EmbeddingsError

BATCH = 32  # texts a request: text-embeddings-inference refuses more unless it was started with another limit
LOCAL = "sentence-transformers"
_RETRIES = 2  # of a refused connection, 429 or 5xx; all tries together have the time of one
_PROBE = "本协议"
_ALIKE = 0.98  # one model gives one text vectors that differ by rounding only; two models, vectors at any angle


class Model(Protocol):
    """What LangChain calls embeddings."""

    def embed_query(self, text: str) -> Any: ...

    def embed_documents(self, texts: list[str]) -> Any: ...


class Client(Protocol):
    """What keeps the connections to a service."""

    def close(self) -> None: ...


class NamedEmbeddings:
    """The embeddings of a model; see retrieval/embeddings.py. Whoever loads them closes them.

    `timeout` is the longest wait, in seconds a text; None waits for ever.
    """

    def __init__(self, name: str, model: Model, timeout: float | None, client: Client | None = None) -> None:
        self.name = name
        self._model = model
        self._timeout = timeout
        self._client = client

    def close(self) -> None:
        """Let go of the connections to the service; there are no more vectors to be had."""
        if self._client is not None:
            self._client.close()

    @cached_property
    def probe(self) -> Vectors:
        """The vector of a text that is always the same: it tells what model is there, whatever it is called."""
        return self.embed(_PROBE)

    @property
    def dimensions(self) -> int:
        return int(self.probe.shape[0])

    def is_model_of(self, probe: Vectors) -> bool:
        """Whether an earlier probe came from this model."""
        return probe.shape == self.probe.shape and float(probe @ self.probe) >= _ALIKE

    def embed(self, text: str) -> Vectors:
        """The vector of one question, shape (dimensions,). Raises EmbeddingsError."""
        vector: Vectors = self._checked([self._asked(partial(self._model.embed_query, text), 1)], 1)[0]
        return vector

    def embed_all(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, shape (len(texts), dimensions), asked for in batches. Raises EmbeddingsError."""
        batches = [list(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        found = [self._checked(self._asked(partial(self._model.embed_documents, batch), len(batch)), len(batch)) for batch in batches]
        if any(vectors.shape[1] != self.dimensions for vectors in found):
            raise EmbeddingsError(self._unusable("长短不一"))
        return np.concatenate(found) if found else np.zeros((0, self.dimensions), dtype=np.float32)

    def _asked(self, call: Callable[[], Any], texts: int) -> Any:
        """What the model says of so many texts. It is asked on a thread of its own: a service may keep a connection alive and send nothing."""
        said: Queue[tuple[Any, Exception | None]] = Queue()

        def ask() -> None:
            try:
                said.put((call(), None))
            except Exception as error:
                said.put((None, error))

        Thread(target=ask, daemon=True).start()
        try:
            vectors, error = said.get(timeout=self._timeout and self._timeout * texts)
        except Empty:
            raise EmbeddingsError(self._too_slow()) from None
        if error is not None:
            raise EmbeddingsError(self._explain(error)) from error
        return vectors

    def _checked(self, said: Any, count: int) -> Vectors:
        try:
            vectors: npt.NDArray[np.float64] = np.asarray(said, dtype=np.float64)
        except (ValueError, TypeError):
            raise EmbeddingsError(self._unusable("不是数，或长短不一")) from None
        if vectors.ndim != 2 or vectors.shape[0] != count or vectors.shape[1] == 0:
            raise EmbeddingsError(self._unusable("数目不对"))
        with np.errstate(over="ignore"):
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all():
            raise EmbeddingsError(self._unusable("含有 NaN 或无穷大"))
        if not lengths.all():
            raise EmbeddingsError(self._unusable("全是零"))
        unit: Vectors = (vectors / lengths).astype(np.float32)
        return unit

    def _too_slow(self) -> str:
        return f"向量模型 {self.name} 太慢（每段文字等了 {self._timeout:g} 秒）；请检查它的服务，或调大 WENYUE_EMBEDDINGS_TIMEOUT"

    def _unusable(self, what: str) -> str:
        return f"向量模型 {self.name} 给出的向量不能用（{what}）；请检查它的服务，或换一个模型"

    def _explain(self, error: Exception) -> str:
        """One sentence. What the service wrote is not repeated: it may hold the text or a part of the key."""
        kind = type(error).__name__.lower()
        status = getattr(error, "status_code", None)
        if "timeout" in kind:
            return self._too_slow()
        if "connect" in kind:
            return f"连不上向量模型 {self.name} 的服务；请检查它是否在运行，以及 WENYUE_EMBEDDINGS_BASE_URL"
        if status in (401, 403):
            return f"向量模型 {self.name} 的服务拒绝了密钥（HTTP {status}）；请检查 WENYUE_EMBEDDINGS_API_KEY 或 OPENAI_API_KEY"
        if status == 404:
            return f"向量模型 {self.name} 的服务没有这个模型或地址（HTTP 404）；请检查模型名与 WENYUE_EMBEDDINGS_BASE_URL"
        if status == 429:
            return f"向量模型 {self.name} 的服务限流或额度已用完（HTTP 429）；请稍后再试"
        if status in (400, 413, 422):
            return f"向量模型 {self.name} 的服务不接受这些文字（HTTP {status}）；条文可能超过了它的长度，请换一个能读更长文字的模型"
        if status is not None:
            return f"向量模型 {self.name} 的服务出错（HTTP {status}）；请查看它的日志"
        return f"向量模型 {self.name} 没有给出向量（{type(error).__name__}）；请检查它的服务与设置"


def load_embeddings(name: str, *, base_url: str | None = None, api_key: str | None = None, timeout: float = 10.0) -> NamedEmbeddings:
    """The embeddings called `provider:model`. `base_url` and `api_key` are for services that speak OpenAI's API; `timeout` is in seconds
    a text, and not for what runs here. Raises EmbeddingsError.
    """
    provider, _, model = name.partition(":")
    if not provider or not model:
        raise EmbeddingsError(f"WENYUE_EMBEDDINGS={name!r} 不完整；请写成 provider:model，例如 openai:bge-m3 或 {LOCAL}:BAAI/bge-m3")
    if base_url and provider != "openai":
        raise EmbeddingsError(
            f"WENYUE_EMBEDDINGS_BASE_URL 只用于 openai:，而 WENYUE_EMBEDDINGS={name!r}；请写成 openai:{model}，或删去这个地址"
        )
    if provider == LOCAL:
        from retrieval.sentence_encoder import SentenceEncoder

        return NamedEmbeddings(name, SentenceEncoder(name, model), None)
    from langchain.embeddings import init_embeddings

    options = _openai(base_url, api_key, timeout) if provider in ("openai", "azure_openai") else {}
    try:
        return NamedEmbeddings(name, init_embeddings(name, **options), timeout, options.get("http_client"))
    except ImportError as error:
        missing = getattr(error.__cause__, "name", None) or f"langchain-{provider}"
        raise EmbeddingsError(f"WENYUE_EMBEDDINGS={name!r} 需要没有安装的包；请运行 pip install {missing.replace('_', '-')}") from error
    except Exception as error:
        raise EmbeddingsError(f"WENYUE_EMBEDDINGS={name!r} 不能使用：{_first_line(error)}") from error


def _openai(base_url: str | None, api_key: str | None, timeout: float) -> dict[str, Any]:
    """What makes any OpenAI-compatible service do: text is sent, not the token ids of OpenAI's own models (whose table tiktoken would
    download), and vectors come as numbers, not in base64.
    """
    import openai

    options: dict[str, Any] = {
        "check_embedding_ctx_length": False,
        "chunk_size": BATCH,
        "timeout": timeout * BATCH,  # what is not waited for any longer ends some time, too
        "max_retries": _RETRIES,
        "model_kwargs": {"encoding_format": "float"},
        # LangChain never closes the client that it makes, and takes no other one where it reads this variable itself.
        "http_client": openai.DefaultHttpxClient(proxy=os.environ.get("OPENAI_PROXY") or None),
        "openai_proxy": None,
    }
    if base_url:  # OPENAI_API_KEY belongs to another service, maybe the chat model's, and is not shown to this one
        return options | {"base_url": base_url, "api_key": api_key or "none"}
    return options | ({"api_key": api_key} if api_key else {})


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
