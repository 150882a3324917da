"""A cross-encoder that the sentence-transformers package runs on this machine: `BAAI/bge-reranker-v2-m3`, or a folder that holds one.

The package is an optional extra. A model that is named is downloaded once, by that package and to where it keeps models; one that is
there already, or is a folder, is read without a look at the network.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from answering.errors import ModelError

_PATIENCE = 10.0  # seconds for the model hub to say that it is there: the package itself would try in vain for a minute


class CrossEncoder:
    """Reads a question and a text together and says in one number how well the text answers it. Cuts what is longer than it reads."""

    def __init__(self, setting: str, model: str) -> None:
        """`model` is a name or a folder; `setting` is what the user wrote, for messages. Raises ModelError."""
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        try:
            import sentence_transformers  # imports torch: seconds
        except ImportError as error:
            raise ModelError(f"{setting} 需要 sentence-transformers；请运行 pip install 'wenyue[sentence-transformers]'") from error
        folder = Path(model).expanduser()
        if model.startswith(("/", "~", ".")) and not folder.is_dir():
            raise ModelError(f"{setting}：没有 {folder} 这个文件夹；请改正路径，或写模型的名字，例如 BAAI/bge-reranker-v2-m3")
        self._model = _read(sentence_transformers, setting, model, folder)
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


def _read(package: Any, setting: str, model: str, folder: Path) -> Any:
    """The model, from the folder or from where the package keeps models; downloaded where it is not there yet."""
    import huggingface_hub
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # of reading; a download shows its own
    try:
        return package.CrossEncoder(str(folder) if folder.is_dir() else model, local_files_only=True)
    except Exception as error:
        if folder.is_dir():
            raise ModelError(f"{setting} 不能读取：{_first_line(error)}") from error
    finally:
        if shown:
            logging.enable_progress_bar()
    try:
        huggingface_hub.model_info(model, timeout=_PATIENCE)
        return package.CrossEncoder(model)
    except Exception as error:
        raise ModelError(
            f"{setting} 不在这台机器上，也下载不到（{_first_line(error)}）；"
            "请检查模型名与网络，或把模型放进一个文件夹，写成 sentence-transformers:/文件夹"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
