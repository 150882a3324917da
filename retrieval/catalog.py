"""The catalog: which agreements there are and what is known of each beside its text."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

from retrieval.clause import Agreement
from retrieval.errors import CatalogError

_REQUIRED = {"title": str, "names": list, "parties": list, "file": str, "source": str}
_OPTIONAL = {"questions": str, "updated": date, "effective": date, "supplements": list}
_SAID = {str: "a text", list: "a list of texts", date: "a date (2022-08-15)"}


def load_catalog(path: Path) -> list[Agreement]:
    """The agreements that the catalog file describes, in its order. Raises CatalogError.

    Every table needs the keys title, names, parties, file, source; updated, effective and supplements may follow. The
    named files must exist beside the catalog, and no name may belong to two agreements.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogError(f"cannot read the catalog {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogError(f"the catalog {path} is not valid TOML: {error}") from error
    agreements = [_agreement(path, key, table) for key, table in tables.items()]
    _check_names(path, agreements)
    return agreements


def _agreement(path: Path, key: str, table: Any) -> Agreement:
    where = f"{path.name} [{key}]"
    if not isinstance(table, dict):
        raise CatalogError(f"{where} must be a table, not {table!r}")
    if len(key) > 64:
        raise CatalogError(f"{where}: a key has at most 64 characters")
    if not (key.isascii() and key.replace("-", "").replace("_", "").isalnum()):
        raise CatalogError(f"{where}: a key is made of letters, digits, - and _")
    allowed = _REQUIRED | _OPTIONAL
    if unknown := sorted(set(table) - set(allowed)):
        raise CatalogError(f"{where}: unknown key {unknown[0]!r}; a table may hold {', '.join(allowed)}")
    if missing := sorted(set(_REQUIRED) - set(table)):
        raise CatalogError(f"{where}: the key {missing[0]!r} is missing")
    for name, value in table.items():
        fits = isinstance(value, allowed[name]) and (
            not isinstance(value, list) or all(isinstance(part, str) and part.strip() for part in value)
        )
        blank = isinstance(value, str) and not value.strip("《》 \t\n")
        if not fits or blank or isinstance(value, datetime):
            raise CatalogError(f"{where}: {name} must be {_SAID[allowed[name]]}, not {value!r}")
    if not table["names"]:
        raise CatalogError(f"{where}: names must hold at least one name people use")
    for name in ("file", "questions"):
        if name in table and not (path.parent / table[name]).is_file():
            raise CatalogError(f"{where}: the {name} {table[name]!r} is not beside the catalog")
    return Agreement(
        key=key,
        title=table["title"].strip("《》"),
        names=tuple(table["names"]),
        parties=tuple(table["parties"]),
        file=table["file"],
        source=table["source"],
        questions=table.get("questions"),
        updated=_iso(table.get("updated")),
        effective=_iso(table.get("effective")),
        supplements=tuple(table.get("supplements", ())),
    )


def _iso(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _check_names(path: Path, agreements: list[Agreement]) -> None:
    owner: dict[str, str] = {}
    for agreement in agreements:
        for name in {name.lower() for name in agreement.names} | {agreement.title.lower()}:
            if other := owner.get(name):
                raise CatalogError(f"{path.name}: the name {name!r} belongs to both [{other}] and [{agreement.key}]")
            owner[name] = agreement.key
