"""What can go wrong in this room.

    RetrievalError
    ├── UnreadableFile      a file cannot be read as an agreement
    ├── CatalogError        the catalog says something it may not
    ├── UnknownAgreement    a key that the library does not hold
    ├── UnknownVersion      a version that an agreement does not have
    ├── AgreementRefused    an agreement that the library cannot take in, or give back, as it is asked to
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
        super().__init__(f"没有 KEY 为 {key!r} 的协议；现有的 KEY：{'、'.join(known) or '（没有）'}")
        self.key = key


class UnknownVersion(RetrievalError):
    """A number that no version of an agreement has."""

    def __init__(self, key: str, number: int, last: int) -> None:
        super().__init__(f"{key} 没有第 {number} 版；" + ("只有第 1 版" if last == 1 else f"有第 1 到第 {last} 版"))


class AgreementRefused(RetrievalError):
    """An agreement cannot be taken in or given back as it is asked to."""


class StorageError(RetrievalError):
    """The data folder, the database or an index cannot be used."""


class EmbeddingsError(RetrievalError):
    """The embeddings are unknown, unreachable, too slow, or gave no usable vectors. Never repeats a text or a key."""


class OtherEmbeddings(RetrievalError):
    """An index was built with other embeddings than are used now; the message names the command that mends it."""
