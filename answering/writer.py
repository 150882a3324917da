"""What a model writes, proven sentence by sentence as it comes."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from answering.acts import Acts
from answering.answer import Reason, Status
from answering.bearings import Bearings
from answering.checks import Claim
from answering.claims import ClaimReader, claims_in, sentinel
from answering.errors import ModelError
from answering.evidence import count_tokens, exhibit, within_budget
from answering.models import ChatModel, Completion
from answering.proof import Judging, Proof
from answering.question import Question
from answering.wording import said
from retrieval.clause import Agreement, Clause
from retrieval.links import Links

_SHOWN = 12  # clauses a model is shown at most, besides those brought along
_MOST = 12  # statements; whoever writes more is not read to the end
_NUMBERED = re.compile(r"^\s*(\d{1,2})\s*[.．、:：)）]\s*(.*)$")
_NOTHING = re.compile(r"\W*无\W*")


@dataclass(slots=True)
class Writing:
    """What came of asking a model: the proof with the statements that may be shown, or the refusal it wrote instead; and what it cost.

    `failure` is why the model did not write to the end, `first` when the first statement had passed, on time.perf_counter's clock.
    `left_out` counts clauses that the budget had no room for.
    """

    proof: Proof
    prompt_version: str
    model: str
    refusal: Status | None = None
    failure: ModelError | None = None
    first: float | None = None
    left_out: int = 0
    repaired: int = 0
    bounded: bool = False
    spent: list[Completion] = field(default_factory=list)


class Writer:
    """Lets a model write answers from clauses. `budget` is in tokens of clauses it is shown."""

    def __init__(
        self,
        model: ChatModel,
        acts: Acts,
        agreements: Sequence[Agreement],
        links: Links,
        bearings: Bearings,
        budget: int,
        judge: Judging | None = None,
    ) -> None:
        self._model = model
        self._acts = acts
        self._agreements = agreements
        self._links = links
        self._bearings = bearings
        self._budget = budget
        self._judge = judge

    def write(self, asked: Question, clauses: Sequence[Clause], *, whole: bool, chat: str) -> Generator[Writing, None, Writing]:
        """Yields what has come so far each time that a statement has passed; returns what came in the end.

        A statement that fails holds up those behind it until the model had one chance to write it anew: so their order stays, and
        nothing that was given is ever changed. `whole`: the reply is not waited for piece by piece, and a model that breaks off can
        still be followed by another one.
        """
        shown = list(clauses[:_SHOWN])
        found = exhibit(shown, self._links, self._bearings.brought(shown, asked.whole))
        exhibits = within_budget(found, self._budget, count_tokens)
        prompt = self._acts.compare if len(asked.agreements) > 1 or asked.about_all else self._acts.answer
        proof = Proof(asked, exhibits, self._agreements, self._judge, chat)
        writing = Writing(proof, prompt.version, model=self._model.name, left_out=len(found) - len(exhibits))
        if not exhibits:
            writing.failure = ModelError(said("no_room_", budget=self._budget))
            return writing
        told = "\n\n".join(shown.shown() for shown in exhibits)
        messages = prompt.fill(clauses=told, history="\n".join(asked.history) or "（无）", question=asked.whole)
        held: list[tuple[Claim, Reason | None]] = []
        with closing(self._claims(writing, messages, whole=whole, chat=chat)) as claims:
            for claim, cut in claims:
                if len(proof.statements) + len(held) == _MOST:
                    writing.bounded = True
                    break
                reason = Reason.CUT_OFF if cut else proof.objection(claim)
                if held or reason:
                    held.append((claim, reason))
                else:
                    yield from self._admit(writing, claim)
        if writing.refusal is None and held:
            yield from self._repair(writing, held, told, asked, chat)
        return writing

    def _claims(self, writing: Writing, messages: tuple[str, str], *, whole: bool, chat: str) -> Generator[tuple[Claim, bool]]:
        """The claims of the reply as they come, each with whether it was cut off. A refusal is none; it is known at the end."""
        reader = ClaimReader()
        parts: list[str] = []
        try:
            with _Whole(self._model.complete(*messages, chat=chat)) if whole else self._model.stream(*messages, chat=chat) as reply:
                for piece in reply:
                    parts.append(piece)
                    yield from ((claim, False) for claim in reader.read(piece) if sentinel(claim.text) is None)
                done = reply.completion
        except (ModelError, GeneratorExit) as error:  # nobody says what it has cost so far
            if parts:
                writing.spent.append(Completion("", count_tokens("".join(messages)), count_tokens("".join(parts))))
            if isinstance(error, GeneratorExit):
                raise
            writing.failure = error
            return
        assert done is not None
        writing.spent.append(done)
        writing.model = done.model or writing.model
        writing.refusal = _refusal("".join(parts))
        left = [claim for claim in reader.end() if sentinel(claim.text) is None]
        for claim in left if writing.refusal is None else ():
            yield claim, done.cut and claim is left[-1] and not (reader.ended and claim.handles)

    def _admit(self, writing: Writing, claim: Claim) -> Iterator[Writing]:
        before = len(writing.proof.statements)
        writing.proof.admit(claim)
        if len(writing.proof.statements) > before:
            writing.first = writing.first or time.perf_counter()
            yield writing

    def _repair(
        self, writing: Writing, held: Sequence[tuple[Claim, Reason | None]], told: str, asked: Question, chat: str
    ) -> Iterator[Writing]:
        """Let the model write anew what failed, once, and go on with what was held up, in its order."""
        failed = [(claim, reason) for claim, reason in held if reason and reason not in (Reason.CUT_OFF, Reason.CHECK_FAILED)]
        anew: dict[Claim, list[Claim]] = {}
        if failed and writing.failure is None:
            lines = "\n".join(f"{at}. {_written(claim)}（{reason}）" for at, (claim, reason) in enumerate(failed, start=1))
            try:
                reply = self._model.complete(*self._acts.repair.fill(clauses=told, question=asked.whole, sentences=lines), chat=chat)
            except ModelError:
                pass  # then it stays withheld
            else:
                writing.spent.append(reply)
                anew = {failed[at - 1][0]: claims for at, claims in _numbered(reply.text) if at <= len(failed)}
        for claim, reason in held:
            if reason is None:
                yield from self._admit(writing, claim)
                continue
            passed = [again for again in anew.get(claim, []) if writing.proof.objection(again) is None]
            for again in passed:
                for more in self._admit(writing, again):
                    writing.repaired += 1
                    yield more
            if not passed:
                writing.proof.withhold(claim, reason)


class _Whole:
    """A completion that is there already, read as a reply is."""

    def __init__(self, completion: Completion) -> None:
        self.completion = completion

    def __enter__(self) -> _Whole:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def __iter__(self) -> Iterator[str]:
        yield self.completion.text


def _refusal(reply: str) -> Status | None:
    """The refusal that a reply is; one with a reason beneath it that cites nothing is one too."""
    first, _, rest = reply.strip().partition("\n")
    return None if any(claim.handles for claim in claims_in(rest)) else sentinel(first)


def _written(claim: Claim) -> str:
    """A claim as the model wrote it."""
    return claim.text + "".join(f"[{handle}]" for handle in claim.handles)


def _numbered(reply: str) -> Iterator[tuple[int, list[Claim]]]:
    """The lines of a repair: which sentence, and the claims in its place."""
    for line in reply.splitlines():
        if found := _NUMBERED.match(line):
            yield int(found.group(1)), [] if _NOTHING.fullmatch(found.group(2)) else claims_in(found.group(2))
