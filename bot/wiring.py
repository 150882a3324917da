"""Where the rooms are wired together. They are opened when first needed: LangChain and Chroma cost about a second each."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from answering.answerer import Answerer
    from answering.judging import Judge
    from answering.models import ChatModel
    from answering.reranking import Reranker
    from answering.spending import Spending
    from answering.vendors import Service
    from bot.conversation import Conversation
    from bot.place import Place
    from bot.records import Records
    from retrieval.index import Index, Progress
    from retrieval.library import Library
    from retrieval.links import Links
    from retrieval.named_embeddings import NamedEmbeddings
    from retrieval.search import Search

NOTES = Console(stderr=True, highlight=False)  # everything that is not the answer


class Wired:
    """The rooms, opened when first needed."""

    def __init__(self, settings: Settings, library: Library) -> None:
        self.settings = settings
        self.library = library
        self._index: Index | None = None
        self._loaded = ExitStack()  # what the index asks
        self._models: dict[float, ChatModel] = {}
        self._spending: Spending | None = None
        self._records: Records | None = None

    def index(self) -> Index:
        from retrieval.embeddings import LocalEmbeddings
        from retrieval.index import open_index
        from retrieval.manifest import built_with, refuse_others

        if self._index is None:
            # before the embeddings are loaded, which may mean a download
            refuse_others(built_with(self.settings.home), self.settings.embeddings or LocalEmbeddings.name)
            with ExitStack() as loaded, progress_bar() as progress:
                embeddings = loaded.enter_context(loaded_embeddings(self.settings))
                self._index = open_index(
                    self.settings.home, self.library, embeddings, chroma=self.settings.chroma, progress=progress, tell=tell
                )
                self._loaded = loaded.pop_all()
        return self._index

    def build_index(self, *, force: bool = False) -> Path:
        """Build the index with the embeddings that are configured now. Returns its folder."""
        from retrieval.index import build_index

        with loaded_embeddings(self.settings) as embeddings, progress_bar() as progress:
            return build_index(self.settings.home, self.library, embeddings, force=force, progress=progress, tell=tell)

    def search(self) -> Search:
        from retrieval.lexicon import Lexicon
        from retrieval.ranking import Ranking
        from retrieval.search import Search

        return Search(self.index(), Ranking.load(), Lexicon.load())

    def answerer(self) -> Answerer:
        from answering.acts import Acts
        from answering.answerer import Answerer
        from answering.confidence import Confidence

        search, model = self.search(), self.model()
        reranker = reranker_of(self.settings, model, search.index.links)
        budget = self.settings.evidence_tokens
        judge = judge_of(self.settings, self.spending()) if model else None
        return Answerer(self.library, search, Confidence.load(), Acts.load(), model, budget=budget, reranker=reranker, judge=judge)

    def model(self, times: float = 1) -> ChatModel | None:
        """The chat model that is configured, given `times` the time of an answer; None where none is."""
        if not self.settings.model:
            return None
        if times not in self._models:  # one for all who ask: it remembers which models are down
            self._models[times] = model_of(self.settings, self.spending(), times)
        return self._models[times]

    def judge(self, name: str | None) -> Judge | None:
        """The judge of this name; None where none is given. Raises ModelError."""
        return judge_of(replace(self.settings, judge=name), self.spending())

    def spending(self) -> Spending | None:
        """The day's book of what the models cost; None where there is nothing to hold them to."""
        if self._spending is None:
            self._spending = spending_of(self.settings)
        return self._spending

    def records(self) -> Records:
        """What was answered; one for all who ask."""
        from bot.records import Records

        if self._records is None:
            self._records = Records(self.settings.database, self.settings.keep_days)
        return self._records

    def conversation(self, answerer: Answerer, place: Place, agreements: Collection[str] = (), *, follows: bool = True) -> Conversation:
        """The conversation in a place, held to these agreements where any is given. Unless it `follows`, each question stands alone."""
        from bot.conversation import Conversation

        settings = self.settings
        return Conversation(
            answerer, self.records(), place, tuple(agreements), library=self.library,
            history_tokens=settings.history_tokens if follows else 0, cache_minutes=settings.cache_minutes,
        )  # fmt: skip

    def examples(self, agreements: Collection[str] = ()) -> tuple[str, ...]:
        """Questions to show to somebody who has not asked yet; of these agreements where any is given. Raises UnknownAgreement."""
        from answering.suggestions import examples

        for key in agreements:
            self.library.agreement(key)
        return examples(self.library, self._index.likely if self._index else self.library.likely(), agreements)

    def sync(self) -> bool:
        return self.library.sync(self.settings.agreements / "catalog.toml", enriched=self.settings.enriched, tell=tell)

    def again(self) -> Wired:
        """The same over the library as it is now: what asks, keeps and counts is shared, and stays this one's to close."""
        from retrieval.library import Library

        other = Wired(self.settings, Library(self.settings.database))
        other._models, other._spending, other._records = self._models, self._spending, self._records
        return other

    def close_rooms(self) -> None:
        """Close the library and its index alone, and what the index asks."""
        if self._index is not None:
            self._index.close()
        self._loaded.close()
        self.library.close()

    def close(self) -> None:
        if self._index is not None:
            self._index.close()
        self._loaded.close()
        if self._spending is not None:
            self._spending.close()
        if self._records is not None:
            self._records.close()
        self.library.close()


