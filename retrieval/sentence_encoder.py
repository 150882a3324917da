"""A model that the sentence-transformers package runs on this machine: `BAAI/bge-m3`, or a folder that holds one.

The package is an optional extra. A model that is named is downloaded once, by that package and to where it keeps models; one
that is there already, or is a folder, is read without a look at the network.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import Any

from retrieval.errors import EmbeddingsError

_PATIENCE = 10.0  # seconds for the model hub to say that it is there: the package itself would try in vain for a minute


class SentenceEncoder:
    """Encodes with the prompts for questions and for texts that the model declares, if it does; cuts what is longer than it reads."""

    def __init__(self, name: str, model: str) -> None:
        """`name` is what WENYUE_EMBEDDINGS says, `model` the name of the model in it, or the folder. Raises EmbeddingsError."""
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        try:
            import sentence_transformers  # imports torch: seconds
        except ImportError as error:
            raise EmbeddingsError(
                f"WENYUE_EMBEDDINGS={name!r} 需要 sentence-transformers；请运行 pip install 'wenyue[sentence-transformers]'"
            ) from error
        folder = Path(model).expanduser()
        if model.startswith(("/", "~", ".")) and not folder.is_dir():
            raise EmbeddingsError(f"WENYUE_EMBEDDINGS={name!r}：没有 {folder} 这个文件夹；请改正路径，或写模型的名字，例如 BAAI/bge-m3")
        self._model = _read(sentence_transformers, name, str(folder)) if folder.is_dir() else _named(sentence_transformers, name, model)
        self._one_at_a_time = Lock()  # tokenizers refuse to be used by two threads at once

    def embed_query(self, text: str) -> Any:
        with self._one_at_a_time:
            return self._model.encode_query(text, show_progress_bar=False)

    def embed_documents(self, texts: list[str]) -> Any:
        with self._one_at_a_time:
            return self._model.encode_document(texts, show_progress_bar=False)


def _read(package: Any, name: str, folder: str) -> Any:
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # of reading; a download shows its own
    try:
        return package.SentenceTransformer(folder, local_files_only=True)
    except Exception as error:
        raise EmbeddingsError(f"WENYUE_EMBEDDINGS={name!r} 不能读取：{_first_line(error)}") from error
    finally:
        if shown:
            logging.enable_progress_bar()


def _named(package: Any, name: str, model: str) -> Any:
    try:
        return _read(package, name, model)
    except EmbeddingsError:  # it is not there, or not all of it
        pass
    import huggingface_hub

    try:
        huggingface_hub.model_info(model, timeout=_PATIENCE)
        return package.SentenceTransformer(model)
    except Exception as error:
        raise EmbeddingsError(
            f"WENYUE_EMBEDDINGS={name!r} 不在这台机器上，也下载不到（{_first_line(error)}）；"
            "请检查模型名与网络，或把模型放进一个文件夹，写成 sentence-transformers:/文件夹"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
