"""What turns texts into vectors, and the kind that needs no download: latent semantic analysis over character n-grams, fitted on
the library itself.

Deerwester et al., Indexing by Latent Semantic Analysis (1990). Such vectors lift what shares pieces of words with the question;
they do not know meanings. WENYUE_EMBEDDINGS names models that do, see named_embeddings.py.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from retrieval.words import normalise

Vectors = npt.NDArray[np.float32]
_DIMENSIONS = 256
_LONGEST = 3
_ITERATIONS = 2  # of the randomised SVD; more find no more
_MOST_NGRAMS = 60_000  # the commonest; bounds memory on libraries of any size
_MOST_TEXTS = 20_000  # to fit on; of 58,625 statutes, more find no more


class Embeddings(Protocol):
    """Anything that gives texts vectors. They have unit length; a text it knows nothing of may have the zero vector."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int:
        """Raises EmbeddingsError."""
        ...

    def embed(self, text: str) -> Vectors:
        """The vector of a question, shape (dimensions,). Raises EmbeddingsError."""
        ...

    def embed_all(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts to be found, shape (len(texts), dimensions). Raises EmbeddingsError."""
        ...


def ngrams(text: str) -> list[str]:
    """Character 1- to 3-grams of a normalised text, white space and punctuation left out."""
    chars = "".join(char for char in normalise(text) if char.isalnum())
    return [chars[at : at + n] for n in range(1, _LONGEST + 1) for at in range(len(chars) - n + 1)]


class LocalEmbeddings:
    """LSA vectors of unit length; opened from what `fit` wrote. Text without a known n-gram has the zero vector."""

    name = "lsa"

    def __init__(self, folder: Path) -> None:
        terms: list[str] = json.loads((folder / "ngrams.json").read_text(encoding="utf-8"))
        self._column = {term: column for column, term in enumerate(terms)}
        self._weights: Vectors = np.load(folder / "idf.npy")
        self._components: Vectors = np.load(folder / "components.npy", mmap_mode="r")

    @staticmethod
    def fit(folder: Path, texts: Sequence[str]) -> None:
        """Fit on `texts`, on a sample where there are very many, and write the model into `folder`.

        Deterministic: the same texts give the same vectors.
        """
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        if len(texts) > _MOST_TEXTS:
            drawn = np.random.default_rng(0).choice(len(texts), _MOST_TEXTS, replace=False)
            texts = [texts[at] for at in sorted(drawn)]
        vectorizer = TfidfVectorizer(analyzer=ngrams, sublinear_tf=True, min_df=2 if len(texts) > 50 else 1, max_features=_MOST_NGRAMS)
        folder.mkdir(parents=True, exist_ok=True)
        if not any(ngrams(text) for text in texts):
            _write(folder, [], np.zeros(0), np.zeros((0, 1)))
            return
        matrix = vectorizer.fit_transform(texts)
        if min(matrix.shape) < 3:  # too little to reduce: the texts themselves are the dimensions
            components = matrix.toarray()
        else:
            components = TruncatedSVD(min(_DIMENSIONS, min(matrix.shape) - 1), n_iter=_ITERATIONS, random_state=0).fit(matrix).components_
        _write(folder, vectorizer.get_feature_names_out().tolist(), vectorizer.idf_, components.T)

    @property
    def dimensions(self) -> int:
        return int(self._components.shape[1])

    def embed(self, text: str) -> Vectors:
        """The vector of one text, shape (dimensions,)."""
        counts = Counter(column for term in ngrams(text) if (column := self._column.get(term)) is not None)
        if not counts:
            return np.zeros(self.dimensions, dtype=np.float32)
        columns = np.fromiter(counts, dtype=np.int64)
        frequency = 1 + np.log(np.fromiter(counts.values(), dtype=np.float32))
        weights = frequency * self._weights[columns]
        vector = (weights / np.linalg.norm(weights)) @ self._components[columns]
        length = float(np.linalg.norm(vector))
        return (vector / length if length else vector).astype(np.float32)

    def embed_all(self, texts: Sequence[str]) -> Vectors:
        """The vectors of several texts, shape (len(texts), dimensions)."""
        return np.stack([self.embed(text) for text in texts])


def _write(folder: Path, terms: list[str], idf: npt.NDArray[np.float64], components: npt.NDArray[np.float64]) -> None:
    (folder / "ngrams.json").write_text(json.dumps(terms, ensure_ascii=False), encoding="utf-8")
    np.save(folder / "idf.npy", idf.astype(np.float32))
    np.save(folder / "components.npy", np.ascontiguousarray(components.astype(np.float32)))
