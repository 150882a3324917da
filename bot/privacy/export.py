"""Everything that is kept of a person or a chat, as one JSON object that a person can read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.privacy.keeping import Keeping
from bot.privacy.whose import Whose


def export(keeping: Keeping, whose: Whose) -> dict[str, Any]:
    """What is kept, by what it is: each a list of objects, empty ones too, so that it is seen that there is nothing. Raises StorageError."""
    of = {"user": whose.user} if whose.user is not None else {"chat": whose.chat}
    return {"channel": whose.channel, **of, "exported_at": datetime.now(UTC).isoformat(timespec="seconds"), **keeping.told(whose)}
