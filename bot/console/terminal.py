"""What the commands of the console script share: where they print, and how they fail."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console

from bot.settings import SettingsError
from bot.wiring import NOTES


@contextmanager
def failing_plainly(*also: type[Exception]) -> Iterator[None]:
    """One sentence and exit status 1 for what people can do something about, 2 where they ask for an agreement or a version that is not there.

    Anything else is our mistake and shows itself.
    """
    from answering.errors import AnsweringError
    from prompts.prompt import PromptError
    from retrieval.errors import RetrievalError, UnknownAgreement, UnknownVersion

    known: tuple[type[Exception], ...] = (RetrievalError, AnsweringError, PromptError, SettingsError)
    try:
        yield
    except (UnknownAgreement, UnknownVersion) as error:
        raise failed(error, 2) from error
    except (*known, *also) as error:
        raise failed(error) from error


def failed(said: object, status: int = 1) -> typer.Exit:
    """Say in one sentence what is wrong; to be raised."""
    NOTES.print(f"错误：{said}", style="red", markup=False, soft_wrap=True)
    return typer.Exit(status)


def screen() -> Console:
    """Where a person reads what was asked for."""
    return Console(highlight=False)


def print_json(value: Any) -> None:
    """One JSON value on a line of standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
