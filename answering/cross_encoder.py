"""A cross-encoder that the sentence-transformers package runs on this machine: `BAAI/bge-reranker-v2-m3`, or a folder that holds one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from threading import Lock

from answering.errors import ModelError
from retrieval.local_model import NoLocalModel, load_local_model


class CrossEncoder:
    """Reads a question and a text together and says in one number how well the text answers it. Cuts what is longer than it reads."""

    def __init__(self, setting: str, model: str) -> None:
        """`model` is a name or a folder; `setting` is what the user wrote, for messages. Raises ModelError."""
        try:
            self._model = load_local_model("CrossEncoder", setting, model, "BAAI/bge-reranker-v2-m3")
        except NoLocalModel as error:
            raise ModelError(str(error)) from error
        headless = [name for name in self._model.config.architectures or () if name.endswith("Model")]
        if headless or self._model.num_labels != 1:
            # The package would put a head of random numbers on a model that has none, and order by these.
            raise ModelError(f"{setting} 不是给一对文字打一个分的模型；请换成重排模型，例如 BAAI/bge-reranker-v2-m3")
        self._setting = setting
        self._one_at_a_time = Lock()  # tokenizers refuse to be used by two threads at once

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, higher is better, of any scale. Raises ModelError where the model fails."""
        try:
            with self._one_at_a_time:
                scores = [float(said) for said in self._model.predict([(question, text) for text in texts], show_progress_bar=False)]
        except Exception as error:  # whatever torch raises, it may hold the texts
            raise ModelError(f"{self._setting} 没有打出分数（{type(error).__name__}）") from error
        if not all(map(math.isfinite, scores)):
            raise ModelError(f"{self._setting} 打出的分数含有 NaN 或无穷大")
        return scores
