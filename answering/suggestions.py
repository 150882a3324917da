"""What one may ask next: likely questions of clauses near those an answer rests on; and examples for whoever has not asked yet."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, islice, zip_longest

from answering.answer import Answer, Status
from answering.asking import is_order, parts_of
from answering.question import Question
from retrieval.clause import Agreement, Clause
from retrieval.library import Library
from retrieval.likely import LikelyQuestion
from retrieval.links import Links
from retrieval.words import STOP_WORDS, bigrams, normalise, to_simplified

_MOST = 3  # after an answer
_EXAMPLES = 5
_NEAR = 5  # hits, the best, beyond which a clause is about something else
_ALIKE = 0.35  # likeness (Jaccard, bigrams) from which on a question asks what was asked already
_VOICES = ("plain", "lay", "scenario", "condition", "negated")  # the first are preferred; keywords are no question
_ENGLISH = re.compile(r"[A-Za-z]{2,}")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_NUMBER = re.compile(r"\d\.\d|第.{1,6}条")  # may be read as the number of a clause

Likely = Mapping[tuple[str, str], Sequence[LikelyQuestion]]


class Suggestions:
    """Finds questions to ask next. Each names its agreement, so that it may be asked as it stands."""

    def __init__(self, agreements: Sequence[Agreement], links: Links, likely: Likely) -> None:
        self._agreements = agreements
        self._links = links
        self._likely = likely

    def after(self, asked: Question, answer: Answer, within: Collection[str] = ()) -> tuple[str, ...]:
        """Up to three questions of three clauses that the answer does not cite, none of which was asked in the conversation already.

        The clauses are by turns one that a cited clause refers to, a neighbour of it and the next one found; where nothing answers,
        those that are possibly related. `within` restricts them to agreements. In English where the question is.
        """
        voices = ("english",) if _is_english(asked.search_text) else _VOICES
        said = [_pairs(text) for text in (asked.search_text, asked.whole, *asked.history)]
        found: list[str] = []
        for clause in self._clauses(answer):
            if within and clause.agreement not in within:
                continue
            for likely in _by_voice(self._likely.get(clause.ref, ()), voices):
                pairs = _pairs(likely.text)
                if all(_likeness(pairs, other) < _ALIKE for other in said) and (
                    text := askable(likely, clause.agreement, self._agreements)
                ):
                    found.append(text)
                    said.append(pairs)
                    break
            if len(found) == _MOST:
                break
        return tuple(found)

    def _clauses(self, answer: Answer) -> Iterator[Clause]:
        """The clauses whose questions may be asked next, each once, the best first."""
        hits = [hit.clause for hit in answer.retrieved]
        if answer.status is Status.ANSWERED:
            cited = [citation.clause for citation in answer.citations]
            referred = [other.clause for citation in answer.citations for other in citation.refers]
            turns = zip_longest(referred, self._neighbours(cited[0]), hits[:_NEAR])
            candidates: Iterable[Clause] = [clause for turn in turns for clause in turn if clause]
        elif answer.status is Status.NOT_COVERED:
            cited, candidates = [], chain(answer.related, hits[:_NEAR])
        else:
            return
        seen = {clause.ref for clause in cited}
        for clause in candidates:
            if clause.ref not in seen:
                seen.add(clause.ref)
                yield clause

    def _neighbours(self, clause: Clause) -> list[Clause]:
        """The clauses under the same parent, the nearest first, of two as near the one that comes after; then those beside the parent.

        In place of a mere heading stands the first clause under it.
        """
        above = self._links.parents(clause)
        found: list[Clause] = []
        for parent, child in zip(reversed(above), [clause, *reversed(above)], strict=False):
            row = self._links.children(parent)
            at = row.index(child)
            others = (other for other in row if other != child)
            found += sorted(others, key=lambda other: (abs(row.index(other) - at), row.index(other) < at))
        return [next((part for part in self._links.subtree(other) if part.text), other) for other in found]


def examples(library: Library, likely: Likely, within: Collection[str] = ()) -> tuple[str, ...]:
    """Up to five questions of the agreements held, or of those `within`, for somebody who does not know what to ask.

    The agreements take turns; the questions are the same until the library changes. Members of a list, mostly what one must not do, are
    no good examples. None where no clause has likely questions.
    """
    links = Links(library.clauses())
    agreements = [agreement for agreement in library.agreements if not within or agreement.key in within]
    by_agreement: dict[str, list[tuple[str, LikelyQuestion]]] = {agreement.key: [] for agreement in agreements}
    for ref, questions in likely.items():
        clause, first = links.clause(*ref), next(_by_voice(questions, _VOICES[:1]), None)
        if clause and first and clause.agreement in by_agreement and not links.lead_in(clause):
            lot = hashlib.sha256(f"{library.version}\n{first.text}".encode()).hexdigest()
            by_agreement[clause.agreement].append((lot, first))
    drawn = (_askable_in_order(sorted(lots, key=lambda pair: pair[0]), key, library.agreements) for key, lots in by_agreement.items())
    turns = (text for turn in zip_longest(*drawn) for text in turn if text)
    return tuple(islice(turns, _EXAMPLES))


def askable(likely: LikelyQuestion, key: str, agreements: Sequence[Agreement]) -> str | None:
    """A likely question as one would ask it of somebody who knows nothing yet: with the agreement named; None where that cannot be.

    It cannot where the question might be understood as something else: as about another agreement, for a clause by its number, as
    several questions, as an order.
    """
    text = likely.text
    named = _named_in(text, tuple(agreements))
    if named - {key} or _NUMBER.search(text) or len(parts_of(text)) > 1 or to_simplified(text) != text:
        return None
    if not named:
        names = next(agreement.names for agreement in agreements if agreement.key == key)
        latin = next((name for name in names if name.isascii()), names[0])
        text = f"{latin}: {text}" if likely.voice == "english" else f"{names[0]}：{text}"
    return None if is_order(text) else text


def _named_in(text: str, agreements: tuple[Agreement, ...]) -> set[str]:
    """The keys of the agreements that a text names, of names within each other the longest only."""
    plain = normalise(text)
    named: set[str] = set()
    for name, key in _names(agreements):
        plain, count = name.subn(" ", plain)
        if count:
            named.add(key)
    return named


@cache
def _names(agreements: tuple[Agreement, ...]) -> list[tuple[re.Pattern[str], str]]:
    """What agreements are called, the longest first."""
    names = {(normalise(name), agreement.key) for agreement in agreements for name in (*agreement.names, agreement.title)}
    word = {True: r"(?<![a-z0-9]){}(?![a-z0-9])", False: "{}"}
    return [
        (re.compile(word[name.isascii()].format(re.escape(name))), key)
        for name, key in sorted(names, key=lambda pair: (-len(pair[0]), pair))
    ]


def _askable_in_order(lots: Iterable[tuple[str, LikelyQuestion]], key: str, agreements: Sequence[Agreement]) -> Iterator[str]:
    return (text for _, likely in lots if (text := askable(likely, key, agreements)))


def _by_voice(questions: Sequence[LikelyQuestion], voices: Sequence[str]) -> Iterator[LikelyQuestion]:
    """The questions in these voices, of the first voice first."""
    return (question for voice in voices for question in questions if question.voice == voice)


def _is_english(question: str) -> bool:
    """Whether a question is asked in English: a name by itself, as in `qidian 4.7`, is not."""
    return len(_ENGLISH.findall(question)) > 1 and not _CHINESE.search(question)


def _pairs(text: str) -> frozenset[str]:
    return frozenset(bigrams(text)) - STOP_WORDS


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0
