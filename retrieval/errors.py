"""What can go wrong in this room.

    RetrievalError
    ├── UnreadableFile      a file cannot be read as an agreement
    ├── CatalogError        the catalog says something it may not
    ├── UnknownAgreement    a key that the library does not hold
    ├── StorageError        the data folder or the database cannot be used
    ├── EmbeddingsError     the embeddings cannot be had, or gave no usable vectors
    └── OtherEmbeddings     an index was built with other embeddings than are used now

Every message says what, which value, and what to do: it is shown to people as it stands.
"""


class RetrievalError(Exception):
    """The root of this room's errors."""


class UnreadableFile(RetrievalError):
    """The file cannot be read as an agreement."""


class CatalogError(RetrievalError):
    """The catalog has an unknown, missing or wrong entry."""


class UnknownAgreement(RetrievalError):
    """A key that names no agreement of the library."""

    def __init__(self, key: str, known: list[str]) -> None:
        super().__init__(f"no agreement has the key {key!r}; known keys: {', '.join(known) or 'none'}")
        self.key = key


class StorageError(RetrievalError):
    """The data folder, the database or an index cannot be used."""


class EmbeddingsError(RetrievalError):
    """The embeddings are unknown, unreachable, too slow, or gave no usable vectors. Never repeats a text or a key."""


class OtherEmbeddings(RetrievalError):
    """An index was built with other embeddings than are used now; the message names the command that mends it."""
