"""Prompts are files. They are loaded, checked and filled here, and never changed by code."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent
_VARIABLE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_SECTION = re.compile(r"^## (system|user)\s*$", re.M)


class PromptError(Exception):
    """A prompt's file or its variables are wrong; the message names the file and the variable."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One act's prompt. `version` is a hash of the file: two answers with one version were told the same."""

    name: str
    version: str
    system: str
    user: str
    variables: frozenset[str]

    def fill(self, **values: str) -> tuple[str, str]:
        """The system and the user message. Values are never read for variables, and cannot close the mark they stand in: `<` in them is
        put in as `＜`, so that whatever a user or an agreement writes stays between the marks that say it is data.

        Raises PromptError naming the variables that are missing or unknown.
        """
        if missing := sorted(self.variables - values.keys()):
            raise PromptError(f"prompt {self.name!r}: missing {', '.join(missing)}")
        if unknown := sorted(values.keys() - self.variables):
            raise PromptError(f"prompt {self.name!r}: has no variable {', '.join(unknown)}")

        def put(found: re.Match[str]) -> str:
            return values[found.group(1)].replace("<", "＜")

        return _VARIABLE.sub(put, self.system), _VARIABLE.sub(put, self.user)


def load_prompt(name: str, variables: Collection[str], folder: Path = _FOLDER) -> Prompt:
    """The prompt of `<name>.md`, which must use exactly `variables`. Raises PromptError."""
    path = folder / f"{name}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PromptError(f"cannot read the prompt {path.name}: {error.strerror or error}") from error
    parts = _SECTION.split(text)
    sections = dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
    if sorted(parts[1::2]) != ["system", "user"]:
        raise PromptError(f"prompt {path.name} must have the sections '## system' and '## user', once each")
    used = set(_VARIABLE.findall(sections["system"] + sections["user"]))
    if unknown := sorted(used - set(variables)):
        raise PromptError(f"prompt {path.name} uses the unknown variable {', '.join(unknown)}")
    if missing := sorted(set(variables) - used):
        raise PromptError(f"prompt {path.name} does not use the variable {', '.join(missing)}")
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Prompt(name, version, sections["system"], sections["user"], frozenset(variables))
