"""Question -> Answer: the one way that the bot, the page, the console and the evaluation all go."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace

from answering.answer import Answer, Choice, Citation, Statement, Status, Withheld
from answering.asking import asks_which_prevails, is_elsewhere, is_order
from answering.checks import Case, Claim, first_failure, is_verbatim
from answering.claims import claims_in, sentinel
from answering.confidence import Confidence, inputs
from answering.errors import ModelError
from answering.evidence import Exhibit, count_tokens, exhibit, within_budget
from answering.extractive import extract, quote_of
from answering.limits import limit_of
from answering.lookup import find_number, range_of, spoken
from answering.models import ChatModel
from answering.question import Aspect, Question, aspects_of, understand
from answering.sentences import nearest
from prompts.prompt import Prompt
from retrieval.clause import Clause, Hit
from retrieval.features import FEATURES
from retrieval.library import Library
from retrieval.precedence import precedence
from retrieval.search import Search

_RETRIEVED = 20  # hits an answer keeps
_SHOWN = 12  # clauses a model is shown at most
_RELATED = 3
_BARE_COVERED = 0.25  # of a question in a clause without likely questions, for it to answer: 91 % of such answers were right
_ON_TOPIC = 0.6  # of a question's characters in words that some agreement or likely question has

NOT_COVERED = "现有协议里没有写到这一点，不能凭推测回答。"
OUT_OF_SCOPE = "这不是协议条款的问题，我只回答所收协议写了什么。"
_WHICH = "请问您问的是哪一份协议？"


class Answerer:
    """Answers questions about the agreements of a library, every statement checked before it is returned.

    Without a `model` it quotes; with one it lets the model write from the clauses found, and quotes where the model fails.
    """

    def __init__(
        self,
        library: Library,
        search: Search,
        confidence: Confidence,
        prompt: Prompt,
        model: ChatModel | None = None,
        *,
        budget: int = 6000,
    ) -> None:
        self._library = library
        self._search = search
        self._confidence = confidence
        self._links = search.index.links
        self._prompt = prompt
        self._model = model
        self._budget = budget

    @property
    def fingerprint(self) -> str:
        """Changes when the same question may get another answer: library and index, prompt, model."""
        weights = hashlib.sha256(repr((self._search.ranking, self._confidence, self._budget)).encode()).hexdigest()[:12]
        return f"{self._search.index.version}/{self.prompt_version}/{self.model_name}/{weights}"

    @property
    def model_name(self) -> str:
        return self._model.name if self._model else "extractive"

    @property
    def prompt_version(self) -> str:
        return self._prompt.version

    def answer(
        self, question: str, history: Sequence[str] = (), *, agreements: Sequence[str] = (), question_id: str | None = None
    ) -> Answer:
        """Answer a question asked after the questions of `history`.

        `agreements` restricts it to those keys. Raises QuestionError for a question that cannot be taken and
        UnknownAgreement for a key the library does not hold; a model that fails is no error, it is noticed in the answer.
        """
        started = time.perf_counter()
        for key in agreements:
            self._library.agreement(key)
        asked = understand(question, history, self._library.agreements, question_id=question_id)
        if agreements:
            asked = replace(asked, agreements=tuple(agreements))
        answer = self._look_up(asked) if asked.numbers else self._find(asked)
        return replace(answer, latency_ms=(time.perf_counter() - started) * 1000)

    def _look_up(self, asked: Question) -> Answer:
        """Numbers asked for outright. What is not there is said beside what is."""
        keys = asked.agreements or tuple(agreement.key for agreement in self._library.agreements)
        found: list[Clause] = []
        missing: list[str] = []
        for number in asked.numbers:
            held = {key: find_number(number.written, self._library.clauses([key])) for key in keys}
            found += [clause for clauses in held.values() for clause in clauses if clause not in found]
            if asked.agreements:
                missing += [self._no_such(number.written, key) for key, clauses in held.items() if not clauses]
            elif not any(held.values()):
                missing.append(f"所收的协议里都没有 {spoken(number.written)}")
        if not found:
            return Answer(asked.id, asked.text, Status.NOT_COVERED, message="；".join(missing) + "。")
        holders = list(dict.fromkeys(clause.agreement for clause in found))
        if not asked.agreements and len(holders) > 1:
            return self._which(asked, holders)
        shown = [part for clause in found for part in ([clause] if clause.text else self._links.subtree(clause)) if part.text]
        hits = tuple(Hit(clause, 1.0, (("number", at),)) for at, clause in enumerate(shown, start=1))
        exhibits = exhibit(shown, self._links)
        claims = [Claim(part.lead_in + part.clause.text, (part.handle,)) for part in exhibits]
        answer = self._checked(asked, claims, exhibits, hits)
        return replace(answer, notice="；".join(missing) + "。" if missing else "")

    def _no_such(self, written: str, key: str) -> str:
        agreement = self._library.agreement(key)
        there = range_of(written, self._library.clauses([key]), agreement)
        return f"《{agreement.title}》没有 {spoken(written)}" + (f"（{there}）" if there else "")

    def _which(self, asked: Question, keys: Sequence[str], hits: Sequence[Hit] = ()) -> Answer:
        choices = []
        for key in keys:
            agreement = self._library.agreement(key)
            choices.append(Choice(key, f"《{agreement.title}》", f"{agreement.names[0]}：{asked.text}"))
        return Answer(asked.id, asked.text, Status.CLARIFY, message=_WHICH, choices=tuple(choices), retrieved=tuple(hits))

    def _find(self, asked: Question) -> Answer:
        """A question to be searched for, each of its aspects apart."""
        if len(asked.agreements) == 2 and asks_which_prevails(asked.text) and (answer := self._which_prevails(asked)):
            return answer
        aspects = aspects_of(asked, self._library.agreements)
        found = [self._search.find(aspect.search_text, aspect.agreements, _RETRIEVED) for aspect in aspects]
        hits = found[0]
        if len(aspects) > 1:
            whole = self._search.find(asked.search_text, asked.agreements, _RETRIEVED)
            hits = _merged([*found, whole])
        if is_order(asked.text) or (not asked.agreements and is_elsewhere(asked.text)):
            return self._refuse(asked, hits, Status.OUT_OF_SCOPE)
        answering = [
            (aspect, ranked[0])
            for aspect, ranked in zip(aspects, found, strict=True)
            if ranked and self._confident(aspect, ranked) >= self._confidence.threshold
        ]
        if not answering:
            return self._refuse(asked, hits)
        if self._model is not None:
            return self._ask_model(asked, hits, answering)
        return self._quote(asked, hits, answering)

    def _which_prevails(self, asked: Question) -> Answer | None:
        """Which of the two agreements named goes before the other, as their texts say; None where they do not say."""
        first, second = asked.agreements
        found = precedence(self._library.clauses(), self._library.agreements).prevailing(first, second)
        clause = self._links.clause(*found[1]) if found else None
        if clause is None:
            return None
        exhibits = exhibit([clause], self._links)
        ranked = self._search.find(asked.search_text, asked.agreements, _RETRIEVED)
        hits = [Hit(clause, 1.0, (("precedence", 1),)), *(hit for hit in ranked if hit.clause != clause)][:_RETRIEVED]
        return self._checked(asked, extract(asked.search_text, exhibits), exhibits, hits)

    def _confident(self, aspect: Aspect, ranked: Sequence[Hit]) -> float:
        """The probability that the best hit answers the aspect; for a clause without likely questions, of which nothing was
        learned, 1 or 0 by how much of the question it speaks of.
        """
        if ranked[0].clause.ref not in self._search.index.likely:
            return float(dict(zip(FEATURES, ranked[0].features, strict=True))["all_coverage"] >= _BARE_COVERED)
        return self._confidence.of(inputs(aspect.search_text, ranked, self._search.known_share(aspect.search_text)))

    def _refuse(self, asked: Question, hits: Sequence[Hit], status: Status | None = None) -> Answer:
        on_topic = bool(asked.agreements) or self._search.known_share(asked.search_text) >= _ON_TOPIC
        status = status or (Status.NOT_COVERED if on_topic else Status.OUT_OF_SCOPE)
        related = tuple(hit.clause for hit in hits[:_RELATED]) if status is Status.NOT_COVERED else ()
        message = NOT_COVERED if status is Status.NOT_COVERED else OUT_OF_SCOPE
        return Answer(asked.id, asked.text, status, message=message, related=related, retrieved=tuple(hits))

    def _quote(self, asked: Question, hits: Sequence[Hit], answering: Sequence[tuple[Aspect, Hit]]) -> Answer:
        clauses = [hit.clause for _, hit in answering]
        if len(answering) == 1 and (limit := limit_of(asked.search_text, hits)):
            clauses.append(limit)
        exhibits = exhibit(list(dict.fromkeys(clauses)), self._links)
        return self._checked(asked, extract(asked.search_text, exhibits), exhibits, hits)

    def _ask_model(self, asked: Question, hits: Sequence[Hit], answering: Sequence[tuple[Aspect, Hit]]) -> Answer:
        assert self._model is not None
        first = list(dict.fromkeys(hit.clause for _, hit in answering))
        clauses = [*first, *(hit.clause for hit in hits if hit.clause not in first)][:_SHOWN]
        exhibits = within_budget(exhibit(clauses, self._links), self._budget, count_tokens)
        system, user = self._prompt.fill(
            clauses="\n\n".join(shown.shown() for shown in exhibits),
            history="\n".join(asked.history) or "（无）",
            question=asked.text,
        )
        try:
            reply = self._model.complete(system, user)
        except ModelError as error:
            return replace(self._quote(asked, hits, answering), notice=f"{error}；以下直接摘自条款。")
        told = {
            "model": self._model.name,
            "prompt_version": self._prompt.version,
            "tokens": {"prompt": reply.prompt_tokens, "completion": reply.completion_tokens},
        }
        refused = sentinel(reply.text)
        keys = list(dict.fromkeys(hit.clause.agreement for hit in hits[:_SHOWN]))
        if refused is Status.CLARIFY and len(keys) < 2:  # there is nothing to choose from
            refused = Status.NOT_COVERED
        if refused is Status.CLARIFY:
            return replace(self._which(asked, keys, hits), **told)  # type: ignore[arg-type]
        if refused is not None:
            return replace(self._refuse(asked, hits, refused), **told)  # type: ignore[arg-type]
        answer = replace(self._checked(asked, claims_in(reply.text), exhibits, hits), **told)  # type: ignore[arg-type]
        if answer.status is Status.ANSWERED:
            return answer
        quoted = self._quote(asked, hits, answering)
        spent = {"tokens": told["tokens"], "prompt_version": told["prompt_version"]}
        return replace(quoted, withheld=answer.withheld, notice="模型的回答没有通过核对；以下直接摘自条款。", **spent)  # type: ignore[arg-type]

    def _checked(self, asked: Question, claims: Sequence[Claim], exhibits: Sequence[Exhibit], hits: Sequence[Hit]) -> Answer:
        """The answer made of the claims that pass every check; the others are withheld with their reasons."""
        case = Case({shown.handle: shown for shown in exhibits}, asked.text)
        statements: list[Statement] = []
        citations: list[Citation] = []
        withheld: list[Withheld] = []
        place: dict[str, int] = {}
        for claim in claims:
            if reason := first_failure(claim, case):
                withheld.append(Withheld(claim.text, reason))
                continue
            for shown in case.cited(claim):
                if shown.handle not in place:
                    place[shown.handle] = len(citations)
                    citations.append(Citation(shown.clause, _quote_for(claim, shown, asked), shown.path, shown.lead_in))
            statements.append(Statement(claim.text, tuple(place[handle] for handle in claim.handles)))
        if not statements:
            answer = self._refuse(asked, hits, Status.NOT_COVERED)
            return replace(answer, withheld=tuple(withheld))
        return Answer(
            asked.id,
            asked.text,
            Status.ANSWERED,
            statements=tuple(statements),
            citations=tuple(citations),
            retrieved=tuple(hits),
            withheld=tuple(withheld),
        )


def _merged(found: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Hits of several searches as one list: each clause once, with its best score, the best of every search first."""
    best: dict[tuple[str, str], Hit] = {}
    for ranked in found:
        for hit in ranked:
            if hit.clause.ref not in best or hit.score > best[hit.clause.ref].score:
                best[hit.clause.ref] = hit
    first = {ranked[0].clause.ref for ranked in found[:-1] if ranked}
    return sorted(best.values(), key=lambda hit: (hit.clause.ref not in first, -hit.score))[:_RETRIEVED]


def _quote_for(claim: Claim, shown: Exhibit, asked: Question) -> str:
    """Words of the clause, verbatim: those the claim is made of, or the sentence nearest to it."""
    own = claim.text.removeprefix(shown.lead_in)
    for candidate in (own, nearest(claim.text, shown.clause.text), quote_of(asked.search_text, shown)):
        if is_verbatim(candidate, shown.clause.text):
            return candidate
    return shown.clause.text
