"""Right statements about clauses, and the clauses that would lie beside the one they are about.

A right statement is a sentence of a clause as the extractive answerer quotes it, an honest paraphrase written by hand
(paraphrases.jsonl) before the checks were read, or one whose amount is written in other units than the clause's (amounts.py).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from answering.checks import Case, Claim
from answering.evidence import exhibit
from answering.extractive import extract, quote_of
from answering.sentences import nearest, share
from eval.questions import squeezed
from retrieval.clause import Clause
from retrieval.library import Library
from retrieval.links import Links
from retrieval.words import bigrams

PARAPHRASES = Path(__file__).parent / "paraphrases.jsonl"
_UNLIKE = 0.45  # a clause that shares less than this with a statement, and with the sentence it renders, does not say it
SHOWN = 10  # clauses beside the one a statement is about, as a model would see them
# Clauses that say the same in other words, as far as a right statement goes: what is true of one may well be true of the others.
_ALIKE: Sequence[frozenset[tuple[str, str]]] = tuple(
    frozenset((key, ident) for key, idents in group.items() for ident in idents.split())
    for group in (
        {"archive": "10.1", "qidian": "9.1 9.2", "wework": "12.2", "lexiang": "9.2", "weka": "9.2"},
        {"archive": "3.4", "qidian": "3.12 3.11", "wework": "7.1.4 8.4", "lexiang": "3.2.1 3.2.3 4.6.1", "weka": "3.2.1 3.2.3 4.6.1"},
        {"archive": "5.2.2", "qidian": "5.2"},
        {"archive": "5.1.3", "qidian": "3.3（1） 3.3"},
        {"qidian": "4.1", "lexiang": "3.2.5", "weka": "3.2.4#2"},
        {"wework": "6.1 6.7", "lexiang": "5.2.1", "weka": "5.2.1"},
        {"wework": "8.5.1", "lexiang": "3.2.5#2 4.7.1 5.1.5.3 5.1.5.4", "weka": "3.2.5 4.7.1 5.1.5.3 5.1.5.4", "qidian": "4.5 6.1"},
        {"archive": "11.2", "qidian": "7.2", "wework": "14.1", "lexiang": "13.1", "weka": "13.1"},
        {"archive": "12.8", "wework": "14.7", "lexiang": "13.8", "weka": "13.8"},
        {"archive": "12.5", "qidian": "11.4", "wework": "14.4", "lexiang": "13.5", "weka": "13.5"},
        {"archive": "12.6", "qidian": "11.5", "wework": "14.6", "lexiang": "13.7", "weka": "13.7"},
        {"wework": "5.2 5.4", "lexiang": "6.2.2", "weka": "6.2.2"},
    )
)


@dataclass(frozen=True, slots=True)
class Truth:
    """A right statement about one clause, with a question it might answer. `origin` is verbatim, paraphrase, english or conversion."""

    id: str
    origin: str
    clause: Clause
    text: str
    question: str

    @property
    def topic(self) -> str:
        """Chinese words to find clauses about the same with."""
        return self.text if re.search("[\u4e00-\u9fff]", self.text) else self.clause.text


def held_out(made_of: str) -> bool:
    """Whether a statement, by its id, is of the half that no rule was developed on."""
    return hashlib.sha256(made_of.encode()).digest()[0] % 2 == 1


def verbatim_truths(library: Library, links: Links) -> list[Truth]:
    """What the extractive answerer says of every clause, for each likely question that draws another sentence out of it."""
    likely = library.likely()
    found: list[Truth] = []
    seen: set[str] = set()
    for clause in library.clauses():
        shown = exhibit([clause], links)
        for question in [asked.text for asked in likely.get(clause.ref, ())] or [""]:
            if not quote_of(question, shown[0]):
                continue
            [claim] = extract(question, shown)
            key = clause.agreement + squeezed(claim.text)
            if key not in seen:
                seen.add(key)
                found.append(Truth(f"v:{clause.agreement}/{clause.id}/{len(found)}", "verbatim", clause, claim.text, question))
    return found


def paraphrase_truths(library: Library, links: Links, path: Path = PARAPHRASES) -> list[Truth]:
    """The honest paraphrases of a file, each with the likely question of its clause that is nearest to it."""
    likely = library.likely()
    found: list[Truth] = []
    for at, row in enumerate(rows(path)):
        clause = links.clause(row["agreement"], row["clause"])
        if clause is None:
            raise ValueError(f"{path.name} line {at + 1}: {row['agreement']} has no clause {row['clause']}")
        asked = [question.text for question in likely.get(clause.ref, ())] or [""]
        question = max(asked, key=lambda text: share(row["text"], [text]))
        origin = "paraphrase" if re.search(r"[\u4e00-\u9fff]", row["text"]) else "english"
        found.append(Truth(f"p:{row['agreement']}/{row['clause']}/{row['text']}", origin, clause, row["text"], question))
    return found


class Table:
    """Which clauses are shown together: a clause, those beside it, and those of all agreements that share most words with it."""

    def __init__(self, library: Library, links: Links) -> None:
        self.links = links
        self.clauses = [clause for clause in library.clauses() if clause.text]
        self._grams = {clause.ref: frozenset(bigrams(clause.content)) for clause in self.clauses}
        self._holding: dict[str, list[Clause]] = {}
        for clause in self.clauses:
            for gram in self._grams[clause.ref]:
                self._holding.setdefault(gram, []).append(clause)
        self._place = {clause.ref: at for at, clause in enumerate(self.clauses)}
        self._near: dict[str, list[tuple[float, Clause]]] = {}

    def near(self, text: str) -> list[tuple[float, Clause]]:
        """Clauses by the share of a text's bigrams they hold, most first."""
        if text not in self._near:
            mine = set(bigrams(text))
            counts: dict[tuple[str, str], int] = {}
            for gram in mine:
                for clause in self._holding.get(gram, ()):
                    counts[clause.ref] = counts.get(clause.ref, 0) + 1
            ranked = sorted(counts, key=lambda ref: (-counts[ref], self._place[ref]))
            self._near[text] = [(counts[ref] / len(mine), self.clauses[self._place[ref]]) for ref in ranked]
        return self._near[text]

    def beside(self, clause: Clause) -> list[Clause]:
        """The clauses of the same list or article, or for a clause at the top those before and after it."""
        if siblings := [other for other in self.links.siblings(clause) if other.text]:
            return siblings
        at = self._place[clause.ref]
        return [c for c in self.clauses[max(0, at - 2) : at + 3] if c.agreement == clause.agreement and c.ref != clause.ref]

    def silent(self, truth: Truth, clauses: Sequence[Clause]) -> list[Clause]:
        """Those of `clauses` that say neither a truth nor the sentence that it renders, as far as words can tell."""
        own = truth.text.removeprefix(self.links.lead_in(truth.clause))
        source = nearest(own, truth.clause.text)
        said, rendered = bigrams(own), bigrams(source)

        def alike(clause: Clause) -> bool:
            there = self._grams[clause.ref]
            return max(_share(said, there), _share(rendered, there)) >= _UNLIKE or _share(list(there), frozenset(rendered)) >= 0.8

        known = {ref for group in _ALIKE if truth.clause.ref in group for ref in group}
        return [clause for clause in clauses if clause.ref not in known and not alike(clause)]

    def case(self, truth: Truth, *also: Clause) -> tuple[Case, dict[tuple[str, str], str]]:
        """The clauses that would lie before a model which says this, and their handles."""
        clause = truth.clause
        chosen = [clause, *also, *self.beside(clause)[: SHOWN // 2], *(c for _, c in self.near(truth.topic)[:SHOWN])]
        first = {c.ref: c for c in reversed(chosen[: SHOWN + len(also)])}  # a clause put in the place of another one hides it
        shown = exhibit(sorted(first.values(), key=lambda c: self._place[c.ref]), self.links)
        return Case({part.handle: part for part in shown}, truth.question), {part.clause.ref: part.handle for part in shown}


def right_claim(truth: Truth, table: Table) -> tuple[Claim, Case]:
    """A right statement as it would be checked: citing its clause, among others shown."""
    case, handles = table.case(truth)
    return Claim(truth.text, (handles[truth.clause.ref],)), case


def _share(grams: Sequence[str], there: frozenset[str]) -> float:
    return sum(gram in there for gram in grams) / max(1, len(grams))


def rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
