"""Writes the draft of a revision: what the tables are now that they were not at the revision before.

    python -m bot.migrations.drafting 0002 && ruff format bot/migrations/versions

The draft is to be read, and its number to be added to REVISIONS. As long as nothing was released, 0001 is drafted anew instead.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations.ops import UpgradeOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import TypeDecorator, create_engine

from bot.migrations import REVISIONS
from bot.migrations.running import FOLDER, upgrade
from bot.storage.schema import metadata

_FILE = '''"""{about}"""

from __future__ import annotations

import sqlalchemy as sa

{imported}

revision = "{revision}"
down_revision: str | None = {before!r}


def upgrade() -> None:
{code}
'''


def draft(revision: str) -> str:
    """The text of a revision that leads from the one before it, or from nothing, to the tables as they are."""
    before = max((known for known in REVISIONS if known < revision), default=None)
    options = {"compare_type": True, "compare_server_default": True, "render_as_batch": before is not None}
    with create_engine("sqlite://").begin() as connection:
        if before is not None:
            upgrade(connection, before)
        context = MigrationContext.configure(connection, opts=options)
        operations = produce_migrations(context, metadata()).upgrade_ops
        assert isinstance(operations, UpgradeOps)
        prefix = "op." if before else "first."
        code = render_python_code(
            operations, alembic_module_prefix=prefix, render_item=_plain, migration_context=context, render_as_batch=before is not None
        )
    lines = [line for line in code.splitlines() if not line.strip().startswith("#")]
    return _FILE.format(
        about="What is new in this revision." if before else "The first released schema.",
        imported="from alembic import op" if before else "from bot.migrations import first",
        revision=revision,
        before=before,
        code="\n".join(lines),
    )


def _plain(kind: str, item: Any, context: Any) -> str | Literal[False]:
    """A type of our own is kept as what it stands on: the code may change its mind about it, what is in the database does not."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


if __name__ == "__main__":
    path = Path(FOLDER, "versions", f"revision_{sys.argv[1]}.py")
    path.write_text(draft(sys.argv[1]), encoding="utf-8")
    sys.stdout.write(f"{path}\n")
