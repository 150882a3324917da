"""Question -> Answer: the one way that the bot, the page, the console and the evaluation all go."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from answering.answer import Answer, Choice, Citation, Statement, Status, Withheld
from answering.asking import asks_which_prevails, is_elsewhere, is_order
from answering.bearings import Bearings
from answering.checks import Case, Claim, first_failure, is_verbatim
from answering.claims import claims_in, sentinel
from answering.confidence import Confidence, Sureness
from answering.differing import differing
from answering.errors import ModelError
from answering.evidence import Exhibit, count_tokens, exhibit, within_budget
from answering.extractive import extract, quote_of
from answering.limits import limit_of
from answering.lookup import find_number, range_of, spoken
from answering.models import ChatModel, Completion
from answering.question import Aspect, Question, aspects_of, understand
from answering.rewriting import rewritten
from answering.sentences import nearest
from answering.suggestions import Suggestions
from prompts.prompt import Prompt
from retrieval.clause import Clause, Hit
from retrieval.library import Library
from retrieval.precedence import precedence
from retrieval.search import Search

if TYPE_CHECKING:
    from answering.reranking import Reranker

_RETRIEVED = 20  # hits an answer keeps
_SHOWN = 12  # clauses a model is shown at most
_RELATED = 3
_ON_TOPIC = 0.6  # of a question's characters in words that some agreement or likely question has

NOT_COVERED = "现有协议里没有写到这一点，不能凭推测回答。"
OUT_OF_SCOPE = "这不是协议条款的问题，我只回答所收协议写了什么。"
_AT_YOUR_SERVICE = "我在。想问哪份协议写了什么，直接说就行。"
_UNPROVEN = "模型的回答没有通过核对；以下直接摘自条款。"
_WHICH = "请问您问的是哪一份协议？"


class Answerer:
    """Answers questions about the agreements of a library, every statement checked before it is returned.

    Without a `model` it quotes; with one it lets the model write from the clauses found, and quotes where the model fails. With
    a `rewrite` prompt too, the model makes follow-ups whole. A `reranker` puts the clauses found in order: the confidence stays that
    of the learned ranking, the clause that answers is the re-ranked best, and where the re-ranker says that none answers, none does.
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
        rewrite: Prompt | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self._library = library
        self._search = search
        self._confidence = confidence
        self._links = search.index.links
        self._bearings = Bearings(library, self._links)
        self._prompt = prompt
        self._model = model
        self._budget = budget
        self._rewrite = rewrite if model is not None else None
        self._reranker = reranker
        self._suggestions = Suggestions(library.agreements, self._links, search.index.likely)

    @property
    def fingerprint(self) -> str:
        """Changes when the same question may get another answer: library and index, prompt, model."""
        others = (self._rewrite.version if self._rewrite else "", self._reranker.name if self._reranker else "")
        learned = (self._search.ranking, self._search.lexicon.version, self._confidence)
        weights = hashlib.sha256(repr((learned, self._budget, others)).encode()).hexdigest()[:12]
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
        if asked.follow_up and not asked.numbers and self._model and self._rewrite:
            asked, spent = rewritten(asked, self._model, self._rewrite, self._library.agreements)
        else:
            spent = None
        understood_as = asked.whole if asked.whole != asked.text and (asked.follow_up or not agreements) else None
        if agreements:
            asked = replace(asked, agreements=tuple(agreements))
        if asked.courtesy:
            answer = replace(self._refuse(asked, (), Status.OUT_OF_SCOPE), message=_AT_YOUR_SERVICE)
        else:
            answer = self._look_up(asked) if asked.numbers else self._find(asked)
        tokens = _together(answer.tokens, spent) if spent else answer.tokens
        suggestions = self._suggestions.after(asked, answer, agreements)
        latency = (time.perf_counter() - started) * 1000
        return replace(answer, understood_as=understood_as, tokens=tokens, suggestions=suggestions, latency_ms=latency)

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
            choices.append(Choice(key, f"《{agreement.title}》", f"{agreement.names[0]}：{asked.whole}"))
        return Answer(asked.id, asked.text, Status.CLARIFY, message=_WHICH, choices=tuple(choices), retrieved=tuple(hits))

    def _find(self, asked: Question) -> Answer:
        """A question to be searched for, each of its aspects apart."""
        if len(asked.agreements) == 2 and asks_which_prevails(asked.text) and (answer := self._which_prevails(asked)):
            return answer
        aspects = aspects_of(asked, self._library.agreements)
        found = [self._search.find(aspect.search_text, aspect.agreements, _RETRIEVED) for aspect in aspects]
        whole = self._search.find(asked.search_text, asked.agreements, _RETRIEVED) if len(aspects) > 1 else []
        hits = _merged(found, whole)
        if is_order(asked.text) or (not asked.agreements and is_elsewhere(asked.text)):
            return self._refuse(asked, hits, Status.OUT_OF_SCOPE)
        sure = [self._sureness(aspect, ranked) for aspect, ranked in zip(aspects, found, strict=True)]
        surest = max(sure, key=lambda each: each.value - each.threshold)
        spent: list[Completion] = []
        if any(each.holds for each in sure) or (self._model and hits and self._on_topic(asked)):
            found = [self._reranked(aspect, ranked, spent) for aspect, ranked in zip(aspects, found, strict=True)]
        if any(found):
            hits = _merged(found, whole)
            answer = self._found(asked, hits, aspects, self._answering(aspects, found, sure, spent))
        else:
            answer = self._refuse(asked, hits)
        tokens = _together(answer.tokens, *spent)
        return replace(answer, confidence=surest.value, threshold=surest.threshold, tokens=tokens)

    def _reranked(self, aspect: Aspect, ranked: Sequence[Hit], spent: list[Completion]) -> list[Hit]:
        """The hits of an aspect in the order of the re-ranker; none where none answers. What it cost is added to `spent`."""
        if self._reranker is None or not ranked:
            return list(ranked)
        hits, completion = self._reranker.rerank(aspect.text, ranked)
        if completion:
            spent.append(completion)
        return hits

    def _found(self, asked: Question, hits: Sequence[Hit], aspects: Sequence[Aspect], answering: Sequence[tuple[Aspect, Hit]]) -> Answer:
        """The answer to what was searched for; `answering` are the aspects that a clause answers for sure."""
        if not answering and (self._model is None or not hits or not self._on_topic(asked)):
            return self._refuse(asked, hits)
        if (
            answering
            and not asked.agreements
            and len(aspects) == 1
            and (keys := differing(asked.search_text, hits, self._search.index.likely))
        ):
            return self._which(asked, keys, hits)
        if self._model is not None:
            return self._ask_model(asked, hits, answering)
        return self._quote(asked, hits, answering)

    def _answering(
        self, aspects: Sequence[Aspect], found: Sequence[Sequence[Hit]], sure: Sequence[Sureness], spent: list[Completion]
    ) -> list[tuple[Aspect, Hit]]:
        """Each aspect that a clause answers, with that clause.

        A later part of a question is often not whole by itself ("and what if we pay late?"): where it finds nothing, it is
        searched for again after the first part, among the clauses of the agreement that answers the first.
        """
        answering: list[tuple[Aspect, Hit]] = []
        for aspect, ranked, sureness in zip(aspects, found, sure, strict=True):
            if sureness.holds and ranked:
                answering.append((aspect, ranked[0]))
            elif answering and aspects[0].text != aspect.text:
                first, hit = answering[0]
                within = aspect.agreements or (hit.clause.agreement,)
                after = f"{first.search_text} {aspect.search_text}"
                again = Aspect(f"{first.text} {aspect.text}", after, within)
                others = [other for other in self._search.find(again.search_text, within, _RETRIEVED) if other.clause != hit.clause]
                if self._sureness(again, others).holds and (others := self._reranked(again, others, spent)):
                    answering.append((again, others[0]))
        return answering

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

    def _sureness(self, aspect: Aspect, ranked: Sequence[Hit]) -> Sureness:
        """How sure it is that the best hit answers the aspect."""
        bare = bool(ranked) and ranked[0].clause.ref not in self._search.index.likely
        return self._confidence.of(aspect.search_text, ranked, self._search.known_share(aspect.search_text), bare=bare)

    def _refuse(self, asked: Question, hits: Sequence[Hit], status: Status | None = None) -> Answer:
        status = status or (Status.NOT_COVERED if self._on_topic(asked) else Status.OUT_OF_SCOPE)
        related = tuple(hit.clause for hit in hits[:_RELATED]) if status is Status.NOT_COVERED else ()
        message = NOT_COVERED if status is Status.NOT_COVERED else OUT_OF_SCOPE
        return Answer(asked.id, asked.text, status, message=message, related=related, retrieved=tuple(hits))

    def _on_topic(self, asked: Question) -> bool:
        return bool(asked.agreements) or self._search.known_share(asked.search_text) >= _ON_TOPIC

    def _quote(self, asked: Question, hits: Sequence[Hit], answering: Sequence[tuple[Aspect, Hit]]) -> Answer:
        """The clauses that answer, in their own words; a refusal where none is sure enough."""
        if not answering:
            return self._refuse(asked, hits)
        clauses = [hit.clause for _, hit in answering]
        if len(answering) == 1 and (limit := limit_of(asked.search_text, hits, self._search.lexicon.printed(asked.search_text))):
            clauses.append(limit)
        exhibits = exhibit(list(dict.fromkeys(clauses)), self._links)
        return self._checked(asked, extract(asked.search_text, exhibits), exhibits, hits)

    def _ask_model(self, asked: Question, hits: Sequence[Hit], answering: Sequence[tuple[Aspect, Hit]]) -> Answer:
        """What the model says from the clauses found, also where none is sure to answer: it can tell that better than we can."""
        assert self._model is not None
        first = list(dict.fromkeys(hit.clause for _, hit in answering))
        clauses = [*first, *(hit.clause for hit in hits if hit.clause not in first)][:_SHOWN]
        brought = self._bearings.brought(clauses, asked.whole)
        exhibits = within_budget(exhibit(clauses, self._links, brought), self._budget, count_tokens)
        system, user = self._prompt.fill(
            clauses="\n\n".join(shown.shown() for shown in exhibits),
            history="\n".join(asked.history) or "（无）",
            question=asked.whole,
        )
        try:
            reply = self._model.complete(system, user)
        except ModelError as error:
            return replace(self._quote(asked, hits, answering), notice=f"{error}；以下直接摘自条款。" if answering else f"{error}。")
        told = {
            "model": reply.model or self._model.name,
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
        return replace(quoted, withheld=answer.withheld, notice=_UNPROVEN if answering else "", **spent)  # type: ignore[arg-type]

    def _checked(self, asked: Question, claims: Sequence[Claim], exhibits: Sequence[Exhibit], hits: Sequence[Hit]) -> Answer:
        """The answer made of the claims that pass every check; the others are withheld with their reasons."""
        case = Case({shown.handle: shown for shown in exhibits}, asked.whole)
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
            citations=self._bearings.beneath(citations, asked.whole),
            retrieved=tuple(hits),
            withheld=tuple(withheld),
        )


