"""Embeddings that the sentence-transformers package makes on this machine: `BAAI/bge-m3`, or a folder that holds a model."""

from __future__ import annotations

from threading import Lock
from typing import Any

from retrieval.errors import EmbeddingsError
from retrieval.local_model import NoLocalModel, load_local_model


class SentenceEncoder:
    """Encodes with the prompts for questions and for texts that the model declares, if it does; cuts what is longer than it reads."""

    def __init__(self, name: str, model: str) -> None:
        """`name` is what WENYUE_EMBEDDINGS says, `model` the name of the model in it, or the folder. Raises EmbeddingsError."""
        try:
            self._model = load_local_model("SentenceTransformer", f"WENYUE_EMBEDDINGS={name!r}", model, "BAAI/bge-m3")
        except NoLocalModel as error:
            raise EmbeddingsError(str(error)) from error
        self._one_at_a_time = Lock()  # tokenizers refuse to be used by two threads at once

    def embed_query(self, text: str) -> Any:
        with self._one_at_a_time:
            return self._model.encode_query(text, show_progress_bar=False)

    def embed_documents(self, texts: list[str]) -> Any:
        with self._one_at_a_time:
            return self._model.encode_document(texts, show_progress_bar=False)
