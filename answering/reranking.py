"""The best clauses of the search put in another order, by a model that reads the question and the clauses together.

The order alone changes: how sure it is that a question is answered stays what the learned confidence says of the learned ranking, except
that a chat model may say that none of the clauses answers. Pointwise by a cross-encoder (Nogueira & Cho, Passage re-ranking with BERT,
2019), listwise by a chat model (Sun et al., Is ChatGPT good at search?, EMNLP 2023).
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from answering.cross_encoder import CrossEncoder
from answering.errors import ModelError
from answering.evidence import count_tokens, exhibit, within_budget
from answering.models import ChatModel, Completion
from prompts.prompt import Prompt
from retrieval.clause import Hit
from retrieval.links import Links

BY_MODEL, LOCAL = "model", "sentence-transformers"  # what WENYUE_RERANKER may say
_CONSIDERED = 20  # hits, the best of the search
_HANDLE = re.compile(r"(?<![A-Za-z])[Cc]\s*(\d{1,3})(?!\d)")
_NONE = re.compile(r"\W*无\W*")

_log = logging.getLogger(__name__)


class Reranker(Protocol):
    """Puts hits in a better order."""

    @property
    def name(self) -> str:
        """Two re-rankers of one name order alike."""
        ...

    def rerank(self, question: str, hits: Sequence[Hit], *, chat: str = "") -> tuple[list[Hit], Completion | None]:
        """The hits, each once, in a better order, and the completion it cost; no hit at all where none of them answers the question.

        `hits` come as Search gives them: scores in [0, 1], descending. So they go: the scores are dealt out anew, the highest to the
        hit that is now the first, so that they tell the place and not what the re-ranker thinks. Only the best 20 change places; the
        rest follow as they were. A re-ranker that fails gives the hits back unchanged and says so in the log: it raises nothing.
        """
        ...


class ModelReranker:
    """Lets a chat model choose. `prompt` has the variables `clauses` and `question`; `budget` is in tokens of clauses it is shown."""

    def __init__(self, model: ChatModel, prompt: Prompt, links: Links, budget: int) -> None:
        self.name = f"{model.name} {prompt.version}"
        self._model = model
        self._prompt = prompt
        self._links = links
        self._budget = budget

    def rerank(self, question: str, hits: Sequence[Hit], *, chat: str = "") -> tuple[list[Hit], Completion | None]:
        shown = within_budget(exhibit([hit.clause for hit in hits[:_CONSIDERED]], self._links), self._budget, count_tokens)
        if not shown:
            return list(hits), None
        clauses = "\n\n".join(one.shown() for one in shown)
        try:
            completion = self._model.complete(*self._prompt.fill(clauses=clauses, question=question), chat=chat)
        except ModelError as error:
            _log.warning("%s；条款没有重排。", error)
            return list(hits), None
        order = _order(completion.text, {one.handle for one in shown})
        if order is None:
            _log.warning("模型 %s 没有写出可用的代号；条款没有重排。", self._model.name)
            return list(hits), completion
        return _reordered(hits, order) if order else [], completion


class CrossEncoderReranker:
    """Lets a cross-encoder score every clause by itself, with its headings and the sentence that introduces it."""

    def __init__(self, name: str, model: CrossEncoder, links: Links) -> None:
        self.name = name
        self._model = model
        self._links = links

    def rerank(self, question: str, hits: Sequence[Hit], *, chat: str = "") -> tuple[list[Hit], Completion | None]:
        texts = [one.text for one in exhibit([hit.clause for hit in hits[:_CONSIDERED]], self._links)]
        try:
            scores = self._model.scores(question, texts)
        except ModelError as error:
            _log.warning("%s；条款没有重排。", error)
            return list(hits), None
        return _reordered(hits, sorted(range(len(texts)), key=lambda at: -scores[at])), None


def load_reranker(name: str, model: ChatModel | None, prompt: Prompt, links: Links, budget: int) -> Reranker:
    """The re-ranker that WENYUE_RERANKER names; `model` is the configured chat model, if any. Raises ModelError."""
    provider, _, local = name.partition(":")
    if provider == LOCAL and local:
        return CrossEncoderReranker(name, CrossEncoder(f"WENYUE_RERANKER={name!r}", local), links)
    if name != BY_MODEL:
        raise ModelError(
            f"WENYUE_RERANKER={name!r} 不认识；请写 {BY_MODEL}，或 {LOCAL}: 加模型名或文件夹，例如 {LOCAL}:BAAI/bge-reranker-v2-m3"
        )
    if model is None:
        raise ModelError(
            f"WENYUE_RERANKER={BY_MODEL} 由对话模型重排，而 WENYUE_MODEL 没有设置；请设置 WENYUE_MODEL，或删去 WENYUE_RERANKER"
        )
    return ModelReranker(model, prompt, links, budget)


def _order(reply: str, handles: set[str]) -> list[int] | None:
    """The places of the handles in a reply that were shown, in its order; none of them for 无, None where it says neither."""
    said = unicodedata.normalize("NFKC", reply)
    known = dict.fromkeys(int(digits) for digits in _HANDLE.findall(said) if f"C{int(digits)}" in handles)
    if known or _NONE.fullmatch(said):
        return [number - 1 for number in known]
    return None


def _reordered(hits: Sequence[Hit], order: Sequence[int]) -> list[Hit]:
    """The hits at the places of `order`, then the rest; the scores stay where they are."""
    places = [*order, *(at for at in range(len(hits)) if at not in order)]
    return [replace(hits[at], score=place.score) for at, place in zip(places, hits, strict=True)]
