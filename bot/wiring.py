"""Where the rooms are wired together. They are opened when first needed: LangChain and Chroma cost about a second each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console

from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from answering.answerer import Answerer
    from answering.models import ChatModel
    from retrieval.index import Index, Progress
    from retrieval.library import Library
    from retrieval.search import Search

NOTES = Console(stderr=True, highlight=False)  # everything that is not the answer


class Wired:
    """The rooms, opened when first needed."""

    def __init__(self, settings: Settings, library: Library) -> None:
        self.settings = settings
        self.library = library
        self._index: Index | None = None

    def search(self) -> Search:
        from retrieval.index import open_index
        from retrieval.ranking import Ranking
        from retrieval.search import Search

        if self._index is None:
            with progress_bar() as progress:
                self._index = open_index(self.settings.home, self.library, progress=progress, tell=tell)
        return Search(self._index, Ranking.load())

    def answerer(self) -> Answerer:
        from answering.answerer import Answerer
        from answering.confidence import Confidence
        from prompts.prompt import load_prompt

        prompt = load_prompt("answer", ("clauses", "history", "question"))
        return Answerer(self.library, self.search(), Confidence.load(), prompt, self.model(), budget=self.settings.evidence_tokens)

    def model(self, times: float = 1) -> ChatModel | None:
        """The chat model that is configured, given `times` the time of an answer; None where none is."""
        if not self.settings.model:
            return None
        from answering.models import LangChainModel

        return LangChainModel(self.settings.model, times * self.settings.model_timeout)

    def sync(self) -> bool:
        return self.library.sync(self.settings.agreements / "catalog.toml", enriched=self.settings.enriched, tell=tell)

    def close(self) -> None:
        if self._index is not None:
            self._index.close()
        self.library.close()


@contextmanager
def opened() -> Iterator[Wired]:
    """The rooms as the settings have them, the library in line with the catalog. Raises SettingsError, RetrievalError."""
    from retrieval.errors import StorageError
    from retrieval.library import Library

    settings = load_settings()
    if settings.database.startswith("sqlite"):
        try:
            settings.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"不能建立数据目录 {settings.home}（{error.strerror}）；请用 WENYUE_HOME 指定一个可写的目录") from error
    wired = Wired(settings, Library(settings.database))
    wired.sync()
    try:
        yield wired
    finally:
        wired.close()


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A progress bar on standard error, shown only once there is progress."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=NOTES, transient=True)
    tasks: dict[str, Any] = {}

    def show(step: str, done: int, total: int) -> None:
        if step not in tasks:
            if not tasks:
                bar.start()
            tasks[step] = bar.add_task(step, total=total)
        bar.update(tasks[step], completed=done)

    try:
        yield show
    finally:
        if tasks:
            bar.stop()


def tell(message: str) -> None:
    """One sentence for people, on standard error."""
    NOTES.print(message, style="dim", markup=False, soft_wrap=True)
