"""A model that the sentence-transformers package runs on this machine: by its name, or a folder that holds one.

The package is an optional extra. A model that is named is downloaded once, by that package and to where it keeps models; one
that is there already, or is a folder, is read without a look at the network.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

_PATIENCE = 10.0  # seconds for the model hub to say that it is there: the package itself would try in vain for a minute


class NoLocalModel(Exception):
    """A model that cannot be had. The message is one sentence for whoever set it up."""


def load_local_model(kind: str, setting: str, model: str, example: str) -> Any:
    """A model as the package's class `kind` reads it: SentenceTransformer, CrossEncoder.

    `model` is a name or a folder; `setting` is what the user wrote, and `example` a name that would do. Raises NoLocalModel.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import sentence_transformers  # imports torch: seconds
    except ImportError as error:
        raise NoLocalModel(f"{setting} 需要 sentence-transformers；请运行 pip install 'wenyue[sentence-transformers]'") from error
    folder = Path(model).expanduser()
    if model.startswith(("/", "~", ".")) and not folder.is_dir():
        raise NoLocalModel(f"{setting}：没有 {folder} 这个文件夹；请改正路径，或写模型的名字，例如 {example}")
    make = getattr(sentence_transformers, kind)
    try:
        return _read(make, str(folder) if folder.is_dir() else model)
    except Exception as error:
        if folder.is_dir():
            raise NoLocalModel(f"{setting} 不能读取：{_first_line(error)}") from error
    # It is not there, or not all of it.
    import huggingface_hub

    try:
        huggingface_hub.model_info(model, timeout=_PATIENCE)
        return make(model)
    except Exception as error:
        raise NoLocalModel(
            f"{setting} 不在这台机器上，也下载不到（{_first_line(error)}）；"
            "请检查模型名与网络，或把模型放进一个文件夹，写成 sentence-transformers:/文件夹"
        ) from error


def _read(make: Any, place: str) -> Any:
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # of reading; a download shows its own
    try:
        return make(place, local_files_only=True)
    finally:
        if shown:
            logging.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
