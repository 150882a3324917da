"""One chat model of LangChain's, one call at a time and no retries. LangChain is imported when a model is made: it costs about a second."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, Generator
from dataclasses import replace
from typing import Any

from answering.arriving import arriving
from answering.errors import ModelError
from answering.failures import CallFailed, empty, failure_of, too_slow
from answering.models import Completion, Reply
from answering.thinking import without_thinking
from answering.vendors import Service, vendors

_CONNECTING = 10.0  # seconds to reach a server: one that is gone is not waited for as long as one that writes
_TRACING = ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGSMITH_GATEWAY")
_OPTIONAL = {"temperature": "temperature", "stream_options": "stream_usage"}  # as servers call it: as LangChain does


class LangChainModel:
    """A model that LangChain's `init_chat_model` knows; the vendors of vendors.toml are all spoken to in OpenAI's API.

    `timeout` is in seconds and the longest a call may take. Unless `tracing`, nothing goes to LangSmith, whatever the environment says.
    Raises ModelError where the model cannot be had.
    """

    def __init__(self, service: Service, timeout: float, *, tracing: bool = False) -> None:
        if not tracing:  # agreements must not reach a tracing service because some variable is set on the machine
            for variable in _TRACING:
                os.environ[variable] = "false"
        self.service = service
        self.timeout = timeout
        self.streams: bool | None = None  # whether the server writes piece by piece; None until it has answered
        self._options = _options(service, timeout)
        self._model: Any = _made(service, self._options)

    @property
    def name(self) -> str:
        return self.service.name

    def stream(self, system: str, user: str, seconds: float | None = None) -> Generator[str, None, Completion]:
        """The reply as it comes, whole within `seconds` or the timeout. Raises CallFailed. Closing it closes the connection."""
        deadline = time.monotonic() + min(self.timeout, self.timeout if seconds is None else seconds)
        while True:
            try:
                return (yield from self._spoken(system, user, deadline))
            except CallFailed as failure:
                if not self._does_without(failure):
                    raise

    def _spoken(self, system: str, user: str, deadline: float) -> Generator[str, None, Completion]:
        """The reply without what was thought aloud before it."""
        parts: list[str] = []
        with Reply(without_thinking(self._pieces(system, user, deadline))) as reply:
            for piece in reply:
                parts.append(piece)
                yield piece
        text = "".join(parts)
        if reply.completion is None or not text.strip():
            raise empty(self.service)
        return replace(reply.completion, text=text)

    def _pieces(self, system: str, user: str, deadline: float) -> Generator[str, None, Completion]:
        usage = {"input_tokens": 0, "output_tokens": 0, "cache_read": 0}
        ended = None
        try:
            for chunk in arriving(lambda: self._chunks(system, user), deadline - time.monotonic()):
                if text := str(chunk.text):
                    yield text
                # Some vendors count up with every chunk, some tell the parts apart, most tell all at the end: the most is what it cost.
                told = chunk.usage_metadata or {}
                told = {**told, **(told.get("input_token_details") or {})}
                usage = {name: max(count, int(told.get(name) or 0)) for name, count in usage.items()}
                ended = chunk.response_metadata.get("finish_reason") or ended
        except TimeoutError as error:
            raise too_slow(self.service, self.timeout) from error
        except Exception as error:
            raise failure_of(error, self.service) from error
        cut = ended in ("length", "content_filter", "sensitive") or (ended is None and self.service.vendor is not None)
        return Completion("", usage["input_tokens"], usage["output_tokens"], usage["cache_read"], self.name, cut)

    async def _chunks(self, system: str, user: str) -> AsyncGenerator[Any, None]:
        messages = [("system", system), ("human", user)]
        if self.streams is not False:
            try:
                async for chunk in self._model.astream(messages):
                    self.streams = True
                    yield chunk
                return
            except ValueError as error:
                if self.streams or type(error) is not ValueError:  # what LangChain raises where there was no event at all
                    raise
        whole = await self._model.ainvoke(messages)  # a server that does not stream answers in one piece
        self.streams = False
        yield whole

    def _does_without(self, failure: CallFailed) -> bool:
        """Whether a server that refuses the call names an option of ours, which it is then spared from now on."""
        said = str(failure.__cause__).lower() if failure.status in (400, 422) else ""
        refused = [option for word, option in _OPTIONAL.items() if word in said and option in self._options]
        for option in refused:
            del self._options[option]
        if refused:
            self._model = _made(self.service, self._options)
        return bool(refused)


def _options(service: Service, timeout: float) -> dict[str, Any]:
    options: dict[str, Any] = {"temperature": 0, "timeout": timeout, "max_retries": 0}
    if service.base_url:
        options["base_url"] = service.base_url
    if service.vendor is None:
        return options
    import openai

    limits = openai.Timeout(timeout, connect=min(timeout, _CONNECTING))
    # No connection is kept: it would be a minute old when the next question comes, and often dead without saying so.
    client = openai.DefaultAsyncHttpxClient(timeout=limits, headers={"Connection": "close"})
    return options | {
        "api_key": service.key,
        "timeout": limits,
        "http_async_client": client,
        "stream_usage": True,  # these servers count tokens in a stream only when asked to
        "stream_chunk_timeout": None,
    }


def _made(service: Service, options: dict[str, Any]) -> Any:
    from langchain.chat_models import init_chat_model

    try:
        return init_chat_model(service.model, model_provider="openai" if service.vendor else service.provider, **options)
    except ImportError as error:
        missing = getattr(error.__cause__, "name", None) or f"langchain-{service.provider}"
        raise ModelError(f"WENYUE_MODEL={service.name!r} 需要没有安装的包；请运行 pip install {missing.replace('_', '-')}") from error
    except ValueError as error:
        if "provider" in str(error).lower():
            known = "、".join(vendors())
            raise ModelError(f"WENYUE_MODEL={service.name!r} 的 {service.provider} 不是认识的服务；常用的有 {known}") from error
        raise ModelError(f"WENYUE_MODEL={service.name!r} 不能使用：{_first_line(error)}") from error
    except Exception as error:
        raise ModelError(f"WENYUE_MODEL={service.name!r} 不能使用：{_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
