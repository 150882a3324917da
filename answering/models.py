"""Chat models by name, through LangChain. Imported only where a model is configured: LangChain costs about a second."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Thread
from typing import Any, Protocol

from answering.errors import ModelError


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote, and the tokens its vendor counted (0 where it does not say)."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


class ChatModel(Protocol):
    """Anything that completes one system and one user message."""

    @property
    def name(self) -> str: ...

    def complete(self, system: str, user: str) -> Completion:
        """Raises ModelError."""
        ...


class LangChainModel:
    """A model that LangChain's `init_chat_model` knows: `openai:gpt-…`, `ollama:…`, or any OpenAI-compatible server.

    The vendor's own variables (OPENAI_API_KEY, OPENAI_BASE_URL, …) apply. `timeout` is in seconds and per call; there are no hidden
    retries, so it is also the longest wait.
    """

    def __init__(self, name: str, timeout: float) -> None:
        # Agreements must not reach a tracing service because some variable is set on the machine.
        for variable in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING"):
            os.environ[variable] = "false"
        from langchain.chat_models import init_chat_model

        self.name = name
        self._timeout = timeout
        if ":" not in name:
            raise ModelError(f"WENYUE_MODEL={name!r} has no provider; write it as provider:model, for example openai:{name}")
        try:
            self._model: Any = init_chat_model(name, temperature=0, timeout=timeout, max_retries=0, **_options(name))
        except ImportError as error:
            raise ModelError(f"WENYUE_MODEL={name!r} needs a package that is not installed: {error}") from error
        except Exception as error:
            raise ModelError(f"WENYUE_MODEL={name!r} cannot be set up: {_first_line(error)}") from error

    def complete(self, system: str, user: str) -> Completion:
        """The whole reply, read as a stream so that the deadline holds for a server that drips its words as well."""
        parts: list[str] = []
        prompt_tokens = completion_tokens = 0
        for chunk in self._chunks(system, user):
            parts.append(chunk.text if isinstance(chunk.text, str) else chunk.text())
            if usage := chunk.usage_metadata:
                prompt_tokens += int(usage.get("input_tokens", 0))
                completion_tokens += int(usage.get("output_tokens", 0))
        text = "".join(parts)
        if not text.strip():
            raise ModelError(f"模型 {self.name} 没有回答任何内容")
        return Completion(text, prompt_tokens, completion_tokens)

    def _chunks(self, system: str, user: str) -> Iterator[Any]:
        """The chunks of the reply. They are read on a thread of their own: a server may keep a connection alive and send nothing."""
        deadline = time.monotonic() + self._timeout
        arrived: Queue[Any] = Queue()
        done = object()

        def read() -> None:
            try:
                for chunk in self._model.stream([("system", system), ("human", user)]):
                    arrived.put(chunk)
                arrived.put(done)
            except Exception as error:
                arrived.put(error)

        Thread(target=read, daemon=True).start()
        while True:
            try:
                item = arrived.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                raise ModelError(self._too_slow()) from None
            if item is done:
                return
            if isinstance(item, Exception):
                raise ModelError(self._explain(item)) from item
            yield item

    def _too_slow(self) -> str:
        return f"模型 {self.name} 在 {self._timeout:g} 秒内没有回答"

    def _explain(self, error: Exception) -> str:
        kind = type(error).__name__.lower()
        if "timeout" in kind:
            return self._too_slow()
        if "ratelimit" in kind:
            return f"模型 {self.name} 的服务限流，请稍后再问"
        if "auth" in kind or "permission" in kind:
            return f"模型 {self.name} 拒绝了密钥，请检查密钥设置"
        if "connection" in kind or "connect" in kind:
            return f"连不上模型 {self.name} 的服务，请检查网络与地址设置"
        return f"模型 {self.name} 出错：{_first_line(error)}"


def _options(name: str) -> dict[str, Any]:
    """What a provider needs beside the common settings: OpenAI-compatible servers count tokens in a stream only when asked to."""
    return {"stream_usage": True} if name.startswith("openai:") else {}


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
