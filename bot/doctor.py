"""What is configured, what is there, and what is wrong with it: each finding says what to do."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.settings import Settings
from bot.storage.upgrade import bring_up
from bot.wiring import loaded_embeddings, model_of, reranker_of
from retrieval.embeddings import LocalEmbeddings
from retrieval.errors import EmbeddingsError, OtherEmbeddings, RetrievalError
from retrieval.index import index_version, searchable, speaks_for
from retrieval.library import Library
from retrieval.links import Links
from retrieval.manifest import built_with, damage_of, refuse_others
from retrieval.named_embeddings import NamedEmbeddings
from retrieval.precedence import disagreements, precedence
from retrieval.references import dangling

State = Literal["good", "note", "wrong"]
_SHOWN = 5  # findings of one sort
_MARKS: dict[State, str] = {"good": "[green]好[/green]", "note": "[yellow]注意[/yellow]", "wrong": "[red]不对[/red]"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `wrong` findings make `wenyue doctor` exit with 1; `note` ones do not."""

    subject: str
    state: State
    said: str

    def to_json(self) -> dict[str, Any]:
        return {"subject": self.subject, "state": self.state, "said": self.said}


def examine(settings: Settings) -> list[Finding]:
    """Look at everything an answer needs. Changes nothing but what opening the library changes."""
    findings = [Finding("版本", "good", f"问约 {version('wenyue')}"), _home(settings.home)]
    if findings[-1].state == "wrong":
        return findings
    with ExitStack() as loaded:
        named, finding = _embeddings(settings, loaded)
        try:
            bring_up(settings.database)
            library = Library(settings.database)
            library.sync(settings.agreements / "catalog.toml", enriched=settings.enriched)
            findings += _library(library)
            findings.append(_index(settings, library, named))
            findings += _chroma(settings, library)
            findings += _words(settings)
        except RetrievalError as error:
            findings.append(Finding("协议", "wrong", str(error)))
    findings += [finding, *_models(settings), _reranker(settings), *_judge(settings)]
    return findings


def _words(settings: Settings) -> list[Finding]:
    """How long people's words are kept, and whether they are sealed."""
    from sqlalchemy import NullPool, create_engine

    from bot.privacy.keys import keys_of
    from bot.privacy.sealed import sealing, try_keys
    from retrieval.tables import usable

    days = f"记下的话保留 {settings.keep_days:g} 天" if settings.keep_days else "不记下问的和答的（WENYUE_KEEP_DAYS 是 0）"
    try:
        engine = sealing(create_engine(settings.database, poolclass=NullPool), keys_of(settings.database))
        with usable(engine), engine.connect() as connection:
            try_keys(connection)
    except RetrievalError as error:
        return [Finding("隐私", "wrong", str(error))]
    if keys_of(settings.database):
        return [Finding("隐私", "good", f"{days}，用 WENYUE_KEY 加密")]
    return [Finding("隐私", "note", f"{days}，没有加密；加密用 wenyue key 与 WENYUE_KEY_FILE")]


def _home(home: Path) -> Finding:
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Finding("数据目录", "wrong", f"{home} 不能写入（{error.strerror}）；请用 WENYUE_HOME 指定一个可写的目录")
    return Finding("数据目录", "good", str(home))


def _library(library: Library) -> list[Finding]:
    clauses = library.clauses()
    kinds = f"{len(library.agreements)} 份协议，{len(clauses)} 条"
    findings = [Finding("协议", "good" if library.agreements else "wrong", kinds if library.agreements else "目录里没有协议")]
    likely = library.likely()
    without = [clause for clause in searchable(library) if clause.ref not in likely]
    total = sum(map(len, likely.values()))
    findings += _texts(library)
    if without:
        findings.append(
            Finding("可能的问题", "note", f"共 {total} 个；{len(without)} 条没有，例如 {without[0].label}：问法与条文不同时较难找到")
        )
    else:
        findings.append(Finding("可能的问题", "good", f"共 {total} 个，每条都有"))
    return findings


