"""Which clause of one version is which of another: by number, by words, and by nearly the same words."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence

from retrieval.clause import Clause

_RARE = 24  # bigrams of a clause that are looked up, the rarest first
_COMMON = 40  # clauses that a bigram may be in and still tell something
_CANDIDATES = 6
_LIKE = 0.5  # likeness from which two wordings are of one clause
_TELLING = 6  # characters from which equal words are no chance wherever they stand


def matched(old: Sequence[Clause], new: Sequence[Clause]) -> list[tuple[int, int]]:
    """Positions of clauses of two versions of one agreement that are the same clause, in the order of `new`; each in one pair at most.

    Costs grow with the number of clauses, not with its square: looked at are only clauses that share a number, all words, or
    rare pairs of characters.
    """
    return _Matching(old, new).pairs()


def likeness(old: Clause, new: Clause) -> float:
    """How much of two wordings is the same, in [0, 1]: Dice's coefficient (1945) over pairs of characters."""
    return _dice(_grams(old.content), _grams(new.content))


class _Side:
    """The clauses of one version, and which of them have no partner yet."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self.clauses = clauses
        self.contents = [clause.content for clause in clauses]
        self.at = {clause.id: at for at, clause in enumerate(clauses)}
        self.free = dict.fromkeys(range(len(clauses)))
        self._grams: dict[int, Counter[str]] = {}

    def above(self, at: int) -> int | None:
        """Where the clause above stands."""
        parent = self.clauses[at].parent
        return self.at.get(parent) if parent is not None else None

    def content_above(self, at: int) -> str:
        above = self.above(at)
        return self.contents[above] if above is not None else ""

    def grams(self, at: int) -> Counter[str]:
        if at not in self._grams:
            self._grams[at] = _grams(self.contents[at])
        return self._grams[at]


_Key = Callable[[_Side, int], Hashable]


class _Matching:
    def __init__(self, old: Sequence[Clause], new: Sequence[Clause]) -> None:
        self._old, self._new = _Side(old), _Side(new)
        self._old_of: dict[int, int] = {}
        self._pair_equal(lambda side, at: (side.clauses[at].id, side.contents[at]))
        self._pair_equal(lambda side, at: (side.contents[at], side.content_above(at)) if side.contents[at] else None)
        self._pair_equal(lambda side, at: side.contents[at] if len(side.contents[at]) >= _TELLING else None)
        self._pair_similar()
        self._pair_equal(lambda side, at: side.clauses[at].id)
        self._pair_wordless()

    def pairs(self) -> list[tuple[int, int]]:
        return sorted(((old, new) for new, old in self._old_of.items()), key=lambda pair: pair[1])

    def _pair(self, old: int, new: int) -> None:
        self._old_of[new] = old
        del self._old.free[old], self._new.free[new]

    def _pair_equal(self, key: _Key) -> None:
        """Pair those that have the same key, in the order in which they stand. A key of None is nobody's."""
        waiting: defaultdict[Hashable, deque[int]] = defaultdict(deque)
        for at in self._old.free:
            waiting[key(self._old, at)].append(at)
        for at in list(self._new.free):
            wanted = key(self._new, at)
            if wanted is not None and (found := waiting.get(wanted)):
                self._pair(found.popleft(), at)

    def _pair_similar(self) -> None:
        """Pair those that are like each other, the most alike first; of those alike, the ones that have a number or a clause above in common."""
        scored: list[tuple[float, int, int]] = []
        for new, old in self._candidates():
            alike = _dice(self._old.grams(old), self._new.grams(new))
            if alike >= _LIKE:
                same_id = self._old.clauses[old].id == self._new.clauses[new].id
                above = self._new.above(new)
                same_above = above is not None and self._old_of.get(above) == self._old.above(old)
                scored.append((alike + 0.1 * same_id + 0.05 * same_above, old, new))
        for _, old, new in sorted(scored, key=lambda found: (-found[0], found[2], found[1])):
            if old in self._old.free and new in self._new.free:
                self._pair(old, new)

    def _candidates(self) -> Iterator[tuple[int, int]]:
        """A new clause without a partner, and an old one that may be it."""
        holding: defaultdict[str, list[int]] = defaultdict(list)
        for at in self._old.free:
            for gram in self._old.grams(at):
                holding[gram].append(at)
        for new in self._new.free:
            known = sorted((len(holding[gram]), gram) for gram in self._new.grams(new) if gram in holding)
            shared: Counter[int] = Counter()
            for count, gram in known[:_RARE]:
                if count <= _COMMON:
                    shared.update(holding[gram])
            likely = [old for old, _ in shared.most_common(_CANDIDATES)]
            same = self._old.at.get(self._new.clauses[new].id)
            if same in self._old.free and same not in likely:
                likely.append(same)
            yield from ((new, old) for old in likely)

    def _pair_wordless(self) -> None:
        """Pair clauses that only hold others by the first of those that has a partner: 2.2 and what was 2.1, of which 2.2.1 was 2.1.1."""
        for new, old in list(self._old_of.items()):
            above_new, above_old = self._new.above(new), self._old.above(old)
            if above_new not in self._new.free or above_old not in self._old.free or above_new is None or above_old is None:
                continue
            if not self._new.contents[above_new] and not self._old.contents[above_old]:
                self._pair(above_old, above_new)


def _grams(content: str) -> Counter[str]:
    letters = "".join(content.split())
    return Counter(letters[at : at + 2] for at in range(max(1, len(letters) - 1)))


def _dice(old: Counter[str], new: Counter[str]) -> float:
    fewer, more = (old, new) if len(old) < len(new) else (new, old)
    shared = sum(min(count, more[gram]) for gram, count in fewer.items() if gram in more)
    return 2 * shared / max(1, old.total() + new.total())
