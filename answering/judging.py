"""A chat model as judge: whether the clauses a sentence cites support it. A check beside those in code, never in their place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from answering.errors import ModelError
from answering.evidence import Exhibit
from answering.models import ChatModel, Completion
from prompts.prompt import Prompt

_VERDICT = re.compile(r"\W*(不支持|支持)\W*")


class Verdict(NamedTuple):
    """What a judge says of a sentence, and what it cost to ask."""

    supported: bool
    cost: Completion


class Judge:
    """Asks a model once a sentence. `prompt` has the variables `clauses`, `question` and `sentence`."""

    def __init__(self, model: ChatModel, prompt: Prompt) -> None:
        self.name = f"{model.name} {prompt.version}"
        self._model = model
        self._prompt = prompt

    def supports(self, sentence: str, exhibits: Sequence[Exhibit], question: str, *, chat: str = "") -> Verdict:
        """Whether the exhibits support the sentence. Raises ModelError where the model does not answer, or answers neither word."""
        clauses = "\n\n".join(shown.shown() for shown in exhibits)
        reply = self._model.complete(*self._prompt.fill(clauses=clauses, question=question, sentence=sentence), chat=chat)
        verdict = _VERDICT.fullmatch(reply.text)
        if verdict is None:
            raise ModelError(f"核对的模型 {self._model.name} 没有回答“支持”或“不支持”")
        return Verdict(verdict.group(1) == "支持", reply)