def _texts(library: Library) -> list[Finding]:
    """References to clauses that do not exist, and where catalog and texts tell the relations of agreements differently."""
    clauses, agreements = library.clauses(), library.agreements
    lost = dangling(clauses, agreements)
    findings = [
        Finding("条款引用", "note", f"{clause.label} 提到“{reference.text}”，{reference.agreement} 里没有")
        for clause, reference in lost[:_SHOWN]
    ]
    if not lost:
        findings.append(Finding("条款引用", "good", "提到的条款都在"))
    found = precedence(clauses, agreements)
    for wrong in disagreements(found, agreements)[:_SHOWN]:
        findings.append(Finding("协议关系", "note", f"{wrong.agreement} 与 {wrong.other}：{wrong.said}"))
    return findings


def _embeddings(settings: Settings, loaded: ExitStack) -> tuple[NamedEmbeddings | None, Finding]:
    """The named embeddings, None where there are none that work, and what there is to say of them."""
    try:
        named = loaded.enter_context(loaded_embeddings(settings))
        if named is None:
            return None, Finding("向量", "good", "没有设置 WENYUE_EMBEDDINGS：用内置向量，不需要密钥与网络")
        asked = time.monotonic()
        dimensions = named.dimensions
    except EmbeddingsError as error:
        return None, Finding("向量", "wrong", str(error))
    return named, Finding("向量", "good", f"{named.name} 给出 {dimensions} 维，用时 {time.monotonic() - asked:.2f} 秒")


def _index(settings: Settings, library: Library, named: NamedEmbeddings | None) -> Finding:
    name = settings.embeddings or LocalEmbeddings.name
    folder = settings.home / "index" / index_version(library, name)
    if not folder.exists():
        try:
            refuse_others(built_with(settings.home), name)
        except OtherEmbeddings as error:
            return Finding("索引", "wrong", str(error))
        return Finding("索引", "note", "还没有建立；第一次提问时自动建立，或运行 wenyue index")
    damage = damage_of(folder)
    if damage:
        return Finding("索引", "note", f"已损坏（{damage}）；下次提问时自动重建，或运行 wenyue index")
    if named and not speaks_for(folder, named):
        return Finding("索引", "wrong", f"{name} 现在给出的向量与建立索引时的不同，服务里可能换了模型；请运行 wenyue index 重建")
    return Finding("索引", "good", str(folder))


def _chroma(settings: Settings, library: Library) -> list[Finding]:
    if settings.chroma is None:
        return []
    from retrieval.vector_server import ServerUnusable, state_of

    try:
        said = state_of(settings.chroma, index_version(library, settings.embeddings or LocalEmbeddings.name))
    except ServerUnusable as error:
        return [Finding("Chroma 服务", "wrong", f"{error}；答案照常，由本机的向量查找。请看它是否在运行、WENYUE_CHROMA 对不对")]
    return [Finding("Chroma 服务", "good" if said.complete else "note", said.text)]


def _models(settings: Settings) -> list[Finding]:
    if settings.model is None:
        return [Finding("模型", "good", "没有设置 WENYUE_MODEL：直接摘引条款回答，不需要密钥与网络")]
    from bot.model_trial import spending_told, try_models

    findings = [Finding("模型", state, said) for state, said in try_models(settings)]
    findings += [Finding("用量", state, said) for state, said in spending_told(settings)]
    if settings.tracing:
        findings.append(Finding("追踪", "note", "WENYUE_TRACING 开着：LangSmith 的变量生效，问题与条款会发给它"))
    return findings


def _reranker(settings: Settings) -> Finding:
    if settings.reranker is None:
        return Finding("重排", "good", "没有设置 WENYUE_RERANKER：条款按学来的权重排序")
    from answering.errors import ModelError
    from answering.reranking import BY_MODEL

    try:
        model = model_of(settings) if settings.model and settings.reranker == BY_MODEL else None
        reranker_of(settings, model, Links(()))
    except ModelError as error:
        return Finding("重排", "wrong", str(error))
    named = settings.model if settings.reranker == BY_MODEL else settings.reranker
    return Finding("重排", "good", f"找到的条款由 {named} 重排")


def _judge(settings: Settings) -> list[Finding]:
    if settings.judge is None:
        return []
    from bot.model_trial import try_judge

    return [Finding("评判", *try_judge(settings))]


def show_findings(console: Console, findings: list[Finding]) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for finding in findings:
        table.add_row(_MARKS[finding.state], finding.subject, Text(finding.said))
    console.print(table)
