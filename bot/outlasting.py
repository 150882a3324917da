"""Work that outlasts a database which is away for a while: restarted, failed over, out of connections."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from retrieval.errors import StorageError

_PATIENCE = 60.0  # seconds for which the work is begun anew
_PAUSE = 1.0
_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")


async def outlasting(work: Callable[[], Awaitable[_Result]], channel: str) -> _Result:
    """Do some work, and once more for as long as it raises StorageError, for a minute; then that is raised.

    The work must bear to be begun again where it was broken off.
    """
    ending = time.monotonic() + _PATIENCE
    while True:
        try:
            return await work()
        except StorageError as error:
            if time.monotonic() + _PAUSE > ending:
                raise
            _log.warning("a message of %s waits for the database: %s", channel, error)
            await asyncio.sleep(_PAUSE)