def services_of(settings: Settings) -> list[Service]:
    """The chat models that are configured, first to last. Raises ModelError."""
    from answering.vendors import services

    return services(settings.model or "", os.environ, settings.model_base_url)


def model_of(settings: Settings, spending: Spending | None = None, times: float = 1) -> ChatModel:
    """The chain of the models that are configured, each given `times` the time of an answer. Raises ModelError."""
    from answering.chain import load_chain

    timeout = times * settings.model_timeout
    return load_chain(
        settings.model or "", timeout, os.environ, base_url=settings.model_base_url, spending=spending, tracing=settings.tracing
    )


def spending_of(settings: Settings) -> Spending | None:
    """The book that the settings ask for, None where there is nothing to count. Raises ModelError and StorageError."""
    limited = settings.daily_tokens or settings.chat_daily_tokens or settings.daily_money
    if not settings.model or not (limited or settings.prices):
        return None
    from answering.errors import ModelError
    from answering.prices import MILLION, parse_prices
    from answering.spending import Limits, Spending

    prices = parse_prices(settings.prices)
    missing = [service.name for service in services_of(settings) if service.name not in prices]
    if settings.daily_money and missing:
        raise ModelError(
            f"设置了 WENYUE_DAILY_MONEY，但不知道 {missing[0]} 的价格；请写进 WENYUE_PRICES，例如 {missing[0]}=2/3，不要钱的写 0/0"
        )
    money = round(settings.daily_money * MILLION) if settings.daily_money else None
    return Spending(settings.database, Limits(settings.daily_tokens, settings.chat_daily_tokens, money), prices)


def reranker_of(settings: Settings, model: ChatModel | None, links: Links) -> Reranker | None:
    """The re-ranker that is configured, `model` being the chat model; None where none is. Raises ModelError."""
    if not settings.reranker:
        return None
    from answering.reranking import load_reranker
    from prompts.prompt import load_prompt

    return load_reranker(settings.reranker, model, load_prompt("choose", ("clauses", "question")), links, settings.evidence_tokens)


def judge_of(settings: Settings, spending: Spending | None = None) -> Judge | None:
    """The judge that is configured; None where none is. Raises ModelError."""
    if not settings.judge:
        return None
    from answering.judging import Judge
    from prompts.prompt import load_prompt

    address = settings.model_base_url if settings.judge == settings.model else None
    model = model_of(replace(settings, model=settings.judge, model_base_url=address), spending)
    return Judge(model, load_prompt("judge", ("clauses", "question", "sentence")))


@contextmanager
def loaded_embeddings(settings: Settings) -> Iterator[NamedEmbeddings | None]:
    """The embeddings that are configured, closed at the end; None where none are: the index then has its own. Raises EmbeddingsError."""
    if not settings.embeddings:
        yield None
        return
    from retrieval.named_embeddings import load_embeddings

    address, key, timeout = settings.embeddings_base_url, settings.embeddings_api_key, settings.embeddings_timeout
    with closing(load_embeddings(settings.embeddings, base_url=address, api_key=key, timeout=timeout)) as embeddings:
        yield embeddings


@contextmanager
def opened() -> Iterator[Wired]:
    """The rooms as the settings have them, the library in line with the catalog. Raises SettingsError, RetrievalError."""
    from bot.privacy.keeping import Keeping
    from bot.storage.upgrade import bring_up
    from retrieval.errors import StorageError
    from retrieval.library import Library

    settings = load_settings()
    make_home(settings)
    bring_up(settings.database, tell)
    with closing(Keeping(settings.database, settings.keep_days)) as keeping:
        try:
            keeping.expire()
        except StorageError as error:  # no reason not to answer; the next command tries again
            tell(f"{error}；过了期限的记录这次没有删。")
    wired = Wired(settings, Library(settings.database))
    wired.sync()
    try:
        yield wired
    finally:
        wired.close()


def make_home(settings: Settings) -> None:
    """Make the data folder where the database is a file, which may stand in it. Raises StorageError."""
    from retrieval.errors import StorageError

    if settings.database.startswith("sqlite"):
        try:
            settings.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"不能建立数据目录 {settings.home}（{error.strerror}）；请用 WENYUE_HOME 指定一个可写的目录") from error


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
