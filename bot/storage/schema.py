"""The schema: every table that the rooms keep in the library's database, in one place for those who deal with all of them."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy import MetaData, Table

_MODULES = (
    "answering.spending",
    "bot.access",
    "bot.contacts",
    "bot.inbox",
    "bot.lease",
    "bot.news",
    "bot.privacy.notices",
    "bot.record",
    "bot.review.decisions",
    "bot.privacy.sealed",
    "bot.votes",
    "bot.wecom.nonces",
    "bot.wecom.streams",
    "retrieval.tables",
)


def metadata() -> MetaData:
    """All tables, as the modules that they stand in define them."""
    whole = MetaData()
    for table in sorted((table for name in _MODULES for table in _tables(name)), key=lambda table: table.name):
        if table.name not in whole.tables:
            table.to_metadata(whole)
    return whole


def _tables(module: str) -> list[Table]:
    return [value for value in vars(import_module(module)).values() if isinstance(value, Table)]
