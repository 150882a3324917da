"""What a question finds: for each of its aspects the clauses, and those that answer it for sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from answering.confidence import Confidence, Sureness
from answering.models import Completion
from answering.question import Aspect, Question, aspects_of
from retrieval.clause import Agreement, Hit
from retrieval.search import Search

if TYPE_CHECKING:
    from answering.reranking import Reranker

_RETRIEVED = 20  # hits an answer keeps
_ON_TOPIC = 0.6  # of a question's characters in words that some agreement or likely question has
_EACH = 6  # agreements, the best found, that a question about all of them is put to one by one


@dataclass(frozen=True, slots=True)
class Found:
    """`hits` of the whole question, best first; `answering` are the aspects that a clause answers, each with that clause; `beside` are
    the hits of the first of these aspects; `surest` is how sure the surest aspect is. `denied` tells that the re-ranker saw no answer in
    any of them. `spent` is what re-ranking cost.
    """

    hits: list[Hit]
    aspects: list[Aspect]
    answering: list[tuple[Aspect, Hit]]
    beside: list[Hit]
    surest: Sureness
    denied: bool
    spent: list[Completion]


class Finder:
    """Searches for questions. A `reranker` puts the clauses found in order: the sureness stays that of the learned ranking, the clause
    that answers is the re-ranked best, and where the re-ranker says that none answers, none does.
    """

    def __init__(self, search: Search, confidence: Confidence, agreements: Sequence[Agreement], reranker: Reranker | None = None) -> None:
        self._search = search
        self._confidence = confidence
        self._agreements = agreements
        self._reranker = reranker

    def on_topic(self, asked: Question) -> bool:
        """Whether a question may be one of agreements at all."""
        return bool(asked.agreements) or self._search.known_share(asked.search_text) >= _ON_TOPIC

    def hits(self, asked: Question) -> list[Hit]:
        return self._search.find(asked.search_text, asked.agreements, _RETRIEVED)

    def answers_within(self, asked: Question, key: str) -> bool:
        """Whether the question, had it named this agreement, would be answered for sure."""
        aspect = Aspect(asked.whole, asked.search_text, (key,))
        return self._sureness(aspect, self._search.find(aspect.search_text, aspect.agreements, _RETRIEVED)).holds

    def find(self, asked: Question, *, unsure: bool = False, chat: str = "") -> Found:
        """Search each aspect apart, and the whole. `unsure`: re-rank also where no clause is sure to answer."""
        aspects = self._aspects(asked)
        found = [self._search.find(aspect.search_text, aspect.agreements, _RETRIEVED) for aspect in aspects]
        whole = self.hits(asked) if len(aspects) > 1 else []
        sure = [self._sureness(aspect, ranked) for aspect, ranked in zip(aspects, found, strict=True)]
        surest = max(sure, key=lambda each: each.value - each.threshold)
        spent: list[Completion] = []
        hits = _merged(found, whole)
        if any(each.holds for each in sure) or (unsure and hits and self.on_topic(asked)):
            found = [self._reranked(aspect, ranked, spent, chat) for aspect, ranked in zip(aspects, found, strict=True)]
        if not any(found):
            return Found(hits, aspects, [], [], surest, bool(hits), spent)
        answering = self._answering(aspects, found, sure, spent, chat)
        beside = next((ranked for aspect, ranked in zip(aspects, found, strict=True) if answering and aspect == answering[0][0]), [])
        return Found(_merged(found, whole), aspects, answering, list(beside), surest, False, spent)

    def _aspects(self, asked: Question) -> list[Aspect]:
        aspects = aspects_of(asked, self._agreements)
        if not asked.about_all or len(aspects) > 1 or asked.agreements:
            return aspects
        keys = list(dict.fromkeys(hit.clause.agreement for hit in self.hits(asked)))[:_EACH]
        return [Aspect(asked.whole, asked.search_text, (key,)) for key in keys] or aspects

    def _sureness(self, aspect: Aspect, ranked: Sequence[Hit]) -> Sureness:
        """How sure it is that the best hit answers the aspect."""
        bare = bool(ranked) and ranked[0].clause.ref not in self._search.index.likely
        return self._confidence.of(aspect.search_text, ranked, self._search.known_share(aspect.search_text), bare=bare)

    def _reranked(self, aspect: Aspect, ranked: Sequence[Hit], spent: list[Completion], chat: str) -> list[Hit]:
        """The hits of an aspect in the order of the re-ranker; none where none answers. What it cost is added to `spent`."""
        if self._reranker is None or not ranked:
            return list(ranked)
        hits, completion = self._reranker.rerank(aspect.text, ranked, chat=chat)
        if completion:
            spent.append(completion)
        return hits

    def _answering(
        self, aspects: Sequence[Aspect], found: Sequence[Sequence[Hit]], sure: Sequence[Sureness], spent: list[Completion], chat: str
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
                if self._sureness(again, others).holds and (others := self._reranked(again, others, spent, chat)):
                    answering.append((again, others[0]))
        return answering


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
