"""Question -> Answer: the one way that the bot, the page, the console and the evaluation all go."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import retrieval
from answering.acts import Acts
from answering.answer import Answer, Status
from answering.asking import asks_which_prevails, is_elsewhere, is_order
from answering.bearings import Bearings
from answering.confidence import Confidence
from answering.differing import differing
from answering.extractive import extract
from answering.finding import Finder, Found
from answering.models import ChatModel, Completion
from answering.proof import Judging
from answering.question import Question, understand
from answering.replies import Replies
from answering.rewriting import rewritten
from answering.suggestions import Suggestions
from answering.wording import say, sentence_of
from answering.writer import Writer, Writing
from retrieval.clause import Hit
from retrieval.library import Library
from retrieval.search import Search

if TYPE_CHECKING:
    from answering.reranking import Reranker

_CONSIDERED = 12  # hits between whose agreements somebody is asked to choose

Drafts = Generator[Answer, None, Answer]
"""The answer as far as it has come, each time that there is more of it; the whole one in the end."""


class Answerer:
    """Answers questions about the agreements of a library, every statement checked before it is returned.

    Without a `model` it quotes; with one it lets the model write from the clauses found and make follow-ups whole, and quotes where the
    model fails. `budget` is in tokens of clauses that the model is shown. A `judge` is put every statement that passes the checks.
    """

    def __init__(
        self,
        library: Library,
        search: Search,
        confidence: Confidence,
        acts: Acts,
        model: ChatModel | None = None,
        *,
        budget: int = 6000,
        reranker: Reranker | None = None,
        judge: Judging | None = None,
    ) -> None:
        self._library = library
        self._search = search
        bearings = Bearings(library, search.index.links)
        self._finder = Finder(search, confidence, library.agreements, reranker)
        self._acts = acts
        self._model = model
        self._replies = Replies(library, search, self._finder, bearings)
        self._writer = Writer(model, acts, library.agreements, search.index.links, bearings, budget, judge) if model else None
        self._suggestions = Suggestions(library.agreements, search.index.links, search.index.likely)
        others = (search.ranking, search.lexicon.version, confidence, budget, getattr(reranker, "name", ""), getattr(judge, "name", ""))
        self._learned = hashlib.sha256(repr(others).encode()).hexdigest()[:12]

    @property
    def fingerprint(self) -> str:
        """Changes when the same question may get another answer: library and index, prompts, model, what was learned, the code itself."""
        return f"{self._search.index.version}/{self._acts.version}/{self.model_name}/{self._learned}/{_code()}"

    @property
    def model_name(self) -> str:
        return self._model.name if self._model else "extractive"

    @property
    def prompt_version(self) -> str:
        return self._acts.version

    def answer(
        self,
        question: str,
        history: Sequence[str] = (),
        *,
        agreements: Sequence[str] = (),
        question_id: str | None = None,
        chat: str = "",
    ) -> Answer:
        """Answer a question asked after the questions of `history`.

        `agreements` restricts it to those keys; `chat` is whose daily limit of the model it counts for. Raises QuestionError for a
        question that cannot be taken and UnknownAgreement for a key the library does not hold; a model that fails is no error, it is
        noticed in the answer.
        """
        *_, answer = self._told(question, history, agreements, question_id, chat, whole=True)
        return answer

    def stream(
        self,
        question: str,
        history: Sequence[str] = (),
        *,
        agreements: Sequence[str] = (),
        question_id: str | None = None,
        chat: str = "",
    ) -> Generator[Answer]:
        """The answer as it grows: once each time that a statement has passed its checks, and whole in the end, the last.

        Statements and citations of one are the first of the next, unchanged but that the last knows what bears on the citations: what was
        shown is never taken back. Raises what `answer` does, when the first is asked for. Whoever closes it early ends what the model writes.
        """
        return self._told(question, history, agreements, question_id, chat, whole=False)

    def _told(
        self, question: str, history: Sequence[str], agreements: Sequence[str], question_id: str | None, chat: str, *, whole: bool
    ) -> Generator[Answer]:
        started = time.perf_counter()
        for key in agreements:
            self._library.agreement(key)
        asked = understand(question, history, self._library.agreements, question_id=question_id)
        spent: list[Completion] = []
        if asked.follow_up and not asked.numbers and self._model:
            asked, completion = rewritten(asked, self._model, self._acts.rewrite, self._library.agreements, chat=chat)
            spent += [completion] if completion else []
        understood_as = asked.whole if asked.whole != asked.text and (asked.follow_up or not agreements) else None
        if agreements:
            asked = replace(asked, agreements=tuple(agreements))

        def dressed(draft: Answer) -> Answer:
            first = None if draft.first_ms is None else (draft.first_ms - started) * 1000
            return replace(
                draft,
                language=asked.language,
                understood_as=understood_as,
                first_ms=first,
                latency_ms=(time.perf_counter() - started) * 1000,
            )

        drafts = self._drafts(asked, spent, chat, whole=whole)
        while True:
            try:
                yield replace(dressed(next(drafts)), whole=False)
            except StopIteration as end:
                answer: Answer = end.value
                break
        tokens = {
            "prompt": sum(each.prompt_tokens for each in spent),
            "completion": sum(each.completion_tokens for each in spent),
        }
        yield dressed(replace(answer, tokens=tokens, suggestions=self._suggestions.after(asked, answer, agreements)))

    def _drafts(self, asked: Question, spent: list[Completion], chat: str, *, whole: bool) -> Drafts:
        """What models cost is added to `spent`; `first_ms` is on time.perf_counter's clock, in seconds."""
        if asked.courtesy:
            return self._replies.courtesy(asked)
        if is_order(asked.text):
            return self._replies.refuse(asked, self._finder.hits(asked), Status.OUT_OF_SCOPE)
        if asked.numbers:
            return self._replies.look_up(asked)
        if len(asked.agreements) == 2 and asks_which_prevails(asked.text) and (answer := self._replies.which_prevails(asked)):
            return answer
        if not asked.agreements and is_elsewhere(asked.text):
            return self._replies.refuse(asked, self._finder.hits(asked), Status.OUT_OF_SCOPE)
        found = self._finder.find(asked, unsure=self._writer is not None, chat=chat)
        spent += found.spent
        answer = yield from self._found(asked, found, spent, chat, whole=whole)
        return replace(answer, confidence=found.surest.value, threshold=found.surest.threshold)

    def _found(self, asked: Question, found: Found, spent: list[Completion], chat: str, *, whole: bool) -> Drafts:
        """The answer to what was searched for."""
        hits, writer = found.hits, self._writer
        if found.denied or (not found.answering and (writer is None or not hits or not self._finder.on_topic(asked))):
            return self._replies.refuse(asked, hits)
        if found.answering and not asked.agreements and len(found.aspects) == 1:
            keys = differing(asked.search_text, hits, self._search.index.likely)
            if keys and all(self._finder.answers_within(asked, key) for key in keys):
                return self._replies.which(asked, keys, hits)
            if keys:  # a choice must not end in a refusal: then each of them is answered at once
                found = replace(found, answering=[(found.aspects[0], _best_of(key, hits)) for key in keys])
        if writer is None:
            return self._replies.quote(asked, found)
        first = list(dict.fromkeys(hit.clause for _, hit in found.answering))
        clauses = [*first, *(hit.clause for hit in hits if hit.clause not in first)]
        drafts = writer.write(asked, clauses, whole=whole, chat=chat)
        while True:
            try:
                yield self._written(asked, found, next(drafts), whole=False)
            except StopIteration as end:
                writing: Writing = end.value
                break
        spent += [*writing.spent, *writing.proof.spent]
        return self._settled(asked, found, writing)

    def _settled(self, asked: Question, found: Found, writing: Writing) -> Answer:
        """What is answered when the model is done or has failed: where nothing it wrote may be shown, the clauses are quoted."""
        proof = writing.proof
        if writing.refusal is not None:
            keys = list(dict.fromkeys(hit.clause.agreement for hit in found.hits[:_CONSIDERED]))
            if writing.refusal is Status.CLARIFY and len(keys) > 1:
                return _told_by(writing, self._replies.which(asked, keys, found.hits))
            status = Status.NOT_COVERED if writing.refusal is Status.CLARIFY else writing.refusal  # there is nothing to choose from
            return _told_by(writing, self._replies.refuse(asked, found.hits, status))
        if not proof.statements:
            quoted = self._replies.quote(asked, found)
            quoted = replace(_told_by(writing, quoted), model=quoted.model, withheld=tuple(proof.withheld), first_ms=None)
            if writing.failure is None:
                return replace(quoted, notice=say("unproven", asked.language) if found.answering else "")
            why = writing.failure.told(asked.language)
            why = say("quoted_instead_", asked.language, failure=why) if found.answering else why
            return replace(quoted, notice=sentence_of([why], asked.language), model_failed=True)
        if writing.failure is not None:  # it broke off: what it said stands, and what else answers is quoted
            said = {citation.clause for citation in proof.citations}
            unsaid = {hit.clause for _, hit in found.answering} - said
            proof.put(extract(asked.search_text, [shown for shown in proof.exhibits if shown.clause in unsaid]))
            failure = say("broke_off_", asked.language, failure=writing.failure.told(asked.language))
            return replace(self._written(asked, found, writing), notice=sentence_of([failure], asked.language), model_failed=True)
        return replace(self._written(asked, found, writing), notice=say("bounded", asked.language) if writing.bounded else "")

    def _written(self, asked: Question, found: Found, writing: Writing, *, whole: bool = True) -> Answer:
        """The answer as far as the model has written it."""
        return _told_by(writing, self._replies.proven(asked, writing.proof, found.hits, whole=whole))


@cache
def _code() -> str:
    """A hash of the files that answers are made by."""
    folders = (Path(__file__).parent, Path(next(iter(retrieval.__path__))))
    files = sorted(path for folder in folders for path in folder.iterdir() if path.suffix in (".py", ".toml", ".json"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def _best_of(key: str, hits: Sequence[Hit]) -> Hit:
    return next(hit for hit in hits if hit.clause.agreement == key)


def _told_by(writing: Writing, answer: Answer) -> Answer:
    """An answer with what is to be known of the model that wrote it."""
    return replace(
        answer,
        model=writing.model,
        prompt_version=writing.prompt_version,
        first_ms=writing.first,
        left_out=writing.left_out,
        repaired=writing.repaired,
    )
