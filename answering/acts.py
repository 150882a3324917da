"""What a chat model is asked to do for an answer, each with its prompt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from prompts.prompt import Prompt, load_prompt


@dataclass(frozen=True, slots=True)
class Acts:
    """`answer` writes an answer, `compare` one about several agreements, `repair` writes sentences anew that failed their checks, and
    `rewrite` makes a follow-up whole.
    """

    answer: Prompt
    compare: Prompt
    repair: Prompt
    rewrite: Prompt

    @classmethod
    def load(cls) -> Acts:
        """Raises PromptError."""
        return cls(
            answer=load_prompt("answer", ("clauses", "history", "question")),
            compare=load_prompt("compare", ("clauses", "history", "question")),
            repair=load_prompt("repair", ("clauses", "question", "sentences")),
            rewrite=load_prompt("rewrite", ("history", "question")),
        )

    @property
    def version(self) -> str:
        """Changes with any of them."""
        return hashlib.sha256(
            "/".join(prompt.version for prompt in (self.answer, self.compare, self.repair, self.rewrite)).encode()
        ).hexdigest()[:12]
