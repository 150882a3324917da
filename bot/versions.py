"""What a version of an agreement is called, and how it is told to machines."""

from __future__ import annotations

from typing import Any

from retrieval.versions import Version


def named(version: Version) -> str:
    """What a version is called: 第 2 版（2025-03-01 生效）."""
    return f"第 {version.number} 版" + (f"（{told}）" if (told := dated(version)) else "")


def dated(version: Version) -> str:
    """The date that stands in it: 2025-03-01 生效; empty where none does."""
    agreement = version.agreement
    return f"{agreement.effective} 生效" if agreement.effective else f"{agreement.updated} 更新" if agreement.updated else ""


def version_json(version: Version, current: int, clauses: int) -> dict[str, Any]:
    """A version for machines; `current` is the number of the one in force."""
    return {
        "agreement": version.key,
        "version": version.number,
        "title": version.agreement.title,
        "effective": version.agreement.effective,
        "updated": version.agreement.updated,
        "added_at": version.added_at.isoformat(),
        "file": version.agreement.file,
        "sha256": version.sha256,
        "shipped": version.shipped,
        "in_force": version.number == current,
        "clauses": clauses,
    }
