"""How revisions are run: in the transaction of a connection that is given, by alembic, which is imported when there is something to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

FOLDER = Path(__file__).parent


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the revisions that a database lacks up to one of them; they stand or fall with the transaction that is open."""
    script = ScriptDirectory(FOLDER)

    def missing(revision: Any, _context: MigrationContext) -> Any:
        return script._upgrade_revs(to, revision)

    context = MigrationContext.configure(connection, opts={"transactional_ddl": True, "fn": missing, "script": script})
    with Operations.context(context):
        context.run_migrations()


def heads() -> list[str]:
    """The revisions that stand in files, the oldest first."""
    return [script.revision for script in reversed(list(ScriptDirectory(FOLDER).walk_revisions()))]