def _together(tokens: dict[str, int], *spent: Completion) -> dict[str, int]:
    prompt, completion = sum(each.prompt_tokens for each in spent), sum(each.completion_tokens for each in spent)
    return {"prompt": tokens["prompt"] + prompt, "completion": tokens["completion"] + completion}


def _merged(found: Sequence[Sequence[Hit]], whole: Sequence[Hit]) -> list[Hit]:
    """Hits of the parts of a question and of the whole as one list: each clause once, with its best score, the best of every part first."""
    if len(found) == 1:
        return list(found[0])
    best: dict[tuple[str, str], Hit] = {}
    for ranked in (*found, whole):
        for hit in ranked:
            if hit.clause.ref not in best or hit.score > best[hit.clause.ref].score:
                best[hit.clause.ref] = hit
    first = {ranked[0].clause.ref for ranked in found if ranked}
    return sorted(best.values(), key=lambda hit: (hit.clause.ref not in first, -hit.score))[:_RETRIEVED]


def _quote_for(claim: Claim, shown: Exhibit, asked: Question) -> str:
    """Words of the clause, verbatim: those the claim is made of, or the sentence nearest to it."""
    own = claim.text.removeprefix(shown.lead_in)
    for candidate in (own, nearest(claim.text, shown.clause.text), quote_of(asked.search_text, shown)):
        if is_verbatim(candidate, shown.clause.text):
            return candidate
    return shown.clause.text
